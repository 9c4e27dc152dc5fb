//! Lobbies in an adopted session, whose callbacks another addon gets: polled instead.

use std::time::{Duration, Instant};

use peer_core::{LobbyId, SteamId};

use super::events::{Lobbies, LobbyEvent, Pending};
use crate::ffi::dispatch::{self, CallResult};
use crate::ffi::{Hold, matchmaking};

/// How often watched lobbies are polled.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The lobbies that are polled.
#[derive(Debug, Default)]
pub(super) struct Watched {
    lobbies: Vec<Snapshot>,
    polled: Option<Instant>,
}

/// A lobby as of the last poll.
#[derive(Debug)]
struct Snapshot {
    lobby: LobbyId,
    members: Vec<SteamId>,
    data: Vec<(String, String)>,
}

impl Snapshot {
    fn new(hold: &Hold, lobby: LobbyId) -> Self {
        let mut snapshot = Self { lobby, members: Vec::new(), data: Vec::new() };
        if let Some(matchmaking) = matchmaking::of(hold) {
            snapshot.members = matchmaking.members(lobby);
            snapshot.data = matchmaking.all_data(lobby);
        }
        snapshot
    }
}

impl Lobbies {
    /// Polls for call results, and for changes in the watched lobbies.
    pub(crate) fn poll_watched(&mut self, hold: &Hold) {
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
            self.complete(hold, kind, lobby, result);
        }
        let is_due = self.watched.polled.is_none_or(|polled| polled.elapsed() >= POLL_INTERVAL);
        if is_due && !self.watched.lobbies.is_empty() {
            self.watched.polled = Some(Instant::now());
            for mut snapshot in std::mem::take(&mut self.watched.lobbies) {
                self.compare(hold, &mut snapshot);
                self.watched.lobbies.push(snapshot);
            }
        }
    }

    /// Starts to poll a lobby.
    pub(super) fn watch(&mut self, hold: &Hold, lobby: LobbyId) {
        if !self.watched.lobbies.iter().any(|snapshot| snapshot.lobby == lobby) {
            self.watched.lobbies.push(Snapshot::new(hold, lobby));
        }
    }

    /// Stops polling a lobby.
    pub(super) fn unwatch(&mut self, lobby: LobbyId) {
        self.watched.lobbies.retain(|snapshot| snapshot.lobby != lobby);
    }

    /// Takes a new snapshot of a lobby, and emits what has changed since the last one.
    fn compare(&mut self, hold: &Hold, last: &mut Snapshot) {
        let lobby = last.lobby;
        let now = Snapshot::new(hold, lobby);
        for &member in last.members.iter().filter(|member| !now.members.contains(member)) {
            self.push(LobbyEvent::MemberLeft { lobby, member });
        }
        for &member in now.members.iter().filter(|member| !last.members.contains(member)) {
            self.push(LobbyEvent::MemberJoined { lobby, member });
        }
        if now.data != last.data {
            self.push(LobbyEvent::DataChanged { lobby });
        }
        *last = now;
    }
}
