//! Every call of Steam's flat API, and every `unsafe` of this crate.
//!
//! Three things make these calls sound, and the `SAFETY` comments lean on them:
//!
//! - **Steam is there.** An interface pointer is only had from a [`Hold`], and this crate shuts Steam down when the
//!   last hold is gone. (Another addon that shuts Steam down while this one uses it breaks every addon; nothing here
//!   can help it.)
//! - **Layouts.** [`layout`] checks at compile time every size and offset that is relied on. Steam's enums are read
//!   and passed as the integers that they are, because a newer Steam may have values that the bindings do not know.
//! - **Threads.** Steam's networking interfaces may be called from any thread. What Steam calls (`status`, `payload`,
//!   `debug`) may come on any thread, touches only what is thread-safe, and does not unwind.

pub(crate) mod config;
pub(crate) mod connection;
pub(crate) mod debug;
pub(crate) mod dispatch;
pub(crate) mod friends;
mod layout;
pub(crate) mod library;
pub(crate) mod matchmaking;
pub(crate) mod message;
pub(crate) mod payload;
pub(crate) mod relay;
pub(crate) mod sockets;
pub(crate) mod status;

use std::ffi::{CStr, CString, c_char, c_int};

pub(crate) use library::Hold;

/// `k_EResultOK`.
const RESULT_OK: c_int = 1;

/// Calls a function of Steam with the signature that it has in C, where an enum is an integer: written in the
/// bindings' types, an enum value that they do not know would be undefined behaviour.
macro_rules! with_integers {
    ($function:path: $bound:ty, as $plain:ty $(,)?) => {{
        let function: $bound = $function;
        // SAFETY: the types differ only in enums of four bytes, which are integers to C, and in pointers to
        // structures of the same layout (`layout`).
        unsafe { std::mem::transmute::<$bound, $plain>(function) }
    }};
}
use with_integers;

/// A C string of `text`, cut at its first NUL and to `max` bytes.
pub(crate) fn c_string(text: &str, max: usize) -> CString {
    let text = &text[..text.floor_char_boundary(max)];
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// The text in a buffer of C characters, up to its NUL or its end.
pub(crate) fn text_of(buffer: &[c_char]) -> String {
    let bytes: Vec<u8> =
        buffer.iter().take_while(|&&byte| byte != 0).map(|&byte| byte.to_ne_bytes()[0]).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A copy of a string that Steam returned; empty if it returned none.
///
/// # Safety
/// `text` is null or a C string that stays for the call.
unsafe fn copy_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A count or size for C; far more than anything here has.
fn to_int(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_strings_are_cut_at_a_character_and_at_a_nul() {
        assert_eq!(c_string("äää", 5).to_bytes(), "ää".as_bytes());
        assert_eq!(c_string("ab\0c", 127).to_bytes(), b"ab");
        assert_eq!(c_string("", 127).to_bytes(), b"");
    }

    #[test]
    fn a_buffer_ends_at_its_nul_or_its_end() {
        let buffer = [b'a', b'b', 0, b'c'].map(|byte| c_char::from_ne_bytes([byte]));
        assert_eq!(text_of(&buffer), "ab");
        assert_eq!(text_of(&buffer[..2]), "ab");
    }
}
