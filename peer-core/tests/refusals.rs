//! Transports that turn calls down: whatever they say, every handle that was given out is closed.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use peer_core::limits::{HOST_DIAL_TIMEOUT, LOSS_REPORT_TIMEOUT, MAX_REDIAL};
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, Event, LaneConfig, LaneStatus, ListenHandle,
    Message, RealTimeStatus, SendResult, Session, Status, StatusChange, SteamId, Time, Token, Transport,
    TransportError, VirtualPort,
};

/// No message ever comes.
#[derive(Debug)]
enum Nothing {}

impl Message for Nothing {
    fn connection(&self) -> ConnectionHandle {
        match *self {}
    }

    fn token(&self) -> Token {
        match *self {}
    }

    fn lane(&self) -> u8 {
        match *self {}
    }

    fn number(&self) -> i64 {
        match *self {}
    }

    fn is_reliable(&self) -> bool {
        match *self {}
    }

    fn payload(&self) -> &[u8] {
        match *self {}
    }
}

/// Brings requests, and refuses to accept them, or to send on them, or to give them lanes.
#[derive(Clone, Default)]
struct Contrary {
    statuses: Rc<RefCell<VecDeque<StatusChange>>>,
    open: Rc<RefCell<BTreeSet<u32>>>,
    accepts: bool,
    /// Takes messages, and never says that they were acknowledged.
    keeps: bool,
}

impl Contrary {
    fn tell(&self, connection: u32, state: ConnectionState) {
        self.tell_of(SteamId(u64::from(connection) + 100), connection, state);
    }

    fn tell_of(&self, remote: SteamId, connection: u32, state: ConnectionState) {
        if state == ConnectionState::Requested {
            self.open.borrow_mut().insert(connection);
        }
        let connection = ConnectionHandle(connection);
        self.statuses.borrow_mut().push_back(StatusChange { connection, token: Token::NONE, remote, state });
    }
}

impl Transport for Contrary {
    type Message = Nothing;

    fn local_steam_id(&self) -> Option<SteamId> {
        Some(SteamId(1))
    }

    fn listen(&mut self, _: VirtualPort) -> Result<ListenHandle, TransportError> {
        Ok(ListenHandle(1))
    }

    fn close_listen(&mut self, _: ListenHandle) {}

    fn connect(&mut self, _: SteamId, _: VirtualPort, _: Token) -> Result<ConnectionHandle, TransportError> {
        self.open.borrow_mut().insert(99);
        Ok(ConnectionHandle(99))
    }

    fn accept(&mut self, _: ConnectionHandle, _: Token) -> Result<(), TransportError> {
        if self.accepts { Ok(()) } else { Err(TransportError::Refused("it has gone".to_owned())) }
    }

    fn close(&mut self, connection: ConnectionHandle, _: EndReason, _: &str) {
        assert!(self.open.borrow_mut().remove(&connection.0), "closed twice, or never open");
    }

    fn configure_lanes(&mut self, _: ConnectionHandle, _: &[LaneConfig]) -> Result<(), TransportError> {
        Err(TransportError::Unavailable)
    }

    fn set_send_rate(&mut self, _: ConnectionHandle, _: usize) -> bool {
        false
    }

    fn send_buffer_bytes(&self, _: ConnectionHandle) -> Option<u32> {
        None
    }

    fn set_paused(&mut self, _: ConnectionHandle, _: bool) {}

    fn detach(&mut self, _: ConnectionHandle) {}

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let result = if self.keeps { SendResult(1) } else { SendResult::INVALID_STATE };
        results.extend(batch.messages.iter().map(|_| result));
    }

    fn receive(&mut self, _: &mut Vec<Nothing>, _: usize) -> usize {
        0
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        self.statuses.borrow_mut().pop_front()
    }

    fn real_time_status(&self, _: ConnectionHandle, _: &mut [LaneStatus]) -> Option<RealTimeStatus> {
        self.keeps.then(|| RealTimeStatus { sent_unacked_reliable: 1, ..RealTimeStatus::default() })
    }
}

#[test]
fn a_request_that_cannot_be_accepted_is_closed() {
    let network = Contrary::default();
    let mut host = Session::new(network.clone(), 1);
    host.create_host(VirtualPort(0), Time::ZERO).unwrap();
    for connection in 1..=3 {
        network.tell(connection, ConnectionState::Requested);
    }
    host.poll(Time::ZERO);
    assert!(network.open.borrow().is_empty());
    let events = std::iter::from_fn(|| host.next_event());
    assert!(events.into_iter().all(|event| matches!(event, Event::ConnectionEnded { peer: None, .. })));
    assert!(host.peers().is_empty());
}

#[test]
fn a_connection_that_cannot_be_sent_on_is_closed() {
    let network = Contrary { accepts: true, ..Contrary::default() };
    let mut host = Session::new(network.clone(), 1);
    host.create_host(VirtualPort(0), Time::ZERO).unwrap();
    network.tell(1, ConnectionState::Requested);
    network.tell(1, ConnectionState::Connected);
    host.poll(Time::ZERO);
    // Steam has a while to report why.
    host.poll(Time::ZERO + LOSS_REPORT_TIMEOUT);
    assert!(network.open.borrow().is_empty());
    assert!(host.peers().is_empty());
}

#[test]
fn our_own_user_is_refused_as_a_peer() {
    let network = Contrary { accepts: true, ..Contrary::default() };
    let mut host = Session::new(network.clone(), 1);
    host.create_host(VirtualPort(0), Time::ZERO).unwrap();
    network.tell_of(SteamId(1), 7, ConnectionState::Requested);
    host.poll(Time::ZERO);
    assert!(network.open.borrow().is_empty());
}

#[test]
fn a_client_whose_host_cannot_be_accepted_dials_on_and_is_disconnected_at_last() {
    let network = Contrary::default();
    let mut client = Session::new(network.clone(), 1);
    let host = SteamId(107);
    client.create_client(host, VirtualPort(0), Time::ZERO).unwrap();
    let reason = EndReason::Other(peer_core::STEAM_BAD_CERTIFICATE);
    let mut lasted = Duration::ZERO;
    while client.status() == Status::Connecting && lasted < Duration::from_mins(1) {
        lasted += Duration::from_millis(100);
        // The dial waits to be made again, the host asks meanwhile, and is gone when it is to be accepted.
        if network.open.borrow().contains(&99) {
            let failed = ConnectionState::ProblemDetectedLocally { reason, message: String::new() };
            network.tell_of(host, 99, failed);
        } else {
            network.tell(7, ConnectionState::Requested);
        }
        client.poll(Time::ZERO + lasted);
        while client.next_event().is_some() {}
    }
    assert_eq!(client.status(), Status::Disconnected);
    assert!(lasted >= HOST_DIAL_TIMEOUT && lasted < HOST_DIAL_TIMEOUT + MAX_REDIAL, "{lasted:?}");
    assert!(network.open.borrow().is_empty());
}

#[test]
fn a_stale_request_leaves_a_closing_connection_alone() {
    let network = Contrary { accepts: true, keeps: true, ..Contrary::default() };
    let mut host = Session::new(network.clone(), 1);
    host.create_host(VirtualPort(0), Time::ZERO).unwrap();
    network.tell(1, ConnectionState::Requested);
    network.tell(1, ConnectionState::Connected);
    host.poll(Time::ZERO);
    host.close(Time::ZERO);
    assert!(host.is_draining());
    // Reported again, late: the handle still drains, and is closed once, when that is done.
    network.tell(1, ConnectionState::Requested);
    host.poll(Time::ZERO);
    assert!(host.is_draining() && network.open.borrow().contains(&1));
    drop(host);
    assert!(network.open.borrow().is_empty());
}
