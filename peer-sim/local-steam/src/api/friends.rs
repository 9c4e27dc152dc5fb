//! `ISteamFriends`: the names of other users.

use std::ffi::c_char;

use super::Interface;
use super::matchmaking::lobbies;
use crate::steam_id;

/// A user's name, "[unknown]" before it has arrived. Valid until shutdown.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamFriends_GetFriendPersonaName(
    _self: Interface,
    user: u64,
) -> *const c_char {
    lobbies(c"".as_ptr(), |lobbies| {
        let name = steam_id::account_of(user).and_then(|account| lobbies.names.get(account));
        name.map_or(c"[unknown]".as_ptr(), |name| name.as_ptr())
    })
}

/// Asks for a user's name: `PersonaStateChange_t`, unless it is known.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamFriends_RequestUserInformation(
    _self: Interface,
    user: u64,
    _name_only: bool,
) -> bool {
    lobbies(false, |lobbies| {
        let Some(account) = steam_id::account_of(user) else {
            return false;
        };
        let is_known = lobbies.names.get(account).is_some();
        lobbies.names.learn([account]);
        !is_known
    })
}
