//! What stands at the border to C: no panic crosses it, strings come in and go out bounded.

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`; should it panic, the caller in C gets `fallback` instead of an unwinding stack.
pub(crate) fn guard<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// A C string as text; bytes that are not UTF-8 are replaced.
///
/// # Safety
/// `text` is null or points to a string that ends in NUL and outlives the result.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> Option<Cow<'a, str>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller promises the rest.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy())
}

/// Copies `text` into a caller's buffer of `size` bytes, cut to fit, always ended by NUL.
///
/// # Safety
/// `buffer` is null or writable for `size` bytes.
pub(crate) unsafe fn copy_text(text: &str, buffer: *mut c_char, size: c_int) {
    let Ok(size) = usize::try_from(size) else {
        return;
    };
    if buffer.is_null() || size == 0 {
        return;
    }
    let length = text.floor_char_boundary(text.len().min(size - 1));
    // SAFETY: `length + 1 <= size`, and the caller promises that `size` bytes are writable. A `&str` cannot
    // overlap memory that the caller lets us write.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), buffer, length);
        *buffer.add(length) = 0;
    }
}

/// Writes through an optional out-parameter.
///
/// # Safety
/// `out` is null or valid for an (unaligned) write of `T`.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not null, and the caller promises the rest.
        unsafe { out.write_unaligned(value) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_text_is_cut_at_a_character_and_ended() {
        let mut buffer = [1 as c_char; 4];
        // SAFETY: the size is the buffer's.
        unsafe { copy_text("aé漢", buffer.as_mut_ptr(), 4) };
        // SAFETY: `copy_text` ended it.
        assert_eq!(unsafe { text(buffer.as_ptr()) }.as_deref(), Some("aé"));
    }

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(guard(7, || panic!("on purpose")), 7);
    }
}
