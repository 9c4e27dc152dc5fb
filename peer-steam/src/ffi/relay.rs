//! Valve's relay network.

use steamworks_sys as sys;

use super::library::{Hold, NetworkingUtils};

/// Starts to get ready for relayed connections, so that the first one need not wait. Harmless if that has started.
pub(crate) fn start(hold: &Hold) {
    if let Some(utils) = NetworkingUtils::of(hold) {
        // SAFETY: the interface is valid.
        unsafe { sys::SteamAPI_ISteamNetworkingUtils_InitRelayNetworkAccess(utils.as_ptr()) };
    }
}
