//! Opening: hosts, clients, lobbies, and the dials they make.

use crate::error::SessionError;
use crate::event::{Event, Transition};
use crate::id::{LobbyId, PeerId, SteamId};
use crate::limits::{CERTIFICATE_RETRIES, KNOCK_TIMEOUT, MAX_CONNECTIONS, MAX_KNOCKING};
use crate::link::{Dial, End, Link, State};
use crate::lobby::{Lobby, TrackedLobby};
use crate::reason::{EndReason, STEAM_BAD_CERTIFICATE};
use crate::session::Session;
use crate::session::ending::Farewell;
use crate::time::Time;
use crate::transport::{ConnectionHandle, Token, Transport, TransportError, VirtualPort};

impl<T: Transport> Session<T> {
    /// Becomes a host: listens on `port`, with peer id 1, connected at once.
    ///
    /// # Errors
    /// [`AlreadyInUse`](SessionError::AlreadyInUse), [`Unavailable`](SessionError::Unavailable) or
    /// [`Listen`](SessionError::Listen).
    pub fn create_host(&mut self, port: VirtualPort, now: Time) -> Result<(), SessionError> {
        self.now = now;
        let steam_id = self.listen(port)?;
        self.new_session(None, steam_id, port);
        Ok(())
    }

    /// Becomes a client of `host`: connected once the host's hello has come.
    ///
    /// # Errors
    /// [`AlreadyInUse`](SessionError::AlreadyInUse), [`Unavailable`](SessionError::Unavailable),
    /// [`Listen`](SessionError::Listen), [`Oneself`](SessionError::Oneself) or [`Connect`](SessionError::Connect).
    pub fn create_client(&mut self, host: SteamId, port: VirtualPort, now: Time) -> Result<(), SessionError> {
        self.now = now;
        if self.active.is_none() && self.transport.local_steam_id() == Some(host) {
            return Err(SessionError::Oneself);
        }
        let steam_id = self.listen(port)?;
        self.new_session(Some(host), steam_id, port);
        self.add_peer(host, port, now).inspect_err(|_| self.shut_down())
    }

    /// Dials another member of the session. Harmless if a connection to it exists or is on its way.
    ///
    /// # Errors
    /// [`NotActive`](SessionError::NotActive), [`Oneself`](SessionError::Oneself),
    /// [`Relayed`](SessionError::Relayed), [`TooManyConnections`](SessionError::TooManyConnections) or
    /// [`Connect`](SessionError::Connect).
    pub fn add_peer(&mut self, steam_id: SteamId, port: VirtualPort, now: Time) -> Result<(), SessionError> {
        self.now = now;
        let active = self.active.as_ref().ok_or(SessionError::NotActive)?;
        if steam_id == active.steam_id {
            return Err(SessionError::Oneself);
        }
        if self.settings.server_relay && active.host.is_some_and(|host| host != steam_id) {
            return Err(SessionError::Relayed);
        }
        let existing = self.links.find(|_, link| {
            link.steam_id == steam_id && !matches!(link.state, State::Ended { .. } | State::Retired)
        });
        if existing.is_some() {
            self.admit_knocking(steam_id);
            return Ok(());
        }
        if self.links.len() >= MAX_CONNECTIONS {
            return Err(SessionError::TooManyConnections);
        }
        let mut link = Link::new(steam_id, State::Scheduled { at: now });
        link.dial = Some(Dial { port, failures: 0 });
        let key = self.links.insert(link);
        // As long as an earlier connection to that user is being wound up, Steam allows no other: `poll` dials then.
        if self.departures.has(steam_id) {
            return Ok(());
        }
        match self.dial(key) {
            // So it is with one that another session of this process is winding up.
            Ok(()) | Err(TransportError::Draining) => Ok(()),
            Err(error) => {
                self.links.remove(key);
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
        self.create_host(VirtualPort::default(), now)?;
        self.lobby = Some(TrackedLobby::new(lobby));
        self.dial_members(lobby);
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
        self.create_client(lobby.owner, VirtualPort::default(), now)?;
        self.lobby = Some(TrackedLobby::new(lobby));
        if !self.settings.server_relay {
            self.dial_members(lobby);
        }
        Ok(())
    }

    /// Steam says that a user has joined a lobby.
    pub fn lobby_member_joined(&mut self, lobby: LobbyId, steam_id: SteamId, now: Time) {
        self.now = now;
        let Some(tracked) = self.lobby.as_mut().filter(|tracked| tracked.id == lobby) else {
            return;
        };
        tracked.insert(steam_id);
        // The newcomer dials everyone it finds in the lobby; it may have been faster than this news.
        self.admit_knocking(steam_id);
    }

    /// Steam says that a user has left a lobby, or was lost from it. Its connection is left alone (Steam may have lost
    /// sight of a user whose game goes on), but it is not dialled again.
    pub fn lobby_member_left(&mut self, lobby: LobbyId, steam_id: SteamId) {
        let Some(tracked) = self.lobby.as_mut().filter(|tracked| tracked.id == lobby) else {
            return;
        };
        tracked.remove(steam_id);
        let scheduled = self
            .links
            .find(|_, link| link.steam_id == steam_id && matches!(link.state, State::Scheduled { .. }));
        let is_host = self.active.as_ref().is_some_and(|active| active.host == Some(steam_id));
        if let Some(key) = scheduled.filter(|_| !is_host) {
            self.links.remove(key);
        }
    }

    pub(super) fn ensure_idle(&self) -> Result<(), SessionError> {
        if self.active.is_some() { Err(SessionError::AlreadyInUse) } else { Ok(()) }
    }

    /// Opens the listen socket.
    fn listen(&mut self, port: VirtualPort) -> Result<SteamId, SessionError> {
        self.ensure_idle()?;
        let steam_id = self.transport.local_steam_id().ok_or(SessionError::Unavailable)?;
        self.listening = Some(self.transport.listen(port).map_err(SessionError::Listen)?);
        Ok(steam_id)
    }

    fn dial_members(&mut self, lobby: &Lobby) {
        let Some(own) = self.active.as_ref().map(|active| (active.steam_id, active.port)) else {
            return;
        };
        for &member in lobby.members.iter().filter(|&&member| member != own.0) {
            if let Err(error) = self.add_peer(member, own.1, self.now) {
                self.tell_end(member, None, End::new(EndReason::Other(0), error.to_string()));
            }
        }
    }

    /// Dials the peer of a scheduled record.
    pub(super) fn dial(&mut self, key: u32) -> Result<(), TransportError> {
        let link = &self.links[key];
        let port = link.dial.map_or_else(VirtualPort::default, |dial| dial.port);
        let handle = self.transport.connect(link.steam_id, port, Token(key))?;
        // Steam accepts a pending request instead of dialling, and that request may have a record already.
        if let Some(pending) = self.link_of(handle).filter(|&pending| pending != key) {
            self.links.remove(pending);
        }
        let link = &mut self.links[key];
        link.handle = Some(handle);
        link.state = State::Connecting;
        Ok(())
    }

    /// A dial has failed, or a member of the lobby was lost. Returns whether it will be dialled again.
    pub(super) fn reschedule(&mut self, key: u32, reason: EndReason) -> bool {
        let link = &self.links[key];
        let Some(mut dial) = link.dial else { return false };
        let bad_certificate = reason == EndReason::Other(STEAM_BAD_CERTIFICATE);
        let may_redial = bad_certificate && dial.failures < CERTIFICATE_RETRIES
            || !reason.is_application() && self.belongs_to_mesh(link.steam_id);
        if may_redial {
            dial.failures = dial.failures.saturating_add(1);
            let at = self.now + dial.back_off();
            let link = &mut self.links[key];
            link.dial = Some(dial);
            link.state = State::Scheduled { at };
        }
        may_redial
    }

    /// Whether a connection to that user is worth dialling for as long as this session goes on: another client in the
    /// lobby. (A client that lost its host is no client any more, and closes.)
    pub(super) fn belongs_to_mesh(&self, steam_id: SteamId) -> bool {
        let is_other_client =
            self.active.as_ref().is_some_and(|active| active.host.is_some_and(|host| host != steam_id));
        let in_lobby = self.lobby.as_ref().is_some_and(|lobby| lobby.has(steam_id));
        is_other_client && in_lobby && !self.settings.server_relay
    }

    /// Someone asks to connect.
    pub(super) fn requested(&mut self, handle: ConnectionHandle, steam_id: SteamId) {
        // Our own dial has accepted it already, and may even be taking leave of it.
        if self.link_of(handle).is_some() || self.departures.owns(handle) {
            return;
        }
        let state = match self.judge(steam_id) {
            Ok(state) => state,
            Err(reason) => {
                self.transport.close(handle, reason, &reason.to_string());
                self.tell_end(steam_id, None, End::new(reason, "a request to connect was refused"));
                return;
            }
        };
        if matches!(state, State::Knocking { .. }) {
            self.make_room_to_knock();
        }
        // What this user had begun and not finished is void: a dial of ours that waits, an earlier request of theirs.
        let mut dial = None;
        while let Some(key) = self.unfinished(steam_id) {
            dial = dial.or(self.links[key].dial);
            self.discard(key, EndReason::Replaced);
        }
        let mut link = Link::new(steam_id, state);
        link.handle = Some(handle);
        link.dial = dial;
        let key = self.links.insert(link);
        if matches!(self.links[key].state, State::Connecting) {
            self.accept(key);
        }
    }

    /// Turns away who has knocked longest, if too many do.
    fn make_room_to_knock(&mut self) {
        let until = |link: &Link<T::Message>| match link.state {
            State::Knocking { until } => Some(until),
            _ => None,
        };
        let knocking = self.links.iter().filter_map(until);
        if let Some(first) = knocking.clone().min()
            && knocking.count() >= MAX_KNOCKING
            && let Some(key) = self.links.find(|_, link| until(link) == Some(first))
        {
            self.turn_away(key);
        }
    }

    /// Refuses someone whom the lobby has not told of.
    pub(super) fn turn_away(&mut self, key: u32) {
        let end = End::new(EndReason::NotInLobby, EndReason::NotInLobby.to_string());
        self.part(key, end, Farewell::Close);
    }

    fn judge(&self, steam_id: SteamId) -> Result<State, EndReason> {
        let active = self.active.as_ref().ok_or(EndReason::Refused)?;
        if steam_id == active.steam_id {
            // Another process of our own account: a session has each user once.
            return Err(EndReason::Refused);
        }
        let is_host = active.host == Some(steam_id);
        if self.settings.refuse_new_connections
            || self.settings.server_relay && active.host.is_some() && !is_host
        {
            return Err(EndReason::Refused);
        }
        if self.links.len() >= MAX_CONNECTIONS {
            return Err(EndReason::Full);
        }
        let is_stranger = self.lobby.as_ref().is_some_and(|lobby| !lobby.has(steam_id));
        if !is_stranger || !self.settings.lobby_members_only || is_host {
            return Ok(State::Connecting);
        }
        Ok(State::Knocking { until: self.now + KNOCK_TIMEOUT })
    }

    fn accept(&mut self, key: u32) {
        let handle = self.links[key].handle;
        if handle.is_none_or(|handle| self.transport.accept(handle, Token(key)).is_err()) {
            // Its handle is still ours to close; and if it was the host's, this client has nobody left.
            self.part(key, End::new(EndReason::Left, "the request to connect has gone"), Farewell::Close);
        }
    }

    /// Accepts whoever asked before the lobby told of them.
    fn admit_knocking(&mut self, steam_id: SteamId) {
        let knocking = self
            .links
            .find(|_, link| link.steam_id == steam_id && matches!(link.state, State::Knocking { .. }));
        if let Some(key) = knocking {
            self.links[key].state = State::Connecting;
            self.accept(key);
        }
    }

    /// A connection with that user that is not a peer's yet, and not a dial under way.
    fn unfinished(&self, steam_id: SteamId) -> Option<u32> {
        self.links.find(|_, link| {
            let under_way = link.dial.is_some() && matches!(link.state, State::Connecting);
            link.steam_id == steam_id
                && !under_way
                && matches!(
                    link.state,
                    State::Scheduled { .. }
                        | State::Knocking { .. }
                        | State::Connecting
                        | State::Greeting { .. }
                )
        })
    }

    pub(super) fn link_of(&self, handle: ConnectionHandle) -> Option<u32> {
        self.links.find(|_, link| link.handle == Some(handle))
    }

    pub(super) fn tell_end(&mut self, steam_id: SteamId, peer: Option<PeerId>, end: End) {
        let End { reason, message } = end;
        self.transitions.push(Transition::Tell(Event::ConnectionEnded { steam_id, peer, reason, message }));
    }
}
