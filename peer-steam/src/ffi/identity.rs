//! The local user, the app, and the overlay.

use peer_core::{LobbyId, SteamId};
use steamworks_sys as sys;

use super::copy_text;
use super::library::{Friends, Hold, User, Utils};

/// The local user; `None` if nobody is logged in.
pub(crate) fn steam_id(hold: &Hold) -> Option<SteamId> {
    let user = User::of(hold)?;
    // SAFETY: the interface is valid.
    let steam_id = unsafe { sys::SteamAPI_ISteamUser_GetSteamID(user.as_ptr()) };
    (steam_id != 0).then_some(SteamId(steam_id))
}

/// The local user's name; empty if Steam has none.
pub(crate) fn persona_name(hold: &Hold) -> String {
    let Some(friends) = Friends::of(hold) else { return String::new() };
    // SAFETY: the interface is valid, and Steam returns a C string that lives until the name changes.
    unsafe { copy_text(sys::SteamAPI_ISteamFriends_GetPersonaName(friends.as_ptr())) }
}

/// The app id; 0 if Steam has none.
pub(crate) fn app_id(hold: &Hold) -> u32 {
    // SAFETY: the interface is valid.
    Utils::of(hold).map_or(0, |utils| unsafe { sys::SteamAPI_ISteamUtils_GetAppID(utils.as_ptr()) })
}

/// Opens the overlay's dialog for inviting friends to a lobby.
pub(crate) fn open_invite_dialog(hold: &Hold, lobby: LobbyId) {
    if let Some(friends) = Friends::of(hold) {
        // SAFETY: the interface is valid, and Steam checks ids.
        unsafe {
            sys::SteamAPI_ISteamFriends_ActivateGameOverlayInviteDialog(friends.as_ptr(), lobby.0);
        }
    }
}
