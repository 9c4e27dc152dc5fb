//! The structures of callbacks and call results, as far as this crate reads them.

use std::ffi::{c_int, c_void};
use std::mem::size_of;

use peer_core::{LobbyId, SteamId};
use steamworks_sys as sys;

/// `EChatMemberStateChange`: `k_EChatMemberStateChangeEntered`; every other bit is a way to leave.
const MEMBER_ENTERED: u32 = 1;

/// `EChatEntryType`: `k_EChatEntryTypeChatMsg`
const CHAT_MESSAGE: u8 = 1;
/// `EPersonaChange`: `k_EPersonaChangeName`, and `k_EPersonaChangeNameFirstSet`
const NAME_CHANGED: i32 = 0x401;

const PERSONA_STATE_CHANGE: c_int = 304;
const LOBBY_CHAT_MESSAGE: c_int = 507;
const LOBBY_CHAT_UPDATE: c_int = 506;
const LOBBY_DATA_UPDATE: c_int = 505;
const LOBBY_JOIN_REQUESTED: c_int = 333;
const LOBBY_CREATED: c_int = 513;
const LOBBY_ENTER: c_int = 504;
const LOBBY_MATCH_LIST: c_int = 510;

// The numbers in the bindings.
const _: () = {
    assert!(PERSONA_STATE_CHANGE == sys::PersonaStateChange_t_k_iCallback as c_int);
    assert!(LOBBY_CHAT_MESSAGE == sys::LobbyChatMsg_t_k_iCallback as c_int);
    assert!(LOBBY_ENTER == sys::LobbyEnter_t_k_iCallback as c_int);
    assert!(LOBBY_DATA_UPDATE == sys::LobbyDataUpdate_t_k_iCallback as c_int);
    assert!(LOBBY_CHAT_UPDATE == sys::LobbyChatUpdate_t_k_iCallback as c_int);
    assert!(LOBBY_MATCH_LIST == sys::LobbyMatchList_t_k_iCallback as c_int);
    assert!(LOBBY_CREATED == sys::LobbyCreated_t_k_iCallback as c_int);
    assert!(LOBBY_JOIN_REQUESTED == sys::GameLobbyJoinRequested_t_k_iCallback as c_int);
};

/// The numbers of the callbacks that this crate registers for.
pub(super) const REGISTERED: [c_int; 5] =
    [LOBBY_CHAT_UPDATE, LOBBY_DATA_UPDATE, LOBBY_JOIN_REQUESTED, LOBBY_CHAT_MESSAGE, PERSONA_STATE_CHANGE];

/// A callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    /// A user entered a lobby.
    MemberEntered(LobbyId, SteamId),
    /// A user left a lobby, or lost the connection to it.
    MemberLeft(LobbyId, SteamId),
    /// The data of a lobby or of its members changed, or were requested of one that does not exist.
    LobbyData(LobbyId),
    /// A member of a lobby, the local user included, sent a message to all.
    Message(LobbyId, SteamId, String),
    /// The name of a user changed, or arrived.
    Name(SteamId),
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
        LOBBY_CHAT_MESSAGE => size_of::<sys::LobbyChatMsg_t>(),
        PERSONA_STATE_CHANGE => size_of::<sys::PersonaStateChange_t>(),
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

/// Reads a callback; `None` for one that no lobby event comes of. `message` yields the message to a lobby with a number:
/// who sent it, and what it says.
///
/// # Safety
/// `data` points to the structure with the number `id`.
pub(super) unsafe fn parse(
    id: c_int,
    data: *const c_void,
    message: impl FnOnce(LobbyId, c_int) -> Option<(SteamId, String)>,
) -> Option<Callback> {
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
            Some(Callback::LobbyData(LobbyId(read!(data, LobbyDataUpdate_t.m_ulSteamIDLobby as u64))))
        }
        LOBBY_CHAT_MESSAGE if read!(data, LobbyChatMsg_t.m_eChatEntryType as u8) == CHAT_MESSAGE => {
            let lobby = LobbyId(read!(data, LobbyChatMsg_t.m_ulSteamIDLobby as u64));
            let (member, text) = message(lobby, read!(data, LobbyChatMsg_t.m_iChatID as c_int))?;
            Some(Callback::Message(lobby, member, text))
        }
        PERSONA_STATE_CHANGE => {
            let user = SteamId(read!(data, PersonaStateChange_t.m_ulSteamID as u64));
            let change = read!(data, PersonaStateChange_t.m_nChangeFlags as i32);
            (change & NAME_CHANGED != 0).then_some(Callback::Name(user))
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
