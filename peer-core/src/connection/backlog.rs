//! What waits for room in Steam's send buffer: in order within a channel, and the channels take turns.
//!
//! The turns are those of start-time fair queueing: a message is due when those before it in its channel have had their
//! share, and a channel that begins to wait is due at once. So a small packet passes a large one of another channel,
//! though both travel on one lane.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::lane::{Channel, Lane};
use crate::limits::{BACKLOG_ENTRY_BYTES, MAX_OPEN_PACKETS};
use crate::transport::LaneConfig;

/// Which part of a packet a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// The first piece of several.
    First,
    /// A piece between the first and the last.
    Middle,
    /// The last piece.
    Last,
}

/// A reliable message that waits.
#[derive(Debug)]
pub(crate) struct Unsent {
    pub(crate) payload: Bytes,
    pub(crate) lane: Lane,
    pub(crate) part: Part,
}

#[derive(Debug)]
struct ChannelQueue {
    channel: Channel,
    config: LaneConfig,
    /// When its next message is due, in virtual time.
    due: u64,
    /// Whether the first piece of a packet is sent, and the last is not.
    is_open: bool,
    messages: VecDeque<Unsent>,
}

impl ChannelQueue {
    fn starts_packet(&self) -> bool {
        self.messages.front().is_some_and(|next| next.part == Part::First)
    }
}

/// The messages of one connection that wait.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// In no order. A game uses few channels.
    queues: Vec<ChannelQueue>,
    /// When the last message sent was due.
    now: u64,
}

impl Backlog {
    /// Whether a message of that channel waits, so that the next one has to, too.
    pub(crate) fn has(&self, channel: Channel) -> bool {
        self.queues.iter().any(|queue| queue.channel == channel && !queue.messages.is_empty())
    }

    /// Adds a message behind those of its channel.
    pub(crate) fn push(&mut self, channel: Channel, config: LaneConfig, unsent: Unsent) {
        let now = self.now;
        let queue = self.queue(channel, config);
        if queue.messages.is_empty() {
            queue.due = queue.due.max(now);
        }
        queue.messages.push_back(unsent);
    }

    /// Puts back a message that was not sent after all, before those of its channel.
    pub(crate) fn put_back(&mut self, channel: Channel, unsent: Unsent) {
        let queue = self.queue(channel, LaneConfig { priority: 0, weight: 1 });
        match unsent.part {
            Part::First => queue.is_open = false,
            Part::Middle | Part::Last => queue.is_open = true,
            Part::Whole => {}
        }
        queue.messages.push_front(unsent);
    }

    fn queue(&mut self, channel: Channel, config: LaneConfig) -> &mut ChannelQueue {
        let place = self.queues.iter().position(|queue| queue.channel == channel).unwrap_or_else(|| {
            let (due, messages) = (self.now, VecDeque::new());
            self.queues.push(ChannelQueue { channel, config, due, is_open: false, messages });
            self.queues.len() - 1
        });
        &mut self.queues[place]
    }

    /// The queue whose turn it is: of the most urgent channels the one whose message is due first. No more than
    /// [`MAX_OPEN_PACKETS`] are sent in pieces at a time, because the receiver has to keep those.
    fn next(&self) -> Option<usize> {
        let open = self.queues.iter().filter(|queue| queue.is_open).count();
        let may_send = |queue: &&ChannelQueue| open < MAX_OPEN_PACKETS || !queue.starts_packet();
        let waiting = self.queues.iter().filter(|queue| !queue.messages.is_empty()).filter(may_send);
        let next = waiting.min_by_key(|queue| (queue.config.priority, queue.due))?;
        self.queues.iter().position(|queue| queue.channel == next.channel)
    }

    /// The length of the next message.
    pub(crate) fn next_len(&self) -> Option<usize> {
        Some(self.queues[self.next()?].messages.front()?.payload.len())
    }

    /// Takes the next message.
    pub(crate) fn pop(&mut self) -> Option<(Channel, Unsent)> {
        let queue = {
            let next = self.next()?;
            &mut self.queues[next]
        };
        let unsent = queue.messages.pop_front()?;
        self.now = queue.due;
        queue.due += entry_cost(unsent.payload.len()) / u64::from(queue.config.weight);
        queue.is_open = match unsent.part {
            Part::First | Part::Middle => true,
            Part::Last => false,
            Part::Whole => queue.is_open,
        };
        Some((queue.channel, unsent))
    }

    /// Sets how a channel shares the connection with the others from now on.
    pub(crate) fn set_config(&mut self, channel: Channel, config: LaneConfig) {
        if let Some(queue) = self.queues.iter_mut().find(|queue| queue.channel == channel) {
            queue.config = config;
        }
    }

    /// Drops everything, and the memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// What a message costs of its channel's share, times a factor that a weight of 65,535 still leaves something of.
fn entry_cost(len: usize) -> u64 {
    ((len + BACKLOG_ENTRY_BYTES) as u64) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: LaneConfig = LaneConfig { priority: 0, weight: 1 };

    fn channel(channel: i32) -> Channel {
        Channel::new(channel).unwrap()
    }

    fn unsent(len: usize, part: Part) -> Unsent {
        Unsent { payload: Bytes::from(vec![0; len]), lane: Lane::CONTROL, part }
    }

    fn order(backlog: &mut Backlog) -> Vec<u8> {
        std::iter::from_fn(|| backlog.pop()).map(|(channel, _)| channel.get()).collect()
    }

    #[test]
    fn a_channel_that_begins_to_wait_is_next() {
        let mut backlog = Backlog::default();
        for _ in 0..20 {
            backlog.push(channel(1), EVEN, unsent(1_000, Part::Whole));
        }
        for _ in 0..10 {
            backlog.pop();
        }
        backlog.push(channel(3), EVEN, unsent(10, Part::Whole));
        assert!(order(&mut backlog)[..2].contains(&3));
    }

    #[test]
    fn the_most_urgent_go_first_and_the_others_share_by_weight() {
        let mut backlog = Backlog::default();
        for _ in 0..8 {
            backlog.push(channel(1), LaneConfig { priority: 1, weight: 1 }, unsent(100, Part::Whole));
            backlog.push(channel(2), LaneConfig { priority: 1, weight: 3 }, unsent(100, Part::Whole));
            backlog.push(channel(3), EVEN, unsent(100, Part::Whole));
        }
        let order = order(&mut backlog);
        assert_eq!(order[..8], [3; 8]);
        let of_two: Vec<_> = order[8..16].iter().filter(|&&channel| channel == 2).collect();
        assert_eq!(of_two.len(), 6);
    }

    #[test]
    fn what_is_put_back_is_next_of_its_channel_and_few_packets_are_open_at_a_time() {
        let mut backlog = Backlog::default();
        for number in 1..=6 {
            for part in [Part::First, Part::Middle, Part::Last] {
                backlog.push(channel(number), EVEN, unsent(100, part));
            }
        }
        let (first, piece) = backlog.pop().unwrap();
        backlog.put_back(first, piece);
        let mut open = Vec::new();
        while let Some((channel, unsent)) = backlog.pop() {
            match unsent.part {
                Part::First => open.push(channel),
                Part::Last => open.retain(|&of| of != channel),
                _ => assert!(open.contains(&channel)),
            }
            assert!(open.len() <= MAX_OPEN_PACKETS);
        }
        assert!(open.is_empty());
    }
}
