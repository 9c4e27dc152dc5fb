//! `ISteamMatchmaking`: lobbies.

use std::ffi::{c_char, c_int};

use super::Interface;
use crate::ffi::{copy_text, guard, text};
use crate::lobbies::Lobbies;
use crate::lobby_search::Comparison;
use crate::store::Change;
use crate::{session, steam_id};

/// Runs `ask` on the session's lobbies.
pub(super) fn lobbies<T>(fallback: T, ask: impl FnOnce(&mut Lobbies) -> T) -> T {
    guard(None, || session::current().map(|session| ask(&mut session.lobbies()))).unwrap_or(fallback)
}

/// Creates a lobby and enters it: `LobbyCreated_t`, `LobbyEnter_t`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_CreateLobby(
    _self: Interface,
    kind: c_int,
    most_members: c_int,
) -> u64 {
    lobbies(0, |lobbies| lobbies.create(kind, most_members))
}

/// Enters a lobby: `LobbyEnter_t`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_JoinLobby(_self: Interface, lobby: u64) -> u64 {
    lobbies(0, |lobbies| lobbies.join(lobby))
}

/// Leaves a lobby.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_LeaveLobby(_self: Interface, lobby: u64) {
    lobbies((), |lobbies| lobbies.leave(lobby));
}

/// Who owns a lobby that we are in, else 0.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyOwner(_self: Interface, lobby: u64) -> u64 {
    lobbies(0, |lobbies| lobbies.joined(lobby).map_or(0, |lobby| steam_id::user(lobby.owner)))
}

/// Hands a lobby that we own to another member.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_SetLobbyOwner(
    _self: Interface,
    lobby: u64,
    owner: u64,
) -> bool {
    lobbies(false, |lobbies| {
        steam_id::account_of(owner).is_some_and(|owner| lobbies.alter(lobby, Change::Owner(owner)))
    })
}

/// How many are in a lobby.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_GetNumLobbyMembers(
    _self: Interface,
    lobby: u64,
) -> c_int {
    lobbies(0, |lobbies| lobbies.known(lobby).map_or(0, |lobby| lobby.members.len() as c_int))
}

/// Who is in a lobby that we are in.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyMemberByIndex(
    _self: Interface,
    lobby: u64,
    index: c_int,
) -> u64 {
    lobbies(0, |lobbies| {
        let members = lobbies.joined(lobby).map(|lobby| lobby.members.as_slice()).unwrap_or_default();
        let member = usize::try_from(index).ok().and_then(|index| members.get(index));
        member.map_or(0, |member| steam_id::user(member.account))
    })
}

/// Most members that a lobby takes.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyMemberLimit(
    _self: Interface,
    lobby: u64,
) -> c_int {
    lobbies(0, |lobbies| lobbies.known(lobby).map_or(0, |lobby| lobby.limit))
}

/// Sets the most members of a lobby that we own.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_SetLobbyMemberLimit(
    _self: Interface,
    lobby: u64,
    limit: c_int,
) -> bool {
    lobbies(false, |lobbies| lobbies.alter(lobby, Change::Limit(limit)))
}

/// Opens or closes a lobby that we own.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_SetLobbyJoinable(
    _self: Interface,
    lobby: u64,
    joinable: bool,
) -> bool {
    lobbies(false, |lobbies| lobbies.alter(lobby, Change::Joinable(joinable)))
}

/// Sets the type of a lobby that we own.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_SetLobbyType(
    _self: Interface,
    lobby: u64,
    kind: c_int,
) -> bool {
    lobbies(false, |lobbies| lobbies.alter(lobby, Change::Kind(kind)))
}

/// The value of a key, "" if there is none.
///
/// # Safety
/// `key` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyData(
    _self: Interface,
    lobby: u64,
    key: *const c_char,
) -> *const c_char {
    lobbies(c"".as_ptr(), |lobbies| {
        // SAFETY: the caller's promise.
        match unsafe { text(key) } {
            Some(key) => lobbies.answer(lobby, &key),
            None => c"".as_ptr(),
        }
    })
}

/// Sets a key of a lobby that we own; an empty value removes it.
///
/// # Safety
/// `key` and `value` are null or C strings.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_SetLobbyData(
    _self: Interface,
    lobby: u64,
    key: *const c_char,
    value: *const c_char,
) -> bool {
    lobbies(false, |lobbies| {
        // SAFETY: the caller's promise.
        let (Some(key), Some(value)) = (unsafe { text(key) }, unsafe { text(value) }) else {
            return false;
        };
        lobbies.alter(lobby, Change::Data(&key, Some(&*value).filter(|value| !value.is_empty())))
    })
}

/// Removes a key of a lobby that we own.
///
/// # Safety
/// `key` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_DeleteLobbyData(
    _self: Interface,
    lobby: u64,
    key: *const c_char,
) -> bool {
    lobbies(false, |lobbies| {
        // SAFETY: the caller's promise.
        unsafe { text(key) }.is_some_and(|key| lobbies.alter(lobby, Change::Data(&key, None)))
    })
}

/// How many keys a lobby has.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyDataCount(_self: Interface, lobby: u64) -> c_int {
    lobbies(0, |lobbies| lobbies.known(lobby).map_or(0, |lobby| lobby.data.len() as c_int))
}

/// A key and its value.
///
/// # Safety
/// Each buffer is null or writable for its size.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyDataByIndex(
    _self: Interface,
    lobby: u64,
    index: c_int,
    key: *mut c_char,
    key_size: c_int,
    value: *mut c_char,
    value_size: c_int,
) -> bool {
    lobbies(false, |lobbies| {
        let data = lobbies.known(lobby).map(|lobby| &lobby.data);
        let found = usize::try_from(index).ok().zip(data).and_then(|(index, data)| data.iter().nth(index));
        let Some((found_key, found_value)) = found else {
            return false;
        };
        // SAFETY: the caller's promises.
        unsafe {
            copy_text(found_key, key, key_size);
            copy_text(found_value, value, value_size);
        }
        true
    })
}

/// Reads a lobby that we need not be in: `LobbyDataUpdate_t`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_RequestLobbyData(_self: Interface, lobby: u64) -> bool {
    lobbies(false, |lobbies| lobbies.request_data(lobby))
}

/// Searches lobbies, by the filters added since the last search: `LobbyMatchList_t`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_RequestLobbyList(_self: Interface) -> u64 {
    lobbies(0, Lobbies::request_list)
}

/// A lobby that the last search found, else 0.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_GetLobbyByIndex(_self: Interface, index: c_int) -> u64 {
    lobbies(0, |lobbies| lobbies.found(index))
}

/// The next search compares a key's value with a text.
///
/// # Safety
/// `key` and `value` are null or C strings.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_AddRequestLobbyListStringFilter(
    _self: Interface,
    key: *const c_char,
    value: *const c_char,
    comparison: c_int,
) {
    lobbies((), |lobbies| {
        // SAFETY: the caller's promise.
        let (key, value) = unsafe { (text(key), text(value)) };
        if let (Some(key), Some(value), Some(comparison)) = (key, value, Comparison::from_steam(comparison)) {
            lobbies.search.text(key.into_owned(), value.into_owned(), comparison);
        }
    });
}

/// The next search compares a key's value with a number.
///
/// # Safety
/// `key` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamMatchmaking_AddRequestLobbyListNumericalFilter(
    _self: Interface,
    key: *const c_char,
    value: c_int,
    comparison: c_int,
) {
    lobbies((), |lobbies| {
        // SAFETY: the caller's promise.
        let key = unsafe { text(key) };
        if let (Some(key), Some(comparison)) = (key, Comparison::from_steam(comparison)) {
            lobbies.search.number(key.into_owned(), value, comparison);
        }
    });
}

/// The next search wants room for so many.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_AddRequestLobbyListFilterSlotsAvailable(
    _self: Interface,
    places: c_int,
) {
    lobbies((), |lobbies| lobbies.search.free_places(places));
}

/// The next search looks this far. Every lobby is on this machine, which the nearest setting includes.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_AddRequestLobbyListDistanceFilter(
    _self: Interface,
    _distance: c_int,
) {
}

/// The next search wants no more results than this.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamMatchmaking_AddRequestLobbyListResultCountFilter(
    _self: Interface,
    most: c_int,
) {
    lobbies((), |lobbies| lobbies.search.most(most));
}
