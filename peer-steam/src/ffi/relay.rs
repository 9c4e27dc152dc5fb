//! Valve's relay network.

use super::library::{Hold, NetworkingUtils};

/// Starts to get ready for relayed connections, so that the first one need not wait. Harmless if that has started.
pub(crate) fn start(hold: &Hold) {
    let start = hold.api().SteamAPI_ISteamNetworkingUtils_InitRelayNetworkAccess;
    if let Some((start, utils)) = start.zip(NetworkingUtils::of(hold)) {
        // SAFETY: the interface is valid.
        unsafe { start(utils.as_ptr()) };
    }
}
