//! Callbacks and call results, fetched by hand: manual dispatch. It answers nothing in a process that has standard dispatch
//! ([`standard_dispatch`]).

use std::ffi::{c_int, c_void};
use std::sync::Arc;

use super::core::USER;
use super::standard_dispatch;
use crate::ffi::{guard, put};
use crate::session::{self, Session};

/// `CallbackMsg_t`
#[cfg_attr(windows, repr(C, packed(8)))]
#[cfg_attr(not(windows), repr(C, packed(4)))]
pub(super) struct CallbackMessage {
    user: c_int,
    callback: c_int,
    data: *mut u8,
    size: c_int,
}

/// Chooses manual dispatch. Too late once an object was registered for a callback.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ManualDispatch_Init() {
    guard((), || {
        if !standard_dispatch::choose_manual() {
            eprintln!(
                "Local Steam: SteamAPI_ManualDispatch_Init after SteamAPI_RegisterCallback: this process has standard \
                 dispatch, and no callback will be got by hand"
            );
        }
    });
}

/// The session, for manual dispatch.
fn current() -> Option<Arc<Session>> {
    session::current().filter(|_| !standard_dispatch::is_standard())
}

/// A frame: looks at the lobbies, and calls the functions that are set for networking callbacks.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ManualDispatch_RunFrame(_pipe: c_int) {
    guard((), || {
        if let Some(session) = current() {
            session.frame();
        }
    });
}

/// The next callback. Its data stay until `SteamAPI_ManualDispatch_FreeLastCallback`.
///
/// # Safety
/// `message` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ManualDispatch_GetNextCallback(
    _pipe: c_int,
    message: *mut CallbackMessage,
) -> bool {
    guard(false, || {
        current().is_some_and(|session| {
            session.queue.next(|posted| {
                let shown = CallbackMessage {
                    user: USER,
                    callback: posted.id,
                    size: posted.size() as c_int,
                    data: posted.as_ptr(),
                };
                // SAFETY: the caller's promise.
                unsafe { put(message, shown) };
            })
        })
    })
}

/// Frees what `SteamAPI_ManualDispatch_GetNextCallback` gave.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ManualDispatch_FreeLastCallback(_pipe: c_int) {
    guard((), || {
        if let Some(session) = current() {
            session.queue.release();
        }
    });
}

/// The result of a call that is complete.
///
/// # Safety
/// `result` is writable for `size` bytes, `failed` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ManualDispatch_GetAPICallResult(
    _pipe: c_int,
    call: u64,
    result: *mut c_void,
    size: c_int,
    callback: c_int,
    failed: *mut bool,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { take_result(current(), call, result, size, callback, failed) }
}

/// # Safety
/// `result` is null or writable for `size` bytes, `failed` is null or writable.
unsafe fn take_result(
    session: Option<Arc<Session>>,
    call: u64,
    result: *mut c_void,
    size: c_int,
    callback: c_int,
    failed: *mut bool,
) -> bool {
    guard(false, || {
        let size = usize::try_from(size).unwrap_or(0);
        let found = session
            .filter(|_| !result.is_null())
            .and_then(|session| session.queue.take_result(call, callback, size));
        // SAFETY: the caller's promises; the result is exactly `size` bytes.
        unsafe {
            put(failed, found.is_none());
            if let Some(mut found) = found {
                std::ptr::copy_nonoverlapping(found.as_ptr(), result.cast(), size);
                return true;
            }
        }
        false
    })
}

/// Whether a call is complete: for those who fetch results without looking at callbacks.
///
/// # Safety
/// `failed` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUtils_IsAPICallCompleted(
    _self: super::Interface,
    call: u64,
    failed: *mut bool,
) -> bool {
    guard(false, || {
        let known = session::current().is_some_and(|session| session.queue.has_result(call));
        // SAFETY: the caller's promise.
        unsafe { put(failed, false) };
        known
    })
}

/// The same as `SteamAPI_ManualDispatch_GetAPICallResult`, whichever dispatch the process has.
///
/// # Safety
/// `result` is writable for `size` bytes, `failed` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUtils_GetAPICallResult(
    _self: super::Interface,
    call: u64,
    result: *mut c_void,
    size: c_int,
    callback: c_int,
    failed: *mut bool,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { take_result(session::current(), call, result, size, callback, failed) }
}
