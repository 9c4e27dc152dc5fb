//! The sending half of one connection: its lanes, what could not be sent yet, and what was sent last.

use std::collections::VecDeque;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::control::LastNumbers;
use crate::lane::{Channel, Dialect, Lane, SendFlags};
use crate::limits::{BACKLOG_CHUNK_BYTES, BACKLOG_ENTRY_BYTES};
use crate::transport::LaneConfig;

/// No message of this connection is in the send queue.
pub(crate) const NOT_QUEUED: u32 = u32::MAX;

/// A reliable packet that Steam had no room for.
#[derive(Debug)]
struct Waiting {
    payload: Bytes,
    lane: Lane,
}

/// In the order in which a record's first cache line wants it; see [`Link`](crate::link::Link).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Outbound {
    pub(crate) dialect: Dialect,
    /// A reliable packet was refused for good: nothing may follow it.
    pub(crate) is_broken: bool,
    /// How many channels have their lanes configured.
    pub(crate) channels: u8,
    /// The place of this connection's last message in the send queue: the one that flushes.
    pub(crate) last_queued: u32,
    /// Reliable bytes of this connection in the send queue.
    pub(crate) queued_bytes: usize,
    /// What the backlog counts; 0 only if it is empty.
    backlog_bytes: usize,
    backlog: VecDeque<Waiting>,
    /// The number of the last reliable message, by channel; 0 where there was none.
    last_numbers: SmallVec<[i64; 4]>,
}

impl Outbound {
    pub(crate) fn new() -> Self {
        Self {
            dialect: Dialect::Native,
            channels: 0,
            last_queued: NOT_QUEUED,
            queued_bytes: 0,
            is_broken: false,
            last_numbers: SmallVec::new(),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
        }
    }

    pub(crate) fn is_backlogged(&self) -> bool {
        self.backlog_bytes > 0
    }

    /// Bytes accepted from the game and not yet from Steam, with what each entry of the backlog costs.
    pub(crate) fn unsent_bytes(&self) -> usize {
        self.backlog_bytes + self.queued_bytes
    }

    /// Notes that Steam took a reliable message of `lane` under `number`.
    #[inline]
    pub(crate) fn sent(&mut self, lane: Lane, number: i64) {
        let channel = match self.dialect {
            Dialect::Native => usize::from(lane.get().saturating_sub(1)) / 3,
            // Such a peer is told no last numbers.
            Dialect::FourByte => return,
        };
        if channel >= self.last_numbers.len() {
            self.last_numbers.resize(channel + 1, 0);
        }
        self.last_numbers[channel] = number;
    }

    /// What a goodbye says of the reliable lanes.
    pub(crate) fn last_numbers(&self) -> LastNumbers {
        (0..)
            .map_while(Channel::new)
            .zip(self.last_numbers.iter().copied())
            .filter(|&(_, number)| number > 0)
            .collect()
    }

    /// Puts a reliable packet at the end of the backlog.
    pub(crate) fn hold_back(&mut self, lane: Lane, payload: Bytes) {
        self.backlog_bytes += payload.len() + BACKLOG_ENTRY_BYTES;
        self.backlog.push_back(Waiting { payload, lane });
    }

    /// The beginning of the backlog, about as much as one call should try; never nothing if there is any.
    pub(crate) fn chunk(&self) -> impl Iterator<Item = (Lane, SendFlags, &Bytes)> {
        let mut bytes = 0;
        self.backlog
            .iter()
            .take_while(move |waiting| {
                let first = bytes == 0;
                bytes += waiting.payload.len() + BACKLOG_ENTRY_BYTES;
                first || bytes <= BACKLOG_CHUNK_BYTES
            })
            .map(|waiting| (waiting.lane, SendFlags::RELIABLE, &waiting.payload))
    }

    /// Takes the first packet off the backlog, because it was sent.
    pub(crate) fn advance_backlog(&mut self) {
        if let Some(sent) = self.backlog.pop_front() {
            self.backlog_bytes -= sent.payload.len() + BACKLOG_ENTRY_BYTES;
        }
    }

    /// Gives up what waits, because nothing can be sent any more.
    pub(crate) fn break_off(&mut self) {
        self.is_broken = true;
        self.backlog.clear();
        self.backlog_bytes = 0;
    }
}

/// Priority and weight of every channel.
#[derive(Clone, Debug)]
pub(crate) struct Priorities([LaneConfig; Channel::COUNT]);

impl Default for Priorities {
    fn default() -> Self {
        Self([LaneConfig { priority: 0, weight: 1 }; Channel::COUNT])
    }
}

impl Priorities {
    pub(crate) fn set(&mut self, channel: Channel, config: LaneConfig) {
        self.0[channel.index()] = config;
    }

    /// The lanes of the first `channels` channels. Control goes before all of them.
    pub(crate) fn lanes(&self, dialect: Dialect, channels: u8) -> Vec<LaneConfig> {
        let channels = self.0.iter().take(usize::from(channels));
        match dialect {
            Dialect::Native => std::iter::once(LaneConfig { priority: -1, weight: 1 })
                .chain(channels.flat_map(|&config| [config; 3]))
                .collect(),
            Dialect::FourByte => channels.copied().collect(),
        }
    }
}
