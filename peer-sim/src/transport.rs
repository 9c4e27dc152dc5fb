//! The transport that a session drives.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use peer_core::{
    Batch, ConnectionHandle, EndReason, LaneConfig, LaneStatus, ListenHandle, Outgoing, RealTimeStatus,
    SendResult, StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};

use crate::message::SimMessage;
use crate::process::EndpointId;
use crate::state::State;

/// What a session has asked of its transport.
#[derive(Debug)]
pub enum Asked<'a> {
    /// To dial.
    Dial,
    /// To accept a request.
    Accept,
    /// To configure lanes.
    ConfigureLanes,
    /// To send a batch: what became of each message, and which user it was for.
    Send(Batch<'a>, &'a [SendResult], &'a [Option<SteamId>]),
}

type Watch = Box<dyn FnMut(Asked<'_>)>;

/// A [`Transport`] of one process on a [`Network`](crate::Network).
///
/// Dropping the last one of a process is its exit: what is still open ends without a goodbye. After
/// [`Network::kill`](crate::Network::kill) it is without Steam: every call fails, and dropping it does nothing more.
/// Handles are never used twice on a network, and one of another transport is as unknown as one that never was.
pub struct SimTransport {
    state: Rc<RefCell<State>>,
    id: EndpointId,
    steam_id: SteamId,
    watch: Option<Watch>,
}

impl SimTransport {
    pub(crate) fn new(state: Rc<RefCell<State>>, id: EndpointId, steam_id: SteamId) -> Self {
        Self { state, id, steam_id, watch: None }
    }

    /// The user that the process runs as; unlike [`Transport::local_steam_id`] known after a kill, too.
    pub fn steam_id(&self) -> SteamId {
        self.steam_id
    }

    /// A further transport of the same process, as for a second session in it.
    #[must_use = "dropping it at once does nothing"]
    pub fn sibling(&self) -> Self {
        let mut state = self.state.borrow_mut();
        let process = state.processes[self.id].process;
        let id = state.processes.add_endpoint(process);
        drop(state);
        Self::new(Rc::clone(&self.state), id, self.steam_id)
    }

    /// Has `watch` see everything that the session asks of this transport.
    #[must_use]
    pub fn watched(self, watch: impl FnMut(Asked<'_>) + 'static) -> Self {
        let mut watched = self;
        watched.watch = Some(Box::new(watch));
        watched
    }

    fn asked(&mut self, asked: Asked<'_>) {
        if let Some(watch) = &mut self.watch {
            watch(asked);
        }
    }

    /// Whether the process lives.
    pub fn is_alive(&self) -> bool {
        self.state.borrow().processes[self.id].alive
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
        self.state.borrow_mut().processes.listen(self.id, port)
    }

    fn close_listen(&mut self, listen: ListenHandle) {
        self.state.borrow_mut().connections().close_listen(self.id, listen);
    }

    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        self.check_alive()?;
        let connection = self.state.borrow_mut().connections().connect(self.id, peer, port, token)?;
        self.asked(Asked::Dial);
        Ok(connection)
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        self.check_alive()?;
        self.asked(Asked::Accept);
        self.state.borrow_mut().connections().accept(self.id, connection, token)
    }

    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str) {
        self.state.borrow_mut().connections().close(self.id, connection, reason, message);
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        self.asked(Asked::ConfigureLanes);
        let mut state = self.state.borrow_mut();
        let mut connections = state.connections();
        let half = connections
            .open_half(self.id, connection)
            .ok_or_else(|| TransportError::Refused("no such connection".to_owned()))?;
        half.sender.configure(lanes).map_err(|text| TransportError::Refused(text.to_owned()))
    }

    fn set_send_rate(&mut self, connection: ConnectionHandle, bytes_per_second: usize) -> bool {
        let mut state = self.state.borrow_mut();
        let mut connections = state.connections();
        let Some(half) = connections.open_half(self.id, connection) else { return false };
        half.send_rate = Some(bytes_per_second.max(1) as u64);
        true
    }

    fn send_buffer_bytes(&self, connection: ConnectionHandle) -> Option<u32> {
        self.state.borrow_mut().connections().send_buffer_bytes(self.id, connection)
    }

    fn set_paused(&mut self, connection: ConnectionHandle, paused: bool) {
        self.state.borrow_mut().connections().set_paused(self.id, connection, paused);
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        if let Some(half) = self.state.borrow_mut().connections().open_half(self.id, connection) {
            half.token = Token::NONE;
        }
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let before = results.len();
        let mut state = self.state.borrow_mut();
        state.connections().send(self.id, batch, results);
        if let Some(watch) = &mut self.watch {
            let remote = |message: &Outgoing| Some(state.halves.get(message.connection)?.remote);
            let remotes: Vec<_> = batch.messages.iter().map(remote).collect();
            watch(Asked::Send(batch, &results[before..], &remotes));
        }
    }

    fn receive(&mut self, messages: &mut Vec<SimMessage>, max: usize) -> usize {
        self.state.borrow_mut().connections().receive(self.id, messages, max)
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        let state = &mut *self.state.borrow_mut();
        let now = state.env.now;
        state.processes[self.id].statuses.pop_front_if(|(from, _)| *from <= now).map(|(_, change)| change)
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        self.state.borrow_mut().connections().real_time_status(self.id, connection, lanes)
    }
}
