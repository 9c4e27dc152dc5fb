//! A transport that answers and tells whatever the input says, and watches what the session does with its handles.
//!
//! Of the seam's contract it keeps only this: handles of new connections and of listen sockets are new; a dial to a
//! user that has a connection open fails, or accepts the request of theirs that is pending; a batch has a result for
//! every message.

use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use bytes::Bytes;
use peer_core::limits::{
    MAX_EARLY_BYTES, MAX_EARLY_MESSAGES, MAX_HELD_BYTES, MAX_INBOX_BYTES, MAX_INBOX_PACKETS, MAX_MESSAGE_BYTES, RECEIVE_BATCH,
};
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, LaneConfig, LaneStatus, ListenHandle,
    MAX_UNRELIABLE_BYTES, Message, RealTimeStatus, SendFlags, SendResult, StatusChange, SteamId, Token,
    Transport, TransportError, VirtualPort,
};

use crate::input::{Call, Number, Sent, User, Which};
use crate::order::Order;

/// Longest text that Steam's close takes, without its terminating zero.
const MAX_CLOSE_TEXT: usize = 127;

/// The session's side: a handle on a network that outlives the session.
#[derive(Clone, Default)]
pub(crate) struct Wire(Rc<RefCell<Network>>);

impl Wire {
    pub(crate) fn network(&self) -> RefMut<'_, Network> {
        self.0.borrow_mut()
    }
}

#[derive(Default)]
pub(crate) struct Network {
    /// Results of messages sent, over and over; none is as if all were taken.
    pub(crate) results: Vec<Sent>,
    /// Reliable bytes pending, and not acknowledged.
    pub(crate) pending: Option<(i32, i32)>,
    /// The last control message sent.
    pub(crate) echo: Bytes,
    connections: BTreeMap<ConnectionHandle, Connection>,
    sockets: BTreeMap<ListenHandle, VirtualPort>,
    last_handle: u32,
    /// Calls that fail.
    failing: BTreeSet<Call>,
    /// Which of the results is next.
    result: usize,
    statuses: VecDeque<StatusChange>,
    messages: VecDeque<Incoming>,
    alive: Rc<RefCell<Alive>>,
}

/// Messages that the session has received and not dropped.
#[derive(Default)]
pub(crate) struct Alive {
    pub(crate) count: usize,
    pub(crate) bytes: usize,
    /// Connection, lane and number of the one dropped last.
    last_dropped: Option<(ConnectionHandle, u8, i64)>,
}

struct Connection {
    remote: SteamId,
    token: Token,
    lanes: usize,
    standing: Standing,
    /// Its messages are not received.
    paused: bool,
    order: Order,
    /// Message numbers, by lane.
    sent: BTreeMap<u8, i64>,
    received: BTreeMap<u8, i64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Standing {
    /// A request that the session has not heard of.
    Unheard,
    /// A request that it has heard of.
    Requested,
    /// Dialled or accepted.
    Open,
    /// Closed by the session.
    Closed,
    /// A request that the session heard of after it had closed the connection: it may still try to accept it.
    Gone,
}

impl Connection {
    fn new(remote: SteamId, token: Token, standing: Standing) -> Self {
        let (order, sent, received) = Default::default();
        Self { remote, token, lanes: 1, standing, paused: false, order, sent, received }
    }
}

/// A message on its way in.
#[derive(Clone)]
pub(crate) struct Incoming {
    pub(crate) connection: ConnectionHandle,
    pub(crate) token: Option<Token>,
    pub(crate) lane: u8,
    pub(crate) reliable: bool,
    pub(crate) number: Number,
    pub(crate) payload: Bytes,
}

impl Network {
    pub(crate) fn fail(&mut self, call: Call, fails: bool) {
        if fails {
            self.failing.insert(call);
        } else {
            self.failing.remove(&call);
        }
    }

    /// Nothing fails any more.
    pub(crate) fn be_kind(&mut self) {
        self.failing.clear();
        self.results.clear();
        self.pending = None;
    }

    fn fails(&self, call: Call) -> bool {
        self.failing.contains(&call)
    }

    /// Someone asks to connect.
    pub(crate) fn request(&mut self, user: SteamId) -> ConnectionHandle {
        let connection = self.new_connection(user, Token::NONE, Standing::Unheard);
        let state = ConnectionState::Requested;
        self.tell(StatusChange { connection, token: Token::NONE, remote: user, state });
        connection
    }

    pub(crate) fn tell(&mut self, change: StatusChange) {
        self.statuses.push_back(change);
    }

    pub(crate) fn bring(&mut self, message: &Incoming, times: usize) {
        self.messages.extend(std::iter::repeat_n(message, times).cloned());
    }

    /// Whether messages wait to be received.
    pub(crate) fn has_messages(&self) -> bool {
        let is_paused = |of: &Incoming| self.connections.get(&of.connection).is_some_and(|of| of.paused);
        self.messages.iter().any(|message| !is_paused(message))
    }

    /// One of the connections that there are, the latest first, or the handle of none.
    pub(crate) fn pick(&self, which: Which) -> ConnectionHandle {
        let place = usize::from(which.0) % (self.connections.len() + 1);
        let none = ConnectionHandle(u32::MAX);
        self.connections.keys().rev().nth(place).copied().unwrap_or(none)
    }

    pub(crate) fn remote(&self, handle: ConnectionHandle) -> SteamId {
        self.connections
            .get(&handle)
            .map_or_else(|| User::OURSELVES.steam_id(), |connection| connection.remote)
    }

    pub(crate) fn token(&self, handle: ConnectionHandle) -> Token {
        self.connections.get(&handle).map_or(Token::NONE, |connection| connection.token)
    }

    pub(crate) fn alive(&self) -> usize {
        self.alive.borrow().count
    }

    /// Connection, lane and number of the message that the session, or whoever took it from there, dropped last.
    pub(crate) fn last_dropped(&self) -> Option<(ConnectionHandle, u8, i64)> {
        self.alive.borrow().last_dropped
    }

    /// The remote ends of connections that the session dialled or heard of, and has not closed.
    pub(crate) fn open_connections(&self) -> impl Iterator<Item = SteamId> {
        let is_open = |c: &&Connection| matches!(c.standing, Standing::Requested | Standing::Open);
        self.connections.values().filter(is_open).map(|connection| connection.remote)
    }

    /// Whether some open connection has reliable packets that were refused and not offered again.
    pub(crate) fn lacks_packets(&self) -> bool {
        self.connections.values().any(|c| c.standing == Standing::Open && !c.order.is_settled())
    }

    pub(crate) fn open_sockets(&self) -> usize {
        self.sockets.len()
    }

    fn new_connection(&mut self, remote: SteamId, token: Token, standing: Standing) -> ConnectionHandle {
        self.last_handle += 1;
        let handle = ConnectionHandle(self.last_handle);
        self.connections.insert(handle, Connection::new(remote, token, standing));
        handle
    }

    fn standing(&self, handle: ConnectionHandle) -> Option<Standing> {
        self.connections.get(&handle).map(|connection| connection.standing)
    }

    /// The connection of a handle that the session may use.
    fn usable(&mut self, handle: ConnectionHandle) -> &mut Connection {
        let connection =
            self.connections.get_mut(&handle).expect("a handle that the session was never given");
        let usable = matches!(connection.standing, Standing::Requested | Standing::Open);
        assert!(usable, "{handle:?} is used after it was closed");
        connection
    }

    fn result(&mut self, handle: ConnectionHandle, lane: u8) -> SendResult {
        let sent = match self.results.as_slice() {
            [] => Sent::Taken,
            results => results[self.result % results.len()],
        };
        self.result = self.result.wrapping_add(1);
        match sent {
            Sent::Taken => {
                let number = self.usable(handle).sent.entry(lane).or_default();
                *number += 1;
                SendResult(*number)
            }
            Sent::Full => SendResult::LIMIT_EXCEEDED,
            Sent::Any(result) => SendResult(result),
        }
    }

    fn check_bounds(&self) {
        let open = self.open_connections().count();
        let alive = self.alive.borrow();
        assert!(alive.count <= MAX_INBOX_PACKETS + RECEIVE_BATCH + open * MAX_EARLY_MESSAGES);
        let held = (open * MAX_EARLY_BYTES).min(MAX_HELD_BYTES);
        assert!(alive.bytes <= MAX_INBOX_BYTES + held + RECEIVE_BATCH * MAX_MESSAGE_BYTES);
    }
}

/// Whether Steam takes a message of that length with those flags.
fn is_valid(flags: SendFlags, len: usize) -> bool {
    if flags.contains(SendFlags::RELIABLE) {
        !flags.contains(SendFlags::NO_DELAY) && (1..=MAX_MESSAGE_BYTES).contains(&len)
    } else {
        (1..=MAX_UNRELIABLE_BYTES).contains(&len)
    }
}

fn refused() -> TransportError {
    TransportError::Refused("as the input says".to_owned())
}

impl Transport for Wire {
    type Message = Received;

    fn local_steam_id(&self) -> Option<SteamId> {
        (!self.network().fails(Call::LocalSteamId)).then(|| User::OURSELVES.steam_id())
    }

    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError> {
        let mut network = self.network();
        if network.fails(Call::Listen) || network.sockets.values().any(|&taken| taken == port) {
            return Err(refused());
        }
        network.last_handle += 1;
        let handle = ListenHandle(network.last_handle);
        network.sockets.insert(handle, port);
        Ok(handle)
    }

    fn close_listen(&mut self, listen: ListenHandle) {
        self.network().sockets.remove(&listen).expect("a listen socket is closed once");
    }

    fn connect(
        &mut self,
        peer: SteamId,
        _port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let mut network = self.network();
        assert_ne!(peer, User::OURSELVES.steam_id(), "a dial to ourselves");
        if network.fails(Call::Connect) {
            return Err(refused());
        }
        let existing = network.connections.iter_mut().find(|(_, other)| {
            other.remote == peer && !matches!(other.standing, Standing::Closed | Standing::Gone)
        });
        match existing {
            Some((_, other)) if other.standing == Standing::Open => Err(refused()),
            Some((&handle, pending)) => {
                pending.standing = Standing::Open;
                pending.token = token;
                Ok(handle)
            }
            None => Ok(network.new_connection(peer, token, Standing::Open)),
        }
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        let mut network = self.network();
        if network.standing(connection) == Some(Standing::Gone) || network.fails(Call::Accept) {
            return Err(refused());
        }
        let connection = network.usable(connection);
        connection.standing = Standing::Open;
        connection.token = token;
        Ok(())
    }

    fn close(&mut self, connection: ConnectionHandle, _reason: EndReason, message: &str) {
        assert!(message.len() <= MAX_CLOSE_TEXT, "Steam would cut {message:?}");
        let mut network = self.network();
        let connection = network.connections.get_mut(&connection);
        let connection = connection.expect("a handle that the session was never given");
        // Closing twice is allowed.
        connection.standing = Standing::Closed;
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        let mut network = self.network();
        let refuses = network.fails(Call::ConfigureLanes);
        let connection = network.usable(connection);
        assert!((connection.lanes..=255).contains(&lanes.len()), "the number of lanes only grows");
        assert!(lanes.iter().all(|lane| lane.weight > 0));
        if refuses {
            return Err(refused());
        }
        connection.lanes = lanes.len();
        Ok(())
    }

    fn set_send_rate(&mut self, _: ConnectionHandle, _: usize) -> bool {
        false
    }

    fn send_buffer_bytes(&self, _: ConnectionHandle) -> Option<u32> {
        None
    }

    fn set_paused(&mut self, connection: ConnectionHandle, paused: bool) {
        self.network().usable(connection).paused = paused;
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        self.network().usable(connection).token = Token::NONE;
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let mut network = self.network();
        let mut failed = BTreeMap::new();
        for message in batch.messages {
            let handle = message.connection;
            let payload = batch.payload(message);
            let lane = message.lane.get();
            assert!(usize::from(lane) < network.usable(handle).lanes, "lane {lane} is not configured");
            assert!(is_valid(message.flags, payload.len()), "{message:?}, {} bytes", payload.len());

            let failed_before = failed.get(&handle).copied();
            let result = match failed_before {
                Some(SendResult::LIMIT_EXCEEDED) => SendResult::NOT_TRIED,
                _ => network.result(handle, lane),
            };
            results.push(result);
            if message.flags.contains(SendFlags::RELIABLE) {
                network.usable(handle).order.offered(lane, payload, result, failed_before.is_some());
            }
            if result.message_number().is_none() {
                failed.entry(handle).or_insert(result);
            }
            if lane == 0 {
                network.echo = payload.clone();
            }
        }
    }

    fn receive(&mut self, messages: &mut Vec<Received>, max: usize) -> usize {
        let mut network = self.network();
        network.check_bounds();
        let mut count = 0;
        for incoming in std::mem::take(&mut network.messages) {
            let is_paused = network.connections.get(&incoming.connection).is_some_and(|of| of.paused);
            if count == max || is_paused {
                network.messages.push_back(incoming);
            } else {
                messages.push(Received::new(incoming, &mut network));
                count += 1;
            }
        }
        count
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        let mut network = self.network();
        let change = network.statuses.pop_front()?;
        if change.state == ConnectionState::Requested {
            let none = || Connection::new(change.remote, Token::NONE, Standing::Unheard);
            let connection = network.connections.entry(change.connection).or_insert_with(none);
            match connection.standing {
                Standing::Unheard => {
                    connection.standing = Standing::Requested;
                    connection.remote = change.remote;
                }
                Standing::Closed => connection.standing = Standing::Gone,
                _ => {}
            }
        }
        Some(change)
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        _lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        let mut network = self.network();
        network.usable(connection);
        let (pending_reliable, sent_unacked_reliable) = network.pending?;
        Some(RealTimeStatus { pending_reliable, sent_unacked_reliable, ..RealTimeStatus::default() })
    }
}

/// A message that the session holds.
pub(crate) struct Received {
    incoming: Incoming,
    token: Token,
    number: i64,
    alive: Rc<RefCell<Alive>>,
}

impl Received {
    fn new(incoming: Incoming, network: &mut Network) -> Self {
        let alive = Rc::clone(&network.alive);
        alive.borrow_mut().count += 1;
        alive.borrow_mut().bytes += incoming.payload.len();
        let token = incoming.token.unwrap_or_else(|| network.token(incoming.connection));
        let next = network.connections.get_mut(&incoming.connection).map_or(1, |connection| {
            let last = connection.received.entry(incoming.lane).or_default();
            *last += 1;
            *last
        });
        Self { token, number: incoming.number.get(next), alive, incoming }
    }
}

impl Message for Received {
    fn connection(&self) -> ConnectionHandle {
        self.incoming.connection
    }

    fn token(&self) -> Token {
        self.token
    }

    fn lane(&self) -> u8 {
        self.incoming.lane
    }

    fn number(&self) -> i64 {
        self.number
    }

    fn is_reliable(&self) -> bool {
        self.incoming.reliable
    }

    fn payload(&self) -> &[u8] {
        &self.incoming.payload
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        let mut alive = self.alive.borrow_mut();
        alive.count -= 1;
        alive.bytes -= self.incoming.payload.len();
        alive.last_dropped = Some((self.incoming.connection, self.incoming.lane, self.number));
    }
}
