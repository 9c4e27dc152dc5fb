//! The side that answers: a host, and a bare transport that accepts.

use std::sync::mpsc::TryRecvError;
use std::time::Instant;

use bytes::Bytes;
use local_steam_harness::say;
use peer_core::{
    Channel, ConnectionHandle, ConnectionState, Message as _, SendFlags, Session, Target, Time, Token,
    TransferMode, Transport,
};
use peer_steam::{Steam, SteamMessage, SteamTransport};

use crate::ends::{ANSWER_ME, BATCH, RAW_PORT, SESSION_PORT, SMALL_BYTES, rest, send, transport};

/// Answers until stdin ends.
pub(crate) fn run() {
    let mut steam = Steam::init().expect("Local Steam");
    let mut session = Session::new(transport(), 2);
    session.create_host(SESSION_PORT, Time::ZERO).expect("nothing is in use");
    let mut raw = transport();
    raw.listen(RAW_PORT).expect("a free port");
    let requests = local_steam_harness::requests();
    say!("listening");
    let started = Instant::now();
    let mut came = Vec::new();
    // Its end is that of the process that measures, if nothing else.
    while requests.try_recv() != Err(TryRecvError::Disconnected) {
        steam.run_callbacks();
        session.poll(Time::ZERO + started.elapsed());
        while session.next_event().is_some() {}
        answer_session(&mut session);
        answer_raw(&mut raw, &mut came);
        rest();
    }
}

fn answer_session(session: &mut Session<SteamTransport>) {
    while let Some(packet) = session.pop() {
        let payload = packet.payload();
        if payload[0] == ANSWER_ME {
            let (target, payload) = (Target::Only(packet.peer), &payload[..SMALL_BYTES]);
            // Nobody is left to answer once the process that measures has ended.
            let _ = session.put(target, Channel::ZERO, TransferMode::Reliable, payload);
        }
    }
    session.flush();
}

fn answer_raw(raw: &mut SteamTransport, came: &mut Vec<SteamMessage>) {
    while let Some(change) = raw.next_status() {
        match change.state {
            ConnectionState::Requested => raw.accept(change.connection, Token(0)).expect("a request"),
            ConnectionState::Connected => {}
            _ => raw.close(change.connection, peer_core::EndReason::Left, ""),
        }
    }
    while raw.receive(came, BATCH) > 0 {
        for message in came.drain(..) {
            if message.payload()[0] == ANSWER_ME {
                answer(raw, message.connection(), &message.payload()[..SMALL_BYTES]);
            }
        }
    }
}

/// Without a wait: what is measured beside it is the wait of the side that asks.
fn answer(raw: &mut SteamTransport, to: ConnectionHandle, payload: &[u8]) {
    let payloads = [Bytes::copy_from_slice(payload)];
    assert_eq!(send(raw, to, &payloads, SendFlags::RELIABLE, SendFlags::NO_NAGLE), 1);
}
