//! What both processes have: a session, and a bare transport beside it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use local_steam_harness::TIMEOUT;
use peer_core::{
    Batch, Channel, ConnectionHandle, ConnectionState, Lane, Outgoing, PeerId, SendFlags, SendResult,
    Session, Status, Target, Time, Token, TransferMode, Transport, VirtualPort,
};
use peer_steam::{ConfigValue, Steam, SteamMessage, SteamTransport};

use crate::processes::{ANSWERER, Answerer};

pub(crate) const SESSION_PORT: VirtualPort = VirtualPort(0);
pub(crate) const RAW_PORT: VirtualPort = VirtualPort(1);

/// First byte of a message that is answered with its beginning.
pub(crate) const ANSWER_ME: u8 = 1;
pub(crate) const SMALL_BYTES: usize = 64;
const BULK_BYTES: usize = 1_024;

/// Messages that the bare transport sends or receives in one call.
pub(crate) const BATCH: usize = 512;

/// Steam's options for the rate at which a connection sends, and a rate that leaves the work to the processor.
const SEND_RATES: [i32; 2] = [10, 11];
const BYTES_PER_SECOND: i64 = 30_000_000;

/// A transport with the options of all.
pub(crate) fn transport() -> SteamTransport {
    let mut transport = SteamTransport::new();
    for option in SEND_RATES {
        transport.set_config(option, ConfigValue::Int(BYTES_PER_SECOND)).expect("an option of Steam's");
    }
    transport
}

/// Lets Steam's threads, and the other process, have the processor, for a fraction of what is measured.
pub(crate) fn rest() {
    std::thread::park_timeout(Duration::from_micros(20));
}

/// Sends payloads on a bare transport; how many of them Steam took.
pub(crate) fn send(
    raw: &mut SteamTransport,
    on: ConnectionHandle,
    payloads: &[Bytes],
    flags: SendFlags,
    last: SendFlags,
) -> usize {
    let messages: Vec<_> = (0..u32::try_from(payloads.len()).expect("a batch"))
        .map(|place| {
            let is_last = place as usize + 1 == payloads.len();
            Outgoing::new(on, place, Lane::CONTROL, if is_last { flags | last } else { flags })
        })
        .collect();
    let mut results = Vec::with_capacity(messages.len());
    raw.send(Batch { payloads, messages: &messages }, &mut results);
    let taken = results.iter().take_while(|result| result.message_number().is_some()).count();
    assert!(results[taken..].iter().all(|&result| SendResult::is_worth_retrying(result)), "{results:?}");
    taken
}

/// The side that measures.
pub(crate) struct Ends {
    // The connections before Steam, which goes before the process at the other end.
    session: Session<SteamTransport>,
    raw: SteamTransport,
    at_raw: ConnectionHandle,
    came: Vec<SteamMessage>,
    started: Instant,
    steam: Steam,
    _answerer: Answerer,
}

impl Ends {
    /// Starts the process that answers, and connects to it twice.
    pub(crate) fn meet() -> Self {
        let answerer = Answerer::start();
        let steam = Steam::init().expect("Local Steam");
        let (mut session, mut raw) = (Session::new(transport(), 1), transport());
        let at_raw = raw.connect(ANSWERER, RAW_PORT, Token(0)).expect("a process that listens");
        session.create_client(ANSWERER, SESSION_PORT, Time::ZERO).expect("nothing is in use");
        let started = Instant::now();
        let mut ends = Self { session, raw, at_raw, came: Vec::new(), started, steam, _answerer: answerer };
        ends.until("the host", |ends| {
            ends.session.poll(Time::ZERO + ends.started.elapsed());
            while ends.session.next_event().is_some() {}
            ends.session.status() == Status::Connected
        });
        ends.until("a connection", |ends| {
            ends.raw.next_status().is_some_and(|change| change.state == ConnectionState::Connected)
        });
        ends
    }

    /// One small packet there and back, through two sessions.
    pub(crate) fn session_round_trip(&mut self) {
        self.put(&small());
        self.session.flush();
        self.until_session_is_answered();
    }

    /// The same without sessions, sent and left to Steam's default wait.
    pub(crate) fn raw_round_trip(&mut self) {
        let payload = Bytes::copy_from_slice(&small());
        let taken = send(&mut self.raw, self.at_raw, &[payload], SendFlags::RELIABLE, SendFlags::empty());
        assert_eq!(taken, 1);
        self.until_raw_is_answered();
    }

    /// So many reliable packets in one frame, until the last one is answered.
    pub(crate) fn session_bulk(&mut self, count: u32) {
        for number in 0..count {
            self.put(&large(number + 1 == count));
        }
        self.session.flush();
        self.until_session_is_answered();
    }

    /// The same without sessions, as fast as Steam takes them.
    pub(crate) fn raw_bulk(&mut self, count: u32) {
        let payloads: Vec<_> =
            (0..count).map(|number| Bytes::copy_from_slice(&large(number + 1 == count))).collect();
        let mut sent = 0;
        self.until("room for all", |ends| {
            let rest = &payloads[sent..];
            let batch = &rest[..rest.len().min(BATCH)];
            sent += send(&mut ends.raw, ends.at_raw, batch, SendFlags::RELIABLE, SendFlags::NO_NAGLE);
            sent == payloads.len()
        });
        self.until_raw_is_answered();
    }

    fn put(&mut self, payload: &[u8]) {
        let host = Target::Only(PeerId::HOST);
        self.session.put(host, Channel::ZERO, TransferMode::Reliable, payload).expect("room in the backlog");
    }

    fn until_session_is_answered(&mut self) {
        self.until("an answer", |ends| {
            ends.session.poll(Time::ZERO + ends.started.elapsed());
            assert!(ends.session.next_event().is_none(), "nobody comes or goes");
            ends.session.pop().is_some()
        });
    }

    fn until_raw_is_answered(&mut self) {
        self.until("an answer", |ends| {
            ends.raw.receive(&mut ends.came, BATCH);
            ends.came.pop().is_some()
        });
    }

    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !is_so(self) {
            self.steam.run_callbacks();
            assert!(Instant::now() < deadline, "{what}: not within {TIMEOUT:?}");
            rest();
        }
    }
}

fn small() -> [u8; SMALL_BYTES] {
    let mut payload = [7; SMALL_BYTES];
    payload[0] = ANSWER_ME;
    payload
}

fn large(is_last: bool) -> [u8; BULK_BYTES] {
    let mut payload = [7; BULK_BYTES];
    payload[0] = if is_last { ANSWER_ME } else { 0 };
    payload
}
