//! Opening a session: hosts, clients, lobbies, and the dials they make.

use std::time::Duration;

use bytes::Bytes;
use rand::RngExt;

use crate::connection::{Close, Connection, Dial, State};
use crate::error::SessionError;
use crate::id::{LobbyId, PeerId, SteamId};
use crate::limits::{
    CERTIFICATE_RETRIES, HOST_DIAL_TIMEOUT, HOST_IN_LOBBY_DIAL_TIMEOUT, JOINED_ANEW_TIMEOUT,
    LEFT_LOBBY_TIMEOUT, MAX_CONNECTIONS, MAX_HOST_REDIAL,
};
use crate::lobby::{Lobby, TrackedLobby};
use crate::reason::{
    EndReason, STEAM_BAD_CERTIFICATE, STEAM_BAD_CRYPT, STEAM_MISC_GENERIC, STEAM_NO_CONNECTION,
    STEAM_RENDEZVOUS, STEAM_TIMEOUT,
};
use crate::session::role::{Relay, Role};
use crate::session::{Active, Session, Status};
use crate::time::Time;
use crate::transport::{Token, Transport, TransportError, VirtualPort};

/// Reasons for which a dial to the host is worth making again: it may be loading, or still hold the connection of an earlier run
/// of ours, because of which Steam drops our requests without a word.
const PASSING_REASONS: [u32; 6] = [
    STEAM_BAD_CRYPT,
    STEAM_BAD_CERTIFICATE,
    STEAM_MISC_GENERIC,
    STEAM_TIMEOUT,
    STEAM_RENDEZVOUS,
    STEAM_NO_CONNECTION,
];

impl<T: Transport> Session<T> {
    /// Becomes a host: listens on `port`, with peer id 1, connected at once.
    ///
    /// # Errors
    /// [`AlreadyInUse`](SessionError::AlreadyInUse), [`Unavailable`](SessionError::Unavailable) or
    /// [`Listen`](SessionError::Listen).
    pub fn create_host(&mut self, port: VirtualPort, now: Time) -> Result<(), SessionError> {
        self.now = now;
        self.open_host(port, None)
    }

    /// Becomes a client of `host`: connected once the host's hello has come.
    ///
    /// # Errors
    /// [`AlreadyInUse`](SessionError::AlreadyInUse), [`Unavailable`](SessionError::Unavailable),
    /// [`Listen`](SessionError::Listen), [`Oneself`](SessionError::Oneself) or [`Connect`](SessionError::Connect).
    pub fn create_client(&mut self, host: SteamId, port: VirtualPort, now: Time) -> Result<(), SessionError> {
        self.now = now;
        self.open_client(host, port, None)
    }

    fn open_host(&mut self, port: VirtualPort, lobby: Option<&Lobby>) -> Result<(), SessionError> {
        let steam_id = self.listen(port)?;
        self.start(Role::Host, steam_id, port, lobby);
        Ok(())
    }

    fn open_client(
        &mut self,
        host: SteamId,
        port: VirtualPort,
        lobby: Option<&Lobby>,
    ) -> Result<(), SessionError> {
        if self.active.is_none() && self.transport.local_steam_id() == Some(host) {
            return self.open_client_within(host, port);
        }
        let steam_id = self.listen(port)?;
        self.start(Role::Client { host }, steam_id, port, lobby);
        self.dial_user(host, port).inspect_err(|_| self.close_session())
    }

    /// A client of another session of this process, which has the port: others reach this one only if the host relays.
    fn open_client_within(&mut self, host: SteamId, port: VirtualPort) -> Result<(), SessionError> {
        self.start(Role::Client { host }, host, port, None);
        self.dial_user(host, port).map_err(|error| {
            self.close_session();
            match error {
                SessionError::Connect(_, TransportError::Refused(_)) => SessionError::Oneself,
                error => error,
            }
        })
    }

    /// Dials another member of the session. Harmless if a connection to it exists or is on its way.
    ///
    /// Where [`server_relay`](crate::Settings::server_relay) is not set and the host is not connected yet, this makes a mesh of
    /// the session: the host does not relay.
    ///
    /// # Errors
    /// [`NotActive`](SessionError::NotActive), [`Oneself`](SessionError::Oneself),
    /// [`Relayed`](SessionError::Relayed), [`TooManyConnections`](SessionError::TooManyConnections) or
    /// [`Connect`](SessionError::Connect).
    pub fn add_peer(&mut self, steam_id: SteamId, port: VirtualPort, now: Time) -> Result<(), SessionError> {
        self.now = now;
        let is_alone = !self.connections.iter().any(Connection::is_announced);
        let active = self.active.as_mut().ok_or(SessionError::NotActive)?;
        if steam_id == active.steam_id {
            return Err(SessionError::Oneself);
        }
        if active.relay.is_undecided && is_alone && !active.role.is_host(steam_id) {
            active.relay.is_on = false;
        }
        let is_within_host = active.role.is_host(active.steam_id);
        if (active.relay.is_on || is_within_host) && active.role.is_fellow_client(steam_id) {
            return Err(SessionError::Relayed);
        }
        self.dial_user(steam_id, port)
    }

    pub(super) fn dial_user(&mut self, steam_id: SteamId, port: VirtualPort) -> Result<(), SessionError> {
        let now = self.now;
        let existing = self.connections.find(|_, connection| {
            connection.steam_id == steam_id
                && !matches!(connection.state(), State::Draining { .. } | State::Closed)
        });
        if existing.is_some() {
            self.approve(steam_id);
            return Ok(());
        }
        if self.connections.len() >= MAX_CONNECTIONS {
            return Err(SessionError::TooManyConnections);
        }
        let mut connection = Connection::new(steam_id, State::Backoff { until: now });
        connection.dial = Some(Dial::new(port));
        let key = self.connections.insert(connection);
        // As long as an earlier connection to that user is closing, Steam allows no other: `poll` dials then.
        if self.closing.has(steam_id) {
            return Ok(());
        }
        match self.dial(key) {
            // The same holds for one that another session of this process is closing.
            Ok(()) | Err(TransportError::Draining) => Ok(()),
            Err(error) => {
                self.connections.remove(key);
                Err(SessionError::Connect(steam_id, error))
            }
        }
    }

    /// Hosts a lobby that the local user owns: [`create_host`](Self::create_host), then dials its members.
    ///
    /// # Errors
    /// [`NotLobbyOwner`](SessionError::NotLobbyOwner), and those of [`create_host`](Self::create_host).
    pub fn host_with_lobby(&mut self, lobby: &Lobby, now: Time) -> Result<(), SessionError> {
        self.ensure_idle()?;
        let own = self.transport.local_steam_id().ok_or(SessionError::Unavailable)?;
        if lobby.owner != own {
            return Err(SessionError::NotLobbyOwner(lobby.id));
        }
        self.now = now;
        self.open_host(VirtualPort::default(), Some(lobby))?;
        self.dial_members();
        Ok(())
    }

    /// Joins the session of a lobby that the local user is in: [`create_client`](Self::create_client) for its owner,
    /// then dials the other members.
    ///
    /// # Errors
    /// [`NotInLobby`](SessionError::NotInLobby), [`OwnLobby`](SessionError::OwnLobby), and those of
    /// [`create_client`](Self::create_client).
    pub fn connect_to_lobby(&mut self, lobby: &Lobby, now: Time) -> Result<(), SessionError> {
        self.ensure_idle()?;
        let own = self.transport.local_steam_id().ok_or(SessionError::Unavailable)?;
        if !lobby.members.contains(&own) {
            return Err(SessionError::NotInLobby(lobby.id));
        }
        if lobby.owner == own {
            return Err(SessionError::OwnLobby(lobby.id));
        }
        self.now = now;
        self.open_client(lobby.owner, VirtualPort::default(), Some(lobby))?;
        if !self.is_server_relay() {
            self.dial_members();
        }
        Ok(())
    }

    /// Steam reports that a user has joined a lobby.
    pub fn lobby_member_joined(&mut self, lobby: LobbyId, steam_id: SteamId, now: Time) {
        self.now = now;
        let Some(tracked) = self.watched_lobby_mut(lobby) else { return };
        tracked.insert(steam_id);
        // A new member dials everyone in the lobby; its request may have arrived before this report.
        self.approve(steam_id);
        // What an earlier run of its game has left here would be in the way of its requests.
        self.probe(steam_id, JOINED_ANEW_TIMEOUT);
    }

    /// Steam reports that a user has left a lobby, or dropped out of it. If its connection is silent from now on, it ends soon.
    /// Otherwise it stays (the game of a user who lost Steam may go on), but is not dialled again.
    pub fn lobby_member_left(&mut self, lobby: LobbyId, steam_id: SteamId) {
        let Some(tracked) = self.watched_lobby_mut(lobby) else { return };
        tracked.remove(steam_id);
        let waiting = self.connections.find(|_, connection| {
            connection.steam_id == steam_id && matches!(connection.state(), State::Backoff { .. })
        });
        if let Some(key) = waiting.filter(|_| !self.is_host_user(steam_id)) {
            self.connections.remove(key);
        }
        self.probe(steam_id, LEFT_LOBBY_TIMEOUT);
    }

    fn ensure_idle(&self) -> Result<(), SessionError> {
        if self.active.is_some() { Err(SessionError::AlreadyInUse) } else { Ok(()) }
    }

    /// Opens the listen socket.
    fn listen(&mut self, port: VirtualPort) -> Result<SteamId, SessionError> {
        self.ensure_idle()?;
        let steam_id = self.transport.local_steam_id().ok_or(SessionError::Unavailable)?;
        if self.lost.is_some() {
            self.close_session();
        }
        self.listening = Some(self.transport.listen(port).map_err(SessionError::Listen)?);
        Ok(steam_id)
    }

    fn start(&mut self, role: Role, steam_id: SteamId, port: VirtualPort, lobby: Option<&Lobby>) {
        let nonce = self.new_nonce();
        if matches!(role, Role::Client { .. }) {
            self.migration_state = Bytes::new();
        }
        let (id, host_nonce, status) = match role {
            Role::Host => (PeerId::HOST, nonce, Status::Connected),
            Role::Client { .. } => (PeerId::derived(steam_id, nonce), 0, Status::Connecting),
        };
        self.lobby = lobby.map(TrackedLobby::new);
        let relay = Relay::new(self.settings.server_relay, lobby.is_some());
        let has_host = id.is_host();
        let (since, blocked) = (self.now, Duration::ZERO);
        self.active = Some(Active {
            id,
            steam_id,
            role,
            nonce,
            host_nonce,
            relay,
            port,
            has_host,
            since,
            blocked,
            is_leaving: false,
            asked: None,
        });
        self.settings.refuse_new_connections = false;
        self.status = status;
    }

    pub(super) fn new_nonce(&mut self) -> u64 {
        self.rng.random_range(1..=u64::MAX)
    }

    /// Dials every member of the lobby.
    pub(super) fn dial_members(&mut self) {
        let (Some(active), Some(lobby)) = (&self.active, &self.lobby) else { return };
        let (own, port) = (active.steam_id, active.port);
        let members: Vec<_> = lobby.members().filter(|&member| member != own).collect();
        for member in members {
            if let Err(error) = self.dial_user(member, port) {
                let close = Close::new(EndReason::Other(STEAM_MISC_GENERIC), error.to_string());
                self.report_close(member, None, close);
            }
        }
    }

    /// Dials the peer of a connection in `Backoff`.
    pub(super) fn dial(&mut self, key: u32) -> Result<(), TransportError> {
        let connection = &self.connections[key];
        let port = connection.dial.map_or_else(VirtualPort::default, |dial| dial.port);
        let handle = self.transport.connect(connection.steam_id, port, Token(key))?;
        // Steam accepts a pending request instead of dialling, and that request may have a record already.
        if let Some(pending) = self.connections.find_handle(handle).filter(|&pending| pending != key) {
            self.connections.remove(pending);
        }
        let connection = &mut self.connections[key];
        connection.handle = Some(handle);
        if let Some(dial) = &mut connection.dial {
            dial.dialled = self.now;
        }
        self.connections.enter(key, State::Connecting);
        Ok(())
    }

    /// A connection closed before its peer was announced. Returns how many dials have failed if it is dialled again, in a
    /// record of its own.
    pub(super) fn redial(&mut self, key: u32, reason: EndReason) -> Option<u8> {
        let connection = &self.connections[key];
        let (steam_id, dial) = (connection.steam_id, connection.dial);
        let is_host = self.is_host_user(steam_id);
        // Whoever has dialled dials again; but a client's session depends on its host.
        let mut dial = dial.or_else(|| is_host.then(|| Dial::new(self.port())))?;
        let may_redial = if is_host {
            let is_on_the_way = reason == EndReason::OtherMatch && self.lobby.is_some();
            // The owner of a lobby whose host is gone may be about to host.
            (PASSING_REASONS.contains(&reason.code()) || is_on_the_way) && self.may_dial_host(steam_id)
        } else {
            reason == EndReason::Other(STEAM_BAD_CERTIFICATE) && dial.failures < CERTIFICATE_RETRIES
                || self.heals(steam_id, reason)
        };
        if !may_redial {
            return None;
        }
        self.remove_unannounced(key);
        self.schedule_dial(steam_id, &mut dial);
        Some(dial.failures)
    }

    /// Dials a user again after a while.
    fn schedule_dial(&mut self, steam_id: SteamId, dial: &mut Dial) {
        let mut until = dial.fail(self.now, self.rng.random());
        if self.is_host_user(steam_id) {
            until = until.min(self.now + MAX_HOST_REDIAL);
        }
        let mut next = Connection::new(steam_id, State::Backoff { until });
        next.dial = Some(*dial);
        self.connections.insert(next);
    }

    /// The connection of an announced peer is closed: another one is dialled if it was lost.
    pub(super) fn dial_anew(&mut self, steam_id: SteamId, dial: Option<Dial>, reason: EndReason) {
        if self.heals(steam_id, reason) {
            let mut dial = dial.unwrap_or_else(|| Dial::new(self.port()));
            dial.dialled = self.now;
            self.schedule_dial(steam_id, &mut dial);
        }
    }

    fn port(&self) -> VirtualPort {
        self.active.as_ref().map(|active| active.port).unwrap_or_default()
    }

    /// Whether a client goes on dialling its host. Time in which this process was blocked does not count.
    fn may_dial_host(&self, host: SteamId) -> bool {
        let is_in_lobby = self.lobby.as_ref().is_some_and(|lobby| lobby.has(host));
        let limit = if is_in_lobby { HOST_IN_LOBBY_DIAL_TIMEOUT } else { HOST_DIAL_TIMEOUT };
        self.active.as_ref().is_some_and(|active| self.now < active.since + active.blocked + limit)
    }

    /// Whether a connection that is closed for that reason is dialled for as long as this session lasts: one with another
    /// client in the lobby that neither side wanted to end. (A client that lost its host closes.)
    fn heals(&self, steam_id: SteamId, reason: EndReason) -> bool {
        let is_fellow_client =
            self.active.as_ref().is_some_and(|active| active.role.is_fellow_client(steam_id));
        let is_member = self.lobby.as_ref().is_some_and(|lobby| lobby.has(steam_id));
        let is_unwanted =
            !reason.is_application() || matches!(reason, EndReason::Exception | EndReason::TooFarBehind);
        is_fellow_client && is_member && is_unwanted && !self.is_server_relay()
    }
}
