//! A game that calls a session in any way, and remembers only what it has heard.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use peer_core::limits::{CLOSE_TIMEOUT, MAX_MESSAGE_BYTES};
use peer_core::{
    Channel, ConnectionHandle, ConnectionState, Event, Features, Hello, LaneConfig, Lobby, LobbyId, PeerId, PutError,
    Session, SessionError, Settings, Status, StatusChange, SteamId, Target, Time, Token, TransferMode,
};

use crate::input::{
    Id, LobbyInput, MessageInput, Number, PayloadInput, Setting, StateInput, Step, TargetInput, User, Which,
};
use crate::order::packet;
use crate::transport::{Incoming, Wire};

pub(crate) struct Game {
    session: Session<Wire>,
    wire: Wire,
    now: Time,
    /// Who was dialled as host, while the session lives.
    host: Option<SteamId>,
    /// The status after the last call.
    status: Status,
    /// Peers announced and not gone, each with whether the end of its connection was reported.
    announced: BTreeMap<PeerId, bool>,
    /// Whether every event since the last poll was taken.
    heard_all: bool,
    /// How many packets were put.
    serial: u32,
    /// The number of the message read last, for each stream that has an order.
    read: BTreeMap<(ConnectionHandle, Channel, bool), i64>,
    /// Whether some peer sends packets in pieces, so that not every packet is a message.
    has_pieces: bool,
}

impl Game {
    pub(crate) fn new(seed: u64) -> Self {
        let wire = Wire::default();
        Self {
            session: Session::new(wire.clone(), seed),
            wire,
            now: Time::ZERO,
            host: None,
            status: Status::Disconnected,
            announced: BTreeMap::new(),
            heard_all: true,
            serial: 0,
            read: BTreeMap::new(),
            has_pieces: false,
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        let (session, now) = (&mut self.session, self.now);
        match step {
            Step::CreateHost(port) => {
                let result = session.create_host(port.get(), now);
                self.started(&result, None);
            }
            Step::CreateClient(host, port) => {
                let result = session.create_client(host.steam_id(), port.get(), now);
                self.started(&result, Some(host.steam_id()));
            }
            Step::HostWithLobby(lobby) => {
                let result = session.host_with_lobby(&lobby.get(), now);
                self.started(&result, None);
            }
            Step::ConnectToLobby(lobby) => {
                let result = session.connect_to_lobby(&lobby.get(), now);
                self.started(&result, Some(lobby.owner.steam_id()));
            }
            Step::AddPeer(user, port) => {
                let result = session.add_peer(user.steam_id(), port.get(), now);
                assert!(self.status != Status::Disconnected || result == Err(SessionError::NotActive));
            }
            Step::LobbyMemberJoined(lobby, user) => {
                session.lobby_member_joined(lobby_id(lobby), user.steam_id(), now);
            }
            Step::LobbyMemberLeft(lobby, user) => {
                session.lobby_member_left(lobby_id(lobby), user.steam_id());
            }
            Step::Put { target, channel, mode, len } => {
                self.put(target, channel, mode, len.get());
            }
            Step::DisconnectPeer { peer, force } => self.disconnect_peer(peer, force),
            Step::Kick(peer, message) => {
                if let Some(peer) = self.peer_id(peer) {
                    let result = self.session.kick(peer, &message, now);
                    assert_eq!(result.is_ok(), self.announced.contains_key(&peer));
                }
            }
            Step::Close => self.close(),
            Step::Poll(after) => self.poll(after.get()),
            Step::NextEvent => drop(self.next_event()),
            Step::Pop => drop(self.pop()),
            Step::Flush => session.flush(),
            Step::Set(setting) => set(session.settings_mut(), setting),
            Step::SetChannelPriority { channel, priority, weight } => {
                if let Some(channel) = Channel::new(channel.into()) {
                    let result = session.set_channel_priority(channel, LaneConfig { priority, weight });
                    assert_eq!(result.is_ok(), priority >= 0 && weight > 0);
                }
            }
            Step::Frame(after) => self.frame(after.get()),
            Step::Fail(call, fails) => self.wire.network().fail(call, fails),
            Step::Results(results) => self.wire.network().results = results,
            Step::Pending(pending) => self.wire.network().pending = pending,
            Step::Request(user) => {
                self.wire.network().request(user.steam_id());
            }
            Step::Hello { on, id, native, pieces } => {
                let peer_id = id.get(self.own_id());
                let connection = self.wire.network().pick(on);
                self.hello(connection, peer_id, native, pieces);
            }
            Step::Join { user, id, native, pieces } => {
                let peer_id = id.get(self.own_id());
                let connection = self.wire.network().request(user.steam_id());
                self.hello(connection, peer_id, native, pieces);
            }
            Step::Status { on, token, remote, state } => self.status(on, token, remote, state),
            Step::Message(message) => self.message(message),
        }
        self.check();
    }

    /// The end: what hangs comes to an end by itself, and everything is given back.
    pub(crate) fn finish(mut self, closes: bool) {
        self.wire.network().be_kind();
        self.settle();
        if closes {
            self.close();
            self.check();
            self.settle();
        }
        drop(self.session);
        let network = self.wire.network();
        assert_eq!(network.alive(), 0, "messages never dropped");
        assert_eq!(network.open_connections().count(), 0, "connections left open");
        assert_eq!(network.open_sockets(), 0, "listen sockets left open");
    }

    /// The network keeps silent for longer than any time limit.
    fn settle(&mut self) {
        while self.wire.network().has_messages() {
            self.frame(Duration::ZERO);
        }
        for _ in 0..3 {
            self.frame(CLOSE_TIMEOUT);
        }
        assert!(!self.session.is_draining(), "a connection that never closes");
        assert!(!self.wire.network().lacks_packets(), "a packet that was lost");
        let open: BTreeSet<_> = self.wire.network().open_connections().collect();
        let alone = self.session.peers().iter().find(|peer| !open.contains(&peer.steam_id));
        assert_eq!(alone, None, "a peer without a connection");
        let alone = self.host.filter(|host| self.status != Status::Disconnected && !open.contains(host));
        assert_eq!(alone, None, "a client without a connection to its host");
    }

    fn started(&mut self, result: &Result<(), SessionError>, host: Option<SteamId>) {
        assert!(self.status == Status::Disconnected || *result == Err(SessionError::AlreadyInUse));
        if result.is_ok() {
            self.host = host;
        }
    }

    fn put(&mut self, target: TargetInput, channel: i8, mode: u8, len: usize) {
        let own = self.own_id();
        let raw = match target {
            TargetInput::All => 0,
            TargetInput::Only(id) => id.get(own).cast_signed(),
            TargetInput::AllBut(id) => id.get(own).cast_signed().wrapping_neg(),
            TargetInput::Any(raw) => raw,
        };
        let (Ok(target), Some(channel)) = (Target::try_from(raw), Channel::new(channel.into())) else {
            return;
        };
        let is_known = match target {
            Target::All => true,
            Target::Only(id) | Target::AllBut(id) => self.announced.contains_key(&id),
        };
        // Past channel 0 a packet has its channel behind it.
        let most = MAX_MESSAGE_BYTES - usize::from(channel != Channel::ZERO);
        let may_be_put = self.status == Status::Connected && is_known && len > 0;
        let mode = TransferMode::ALL[usize::from(mode % 3)];
        self.serial += 1;
        match self.session.put(target, channel, mode, &packet(self.serial, len)) {
            Ok(()) | Err(PutError::BacklogFull(_)) => assert!(may_be_put),
            Err(PutError::OutOfReach(channel)) => assert!(may_be_put && channel > 7),
            // Not every peer knows pieces.
            Err(PutError::TooLarge(..)) => assert!(may_be_put && len > most),
            Err(error) => assert!(!may_be_put, "{error}"),
        }
    }

    fn disconnect_peer(&mut self, peer: Id, force: bool) {
        let Some(peer) = self.peer_id(peer) else { return };
        let result = self.session.disconnect_peer(peer, force, self.now);
        assert_eq!(result.is_ok(), self.announced.contains_key(&peer));
        if force {
            self.announced.remove(&peer);
            if self.session.status() == Status::Disconnected {
                self.announced.clear();
            }
        }
    }

    fn close(&mut self) {
        self.session.close(self.now);
        self.announced.clear();
        assert_eq!(self.session.status(), Status::Disconnected);
        assert_eq!(self.wire.network().alive(), 0, "messages kept after close");
    }

    fn frame(&mut self, after: Duration) {
        self.poll(after);
        self.check();
        while self.next_event() {
            self.check_status();
        }
        self.check();
        while self.pop() {}
    }

    fn poll(&mut self, after: Duration) {
        self.now = self.now + after;
        self.session.poll(self.now);
        self.heard_all = false;
        assert_eq!(self.session.status(), self.status, "events change the status, not poll");
    }

    /// Takes an event; false if there is none.
    fn next_event(&mut self) -> bool {
        let event = self.session.next_event();
        match &event {
            None => self.heard_all = true,
            Some(Event::PeerConnected(id)) => {
                assert_eq!(self.announced.insert(*id, false), None, "{id} connected twice");
                assert!(self.host.is_none() || self.announced.contains_key(&PeerId::HOST), "{id} before the host");
            }
            Some(Event::PeerDisconnected(id)) => {
                assert_eq!(
                    self.announced.remove(id),
                    Some(true),
                    "{id} gone, but never there or without a reason"
                );
            }
            Some(Event::ConnectionEnded { peer, .. }) => {
                if let Some(ended) = peer.and_then(|id| self.announced.get_mut(&id)) {
                    *ended = true;
                }
            }
            Some(Event::HostLost { .. }) => assert!(self.announced.is_empty()),
            Some(Event::Migrated { .. }) => panic!("nobody has called migrate"),
            Some(Event::RelayOverridden { .. }) => assert!(self.status == Status::Connecting),
        }
        event.is_some()
    }

    /// Reads a packet; false if there is none.
    fn pop(&mut self) -> bool {
        let next = self.session.front().map(|packet| packet.peer);
        assert_eq!(next.is_some(), self.session.available() > 0);
        let read = self.session.pop();
        assert_eq!(read.as_ref().map(|packet| packet.peer), next);
        let Some(packet) = read else { return false };
        assert!(!packet.payload().is_empty());
        let is_announced = self.announced.contains_key(&packet.peer);
        assert!(is_announced || !self.heard_all, "a packet from {}, which is not connected", packet.peer);
        let (channel, mode) = (packet.channel, packet.mode);
        let before = self.wire.network().alive();
        drop(packet);
        if self.wire.network().alive() == before {
            // It came in pieces.
            assert!(self.has_pieces);
            return true;
        }
        let (connection, lane, number) = self.wire.network().last_dropped().expect("a packet is a message");
        // From a GodotSteam peer, whose lanes are its channels, packets come as Steam brings them.
        if mode != TransferMode::Unreliable && lane != channel.get() {
            let last = self.read.entry((connection, channel, mode.is_reliable())).or_default();
            assert!(number > *last, "a packet that comes late or twice");
            *last = number;
        }
        true
    }

    fn status(&mut self, on: Which, token: Option<u8>, remote: Option<User>, state: StateInput) {
        let mut network = self.wire.network();
        let connection = network.pick(on);
        let token = token.map_or_else(|| network.token(connection), |token| Token(token.into()));
        let remote = remote.map_or_else(|| network.remote(connection), User::steam_id);
        network.tell(StatusChange { connection, token, remote, state: state.into() });
    }

    fn hello(&mut self, connection: ConnectionHandle, peer_id: u32, native: bool, pieces: bool) {
        self.has_pieces |= pieces;
        let mut network = self.wire.network();
        let (token, remote) = (network.token(connection), network.remote(connection));
        network.tell(StatusChange { connection, token, remote, state: ConnectionState::Connected });
        let features = if pieces { Features::PIECES } else { Features::empty() };
        let hello = Hello { features, peer_id, nonce: 0, match_id: None };
        let payload = if native { hello.encode() } else { hello.encode_godot_steam() };
        let message =
            Incoming { connection, token: None, lane: 0, reliable: true, number: Number::Next, payload };
        network.bring(&message, 1);
    }

    fn message(&mut self, message: MessageInput) {
        let own = self.own_id();
        let mut network = self.wire.network();
        let (lane, reliable, tag) = message.road.get();
        let times = message.times();
        self.has_pieces |= matches!(message.payload, PayloadInput::Hello { .. } | PayloadInput::Echo | PayloadInput::Any(_));
        let mut payload = message.payload.get(own, &network.echo);
        if let Some(tag) = tag {
            payload = [&payload[..], &[tag]].concat().into();
        }
        let incoming = Incoming {
            connection: network.pick(message.on),
            token: message.token.map(|token| Token(token.into())),
            lane,
            reliable,
            number: message.number,
            payload,
        };
        network.bring(&incoming, times);
    }

    fn own_id(&self) -> u32 {
        self.session.unique_id().map_or(0, PeerId::get)
    }

    fn peer_id(&self, id: Id) -> Option<PeerId> {
        PeerId::new(id.get(self.own_id()))
    }

    /// What holds after every call.
    fn check(&mut self) {
        self.check_status();
        self.check_peers();
        let network = self.wire.network();
        assert!(self.session.available() <= network.alive() || self.has_pieces);
        // Nobody need poll then, so nothing may wait for a poll.
        if self.status == Status::Disconnected && !self.session.is_draining() {
            assert_eq!(network.open_sockets(), 0, "a listen socket that no session uses");
            assert_eq!(network.open_connections().count(), 0, "a connection that no session uses");
        }
    }

    fn check_status(&mut self) {
        let session = &self.session;
        let (before, after) = (self.status, session.status());
        let is_host = session.is_host();
        let may_follow = match (before, after) {
            (Status::Disconnected, Status::Connecting) => !is_host,
            (Status::Disconnected, Status::Connected) => is_host,
            (Status::Connecting, Status::Connected) | (_, Status::Disconnected) => true,
            _ => before == after,
        };
        assert!(may_follow, "from {before:?} to {after:?}");
        self.status = after;

        let own = session.unique_id();
        assert_eq!(own.is_some(), after != Status::Disconnected);
        assert_eq!(own == Some(PeerId::HOST), is_host);
        let has_host = self.announced.contains_key(&PeerId::HOST);
        match after {
            Status::Disconnected => assert!(self.announced.is_empty(), "peers that the game still believes in"),
            Status::Connecting => assert!(self.announced.is_empty() && !is_host),
            Status::Connected => assert_ne!(is_host, has_host, "connected means that there is one host"),
        }
    }

    fn check_peers(&self) {
        let session = &self.session;
        let peers = session.peers();
        let ids: BTreeSet<_> = peers.iter().map(|peer| peer.id).collect();
        let users: BTreeSet<_> = peers.iter().map(|peer| peer.steam_id).collect();
        assert_eq!((ids.len(), users.len()), (peers.len(), peers.len()), "two peers are one");
        assert!(ids.iter().eq(self.announced.keys()), "the peers are not those that were announced");
        for peer in peers {
            assert_ne!(Some(peer.id), session.unique_id());
            assert_ne!(Some(peer.steam_id), session.local_steam_id(), "a peer that is ourselves");
            assert_eq!(
                peer.id.is_host(),
                Some(peer.steam_id) == self.host,
                "id 1 is the host that was dialled"
            );
        }
        // The user's id is found by a search: of a crowd, a few will do.
        for peer in peers.iter().rev().take(8) {
            assert_eq!(session.peer(peer.id), Some(*peer));
            assert_eq!(session.steam_id_for_peer_id(peer.id), Some(peer.steam_id));
            assert_eq!(session.peer_id_for_steam_id(peer.steam_id), Some(peer.id));
            assert!(session.backlog_bytes(peer.id).is_some());
            let _ = session.real_time_status(peer.id);
        }
    }
}

fn lobby_id(id: u8) -> LobbyId {
    LobbyId((id % 2).into())
}

impl LobbyInput {
    fn get(&self) -> Lobby {
        let members = self.members.iter().map(|user| user.steam_id()).collect();
        Lobby { id: lobby_id(self.id), owner: self.owner.steam_id(), members }
    }
}

fn set(settings: &mut Settings, setting: Setting) {
    match setting {
        Setting::NoNagle(on) => settings.no_nagle = on,
        Setting::NoDelay(on) => settings.no_delay = on,
        Setting::RefuseNewConnections(on) => settings.refuse_new_connections = on,
        Setting::LobbyMembersOnly(on) => settings.lobby_members_only = on,
        Setting::ServerRelay(on) => settings.server_relay = on,
        Setting::MaxClients(max) => settings.max_clients = max.into(),
        Setting::MaxBacklogBytes(bytes) => settings.max_backlog_bytes = bytes as usize,
    }
}

impl From<StateInput> for ConnectionState {
    fn from(state: StateInput) -> Self {
        match state {
            StateInput::Requested => Self::Requested,
            StateInput::Connected => Self::Connected,
            StateInput::ClosedByPeer(reason, message) => Self::ClosedByPeer { reason: reason.get(), message },
            StateInput::ProblemDetectedLocally(reason, message) => {
                Self::ProblemDetectedLocally { reason: reason.get(), message }
            }
        }
    }
}
