//! What Steam's networking has to say about its own work.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use steamworks_sys as sys;

use super::library::{Hold, NetworkingUtils};
use super::{copy_text, with_integers};

/// Called with a level (`ESteamNetworkingSocketsDebugOutputType`) and a line.
pub(crate) type Hook = Arc<dyn Fn(i32, &str) + Send + Sync>;

static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

/// Has Steam say everything up to a level to `hook`; without a hook it is silent.
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
    // SAFETY: the function has the signature that Steam calls, and stays for the life of the process.
    unsafe { set(utils.as_ptr(), level, function) };
}

/// Comes on any thread, with Steam's locks held.
unsafe extern "C" fn on_output(level: c_int, text: *const c_char) {
    // A hook that panics loses its line, and the panic ends here and not in Steam.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            // SAFETY: Steam passes a C string that stays until we return.
            hook(level, &unsafe { copy_text(text) });
        }
    }));
}
