//! The receiving half of one connection: what came last on its lanes, and what came too early.

use smallvec::SmallVec;

use crate::control::LastNumbers;
use crate::lane::{Channel, Lane, TransferMode};
use crate::limits::{MAX_HELD_BYTES, MAX_HELD_MESSAGES};
use crate::transport::Message;

/// In the order in which a record's second and third cache line want it; see [`Link`](crate::link::Link).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Inbound<M> {
    /// Packets of this connection that wait in the inbox.
    pub(crate) waiting: u32,
    /// The number of the last unreliable ordered message delivered, by channel.
    last_ordered: SmallVec<[i64; 4]>,
    /// The number of the last reliable message delivered, by lane.
    last_reliable: [i64; Lane::COUNT],
    held: Vec<M>,
    held_bytes: usize,
}

impl<M: Message> Inbound<M> {
    pub(crate) fn new() -> Self {
        Self {
            waiting: 0,
            last_ordered: SmallVec::new(),
            last_reliable: [0; Lane::COUNT],
            held: Vec::new(),
            held_bytes: 0,
        }
    }

    /// Whether the game should see the message `number` of a peer of this project; false if it comes late or twice.
    #[inline]
    pub(crate) fn admit(&mut self, lane: u8, channel: Channel, mode: TransferMode, number: i64) -> bool {
        let last = match mode {
            TransferMode::Unreliable => return true,
            TransferMode::Reliable => &mut self.last_reliable[usize::from(lane) % Lane::COUNT],
            TransferMode::UnreliableOrdered => {
                // The channels that share a lane share its numbers, which go up for each of them.
                if channel.index() >= self.last_ordered.len() {
                    self.last_ordered.resize(channel.index() + 1, 0);
                }
                &mut self.last_ordered[channel.index()]
            }
        };
        let is_new = number > *last;
        if is_new {
            *last = number;
        }
        is_new
    }

    /// Whether everything that a goodbye announced has come.
    pub(crate) fn has_all(&self, last_numbers: &LastNumbers) -> bool {
        last_numbers.iter().all(|&(lane, number)| self.last_reliable[lane.index()] >= number)
    }

    /// Keeps a message until it can be delivered.
    ///
    /// # Errors
    /// If the bounds do not allow it; the message is dropped.
    pub(crate) fn hold(&mut self, message: M) -> Result<(), HoldOverflow> {
        self.held_bytes += message.payload().len();
        if self.held.len() >= MAX_HELD_MESSAGES || self.held_bytes > MAX_HELD_BYTES {
            return Err(HoldOverflow);
        }
        self.held.push(message);
        Ok(())
    }

    /// What was kept, in the order of its coming.
    pub(crate) fn take_held(&mut self) -> Vec<M> {
        self.held_bytes = 0;
        std::mem::take(&mut self.held)
    }
}

/// More came before its peer could be announced than is kept.
#[derive(Debug)]
pub(crate) struct HoldOverflow;
