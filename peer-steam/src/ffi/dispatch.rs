//! Callbacks and call results: by manual dispatch (`SteamAPI_ManualDispatch_*`), or, where another addon runs the
//! callbacks, call results alone, by polling.

use std::ffi::{c_int, c_void};
use std::mem::{MaybeUninit, size_of};

use peer_core::{LobbyId, SteamId};
use steamworks_sys as sys;

use super::api::Api;
use super::call;
use super::library::{Hold, Utils};

const LOBBY_ENTER: c_int = 504;
const LOBBY_DATA_UPDATE: c_int = 505;
const LOBBY_CHAT_UPDATE: c_int = 506;
const LOBBY_MATCH_LIST: c_int = 510;
const LOBBY_CREATED: c_int = 513;
const CALL_COMPLETED: c_int = 703;
const LOBBY_JOIN_REQUESTED: c_int = 333;

// The numbers in the bindings.
const _: () = {
    assert!(LOBBY_ENTER == sys::LobbyEnter_t_k_iCallback as c_int);
    assert!(LOBBY_DATA_UPDATE == sys::LobbyDataUpdate_t_k_iCallback as c_int);
    assert!(LOBBY_CHAT_UPDATE == sys::LobbyChatUpdate_t_k_iCallback as c_int);
    assert!(LOBBY_MATCH_LIST == sys::LobbyMatchList_t_k_iCallback as c_int);
    assert!(LOBBY_CREATED == sys::LobbyCreated_t_k_iCallback as c_int);
    assert!(CALL_COMPLETED == sys::SteamAPICallCompleted_t_k_iCallback as c_int);
    assert!(LOBBY_JOIN_REQUESTED == sys::GameLobbyJoinRequested_t_k_iCallback as c_int);
};

/// `k_EChatMemberStateChangeEntered`; every other bit is a way to leave.
const MEMBER_ENTERED: u32 = 1;

/// An asynchronous call whose result is pending (`SteamAPICall_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call(pub(super) u64);

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

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallResult {
    /// `EResult`; if that is 1, the lobby.
    Created(u32, LobbyId),
    /// The lobby, and `EChatRoomEnterResponse`: 1 if it was joined.
    Entered(LobbyId, u32),
    /// How many lobbies were found.
    Listed(u32),
    /// The call failed (`bIOFailure`).
    Failed,
}

/// The callbacks that this crate handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    /// The result of a call is ready to be fetched.
    Completed(Call),
    /// A user entered a lobby.
    MemberEntered(LobbyId, SteamId),
    /// A user left a lobby, or lost the connection to it.
    MemberLeft(LobbyId, SteamId),
    /// The data of a lobby changed.
    LobbyData(LobbyId),
    /// The local user asked Steam to join a friend's lobby: the lobby, and the friend.
    JoinRequested(LobbyId, SteamId),
}

fn pipe(api: &Api) -> sys::HSteamPipe {
    // SAFETY: may be called at any time.
    unsafe { (api.SteamAPI_GetHSteamPipe)() }
}

/// Reads a field of one of Steam's structures.
macro_rules! read {
    ($data:expr, $type:ident . $field:ident as $as:ty) => {
        // SAFETY: `$data` points to a `$type`, maybe unaligned, and the field is an integer of that size.
        unsafe { (&raw const (*$data.cast::<sys::$type>()).$field).cast::<$as>().read_unaligned() }
    };
}

/// Runs a frame of manual dispatch, and emits its callbacks. The function pointers of networking are called from here,
/// too.
pub(crate) fn run_frame(hold: &Hold, mut emit: impl FnMut(Callback)) {
    let api = hold.api();
    let pipe = pipe(api);
    // SAFETY: Steam is up, and in manual dispatch, because this crate initialised it.
    unsafe { (api.SteamAPI_ManualDispatch_RunFrame)(pipe) };
    let mut message = MaybeUninit::<sys::CallbackMsg_t>::zeroed();
    // SAFETY: as above, and the message is writable.
    while unsafe { (api.SteamAPI_ManualDispatch_GetNextCallback)(pipe, message.as_mut_ptr()) } {
        // SAFETY: Steam has written the message: integers, and a pointer to data that live until they are freed.
        let message = unsafe { message.assume_init() };
        let size = usize::try_from(message.m_cubParam).unwrap_or(0);
        // SAFETY: the data are of the type that the number names, and that large.
        if let Some(callback) = unsafe { parse(message.m_iCallback, message.m_pubParam.cast(), size) } {
            emit(callback);
        }
        // SAFETY: once for each callback that was returned.
        unsafe { (api.SteamAPI_ManualDispatch_FreeLastCallback)(pipe) };
    }
}

/// # Safety
/// `data` points to `size` bytes: the structure with the number `id`.
unsafe fn parse(id: c_int, data: *const c_void, size: usize) -> Option<Callback> {
    let expected = match id {
        CALL_COMPLETED => size_of::<sys::SteamAPICallCompleted_t>(),
        LOBBY_CHAT_UPDATE => size_of::<sys::LobbyChatUpdate_t>(),
        LOBBY_DATA_UPDATE => size_of::<sys::LobbyDataUpdate_t>(),
        LOBBY_JOIN_REQUESTED => size_of::<sys::GameLobbyJoinRequested_t>(),
        _ => return None,
    };
    if size < expected || data.is_null() {
        return None;
    }
    match id {
        CALL_COMPLETED => {
            Some(Callback::Completed(Call(read!(data, SteamAPICallCompleted_t.m_hAsyncCall as u64))))
        }
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
        _ => {
            let lobby = read!(data, GameLobbyJoinRequested_t.m_steamIDLobby as u64);
            let friend = read!(data, GameLobbyJoinRequested_t.m_steamIDFriend as u64);
            Some(Callback::JoinRequested(LobbyId(lobby), SteamId(friend)))
        }
    }
}

/// Room for the result of any call, and aligned for it.
type ResultBuffer = [u64; 4];

/// The number and the size of the structure in which a call results.
fn result_of(kind: CallKind) -> (c_int, usize) {
    match kind {
        CallKind::CreateLobby => (LOBBY_CREATED, size_of::<sys::LobbyCreated_t>()),
        CallKind::JoinLobby => (LOBBY_ENTER, size_of::<sys::LobbyEnter_t>()),
        CallKind::ListLobbies => (LOBBY_MATCH_LIST, size_of::<sys::LobbyMatchList_t>()),
    }
}

fn parse_result(kind: CallKind, buffer: &ResultBuffer) -> CallResult {
    let data = buffer.as_ptr().cast::<c_void>();
    match kind {
        CallKind::CreateLobby => CallResult::Created(
            read!(data, LobbyCreated_t.m_eResult as u32),
            LobbyId(read!(data, LobbyCreated_t.m_ulSteamIDLobby as u64)),
        ),
        CallKind::JoinLobby => CallResult::Entered(
            LobbyId(read!(data, LobbyEnter_t.m_ulSteamIDLobby as u64)),
            read!(data, LobbyEnter_t.m_EChatRoomEnterResponse as u32),
        ),
        CallKind::ListLobbies => CallResult::Listed(read!(data, LobbyMatchList_t.m_nLobbiesMatching as u32)),
    }
}

/// Fetches the result of a call, after [`Callback::Completed`].
pub(crate) fn fetch(hold: &Hold, call: Call, kind: CallKind) -> CallResult {
    let (id, size) = result_of(kind);
    let mut buffer = ResultBuffer::default();
    let mut failed = false;
    // SAFETY: there is room for the structure, and the flag is writable.
    let fetched = unsafe {
        (hold.api().SteamAPI_ManualDispatch_GetAPICallResult)(
            pipe(hold.api()),
            call.0,
            buffer.as_mut_ptr().cast::<c_void>(),
            super::to_int(size),
            id,
            &raw mut failed,
        )
    };
    if fetched && !failed { parse_result(kind, &buffer) } else { CallResult::Failed }
}

/// Fetches the result of a call without its callback; `None` if it is not complete yet.
pub(crate) fn fetch_if_complete(hold: &Hold, call: Call, kind: CallKind) -> Option<CallResult> {
    let utils = Utils::of(hold)?;
    let (id, size) = result_of(kind);
    let mut buffer = ResultBuffer::default();
    let mut failed = false;
    // SAFETY: the interface is valid, there is room for the structure, and the flag is writable.
    unsafe {
        if !call!(utils.SteamAPI_ISteamUtils_IsAPICallCompleted(call.0, &raw mut failed)) {
            return None;
        }
        let fetched = call!(utils.SteamAPI_ISteamUtils_GetAPICallResult(
            call.0,
            buffer.as_mut_ptr().cast::<c_void>(),
            super::to_int(size),
            id,
            &raw mut failed,
        ));
        Some(if fetched && !failed { parse_result(kind, &buffer) } else { CallResult::Failed })
    }
}
