//! `ISteamApps`: the game is bought and installed.

use std::ffi::{c_char, c_int};

use super::Interface;
use crate::ffi::guard;
use crate::session;

fn is_this_app(app: u32) -> bool {
    guard(false, || session::current().is_some_and(|session| session.app_id == app))
}

/// Whether the user owns the game.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_BIsSubscribed(_self: Interface) -> bool {
    guard(false, || session::current().is_some())
}

/// Whether the user owns an app: this one.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_BIsSubscribedApp(_self: Interface, app: u32) -> bool {
    is_this_app(app)
}

/// Whether an app is installed: this one.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_BIsAppInstalled(_self: Interface, app: u32) -> bool {
    is_this_app(app)
}

/// Who owns the game: the user.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_GetAppOwner(_self: Interface) -> u64 {
    guard(0, || session::current().map_or(0, |session| session.steam_id))
}

/// Whether the user has a piece of additional content: none is known here.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_BIsDlcInstalled(_self: Interface, _app: u32) -> bool {
    false
}

/// How much additional content there is.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_GetDLCCount(_self: Interface) -> c_int {
    0
}

/// Whether the user plays a copy that is lent by a relative.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_BIsSubscribedFromFamilySharing(_self: Interface) -> bool {
    false
}

/// Whether the user plays for a weekend.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_BIsSubscribedFromFreeWeekend(_self: Interface) -> bool {
    false
}

/// Whether the user is banned.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_BIsVACBanned(_self: Interface) -> bool {
    false
}

/// The game's build: 0, as for one that did not come from Steam.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_GetAppBuildId(_self: Interface) -> c_int {
    0
}

/// The language that the game is to be in.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_GetCurrentGameLanguage(_self: Interface) -> *const c_char {
    c"english".as_ptr()
}

/// The languages that the game is said to have.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamApps_GetAvailableGameLanguages(_self: Interface) -> *const c_char {
    c"english".as_ptr()
}
