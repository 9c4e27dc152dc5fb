//! The debug output of Steam's networking.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use super::api::DebugOutput;
use super::copy_text;
use super::library::{Hold, NetworkingUtils};

/// Called with a level (`ESteamNetworkingSocketsDebugOutputType`) and a line.
pub(crate) type Hook = Arc<dyn Fn(i32, &str) + Send + Sync>;

static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

/// Sets the hook that gets Steam's debug output up to a level; without a hook there is none.
pub(crate) fn set_output(hold: &Hold, level: i32, hook: Option<Hook>) {
    let set = hold.api().SteamAPI_ISteamNetworkingUtils_SetDebugOutputFunction;
    let Some((set, utils)) = set.zip(NetworkingUtils::of(hold)) else { return };
    let function: Option<DebugOutput> = hook.is_some().then_some(on_output);
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = hook;
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
