//! The transport of another process, as if it were here.

use std::cell::RefCell;
use std::rc::Rc;

use local_steam_harness::{Network, Process};
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, LaneConfig, LaneStatus, ListenHandle, Message,
    RealTimeStatus, SendResult, StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};
use serde::de::DeserializeOwned;

use crate::worker::{
    Call, CallError, OneLaneStatus, ReceivedMessage, SentMessage, State, Status, TransportCall,
};

/// A transport whose calls are made in another process. Dropping its last one ends the process.
pub(crate) struct RemoteTransport {
    pub(crate) process: Rc<RefCell<Process>>,
    /// Which one of the process it is; the first is 0.
    number: usize,
}

/// Has a process make a call; its answer, or `None` if it has been killed.
pub(crate) fn ask<A: DeserializeOwned>(process: &RefCell<Process>, call: &Call) -> Option<A> {
    let mut process = process.borrow_mut();
    process.try_tell(&serde_json::to_string(call).expect("a call")).ok()?;
    Some(serde_json::from_str(&process.line("an answer")).expect("an answer"))
}

/// A message that was received there.
pub(crate) type RemoteMessage = ReceivedMessage;

impl Message for RemoteMessage {
    fn connection(&self) -> ConnectionHandle {
        ConnectionHandle(self.connection)
    }

    fn token(&self) -> Token {
        Token(self.token)
    }

    fn lane(&self) -> u8 {
        self.lane
    }

    fn number(&self) -> i64 {
        self.number
    }

    fn is_reliable(&self) -> bool {
        self.is_reliable
    }

    fn payload(&self) -> &[u8] {
        &self.payload
    }
}

impl RemoteTransport {
    /// The first transport of a new process.
    pub(crate) fn start(network: &Network, account: u32) -> Self {
        let process = network.start("worker::run", account);
        Self { process: Rc::new(RefCell::new(process)), number: 0 }
    }

    /// A further transport of the same process.
    pub(crate) fn sibling(&self) -> Self {
        let number = ask(&self.process, &Call::OpenTransport).expect("a process that runs");
        Self { process: Rc::clone(&self.process), number }
    }

    fn ask<A: DeserializeOwned>(&self, call: TransportCall) -> Option<A> {
        ask(&self.process, &Call::Transport(self.number, call))
    }

    fn ask_for_result<A: DeserializeOwned>(&self, call: TransportCall) -> Result<A, TransportError> {
        let result: Result<A, CallError> = self.ask(call).ok_or(TransportError::Unavailable)?;
        result.map_err(|error| match error {
            CallError::Unavailable => TransportError::Unavailable,
            CallError::Draining => TransportError::Draining,
            CallError::Refused(text) => TransportError::Refused(text),
        })
    }
}

impl Drop for RemoteTransport {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // A killed process has none left. One that ends checks that nothing of Steam's is left.
        if ask(&self.process, &Call::DropTransport(self.number)) == Some(0) {
            self.process.borrow_mut().ends_well();
        }
    }
}

impl Transport for RemoteTransport {
    type Message = RemoteMessage;

    fn local_steam_id(&self) -> Option<SteamId> {
        self.ask::<Option<u64>>(TransportCall::LocalSteamId)?.map(SteamId)
    }

    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError> {
        self.ask_for_result(TransportCall::Listen(port.0)).map(ListenHandle)
    }

    fn close_listen(&mut self, listen: ListenHandle) {
        self.ask::<()>(TransportCall::CloseListen(listen.0));
    }

    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let call = TransportCall::Connect { peer: peer.0, port: port.0, token: token.0 };
        self.ask_for_result(call).map(ConnectionHandle)
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        self.ask_for_result(TransportCall::Accept { connection: connection.0, token: token.0 })
    }

    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str) {
        let message = message.to_owned();
        self.ask::<()>(TransportCall::Close { connection: connection.0, reason: reason.code(), message });
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        let lanes = lanes.iter().map(|lane| (lane.priority, lane.weight)).collect();
        self.ask_for_result(TransportCall::ConfigureLanes { connection: connection.0, lanes })
    }

    fn set_send_rate(&mut self, connection: ConnectionHandle, bytes_per_second: usize) -> bool {
        let call = TransportCall::SetSendRate { connection: connection.0, bytes_per_second };
        self.ask(call).unwrap_or(false)
    }

    fn send_buffer_bytes(&self, connection: ConnectionHandle) -> Option<u32> {
        self.ask::<Option<u32>>(TransportCall::SendBufferBytes(connection.0))?
    }

    fn set_paused(&mut self, connection: ConnectionHandle, paused: bool) {
        self.ask::<()>(TransportCall::SetPaused { connection: connection.0, paused });
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        self.ask::<()>(TransportCall::Detach(connection.0));
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let messages = batch.messages.iter().map(|message| SentMessage {
            connection: message.connection.0,
            payload: message.payload,
            lane: message.lane.get(),
            flags: message.flags.bits(),
        });
        let payloads = batch.payloads.iter().map(|payload| payload.to_vec()).collect();
        match self.ask::<Vec<i64>>(TransportCall::Send { payloads, messages: messages.collect() }) {
            Some(answers) => results.extend(answers.into_iter().map(SendResult)),
            None => results.extend(batch.messages.iter().map(|_| SendResult::INVALID_PARAM)),
        }
    }

    fn receive(&mut self, messages: &mut Vec<RemoteMessage>, max: usize) -> usize {
        let received: Vec<_> = self.ask(TransportCall::Receive(max)).unwrap_or_default();
        let count = received.len();
        messages.extend(received);
        count
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        let change: Option<(u32, u32, u64, State)> = self.ask(TransportCall::NextStatus)?;
        let (connection, token, remote, state) = change?;
        let state = match state {
            State::Requested => ConnectionState::Requested,
            State::Connected => ConnectionState::Connected,
            State::ClosedByPeer(code, message) => {
                ConnectionState::ClosedByPeer { reason: EndReason::from_code(code), message }
            }
            State::ProblemDetectedLocally(code, message) => {
                ConnectionState::ProblemDetectedLocally { reason: EndReason::from_code(code), message }
            }
        };
        let connection = ConnectionHandle(connection);
        Some(StatusChange { connection, token: Token(token), remote: SteamId(remote), state })
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        let call = TransportCall::RealTimeStatus { connection: connection.0, lanes: lanes.len() };
        let (status, lane_statuses): (Status, Vec<OneLaneStatus>) = self.ask::<Option<_>>(call)??;
        for (lane, (pending, queue_time_us)) in lanes.iter_mut().zip(lane_statuses) {
            let [pending_unreliable, pending_reliable, sent_unacked_reliable] = pending;
            *lane = LaneStatus { pending_unreliable, pending_reliable, sent_unacked_reliable, queue_time_us };
        }
        let (ping_ms, qualities, rates, send_rate_bytes_per_sec, pending, queue_time_us) = status;
        Some(RealTimeStatus {
            ping_ms,
            quality_local: qualities[0],
            quality_remote: qualities[1],
            out_packets_per_sec: rates[0],
            out_bytes_per_sec: rates[1],
            in_packets_per_sec: rates[2],
            in_bytes_per_sec: rates[3],
            send_rate_bytes_per_sec,
            pending_unreliable: pending[0],
            pending_reliable: pending[1],
            sent_unacked_reliable: pending[2],
            queue_time_us,
        })
    }
}
