//! Init and shutdown.

use std::ffi::{c_char, c_int};

use super::interfaces::sessions_changed;
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
        sessions_changed();
        // SAFETY: the caller's promise.
        unsafe { copy_text(&text, message, MESSAGE_SIZE) };
        result
    })
}

/// The same for C++: `SteamAPI_InitEx`. The versions of interfaces that the caller was built with are not refused here, but when
/// they are asked for.
///
/// # Safety
/// As for [`SteamAPI_InitFlat`].
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamInternal_SteamAPI_Init(
    _versions: *const c_char,
    message: *mut c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { SteamAPI_InitFlat(message) }
}

/// The same for programs that were built with an earlier SDK.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_InitSafe() -> bool {
    // SAFETY: no message is wanted.
    unsafe { SteamAPI_InitFlat(std::ptr::null_mut()) == INIT_OK }
}

/// Ends the session: every connection and every lobby membership.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_Shutdown() {
    guard((), || {
        session::shutdown();
        sessions_changed();
    });
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

/// See [`SteamAPI_GetHSteamPipe`].
#[unsafe(no_mangle)]
pub(super) extern "C" fn GetHSteamPipe() -> c_int {
    SteamAPI_GetHSteamPipe()
}

/// See [`SteamAPI_GetHSteamUser`].
#[unsafe(no_mangle)]
pub(super) extern "C" fn GetHSteamUser() -> c_int {
    SteamAPI_GetHSteamUser()
}

/// Frees what was made for this thread: nothing is.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ReleaseCurrentThreadMemory() {}

/// Whether exceptions are caught while callbacks run: they are not, as nowhere but on Windows.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_SetTryCatchCallbacks(_is_on: bool) {}

/// Starts a game server, which Local Steam does not stand in for; the message says so.
///
/// # Safety
/// `message` is null or writable for 1,024 bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamInternal_GameServer_Init_V2(
    _ip: u32,
    _game_port: u16,
    _query_port: u16,
    _mode: c_int,
    _version: *const c_char,
    _versions: *const c_char,
    message: *mut c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    guard((), || unsafe { copy_text("Local Steam: there are no game servers", message, MESSAGE_SIZE) });
    INIT_FAILED
}
