//! Lobbies (`ISteamMatchmaking`).

use std::ffi::{CStr, c_char};

use peer_core::{LobbyId, SteamId};
use steamworks_sys as sys;

use super::library::{Hold, Matchmaking};
use super::{call, copy_text, text_of};

/// `k_nMaxLobbyKeyLength`, and its NUL.
pub(crate) const MAX_KEY: usize = 256;
/// `k_cubChatMetadataMax`
pub(crate) const MAX_VALUE: usize = 8_192;

/// The interface; `None` if this Steam does not have it.
pub(crate) fn of(hold: &Hold) -> Option<Matchmaking<'_>> {
    Matchmaking::of(hold)
}

// In all of these, the interface is valid, strings are C strings that live during the call, and Steam checks the ids.
impl Matchmaking<'_> {
    /// `CreateLobby`, with Steam's `ELobbyType`. 0 if Steam refuses.
    pub(crate) fn create(self, kind: i32, max_members: i32) -> sys::SteamAPICall_t {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_CreateLobby(kind, max_members)) }
    }

    /// `JoinLobby`. 0 if Steam refuses.
    pub(crate) fn join(self, lobby: LobbyId) -> sys::SteamAPICall_t {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_JoinLobby(lobby.0)) }
    }

    /// `LeaveLobby`
    pub(crate) fn leave(self, lobby: LobbyId) {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_LeaveLobby(lobby.0)) };
    }

    /// The owner; `None` if the local user is not in the lobby.
    pub(crate) fn owner(self, lobby: LobbyId) -> Option<SteamId> {
        // SAFETY: see above.
        let owner = unsafe { call!(self.SteamAPI_ISteamMatchmaking_GetLobbyOwner(lobby.0)) };
        (owner != 0).then_some(SteamId(owner))
    }

    /// The members, including the local user; empty if the local user is not in the lobby.
    pub(crate) fn members(self, lobby: LobbyId) -> Vec<SteamId> {
        // SAFETY: see above.
        let count = unsafe { call!(self.SteamAPI_ISteamMatchmaking_GetNumLobbyMembers(lobby.0)) };
        let member = |index| {
            // SAFETY: see above.
            SteamId(unsafe { call!(self.SteamAPI_ISteamMatchmaking_GetLobbyMemberByIndex(lobby.0, index)) })
        };
        (0..count).map(member).filter(|member| member.0 != 0).collect()
    }

    /// How many members it has; 0 if Steam does not know the lobby.
    pub(crate) fn member_count(self, lobby: LobbyId) -> i32 {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_GetNumLobbyMembers(lobby.0)) }
    }

    /// The most members it may have; 0 if Steam does not know the lobby.
    pub(crate) fn member_limit(self, lobby: LobbyId) -> i32 {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_GetLobbyMemberLimit(lobby.0)) }
    }

    /// The value of a key; empty if it is not set.
    pub(crate) fn data(self, lobby: LobbyId, key: &CStr) -> String {
        // SAFETY: see above; the string that Steam returns lives until the next call of this kind.
        unsafe { copy_text(call!(self.SteamAPI_ISteamMatchmaking_GetLobbyData(lobby.0, key.as_ptr()))) }
    }

    /// All keys and values.
    pub(crate) fn all_data(self, lobby: LobbyId) -> Vec<(String, String)> {
        // SAFETY: see above.
        let count = unsafe { call!(self.SteamAPI_ISteamMatchmaking_GetLobbyDataCount(lobby.0)) };
        let mut value = vec![0 as c_char; MAX_VALUE];
        let entry = |index| {
            let mut key = [0 as c_char; MAX_KEY];
            // SAFETY: see above, and both buffers have the sizes given.
            let found = unsafe {
                call!(self.SteamAPI_ISteamMatchmaking_GetLobbyDataByIndex(
                    lobby.0,
                    index,
                    key.as_mut_ptr(),
                    super::to_int(MAX_KEY),
                    value.as_mut_ptr(),
                    super::to_int(MAX_VALUE),
                ))
            };
            found.then(|| (text_of(&key), text_of(&value)))
        };
        (0..count).filter_map(entry).collect()
    }

    /// Sets the value of a key; `false` if the local user is not the owner, or there is no room for it.
    pub(crate) fn set_data(self, lobby: LobbyId, key: &CStr, value: &CStr) -> bool {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_SetLobbyData(lobby.0, key.as_ptr(), value.as_ptr())) }
    }

    /// Sets whether others may join; `false` if the local user is not the owner.
    pub(crate) fn set_joinable(self, lobby: LobbyId, joinable: bool) -> bool {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_SetLobbyJoinable(lobby.0, joinable)) }
    }

    /// Hands the lobby to another member; `false` if the local user is not the owner, or the other no member.
    pub(crate) fn set_owner(self, lobby: LobbyId, owner: SteamId) -> bool {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_SetLobbyOwner(lobby.0, owner.0)) }
    }

    /// The value of a member's key; empty if it is not set.
    pub(crate) fn member_data(self, lobby: LobbyId, member: SteamId, key: &CStr) -> String {
        // SAFETY: see above; the string that Steam returns lives until the next call of this kind.
        unsafe {
            copy_text(call!(self.SteamAPI_ISteamMatchmaking_GetLobbyMemberData(
                lobby.0,
                member.0,
                key.as_ptr()
            )))
        }
    }

    /// Sets the value of a key of the local user.
    pub(crate) fn set_member_data(self, lobby: LobbyId, key: &CStr, value: &CStr) {
        // SAFETY: see above.
        unsafe {
            call!(self.SteamAPI_ISteamMatchmaking_SetLobbyMemberData(lobby.0, key.as_ptr(), value.as_ptr()));
        };
    }

    /// Sends a message to all members, with its NUL; `false` if Steam refuses.
    pub(crate) fn send_message(self, lobby: LobbyId, message: &CStr) -> bool {
        let bytes = message.to_bytes_with_nul();
        // SAFETY: see above, and the message has that length.
        unsafe {
            call!(self.SteamAPI_ISteamMatchmaking_SendLobbyChatMsg(
                lobby.0,
                bytes.as_ptr().cast(),
                super::to_int(bytes.len())
            ))
        }
    }

    /// Asks for the data of a lobby that the local user need not be in; `false` if Steam refuses.
    pub(crate) fn request_data(self, lobby: LobbyId) -> bool {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_RequestLobbyData(lobby.0)) }
    }

    /// Invites a user; `false` if Steam refuses.
    pub(crate) fn invite(self, lobby: LobbyId, user: SteamId) -> bool {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_InviteUserToLobby(lobby.0, user.0)) }
    }

    /// Filters the next list by how a string compares (`ELobbyComparison`).
    pub(crate) fn filter_text(self, key: &CStr, value: &CStr, comparison: i32) {
        // SAFETY: see above.
        unsafe {
            call!(self.SteamAPI_ISteamMatchmaking_AddRequestLobbyListStringFilter(
                key.as_ptr(),
                value.as_ptr(),
                comparison
            ));
        };
    }

    /// Filters the next list by how a number compares (`ELobbyComparison`).
    pub(crate) fn filter_number(self, key: &CStr, value: i32, comparison: i32) {
        // SAFETY: see above.
        unsafe {
            call!(self.SteamAPI_ISteamMatchmaking_AddRequestLobbyListNumericalFilter(
                key.as_ptr(),
                value,
                comparison
            ));
        };
    }

    /// Filters the next list by the number of free slots.
    pub(crate) fn filter_slots(self, slots: i32) {
        // SAFETY: see above.
        unsafe {
            call!(self.SteamAPI_ISteamMatchmaking_AddRequestLobbyListFilterSlotsAvailable(slots));
        }
    }

    /// Sets how far away the lobbies of the next list may be (`ELobbyDistanceFilter`).
    pub(crate) fn filter_distance(self, distance: i32) {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_AddRequestLobbyListDistanceFilter(distance)) };
    }

    /// Limits the number of lobbies in the next list.
    pub(crate) fn limit_results(self, most: i32) {
        // SAFETY: see above.
        unsafe {
            call!(self.SteamAPI_ISteamMatchmaking_AddRequestLobbyListResultCountFilter(most));
        }
    }

    /// `RequestLobbyList`, with the filters added since the last request. 0 if Steam refuses.
    pub(crate) fn request_list(self) -> sys::SteamAPICall_t {
        // SAFETY: see above.
        unsafe { call!(self.SteamAPI_ISteamMatchmaking_RequestLobbyList()) }
    }
}
