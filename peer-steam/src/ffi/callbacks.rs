//! The structures of callbacks and call results, as far as this crate reads them.

use std::ffi::{c_int, c_void};
use std::mem::size_of;

use peer_core::{LobbyId, SteamId};
use steamworks_sys as sys;

/// `EChatMemberStateChange`: `k_EChatMemberStateChangeEntered`; every other bit is a way to leave.
const MEMBER_ENTERED: u32 = 1;

const LOBBY_CHAT_UPDATE: c_int = 506;
const LOBBY_DATA_UPDATE: c_int = 505;
const LOBBY_JOIN_REQUESTED: c_int = 333;
const LOBBY_CREATED: c_int = 513;
const LOBBY_ENTER: c_int = 504;
const LOBBY_MATCH_LIST: c_int = 510;

// The numbers in the bindings.
const _: () = {
    assert!(LOBBY_ENTER == sys::LobbyEnter_t_k_iCallback as c_int);
    assert!(LOBBY_DATA_UPDATE == sys::LobbyDataUpdate_t_k_iCallback as c_int);
    assert!(LOBBY_CHAT_UPDATE == sys::LobbyChatUpdate_t_k_iCallback as c_int);
    assert!(LOBBY_MATCH_LIST == sys::LobbyMatchList_t_k_iCallback as c_int);
    assert!(LOBBY_CREATED == sys::LobbyCreated_t_k_iCallback as c_int);
    assert!(LOBBY_JOIN_REQUESTED == sys::GameLobbyJoinRequested_t_k_iCallback as c_int);
};

/// The numbers of the callbacks that this crate registers for.
pub(super) const REGISTERED: [c_int; 3] = [LOBBY_CHAT_UPDATE, LOBBY_DATA_UPDATE, LOBBY_JOIN_REQUESTED];

/// A callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    /// A user entered a lobby.
    MemberEntered(LobbyId, SteamId),
    /// A user left a lobby, or lost the connection to it.
    MemberLeft(LobbyId, SteamId),
    /// The data of a lobby changed.
    LobbyData(LobbyId),
    /// The local user asked Steam to join a friend's lobby: the lobby, and the friend.
    JoinRequested(LobbyId, SteamId),
}

/// The asynchronous calls that this crate makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// `CreateLobby`
    CreateLobby,
    /// `JoinLobby`
    JoinLobby,
    /// `RequestLobbyList`
    ListLobbies,
}

impl CallKind {
    /// How many there are.
    pub(super) const COUNT: usize = 3;
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallResult {
    /// `EResult`; if that is 1, the lobby.
    Created(u32, LobbyId),
    /// The lobby, and `EChatRoomEnterResponse`: 1 if it was joined.
    Entered(LobbyId, u32),
    /// The lobbies that were found.
    Listed(Vec<LobbyId>),
    /// The call failed (`bIOFailure`).
    Failed,
}

/// The size of the structure with a number; 0 for one that this crate does not know.
pub(super) fn size_of_callback(id: c_int) -> c_int {
    super::to_int(match id {
        LOBBY_CHAT_UPDATE => size_of::<sys::LobbyChatUpdate_t>(),
        LOBBY_DATA_UPDATE => size_of::<sys::LobbyDataUpdate_t>(),
        LOBBY_JOIN_REQUESTED => size_of::<sys::GameLobbyJoinRequested_t>(),
        LOBBY_CREATED => size_of::<sys::LobbyCreated_t>(),
        LOBBY_ENTER => size_of::<sys::LobbyEnter_t>(),
        LOBBY_MATCH_LIST => size_of::<sys::LobbyMatchList_t>(),
        _ => 0,
    })
}

/// The number of the structure in which a call results.
pub(super) fn result_of(kind: CallKind) -> c_int {
    match kind {
        CallKind::CreateLobby => LOBBY_CREATED,
        CallKind::JoinLobby => LOBBY_ENTER,
        CallKind::ListLobbies => LOBBY_MATCH_LIST,
    }
}

/// Reads a field of one of Steam's structures.
macro_rules! read {
    ($data:expr, $type:ident . $field:ident as $as:ty) => {
        // SAFETY: `$data` points to a `$type`, maybe unaligned, and the field is an integer of that size.
        unsafe { (&raw const (*$data.cast::<sys::$type>()).$field).cast::<$as>().read_unaligned() }
    };
}

/// Reads a callback; `None` for one that no lobby event comes of.
///
/// # Safety
/// `data` points to the structure with the number `id`.
pub(super) unsafe fn parse(id: c_int, data: *const c_void) -> Option<Callback> {
    match id {
        LOBBY_CHAT_UPDATE => {
            let lobby = LobbyId(read!(data, LobbyChatUpdate_t.m_ulSteamIDLobby as u64));
            let member = SteamId(read!(data, LobbyChatUpdate_t.m_ulSteamIDUserChanged as u64));
            let change = read!(data, LobbyChatUpdate_t.m_rgfChatMemberStateChange as u32);
            Some(if change & MEMBER_ENTERED != 0 {
                Callback::MemberEntered(lobby, member)
            } else {
                Callback::MemberLeft(lobby, member)
            })
        }
        LOBBY_DATA_UPDATE => {
            let lobby = read!(data, LobbyDataUpdate_t.m_ulSteamIDLobby as u64);
            let of = read!(data, LobbyDataUpdate_t.m_ulSteamIDMember as u64);
            let success = read!(data, LobbyDataUpdate_t.m_bSuccess as u8);
            // Otherwise the data are a member's.
            (of == lobby && success != 0).then_some(Callback::LobbyData(LobbyId(lobby)))
        }
        LOBBY_JOIN_REQUESTED => {
            let lobby = read!(data, GameLobbyJoinRequested_t.m_steamIDLobby as u64);
            let friend = read!(data, GameLobbyJoinRequested_t.m_steamIDFriend as u64);
            Some(Callback::JoinRequested(LobbyId(lobby), SteamId(friend)))
        }
        _ => None,
    }
}

/// Reads the result of a call. `listed` yields a lobby of the list that has just arrived.
///
/// # Safety
/// `data` points to the structure with the number `id`.
pub(super) unsafe fn parse_result(
    id: c_int,
    data: *const c_void,
    listed: impl FnMut(c_int) -> LobbyId,
) -> CallResult {
    match id {
        LOBBY_CREATED => CallResult::Created(
            read!(data, LobbyCreated_t.m_eResult as u32),
            LobbyId(read!(data, LobbyCreated_t.m_ulSteamIDLobby as u64)),
        ),
        LOBBY_ENTER => CallResult::Entered(
            LobbyId(read!(data, LobbyEnter_t.m_ulSteamIDLobby as u64)),
            read!(data, LobbyEnter_t.m_EChatRoomEnterResponse as u32),
        ),
        LOBBY_MATCH_LIST => {
            let count = read!(data, LobbyMatchList_t.m_nLobbiesMatching as u32);
            CallResult::Listed((0..c_int::try_from(count).unwrap_or(c_int::MAX)).map(listed).collect())
        }
        _ => CallResult::Failed,
    }
}
