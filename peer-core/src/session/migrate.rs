//! The match survives its host. When the host of a lobby's match is gone, the lobby's owner goes on as host, and the other
//! members follow it.
//!
//! | the session is | until |
//! |---|---|
//! | lost: disconnected, with the connections to other members still there | the game calls [`migrate`](Session::migrate), or a moment has passed |
//! | connecting, and the lobby has no other owner than the host that left | Steam names one |
//! | connecting to the owner, which has yet to say that it hosts | it says so, or Steam names another |
//! | in the next match, and others have yet to follow | all have, or 30 s have passed |
//!
//! Who hosts is decided by Steam alone: the owner of the lobby does, once it has lost the former host itself. So nobody votes,
//! and no two can win. A member that changes its match says so on every connection that it keeps ([`NewMatch`]), and with it the
//! numbers of the last messages that it sent in the former one: what arrives of that later is dropped. Peers are announced to
//! each other once both are in the same match.

use std::time::Duration;

use bytes::Bytes;
use rand::RngExt;

use crate::connection::backlog::{Part, Unsent};
use crate::connection::send::SendHalves;
use crate::connection::{Close, Connection, Dial, State};
use crate::control::{Features, MatchId, NewMatch, encode_state};
use crate::error::SessionError;
use crate::event::{Event, Transition};
use crate::id::{LobbyId, PeerId, SteamId};
use crate::lane::{Channel, Dialect, Lane, SendFlags};
use crate::limits::{
    CLOSE_TIMEOUT, MAX_MIGRATION_STATE_BYTES, MAX_NEXT_HOST_REDIAL, MAX_PENDING_APPROVAL,
    MIGRATE_CALL_TIMEOUT, MIGRATION_TIMEOUT,
};
use crate::lobby::TrackedLobby;
use crate::reason::EndReason;
use crate::session::close::CloseMode;
use crate::session::role::Role;
use crate::session::{Active, Session, Status};
use crate::time::Time;
use crate::transport::{Batch, ConnectionHandle, Outgoing, SendResult, Transport};

/// A match that has lost its host, and may go on.
#[derive(Debug)]
pub(super) struct LostMatch {
    /// What the session was.
    active: Active,
    lobby: TrackedLobby,
    /// The host said goodbye, or hosts no more: it is not dialled again.
    host_left: bool,
    /// Until when connections are kept; `None` until the game has been told, and after they were closed.
    keep_until: Option<Time>,
    /// Requests to connect that came meanwhile.
    requests: Vec<(ConnectionHandle, SteamId)>,
}

/// On the way to the next match, and for a while in it.
#[derive(Debug)]
pub(super) struct Migration {
    /// The host that was lost.
    former: SteamId,
    host_left: bool,
    until: Time,
    /// The host's state is awaited, to be told to the game.
    awaits_state: bool,
}

impl<T: Transport> Session<T> {
    /// Goes on with a match whose host is gone, from [`Event::HostLost`] on: as host if the local user owns the lobby, or as a
    /// client of the owner, once Steam has named it. Connections to other members are kept if this is called at once.
    /// [`Event::Migrated`] tells when it is done; without a new host in 30 s the session ends.
    ///
    /// # Errors
    /// [`NoLostMatch`](SessionError::NoLostMatch), [`AlreadyInUse`](SessionError::AlreadyInUse),
    /// [`Unavailable`](SessionError::Unavailable) or [`Listen`](SessionError::Listen).
    pub fn migrate(&mut self, now: Time) -> Result<(), SessionError> {
        self.now = now;
        self.check_migrate()?;
        let steam_id = self.transport.local_steam_id().ok_or(SessionError::Unavailable)?;
        let Some(port) = self.lost.as_ref().map(|lost| lost.active.port) else { return Ok(()) };
        if self.listening.is_none() {
            self.listening = Some(self.transport.listen(port).map_err(SessionError::Listen)?);
        }
        let Some(LostMatch { mut active, lobby, host_left, requests, .. }) = self.lost.take() else {
            return Ok(());
        };
        let former = active.match_id().host;
        if active.id.is_host() {
            // A host that was given up is a client now.
            active.nonce = self.new_nonce();
            active.id = PeerId::derived(steam_id, active.nonce);
        }
        active.role = Role::Client { host: former };
        (active.host_nonce, active.has_host) = (0, false);
        (active.is_leaving, active.asked) = (false, None);
        (active.since, active.blocked) = (now, Duration::ZERO);
        self.active = Some(active);
        self.lobby = Some(lobby);
        self.status = Status::Connecting;
        self.migration =
            Some(Migration { former, host_left, until: now + MIGRATION_TIMEOUT, awaits_state: true });
        self.choose_host();
        for (handle, user) in requests {
            self.on_request(handle, user);
        }
        Ok(())
    }

    /// Whether [`migrate`](Self::migrate) can be called.
    ///
    /// # Errors
    /// [`AlreadyInUse`](SessionError::AlreadyInUse) or [`NoLostMatch`](SessionError::NoLostMatch).
    pub fn check_migrate(&self) -> Result<(), SessionError> {
        match (&self.active, &self.lost) {
            (None, Some(_)) => Ok(()),
            (Some(_), _) if self.lobby.is_some() => Err(SessionError::AlreadyInUse),
            _ => Err(SessionError::NoLostMatch),
        }
    }

    /// What the host has set for the next one.
    pub fn migration_state(&self) -> &Bytes {
        &self.migration_state
    }

    /// Sets what [`Event::Migrated`] brings to everyone: the host hands it to all, as it is set. Before hosting it is kept.
    ///
    /// # Errors
    /// [`StateTooLarge`](SessionError::StateTooLarge), or [`NotHost`](SessionError::NotHost) for a client.
    pub fn set_migration_state(&mut self, state: Bytes) -> Result<(), SessionError> {
        if state.len() > MAX_MIGRATION_STATE_BYTES {
            return Err(SessionError::StateTooLarge(state.len()));
        }
        if self.active.is_some() && !self.is_host() {
            return Err(SessionError::NotHost);
        }
        self.migration_state = state;
        if self.active.is_some() {
            for key in self.roster.peers().iter().map(|peer| peer.key).collect::<Vec<_>>() {
                self.send_state(key);
            }
        }
        Ok(())
    }

    /// The lobby whose owner matters to this session: the tracked one, or that of a match that has lost its host.
    pub fn watched_lobby(&self) -> Option<LobbyId> {
        self.lobby.as_ref().or(self.lost.as_ref().map(|lost| &lost.lobby)).map(|lobby| lobby.id)
    }

    /// The owner of a lobby, as Steam names it. Harmless to repeat.
    pub fn lobby_owner_changed(&mut self, lobby: LobbyId, owner: SteamId, now: Time) {
        self.now = now;
        let Some(tracked) = self.watched_lobby_mut(lobby).filter(|tracked| tracked.owner != owner) else {
            return;
        };
        tracked.owner = owner;
        let Some(active) = &self.active else { return };
        if !active.has_host {
            return self.choose_host();
        }
        if self.claim_of(owner).is_some() {
            self.give_up_host();
        }
    }

    /// A host that was out of reach may have been given up: if another owns the lobby, and is not connected, it is asked, once.
    fn ask_owner(&mut self) {
        let (Some(active), Some(lobby)) = (&mut self.active, &self.lobby) else { return };
        let owner = lobby.owner;
        if !active.id.is_host() || owner == active.steam_id {
            return;
        }
        let known = self.connections.find(|_, of| of.steam_id == owner);
        match known {
            Some(key) if self.connections[key].is_announced() => active.asked = None,
            None if active.asked != Some(owner) => {
                active.asked = Some(owner);
                let port = active.port;
                // If that fails, nobody has told this host that it is none any more.
                let _ = self.dial_user(owner, port);
            }
            _ => {}
        }
    }

    pub(super) fn watched_lobby_mut(&mut self, lobby: LobbyId) -> Option<&mut TrackedLobby> {
        let watched = self.lobby.as_mut().or(self.lost.as_mut().map(|lost| &mut lost.lobby));
        watched.filter(|watched| watched.id == lobby)
    }

    /// A connection whose user says that it hosts a match other than ours.
    fn claim_of(&self, user: SteamId) -> Option<u32> {
        let own = self.active.as_ref()?.match_id();
        self.connections.find(|_, connection| {
            connection.steam_id == user
                && matches!(connection.state(), State::Ready | State::Established)
                && connection.match_id.is_some_and(|of| of.is_claimed_by(user) && of != own)
        })
    }

    /// The end of the host's connection: whether the match can go on, and if so, whether the host is worth dialling again.
    pub(super) fn survives(&self, reason: EndReason) -> Option<HostLoss> {
        let is_leaving = self.active.as_ref().is_none_or(|active| active.is_leaving);
        let loss = match reason {
            EndReason::Left | EndReason::OtherMatch => HostLoss { host_left: true },
            EndReason::Replaced | EndReason::TooFarBehind | EndReason::Exception => {
                HostLoss { host_left: false }
            }
            reason if !reason.is_application() => HostLoss { host_left: false },
            // Sent away.
            _ => return None,
        };
        (self.lobby.is_some() && !is_leaving).then_some(loss)
    }

    /// Whether the connection of an announced peer is of use in the next match.
    pub(super) fn can_be_kept(&self, key: u32) -> bool {
        let connection = &self.connections[key];
        matches!(connection.state(), State::Established)
            && connection.features.contains(Features::MIGRATES)
            && !connection.send.is_broken
            && !self.is_host_user(connection.steam_id)
    }

    /// The game is told of a peer's end, but the connection stays. Nothing that was put before is sent any more.
    pub(super) fn keep(&mut self, key: u32, close: Close) {
        self.report_peer_closed(key, close);
        let half = &mut self.connections[key].send;
        if half.is_backlogged() {
            half.drop_backlog();
            self.drain.remove(key);
        }
        self.connections.enter(key, State::Ready);
    }

    /// All peers of the match are reported as gone: the session is disconnected, and may go on.
    pub(super) fn suspend(&mut self, HostLoss { host_left }: HostLoss) {
        self.flush();
        for key in self.connections.keys() {
            let is_kept = matches!(self.connections[key].state(), State::Ready)
                && self.connections[key].features.contains(Features::MIGRATES);
            if !is_kept {
                self.close_handle(key, &Close::new(EndReason::Left, ""), CloseMode::Drain(CLOSE_TIMEOUT));
                self.connections.remove(key);
            }
        }
        self.roster.clear();
        self.inbox.clear();
        self.transitions.keep_events();
        self.status = Status::Disconnected;
        self.migration = None;
        let (Some(active), Some(lobby)) = (self.active.take(), self.lobby.take()) else {
            return self.close_session();
        };
        self.lost = Some(LostMatch { active, lobby, host_left, keep_until: None, requests: Vec::new() });
        self.transitions.push(Transition::HostLost);
    }

    /// The game takes the event: it may call [`migrate`](Self::migrate) now.
    pub(super) fn host_lost(&mut self) -> Option<Event> {
        let lost = self.lost.as_mut()?;
        lost.keep_until = Some(self.now + MIGRATE_CALL_TIMEOUT);
        let former = lost.active.match_id().host;
        Some(Event::HostLost { new_host: Some(lost.lobby.owner).filter(|&owner| owner != former) })
    }

    /// Whether connections of a match that has lost its host are kept.
    pub(super) fn keeps_connections(&self) -> bool {
        self.listening.is_some() && self.lost.is_some()
    }

    /// A request to connect, while it is open whether the match goes on. Returns whether it waits for that.
    pub(super) fn hold_request(&mut self, handle: ConnectionHandle, user: SteamId) -> bool {
        let lost = self.lost.as_mut().filter(|lost| lost.requests.len() < MAX_PENDING_APPROVAL);
        lost.map(|lost| lost.requests.push((handle, user))).is_some()
    }

    pub(super) fn poll_migration(&mut self) {
        let now = self.now;
        self.ask_owner();
        if self.lost.as_ref().is_some_and(|lost| lost.keep_until.is_some_and(|until| now >= until)) {
            self.release();
        }
        if self.migration.as_ref().is_some_and(|migration| now >= migration.until) {
            self.end_migration();
        }
    }

    /// More time, because this process was blocked.
    pub(super) fn extend_migration(&mut self, gap: Duration) {
        if let Some(migration) = &mut self.migration {
            migration.until = migration.until + gap;
        }
    }

    /// Ends what is kept for [`migrate`](Self::migrate), which then has to connect anew: the game does not call it, or another
    /// session of the process wants the port and the connections.
    pub fn release(&mut self) {
        let Some(lost) = self.lost.as_mut().filter(|_| self.listening.is_some()) else { return };
        lost.keep_until = None;
        for (handle, _) in lost.requests.drain(..) {
            self.transport.close(handle, EndReason::Refused, &EndReason::Refused.to_string());
        }
        for key in self.connections.keys() {
            self.close_handle(key, &Close::new(EndReason::Left, ""), CloseMode::Drain(CLOSE_TIMEOUT));
        }
        self.connections.clear();
        if let Some(listen) = self.listening.take() {
            self.transport.close_listen(listen);
        }
    }

    /// Time is up.
    fn end_migration(&mut self) {
        self.migration = None;
        let Some(own) = self.active.as_ref().map(Active::match_id) else { return };
        if !self.has_host() {
            let close = Close::new(EndReason::OtherMatch, "nobody went on as host");
            self.report_close(own.host, None, close);
            return self.transitions.push(Transition::CloseSession);
        }
        for key in self.connections.keys() {
            let connection = &self.connections[key];
            let is_elsewhere = connection.match_id.is_some_and(|theirs| !theirs.may_be(own));
            if matches!(connection.state(), State::Ready) && is_elsewhere {
                self.close_refused(
                    key,
                    Close::new(EndReason::OtherMatch, "did not follow the new host in time"),
                );
            }
        }
    }

    /// Whether the session is connecting to the next host, whoever that will be.
    pub(super) fn is_between_hosts(&self) -> bool {
        self.migration.is_some() && !self.has_host()
    }

    /// Whether that user is the next host, and not there yet.
    pub(super) fn awaits_host(&self, user: SteamId) -> bool {
        self.is_between_hosts() && self.is_host_user(user)
    }

    /// Nothing of a match that has lost its host is kept any more.
    pub(super) fn forget_lost(&mut self) {
        let requests = self.lost.take().map(|lost| lost.requests).unwrap_or_default();
        for (handle, _) in requests {
            self.transport.close(handle, EndReason::Refused, &EndReason::Refused.to_string());
        }
        (self.migration, self.host_loss) = (None, None);
    }

    fn has_host(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.has_host)
    }

    /// Goes on with the lobby's owner, as far as it is known.
    fn choose_host(&mut self) {
        let (Some(migration), Some(active), Some(lobby)) = (&self.migration, &mut self.active, &self.lobby)
        else {
            return;
        };
        let owner = lobby.owner;
        if active.has_host || owner == migration.former && migration.host_left {
            return;
        }
        if owner == active.steam_id {
            return self.become_host();
        }
        active.role = Role::Client { host: owner };
        let (port, relay) = (active.port, active.relay);
        if let Some(key) = self.claim_of(owner) {
            return self.follow(key);
        }
        // Whoever cannot be dialled is dialled again; and if not, time runs out.
        let _ = self.dial_user(owner, port);
        if !relay.is_on {
            self.dial_members();
        }
    }

    /// The next host was dialled in vain: as long as it may come, that is tried again.
    pub(super) fn dial_next_host_again(&mut self, key: u32) {
        let connection = &self.connections[key];
        let steam_id = connection.steam_id;
        let port = self.active.as_ref().map(|active| active.port).unwrap_or_default();
        let mut dial = connection.dial.unwrap_or(Dial::new(port));
        self.remove_unannounced(key);
        let until = dial.fail(self.now, self.rng.random()).min(self.now + MAX_NEXT_HOST_REDIAL);
        let mut next = Connection::new(steam_id, State::Backoff { until });
        next.dial = Some(dial);
        self.connections.insert(next);
    }

    fn become_host(&mut self) {
        let nonce = self.new_nonce();
        let Some(active) = &mut self.active else { return };
        active.role = Role::Host;
        active.id = PeerId::HOST;
        (active.nonce, active.host_nonce, active.has_host) = (nonce, nonce, true);
        self.status = Status::Connected;
        if let Some(migration) = &mut self.migration {
            migration.awaits_state = false;
        }
        self.transitions.push(Transition::Event(Event::Migrated { state: self.migration_state.clone() }));
        self.tell_match();
        self.dial_members();
    }

    /// The owner of the lobby hosts: this client is in its match.
    fn follow(&mut self, key: u32) {
        let Some(claim) = self.connections[key].match_id else { return };
        if let Some(active) = &mut self.active {
            active.host_nonce = claim.nonce;
        }
        self.connections[key].peer_id = Some(PeerId::HOST);
        self.announce_in_turn(key);
        self.tell_match();
        if !self.is_server_relay() {
            self.dial_members();
        }
    }

    /// Tells the peers which match this session is in, where they have heard of another.
    pub(super) fn tell_match(&mut self) {
        for key in self.connections.keys() {
            self.tell_match_to(key);
        }
    }

    pub(super) fn tell_match_to(&mut self, key: u32) {
        let Some(own) = self.active.as_ref().map(Active::match_id) else { return };
        let connection = &mut self.connections[key];
        let is_ready = matches!(connection.state(), State::Ready | State::Established);
        let (Some(said), Some(handle), true) = (connection.said, connection.handle, is_ready) else { return };
        // A host knows that its client is in its match.
        let is_known = said == own || own.host == connection.steam_id && said.may_be(own);
        if is_known || !connection.features.contains(Features::MIGRATES) {
            return;
        }
        connection.said = Some(own);
        let mut last_numbers = connection.send.last_numbers();
        // An empty message is nothing to the peer, and its number is the one that the next packet's exceeds.
        let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
        let mut is_sent = true;
        if connection.was_established {
            let lanes = Dialect::UNRELIABLE_LANES;
            let empty = lanes.map(|lane| Outgoing::new(handle, 0, lane, SendFlags::empty()));
            self.transport.send(Batch { payloads: &[Bytes::new()], messages: &empty }, &mut self.results);
            for (lane, result) in lanes.into_iter().zip(self.results.drain(..)) {
                let number = result.message_number();
                is_sent &= number.is_some();
                last_numbers.extend(number.map(|number| (lane, number)));
            }
            last_numbers.sort_unstable();
        }
        let payload = [NewMatch { match_id: own, last_numbers }.encode()];
        let message = [Outgoing::new(handle, 0, Lane::CONTROL, flags)];
        self.transport.send(Batch { payloads: &payload, messages: &message }, &mut self.results);
        is_sent &= self.results.drain(..).all(|result: SendResult| result.message_number().is_some());
        if !is_sent {
            // It is dialled again, and begins anew.
            let close = Close::new(EndReason::Exception, "there was no room to tell of the new match");
            self.close_connection(key, close, CloseMode::Immediate);
        }
    }

    /// A peer is in another match than it said before.
    pub(super) fn on_new_match(&mut self, key: u32, NewMatch { match_id, last_numbers }: &NewMatch) {
        let (own, owner) = match (&self.active, &self.lobby) {
            (Some(active), lobby) => (Some(active.match_id()), lobby.as_ref().map(|lobby| lobby.owner)),
            _ => (None, None),
        };
        let connection = &mut self.connections[key];
        connection.match_id = Some(*match_id);
        connection.receive.forget_up_to(last_numbers);
        let user = connection.steam_id;
        let Some(own) = own else { return };
        let is_claim = match_id.is_claimed_by(user);
        if !match_id.may_be(own) && matches!(connection.state(), State::Established) {
            if is_claim && owner == Some(user) || self.is_host_user(user) {
                return self.give_up_host();
            }
            self.keep(key, Close::new(EndReason::OtherMatch, EndReason::OtherMatch.to_string()));
        } else if is_claim && owner == Some(user) {
            if self.has_host() {
                self.check_own_host(*match_id);
            } else if self.migration.is_some() {
                self.choose_host();
            }
        } else {
            self.announce_in_turn(key);
        }
    }

    /// The lobby's owner hosts that match.
    pub(super) fn check_own_host(&mut self, claim: MatchId) {
        if self.active.as_ref().is_some_and(|active| active.has_host && !claim.may_be(active.match_id())) {
            self.give_up_host();
        }
    }

    /// The owner of the lobby goes on as host, and the match that this session is in is over: whoever hosts it is out.
    fn give_up_host(&mut self) {
        let why = "the owner of the lobby goes on as host";
        let host = self.roster.get(PeerId::HOST).map(|peer| peer.key);
        if let Some(key) = host {
            self.close_connection(
                key,
                Close::new(EndReason::OtherMatch, why),
                CloseMode::Drain(CLOSE_TIMEOUT),
            );
            self.finish_draining(key);
        } else if self.is_host() && self.lobby.is_some() {
            self.close_all_peers(why, true);
            self.transitions.push(Transition::SuspendSession);
        }
    }

    /// The host's state came.
    pub(super) fn on_state(&mut self, key: u32, state: Bytes) {
        if !self.connections[key].peer_id.is_some_and(PeerId::is_host) {
            return self.close_violation(key, "a state that is the host's to set");
        }
        self.migration_state = state;
        let awaits = self.migration.as_mut().map(|migration| &mut migration.awaits_state);
        if awaits.is_some_and(std::mem::take) {
            self.transitions.push(Transition::Event(Event::Migrated { state: self.migration_state.clone() }));
        }
    }

    /// Hands the state to a client.
    pub(super) fn send_state(&mut self, key: u32) {
        let connection = &mut self.connections[key];
        let (Some(handle), true) = (connection.handle, connection.features.contains(Features::MIGRATES))
        else {
            return;
        };
        let payload = encode_state(&self.migration_state);
        let half = &mut connection.send;
        if half.is_backlogged() || !half.has_room(payload.len()) {
            if !half.is_backlogged() {
                self.drain.add(key);
            }
            let unsent = Unsent { payload, lane: Lane::CONTROL, part: Part::Whole };
            return half.push_backlog(Channel::ZERO, self.priorities.get(Channel::ZERO), unsent);
        }
        half.count_reliable(payload.len());
        let message = [Outgoing::new(handle, 0, Lane::CONTROL, SendFlags::RELIABLE | SendFlags::NO_NAGLE)];
        self.transport.send(Batch { payloads: &[payload], messages: &message }, &mut self.results);
        let sent = self.results.drain(..).all(|result| result.message_number().is_some());
        if !sent {
            self.connections.mark_broken(key);
        }
    }
}

/// How a host was lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostLoss {
    /// For good: dialling it again is of no use.
    pub(super) host_left: bool,
}
