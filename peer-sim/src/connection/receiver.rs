//! One direction of a connection, at the side that receives: reassembly, order, receive buffer.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::sender::{DATAGRAM_BYTES, Segment};

/// How far an unreliable message's number may be above the highest of its lane. The sender writes 16 bits of it, so
/// one further up reads as one far below (GNS 1.6.0: "unreliable msgnum underflow").
const MAX_UNRELIABLE_JUMP: i64 = 32_767;
/// The same for a reliable message (GNS 1.6.0: "reliable message number lurch").
const MAX_RELIABLE_JUMP: i64 = 10_000;
/// How many unreliable messages may be incomplete at a time.
const MAX_PARTIAL: usize = 64;

/// A message that has come in.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) payload: Bytes,
    pub(crate) lane: u8,
    pub(crate) number: i64,
    pub(crate) reliable: bool,
}

/// How much may wait to be received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiveLimits {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// What ends a connection that receives it, in the words of its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) &'static str);

/// Which pieces of a message are here.
#[derive(Debug)]
struct Pieces {
    here: Vec<u64>,
    missing: usize,
}

impl Pieces {
    fn of(len: usize) -> Self {
        let count = len.div_ceil(DATAGRAM_BYTES as usize).max(1);
        Self { here: vec![0; count.div_ceil(64)], missing: count }
    }

    fn add(&mut self, segment: &Segment) {
        let index = (segment.offset / DATAGRAM_BYTES) as usize;
        let (word, bit) = (index / 64, 1 << (index % 64));
        if self.here[word] & bit == 0 {
            self.here[word] |= bit;
            self.missing -= 1;
        }
    }
}

#[derive(Debug)]
struct Held {
    payload: Bytes,
    number: i64,
    pieces: Pieces,
}

#[derive(Debug, Default)]
struct ReceiveLane {
    highest: i64,
    next_ordinal: u64,
    /// Reliable messages that are incomplete, or before which one is.
    held: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Partial {
    lane: u8,
    number: i64,
    pieces: Pieces,
}

/// The receiving side of a connection.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    lanes: Vec<ReceiveLane>,
    partial: VecDeque<Partial>,
    unread: VecDeque<Incoming>,
    unread_bytes: usize,
    /// How many of the unread messages nobody has heard of yet.
    new: usize,
}

impl Receiver {
    /// Whether there is room for one more message of `len` bytes.
    pub(crate) fn has_room(&self, len: usize, limits: ReceiveLimits) -> bool {
        self.unread.len() < limits.messages && self.unread_bytes + len <= limits.bytes
    }

    /// Takes a segment of an unreliable message.
    pub(crate) fn unreliable(&mut self, segment: &Segment, limits: ReceiveLimits) -> Result<(), Fault> {
        let lane = self.lane(segment.lane);
        if segment.number <= 0 || segment.number > lane.highest + MAX_UNRELIABLE_JUMP {
            return Err(Fault("unreliable message number underflow"));
        }
        lane.highest = lane.highest.max(segment.number);
        let complete = segment.is_whole() || self.completes(segment);
        if complete && self.has_room(segment.payload.len(), limits) {
            self.deliver(segment.payload.clone(), segment.lane, segment.number, false);
        }
        Ok(())
    }

    /// Whether this was the last piece of an unreliable message.
    fn completes(&mut self, segment: &Segment) -> bool {
        let key = (segment.lane, segment.number);
        let index = self.partial.iter().position(|partial| (partial.lane, partial.number) == key);
        let index = index.unwrap_or_else(|| {
            if self.partial.len() == MAX_PARTIAL {
                self.partial.pop_front();
            }
            let pieces = Pieces::of(segment.payload.len());
            self.partial.push_back(Partial { lane: segment.lane, number: segment.number, pieces });
            self.partial.len() - 1
        });
        self.partial[index].pieces.add(segment);
        let complete = self.partial[index].pieces.missing == 0;
        if complete {
            self.partial.remove(index);
        }
        complete
    }

    /// Takes a segment of a reliable message, and delivers what is complete and in order then.
    pub(crate) fn reliable(&mut self, segment: &Segment, limits: ReceiveLimits) -> Result<(), Fault> {
        let lane = self.lane(segment.lane);
        if segment.ordinal < lane.next_ordinal {
            return Ok(());
        }
        lane.held
            .entry(segment.ordinal)
            .or_insert_with(|| Held {
                payload: segment.payload.clone(),
                number: segment.number,
                pieces: Pieces::of(segment.payload.len()),
            })
            .pieces
            .add(segment);
        self.release(segment.lane, limits)
    }

    /// Delivers what is complete and in order on a lane, as far as there is room.
    fn release(&mut self, lane_index: u8, limits: ReceiveLimits) -> Result<(), Fault> {
        loop {
            let lane = &mut self.lanes[usize::from(lane_index)];
            let Some(first) = lane.held.first_entry() else { return Ok(()) };
            if *first.key() != lane.next_ordinal || first.get().pieces.missing > 0 {
                return Ok(());
            }
            if first.get().number > lane.highest + MAX_RELIABLE_JUMP {
                return Err(Fault("reliable message number lurch"));
            }
            let len = first.get().payload.len();
            if self.unread.len() >= limits.messages || self.unread_bytes + len > limits.bytes {
                return Ok(());
            }
            let Held { payload, number, .. } = first.remove();
            lane.next_ordinal += 1;
            lane.highest = lane.highest.max(number);
            self.deliver(payload, lane_index, number, true);
        }
    }

    /// Whether something complete waits for room.
    pub(crate) fn is_stalled(&self) -> bool {
        self.lanes.iter().any(|lane| {
            lane.held
                .first_key_value()
                .is_some_and(|(&ordinal, held)| ordinal == lane.next_ordinal && held.pieces.missing == 0)
        })
    }

    /// Tries again to deliver what had no room.
    pub(crate) fn release_all(&mut self, limits: ReceiveLimits) -> Result<(), Fault> {
        for lane in 0..self.lanes.len() {
            if let Ok(lane) = u8::try_from(lane) {
                self.release(lane, limits)?;
            }
        }
        Ok(())
    }

    fn lane(&mut self, index: u8) -> &mut ReceiveLane {
        let index = usize::from(index);
        if index >= self.lanes.len() {
            self.lanes.resize_with(index + 1, ReceiveLane::default);
        }
        &mut self.lanes[index]
    }

    fn deliver(&mut self, payload: Bytes, lane: u8, number: i64, reliable: bool) {
        self.unread_bytes += payload.len();
        self.unread.push_back(Incoming { payload, lane, number, reliable });
        self.new += 1;
    }

    /// How many messages were delivered since the last call.
    pub(crate) fn take_new(&mut self) -> usize {
        std::mem::take(&mut self.new)
    }

    /// The oldest message that waits.
    pub(crate) fn pop(&mut self) -> Option<Incoming> {
        let incoming = self.unread.pop_front()?;
        self.unread_bytes -= incoming.payload.len();
        Some(incoming)
    }

    pub(crate) fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Drops what can never be completed, once the connection has ended.
    pub(crate) fn stop(&mut self) {
        self.lanes = Vec::new();
        self.partial = VecDeque::new();
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.stop();
        self.unread = VecDeque::new();
        self.unread_bytes = 0;
    }
}
