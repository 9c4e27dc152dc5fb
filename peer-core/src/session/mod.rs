//! The session: what a Godot multiplayer peer is, as a state machine over a [`Transport`].
//!
//! A connection goes through these files in turn: it is opened in `connect` or `accept`, becomes a peer in
//! `handshake`, is sent to in `send`, received from in `poll`, and ends in `close`. In `migrate` a match goes on without its host.

mod accept;
mod close;
mod connect;
mod handshake;
mod keep_alive;
mod migrate;
mod poll;
mod rate;
mod role;
mod send;

use std::time::Duration;

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::connection::closing::ClosingList;
use crate::connection::send::Drain;
use crate::connection::table::Table;
use crate::control::MatchId;
use crate::error::SessionError;
use crate::event::{Event, Transition, Transitions};
use crate::id::{LobbyId, PeerId, SteamId};
use crate::inbox::{Inbox, Packet};
use crate::lane::{Channel, Lane, MAX_UNRELIABLE_BYTES};
use crate::limits::{
    DEFAULT_MAX_BACKLOG_BYTES, DEFAULT_MAX_PACKET_BYTES, DEFAULT_MAX_SEND_RATE, MAX_PACKET_BYTES,
};
use crate::lobby::TrackedLobby;
use crate::payload::PayloadPool;
use crate::priorities::Priorities;
use crate::roster::{Peer, Roster};
use crate::send_queue::SendQueue;
use crate::session::migrate::{HostLoss, LostMatch, Migration};
use crate::session::rate::SendRates;
use crate::session::role::{Relay, Role};
use crate::time::Time;
use crate::transport::{
    LaneConfig, LaneStatus, ListenHandle, Outgoing, RealTimeStatus, SendResult, StatusChange, Transport,
    VirtualPort,
};

/// Godot's connection status. It moves only from `Disconnected` over `Connecting` to `Connected` and back to
/// `Disconnected`; a host skips `Connecting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// No session.
    #[default]
    Disconnected,
    /// A client that awaits its host's hello.
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
    /// Refuse requests to connect. Every `create_host` and `create_client` sets it back to off.
    pub refuse_new_connections: bool,
    /// With a lobby tracked, refuse users who are not in it. Default on.
    pub lobby_members_only: bool,
    /// Whether the host relays between clients, so that a client connects only to the host. `None` is the default: it does
    /// without a lobby, unless clients are connected by [`add_peer`](Session::add_peer), and does not with one. The host's
    /// setting holds for everyone. It takes effect with the next session.
    pub server_relay: Option<bool>,
    /// How many clients a host takes; a further one is refused as [`Full`](crate::EndReason::Full). Default 0: no limit.
    pub max_clients: usize,
    /// The largest packet that can be put or received, in bytes, within 16,500 and 1 GiB. Between peers of which one does not know
    /// pieces (GodotSteam's) the limit is 524,288, and one less on channels other than 0. Set it to the same on every
    /// side: a packet over it ends the connection. Default 16 MiB.
    pub max_packet_bytes: usize,
    /// How many reliable bytes may wait for room in Steam's send buffer, for each connection; a put past that closes it.
    /// Each packet counts with 64 bytes of overhead. At least 524,288, so that one packet always fits. Default 64 MiB.
    pub max_backlog_bytes: usize,
    /// Adapt the send rate to the line, where a connection has more to send than Steam's default rate allows
    /// (262,144 bytes a second). Send rates that are set on the transport take precedence. Default on.
    pub adaptive_send_rate: bool,
    /// The highest send rate of a connection that [`adaptive_send_rate`](Self::adaptive_send_rate) may set, in bytes a
    /// second, within 16,384 and Steam's 104,857,600. Default 33,554,432.
    pub max_send_rate: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            no_nagle: false,
            no_delay: false,
            refuse_new_connections: false,
            lobby_members_only: true,
            server_relay: None,
            max_clients: 0,
            max_packet_bytes: DEFAULT_MAX_PACKET_BYTES,
            max_backlog_bytes: DEFAULT_MAX_BACKLOG_BYTES,
            adaptive_send_rate: true,
            max_send_rate: DEFAULT_MAX_SEND_RATE,
        }
    }
}

impl Settings {
    /// [`max_packet_bytes`](Self::max_packet_bytes) within its bounds.
    pub(crate) fn max_packet_bytes(&self) -> usize {
        self.max_packet_bytes.clamp(MAX_UNRELIABLE_BYTES, MAX_PACKET_BYTES)
    }
}

/// Statistics of a session since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets received for the game, read or not.
    pub packets_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Packets that Steam took, counted once for each receiver.
    pub packets_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Ordered packets dropped because a later one had arrived.
    pub late: u64,
    /// Unreliable packets that Steam had no room for, or that could not go out at once.
    pub unreliable_unsent: u64,
}

/// A session that is connecting or connected.
#[derive(Debug)]
struct Active {
    /// Our own peer id.
    id: PeerId,
    steam_id: SteamId,
    role: Role,
    /// Tells this session from our earlier and later ones.
    nonce: u64,
    /// The nonce of the host's session; 0 until its hello has come.
    host_nonce: u64,
    relay: Relay,
    port: VirtualPort,
    /// Whether the host was announced (always true on the host itself).
    has_host: bool,
    /// When the session began, and how long its process was blocked since.
    since: Time,
    blocked: Duration,
    /// The game has ended the connection to the host.
    is_leaving: bool,
    /// The owner of the lobby that a host has asked whether it still is one.
    asked: Option<SteamId>,
}

impl Active {
    /// The match that this session is in, or joins.
    fn match_id(&self) -> MatchId {
        let host = match self.role {
            Role::Host => self.steam_id,
            Role::Client { host } => host,
        };
        MatchId { host, nonce: self.host_nonce }
    }
}

/// A Godot multiplayer session over a transport: the peers, their packets, and every rule between them.
///
/// The session has no clock: the caller passes the time, which must not run backwards. After [`poll`](Self::poll), take
/// every [`next_event`](Self::next_event) before reading packets: each event takes effect as it is taken, so that a
/// handler sees the session exactly as reported so far.
#[derive(Debug)]
pub struct Session<T: Transport> {
    transport: T,
    settings: Settings,
    rng: StdRng,
    /// The time of the latest call that passed it.
    now: Time,
    /// The time of the latest poll.
    polled: Time,
    status: Status,
    active: Option<Active>,
    lobby: Option<TrackedLobby>,
    /// A match that has lost its host.
    lost: Option<LostMatch>,
    /// On the way to the next one.
    migration: Option<Migration>,
    /// How the host was lost, until the game is told.
    host_loss: Option<HostLoss>,
    /// What the host has set for the next one.
    migration_state: Bytes,
    /// The socket that requests come in on.
    listening: Option<ListenHandle>,
    connections: Table<T::Message>,
    roster: Roster,
    closing: ClosingList,
    transitions: Transitions,
    inbox: Inbox<T::Message>,
    pool: PayloadPool,
    queue: SendQueue,
    /// Connections with a message in the queue.
    queued: Vec<u32>,
    /// Connections with a backlog.
    drain: Drain,
    priorities: Priorities,
    /// Counts polls.
    polls: u32,
    send_rates: SendRates,
    counters: Counters,
    // Buffers kept between calls.
    results: Vec<SendResult>,
    arrivals: Vec<T::Message>,
    /// Connections that Steam reports as over, and since when, until their messages are taken in.
    closed: Vec<(Time, StatusChange)>,
    /// When peers that were sent nothing get a keep-alive.
    next_keep_alive: Time,
    keep_alives: Vec<Outgoing>,
}

impl<T: Transport> Session<T> {
    /// A session that is not connected. `seed` should come from the system's randomness: peer ids are drawn from it.
    pub fn new(transport: T, seed: u64) -> Self {
        Self {
            transport,
            settings: Settings::default(),
            rng: StdRng::seed_from_u64(seed),
            now: Time::ZERO,
            polled: Time::ZERO,
            status: Status::Disconnected,
            active: None,
            lobby: None,
            lost: None,
            migration: None,
            host_loss: None,
            migration_state: Bytes::new(),
            listening: None,
            connections: Table::default(),
            roster: Roster::default(),
            closing: ClosingList::default(),
            transitions: Transitions::default(),
            inbox: Inbox::default(),
            pool: PayloadPool::default(),
            queue: SendQueue::default(),
            queued: Vec::new(),
            drain: Drain::default(),
            priorities: Priorities::default(),
            polls: 0,
            send_rates: SendRates::default(),
            counters: Counters::default(),
            results: Vec::new(),
            arrivals: Vec::new(),
            closed: Vec::new(),
            next_keep_alive: Time::ZERO,
            keep_alives: Vec::new(),
        }
    }

    /// The connection status, as reported to the game so far.
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
        matches!(self.active, Some(Active { role: Role::Host, .. }))
    }

    /// Whether that user is the host of this client.
    fn is_host_user(&self, steam_id: SteamId) -> bool {
        self.active.as_ref().is_some_and(|active| active.role.is_host(steam_id))
    }

    /// Whether the host relays between clients. What the host has decided holds from when it is connected; before, and without
    /// a session, the own [setting](Settings::server_relay).
    pub fn is_server_relay(&self) -> bool {
        let own = self.settings.server_relay.unwrap_or(false);
        self.active.as_ref().map_or(own, |active| active.relay.is_on)
    }

    /// The lobby whose members this session connects to.
    pub fn tracked_lobby(&self) -> Option<LobbyId> {
        self.lobby.as_ref().map(|lobby| lobby.id)
    }

    /// The peers reported to the game, in no particular order.
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

    /// The settings, to change them.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Sets how a channel's lanes share a connection with the others, on open connections and future ones. Channel 0 has
    /// lanes of its own; a lane that channels share has the priority of the most urgent of them.
    ///
    /// # Errors
    /// [`SessionError::BadPriority`] for a negative priority (control goes before every channel) or a weight of 0.
    pub fn set_channel_priority(&mut self, channel: Channel, config: LaneConfig) -> Result<(), SessionError> {
        if config.priority < 0 || config.weight == 0 {
            return Err(SessionError::BadPriority);
        }
        self.priorities.set(channel, config);
        let Self { connections, transport, priorities, .. } = self;
        for connection in connections.iter_mut() {
            connection.send.set_priority(channel, config);
            // Before its hello a connection has one lane, for control.
            let Some(handle) = connection.handle.filter(|_| connection.peer_id.is_some()) else { continue };
            // A connection that is gone is reported by a status change.
            let _ = transport.configure_lanes(handle, &priorities.lanes(connection.send.dialect));
        }
        Ok(())
    }

    /// The statistics.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The statistics of a peer's connection; `None` for an unknown peer or one whose connection is closed.
    pub fn real_time_status(&self, id: PeerId) -> Option<RealTimeStatus> {
        let handle = self.connections[self.roster.get(id)?.key].handle?;
        // With several lanes Steam has no queue time for the whole connection (GameNetworkingSockets 1.6.0).
        let mut lanes = [LaneStatus::default(); Lane::COUNT];
        let mut status = self.transport.real_time_status(handle, &mut lanes)?;
        let waits = status.pending_reliable > 0 || status.pending_unreliable > 0;
        let longest = lanes.iter().map(|lane| lane.queue_time_us).max().filter(|_| waits);
        status.queue_time_us = longest.unwrap_or(0).max(0);
        Some(status)
    }

    /// Bytes put for a peer that wait to be given to Steam, with 64 bytes of overhead for each packet or piece.
    pub fn backlog_bytes(&self, id: PeerId) -> Option<usize> {
        let connection = &self.connections[self.roster.get(id)?.key];
        Some(connection.send.backlog_bytes())
    }

    /// The transport, for what the session does not offer.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// The transport, to configure it.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// The time of the latest [`poll`](Self::poll); [`Time::ZERO`] before the first.
    pub fn last_poll(&self) -> Time {
        self.polled
    }

    /// Whether connections that this side closed are still draining. Until they are done, keep calling
    /// [`poll`](Self::poll), disconnected or not; dropping the session closes them at once.
    pub fn is_draining(&self) -> bool {
        !self.closing.is_empty() || self.keeps_connections()
    }

    /// The next event, oldest first. It takes effect as it is taken.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.transitions.pop()? {
                Transition::Event(event) => return Some(event),
                Transition::PeerConnected(key, id) => return Some(self.peer_connected(key, id)),
                Transition::PeerDisconnected(key, id) => return Some(self.peer_disconnected(key, id)),
                Transition::CloseSession => self.close_session(),
                Transition::SuspendSession => self.suspend(HostLoss { host_left: true }),
                Transition::HostLost => {
                    if let Some(event) = self.host_lost() {
                        return Some(event);
                    }
                }
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
        self.connections[packet.key].receive.unread -= 1;
        Some(packet)
    }
}

impl<T: Transport> Drop for Session<T> {
    fn drop(&mut self) {
        self.close_session();
        self.closing.close_all(&mut self.transport);
    }
}
