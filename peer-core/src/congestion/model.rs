//! A narrow line and Steam's sender in front of it, as far as the controller can tell them from the real ones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use std::time::Duration;

use super::{RateController, Sample, send_window};
use crate::time::Time;
use crate::transport::RealTimeStatus;

/// Payload of a datagram, and what it takes on the line.
const PAYLOAD: usize = 1_150;
const DATAGRAM: f64 = 1_200.0;

/// Microseconds of a step.
const STEP: u64 = 500;
/// How long the receiver holds an acknowledgement back, in microseconds, and how long with a datagram missing.
const ACK_DELAY: u64 = 50_000;
const NACK_DELAY: u64 = 3_000;
/// Microseconds between two frames of the game.
const FRAME: u64 = 16_667;

/// A line that all connections share: drops what its queue has no room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Bytes a second.
    pub(super) rate: f64,
    /// Microseconds each way.
    pub(super) delay: u64,
    /// Bytes.
    pub(super) queue: f64,
    /// Share of datagrams lost at random, each way.
    pub(super) loss: f64,
}

#[derive(Clone, Copy, Debug)]
struct Datagram {
    number: u64,
    sent: u64,
    arrives: u64,
}

#[derive(Debug)]
struct Ack {
    arrives: u64,
    /// The newest datagram, when it was sent, and how long the acknowledgement was held back.
    newest: u64,
    sent: u64,
    held: u64,
    missing: BTreeSet<u64>,
}

/// Steam's smoothed ping: of the last three samples, which are the least of 100 ms each, the mean of the lower two.
#[derive(Debug, Default)]
struct Ping {
    samples: VecDeque<u64>,
    next: u64,
}

impl Ping {
    fn add(&mut self, now: u64, ms: u64) {
        if now < self.next && self.samples.len() == 3 {
            self.samples[0] = self.samples[0].min(ms);
            return;
        }
        self.samples.push_front(ms);
        self.samples.truncate(3);
        self.next = now + 100_000;
    }

    fn ms(&self) -> i32 {
        let mut sorted: Vec<_> = self.samples.iter().copied().collect();
        sorted.sort_unstable();
        match *sorted.as_slice() {
            [] => -1,
            [only] => i32::try_from(only).unwrap(),
            [least, next, ..] => i32::try_from(u64::midpoint(least, next)).unwrap(),
        }
    }
}

/// A connection that sends as much as it may, from `start` on.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) controller: RateController,
    /// Bytes that the game still has to send.
    pub(super) backlog: usize,
    start: u64,
    tokens: f64,
    put: usize,
    pending: usize,
    next_number: u64,
    /// Sent and not acknowledged: when.
    unacked: BTreeMap<u64, u64>,
    /// Taken for lost, and to be sent again.
    retry: BTreeSet<u64>,
    /// What was taken for lost, and as which datagram it was sent again.
    resent: BTreeMap<u64, u64>,
    on_the_way: VecDeque<Datagram>,
    received_to: u64,
    missing: BTreeSet<u64>,
    ack_due: Option<u64>,
    newest: Option<(u64, u64, u64)>,
    acks: VecDeque<Ack>,
    ping: Ping,
    next_update: u64,
}

impl Flow {
    pub(super) fn new(start: u64, backlog: usize, base_ping_ms: u64) -> Self {
        let mut ping = Ping::default();
        for _ in 0..3 {
            ping.add(0, base_ping_ms);
        }
        Self {
            controller: RateController::default(),
            backlog,
            start,
            tokens: 0.0,
            put: 0,
            pending: 0,
            next_number: 0,
            unacked: BTreeMap::new(),
            retry: BTreeSet::new(),
            resent: BTreeMap::new(),
            on_the_way: VecDeque::new(),
            received_to: 0,
            missing: BTreeSet::new(),
            ack_due: None,
            newest: None,
            acks: VecDeque::new(),
            ping,
            next_update: 0,
        }
    }

    /// Bytes that were acknowledged.
    pub(super) fn delivered(&self) -> usize {
        self.put - self.pending - self.unacked.len() * PAYLOAD
    }

    fn frame(&mut self, now: u64, max_rate: usize) {
        if now < self.start {
            return;
        }
        if now >= self.next_update {
            let to_int = |bytes: usize| i32::try_from(bytes).unwrap();
            let status = RealTimeStatus {
                ping_ms: self.ping.ms(),
                pending_reliable: to_int(self.pending),
                sent_unacked_reliable: to_int(self.unacked.len() * PAYLOAD),
                ..RealTimeStatus::default()
            };
            let sample = Sample {
                now: Time::from_micros(now),
                put_bytes: self.put as u64,
                is_backlogged: self.backlog > 0,
                status: &status,
            };
            self.controller.update(&sample, max_rate);
            self.next_update = now + u64::try_from(self.controller.interval().as_micros()).unwrap();
        }
        while self.backlog >= PAYLOAD
            && self.pending + PAYLOAD <= send_window(self.controller.rate(), Duration::from_micros(FRAME))
        {
            self.backlog -= PAYLOAD;
            self.pending += PAYLOAD;
            self.put += PAYLOAD;
        }
    }
}

/// Connections over one line.
#[derive(Debug)]
pub(super) struct World {
    pub(super) line: Line,
    pub(super) flows: Vec<Flow>,
    pub(super) now: u64,
    pub(super) max_rate: usize,
    /// When the line has sent what is in its queue.
    free_at: f64,
    next_frame: u64,
    rng: StdRng,
}

impl World {
    pub(super) fn new(line: Line, flows: Vec<Flow>) -> Self {
        Self {
            line,
            flows,
            now: 0,
            max_rate: 32 << 20,
            free_at: 0.0,
            next_frame: 0,
            rng: StdRng::seed_from_u64(7),
        }
    }

    /// How long a datagram that is sent now waits in the line's queue, in milliseconds.
    pub(super) fn queue_ms(&self) -> f64 {
        (self.free_at - self.now as f64).max(0.0) / 1e3
    }

    /// Runs for `ms`, and returns the longest wait in the queue meanwhile.
    pub(super) fn run(&mut self, ms: u64) -> f64 {
        let end = self.now + ms * 1_000;
        let mut longest = 0.0_f64;
        while self.now < end {
            self.now += STEP;
            let now = self.now;
            let is_frame = now >= self.next_frame;
            if is_frame {
                self.next_frame += FRAME;
            }
            for flow in 0..self.flows.len() {
                self.receive(flow);
                if is_frame {
                    self.flows[flow].frame(now, self.max_rate);
                }
                self.send(flow);
            }
            longest = longest.max(self.queue_ms());
        }
        longest
    }

    fn send(&mut self, flow: usize) {
        let Self { line, flows, now, free_at, rng, .. } = self;
        let (now, flow) = (*now, &mut flows[flow]);
        let rate = flow.controller.rate() as f64;
        flow.tokens += rate * STEP as f64 / 1e6;
        while flow.tokens > 0.0 && flow.pending >= PAYLOAD {
            flow.tokens -= DATAGRAM;
            flow.pending -= PAYLOAD;
            let number = flow.next_number;
            flow.next_number += 1;
            if let Some(before) = flow.retry.pop_first() {
                flow.resent.insert(before, number);
            }
            flow.unacked.insert(number, now);
            let starts = free_at.max(now as f64);
            if (starts - now as f64) * line.rate / 1e6 > line.queue {
                continue;
            }
            *free_at = starts + DATAGRAM / line.rate * 1e6;
            if !rng.random_bool(line.loss) {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time")]
                let arrives = *free_at as u64 + line.delay;
                flow.on_the_way.push_back(Datagram { number, sent: now, arrives });
            }
        }
        flow.tokens = flow.tokens.min(DATAGRAM);
    }

    fn receive(&mut self, flow: usize) {
        let Self { line, flows, now, rng, .. } = self;
        let (now, flow) = (*now, &mut flows[flow]);
        while let Some(&Datagram { number, sent, arrives }) =
            flow.on_the_way.front().filter(|datagram| datagram.arrives <= now)
        {
            flow.on_the_way.pop_front();
            let delay = if number > flow.received_to { NACK_DELAY } else { ACK_DELAY };
            flow.missing.extend(flow.received_to..number);
            flow.received_to = number + 1;
            let due = arrives + delay;
            flow.ack_due = Some(flow.ack_due.map_or(due, |earlier| earlier.min(due)));
            flow.newest = Some((number, sent, arrives));
        }
        if flow.ack_due.is_some_and(|due| due <= now)
            && let Some((newest, sent, arrived)) = flow.newest
        {
            flow.ack_due = None;
            let missing = flow.missing.clone();
            if rng.random_bool(line.loss) {
                // The next one says the same; a receiver that hears no more acknowledges again.
                flow.ack_due = Some(now + ACK_DELAY);
            } else {
                let (arrives, held) = (now + line.delay, now - arrived);
                flow.acks.push_back(Ack { arrives, newest, sent, held, missing });
            }
        }
        while flow.acks.front().is_some_and(|ack| ack.arrives <= now) {
            let Some(ack) = flow.acks.pop_front() else { break };
            flow.ping.add(now, (now - ack.sent - ack.held) / 1_000);
            let later = flow.unacked.split_off(&(ack.newest + 1));
            for number in std::mem::replace(&mut flow.unacked, later).into_keys() {
                if ack.missing.contains(&number) {
                    flow.pending += PAYLOAD;
                    flow.retry.insert(number);
                }
            }
            // What was taken for lost too early.
            let later = flow.retry.split_off(&(ack.newest + 1));
            for number in std::mem::replace(&mut flow.retry, later) {
                if ack.missing.contains(&number) {
                    flow.retry.insert(number);
                } else {
                    flow.pending -= PAYLOAD;
                }
            }
            let later = flow.resent.split_off(&(ack.newest + 1));
            for (before, after) in std::mem::replace(&mut flow.resent, later) {
                if !ack.missing.contains(&before) {
                    flow.unacked.remove(&after);
                    if flow.retry.remove(&after) {
                        flow.pending -= PAYLOAD;
                    }
                }
            }
            // The sender says below which number nothing is expected any more.
            flow.missing = flow.missing.split_off(&ack.newest);
        }
        // Lost without a later one that tells.
        let timeout = 60_000 + 3_000 * u64::try_from(flow.ping.ms().max(0)).unwrap();
        let lost: Vec<_> = flow
            .unacked
            .iter()
            .take_while(|(_, sent)| now - **sent > timeout)
            .map(|(number, _)| *number)
            .collect();
        for number in lost {
            flow.unacked.remove(&number);
            flow.retry.insert(number);
            flow.pending += PAYLOAD;
        }
    }
}
