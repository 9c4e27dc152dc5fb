//! Lobbies, and what happens in them.

use std::collections::VecDeque;
use std::ffi::CString;
use std::time::{Duration, Instant};

use peer_core::{Lobby, LobbyId, SteamId};
use thiserror::Error;

use crate::ffi::dispatch::{self, Call, CallKind, CallResult, Callback};
use crate::ffi::{Hold, friends, matchmaking};
use crate::session::Steam;

/// Events that may wait to be taken; the oldest go then.
const MAX_EVENTS: usize = 16_384;

/// How often lobbies are looked at in an adopted session.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// `EResult` and `EChatRoomEnterResponse` for what Steam could not carry out.
const RESULT_FAIL: u32 = 2;
const RESPONSE_ERROR: u32 = 5;

/// Who may find and join a lobby (`ELobbyType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LobbyType {
    /// Only who is invited.
    Private = 0,
    /// Friends of members, and who is invited.
    FriendsOnly = 1,
    /// Everyone; it is listed.
    Public = 2,
    /// Everyone who finds it; friends do not see it.
    Invisible = 3,
}

/// How a lobby's value must compare with a filter's (`ELobbyComparison`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// At most.
    EqualOrLess = -2,
    /// Below.
    Less = -1,
    /// The same.
    Equal = 0,
    /// Above.
    Greater = 1,
    /// At least.
    EqualOrGreater = 2,
    /// Not the same.
    NotEqual = 3,
}

/// How far a search reaches (`ELobbyDistanceFilter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// The same region.
    Close = 0,
    /// The same region and those beside it: what Steam does if nothing is said.
    Default = 1,
    /// Half the globe.
    Far = 2,
    /// Everywhere.
    Worldwide = 3,
}

/// What a lobby must be to be listed. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LobbyFilters {
    /// Keys whose text compares so.
    pub texts: Vec<(String, String, Comparison)>,
    /// Keys whose number compares so.
    pub numbers: Vec<(String, i32, Comparison)>,
    /// At least so many places are free.
    pub slots_available: Option<i32>,
    /// How far to search.
    pub distance: Option<Distance>,
    /// At most so many are listed; Steam lists 50.
    pub max_results: Option<i32>,
}

/// What happened in lobbies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LobbyEvent {
    /// [`Steam::create_lobby`] is answered: by an `EResult`, and if that is 1, the lobby, which we are in.
    LobbyCreated {
        /// `EResult`; 1 if the lobby is there.
        result: u32,
        /// The lobby; 0 if there is none.
        lobby: LobbyId,
    },
    /// [`Steam::join_lobby`] is answered by an `EChatRoomEnterResponse`; 1 if we are in.
    LobbyJoined {
        /// The lobby that was to be joined.
        lobby: LobbyId,
        /// `EChatRoomEnterResponse`; 1 if we are in.
        response: u32,
    },
    /// Somebody came into a lobby that we are in.
    MemberJoined {
        /// The lobby.
        lobby: LobbyId,
        /// Who.
        member: SteamId,
    },
    /// Somebody left a lobby that we are in, or was lost from it.
    MemberLeft {
        /// The lobby.
        lobby: LobbyId,
        /// Who.
        member: SteamId,
    },
    /// The data of a lobby have changed, or come.
    DataChanged {
        /// The lobby.
        lobby: LobbyId,
    },
    /// [`Steam::request_lobby_list`] is answered. Empty if none was found, or Steam could not be asked.
    ListReceived {
        /// The lobbies, the nearest first.
        lobbies: Vec<LobbyId>,
    },
    /// The user has chosen in Steam to join a friend's lobby.
    JoinRequested {
        /// The lobby.
        lobby: LobbyId,
        /// The friend.
        friend: SteamId,
    },
}

/// A request about lobbies that Steam turned down at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LobbyError {
    /// Steam's matchmaking is not there.
    #[error("Steam's matchmaking is not available")]
    Unavailable,
    /// A number is out of range, or a text has a NUL character.
    #[error("a value that Steam cannot take")]
    InvalidParameter,
}

#[derive(Debug)]
struct Pending {
    call: Call,
    kind: CallKind,
    /// The lobby to join, so that a failure can name it.
    lobby: LobbyId,
}

/// A lobby in an adopted session, as it was when it was looked at last.
#[derive(Debug)]
struct Watched {
    lobby: LobbyId,
    members: Vec<SteamId>,
    data: Vec<(String, String)>,
}

impl Watched {
    fn new(hold: &Hold, lobby: LobbyId) -> Self {
        let mut watched = Self { lobby, members: Vec::new(), data: Vec::new() };
        if let Some(matchmaking) = matchmaking::of(hold) {
            watched.members = matchmaking.members(lobby);
            watched.data = matchmaking.all_data(lobby);
        }
        watched
    }
}

/// Calls under way, and events that wait to be taken.
#[derive(Debug, Default)]
pub(crate) struct Lobbies {
    pending: Vec<Pending>,
    events: VecDeque<LobbyEvent>,
    watched: Vec<Watched>,
    looked: Option<Instant>,
}

impl Lobbies {
    fn push(&mut self, event: LobbyEvent) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Takes in what Steam's callbacks bring.
    pub(crate) fn take(&mut self, hold: &Hold, callback: Callback) {
        match callback {
            Callback::Completed(call) => {
                let Some(place) = self.pending.iter().position(|pending| pending.call == call) else {
                    return;
                };
                let Pending { kind, lobby, .. } = self.pending.swap_remove(place);
                let result = dispatch::fetch(hold, call, kind);
                self.answered(hold, kind, lobby, result);
            }
            Callback::MemberEntered(lobby, member) => self.push(LobbyEvent::MemberJoined { lobby, member }),
            Callback::MemberLeft(lobby, member) => self.push(LobbyEvent::MemberLeft { lobby, member }),
            Callback::LobbyData(lobby) => self.push(LobbyEvent::DataChanged { lobby }),
            Callback::JoinRequested(lobby, friend) => self.push(LobbyEvent::JoinRequested { lobby, friend }),
        }
    }

    fn answered(&mut self, hold: &Hold, kind: CallKind, asked: LobbyId, result: CallResult) {
        let event = match (kind, result) {
            (_, CallResult::Created(result, lobby)) => LobbyEvent::LobbyCreated { result, lobby },
            (_, CallResult::Entered(lobby, response)) => LobbyEvent::LobbyJoined { lobby, response },
            (_, CallResult::Listed(count)) => {
                let count = i32::try_from(count).unwrap_or(i32::MAX);
                let lobbies = matchmaking::of(hold)
                    .map(|matchmaking| (0..count).map(|index| matchmaking.listed(index)).collect());
                LobbyEvent::ListReceived { lobbies: lobbies.unwrap_or_default() }
            }
            (CallKind::CreateLobby, CallResult::Failed) => {
                LobbyEvent::LobbyCreated { result: RESULT_FAIL, lobby: LobbyId(0) }
            }
            (CallKind::JoinLobby, CallResult::Failed) => {
                LobbyEvent::LobbyJoined { lobby: asked, response: RESPONSE_ERROR }
            }
            (CallKind::ListLobbies, CallResult::Failed) => LobbyEvent::ListReceived { lobbies: Vec::new() },
        };
        self.push(event);
    }

    /// Looks at what there are no callbacks for: somebody else runs them.
    pub(crate) fn look(&mut self, hold: &Hold) {
        let mut place = 0;
        while let Some(&Pending { call, kind, lobby }) = self.pending.get(place) {
            let Some(result) = dispatch::fetch_if_complete(hold, call, kind) else {
                place += 1;
                continue;
            };
            self.pending.swap_remove(place);
            if let CallResult::Created(1, lobby) | CallResult::Entered(lobby, 1) = result {
                self.watch(hold, lobby);
            }
            self.answered(hold, kind, lobby, result);
        }
        let is_due = self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY);
        if is_due && !self.watched.is_empty() {
            self.looked = Some(Instant::now());
            for mut watched in std::mem::take(&mut self.watched) {
                self.compare(hold, &mut watched);
                self.watched.push(watched);
            }
        }
    }

    fn watch(&mut self, hold: &Hold, lobby: LobbyId) {
        if !self.watched.iter().any(|watched| watched.lobby == lobby) {
            self.watched.push(Watched::new(hold, lobby));
        }
    }

    fn compare(&mut self, hold: &Hold, watched: &mut Watched) {
        let lobby = watched.lobby;
        let now = Watched::new(hold, lobby);
        for &member in watched.members.iter().filter(|member| !now.members.contains(member)) {
            self.push(LobbyEvent::MemberLeft { lobby, member });
        }
        for &member in now.members.iter().filter(|member| !watched.members.contains(member)) {
            self.push(LobbyEvent::MemberJoined { lobby, member });
        }
        if now.data != watched.data {
            self.push(LobbyEvent::DataChanged { lobby });
        }
        *watched = now;
    }
}

fn text(text: &str) -> Result<CString, LobbyError> {
    CString::new(text).map_err(|_| LobbyError::InvalidParameter)
}

impl Steam {
    /// Creates a lobby of 1 to 250 members, which we are then in. [`LobbyEvent::LobbyCreated`] answers.
    ///
    /// # Errors
    /// [`LobbyError`]
    pub fn create_lobby(&mut self, kind: LobbyType, max_members: i32) -> Result<(), LobbyError> {
        if !(1..=250).contains(&max_members) {
            return Err(LobbyError::InvalidParameter);
        }
        let matchmaking = matchmaking::of(&self.hold).ok_or(LobbyError::Unavailable)?;
        let call = matchmaking.create(kind as i32, max_members);
        self.await_answer(call, CallKind::CreateLobby, LobbyId(0))
    }

    /// Joins a lobby. [`LobbyEvent::LobbyJoined`] answers.
    ///
    /// # Errors
    /// [`LobbyError`]
    pub fn join_lobby(&mut self, lobby: LobbyId) -> Result<(), LobbyError> {
        let matchmaking = matchmaking::of(&self.hold).ok_or(LobbyError::Unavailable)?;
        let call = matchmaking.join(lobby);
        self.await_answer(call, CallKind::JoinLobby, lobby)
    }

    /// Asks for lobbies. [`LobbyEvent::ListReceived`] answers.
    ///
    /// # Errors
    /// [`LobbyError`]
    pub fn request_lobby_list(&mut self, filters: &LobbyFilters) -> Result<(), LobbyError> {
        let matchmaking = matchmaking::of(&self.hold).ok_or(LobbyError::Unavailable)?;
        // All of them first: a filter that was added stays for the next request.
        let texts = filters.texts.iter();
        let texts: Vec<_> = texts
            .map(|(key, value, comparison)| Ok((text(key)?, text(value)?, *comparison as i32)))
            .collect::<Result<_, LobbyError>>()?;
        let numbers = filters.numbers.iter();
        let numbers: Vec<_> = numbers
            .map(|(key, value, comparison)| Ok((text(key)?, *value, *comparison as i32)))
            .collect::<Result<_, LobbyError>>()?;
        for (key, value, comparison) in &texts {
            matchmaking.filter_text(key, value, *comparison);
        }
        for (key, value, comparison) in &numbers {
            matchmaking.filter_number(key, *value, *comparison);
        }
        if let Some(slots) = filters.slots_available {
            matchmaking.filter_slots(slots);
        }
        if let Some(distance) = filters.distance {
            matchmaking.filter_distance(distance as i32);
        }
        if let Some(most) = filters.max_results {
            matchmaking.limit_results(most);
        }
        let call = matchmaking.request_list();
        self.await_answer(call, CallKind::ListLobbies, LobbyId(0))
    }

    fn await_answer(&mut self, call: Option<Call>, kind: CallKind, lobby: LobbyId) -> Result<(), LobbyError> {
        let call = call.ok_or(LobbyError::Unavailable)?;
        self.lobbies.pending.push(Pending { call, kind, lobby });
        Ok(())
    }

    /// Leaves a lobby, at once.
    pub fn leave_lobby(&mut self, lobby: LobbyId) {
        self.lobbies.watched.retain(|watched| watched.lobby != lobby);
        if let Some(matchmaking) = matchmaking::of(&self.hold) {
            matchmaking.leave(lobby);
        }
    }

    /// Tells of members and data of a lobby that another addon has joined. Only an adopted session needs it; in our own
    /// Steam tells of all of them.
    pub fn watch_lobby(&mut self, lobby: LobbyId) {
        if self.is_adopted() {
            self.lobbies.watch(&self.hold, lobby);
        }
    }

    /// The next event, oldest first.
    pub fn next_lobby_event(&mut self) -> Option<LobbyEvent> {
        self.lobbies.events.pop_front()
    }

    /// A lobby as it is now, for [`Session::host_with_lobby`](peer_core::Session::host_with_lobby) and its like; `None`
    /// for one that we are not in.
    pub fn lobby(&self, lobby: LobbyId) -> Option<Lobby> {
        let owner = self.lobby_owner(lobby)?;
        Some(Lobby { id: lobby, owner, members: self.lobby_members(lobby) })
    }

    /// The owner; `None` for a lobby that we are not in.
    pub fn lobby_owner(&self, lobby: LobbyId) -> Option<SteamId> {
        matchmaking::of(&self.hold)?.owner(lobby)
    }

    /// The members, ourselves among them; empty for a lobby that we are not in.
    pub fn lobby_members(&self, lobby: LobbyId) -> Vec<SteamId> {
        matchmaking::of(&self.hold).map(|matchmaking| matchmaking.members(lobby)).unwrap_or_default()
    }

    /// How many members a lobby may have; 0 for one that Steam knows nothing of.
    pub fn lobby_member_limit(&self, lobby: LobbyId) -> i32 {
        matchmaking::of(&self.hold).map_or(0, |matchmaking| matchmaking.member_limit(lobby))
    }

    /// The value of a key; empty if there is none. Of a lobby that was listed, too.
    pub fn lobby_data(&self, lobby: LobbyId, key: &str) -> String {
        let data = matchmaking::of(&self.hold).zip(text(key).ok());
        data.map(|(matchmaking, key)| matchmaking.data(lobby, &key)).unwrap_or_default()
    }

    /// All keys and values.
    pub fn all_lobby_data(&self, lobby: LobbyId) -> Vec<(String, String)> {
        matchmaking::of(&self.hold).map(|matchmaking| matchmaking.all_data(lobby)).unwrap_or_default()
    }

    /// Sets a value; `false` if we are not the owner, if a text has a NUL character, a key is longer than 255 bytes, or
    /// there is no room (8,192 bytes in all).
    pub fn set_lobby_data(&self, lobby: LobbyId, key: &str, value: &str) -> bool {
        let (Some(matchmaking), Ok(key), Ok(value)) = (matchmaking::of(&self.hold), text(key), text(value))
        else {
            return false;
        };
        matchmaking.set_data(lobby, &key, &value)
    }

    /// Says whether others may join; `false` if we are not the owner.
    pub fn set_lobby_joinable(&self, lobby: LobbyId, joinable: bool) -> bool {
        matchmaking::of(&self.hold).is_some_and(|matchmaking| matchmaking.set_joinable(lobby, joinable))
    }

    /// Opens Steam's overlay with the dialog to invite friends to a lobby. Without an overlay nothing happens.
    pub fn open_invite_dialog(&self, lobby: LobbyId) {
        friends::open_invite_dialog(&self.hold, lobby);
    }
}
