//! The sending half of a connection: what could not be sent yet, what was sent last, and how a backlog is drained.
//!
//! Steam is never given more than fits into its send buffer. What `SendMessages` does after a message that finds no room
//! differs between versions of Steam: some try each of those that follow, and a small one may then overtake.
//!
//! Nor is it given much more than it sends until the next flush, once reliable packets wait: in Steam's buffer a packet
//! has to wait for all that is before it on its lane, here only for what is before it on its channel.

use std::mem;
use std::time::Duration;

use bytes::Bytes;

use crate::congestion::send_window;
use crate::connection::backlog::{Backlog, Unsent};
use crate::control::LastNumbers;
use crate::lane::{Channel, Dialect, Lane, SendFlags};
use crate::limits::{
    BACKLOG_CHUNK_BYTES, BACKLOG_ENTRY_BYTES, DEFAULT_FRAME, DEFAULT_SEND_RATE, DIRECT_BYTES, EXPRESS_BYTES,
    NO_DELAY_LIMIT, SEND_BUFFER_BYTES, SEND_BUFFER_ENTRY_BYTES, SEND_BUFFER_OVERHEAD_BYTES,
};
use crate::send_queue::SendQueue;
use crate::transport::{
    ConnectionHandle, LaneConfig, LaneStatus, Outgoing, RealTimeStatus, SendResult, Transport,
};

/// No message of this connection is in the send queue.
pub(crate) const NOT_QUEUED: u32 = u32::MAX;

/// In the order that a record's first cache line needs; see [`Connection`](super::Connection).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct SendHalf {
    pub(crate) dialect: Dialect,
    /// A reliable packet was refused for good: nothing may follow it.
    pub(crate) is_broken: bool,
    /// Both sides know pieces: larger packets travel in them, and larger messages are some.
    pub(crate) has_pieces: bool,
    /// The place of this connection's last message in the send queue: the one that flushes.
    pub(crate) last_queued: u32,
    /// Bytes put, from when they are queued on. It wraps around.
    pub(crate) put_bytes: u32,
    /// What `put_bytes` may come to before reliable messages have to wait, by what was pending at the last look.
    full_at: u32,
    /// What `put_bytes` may come to before Steam is asked whether unreliable messages should still be put.
    unreliable_full_at: u32,
    /// Bytes of the backlog, entries included; 0 only if it is empty. At most `MAX_BACKLOG_BYTES` and one packet.
    backlog_bytes: u32,
    backlog: Backlog,
    /// The number of the last message, by lane, for reliable and ordered ones; 0 if there was none.
    last_numbers: [i64; Lane::COUNT],
    /// What the connection sends, in bytes a second.
    pub(crate) rate: usize,
    /// All that `put_bytes` counted until the send rate was last looked at.
    pub(crate) total_put_bytes: u64,
    /// What Steam's send buffer holds.
    buffer_bytes: u32,
    /// What `put_bytes` may come to before Steam has no room for unreliable messages.
    unreliable_end_at: u32,
    /// What `put_bytes` may come to before a message on a lane would wait too long for `no_delay`.
    late_at: [u32; Lane::COUNT],
    /// The poll in which Steam was last asked about unreliable messages.
    unreliable_look: u32,
}

impl Default for SendHalf {
    fn default() -> Self {
        Self {
            dialect: Dialect::Native,
            is_broken: false,
            has_pieces: false,
            last_queued: NOT_QUEUED,
            put_bytes: 0,
            full_at: 0,
            unreliable_full_at: 0,
            backlog_bytes: 0,
            backlog: Backlog::default(),
            last_numbers: [0; Lane::COUNT],
            rate: DEFAULT_SEND_RATE,
            total_put_bytes: 0,
            buffer_bytes: SEND_BUFFER_BYTES,
            unreliable_end_at: 0,
            late_at: [0; Lane::COUNT],
            unreliable_look: 0,
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

    /// Whether a reliable message of `len` bytes can be queued without a look at Steam's send buffer.
    #[inline]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        room(self.full_at, self.put_bytes) >= len + SEND_BUFFER_OVERHEAD_BYTES
    }

    /// Whether a reliable message on `channel` has to wait.
    #[inline]
    pub(crate) fn must_wait(&self, channel: Channel, len: usize) -> bool {
        if self.has_room(len) && !self.is_backlogged() {
            return false;
        }
        // What waits on other channels does not hold up a few small ones.
        let full_at = self.full_at.wrapping_add(narrow(EXPRESS_BYTES));
        !self.is_backlogged()
            || room(full_at, self.put_bytes) < len + SEND_BUFFER_OVERHEAD_BYTES
            || self.backlog.has(channel)
    }

    /// Whether an unreliable message of `len` bytes can be queued without a look at Steam's send buffer.
    #[inline]
    pub(crate) fn has_unreliable_room(&self, len: usize) -> bool {
        room(self.unreliable_full_at, self.put_bytes) >= len
    }

    /// What Steam's send buffer holds, in bytes.
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.buffer_bytes as usize
    }

    /// Before the first packet: sets what Steam's send buffer holds, and the rate at which the connection sends, in bytes a
    /// second, as far as they are known.
    pub(crate) fn open(&mut self, buffer_bytes: Option<u32>, rate: Option<i32>) {
        self.buffer_bytes = buffer_bytes.unwrap_or(self.buffer_bytes);
        let rate = rate.and_then(|rate| usize::try_from(rate).ok());
        self.rate = rate.filter(|&rate| rate > 0).unwrap_or(self.rate);
        let room = self.reliable_room(&RealTimeStatus::default(), DIRECT_BYTES);
        self.full_at = self.put_bytes.wrapping_add(room);
        let until_late = narrow(no_delay_bytes(self.rate)).min(self.buffer_bytes / 2);
        self.unreliable_full_at = self.put_bytes.wrapping_add(until_late);
        self.unreliable_end_at = self.put_bytes.wrapping_add(self.buffer_bytes / 2);
    }

    /// How many reliable bytes Steam may be given if `limit` are to lie there at most. An eighth of the buffer is left to
    /// unreliable packets.
    fn reliable_room(&self, status: &RealTimeStatus, limit: usize) -> u32 {
        let (reliable, unreliable) = (pending(status.pending_reliable), pending(status.pending_unreliable));
        let buffer = self.buffer_bytes - self.buffer_bytes / 8;
        let room = buffer.saturating_sub(reliable.saturating_add(unreliable));
        room.min(narrow(limit).saturating_sub(reliable))
    }

    /// Asks how much is pending in Steam's send buffer, all that was queued having been sent, because a reliable message of
    /// `len` bytes is to be put where `limit` should be pending at most. Where no other is pending it is put in any case, if
    /// it fits beside the unreliable ones. (For a connection that is gone Steam does not say, and sending tells.)
    pub(crate) fn look<T: Transport>(
        &mut self,
        transport: &T,
        handle: ConnectionHandle,
        len: usize,
        limit: usize,
    ) {
        let status = transport.real_time_status(handle, &mut []).unwrap_or_default();
        let mut room = self.reliable_room(&status, limit);
        if status.pending_reliable <= 0 {
            let alone = narrow(len + SEND_BUFFER_OVERHEAD_BYTES);
            room = room.max(match pending(status.pending_unreliable) {
                0 => alone,
                unreliable => alone.min(self.buffer_bytes.saturating_sub(unreliable)),
            });
        }
        self.full_at = self.put_bytes.wrapping_add(room);
    }

    /// Asks how much is pending on each lane, `queued` bytes being in the send queue still. They are asked for once a poll.
    pub(crate) fn look_at_lanes<T: Transport>(
        &mut self,
        transport: &T,
        handle: ConnectionHandle,
        queued: usize,
        poll: u32,
    ) {
        if self.unreliable_look == poll {
            return;
        }
        self.unreliable_look = poll;
        let mut lanes = [LaneStatus::default(); Lane::COUNT];
        let status = transport.real_time_status(handle, &mut lanes).unwrap_or_default();
        let unreliable = pending(status.pending_unreliable);
        let total = unreliable.saturating_add(pending(status.pending_reliable));
        let with_steam = self.put_bytes.wrapping_sub(narrow(queued));
        let until_late = narrow(no_delay_bytes(self.rate)).saturating_sub(total);
        // Reliable packets have to find room as well, however many unreliable ones there are.
        let until_full = (self.buffer_bytes / 2).saturating_sub(unreliable);
        self.unreliable_full_at = with_steam.wrapping_add(until_late.min(until_full));
        self.unreliable_end_at = with_steam.wrapping_add(until_full);
        self.late_at = lanes.map(|lane| {
            let wait = Duration::from_micros(u64::try_from(lane.queue_time_us).unwrap_or(0));
            let left = NO_DELAY_LIMIT.saturating_sub(wait).as_millis();
            with_steam.wrapping_add(narrow(self.rate / 1_000 * usize::try_from(left).unwrap_or(0)))
        });
    }

    /// Whether an unreliable message of `len` bytes should be put on `lane`, by the last look.
    pub(crate) fn takes_unreliable(&self, lane: Lane, len: usize, no_delay: bool) -> bool {
        room(self.unreliable_end_at, self.put_bytes) >= len
            && !(no_delay && room(self.late_at[lane.index()], self.put_bytes) < len)
    }

    /// Bytes accepted from the game that wait here, with 64 bytes of overhead each.
    pub(crate) fn backlog_bytes(&self) -> usize {
        self.backlog_bytes as usize
    }

    /// Adds what was put since the last call of this to the total, and returns it.
    #[allow(clippy::cast_possible_truncation, reason = "the low half is what `put_bytes` counts")]
    pub(crate) fn poll_put_bytes(&mut self) -> usize {
        let put = self.put_bytes.wrapping_sub(self.total_put_bytes as u32);
        self.total_put_bytes += u64::from(put);
        put as usize
    }

    /// Counts a reliable message that is queued.
    #[inline]
    pub(crate) fn count_reliable(&mut self, len: usize) {
        self.count_put(len);
        // Steam counts a header for each.
        self.full_at = self.full_at.wrapping_sub(SEND_BUFFER_ENTRY_BYTES);
    }

    /// Counts an unreliable message that is queued.
    #[inline]
    pub(crate) fn count_put(&mut self, len: usize) {
        self.put_bytes = self.put_bytes.wrapping_add(narrow(len));
    }

    /// Notes that Steam did not take a message of `len` bytes.
    fn count_refused(&mut self, len: usize) {
        self.put_bytes = self.put_bytes.wrapping_sub(narrow(len));
    }

    /// The last message number of each reliable lane in use, for a goodbye.
    pub(crate) fn last_numbers(&self) -> LastNumbers {
        let lanes = Dialect::RELIABLE_LANES.into_iter();
        lanes.map(|lane| (lane, self.last_number(lane))).filter(|&(_, number)| number > 0).collect()
    }

    /// The number of the last message on a reliable or ordered lane; 0 if there was none.
    pub(crate) fn last_number(&self, lane: Lane) -> i64 {
        self.last_numbers[lane.index()]
    }

    pub(crate) fn push_backlog(&mut self, channel: Channel, config: LaneConfig, unsent: Unsent) {
        self.backlog_bytes += entry_bytes(&unsent.payload);
        self.backlog.push(channel, config, unsent);
    }

    /// Takes the next message of the backlog, if Steam may be given it now.
    fn pop_backlog(&mut self) -> Option<(Channel, Unsent)> {
        if !self.can_drain() {
            return None;
        }
        let (channel, unsent) = self.backlog.pop()?;
        self.backlog_bytes -= entry_bytes(&unsent.payload);
        if !self.is_backlogged() {
            self.backlog.clear();
        }
        self.count_reliable(unsent.payload.len());
        Some((channel, unsent))
    }

    /// Takes back a reliable message that Steam did not take.
    fn put_back(&mut self, channel: Channel, unsent: Unsent) {
        self.backlog_bytes += entry_bytes(&unsent.payload);
        self.backlog.put_back(channel, unsent);
    }

    fn can_drain(&self) -> bool {
        self.is_backlogged() && self.backlog.next_len().is_some_and(|len| self.has_room(len))
    }

    /// Sets how a channel shares the connection with the others from now on.
    pub(crate) fn set_priority(&mut self, channel: Channel, config: LaneConfig) {
        self.backlog.set_config(channel, config);
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

/// How far `put_bytes` is from an end.
#[inline]
fn room(end: u32, put_bytes: u32) -> usize {
    usize::try_from(end.wrapping_sub(put_bytes).cast_signed()).unwrap_or(0)
}

fn pending(bytes: i32) -> u32 {
    u32::try_from(bytes).unwrap_or(0)
}

/// What a connection sends within [`NO_DELAY_LIMIT`] at a rate in bytes a second.
const fn no_delay_bytes(rate: usize) -> usize {
    rate / 1_000 * NO_DELAY_LIMIT.as_millis() as usize
}

/// What a packet in the backlog counts.
fn entry_bytes(payload: &Bytes) -> u32 {
    narrow(payload.len() + BACKLOG_ENTRY_BYTES)
}

/// Messages and buffers have less than 4 GiB.
#[inline]
#[allow(clippy::cast_possible_truncation)]
const fn narrow(bytes: usize) -> u32 {
    bytes as u32
}

/// Where the sending halves of connections are.
pub(crate) trait SendHalves {
    /// The sending half of a connection that can be sent on.
    fn get(&mut self, key: u32) -> Option<(ConnectionHandle, &mut SendHalf)>;

    /// Steam refused a reliable packet of that connection for good.
    fn mark_broken(&mut self, key: u32);
}

/// Connections with a backlog. All backlogs are sent from here: a chunk of each at a time, for as long as Steam may be
/// given more.
#[derive(Debug)]
pub(crate) struct Drain {
    /// Their next chunk can be tried now.
    ready: Vec<u32>,
    /// Steam has enough of theirs: they are tried again with the next flush.
    full: Vec<u32>,
    /// How long after a flush the next one comes, about.
    pub(crate) frame: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self { ready: Vec::new(), full: Vec::new(), frame: DEFAULT_FRAME }
    }
}

/// What became of messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Unreliable messages that were not taken.
    pub(crate) unreliable_unsent: u64,
}

impl Sent {
    pub(crate) fn add(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.unreliable_unsent += other.unreliable_unsent;
    }
}

impl Drain {
    pub(crate) fn is_empty(&self) -> bool {
        self.full.is_empty() && self.ready.is_empty()
    }

    /// This connection has a backlog, and had none before.
    pub(crate) fn add(&mut self, key: u32) {
        self.full.push(key);
    }

    pub(crate) fn remove(&mut self, key: u32) {
        self.full.retain(|&full| full != key);
        self.ready.retain(|&ready| ready != key);
    }

    pub(crate) fn clear(&mut self) {
        self.full.clear();
        self.ready.clear();
    }

    /// A new flush: Steam is asked how much it has by now, and those that it may be given more of are tried again.
    pub(crate) fn start<T: Transport>(&mut self, transport: &T, halves: &mut impl SendHalves) {
        self.ready.append(&mut self.full);
        let Self { ready, full, frame } = self;
        ready.retain(|&key| {
            let Some((handle, half)) = halves.get(key) else { return false };
            let Some(len) = half.backlog.next_len() else { return false };
            half.look(transport, handle, len, send_window(half.rate, *frame));
            let can_drain = half.can_drain();
            if !can_drain {
                full.push(key);
            }
            can_drain
        });
    }

    /// Sends chunk after chunk until Steam has enough, or nothing is left.
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
            total.add(self.settle(halves, queue, results));
            let Self { ready, full, .. } = self;
            ready.retain(|&key| {
                let Some((_, half)) = halves.get(key).filter(|(_, half)| half.is_backlogged()) else {
                    return false;
                };
                let can_drain = half.can_drain() && !full.contains(&key);
                if !can_drain && !full.contains(&key) {
                    full.push(key);
                }
                can_drain
            });
        }
        queue.clear();
        results.clear();
        total
    }

    /// Adds a chunk of each backlog to the queue, with `last_flags` on the last message for each connection.
    fn queue_chunks(&self, halves: &mut impl SendHalves, queue: &mut SendQueue, last_flags: SendFlags) {
        for &key in &self.ready {
            let Some((connection, half)) = halves.get(key) else { continue };
            let (mut last, mut bytes) = (None, 0);
            while bytes < BACKLOG_CHUNK_BYTES
                && let Some((channel, Unsent { payload, lane, part })) = half.pop_backlog()
            {
                bytes += payload.len() + BACKLOG_ENTRY_BYTES;
                let payload = queue.add_payload(payload);
                let flags = SendFlags::RELIABLE;
                last = Some(queue.push(Outgoing { connection, payload, key, lane, flags, channel, part }));
            }
            if let Some(last) = last {
                queue.message_mut(last).flags |= last_flags;
            }
        }
    }

    /// Takes in what became of the messages in the queue. Reliable ones that were not taken go (back) to the backlog.
    pub(crate) fn settle(
        &mut self,
        halves: &mut impl SendHalves,
        queue: &SendQueue,
        results: &[SendResult],
    ) -> Sent {
        let mut total = Sent::default();
        let batch = queue.batch();
        // From the end, so that what goes back is in order again.
        for (place, message) in batch.messages.iter().enumerate().rev() {
            let (result, payload) = (results[place], batch.payload(message));
            let is_reliable = message.flags.contains(SendFlags::RELIABLE);
            if let Some(number) = result.message_number() {
                total.packets += 1;
                total.bytes += payload.len() as u64;
                if (is_reliable || message.lane.is_ordered())
                    && let Some(half) = half_of(halves, message)
                {
                    let last = &mut half.last_numbers[message.lane.index()];
                    *last = number.max(*last);
                }
                continue;
            }
            total.unreliable_unsent += u64::from(!is_reliable);
            let Some(half) = half_of(halves, message) else { continue };
            half.count_refused(payload.len());
            if !is_reliable || half.is_broken {
                continue;
            }
            let &Outgoing { key, channel, lane, part, .. } = message;
            let overtook = |(place, later): (usize, &Outgoing)| {
                (later.key, later.channel) == (key, channel)
                    && later.flags.contains(SendFlags::RELIABLE)
                    && results[place].message_number().is_some()
            };
            if !result.is_worth_retrying() || batch.messages.iter().enumerate().skip(place).any(overtook) {
                halves.mark_broken(key);
                continue;
            }
            let unsent = Unsent { payload: payload.clone(), lane, part };
            half.put_back(channel, unsent);
            if !self.full.contains(&key) {
                self.full.push(key);
            }
        }
        total
    }
}

/// The sending half of a message's connection, unless another has its key by now.
fn half_of<'a>(halves: &'a mut impl SendHalves, message: &Outgoing) -> Option<&'a mut SendHalf> {
    let (handle, half) = halves.get(message.key)?;
    (handle == message.connection).then_some(half)
}
