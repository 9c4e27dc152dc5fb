//! A transport that costs next to nothing, so that what a benchmark times is the session's own work.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, Features, Hello, LaneConfig, LaneStatus, ListenHandle, Message,
    RealTimeStatus, SendResult, Session, StatusChange, SteamId, Time, Token, Transport, TransportError,
    VirtualPort,
};

/// A message in memory that is laid out once, as Steam's messages are in Steam's.
#[derive(Debug)]
pub struct Record {
    connection: ConnectionHandle,
    token: Cell<Token>,
    lane: Cell<u8>,
    number: Cell<i64>,
    reliable: bool,
    payload: Bytes,
}

/// A pointer to a [`Record`], as Steam hands over pointers to its messages.
#[derive(Clone, Debug)]
pub struct NullMessage(Rc<Record>);

impl Message for NullMessage {
    fn connection(&self) -> ConnectionHandle {
        self.0.connection
    }

    fn token(&self) -> Token {
        self.0.token.get()
    }

    fn lane(&self) -> u8 {
        self.0.lane.get()
    }

    fn number(&self) -> i64 {
        self.0.number.get()
    }

    fn is_reliable(&self) -> bool {
        self.0.reliable
    }

    fn payload(&self) -> &[u8] {
        &self.0.payload
    }
}

/// Takes every message and forgets it; brings what [`Arrivals::arrive`] has laid out.
#[derive(Debug, Default)]
pub struct NullTransport {
    statuses: VecDeque<StatusChange>,
    inbox: Rc<RefCell<VecDeque<NullMessage>>>,
    tokens: Vec<Token>,
    sent: i64,
}

impl NullTransport {
    /// A transport on which `peers` users ask to connect at once.
    pub fn with_requests(peers: u32) -> Self {
        let mut transport = Self::default();
        for peer in 0..peers {
            transport.tokens.push(Token::NONE);
            transport.tell(ConnectionHandle(peer + 1), ConnectionState::Requested);
        }
        transport
    }

    fn tell(&mut self, connection: ConnectionHandle, state: ConnectionState) {
        let remote = SteamId(u64::from(connection.0) + 1000);
        self.statuses.push_back(StatusChange { connection, token: Token::NONE, remote, state });
    }

    fn token(&self, connection: ConnectionHandle) -> Token {
        self.tokens[connection.0 as usize - 1]
    }

    /// How many messages were sent.
    pub fn sent(&self) -> i64 {
        self.sent
    }

    /// Where messages wait to be received.
    pub fn inbox(&self) -> Rc<RefCell<VecDeque<NullMessage>>> {
        Rc::clone(&self.inbox)
    }
}

/// Messages of `count` packets, from the peers in turn, on `lane`: laid out once, delivered as often as wanted.
#[derive(Debug)]
pub struct Arrivals {
    messages: Vec<NullMessage>,
    number: i64,
    inbox: Rc<RefCell<VecDeque<NullMessage>>>,
}

impl Arrivals {
    /// Lays them out, for a session over a [`NullTransport`] with so many peers.
    pub fn new(session: &Session<NullTransport>, peers: u32, count: usize, payload: &[u8], lane: u8) -> Self {
        let transport = session.transport();
        let payload = Bytes::copy_from_slice(payload);
        let messages = (1..=peers)
            .cycle()
            .take(count)
            .map(|peer| {
                let connection = ConnectionHandle(peer);
                NullMessage(Rc::new(Record {
                    connection,
                    token: Cell::new(transport.token(connection)),
                    lane: Cell::new(lane),
                    number: Cell::new(0),
                    // The first lane of a channel is its reliable one.
                    reliable: lane % 3 == 1,
                    payload: payload.clone(),
                }))
            })
            .collect();
        Self { messages, number: 0, inbox: transport.inbox() }
    }

    /// Has them come in (once more), under new numbers.
    pub fn arrive(&mut self) {
        let mut inbox = self.inbox.borrow_mut();
        for message in &self.messages {
            self.number += 1;
            message.0.number.set(self.number);
            inbox.push_back(message.clone());
        }
    }
}

impl Transport for NullTransport {
    type Message = NullMessage;

    fn local_steam_id(&self) -> Option<SteamId> {
        Some(SteamId(1))
    }

    fn listen(&mut self, _port: VirtualPort) -> Result<ListenHandle, TransportError> {
        Ok(ListenHandle(1))
    }

    fn close_listen(&mut self, _listen: ListenHandle) {}

    fn connect(&mut self, _: SteamId, _: VirtualPort, _: Token) -> Result<ConnectionHandle, TransportError> {
        Err(TransportError::Refused("nobody can be dialled here".to_owned()))
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        self.tokens[connection.0 as usize - 1] = token;
        self.tell(connection, ConnectionState::Connected);
        let (peer_id, nonce) = (connection.0 + 1, u64::from(connection.0));
        let hello = Hello { features: Features::empty(), peer_id, nonce, match_id: None };
        self.inbox.borrow_mut().push_back(NullMessage(Rc::new(Record {
            connection,
            token: Cell::new(token),
            lane: Cell::new(0),
            number: Cell::new(1),
            reliable: true,
            payload: hello.encode(),
        })));
        Ok(())
    }

    fn close(&mut self, _: ConnectionHandle, _: peer_core::EndReason, _: &str) {}

    fn configure_lanes(&mut self, _: ConnectionHandle, _: &[LaneConfig]) -> Result<(), TransportError> {
        Ok(())
    }

    fn set_send_rate(&mut self, _: ConnectionHandle, _: usize) -> bool {
        false
    }

    fn send_buffer_bytes(&self, _: ConnectionHandle) -> Option<u32> {
        None
    }

    fn set_paused(&mut self, _: ConnectionHandle, _: bool) {}

    fn detach(&mut self, connection: ConnectionHandle) {
        self.tokens[connection.0 as usize - 1] = Token::NONE;
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        for _ in batch.messages {
            self.sent += 1;
            results.push(SendResult(self.sent));
        }
    }

    fn receive(&mut self, messages: &mut Vec<NullMessage>, max: usize) -> usize {
        let mut inbox = self.inbox.borrow_mut();
        let count = inbox.len().min(max);
        messages.extend(inbox.drain(..count));
        count
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        self.statuses.pop_front()
    }

    fn real_time_status(&self, _: ConnectionHandle, _: &mut [LaneStatus]) -> Option<RealTimeStatus> {
        None
    }
}

/// A host to which `peers` clients are connected.
///
/// # Panics
/// If they are not.
pub fn host_with_peers(peers: u32) -> Session<NullTransport> {
    let mut session = Session::new(NullTransport::with_requests(peers), 1);
    session.create_host(VirtualPort(0), Time::ZERO).expect("nothing is in use");
    for frame in 1..4 {
        session.poll(Time::from_micros(frame));
        while session.next_event().is_some() {}
    }
    assert_eq!(session.peers().len(), peers as usize, "everyone has joined");
    session
}
