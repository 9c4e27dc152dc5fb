//! The session: what a Godot multiplayer peer is, as a state machine over a [`Transport`].
//!
//! A connection goes through these files in turn: it is opened in `dialling`, becomes a peer in `greeting`, is sent to
//! in `sending`, heard in `polling`, and ends in `ending`.

mod dialling;
mod ending;
mod greeting;
mod polling;
mod sending;

pub use sending::Target;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::departures::Departures;
use crate::error::SessionError;
use crate::event::{Event, Transition, Transitions};
use crate::id::{LobbyId, PeerId, SteamId};
use crate::inbox::{Inbox, Packet};
use crate::lane::Channel;
use crate::limits::DEFAULT_MAX_BACKLOG_BYTES;
use crate::links::Links;
use crate::lobby::TrackedLobby;
use crate::outbound::Priorities;
use crate::payload::PayloadPool;
use crate::roster::{Peer, Roster};
use crate::send_queue::SendQueue;
use crate::time::Time;
use crate::transport::{
    LaneConfig, ListenHandle, RealTimeStatus, SendResult, StatusChange, Transport, VirtualPort,
};

/// Godot's connection status. It moves only from `Disconnected` over `Connecting` to `Connected` and back to
/// `Disconnected`; a host skips `Connecting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// No session.
    #[default]
    Disconnected,
    /// A client that has not had its host's hello.
    Connecting,
    /// A host, or a client that has its host.
    Connected,
}

/// What a game can set. Each takes effect with the next packet or connection.
#[derive(Clone, Debug, PartialEq, Eq)]
// Godot properties, each a switch of its own.
#[allow(clippy::struct_excessive_bools)]
pub struct Settings {
    /// Send every packet at once instead of at the frame's end. Default off.
    pub no_nagle: bool,
    /// Drop unreliable packets that cannot go out at once. Default off.
    pub no_delay: bool,
    /// Refuse who asks to connect. Every `create_host` and `create_client` sets it back to off.
    pub refuse_new_connections: bool,
    /// With a lobby tracked, refuse who is not in it. Default on.
    pub lobby_members_only: bool,
    /// The host relays between clients, so that a client connects to it alone. Default off.
    pub server_relay: bool,
    /// How many reliable bytes may wait for room in Steam's send buffer, for each connection. Each packet counts 64
    /// bytes more than it has; less than 524,288 counts as that, so that one packet always fits. Default 8 MiB.
    pub max_backlog_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            no_nagle: false,
            no_delay: false,
            refuse_new_connections: false,
            lobby_members_only: true,
            server_relay: false,
            max_backlog_bytes: DEFAULT_MAX_BACKLOG_BYTES,
        }
    }
}

/// What has gone through a session since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that peers sent and the game can read or has read.
    pub packets_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Packets that Steam took, counted once for each receiver.
    pub packets_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Ordered packets dropped because a later one had come.
    pub late: u64,
    /// Unreliable packets that Steam had no room for, or no moment.
    pub unreliable_unsent: u64,
}

/// A session that is connecting or connected.
#[derive(Debug)]
struct Active {
    /// Our own peer id.
    id: PeerId,
    steam_id: SteamId,
    /// The host that was dialled; `None` if we are the host.
    host: Option<SteamId>,
    /// Tells this session from our others.
    nonce: u64,
    port: VirtualPort,
    /// Whether the host has been announced (always, on the host itself).
    has_host: bool,
}

/// A Godot multiplayer session over a transport: the peers, their packets, and every rule between them.
///
/// The session has no clock: whoever calls it says what time it is, and time must not run backwards. After
/// [`poll`](Self::poll), take every [`next_event`](Self::next_event) before reading packets: each event changes the
/// session as it is taken, so that a handler sees it exactly as the game has been told.
#[derive(Debug)]
pub struct Session<T: Transport> {
    transport: T,
    settings: Settings,
    rng: StdRng,
    /// The time of the latest call that said it.
    now: Time,
    status: Status,
    active: Option<Active>,
    lobby: Option<TrackedLobby>,
    /// The socket that requests come in on.
    listening: Option<ListenHandle>,
    links: Links<T::Message>,
    roster: Roster,
    departures: Departures,
    transitions: Transitions,
    inbox: Inbox<T::Message>,
    pool: PayloadPool,
    queue: SendQueue,
    /// Connections with a message in the queue.
    queued_links: Vec<u32>,
    /// Connections with a backlog.
    backlogged: Vec<u32>,
    priorities: Priorities,
    counters: Counters,
    // Buffers kept between calls.
    results: Vec<SendResult>,
    arrivals: Vec<T::Message>,
    endings: Vec<StatusChange>,
}

impl<T: Transport> Session<T> {
    /// A session that is not connected. `seed` should come from the system's randomness: peer ids are drawn from it.
    pub fn new(transport: T, seed: u64) -> Self {
        Self {
            transport,
            settings: Settings::default(),
            rng: StdRng::seed_from_u64(seed),
            now: Time::ZERO,
            status: Status::Disconnected,
            active: None,
            lobby: None,
            listening: None,
            links: Links::new(),
            roster: Roster::default(),
            departures: Departures::default(),
            transitions: Transitions::default(),
            inbox: Inbox::default(),
            pool: PayloadPool::default(),
            queue: SendQueue::default(),
            queued_links: Vec::new(),
            backlogged: Vec::new(),
            priorities: Priorities::default(),
            counters: Counters::default(),
            results: Vec::new(),
            arrivals: Vec::new(),
            endings: Vec::new(),
        }
    }

    /// The connection status, as the game has been told it.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Our own peer id; `None` while disconnected.
    pub fn unique_id(&self) -> Option<PeerId> {
        self.active.as_ref().map(|active| active.id)
    }

    /// Our own Steam id, with or without a session.
    pub fn local_steam_id(&self) -> Option<SteamId> {
        self.active.as_ref().map(|active| active.steam_id).or_else(|| self.transport.local_steam_id())
    }

    /// Whether this is the host.
    pub fn is_host(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.host.is_none())
    }

    /// The lobby that this session goes with.
    pub fn tracked_lobby(&self) -> Option<LobbyId> {
        self.lobby.as_ref().map(|lobby| lobby.id)
    }

    /// The peers that the game has been told of, in that order.
    pub fn peers(&self) -> &[Peer] {
        self.roster.peers()
    }

    /// The peer `id`.
    pub fn peer(&self, id: PeerId) -> Option<Peer> {
        self.roster.get(id)
    }

    /// The peer of a Steam user; our own id for ourselves.
    pub fn peer_id_for_steam_id(&self, steam_id: SteamId) -> Option<PeerId> {
        match &self.active {
            Some(active) if active.steam_id == steam_id => Some(active.id),
            _ => self.peers().iter().find(|peer| peer.steam_id == steam_id).map(|peer| peer.id),
        }
    }

    /// The Steam user behind a peer; ourselves for our own id.
    pub fn steam_id_for_peer_id(&self, id: PeerId) -> Option<SteamId> {
        match &self.active {
            Some(active) if active.id == id => Some(active.steam_id),
            _ => self.peer(id).map(|peer| peer.steam_id),
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, to change.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Sets how a channel's lanes share a connection with the others, on those that are open and those to come. Channel 0
    /// has lanes of its own; channels that share a lane go with the most urgent of them.
    ///
    /// # Errors
    /// [`SessionError::BadPriority`] for a negative priority (control goes before every channel) or a weight of 0.
    pub fn set_channel_priority(&mut self, channel: Channel, config: LaneConfig) -> Result<(), SessionError> {
        if config.priority < 0 || config.weight == 0 {
            return Err(SessionError::BadPriority);
        }
        self.priorities.set(channel, config);
        let Self { links, transport, priorities, .. } = self;
        for link in links.iter_mut() {
            // Before its hello a connection has one lane, for control.
            let Some(handle) = link.handle.filter(|_| link.peer_id.is_some()) else { continue };
            // A connection that is gone by now says so through its status.
            let _ = transport.configure_lanes(handle, &priorities.lanes(link.outbound.dialect));
        }
        Ok(())
    }

    /// What has gone through.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The figures of a peer's connection; `None` for an unknown peer or one whose connection has ended.
    pub fn real_time_status(&self, id: PeerId) -> Option<RealTimeStatus> {
        let link = &self.links[self.roster.get(id)?.link];
        self.transport.real_time_status(link.handle?, &mut [])
    }

    /// Bytes put for a peer that Steam has not taken yet. Each packet in the backlog counts 64 more than it has.
    pub fn backlog_bytes(&self, id: PeerId) -> Option<usize> {
        let link = &self.links[self.roster.get(id)?.link];
        Some(link.outbound.unsent_bytes())
    }

    /// The transport, for what is not the session's business.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// The transport, to configure it.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Whether connections of ours are still being wound up. As long as this is so, [`poll`](Self::poll) should go on
    /// being called, disconnected or not; dropping the session cuts them short.
    pub fn is_draining(&self) -> bool {
        !self.departures.is_empty()
    }

    /// The next event, oldest first. What it tells becomes true as it is taken.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.transitions.pop()? {
                Transition::Tell(event) => return Some(event),
                Transition::Announce(key, id) => return Some(self.announced(key, id)),
                Transition::Retire(key, id) => return Some(self.retired(key, id)),
                Transition::Close => self.shut_down(),
            }
        }
    }

    /// How many packets can be read.
    pub fn available(&self) -> usize {
        self.inbox.len()
    }

    /// The packet that [`pop`](Self::pop) would return.
    pub fn front(&self) -> Option<&Packet<T::Message>> {
        self.inbox.front()
    }

    /// The next packet.
    #[inline]
    pub fn pop(&mut self) -> Option<Packet<T::Message>> {
        let packet = self.inbox.pop()?;
        self.links[packet.link].inbound.waiting -= 1;
        Some(packet)
    }

    fn new_session(&mut self, host: Option<SteamId>, steam_id: SteamId, port: VirtualPort) {
        let id = if host.is_none() { PeerId::HOST } else { PeerId::random_client(&mut self.rng) };
        let nonce = self.rng.random();
        self.active = Some(Active { id, steam_id, host, nonce, port, has_host: host.is_none() });
        self.settings.refuse_new_connections = false;
        self.status = if host.is_none() { Status::Connected } else { Status::Connecting };
    }
}

impl<T: Transport> Drop for Session<T> {
    fn drop(&mut self) {
        self.shut_down();
        self.departures.clear(&mut self.transport);
    }
}
