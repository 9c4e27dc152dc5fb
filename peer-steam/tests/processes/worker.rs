//! A worker whose transports a test calls from outside: a call a line on stdin, its answer a line on stdout.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use bytes::Bytes;
use local_steam_harness::say;
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, Lane, LaneConfig, LaneStatus, ListenHandle, Message,
    Outgoing, SendFlags, SteamId, Token, Transport, TransportError, VirtualPort,
};
use peer_steam::{Steam, SteamTransport};
use serde::{Deserialize, Serialize};

/// A call, with the number of the transport that it is for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Call {
    /// A frame of the process: its end is answered.
    Frame,
    /// Answers the number of a further transport.
    OpenTransport,
    /// Answers how many transports are left.
    DropTransport(usize),
    Transport(usize, TransportCall),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum TransportCall {
    LocalSteamId,
    Listen(i32),
    CloseListen(u32),
    Connect { peer: u64, port: i32, token: u32 },
    Accept { connection: u32, token: u32 },
    Close { connection: u32, reason: u32, message: String },
    ConfigureLanes { connection: u32, lanes: Vec<(i32, u16)> },
    SetSendRate { connection: u32, bytes_per_second: usize },
    SendBufferBytes(u32),
    SetPaused { connection: u32, paused: bool },
    Detach(u32),
    Send { payloads: Vec<Vec<u8>>, messages: Vec<SentMessage> },
    Receive(usize),
    NextStatus,
    RealTimeStatus { connection: u32, lanes: usize },
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SentMessage {
    pub(crate) connection: u32,
    pub(crate) payload: u32,
    pub(crate) lane: u8,
    pub(crate) flags: u8,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum CallError {
    Unavailable,
    Draining,
    Refused(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReceivedMessage {
    pub(crate) connection: u32,
    pub(crate) token: u32,
    pub(crate) lane: u8,
    pub(crate) number: i64,
    pub(crate) is_reliable: bool,
    pub(crate) payload: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum State {
    Requested,
    Connected,
    ClosedByPeer(u32, String),
    ProblemDetectedLocally(u32, String),
}

/// Ping and qualities, rates each way, the send rate, what is pending, and the queue time.
pub(crate) type Status = (i32, [f32; 2], [f32; 4], i32, [i32; 3], i64);
pub(crate) type OneLaneStatus = ([i32; 3], i64);

/// The role.
pub(crate) fn run() {
    let requests = local_steam_harness::requests();
    let mut steam = Steam::init().expect("Local Steam");
    assert!(!steam.is_adopted());
    let mut transports = vec![Some(SteamTransport::new())];
    // Whether the end of a frame is still to be answered.
    let mut owes_frame = false;
    loop {
        let request = match requests.recv_timeout(Duration::from_millis(1)) {
            Err(RecvTimeoutError::Disconnected) => break,
            request => request.ok(),
        };
        steam.run_callbacks();
        if std::mem::take(&mut owes_frame) {
            say!("null");
        }
        let Some(request) = request else { continue };
        match serde_json::from_str(&request).expect("a call") {
            Call::Frame => owes_frame = true,
            Call::OpenTransport => {
                answer(transports.len());
                transports.push(Some(SteamTransport::new()));
            }
            Call::DropTransport(number) => {
                transports[number] = None;
                answer(transports.iter().flatten().count());
            }
            Call::Transport(number, call) => {
                make(transports[number].as_mut().expect("a transport that was not dropped"), call);
            }
        }
    }
    drop(transports);
    drop(steam);
    assert!(!peer_steam::is_available(), "Steam is shut down when nothing needs it any more");
    assert_eq!((peer_steam::live_messages(), peer_steam::payloads_in_flight()), (0, 0));
}

fn answer(value: impl Serialize) {
    say!("{}", serde_json::to_string(&value).expect("an answer"));
}

/// Makes a call and answers it.
fn make(transport: &mut SteamTransport, call: TransportCall) {
    match call {
        TransportCall::LocalSteamId => answer(transport.local_steam_id().map(|id| id.0)),
        TransportCall::Listen(port) => {
            answer_result(transport.listen(VirtualPort(port)).map(|listen| listen.0));
        }
        TransportCall::CloseListen(listen) => {
            transport.close_listen(ListenHandle(listen));
            answer(());
        }
        TransportCall::Connect { peer, port, token } => {
            let result = transport.connect(SteamId(peer), VirtualPort(port), Token(token));
            answer_result(result.map(|connection| connection.0));
        }
        TransportCall::Accept { connection, token } => {
            answer_result(transport.accept(ConnectionHandle(connection), Token(token)));
        }
        TransportCall::Close { connection, reason, message } => {
            transport.close(ConnectionHandle(connection), EndReason::from_code(reason), &message);
            answer(());
        }
        TransportCall::ConfigureLanes { connection, lanes } => {
            let lanes: Vec<_> =
                lanes.into_iter().map(|(priority, weight)| LaneConfig { priority, weight }).collect();
            answer_result(transport.configure_lanes(ConnectionHandle(connection), &lanes));
        }
        TransportCall::SendBufferBytes(connection) => {
            answer(transport.send_buffer_bytes(ConnectionHandle(connection)));
        }
        TransportCall::SetPaused { connection, paused } => {
            transport.set_paused(ConnectionHandle(connection), paused);
            answer(());
        }
        TransportCall::SetSendRate { connection, bytes_per_second } => {
            answer(transport.set_send_rate(ConnectionHandle(connection), bytes_per_second));
        }
        TransportCall::Detach(connection) => {
            transport.detach(ConnectionHandle(connection));
            answer(());
        }
        TransportCall::Send { payloads, messages } => {
            let payloads: Vec<_> = payloads.into_iter().map(Bytes::from).collect();
            let outgoing = |message: SentMessage| {
                let lane = Lane::new(message.lane).expect("a lane");
                let flags = SendFlags::from_bits_retain(message.flags);
                Outgoing::new(ConnectionHandle(message.connection), message.payload, lane, flags)
            };
            let messages: Vec<_> = messages.into_iter().map(outgoing).collect();
            let mut results = Vec::new();
            transport.send(Batch { payloads: &payloads, messages: &messages }, &mut results);
            answer(results.into_iter().map(|result| result.0).collect::<Vec<_>>());
        }
        TransportCall::Receive(max) => {
            let mut messages = Vec::new();
            assert_eq!(transport.receive(&mut messages, max), messages.len());
            let received = messages.iter().map(|message| ReceivedMessage {
                connection: message.connection().0,
                token: message.token().0,
                lane: message.lane(),
                number: message.number(),
                is_reliable: message.is_reliable(),
                payload: message.payload().to_vec(),
            });
            answer(received.collect::<Vec<_>>());
        }
        TransportCall::NextStatus => {
            let change = transport.next_status().map(|change| {
                let state = match change.state {
                    ConnectionState::Requested => State::Requested,
                    ConnectionState::Connected => State::Connected,
                    ConnectionState::ClosedByPeer { reason, message } => {
                        State::ClosedByPeer(reason.code(), message)
                    }
                    ConnectionState::ProblemDetectedLocally { reason, message } => {
                        State::ProblemDetectedLocally(reason.code(), message)
                    }
                };
                (change.connection.0, change.token.0, change.remote.0, state)
            });
            answer(change);
        }
        TransportCall::RealTimeStatus { connection, lanes } => {
            let mut lanes = vec![LaneStatus::default(); lanes];
            let status = transport.real_time_status(ConnectionHandle(connection), &mut lanes);
            answer(status.map(|s| {
                let qualities = [s.quality_local, s.quality_remote];
                let out = [s.out_packets_per_sec, s.out_bytes_per_sec];
                let rates = [out[0], out[1], s.in_packets_per_sec, s.in_bytes_per_sec];
                let pending = [s.pending_unreliable, s.pending_reliable, s.sent_unacked_reliable];
                let status: Status =
                    (s.ping_ms, qualities, rates, s.send_rate_bytes_per_sec, pending, s.queue_time_us);
                let lane = |lane: LaneStatus| -> OneLaneStatus {
                    let pending =
                        [lane.pending_unreliable, lane.pending_reliable, lane.sent_unacked_reliable];
                    (pending, lane.queue_time_us)
                };
                (status, lanes.into_iter().map(lane).collect::<Vec<_>>())
            }));
        }
    }
}

fn answer_result<T: Serialize>(result: Result<T, TransportError>) {
    answer(result.map_err(|error| match error {
        TransportError::Unavailable => CallError::Unavailable,
        TransportError::Draining => CallError::Draining,
        TransportError::Refused(text) => CallError::Refused(text),
    }));
}
