//! `ISteamMatchmaking`: what members of a lobby say of themselves and to each other, and invitations.

use std::ffi::{c_char, c_int, c_void};

use super::Interface;
use super::matchmaking::lobbies;
use crate::ffi::{put, text};
use crate::steam_id;

/// The value of a member's key, "" if there is none or we are not in the lobby.
///
/// # Safety
/// `key` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyMemberData(
    _self: Interface,
    lobby: u64,
    user: u64,
    key: *const c_char,
) -> *const c_char {
    lobbies(c"".as_ptr(), |lobbies| {
        // SAFETY: the caller's promise.
        match unsafe { text(key) }.zip(steam_id::account_of(user)) {
            Some((key, account)) => lobbies.member_answer(lobby, account, &key),
            None => c"".as_ptr(),
        }
    })
}

/// Sets a key of ours in a lobby; an empty value removes it.
///
/// # Safety
/// `key` and `value` are null or C strings.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_SetLobbyMemberData(
    _self: Interface,
    lobby: u64,
    key: *const c_char,
    value: *const c_char,
) {
    lobbies((), |lobbies| {
        // SAFETY: the caller's promise.
        if let (Some(key), Some(value)) = (unsafe { text(key) }, unsafe { text(value) }) {
            lobbies.set_member_data(lobby, &key, &value);
        }
    });
}

/// Tells everyone in a lobby something, ourselves included: `LobbyChatMsg_t`.
///
/// # Safety
/// `body` is null or readable for `size` bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_SendLobbyChatMsg(
    _self: Interface,
    lobby: u64,
    body: *const c_void,
    size: c_int,
) -> bool {
    lobbies(false, |lobbies| match usize::try_from(size) {
        Ok(size) if !body.is_null() => {
            // SAFETY: not null, and the caller promises the rest.
            lobbies.send_message(lobby, unsafe { std::slice::from_raw_parts(body.cast(), size) })
        }
        _ => false,
    })
}

/// A message that `LobbyChatMsg_t` told of. Returns how many bytes were written.
///
/// # Safety
/// `user` and `kind` are null or writable, `data` is null or writable for `size` bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyChatEntry(
    _self: Interface,
    lobby: u64,
    number: c_int,
    user: *mut u64,
    data: *mut c_void,
    size: c_int,
    kind: *mut c_int,
) -> c_int {
    /// `k_EChatEntryTypeChatMsg`
    const CHAT_MESSAGE: c_int = 1;
    lobbies(0, |lobbies| {
        let Some(message) = lobbies.message(lobby, number) else {
            return 0;
        };
        let size = usize::try_from(size).unwrap_or(0).min(message.body.len());
        // SAFETY: the caller's promises.
        unsafe {
            put(user, steam_id::user(message.account));
            put(kind, CHAT_MESSAGE);
            if data.is_null() {
                return 0;
            }
            std::ptr::copy_nonoverlapping(message.body.as_ptr(), data.cast(), size);
        }
        size as c_int
    })
}

/// Invites a user to a lobby that we are in: `LobbyInvite_t` there.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_InviteUserToLobby(
    _self: Interface,
    lobby: u64,
    user: u64,
) -> bool {
    lobbies(false, |lobbies| steam_id::account_of(user).is_some_and(|account| lobbies.invite(lobby, account)))
}
