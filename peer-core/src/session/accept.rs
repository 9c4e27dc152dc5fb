//! Requests to connect: who is accepted, who is refused, and who waits for the lobby to report them.

use crate::connection::{Close, Connection, State};
use crate::id::SteamId;
use crate::limits::{APPROVAL_TIMEOUT, MAX_CONNECTIONS, MAX_PENDING_APPROVAL};
use crate::reason::{EndReason, STEAM_TIMEOUT};
use crate::session::Session;
use crate::session::close::CloseMode;
use crate::transport::{ConnectionHandle, Token, Transport};

impl<T: Transport> Session<T> {
    /// Someone asks to connect.
    pub(super) fn on_request(&mut self, handle: ConnectionHandle, steam_id: SteamId) {
        // Our own dial has accepted it already, and that connection may even be closing.
        if self.connections.find_handle(handle).is_some() || self.closing.owns(handle) {
            return;
        }
        if self.active.is_none() && self.keeps_connections() && self.hold_request(handle, steam_id) {
            return;
        }
        let state = match self.check_request(handle, steam_id) {
            Ok(state) => state,
            Err(reason) => {
                self.transport.close(handle, reason, &reason.to_string());
                let close = Close::new(reason, "a request to connect was refused");
                return self.report_close(steam_id, None, close);
            }
        };
        if matches!(state, State::PendingApproval { .. }) {
            self.make_room_for_pending();
        }
        // It replaces what this user had not finished: a dial of ours that waits, an earlier request of theirs.
        let mut dial = None;
        while let Some(key) = self.unfinished(steam_id) {
            dial = dial.or(self.connections[key].dial);
            self.close_silently(key, EndReason::Replaced);
        }
        let is_approved = matches!(state, State::Connecting);
        let mut connection = Connection::new(steam_id, state);
        connection.handle = Some(handle);
        connection.dial = dial;
        let key = self.connections.insert(connection);
        if is_approved {
            self.accept(key);
        }
    }

    /// The state in which a request begins, or why it is refused.
    fn check_request(&self, handle: ConnectionHandle, steam_id: SteamId) -> Result<State, EndReason> {
        let active = self.active.as_ref().ok_or(EndReason::Refused)?;
        if steam_id == active.steam_id && !self.transport.is_within_process(handle) {
            // Another process of our own account: a session has each user once.
            return Err(EndReason::Refused);
        }
        // As long as the host has said nothing, a fellow client may be right to expect a mesh.
        let is_relayed = active.relay.is_on && active.has_host;
        if self.settings.refuse_new_connections || is_relayed && active.role.is_fellow_client(steam_id) {
            return Err(EndReason::Refused);
        }
        if self.connections.len() >= MAX_CONNECTIONS || self.has_max_clients(steam_id) {
            return Err(EndReason::Full);
        }
        let is_stranger = self.lobby.as_ref().is_some_and(|lobby| !lobby.has(steam_id));
        if !is_stranger || !self.settings.lobby_members_only || active.role.is_host(steam_id) {
            return Ok(State::Connecting);
        }
        Ok(State::PendingApproval { until: self.now + APPROVAL_TIMEOUT })
    }

    /// Whether this host has as many clients as it may have, but for that user.
    pub(super) fn has_max_clients(&self, but: SteamId) -> bool {
        let max = self.settings.max_clients;
        let is_client = |connection: &&Connection<_>| {
            connection.peer_id.is_some() && connection.steam_id != but && !connection.is_closed()
        };
        max > 0 && self.is_host() && self.connections.iter().filter(is_client).count() >= max
    }

    fn accept(&mut self, key: u32) {
        let connection = &mut self.connections[key];
        connection.is_accepted =
            connection.handle.is_some_and(|handle| self.transport.accept(handle, Token(key)).is_ok());
        if !connection.is_accepted {
            // Its handle is still ours to close. They have given up, or waited for too long.
            let close = Close::new(EndReason::Other(STEAM_TIMEOUT), "the request to connect has gone");
            self.close_connection(key, close, CloseMode::Immediate);
        }
    }

    /// Accepts a pending request of that user, who is a member of the lobby after all, or whom we want to dial.
    pub(super) fn approve(&mut self, steam_id: SteamId) {
        let pending = self.connections.find(|_, connection| {
            connection.steam_id == steam_id && matches!(connection.state(), State::PendingApproval { .. })
        });
        if let Some(key) = pending {
            self.connections.enter(key, State::Connecting);
            self.accept(key);
        }
    }

    /// Refuses the oldest pending request if there are too many.
    fn make_room_for_pending(&mut self) {
        let pending = |state: &State| match state {
            State::PendingApproval { until } => Some(*until),
            _ => None,
        };
        if let Some(key) = self.connections.oldest_of_many(MAX_PENDING_APPROVAL, pending) {
            self.refuse_pending(key);
        }
    }

    /// Refuses someone whom the lobby has not reported.
    pub(super) fn refuse_pending(&mut self, key: u32) {
        let close = Close::new(EndReason::NotInLobby, EndReason::NotInLobby.to_string());
        self.close_connection(key, close, CloseMode::Immediate);
    }

    /// A connection with that user before its hello, but not a dial under way.
    fn unfinished(&self, steam_id: SteamId) -> Option<u32> {
        self.connections.find(|_, connection| {
            connection.steam_id == steam_id
                && match connection.state() {
                    State::Connecting => connection.dial.is_none(),
                    State::Backoff { .. } | State::PendingApproval { .. } | State::AwaitingHello { .. } => {
                        true
                    }
                    _ => false,
                }
        })
    }
}
