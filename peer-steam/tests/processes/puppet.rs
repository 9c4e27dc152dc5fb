//! A process that does what it is told: calls of a transport, one a frame on stdin, answered on stdout.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use bytes::Bytes;
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, Lane, LaneConfig, LaneStatus, ListenHandle, Message,
    Outgoing, SendFlags, StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};
use peer_steam::{Steam, SteamTransport};

use crate::codec::{Reader, Writer};

/// Set for puppets; everything else does not run one.
pub(crate) const MARK: &str = "PEER_STEAM_PUPPET";

/// The line after which answers come.
pub(crate) const READY: &str = "@puppet";

/// What a puppet can be told.
pub(crate) mod call {
    pub(crate) const LOCAL_STEAM_ID: u8 = 0;
    pub(crate) const LISTEN: u8 = 1;
    pub(crate) const CLOSE_LISTEN: u8 = 2;
    pub(crate) const CONNECT: u8 = 3;
    pub(crate) const ACCEPT: u8 = 4;
    pub(crate) const CLOSE: u8 = 5;
    pub(crate) const CONFIGURE_LANES: u8 = 6;
    pub(crate) const DETACH: u8 = 7;
    pub(crate) const SEND: u8 = 8;
    pub(crate) const RECEIVE: u8 = 9;
    pub(crate) const NEXT_STATUS: u8 = 10;
    pub(crate) const REAL_TIME_STATUS: u8 = 11;
    pub(crate) const FRAME: u8 = 12;
    pub(crate) const OPEN_TRANSPORT: u8 = 13;
    pub(crate) const DROP_TRANSPORT: u8 = 14;
    pub(crate) const SET_SEND_RATE: u8 = 15;
}

/// Not a test: a process of the tests.
#[test]
#[ignore = "a process of the tests, not a test"]
fn run() {
    if std::env::var_os(MARK).is_none() {
        return;
    }
    let (to_requests, requests) = channel();
    std::thread::spawn(move || {
        while let Ok(request) = Reader::receive(std::io::stdin().lock()) {
            if to_requests.send(request).is_err() {
                return;
            }
        }
    });
    let mut steam = Steam::init().expect("Local Steam");
    assert!(!steam.is_adopted());
    let mut transports = vec![Some(SteamTransport::new())];
    println!("\n{READY}");
    // Whether the end of a frame is still to be told.
    let mut owes_frame = false;
    loop {
        let request = match requests.recv_timeout(Duration::from_millis(1)) {
            Err(RecvTimeoutError::Disconnected) => break,
            request => request.ok(),
        };
        steam.run_callbacks();
        if std::mem::take(&mut owes_frame) {
            Writer::default().send(std::io::stdout().lock()).expect("a test that listens");
        }
        let Some(mut request) = request else { continue };
        if request.is_only(call::FRAME) {
            owes_frame = true;
        } else {
            answer(&mut transports, &mut request)
                .send(std::io::stdout().lock())
                .expect("a test that listens");
        }
    }
    drop(transports);
    drop(steam);
    assert!(!peer_steam::is_available(), "Steam is shut down when nothing needs it any more");
    assert_eq!((peer_steam::live_messages(), peer_steam::payloads_in_flight()), (0, 0));
}

/// Transports have the numbers of their places, as long as there are any.
fn answer(transports: &mut Vec<Option<SteamTransport>>, request: &mut Reader) -> Writer {
    let mut answer = Writer::default();
    let connection = |request: &mut Reader| ConnectionHandle(request.u32());
    let (call, number) = (request.u8(), usize::from(request.u8()));
    let count = |transports: &[Option<SteamTransport>]| {
        u8::try_from(transports.iter().flatten().count()).expect("a few transports")
    };
    if call == call::OPEN_TRANSPORT {
        answer.u8(u8::try_from(transports.len()).expect("a few transports"));
        transports.push(Some(SteamTransport::new()));
        return answer;
    }
    if call == call::DROP_TRANSPORT {
        transports[number] = None;
        answer.u8(count(transports));
        return answer;
    }
    let transport = transports[number].as_mut().expect("a transport that was not dropped");
    match call {
        call::LOCAL_STEAM_ID => {
            answer.u64(transport.local_steam_id().map_or(0, |id| id.0));
        }
        call::LISTEN => {
            put_result(&mut answer, transport.listen(VirtualPort(request.i32())).map(|listen| listen.0));
        }
        call::CLOSE_LISTEN => transport.close_listen(ListenHandle(request.u32())),
        call::CONNECT => {
            let (peer, port, token) = (request.u64(), request.i32(), request.u32());
            let result = transport.connect(SteamId(peer), VirtualPort(port), Token(token));
            put_result(&mut answer, result.map(|connection| connection.0));
        }
        call::ACCEPT => {
            let (connection, token) = (connection(request), request.u32());
            put_result(&mut answer, transport.accept(connection, Token(token)).map(|()| 0));
        }
        call::CLOSE => {
            let (connection, reason) = (connection(request), EndReason::from_code(request.u32()));
            let message = request.text();
            transport.close(connection, reason, &message);
        }
        call::CONFIGURE_LANES => {
            let connection = connection(request);
            let lanes: Vec<_> = (0..request.u32())
                .map(|_| LaneConfig { priority: request.i32(), weight: request.u16() })
                .collect();
            put_result(&mut answer, transport.configure_lanes(connection, &lanes).map(|()| 0));
        }
        call::DETACH => {
            transport.detach(connection(request));
        }
        call::SET_SEND_RATE => {
            let (connection, rate) = (connection(request), request.u64());
            answer.bool(transport.set_send_rate(connection, rate.try_into().expect("a rate")));
        }
        call::SEND => send(transport, request, &mut answer),
        call::RECEIVE => receive(transport, request, &mut answer),
        call::NEXT_STATUS => {
            let change = transport.next_status();
            answer.bool(change.is_some());
            if let Some(change) = change {
                put_change(&mut answer, &change);
            }
        }
        call::REAL_TIME_STATUS => real_time_status(transport, request, &mut answer),
        other => panic!("told to do {other}"),
    }
    answer
}

fn put_result(answer: &mut Writer, result: Result<u32, TransportError>) {
    match result {
        Ok(value) => answer.u8(0).u32(value),
        Err(TransportError::Unavailable) => answer.u8(1),
        Err(TransportError::Draining) => answer.u8(3),
        Err(TransportError::Refused(text)) => answer.u8(2).bytes(text.as_bytes()),
    };
}

fn send(transport: &mut SteamTransport, request: &mut Reader, answer: &mut Writer) {
    let payloads: Vec<_> = (0..request.u32()).map(|_| Bytes::from(request.bytes())).collect();
    let messages: Vec<_> = (0..request.u32())
        .map(|_| {
            let (connection, payload) = (ConnectionHandle(request.u32()), request.u32());
            let (lane, flags) = (Lane::new(request.u8()), SendFlags::from_bits_retain(request.u8()));
            Outgoing::new(connection, payload, lane.expect("a lane"), flags)
        })
        .collect();
    let mut results = Vec::new();
    transport.send(Batch { payloads: &payloads, messages: &messages }, &mut results);
    for result in results {
        answer.i64(result.0);
    }
}

fn receive(transport: &mut SteamTransport, request: &mut Reader, answer: &mut Writer) {
    let mut messages = Vec::new();
    let count = transport.receive(&mut messages, request.u64().try_into().expect("a size"));
    assert_eq!(count, messages.len());
    answer.u32(count.try_into().expect("a batch"));
    for message in &messages {
        answer
            .u32(message.connection().0)
            .u32(message.token().0)
            .u8(message.lane())
            .i64(message.number())
            .bool(message.is_reliable())
            .bytes(message.payload());
    }
}

fn put_change(answer: &mut Writer, change: &StatusChange) {
    answer.u32(change.connection.0).u32(change.token.0).u64(change.remote.0);
    match &change.state {
        ConnectionState::Requested => answer.u8(0),
        ConnectionState::Connected => answer.u8(1),
        ConnectionState::ClosedByPeer { reason, message } => {
            answer.u8(2).u32(reason.code()).bytes(message.as_bytes())
        }
        ConnectionState::ProblemDetectedLocally { reason, message } => {
            answer.u8(3).u32(reason.code()).bytes(message.as_bytes())
        }
    };
}

fn real_time_status(transport: &SteamTransport, request: &mut Reader, answer: &mut Writer) {
    let connection = ConnectionHandle(request.u32());
    let mut lanes = vec![LaneStatus::default(); request.u32() as usize];
    let status = transport.real_time_status(connection, &mut lanes);
    answer.bool(status.is_some());
    let Some(status) = status else { return };
    answer
        .i32(status.ping_ms)
        .f32(status.quality_local)
        .f32(status.quality_remote)
        .f32(status.out_packets_per_sec)
        .f32(status.out_bytes_per_sec)
        .f32(status.in_packets_per_sec)
        .f32(status.in_bytes_per_sec)
        .i32(status.send_rate_bytes_per_sec)
        .i32(status.pending_unreliable)
        .i32(status.pending_reliable)
        .i32(status.sent_unacked_reliable)
        .i64(status.queue_time_us);
    for lane in lanes {
        answer
            .i32(lane.pending_unreliable)
            .i32(lane.pending_reliable)
            .i32(lane.sent_unacked_reliable)
            .i64(lane.queue_time_us);
    }
}
