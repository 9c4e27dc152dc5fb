//! The sending half of one connection: its lanes, what could not be sent yet, and what was sent last.

use std::cmp::Ordering;
use std::collections::VecDeque;

use bytes::Bytes;

use crate::control::LastNumbers;
use crate::lane::{Channel, Dialect, Lane, SendFlags, TransferMode};
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
    /// The place of this connection's last message in the send queue: the one that flushes.
    pub(crate) last_queued: u32,
    /// Reliable bytes of this connection in the send queue.
    pub(crate) queued_bytes: usize,
    /// What the backlog counts; 0 only if it is empty.
    backlog_bytes: usize,
    backlog: VecDeque<Waiting>,
    /// The number of the last reliable message, by lane; 0 where there was none.
    last_numbers: [i64; Lane::COUNT],
}

impl Outbound {
    pub(crate) fn new() -> Self {
        Self {
            dialect: Dialect::Native,
            last_queued: NOT_QUEUED,
            queued_bytes: 0,
            is_broken: false,
            last_numbers: [0; Lane::COUNT],
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
        self.last_numbers[lane.index()] = number;
    }

    /// What a goodbye says of the reliable lanes.
    pub(crate) fn last_numbers(&self) -> LastNumbers {
        let lanes = Dialect::RELIABLE_LANES.into_iter();
        lanes.map(|lane| (lane, self.last_numbers[lane.index()])).filter(|&(_, number)| number > 0).collect()
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
        self.drop_backlog();
    }

    /// Gives up what waits, because nobody would read it.
    pub(crate) fn drop_backlog(&mut self) {
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

    /// The lanes of a connection. Control goes before all of them; channels that share a lane share the priority of the
    /// most urgent among them, and the largest weight that goes with it.
    pub(crate) fn lanes(&self, dialect: Dialect) -> [LaneConfig; Lane::COUNT] {
        let mut lanes = [None; Lane::COUNT];
        if dialect == Dialect::Native {
            lanes[Lane::CONTROL.index()] = Some(LaneConfig { priority: -1, weight: 1 });
        }
        let channels = (0..).map_while(Channel::new).filter(|&channel| dialect.reaches(channel));
        for channel in channels {
            let own = self.0[channel.index()];
            for mode in TransferMode::ALL {
                let lane = lanes[dialect.lane(channel, mode).index()].get_or_insert(own);
                *lane = match own.priority.cmp(&lane.priority) {
                    Ordering::Less => own,
                    Ordering::Equal => LaneConfig { weight: own.weight.max(lane.weight), ..own },
                    Ordering::Greater => *lane,
                };
            }
        }
        lanes.map(|lane| lane.unwrap_or(LaneConfig { priority: 0, weight: 1 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_that_share_a_lane_go_with_the_most_urgent_of_them() {
        let mut priorities = Priorities::default();
        let channel = |channel| Channel::new(channel).unwrap();
        for shared in 1..=83 {
            priorities.set(channel(shared), LaneConfig { priority: 5, weight: 2 });
        }
        priorities.set(channel(7), LaneConfig { priority: 3, weight: 9 });
        let lanes = priorities.lanes(Dialect::Native).map(|lane| (lane.priority, lane.weight));
        assert_eq!(lanes, [(-1, 1), (0, 1), (0, 1), (0, 1), (3, 9), (5, 2), (3, 9), (3, 9)]);
        let godot_steam = priorities.lanes(Dialect::GodotSteam).map(|lane| lane.priority);
        assert_eq!(godot_steam, [0, 5, 5, 5, 5, 5, 5, 3]);
    }
}
