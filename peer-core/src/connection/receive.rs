//! The receiving half of a connection: what arrived last on its lanes, and what arrived too early.

use smallvec::SmallVec;

use crate::control::LastNumbers;
use crate::lane::{Channel, Lane, TransferMode};
use crate::limits::{EARLY_PAUSE_BYTES, HELD_ENTRY_BYTES, MAX_EARLY_BYTES, MAX_EARLY_MESSAGES};
use crate::transport::Message;

/// In the order that a record's later cache lines need; see [`Connection`](super::Connection).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ReceiveHalf<M> {
    /// Packets of this connection in the inbox.
    pub(crate) unread: u32,
    /// The number of the last unreliable ordered message delivered, by channel.
    last_ordered: SmallVec<[i64; 4]>,
    /// The number of the last reliable message delivered, by lane.
    last_reliable: [i64; Lane::COUNT],
    /// By lane, up to which number messages are of a former match. (Reliable ones count as delivered.)
    former: [i64; Lane::COUNT],
    early: Vec<M>,
    /// Bytes of messages that are held back, with their overhead.
    held_bytes: usize,
    /// Whether its messages are left with Steam for now.
    pub(crate) is_paused: bool,
}

impl<M> Default for ReceiveHalf<M> {
    fn default() -> Self {
        Self {
            unread: 0,
            last_ordered: SmallVec::new(),
            last_reliable: [0; Lane::COUNT],
            former: [0; Lane::COUNT],
            early: Vec::new(),
            held_bytes: 0,
            is_paused: false,
        }
    }
}

impl<M: Message> ReceiveHalf<M> {
    /// Whether the game should see the message `number` of a native peer; false if it arrived late or twice.
    #[inline]
    pub(crate) fn admit(&mut self, lane: u8, channel: Channel, mode: TransferMode, number: i64) -> bool {
        let last = match mode {
            TransferMode::Unreliable => return number > self.former[usize::from(lane) % Lane::COUNT],
            TransferMode::Reliable => &mut self.last_reliable[usize::from(lane) % Lane::COUNT],
            TransferMode::UnreliableOrdered => {
                // Channels that share a lane share its numbers, which still rise within each channel.
                if channel.index() >= self.last_ordered.len() {
                    self.last_ordered.resize(channel.index() + 1, 0);
                }
                &mut self.last_ordered[channel.index()]
            }
        };
        let is_new = number > *last && number > self.former[usize::from(lane) % Lane::COUNT];
        if is_new {
            *last = number;
        }
        is_new
    }

    /// Drops what is still to come of a former match.
    pub(crate) fn forget_up_to(&mut self, last_numbers: &LastNumbers) {
        for &(lane, number) in last_numbers {
            for last in [&mut self.former, &mut self.last_reliable] {
                last[lane.index()] = last[lane.index()].max(number);
            }
        }
    }

    /// Whether everything that a goodbye announced has arrived.
    pub(crate) fn has_all(&self, last_numbers: &LastNumbers) -> bool {
        last_numbers.iter().all(|&(lane, number)| self.last_reliable[lane.index()] >= number)
    }

    /// Keeps a message until its peer is announced.
    pub(crate) fn buffer_early(&mut self, message: M) {
        self.held_bytes += message.payload().len() + HELD_ENTRY_BYTES;
        self.early.push(message);
    }

    /// Whether so much is kept that the rest should stay with Steam.
    pub(crate) fn should_pause(&self) -> bool {
        self.held_bytes > EARLY_PAUSE_BYTES
    }

    /// Whether more is kept than any peer sends before its hello gets through.
    pub(crate) fn is_over_full(&self) -> bool {
        self.early.len() > MAX_EARLY_MESSAGES || self.held_bytes > MAX_EARLY_BYTES
    }

    /// The messages kept, in the order of arrival.
    pub(crate) fn take_early(&mut self) -> Vec<M> {
        self.held_bytes = 0;
        std::mem::take(&mut self.early)
    }

    /// Bytes of messages that are held back, with their overhead.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}
