//! Another addon's part: it initialises Steam before us, runs its callbacks, and shuts it down after us.

use steamworks_sys as sys;

pub(crate) fn init() {
    let mut message = [0; 1024];
    // SAFETY: as Steam's documentation says.
    let result = unsafe { sys::SteamAPI_InitFlat(&raw mut message) };
    assert_eq!(result, sys::ESteamAPIInitResult::k_ESteamAPIInitResult_OK);
}

pub(crate) fn run_callbacks() {
    // SAFETY: between init and shutdown.
    unsafe { sys::SteamAPI_RunCallbacks() };
}

pub(crate) fn shutdown() {
    // SAFETY: nothing uses Steam any more.
    unsafe { sys::SteamAPI_Shutdown() };
}
