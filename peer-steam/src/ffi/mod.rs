//! Every call into Steam's flat API, and every `unsafe` of this crate.
//!
//! The `SAFETY` comments rely on four invariants:
//!
//! - **Signatures.** [`api`] checks those of its table against the bindings, at compile time.
//! - **Steam is up.** An interface pointer is only obtained through a [`Hold`], and this crate shuts Steam down only
//!   once the last hold is gone. If another addon does so before, the accessors return null, and nothing is called.
//! - **Layouts.** [`layout`] checks every size and offset at compile time. Steam's enums are read and passed as
//!   integers, because a newer Steam may have values that the bindings do not know.
//! - **Threads.** Steam's networking interfaces may be called from any thread. Functions that Steam calls (in `status`,
//!   `dispatch`, `send`, `debug`) may run on any thread, touch only thread-safe state, and do not unwind.

mod api;
pub(crate) mod callbacks;
pub(crate) mod config;
pub(crate) mod connection;
pub(crate) mod debug;
pub(crate) mod dispatch;
pub(crate) mod identity;
mod layout;
pub(crate) mod library;
pub(crate) mod lookup;
pub(crate) mod matchmaking;
pub(crate) mod receive;
pub(crate) mod relay;
pub(crate) mod send;
pub(crate) mod sockets;
pub(crate) mod status;

use std::ffi::{CStr, CString, c_char, c_int};

/// `k_EResultOK`.
const RESULT_OK: c_int = 1;

/// Calls a function of an interface.
macro_rules! call {
    ($interface:ident.$function:ident($($argument:expr),* $(,)?)) => {
        ($interface.api().$function)($interface.as_ptr() $(, $argument)*)
    };
}
use call;

/// `text` as a C string, truncated at its first NUL and to at most `max` bytes.
pub(crate) fn c_string(text: &str, max: usize) -> CString {
    let text = &text[..text.floor_char_boundary(max)];
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// The string in a buffer of C characters, up to its NUL or its end.
pub(crate) fn text_of(buffer: &[c_char]) -> String {
    let bytes: Vec<u8> =
        buffer.iter().take_while(|&&byte| byte != 0).map(|&byte| byte.to_ne_bytes()[0]).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A copy of a string that Steam returned; empty if that is null.
///
/// # Safety
/// `text` is null or a C string that is valid during the call.
unsafe fn copy_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A count or size as a C integer; none here comes near its maximum.
fn to_int(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_strings_are_truncated_at_a_character_boundary_and_at_a_nul() {
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
