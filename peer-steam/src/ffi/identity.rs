//! The local user and others, the app, and the overlay.

use std::ffi::c_char;
use std::ptr::NonNull;

use peer_core::{LobbyId, SteamId};

use super::library::{Friends, Hold, User, Utils};
use super::{call, copy_text, text_of, to_int};

/// What Steam calls a user whose name it does not know.
const UNKNOWN: &str = "[unknown]";

/// The longest command line of Steam's that is read, in bytes.
const MAX_COMMAND_LINE: usize = 4_096;

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

/// Another user's name; `None` if Steam does not know it.
pub(crate) fn friend_name(hold: &Hold, user: SteamId) -> Option<String> {
    let (get, friends) = hold.api().SteamAPI_ISteamFriends_GetFriendPersonaName.zip(Friends::of(hold))?;
    // SAFETY: the interface is valid, and Steam returns a C string that lives until the name changes.
    let name = unsafe { copy_text(get(friends.as_ptr(), user.0)) };
    Some(name).filter(|name| !name.is_empty() && name != UNKNOWN)
}

/// Asks for the name of a user.
pub(crate) fn request_name(hold: &Hold, user: SteamId) {
    let request = hold.api().SteamAPI_ISteamFriends_RequestUserInformation;
    if let Some((request, friends)) = request.zip(Friends::of(hold)) {
        // SAFETY: the interface is valid, and Steam checks ids.
        unsafe { request(friends.as_ptr(), user.0, true) };
    }
}

/// The command line that Steam passes to a game that it starts; empty if there is none.
pub(crate) fn launch_command_line(hold: &Hold) -> String {
    let api = hold.api();
    let found = api.SteamAPI_ISteamApps_GetLaunchCommandLine.zip(api.SteamAPI_SteamApps_v009);
    let Some((get, accessor)) = found else { return String::new() };
    // SAFETY: the accessor may be called while Steam is up, and returns null if it has no such interface.
    let Some(apps) = NonNull::new(unsafe { accessor() }) else { return String::new() };
    let mut line = [0 as c_char; MAX_COMMAND_LINE];
    // SAFETY: the interface is valid, and the buffer has the size given.
    unsafe { get(apps.as_ptr(), line.as_mut_ptr(), to_int(MAX_COMMAND_LINE)) };
    text_of(&line)
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
