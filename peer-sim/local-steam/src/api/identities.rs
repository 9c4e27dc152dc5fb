//! Helpers for identities and messages.

use std::ffi::c_char;

use crate::gns::types::{IDENTITY_STEAM_ID, Identity, Message};
use crate::gns::utils;

/// Makes it nobody's.
///
/// # Safety
/// `identity` points to an identity.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_Clear(identity: *mut Identity) {
    // SAFETY: the caller's promise.
    unsafe { *identity = Identity::NONE };
}

/// Whether it is nobody's.
///
/// # Safety
/// `identity` points to an identity.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_IsInvalid(identity: *mut Identity) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*identity).kind == 0 }
}

/// Makes it a Steam ID's.
///
/// # Safety
/// `identity` points to an identity.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_SetSteamID(
    identity: *mut Identity,
    steam_id: u64,
) {
    // SAFETY: the caller's promise.
    unsafe { *identity = Identity::of(steam_id) };
}

/// Its Steam ID, 0 if it is none.
///
/// # Safety
/// `identity` points to an identity.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_GetSteamID(identity: *mut Identity) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { (*identity).steam_id() }
}

/// Makes it a Steam ID's.
///
/// # Safety
/// `identity` points to an identity.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_SetSteamID64(
    identity: *mut Identity,
    steam_id: u64,
) {
    // SAFETY: the caller's promise.
    unsafe { *identity = Identity::of(steam_id) };
}

/// Its Steam ID, 0 if it is none.
///
/// # Safety
/// `identity` points to an identity.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_GetSteamID64(
    identity: *mut Identity,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { (*identity).steam_id() }
}

/// Whether two are the same.
///
/// # Safety
/// Both point to identities.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_IsEqualTo(
    identity: *mut Identity,
    other: *const Identity,
) -> bool {
    // SAFETY: the caller's promise.
    let (left, right) = unsafe { (&*identity, &*other) };
    let size = if left.kind == IDENTITY_STEAM_ID { 8 } else { left.size.clamp(0, 128) as usize };
    left.kind == right.kind && left.size == right.size && left.value[..size] == right.value[..size]
}

/// As text, "steamid:" and the number for a Steam ID.
///
/// # Safety
/// `identity` points to an identity, `text` is writable for `size` bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_ToString(
    identity: *mut Identity,
    text: *mut c_char,
    size: u32,
) {
    // SAFETY: the caller's promises are the method's.
    unsafe { utils().identity_to_string(identity, text, size as usize) }
}

/// From text.
///
/// # Safety
/// `identity` is writable, `text` is a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingIdentity_ParseString(
    identity: *mut Identity,
    text: *const c_char,
) -> bool {
    // SAFETY: the caller's promises are the method's.
    unsafe { utils().identity_parse_string(identity, text) }
}

/// Frees a message.
///
/// # Safety
/// `message` is one that the sockets made and that was not released or sent.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingMessage_t_Release(message: *mut Message) {
    // SAFETY: the caller's promise; every message of the sockets knows how to release itself.
    unsafe {
        if let Some(release) = (*message).release {
            release(message);
        }
    }
}
