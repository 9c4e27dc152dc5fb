//! The transport that a session drives.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use peer_core::{
    Batch, ConnectionHandle, EndReason, LaneConfig, LaneStatus, ListenHandle, RealTimeStatus, SendResult,
    StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};

use crate::message::SimMessage;
use crate::process::EndpointId;
use crate::state::State;

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
        let process = state.processes[self.id].process;
        let id = state.processes.add_endpoint(process);
        drop(state);
        Self::new(Rc::clone(&self.state), id, self.steam_id)
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
        self.state.borrow_mut().connections().connect(self.id, peer, port, token)
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        self.check_alive()?;
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
        self.state.borrow_mut().connections().send(self.id, batch, results);
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
