//! What happens in lobbies, from Steam's callbacks and call results.

use std::collections::{HashSet, VecDeque};

use peer_core::{LobbyId, SteamId};

use crate::ffi::callbacks::{CallKind, CallResult, Callback};
use crate::ffi::dispatch::{self, Call, Calls, Dispatched};
use crate::ffi::library;
use crate::ffi::library::{Hold, Matchmaking};

/// How many lobbies are watched for a change of owner, far more than Steam lets one user be in.
const MAX_WATCHED: usize = 64;

/// How many users are remembered whose names were asked for.
const MAX_ASKED: usize = 1_024;

/// The most events that wait to be taken; beyond that, the oldest are dropped.
const MAX_EVENTS: usize = 16_384;

/// `EResult` and `EChatRoomEnterResponse` of a call that failed altogether.
const RESULT_FAIL: u32 = 2;
const RESPONSE_ERROR: u32 = 5;

/// A lobby event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LobbyEvent {
    /// The result of [`Steam::create_lobby`](crate::Steam::create_lobby).
    LobbyCreated {
        /// `EResult`; 1 if the lobby was created.
        result: u32,
        /// The lobby; 0 if it was not created.
        lobby: LobbyId,
    },
    /// The result of [`Steam::join_lobby`](crate::Steam::join_lobby).
    LobbyJoined {
        /// The lobby.
        lobby: LobbyId,
        /// `EChatRoomEnterResponse`; 1 if the lobby was joined.
        response: u32,
    },
    /// A user entered a lobby that the local user is in.
    MemberJoined {
        /// The lobby.
        lobby: LobbyId,
        /// The user.
        member: SteamId,
    },
    /// A user left a lobby that the local user is in, or lost the connection to it.
    MemberLeft {
        /// The lobby.
        lobby: LobbyId,
        /// The user.
        member: SteamId,
    },
    /// The data of a lobby or of one of its members changed, or the answer to
    /// [`Steam::request_lobby_data`](crate::Steam::request_lobby_data) arrived: also for a lobby that does not exist.
    DataChanged {
        /// The lobby.
        lobby: LobbyId,
    },
    /// A lobby that the local user is in has a new owner.
    OwnerChanged {
        /// The lobby.
        lobby: LobbyId,
        /// The new owner.
        owner: SteamId,
    },
    /// A member of a lobby that the local user is in, or the local user, sent a message to all.
    MessageReceived {
        /// The lobby.
        lobby: LobbyId,
        /// Who sent it.
        member: SteamId,
        /// What it says.
        message: String,
    },
    /// The name of a user changed, or arrived.
    NameChanged {
        /// The user.
        user: SteamId,
    },
    /// The result of [`Steam::request_lobby_list`](crate::Steam::request_lobby_list).
    ListReceived {
        /// The lobbies, nearest first; empty if there are none, or the request failed.
        lobbies: Vec<LobbyId>,
    },
    /// The local user asked Steam to join a friend's lobby.
    JoinRequested {
        /// The lobby.
        lobby: LobbyId,
        /// The friend.
        friend: SteamId,
    },
}

/// An asynchronous call whose result is pending.
#[derive(Debug)]
struct Pending {
    call: Call,
    /// The lobby to join, for the event if that fails.
    lobby: LobbyId,
    /// Whether Steam had the result at the last [`Lobbies::update`] already.
    is_overdue: bool,
}

/// Pending calls, and events that wait to be taken.
#[derive(Debug, Default)]
pub(crate) struct Lobbies {
    calls: Calls,
    pending: Vec<Pending>,
    events: VecDeque<LobbyEvent>,
    /// The lobbies that the local user is in, and who owned them at the last look: Steam has no callback for that.
    owners: Vec<(LobbyId, SteamId)>,
    /// Users whose names have been asked for and have not arrived.
    asked: HashSet<SteamId>,
}

impl Lobbies {
    /// Makes a call by `start`; `false` if Steam refuses, or too many are pending.
    pub(super) fn start(
        &mut self,
        kind: CallKind,
        lobby: LobbyId,
        matchmaking: Matchmaking<'_>,
        start: impl FnOnce(Matchmaking<'_>) -> u64,
    ) -> bool {
        let before = self.pending.len();
        let call = self.calls.start(kind, matchmaking, start);
        self.pending.extend(call.map(|call| Pending { call, lobby, is_overdue: false }));
        self.pending.len() > before
    }

    /// Turns what Steam's callbacks have brought into events.
    pub(crate) fn update(&mut self, hold: &Hold) {
        while let Some(dispatched) = dispatch::next() {
            match dispatched {
                Dispatched::Callback(callback) => self.handle(hold, callback),
                Dispatched::Result(handle, result) => {
                    let place = self.pending.iter().position(|pending| pending.call.is(handle));
                    // A result that has been fetched already has no call any more.
                    if let Some(place) = place {
                        self.complete(hold, place, result);
                    }
                }
            }
        }
        if library::is_still_up(hold) {
            self.fetch_missed(hold);
            self.check_owners(hold);
        } else {
            while !self.pending.is_empty() {
                self.complete(hold, 0, CallResult::Failed);
            }
        }
    }

    /// Fetches results that Steam does not bring: if another thread runs callbacks, a call can be complete before its
    /// object is registered; and there are none at all if another addon has taken manual dispatch.
    fn fetch_missed(&mut self, hold: &Hold) {
        let mut place = 0;
        while let Some(pending) = self.pending.get_mut(place) {
            let was_overdue = pending.is_overdue;
            pending.is_overdue = pending.call.is_completed(hold);
            // In between, it may be on its way to the object.
            let missed = if was_overdue && pending.is_overdue { pending.call.fetch(hold) } else { None };
            match missed {
                Some(result) => self.complete(hold, place, result),
                None => place += 1,
            }
        }
    }

    /// Tells of owners that are others than at the last look. A lobby without one is not the local user's any more.
    pub(super) fn check_owners(&mut self, hold: &Hold) {
        let mut owners = std::mem::take(&mut self.owners);
        owners.retain_mut(|(lobby, owner)| {
            let now = Matchmaking::of(hold).and_then(|matchmaking| matchmaking.owner(*lobby));
            if let Some(now) = now.filter(|now| now != owner) {
                *owner = now;
                self.push(LobbyEvent::OwnerChanged { lobby: *lobby, owner: now });
            }
            now.is_some()
        });
        self.owners = owners;
    }

    /// Notes who owns a lobby that the local user is in, whichever addon has joined it.
    fn watch(&mut self, hold: &Hold, lobby: LobbyId) {
        if self.owners.len() < MAX_WATCHED && !self.owners.iter().any(|(watched, _)| *watched == lobby) {
            let owner = Matchmaking::of(hold).and_then(|matchmaking| matchmaking.owner(lobby));
            self.owners.extend(owner.map(|owner| (lobby, owner)));
        }
    }

    /// Forgets a lobby that the local user leaves.
    pub(super) fn unwatch(&mut self, lobby: LobbyId) {
        self.owners.retain(|(watched, _)| *watched != lobby);
    }

    /// Whether a name has not been asked for: it is then noted that it is.
    pub(super) fn ask_for_name(&mut self, user: SteamId) -> bool {
        if self.asked.len() >= MAX_ASKED {
            self.asked.clear();
        }
        self.asked.insert(user)
    }

    /// Gives up all pending calls, without events.
    pub(crate) fn cancel(&mut self, hold: &Hold) {
        for pending in self.pending.drain(..) {
            self.calls.end(hold, pending.call);
        }
    }

    /// Removes and returns the oldest event.
    pub(super) fn next(&mut self) -> Option<LobbyEvent> {
        self.events.pop_front()
    }

    fn push(&mut self, event: LobbyEvent) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn handle(&mut self, hold: &Hold, callback: Callback) {
        match callback {
            Callback::MemberEntered(lobby, _)
            | Callback::MemberLeft(lobby, _)
            | Callback::LobbyData(lobby) => {
                self.watch(hold, lobby);
            }
            Callback::Name(user) => drop(self.asked.remove(&user)),
            Callback::Message(..) | Callback::JoinRequested(..) => {}
        }
        self.push(match callback {
            Callback::MemberEntered(lobby, member) => LobbyEvent::MemberJoined { lobby, member },
            Callback::MemberLeft(lobby, member) => LobbyEvent::MemberLeft { lobby, member },
            Callback::LobbyData(lobby) => LobbyEvent::DataChanged { lobby },
            Callback::Message(lobby, member, message) => {
                LobbyEvent::MessageReceived { lobby, member, message }
            }
            Callback::Name(user) => LobbyEvent::NameChanged { user },
            Callback::JoinRequested(lobby, friend) => LobbyEvent::JoinRequested { lobby, friend },
        });
    }

    /// Ends a pending call with its result.
    fn complete(&mut self, hold: &Hold, place: usize, result: CallResult) {
        let Pending { call, lobby: requested, .. } = self.pending.swap_remove(place);
        let event = match (call.kind(), result) {
            (_, CallResult::Created(result, lobby)) => LobbyEvent::LobbyCreated { result, lobby },
            (_, CallResult::Entered(lobby, response)) => LobbyEvent::LobbyJoined { lobby, response },
            (_, CallResult::Listed(lobbies)) => LobbyEvent::ListReceived { lobbies },
            (CallKind::CreateLobby, CallResult::Failed) => {
                LobbyEvent::LobbyCreated { result: RESULT_FAIL, lobby: LobbyId(0) }
            }
            (CallKind::JoinLobby, CallResult::Failed) => {
                LobbyEvent::LobbyJoined { lobby: requested, response: RESPONSE_ERROR }
            }
            (CallKind::ListLobbies, CallResult::Failed) => LobbyEvent::ListReceived { lobbies: Vec::new() },
        };
        self.calls.end(hold, call);
        if let LobbyEvent::LobbyCreated { result: 1, lobby }
        | LobbyEvent::LobbyJoined { lobby, response: 1 } = event
        {
            self.watch(hold, lobby);
        }
        self.push(event);
    }
}
