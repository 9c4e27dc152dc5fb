//! The network: its clock, its settings, and who is on it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use peer_core::{ConnectionHandle, LobbyId, SteamId, Time};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustc_hash::FxHashMap;

use crate::connection::Half;
use crate::counters::Counters;
use crate::endpoint::{Endpoint, SimTransport};
use crate::event::{Event, Events};
use crate::link::{LinkSettings, Links};
use crate::lobby::{Lobbies, LobbyNews};
use crate::process::{Process, ProcessId};
use crate::trace::{TraceEntry, TraceEvent};

/// What becomes of a request from someone with whom a connection is still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicatePolicy {
    /// It is not told; the repeated request gets in once the old connection is gone. GNS's symmetric mode.
    #[default]
    Ignored,
    /// It is told as a second request.
    Delivered,
}

/// How the network behaves as a whole. The defaults are open GNS 1.6.0 behind Local Steam, as measured.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // Each is a fact about the network, and holds by itself.
pub struct NetworkSettings {
    /// A Connected connection that is closed does not tell the other side, which only learns of it if it sends within
    /// 5 s, or by its silence. A dial that is given up does not take its request back: whoever accepts that within 5 s
    /// is told then. Open GNS's P2P connections behave so; Steam's relay may not.
    pub silent_close: bool,
    /// A living process refuses a request for a port on which it does not listen, as Local Steam does, with reason
    /// 5008. Otherwise the dialler waits for its timeout.
    pub refuse_unknown_ports: bool,
    /// What becomes of a request from someone with whom a connection is still open.
    pub duplicates: DuplicatePolicy,
    /// How long a handshake may take (`TimeoutInitial`).
    pub timeout_initial: Duration,
    /// How long a Connected connection lives without hearing anything (`TimeoutConnected`).
    pub timeout_connected: Duration,
    /// How much longer it may take until that is noticed: evenly from zero to this. The default is for a connection on
    /// which something is sent, whose ten seconds begin with what is not answered. An idle one only asks every 12 s or
    /// so, and may take so much longer (measured with GNS 1.6.0: 10 to 22 s).
    pub timeout_slack: Duration,
    /// How long an acknowledgement waits for something to go out that it can go with (`k_usecMaxDataAckDelay`). If the
    /// connection is closed meanwhile, it never goes out.
    pub ack_delay: Duration,
    /// Messages on lanes from 8 up arrive. GNS 1.6.0 writes the header of such a lane one byte too short, and the other
    /// side cannot read on: without this, the first such message ends the connection there with reason 5002.
    pub lanes_past_seven_work: bool,
    /// Messages that wait to be received on a connection (`RecvBufferMessages`, raised from 1,000).
    pub receive_buffer_messages: usize,
    /// Bytes that wait to be received on a connection (`RecvBufferSize`, raised from 1 MiB).
    pub receive_buffer_bytes: usize,
    /// How long lobby news takes to a member at least.
    pub lobby_latency: Duration,
    /// How much longer it may take: evenly from zero to this, for each member by itself.
    pub lobby_jitter: Duration,
    /// How long after its process died a member leaves the lobby.
    pub lobby_kill_delay: Duration,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            silent_close: true,
            refuse_unknown_ports: true,
            duplicates: DuplicatePolicy::default(),
            timeout_initial: Duration::from_secs(10),
            timeout_connected: Duration::from_secs(10),
            timeout_slack: Duration::from_millis(700),
            ack_delay: Duration::from_millis(50),
            lanes_past_seven_work: false,
            receive_buffer_messages: 65_536,
            receive_buffer_bytes: 16 * 1024 * 1024,
            lobby_latency: Duration::from_millis(40),
            lobby_jitter: Duration::from_millis(60),
            lobby_kill_delay: Duration::from_secs(5),
        }
    }
}

/// Everything there is, behind one handle.
pub(crate) struct State {
    pub(crate) now: Time,
    pub(crate) rng: StdRng,
    pub(crate) events: Events,
    pub(crate) settings: NetworkSettings,
    pub(crate) links: Links,
    pub(crate) processes: Vec<Process>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) living: FxHashMap<SteamId, ProcessId>,
    pub(crate) halves: FxHashMap<ConnectionHandle, Box<Half>>,
    pub(crate) bad_certificates: FxHashMap<(SteamId, SteamId), u32>,
    pub(crate) lobbies: Lobbies,
    pub(crate) last_connection: u32,
    pub(crate) last_listen: u32,
    pub(crate) send_calls: u64,
    trace: Option<Vec<TraceEntry>>,
}

impl State {
    fn new(seed: u64, settings: NetworkSettings) -> Self {
        Self {
            now: Time::ZERO,
            rng: StdRng::seed_from_u64(seed),
            events: Events::default(),
            settings,
            links: Links::default(),
            processes: Vec::new(),
            endpoints: Vec::new(),
            living: FxHashMap::default(),
            halves: FxHashMap::default(),
            bad_certificates: FxHashMap::default(),
            lobbies: Lobbies::default(),
            last_connection: 0,
            last_listen: 0,
            send_calls: 0,
            trace: None,
        }
    }

    /// Notes what happened, if anybody wants to know.
    pub(crate) fn trace(&mut self, event: impl FnOnce() -> TraceEvent) {
        if let Some(trace) = &mut self.trace {
            trace.push(TraceEntry { at: self.now, event: event() });
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Dial(handle) => self.dial(handle),
            Event::Request(dialler) => self.request(dialler),
            Event::Accepted { dialler, acceptor } => self.accepted(dialler, acceptor),
            Event::AcceptorConnects(acceptor) => self.acceptor_connects(acceptor),
            Event::Deadline(handle) => self.deadline(handle),
            Event::BadCertificate(handle) => self.bad_certificate(handle),
            Event::Silence { connection, epoch } => self.silence(connection, epoch),
            Event::Tell(notice) => self.tell(notice),
            Event::Closed(notice) => self.closed_by_peer(*notice),
            Event::Wake(handle) => self.wake(handle),
            Event::Arrive { connection, datagram } => self.arrive(connection, &datagram),
            Event::ArriveForged { connection, segment } => self.arrive_forged(connection, &segment),
            Event::SendAcks(handle) => self.send_acks_in_time(handle),
            Event::Ack { connection, packet } => self.ack(connection, packet),
            Event::Retransmit(handle) => self.retransmit(handle),
            Event::Release(handle) => self.release(handle),
            Event::LobbyNews(news) => self.lobby_news(&news),
            Event::LobbyRemoval { lobby, member, epoch } => self.lobby_removal(lobby, member, epoch),
        }
    }

    fn advance_to(&mut self, until: Time) {
        while let Some((at, event)) = self.events.pop(until) {
            self.now = self.now.max(at);
            self.happen(event);
        }
        self.now = self.now.max(until);
    }

    /// What a transport holds, its process's sockets aside.
    fn counters(endpoint: &Endpoint) -> Counters {
        Counters {
            live_messages: endpoint.live.get(),
            unread_messages: endpoint.unread,
            open_connections: endpoint.connections.len(),
            listen_sockets: 0,
        }
    }

    /// What the processes of certain users hold together.
    fn counters_of(&self, is_meant: impl Fn(SteamId) -> bool) -> Counters {
        let processes = self.processes.iter().filter(|process| is_meant(process.steam_id));
        let listen_sockets = processes.map(|process| process.sockets.len()).sum();
        let endpoints = self.endpoints.iter().filter(|endpoint| is_meant(endpoint.steam_id));
        endpoints.fold(Counters { listen_sockets, ..Counters::default() }, |mut sum, endpoint| {
            sum += Self::counters(endpoint);
            sum
        })
    }
}

/// A network in memory. Cloning it gives another handle to the same one.
///
/// Nothing happens by itself: processes act when their [`SimTransport`] is called, everything else in
/// [`advance`](Self::advance).
#[derive(Clone)]
pub struct Network {
    state: Rc<RefCell<State>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Network {
    /// An empty network with default settings, whose chance all comes from `seed`.
    pub fn new(seed: u64) -> Self {
        Self::with_settings(seed, NetworkSettings::default())
    }

    /// An empty network.
    pub fn with_settings(seed: u64, settings: NetworkSettings) -> Self {
        Self { state: Rc::new(RefCell::new(State::new(seed, settings))) }
    }

    /// The settings.
    pub fn settings(&self) -> NetworkSettings {
        self.state.borrow().settings.clone()
    }

    /// Changes the settings, for all that begins from now on.
    pub fn set_settings(&self, settings: NetworkSettings) {
        self.state.borrow_mut().settings = settings;
    }

    /// The moment it is.
    pub fn now(&self) -> Time {
        self.state.borrow().now
    }

    /// Lets time pass, and everything happen that is due.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state.borrow_mut();
        let until = state.now + duration;
        state.advance_to(until);
    }

    /// Lets time pass until `until`; does nothing if that has passed.
    pub fn advance_to(&self, until: Time) {
        self.state.borrow_mut().advance_to(until);
    }

    /// When something is next due, so that a test may skip the idle time before; `None` if nothing ever is.
    pub fn next_event_time(&self) -> Option<Time> {
        self.state.borrow().events.next_time()
    }

    /// Starts a process of the user `steam_id`.
    ///
    /// # Panics
    /// If one is running: Steam allows a user one process of a game.
    pub fn endpoint(&self, steam_id: SteamId) -> SimTransport {
        let mut state = self.state.borrow_mut();
        let id = state.start_process(steam_id);
        drop(state);
        SimTransport::new(Rc::clone(&self.state), id, steam_id)
    }

    /// Kills the process of `steam_id`: no goodbye, everything of it is gone. A new one may start at once. Does nothing
    /// if none is running.
    pub fn kill(&self, steam_id: SteamId) {
        let mut state = self.state.borrow_mut();
        if let Some(&id) = state.living.get(&steam_id) {
            state.end_process(id);
        }
    }

    /// Whether a process of `steam_id` is running.
    pub fn is_alive(&self, steam_id: SteamId) -> bool {
        self.state.borrow().living.contains_key(&steam_id)
    }

    /// The link from one user to another.
    pub fn link(&self, from: SteamId, to: SteamId) -> LinkSettings {
        self.state.borrow().links.get(from, to).clone()
    }

    /// Sets the link from one user to another; the way back keeps its own.
    ///
    /// # Panics
    /// If a share is not from 0 to 1, or the bandwidth is 0.
    pub fn set_link(&self, from: SteamId, to: SteamId, settings: LinkSettings) {
        let mut state = self.state.borrow_mut();
        state.links.set(from, to, settings);
        state.link_changed(from, to);
    }

    /// Sets the link between two users, both ways.
    ///
    /// # Panics
    /// As [`set_link`](Self::set_link).
    pub fn set_link_both(&self, a: SteamId, b: SteamId, settings: &LinkSettings) {
        self.set_link(a, b, settings.clone());
        self.set_link(b, a, settings.clone());
    }

    /// Sets every link that has no settings of its own.
    ///
    /// # Panics
    /// As [`set_link`](Self::set_link).
    pub fn set_default_link(&self, settings: LinkSettings) {
        let mut state = self.state.borrow_mut();
        let changes = state.links.get_default().up != settings.up;
        state.links.set_default(settings);
        if changes {
            let mut handles: Vec<_> = state.halves.keys().copied().collect();
            handles.sort_unstable();
            for handle in handles {
                state.refresh_hearing(handle);
            }
        }
    }

    /// Cuts what goes from one user to the other; the way back stays.
    pub fn cut(&self, from: SteamId, to: SteamId) {
        self.set_cut(from, to, true);
    }

    /// Undoes [`cut`](Self::cut).
    pub fn mend(&self, from: SteamId, to: SteamId) {
        self.set_cut(from, to, false);
    }

    /// Cuts two users from each other, signals included. Lobby news is not affected: it comes from Steam's servers.
    pub fn partition(&self, a: SteamId, b: SteamId) {
        self.cut(a, b);
        self.cut(b, a);
    }

    /// Undoes [`partition`](Self::partition).
    pub fn heal(&self, a: SteamId, b: SteamId) {
        self.mend(a, b);
        self.mend(b, a);
    }

    fn set_cut(&self, from: SteamId, to: SteamId, cut: bool) {
        let mut state = self.state.borrow_mut();
        state.links.set_cut(from, to, cut);
        state.link_changed(from, to);
    }

    /// Makes the next `dials` between two users, in either direction, end with reason 4003.
    pub fn bad_certificates(&self, a: SteamId, b: SteamId, dials: u32) {
        self.state.borrow_mut().bad_certificates.insert((a.min(b), a.max(b)), dials);
    }

    /// What all processes hold together, dead ones included.
    pub fn counters(&self) -> Counters {
        self.state.borrow().counters_of(|_| true)
    }

    /// What all processes that a user ever had hold.
    pub fn counters_of(&self, steam_id: SteamId) -> Counters {
        self.state.borrow().counters_of(|user| user == steam_id)
    }

    /// Notes from now on what happens.
    pub fn record_trace(&self) {
        self.state.borrow_mut().trace.get_or_insert_default();
    }

    /// Takes what was noted since the last call. Empty without [`record_trace`](Self::record_trace).
    pub fn take_trace(&self) -> Vec<TraceEntry> {
        self.state.borrow_mut().trace.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Creates a lobby with one member, its owner.
    pub fn create_lobby(&self, owner: SteamId) -> LobbyId {
        self.state.borrow_mut().create_lobby(owner)
    }

    /// Joins a lobby, and sees at once who is in it; the others are told. `false` if there is no such lobby or the
    /// user is in it already.
    pub fn join_lobby(&self, lobby: LobbyId, steam_id: SteamId) -> bool {
        self.state.borrow_mut().join_lobby(lobby, steam_id)
    }

    /// Leaves a lobby; the others are told, and the one longest in it becomes the owner. `false` if the user was not in
    /// it.
    pub fn leave_lobby(&self, lobby: LobbyId, steam_id: SteamId) -> bool {
        self.state.borrow_mut().leave_lobby(lobby, steam_id)
    }

    /// The members as one of them sees it at the moment; empty if that one is none.
    pub fn lobby_roster(&self, lobby: LobbyId, seen_by: SteamId) -> Vec<SteamId> {
        self.state.borrow().lobby_roster(lobby, seen_by)
    }

    /// The owner as a member sees it at the moment.
    pub fn lobby_owner(&self, lobby: LobbyId, seen_by: SteamId) -> Option<SteamId> {
        self.state.borrow().lobby_owner(lobby, seen_by)
    }

    /// The next news for a member, oldest first, once each. The roster already has it.
    pub fn next_lobby_news(&self, lobby: LobbyId, member: SteamId) -> Option<LobbyNews> {
        self.state.borrow_mut().next_lobby_news(lobby, member)
    }
}
