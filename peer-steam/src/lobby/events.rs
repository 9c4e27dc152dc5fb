//! What happens in lobbies, from Steam's callbacks and call results.

use std::collections::VecDeque;

use peer_core::{LobbyId, SteamId};

use super::watch::Watched;
use crate::ffi::dispatch::{self, Call, CallKind, CallResult, Callback};
use crate::ffi::{Hold, matchmaking};

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
    /// The data of a lobby changed, or arrived.
    DataChanged {
        /// The lobby.
        lobby: LobbyId,
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
pub(super) struct Pending {
    pub(super) call: Call,
    pub(super) kind: CallKind,
    /// The lobby to join, for the event if that fails.
    pub(super) lobby: LobbyId,
}

/// Pending calls, and events that wait to be taken.
#[derive(Debug, Default)]
pub(crate) struct Lobbies {
    pub(super) pending: Vec<Pending>,
    pub(super) events: VecDeque<LobbyEvent>,
    pub(super) watched: Watched,
}

impl Lobbies {
    pub(super) fn push(&mut self, event: LobbyEvent) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Turns a callback into an event.
    pub(crate) fn handle(&mut self, hold: &Hold, callback: Callback) {
        match callback {
            Callback::Completed(call) => {
                let Some(place) = self.pending.iter().position(|pending| pending.call == call) else {
                    return;
                };
                let Pending { kind, lobby, .. } = self.pending.swap_remove(place);
                let result = dispatch::fetch(hold, call, kind);
                self.complete(hold, kind, lobby, result);
            }
            Callback::MemberEntered(lobby, member) => self.push(LobbyEvent::MemberJoined { lobby, member }),
            Callback::MemberLeft(lobby, member) => self.push(LobbyEvent::MemberLeft { lobby, member }),
            Callback::LobbyData(lobby) => self.push(LobbyEvent::DataChanged { lobby }),
            Callback::JoinRequested(lobby, friend) => self.push(LobbyEvent::JoinRequested { lobby, friend }),
        }
    }

    /// Turns the result of a call into an event.
    pub(super) fn complete(&mut self, hold: &Hold, kind: CallKind, requested: LobbyId, result: CallResult) {
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
                LobbyEvent::LobbyJoined { lobby: requested, response: RESPONSE_ERROR }
            }
            (CallKind::ListLobbies, CallResult::Failed) => LobbyEvent::ListReceived { lobbies: Vec::new() },
        };
        self.push(event);
    }
}
