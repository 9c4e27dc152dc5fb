//! Opening a session: hosts, clients, lobbies, and the dials they make.

use rand::RngExt;

use crate::connection::{Close, Connection, Dial, State};
use crate::error::SessionError;
use crate::id::{LobbyId, PeerId, SteamId};
use crate::limits::{CERTIFICATE_RETRIES, MAX_CONNECTIONS};
use crate::lobby::{Lobby, TrackedLobby};
use crate::reason::{EndReason, STEAM_BAD_CERTIFICATE, STEAM_MISC_GENERIC};
use crate::session::role::{Relay, Role};
use crate::session::{Active, Session, Status};
use crate::time::Time;
use crate::transport::{Token, Transport, TransportError, VirtualPort};

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
            return Err(SessionError::Oneself);
        }
        let steam_id = self.listen(port)?;
        self.start(Role::Client { host }, steam_id, port, lobby);
        self.dial_user(host, port).inspect_err(|_| self.close_session())
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
        if active.relay.is_on && active.role.is_fellow_client(steam_id) {
            return Err(SessionError::Relayed);
        }
        self.dial_user(steam_id, port)
    }

    fn dial_user(&mut self, steam_id: SteamId, port: VirtualPort) -> Result<(), SessionError> {
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
        connection.dial = Some(Dial { port, failures: 0 });
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
        let Some(tracked) = self.lobby.as_mut().filter(|tracked| tracked.id == lobby) else {
            return;
        };
        tracked.insert(steam_id);
        // A new member dials everyone in the lobby; its request may have arrived before this report.
        self.approve(steam_id);
    }

    /// Steam reports that a user has left a lobby, or dropped out of it. Its connection stays (the game of a user who
    /// lost Steam may go on), but it is not dialled again.
    pub fn lobby_member_left(&mut self, lobby: LobbyId, steam_id: SteamId) {
        let Some(tracked) = self.lobby.as_mut().filter(|tracked| tracked.id == lobby) else {
            return;
        };
        tracked.remove(steam_id);
        let waiting = self.connections.find(|_, connection| {
            connection.steam_id == steam_id && matches!(connection.state(), State::Backoff { .. })
        });
        if let Some(key) = waiting.filter(|_| !self.is_host_user(steam_id)) {
            self.connections.remove(key);
        }
    }

    fn ensure_idle(&self) -> Result<(), SessionError> {
        if self.active.is_some() { Err(SessionError::AlreadyInUse) } else { Ok(()) }
    }

    /// Opens the listen socket.
    fn listen(&mut self, port: VirtualPort) -> Result<SteamId, SessionError> {
        self.ensure_idle()?;
        let steam_id = self.transport.local_steam_id().ok_or(SessionError::Unavailable)?;
        self.listening = Some(self.transport.listen(port).map_err(SessionError::Listen)?);
        Ok(steam_id)
    }

    fn start(&mut self, role: Role, steam_id: SteamId, port: VirtualPort, lobby: Option<&Lobby>) {
        let nonce = self.rng.random_range(1..=u64::MAX);
        let (id, host_nonce, status) = match role {
            Role::Host => (PeerId::HOST, nonce, Status::Connected),
            Role::Client { .. } => (PeerId::derived(steam_id, nonce), 0, Status::Connecting),
        };
        self.lobby = lobby.map(TrackedLobby::new);
        let relay = Relay::new(self.settings.server_relay, lobby.is_some());
        let has_host = id.is_host();
        self.active = Some(Active { id, steam_id, role, nonce, host_nonce, relay, port, has_host });
        self.settings.refuse_new_connections = false;
        self.status = status;
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
        self.connections[key].handle = Some(handle);
        self.connections.enter(key, State::Connecting);
        Ok(())
    }

    /// A connection closed before its peer was announced. Returns whether it will be dialled again.
    pub(super) fn redial(&mut self, key: u32, reason: EndReason) -> bool {
        let connection = &self.connections[key];
        let Some(mut dial) = connection.dial else { return false };
        let is_bad_certificate = reason == EndReason::Other(STEAM_BAD_CERTIFICATE);
        let may_redial = is_bad_certificate && dial.failures < CERTIFICATE_RETRIES
            || !reason.is_application() && self.belongs_to_mesh(connection.steam_id);
        if may_redial {
            dial.failures = dial.failures.saturating_add(1);
            let until = self.now + dial.backoff();
            self.connections[key].dial = Some(dial);
            self.connections.enter(key, State::Backoff { until });
        }
        may_redial
    }

    /// Whether a connection to that user is worth dialling for as long as this session lasts: another client in the
    /// lobby. (A client that lost its host closes.)
    pub(super) fn belongs_to_mesh(&self, steam_id: SteamId) -> bool {
        let is_fellow_client =
            self.active.as_ref().is_some_and(|active| active.role.is_fellow_client(steam_id));
        let is_member = self.lobby.as_ref().is_some_and(|lobby| lobby.has(steam_id));
        is_fellow_client && is_member && !self.is_server_relay()
    }
}
