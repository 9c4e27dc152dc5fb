//! The receiving half of a connection: what arrived last on its lanes, and what arrived too early.

use smallvec::SmallVec;

use crate::control::LastNumbers;
use crate::inbox::Body;
use crate::lane::{Channel, Lane, TransferMode};
use crate::limits::{
    EARLY_PAUSE_BYTES, HELD_ENTRY_BYTES, MAX_EARLY_BYTES, MAX_EARLY_MESSAGES, MAX_OPEN_PACKETS,
};
use crate::piece::{FirstPiece, Piece};
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
    /// Packets of which pieces are missing.
    partial: Vec<Partial<M>>,
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
            partial: Vec::new(),
            held_bytes: 0,
            is_paused: false,
        }
    }
}

impl<M: Message> ReceiveHalf<M> {
    /// Whether the game should see the message `number` of a native peer; false if it arrived late or twice.
    #[inline]
    pub(crate) fn admit(&mut self, lane: u8, channel: Channel, mode: TransferMode, number: i64) -> bool {
        let former = self.former[usize::from(lane) % Lane::COUNT];
        let last = match mode {
            TransferMode::Unreliable => return number > former,
            TransferMode::Reliable => &mut self.last_reliable[usize::from(lane) % Lane::COUNT],
            // Channels that share a lane share its numbers, which still rise within each channel.
            TransferMode::UnreliableOrdered => self.last_ordered(channel),
        };
        let is_new = number > (*last).max(former);
        if is_new {
            *last = number;
        }
        is_new
    }

    /// Drops what is still to come of a former match, and what has come of its packets in pieces.
    pub(crate) fn forget_up_to(&mut self, last_numbers: &LastNumbers) {
        self.drop_partial();
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

    /// Takes in the next piece of a packet on `channel`, of at most `max_bytes`. Returns the packet if it was the last.
    ///
    /// # Errors
    /// What is wrong with the piece.
    pub(crate) fn add_piece(
        &mut self,
        channel: Channel,
        piece: Piece,
        message: M,
        max_bytes: usize,
    ) -> Result<Option<Completed<M>>, &'static str> {
        let place = self.partial.iter().position(|partial| partial.channel == channel);
        let Piece { len, first } = piece;
        match (first, place) {
            (Some(FirstPiece { total, .. }), _) if total > max_bytes => Err("a packet over max_packet_bytes"),
            (Some(_), Some(_)) => Err("a packet in the middle of another"),
            (Some(FirstPiece { total, after }), None) if len == total => {
                Ok(Some(Completed { after, body: Body::Message { message, len } }))
            }
            (Some(_), None) if self.partial.len() == MAX_OPEN_PACKETS => {
                Err("too many packets in pieces at a time")
            }
            (Some(FirstPiece { total, after }), None) => {
                self.held_bytes += message.payload().len() + HELD_ENTRY_BYTES;
                let pieces = vec![(message, len)];
                self.partial.push(Partial { channel, total, after, received: len, pieces });
                Ok(None)
            }
            (None, None) => Err("a piece of no packet"),
            (None, Some(place)) => {
                let partial = &mut self.partial[place];
                partial.received += len;
                if partial.received > partial.total {
                    return Err("more pieces than the packet has");
                }
                self.held_bytes += message.payload().len() + HELD_ENTRY_BYTES;
                partial.pieces.push((message, len));
                if partial.received < partial.total {
                    return Ok(None);
                }
                let partial = self.partial.swap_remove(place);
                self.held_bytes -= partial.held_bytes();
                Ok(Some(Completed { after: partial.after, body: Body::Joined(partial.join()) }))
            }
        }
    }

    /// Whether the game should see an unreliable ordered packet that came reliably, and was sent after the message `after`.
    /// If so, no earlier one is seen any more.
    pub(crate) fn admit_late(&mut self, channel: Channel, after: i64) -> bool {
        // Of two such packets without a message in between the second comes later.
        let last = self.last_ordered(channel);
        let is_new = after >= *last;
        if is_new {
            *last = after;
        }
        is_new
    }

    fn last_ordered(&mut self, channel: Channel) -> &mut i64 {
        if channel.index() >= self.last_ordered.len() {
            self.last_ordered.resize(channel.index() + 1, 0);
        }
        &mut self.last_ordered[channel.index()]
    }

    /// Drops packets of which pieces are missing.
    pub(crate) fn drop_partial(&mut self) {
        self.held_bytes -= self.partial.iter().map(Partial::held_bytes).sum::<usize>();
        self.partial.clear();
    }

    /// Bytes of messages that are held back, with their overhead.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}

/// A packet of which pieces are missing. They stay in the transport's memory until all are there.
#[derive(Debug)]
struct Partial<M> {
    channel: Channel,
    total: usize,
    after: Option<i64>,
    received: usize,
    /// The pieces, and how many bytes of each are the packet's.
    pieces: Vec<(M, usize)>,
}

impl<M: Message> Partial<M> {
    fn held_bytes(&self) -> usize {
        self.pieces.iter().map(|(message, _)| message.payload().len() + HELD_ENTRY_BYTES).sum()
    }

    fn join(self) -> Box<[u8]> {
        let mut packet = Vec::with_capacity(self.total);
        for (message, len) in self.pieces {
            packet.extend_from_slice(&message.payload()[..len]);
        }
        packet.into_boxed_slice()
    }
}

/// A packet whose pieces are all there.
#[derive(Debug)]
pub(crate) struct Completed<M> {
    /// For an unreliable ordered one, the number of the last ordered message before it.
    pub(crate) after: Option<i64>,
    pub(crate) body: Body<M>,
}
