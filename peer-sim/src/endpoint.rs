//! The transport that a session drives, and what it holds.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::rc::Rc;

use peer_core::{
    Batch, ConnectionHandle, EndReason, LaneConfig, LaneStatus, ListenHandle, RealTimeStatus, SendResult,
    StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};

use crate::counters::LiveCount;
use crate::message::SimMessage;
use crate::network::State;
use crate::process::ProcessId;

/// One transport among all that ever were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndpointId(pub(crate) usize);

/// What a transport holds.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) process: ProcessId,
    pub(crate) steam_id: SteamId,
    pub(crate) alive: bool,
    pub(crate) connections: BTreeSet<ConnectionHandle>,
    pub(crate) statuses: VecDeque<StatusChange>,
    /// One entry a message, in the order of their coming: the connection on which the oldest unread one waits.
    pub(crate) inbox: VecDeque<ConnectionHandle>,
    pub(crate) unread: usize,
    pub(crate) live: Rc<LiveCount>,
}

impl Endpoint {
    pub(crate) fn new(process: ProcessId, steam_id: SteamId, alive: bool) -> Self {
        Self {
            process,
            steam_id,
            alive,
            connections: BTreeSet::new(),
            statuses: VecDeque::new(),
            inbox: VecDeque::new(),
            unread: 0,
            live: Rc::default(),
        }
    }

    /// It is gone, and nothing waits for it any more.
    pub(crate) fn end(&mut self) {
        self.alive = false;
        self.statuses.clear();
        self.inbox.clear();
    }
}

/// A [`Transport`] of one process on a [`Network`](crate::Network).
///
/// Dropping the last one of a process is its exit: what is still open ends without a goodbye. After
/// [`Network::kill`](crate::Network::kill) it is without Steam: every call fails, and dropping it does nothing more.
/// Handles are never used twice on a network, and one of another transport is as unknown as one that never was.
pub struct SimTransport {
    state: Rc<RefCell<State>>,
    id: EndpointId,
    steam_id: SteamId,
}

impl SimTransport {
    pub(crate) fn new(state: Rc<RefCell<State>>, id: EndpointId, steam_id: SteamId) -> Self {
        Self { state, id, steam_id }
    }

    /// The user that the process runs as; unlike [`Transport::local_steam_id`] known after a kill, too.
    pub fn steam_id(&self) -> SteamId {
        self.steam_id
    }

    /// A further transport of the same process, as for a second session in it.
    #[must_use = "dropping it at once does nothing"]
    pub fn sibling(&self) -> Self {
        let mut state = self.state.borrow_mut();
        let process = state.endpoints[self.id.0].process;
        let id = state.add_transport(process);
        drop(state);
        Self::new(Rc::clone(&self.state), id, self.steam_id)
    }

    /// Whether the process lives.
    pub fn is_alive(&self) -> bool {
        self.state.borrow().endpoints[self.id.0].alive
    }

    pub(crate) fn state(&self) -> &Rc<RefCell<State>> {
        &self.state
    }

    pub(crate) fn id(&self) -> EndpointId {
        self.id
    }

    fn check_alive(&self) -> Result<(), TransportError> {
        if self.is_alive() { Ok(()) } else { Err(TransportError::Unavailable) }
    }
}

impl fmt::Debug for SimTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimTransport").field("steam_id", &self.steam_id).finish_non_exhaustive()
    }
}

impl Drop for SimTransport {
    fn drop(&mut self) {
        // A panic may unwind through here while the network is borrowed.
        if let Ok(mut state) = self.state.try_borrow_mut() {
            state.end_transport(self.id);
        }
    }
}

impl Transport for SimTransport {
    type Message = SimMessage;

    fn local_steam_id(&self) -> Option<SteamId> {
        self.is_alive().then_some(self.steam_id)
    }

    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError> {
        self.check_alive()?;
        self.state.borrow_mut().listen(self.id, port)
    }

    fn close_listen(&mut self, listen: ListenHandle) {
        self.state.borrow_mut().close_listen(self.id, listen);
    }

    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        self.check_alive()?;
        self.state.borrow_mut().connect(self.id, peer, port, token)
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        self.check_alive()?;
        self.state.borrow_mut().accept(self.id, connection, token)
    }

    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str) {
        self.state.borrow_mut().close(self.id, connection, reason, message);
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        let mut state = self.state.borrow_mut();
        let half = state
            .open_half(self.id, connection)
            .ok_or_else(|| TransportError::Refused("no such connection".to_owned()))?;
        half.sender.configure(lanes).map_err(|text| TransportError::Refused(text.to_owned()))
    }

    fn set_send_rate(&mut self, _: ConnectionHandle, _: usize) -> bool {
        false
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        if let Some(half) = self.state.borrow_mut().open_half(self.id, connection) {
            half.token = Token::NONE;
        }
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        self.state.borrow_mut().send(self.id, batch, results);
    }

    fn receive(&mut self, messages: &mut Vec<SimMessage>, max: usize) -> usize {
        self.state.borrow_mut().receive(self.id, messages, max)
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        self.state.borrow_mut().endpoints[self.id.0].statuses.pop_front()
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        self.state.borrow().real_time_status(self.id, connection, lanes)
    }
}
