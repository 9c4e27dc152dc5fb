//! The sending half of a connection: what could not be sent yet, what was sent last, and how a backlog is drained.
//!
//! Steam is never given more than fits into its send buffer. What `SendMessages` does after a message that finds no room
//! differs between versions of Steam: some try each of those that follow, and a small one may then overtake.

use std::collections::VecDeque;
use std::mem;

use bytes::Bytes;

use crate::congestion::send_window;
use crate::control::LastNumbers;
use crate::lane::{Dialect, Lane, SendFlags};
use crate::limits::{
    BACKLOG_CHUNK_BYTES, BACKLOG_ENTRY_BYTES, DEFAULT_SEND_RATE, SEND_BUFFER_BYTES,
    SEND_BUFFER_OVERHEAD_BYTES,
};
use crate::send_queue::SendQueue;
use crate::transport::{ConnectionHandle, Outgoing, SendResult, Transport};

/// No message of this connection is in the send queue.
pub(crate) const NOT_QUEUED: u32 = u32::MAX;

/// A reliable packet that Steam had no room for.
#[derive(Debug)]
struct Unsent {
    payload: Bytes,
    lane: Lane,
}

/// In the order that a record's first cache line needs; see [`Connection`](super::Connection).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct SendHalf {
    pub(crate) dialect: Dialect,
    /// A reliable packet was refused for good: nothing may follow it.
    pub(crate) is_broken: bool,
    /// The place of this connection's last message in the send queue: the one that flushes.
    pub(crate) last_queued: u32,
    /// Bytes that Steam has taken, unreliable ones from when they are queued on. It wraps around.
    pub(crate) put_bytes: u32,
    /// Reliable bytes of this connection in the send queue.
    pub(crate) queued_bytes: u32,
    /// What `put_bytes` may come to before Steam's send buffer can be full, by what was pending there at the last look.
    full_at: u32,
    /// Bytes of the backlog, entries included; 0 only if it is empty. At most `MAX_BACKLOG_BYTES` and one packet.
    backlog_bytes: u32,
    backlog: VecDeque<Unsent>,
    /// The number of the last reliable message, by lane; 0 if there was none.
    last_numbers: [i64; Lane::COUNT],
    /// How many bytes should lie in Steam's send buffer at most, so that what is put next does not wait long. A single
    /// message may be larger.
    pub(crate) window: usize,
    /// All that `put_bytes` counted until the send rate was last looked at.
    pub(crate) total_put_bytes: u64,
}

impl Default for SendHalf {
    fn default() -> Self {
        Self {
            dialect: Dialect::Native,
            is_broken: false,
            last_queued: NOT_QUEUED,
            queued_bytes: 0,
            full_at: SEND_BUFFER_BYTES,
            backlog_bytes: 0,
            backlog: VecDeque::new(),
            put_bytes: 0,
            last_numbers: [0; Lane::COUNT],
            window: send_window(DEFAULT_SEND_RATE),
            total_put_bytes: 0,
        }
    }
}

impl SendHalf {
    /// The bytes that putting a packet touches, from the start.
    pub(crate) const HOT_BYTES: usize = mem::offset_of!(Self, backlog);

    #[inline]
    pub(crate) fn is_backlogged(&self) -> bool {
        self.backlog_bytes > 0
    }

    /// How many bytes Steam's send buffer has room for, at least.
    #[inline]
    fn room(&self) -> usize {
        let room = self.full_at.wrapping_sub(self.put_bytes).cast_signed();
        usize::try_from(room).unwrap_or(0)
    }

    /// Whether a reliable message of `len` bytes can be queued without a look at Steam's send buffer.
    #[inline]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        self.queued_bytes as usize + len + SEND_BUFFER_OVERHEAD_BYTES <= self.room()
    }

    /// Asks how much is pending in Steam's send buffer. For a connection that is gone Steam does not say, and sending tells.
    pub(crate) fn look_at_buffer<T: Transport>(&mut self, transport: &T, handle: ConnectionHandle) {
        let status = transport.real_time_status(handle, &mut []).unwrap_or_default();
        let pending = status.pending_reliable.saturating_add(status.pending_unreliable);
        let room = SEND_BUFFER_BYTES.saturating_sub(u32::try_from(pending).unwrap_or(0));
        self.full_at = self.put_bytes.wrapping_add(room);
    }

    /// Bytes accepted from the game and not yet by Steam, backlog entries included.
    pub(crate) fn unsent_bytes(&self) -> usize {
        self.backlog_bytes as usize + self.queued_bytes as usize
    }

    /// Notes that Steam took a reliable message of `len` bytes on `lane` under `number`.
    #[inline]
    pub(crate) fn sent(&mut self, lane: Lane, number: i64, len: usize) {
        self.last_numbers[lane.index()] = number;
        self.count_put(len);
    }

    /// Adds what was put since the last call of this to the total, and returns it.
    #[allow(clippy::cast_possible_truncation, reason = "the low half is what `put_bytes` counts")]
    pub(crate) fn poll_put_bytes(&mut self) -> usize {
        let put = self.put_bytes.wrapping_sub(self.total_put_bytes as u32);
        self.total_put_bytes += u64::from(put);
        put as usize
    }

    /// Counts reliable bytes that are queued.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the queue is flushed before it has 4 GiB")]
    pub(crate) fn count_queued(&mut self, len: usize) {
        self.queued_bytes += len as u32;
    }

    /// Counts bytes that are put.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "a packet is smaller than 4 GiB")]
    pub(crate) fn count_put(&mut self, len: usize) {
        self.put_bytes = self.put_bytes.wrapping_add(len as u32);
    }

    /// Notes that Steam did not take an unreliable message of `len` bytes.
    #[allow(clippy::cast_possible_truncation, reason = "a packet is smaller than 4 GiB")]
    pub(crate) fn unsent(&mut self, len: usize) {
        self.put_bytes = self.put_bytes.wrapping_sub(len as u32);
    }

    /// The last message number of each reliable lane in use, for a goodbye.
    pub(crate) fn last_numbers(&self) -> LastNumbers {
        let lanes = Dialect::RELIABLE_LANES.into_iter();
        lanes.map(|lane| (lane, self.last_numbers[lane.index()])).filter(|&(_, number)| number > 0).collect()
    }

    pub(crate) fn push_backlog(&mut self, lane: Lane, payload: Bytes) {
        self.backlog_bytes += entry_bytes(&payload);
        self.backlog.push_back(Unsent { payload, lane });
    }

    /// The beginning of the backlog, about as much as one call should try, and no more than Steam has room for. The
    /// largest packet needs the whole buffer.
    fn chunk(&self) -> impl Iterator<Item = &Unsent> {
        let room = self.room();
        let (mut bytes, mut taken) = (0, 0);
        self.backlog.iter().take_while(move |unsent| {
            let is_first = bytes == 0;
            bytes += unsent.payload.len() + BACKLOG_ENTRY_BYTES;
            taken += unsent.payload.len() + SEND_BUFFER_OVERHEAD_BYTES;
            let fits = taken <= room || is_first && room == SEND_BUFFER_BYTES as usize;
            fits && (is_first || bytes <= BACKLOG_CHUNK_BYTES)
        })
    }

    fn can_drain(&self) -> bool {
        self.chunk().next().is_some()
    }

    /// Removes the first packet of the backlog, which was sent.
    fn pop_backlog(&mut self) {
        if let Some(sent) = self.backlog.pop_front() {
            self.backlog_bytes -= entry_bytes(&sent.payload);
        }
    }

    /// Drops the backlog, because nothing can be sent any more.
    pub(crate) fn mark_broken(&mut self) {
        self.is_broken = true;
        self.drop_backlog();
    }

    /// Drops the backlog, because nobody would read it.
    pub(crate) fn drop_backlog(&mut self) {
        self.backlog.clear();
        self.backlog_bytes = 0;
    }
}

/// What a packet in the backlog counts.
#[allow(clippy::cast_possible_truncation, reason = "a packet is smaller than 4 GiB")]
fn entry_bytes(payload: &Bytes) -> u32 {
    (payload.len() + BACKLOG_ENTRY_BYTES) as u32
}

/// Where the sending halves of connections are.
pub(crate) trait SendHalves {
    /// The sending half of a connection that can be sent on.
    fn get(&mut self, key: u32) -> Option<(ConnectionHandle, &mut SendHalf)>;

    /// Steam refused a reliable packet of that connection for good.
    fn mark_broken(&mut self, key: u32);
}

/// Connections with a backlog. All backlogs are sent from here: a chunk of each at a time, for as long as Steam takes
/// whole chunks.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    /// Their next chunk can be tried now.
    ready: Vec<u32>,
    /// Steam has no room for them: they are tried again with the next flush.
    full: Vec<u32>,
}

/// What Steam took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Drain {
    pub(crate) fn is_empty(&self) -> bool {
        self.full.is_empty() && self.ready.is_empty()
    }

    /// Steam had no room for a packet of this connection, which had no backlog before.
    pub(crate) fn add_full(&mut self, key: u32) {
        self.full.push(key);
    }

    /// This connection has a backlog, and Steam may have room for it.
    pub(crate) fn add_ready(&mut self, key: u32) {
        self.ready.push(key);
    }

    pub(crate) fn remove(&mut self, key: u32) {
        self.full.retain(|&full| full != key);
    }

    pub(crate) fn clear(&mut self) {
        self.full.clear();
        self.ready.clear();
    }

    /// A new flush: Steam is asked how much room there is by now, and those that fit are tried again.
    pub(crate) fn start<T: Transport>(&mut self, transport: &T, halves: &mut impl SendHalves) {
        self.ready.append(&mut self.full);
        let Self { ready, full } = self;
        ready.retain(|&key| {
            let Some((handle, half)) = halves.get(key) else { return false };
            half.look_at_buffer(transport, handle);
            let can_drain = half.can_drain();
            if !can_drain {
                full.push(key);
            }
            can_drain
        });
    }

    /// Sends chunk after chunk until Steam has no more room, or nothing is left.
    pub(crate) fn run<T: Transport>(
        &mut self,
        transport: &mut T,
        halves: &mut impl SendHalves,
        queue: &mut SendQueue,
        results: &mut Vec<SendResult>,
        last_flags: SendFlags,
    ) -> Sent {
        let mut total = Sent::default();
        while !self.ready.is_empty() {
            queue.clear();
            self.queue_chunks(halves, queue, last_flags);
            results.clear();
            transport.send(queue.batch(), results);
            results.resize(queue.len(), SendResult::NOT_TRIED);
            let sent = self.settle(halves, queue, 0, results);
            total.packets += sent.packets;
            total.bytes += sent.bytes;
        }
        queue.clear();
        results.clear();
        total
    }

    /// Adds a chunk of each backlog to the queue, with `last_flags` on the last message for each connection.
    pub(crate) fn queue_chunks(
        &self,
        halves: &mut impl SendHalves,
        queue: &mut SendQueue,
        last_flags: SendFlags,
    ) {
        for &key in &self.ready {
            let Some((connection, half)) = halves.get(key) else { continue };
            let mut last = None;
            for Unsent { payload, lane } in half.chunk() {
                let payload = queue.add_payload(payload.clone());
                let (lane, flags) = (*lane, SendFlags::RELIABLE);
                last = Some(queue.push(Outgoing { connection, payload, key, lane, flags }));
            }
            if let Some(last) = last {
                queue.message_mut(last).flags |= last_flags;
            }
        }
    }

    /// Takes in the results of the chunks, which are in the queue from `start` on.
    pub(crate) fn settle(
        &mut self,
        halves: &mut impl SendHalves,
        queue: &SendQueue,
        start: usize,
        results: &[SendResult],
    ) -> Sent {
        let mut total = Sent::default();
        let batch = queue.batch();
        for (message, &result) in batch.messages[start..].iter().zip(results) {
            let Some((_, half)) = halves.get(message.key) else { continue };
            if let Some(number) = result.message_number() {
                let len = batch.payload(message).len();
                half.sent(message.lane, number, len);
                half.pop_backlog();
                total.packets += 1;
                total.bytes += len as u64;
                continue;
            }
            if let Some(refused) = self.ready.iter().position(|&key| key == message.key) {
                self.ready.swap_remove(refused);
                self.full.push(message.key);
            }
            if !result.is_worth_retrying() {
                halves.mark_broken(message.key);
            }
        }
        let Self { ready, full } = self;
        ready.retain(|&key| {
            let Some((_, half)) = halves.get(key).filter(|(_, half)| half.is_backlogged()) else {
                return false;
            };
            let can_drain = half.can_drain();
            if !can_drain {
                full.push(key);
            }
            can_drain
        });
        total
    }
}
