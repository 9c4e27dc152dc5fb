//! The transport of another process, as if it were here.

use std::cell::RefCell;
use std::rc::Rc;

use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, LaneConfig, LaneStatus, ListenHandle, Message,
    RealTimeStatus, SendResult, StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};

use crate::codec::{Reader, Writer};
use crate::process::Process;
use crate::puppet::call;

/// A transport whose calls are made in another process. Dropping its last one ends the process.
pub(crate) struct RemoteTransport {
    pub(crate) process: Rc<RefCell<Process>>,
    /// Which one of the process it is; the first is 0.
    pub(crate) number: u8,
}

/// A message that was received there.
#[derive(Debug)]
pub(crate) struct RemoteMessage {
    connection: ConnectionHandle,
    token: Token,
    lane: u8,
    number: i64,
    is_reliable: bool,
    payload: Vec<u8>,
}

impl Message for RemoteMessage {
    fn connection(&self) -> ConnectionHandle {
        self.connection
    }

    fn token(&self) -> Token {
        self.token
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
    /// A further transport of the same process.
    pub(crate) fn sibling(&self) -> Self {
        let mut answer = self.ask(&self.request(call::OPEN_TRANSPORT)).expect("a process that runs");
        Self { process: Rc::clone(&self.process), number: answer.u8() }
    }

    fn request(&self, call: u8) -> Writer {
        let mut request = Writer::default();
        request.u8(call).u8(self.number);
        request
    }

    fn ask(&self, request: &Writer) -> Option<Reader> {
        self.process.borrow_mut().ask(request)
    }

    fn ask_for_result(&self, request: &Writer) -> Result<u32, TransportError> {
        let mut answer = self.ask(request).ok_or(TransportError::Unavailable)?;
        match answer.u8() {
            0 => Ok(answer.u32()),
            1 => Err(TransportError::Unavailable),
            3 => Err(TransportError::Draining),
            _ => Err(TransportError::Refused(answer.text())),
        }
    }
}

impl Drop for RemoteTransport {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let left = self.ask(&self.request(call::DROP_TRANSPORT)).map_or(0, |mut answer| answer.u8());
        if left == 0 {
            self.process.borrow_mut().quit();
        }
    }
}

impl Transport for RemoteTransport {
    type Message = RemoteMessage;

    fn local_steam_id(&self) -> Option<SteamId> {
        let id = self.ask(&self.request(call::LOCAL_STEAM_ID))?.u64();
        (id != 0).then_some(SteamId(id))
    }

    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError> {
        self.ask_for_result(self.request(call::LISTEN).i32(port.0)).map(ListenHandle)
    }

    fn close_listen(&mut self, listen: ListenHandle) {
        self.ask(self.request(call::CLOSE_LISTEN).u32(listen.0));
    }

    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let mut request = self.request(call::CONNECT);
        self.ask_for_result(request.u64(peer.0).i32(port.0).u32(token.0)).map(ConnectionHandle)
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        self.ask_for_result(self.request(call::ACCEPT).u32(connection.0).u32(token.0)).map(|_| ())
    }

    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str) {
        let mut request = self.request(call::CLOSE);
        request.u32(connection.0).u32(reason.code()).bytes(message.as_bytes());
        self.ask(&request);
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        let mut request = self.request(call::CONFIGURE_LANES);
        request.u32(connection.0).u32(lanes.len().try_into().expect("a few lanes"));
        for lane in lanes {
            request.i32(lane.priority).u16(lane.weight);
        }
        self.ask_for_result(&request).map(|_| ())
    }

    fn set_send_rate(&mut self, connection: ConnectionHandle, bytes_per_second: usize) -> bool {
        let mut request = self.request(call::SET_SEND_RATE);
        request.u32(connection.0).u64(bytes_per_second as u64);
        self.ask(&request).is_some_and(|mut answer| answer.bool())
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        self.ask(self.request(call::DETACH).u32(connection.0));
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let mut request = self.request(call::SEND);
        request.u32(batch.payloads.len().try_into().expect("a batch"));
        for payload in batch.payloads {
            request.bytes(payload);
        }
        request.u32(batch.messages.len().try_into().expect("a batch"));
        for message in batch.messages {
            request
                .u32(message.connection.0)
                .u32(message.payload)
                .u8(message.lane.get())
                .u8(message.flags.bits());
        }
        match self.ask(&request) {
            Some(mut answer) => results.extend(batch.messages.iter().map(|_| SendResult(answer.i64()))),
            None => results.extend(batch.messages.iter().map(|_| SendResult::INVALID_PARAM)),
        }
    }

    fn receive(&mut self, messages: &mut Vec<RemoteMessage>, max: usize) -> usize {
        let Some(mut answer) = self.ask(self.request(call::RECEIVE).u64(max as u64)) else { return 0 };
        let count = answer.u32() as usize;
        messages.extend((0..count).map(|_| RemoteMessage {
            connection: ConnectionHandle(answer.u32()),
            token: Token(answer.u32()),
            lane: answer.u8(),
            number: answer.i64(),
            is_reliable: answer.bool(),
            payload: answer.bytes(),
        }));
        count
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        let mut answer = self.ask(&self.request(call::NEXT_STATUS))?;
        if !answer.bool() {
            return None;
        }
        let (connection, token) = (ConnectionHandle(answer.u32()), Token(answer.u32()));
        let remote = SteamId(answer.u64());
        let words = |answer: &mut Reader| (EndReason::from_code(answer.u32()), answer.text());
        let state = match answer.u8() {
            0 => ConnectionState::Requested,
            1 => ConnectionState::Connected,
            2 => {
                let (reason, message) = words(&mut answer);
                ConnectionState::ClosedByPeer { reason, message }
            }
            _ => {
                let (reason, message) = words(&mut answer);
                ConnectionState::ProblemDetectedLocally { reason, message }
            }
        };
        Some(StatusChange { connection, token, remote, state })
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        let mut request = self.request(call::REAL_TIME_STATUS);
        request.u32(connection.0).u32(lanes.len().try_into().expect("a few lanes"));
        let mut answer = self.ask(&request)?;
        if !answer.bool() {
            return None;
        }
        let status = RealTimeStatus {
            ping_ms: answer.i32(),
            quality_local: answer.f32(),
            quality_remote: answer.f32(),
            out_packets_per_sec: answer.f32(),
            out_bytes_per_sec: answer.f32(),
            in_packets_per_sec: answer.f32(),
            in_bytes_per_sec: answer.f32(),
            send_rate_bytes_per_sec: answer.i32(),
            pending_unreliable: answer.i32(),
            pending_reliable: answer.i32(),
            sent_unacked_reliable: answer.i32(),
            queue_time_us: answer.i64(),
        };
        for lane in lanes {
            *lane = LaneStatus {
                pending_unreliable: answer.i32(),
                pending_reliable: answer.i32(),
                sent_unacked_reliable: answer.i32(),
                queue_time_us: answer.i64(),
            };
        }
        Some(status)
    }
}
