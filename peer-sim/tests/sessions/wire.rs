//! A transport that watches what a session asks of it, and notes what must never be.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use peer_core::{
    Batch, ConnectionHandle, EndReason, LaneConfig, LaneStatus, ListenHandle, Outgoing, RealTimeStatus,
    SendFlags, SendResult, StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};
use peer_sim::{SimMessage, SimTransport};

use crate::packet::Stamp;

/// A keep-alive is the magic of control messages and its kind.
const KEEP_ALIVE_BYTES: usize = 5;

/// What the transports of a world have seen together.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What must not be, in words.
    pub(crate) offences: Vec<String>,
    /// Calls that dial.
    pub(crate) dials: u64,
    /// Calls that dial, accept or configure, and messages sent, but for keep-alives.
    pub(crate) asked: u64,
}

pub(crate) type Log = Rc<RefCell<Seen>>;

/// What one lane of one connection has carried.
type Lanes = BTreeMap<u8, BTreeSet<&'static str>>;

#[derive(Debug)]
pub(crate) struct Watched {
    inner: SimTransport,
    log: Log,
    lanes: BTreeMap<ConnectionHandle, Lanes>,
    /// Connections to peers that are not this project's: there, other rules hold.
    pub(crate) foreign: BTreeSet<ConnectionHandle>,
    is_foreign: fn(SteamId) -> bool,
}

impl Watched {
    pub(crate) fn new(inner: SimTransport, log: Log, is_foreign: fn(SteamId) -> bool) -> Self {
        Self { inner, log, lanes: BTreeMap::new(), foreign: BTreeSet::new(), is_foreign }
    }

    fn note(&mut self, connection: ConnectionHandle, remote: SteamId) {
        if (self.is_foreign)(remote) {
            self.foreign.insert(connection);
        }
    }

    /// Property 9: one mode a lane, and no game data on lane 0.
    fn watch_lane(&mut self, connection: ConnectionHandle, lane: u8, flags: SendFlags, payload: &[u8]) {
        if self.foreign.contains(&connection) {
            return;
        }
        // On the shared lanes a packet's channel follows it.
        let (payload, tag) = match payload.split_last() {
            Some((&tag, packet)) if lane >= 4 => (packet, tag),
            _ => (payload, 0),
        };
        let kind = match Stamp::read(payload) {
            Some(stamp) if stamp.channel != tag => "a packet under another channel's tag",
            Some(stamp) => stamp.mode_name(payload.len()),
            None => "control",
        };
        let carried = self.lanes.entry(connection).or_default().entry(lane).or_default();
        carried.insert(kind);
        let offence = if lane > 7 {
            Some("a lane that does not work")
        } else if carried.len() > 1 {
            Some("a lane carries more than one kind")
        } else if (kind == "control") != (lane == 0) {
            Some("control and game data are on the wrong lanes")
        } else if flags.contains(SendFlags::RELIABLE) == kind.starts_with("unreliable") {
            Some("the flags do not fit the lane's kind")
        } else {
            None
        };
        if let Some(offence) = offence {
            self.log.borrow_mut().offences.push(format!("{offence}: lane {lane}, {kind}, {flags:?}"));
        }
        if flags.contains(SendFlags::RELIABLE | SendFlags::NO_DELAY) {
            self.log.borrow_mut().offences.push("no-delay on a reliable message".to_owned());
        }
    }
}

impl Transport for Watched {
    type Message = SimMessage;

    fn local_steam_id(&self) -> Option<SteamId> {
        self.inner.local_steam_id()
    }

    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError> {
        self.inner.listen(port)
    }

    fn close_listen(&mut self, listen: ListenHandle) {
        self.inner.close_listen(listen);
    }

    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let connection = self.inner.connect(peer, port, token)?;
        self.log.borrow_mut().dials += 1;
        self.log.borrow_mut().asked += 1;
        self.note(connection, peer);
        Ok(connection)
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        self.log.borrow_mut().asked += 1;
        self.inner.accept(connection, token)
    }

    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str) {
        self.inner.close(connection, reason, message);
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        self.log.borrow_mut().asked += 1;
        self.inner.configure_lanes(connection, lanes)
    }

    fn set_send_rate(&mut self, connection: ConnectionHandle, bytes_per_second: usize) -> bool {
        self.inner.set_send_rate(connection, bytes_per_second)
    }

    fn send_buffer_bytes(&self, connection: ConnectionHandle) -> Option<u32> {
        self.inner.send_buffer_bytes(connection)
    }

    fn set_paused(&mut self, connection: ConnectionHandle, paused: bool) {
        self.inner.set_paused(connection, paused);
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        self.inner.detach(connection);
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let before = results.len();
        let is_keep_alive =
            |message: &&Outgoing| message.lane.get() == 0 && batch.payload(message).len() == KEEP_ALIVE_BYTES;
        let asked = batch.messages.iter().filter(|message| !is_keep_alive(message)).count();
        self.log.borrow_mut().asked += asked as u64;
        let mut flushed = BTreeSet::new();
        for message in batch.messages.iter().rev() {
            // From the end: only the first message met of each connection may flush. Hellos go out singly.
            let may_flush = flushed.insert(message.connection) || message.lane.get() == 0;
            if message.flags.contains(SendFlags::NO_NAGLE) && !may_flush {
                self.log.borrow_mut().offences.push("no-nagle on more than the last message".to_owned());
            }
        }
        self.inner.send(batch, results);
        let taken: Vec<_> =
            results[before..].iter().map(|result| result.message_number().is_some()).collect();
        for (message, _) in batch.messages.iter().zip(taken).filter(|&(_, taken)| taken) {
            self.watch_lane(message.connection, message.lane.get(), message.flags, batch.payload(message));
        }
    }

    fn receive(&mut self, messages: &mut Vec<SimMessage>, max: usize) -> usize {
        self.inner.receive(messages, max)
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        let change = self.inner.next_status()?;
        self.note(change.connection, change.remote);
        Some(change)
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        self.inner.real_time_status(connection, lanes)
    }
}
