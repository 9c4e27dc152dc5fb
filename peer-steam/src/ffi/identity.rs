//! The local user, the app, and the overlay.

use peer_core::{LobbyId, SteamId};

use super::library::{Friends, Hold, User, Utils};
use super::{call, copy_text};

/// The local user; `None` if nobody is logged in.
pub(crate) fn steam_id(hold: &Hold) -> Option<SteamId> {
    let user = User::of(hold)?;
    // SAFETY: the interface is valid.
    let steam_id = unsafe { call!(user.SteamAPI_ISteamUser_GetSteamID()) };
    (steam_id != 0).then_some(SteamId(steam_id))
}

/// The local user's name; empty if Steam has none.
pub(crate) fn persona_name(hold: &Hold) -> String {
    let get = hold.api().SteamAPI_ISteamFriends_GetPersonaName;
    let Some((get, friends)) = get.zip(Friends::of(hold)) else { return String::new() };
    // SAFETY: the interface is valid, and Steam returns a C string that lives until the name changes.
    unsafe { copy_text(get(friends.as_ptr())) }
}

/// The app id; 0 if Steam has none.
pub(crate) fn app_id(hold: &Hold) -> u32 {
    let get = hold.api().SteamAPI_ISteamUtils_GetAppID;
    // SAFETY: the interface is valid.
    get.zip(Utils::of(hold)).map_or(0, |(get, utils)| unsafe { get(utils.as_ptr()) })
}

/// Opens the overlay's dialog for inviting friends to a lobby.
pub(crate) fn open_invite_dialog(hold: &Hold, lobby: LobbyId) {
    let open = hold.api().SteamAPI_ISteamFriends_ActivateGameOverlayInviteDialog;
    if let Some((open, friends)) = open.zip(Friends::of(hold)) {
        // SAFETY: the interface is valid, and Steam checks ids.
        unsafe { open(friends.as_ptr(), lobby.0) };
    }
}
