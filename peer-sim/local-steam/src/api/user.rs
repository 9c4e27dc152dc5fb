//! Who we are: `ISteamUser`, `ISteamFriends`, `ISteamUtils`.

use std::ffi::{c_char, c_int};

use super::Interface;
use crate::ffi::guard;
use crate::session;

/// `SteamAPIWarningMessageHook_t`
type WarningHook = Option<unsafe extern "C" fn(c_int, *const c_char)>;

/// Our Steam ID.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUser_GetSteamID(_self: Interface) -> u64 {
    guard(0, || session::current().map_or(0, |session| session.steam_id))
}

/// Our name. Valid until shutdown.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamFriends_GetPersonaName(_self: Interface) -> *const c_char {
    guard(c"".as_ptr(), || session::current().map_or(c"".as_ptr(), |session| session.persona.as_ptr()))
}

/// The game.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_GetAppID(_self: Interface) -> u32 {
    guard(0, || session::current().map_or(0, |session| session.app_id))
}

/// Takes a function for warnings. Local Steam has none to give, so it is never called.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_SetWarningMessageHook(_self: Interface, _hook: WarningHook) {}

/// There is no overlay to open a dialog in.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamFriends_ActivateGameOverlayInviteDialog(
    _self: Interface,
    _lobby: u64,
) {
}
