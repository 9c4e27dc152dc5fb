//! The debug output of Steam's networking.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use steamworks_sys as sys;

use super::library::{Hold, NetworkingUtils};
use super::{copy_text, with_integers};

/// Called with a level (`ESteamNetworkingSocketsDebugOutputType`) and a line.
pub(crate) type Hook = Arc<dyn Fn(i32, &str) + Send + Sync>;

static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

/// Sets the hook that gets Steam's debug output up to a level; without a hook there is none.
pub(crate) fn set_output(hold: &Hold, level: i32, hook: Option<Hook>) {
    type Raw = unsafe extern "C" fn(c_int, *const c_char);
    let Some(utils) = NetworkingUtils::of(hold) else { return };
    let function: Option<Raw> = hook.is_some().then_some(on_output);
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = hook;
    let set = with_integers!(
        sys::SteamAPI_ISteamNetworkingUtils_SetDebugOutputFunction: unsafe extern "C" fn(
                *mut sys::ISteamNetworkingUtils,
                sys::ESteamNetworkingSocketsDebugOutputType,
                sys::FSteamNetworkingSocketsDebugOutput,
            ),
        as unsafe extern "C" fn(*mut sys::ISteamNetworkingUtils, c_int, Option<Raw>)
    );
    // SAFETY: the function has the signature that Steam calls, and lives as long as the process.
    unsafe { set(utils.as_ptr(), level, function) };
}

/// Called by Steam on any thread, with its locks held.
unsafe extern "C" fn on_output(level: c_int, text: *const c_char) {
    // If the hook panics, its line is lost; the panic must not unwind into Steam.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            // SAFETY: Steam passes a C string that lives until this returns.
            hook(level, &unsafe { copy_text(text) });
        }
    }));
}
