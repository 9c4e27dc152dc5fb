//! `ISteamClient`, and of `ISteamUser` and `ISteamUtils` what addons ask for as they start.

use std::ffi::{c_char, c_int};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Interface;
use super::core::{PIPE, USER};
use crate::ffi::guard;
use crate::session;

fn is_up() -> bool {
    guard(false, || session::current().is_some())
}

/// A pipe: there is one.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamClient_CreateSteamPipe(_self: Interface) -> c_int {
    if is_up() { PIPE } else { 0 }
}

/// Lets go of a pipe, which ends with the session.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamClient_BReleaseSteamPipe(_self: Interface, pipe: c_int) -> bool {
    is_up() && pipe == PIPE
}

/// The user of a pipe.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamClient_ConnectToGlobalUser(_self: Interface, pipe: c_int) -> c_int {
    if is_up() && pipe == PIPE { USER } else { 0 }
}

/// Lets go of a user, who goes with the session.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamClient_ReleaseUser(_self: Interface, _pipe: c_int, _user: c_int) {}

/// The user of the session, 0 without one.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUser_GetHSteamUser(_self: Interface) -> c_int {
    if is_up() { USER } else { 0 }
}

/// Whether there is a connection to Steam's servers: as long as there is a session.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUser_BLoggedOn(_self: Interface) -> bool {
    is_up()
}

/// The user's level.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUser_GetPlayerSteamLevel(_self: Interface) -> c_int {
    0
}

/// Which Steam this is: the public one, by Steam's numbers.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_GetConnectedUniverse(_self: Interface) -> c_int {
    c_int::from(is_up())
}

/// The servers' clock, in seconds since 1970: this machine's.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_GetServerRealTime(_self: Interface) -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as u32)
}

/// The charge of the battery, in percent; 255 with a mains supply.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_GetCurrentBatteryPower(_self: Interface) -> u8 {
    255
}

/// Whether there is an overlay.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_IsOverlayEnabled(_self: Interface) -> bool {
    false
}

/// Whether the overlay wants frames while nothing moves.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_BOverlayNeedsPresent(_self: Interface) -> bool {
    false
}

/// Whether the big picture mode is on.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_IsSteamInBigPictureMode(_self: Interface) -> bool {
    false
}

/// Whether this is a Steam Deck.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_IsSteamRunningOnSteamDeck(_self: Interface) -> bool {
    false
}

/// Whether Steam shows games in virtual reality.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_IsSteamRunningInVR(_self: Interface) -> bool {
    false
}

/// The language of Steam's windows.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUtils_GetSteamUILanguage(_self: Interface) -> *const c_char {
    c"english".as_ptr()
}
