//! The way to Valve's relay network.

use std::ffi::c_int;

use steamworks_sys as sys;

use super::library::{Hold, NetworkingUtils};
use super::with_integers;

/// Begins to get ready for relayed connections; harmless if that has begun. Without it, the first connection waits.
pub(crate) fn start(hold: &Hold) {
    if let Some(utils) = NetworkingUtils::of(hold) {
        // SAFETY: the interface is valid.
        unsafe { sys::SteamAPI_ISteamNetworkingUtils_InitRelayNetworkAccess(utils.as_ptr()) };
    }
}

/// How far that has come (`ESteamNetworkingAvailability`).
pub(crate) fn status(hold: &Hold) -> i32 {
    type Details = *mut sys::SteamRelayNetworkStatus_t;
    let Some(utils) = NetworkingUtils::of(hold) else { return 0 };
    let get = with_integers!(
        sys::SteamAPI_ISteamNetworkingUtils_GetRelayNetworkStatus: unsafe extern "C" fn(
                *mut sys::ISteamNetworkingUtils, Details,
            ) -> sys::ESteamNetworkingAvailability,
        as unsafe extern "C" fn(*mut sys::ISteamNetworkingUtils, Details) -> c_int
    );
    // SAFETY: the interface is valid, and null says that no details are wanted.
    unsafe { get(utils.as_ptr(), std::ptr::null_mut()) }
}
