//! Init and shutdown.

use std::ffi::{c_char, c_int};

use crate::ffi::{copy_text, guard};
use crate::session;

/// Steam's `ESteamAPIInitResult`.
const INIT_OK: c_int = 0;
const INIT_FAILED: c_int = 1;

/// Size of `SteamErrMsg`.
const MESSAGE_SIZE: c_int = 1024;

/// The one pipe and the one user of a session.
pub(super) const PIPE: c_int = 1;
/// See [`PIPE`].
pub(super) const USER: c_int = 1;

/// Starts Local Steam; the message says what is wrong if it does not.
///
/// # Safety
/// `message` is null or writable for 1,024 bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_InitFlat(message: *mut c_char) -> c_int {
    guard(INIT_FAILED, || {
        let (result, text) = match session::init() {
            Ok(()) => (INIT_OK, String::new()),
            Err(error) => (INIT_FAILED, format!("Local Steam: {error}")),
        };
        // SAFETY: the caller's promise.
        unsafe { copy_text(&text, message, MESSAGE_SIZE) };
        result
    })
}

/// Ends the session: every connection and every lobby membership.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_Shutdown() {
    guard((), session::shutdown);
}

/// Whether there is a Steam to talk to; here there always is.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_IsSteamRunning() -> bool {
    true
}

/// The pipe of the session, 0 without one.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_GetHSteamPipe() -> c_int {
    guard(0, || session::current().map_or(0, |_| PIPE))
}

/// The user of the session, 0 without one.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_GetHSteamUser() -> c_int {
    guard(0, || session::current().map_or(0, |_| USER))
}
