//! One direction of a connection, at the side that sends: lanes, send buffer, pacing, what waits for acknowledgement.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use peer_core::{Lane, LaneConfig, LaneStatus, MAX_UNRELIABLE_BYTES, SendFlags, SendResult, Time};

/// The largest message that Steam takes (`k_cbMaxSteamNetworkingSocketsMessageSizeSend`), in bytes.
pub(crate) const MAX_MESSAGE_BYTES: usize = 524_288;
/// How many bytes of messages a datagram carries; a larger message travels in pieces of this size.
pub(crate) const DATAGRAM_BYTES: u32 = 1_200;
/// The last lane whose header GNS 1.6.0 writes as it reads it; that of later ones lacks its last byte.
pub(crate) const LAST_LANE_THAT_GNS_WRITES: u8 = 7;
/// What a message, or a piece of one, costs on the wire beside its bytes. With it 100-byte messages go at about 2,500
/// a second at Steam's default rate, as measured.
const SEGMENT_HEADER: u32 = 5;
/// What a reliable message costs beside its bytes in Steam's statistics: a small one has a header of one or two bytes, so
/// even an empty one shows as pending.
const RELIABLE_HEADER: u32 = 2;
/// How long a message waits for others to share its datagram (`NagleTime`).
const NAGLE: Duration = Duration::from_millis(5);
/// A no-delay message that would wait longer than this is ignored (documented at
/// `k_nSteamNetworkingSend_UnreliableNoDelay`).
const NO_DELAY_LIMIT_MICROS: u64 = 200_000;

/// A message or a piece of one, as it travels.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) lane: u8,
    pub(crate) reliable: bool,
    /// The message's number on its lane.
    pub(crate) number: i64,
    /// The message's place among the reliable ones of its lane, from 0.
    pub(crate) ordinal: u64,
    pub(crate) offset: u32,
    pub(crate) len: u32,
    /// The whole message.
    pub(crate) payload: Bytes,
}

impl Segment {
    /// Whether it is a whole message.
    pub(crate) fn is_whole(&self) -> bool {
        self.len as usize == self.payload.len()
    }

    /// Its bytes in Steam's statistics.
    fn accounted(&self) -> u64 {
        let header = if self.reliable && self.offset == 0 { RELIABLE_HEADER } else { 0 };
        u64::from(self.len + header)
    }
}

/// What travels at once, and gets lost at once.
pub(crate) struct Datagram {
    pub(crate) packet: u64,
    pub(crate) segments: Vec<Segment>,
    /// Set by its first copy, so that a second is filtered.
    pub(crate) arrived: Cell<bool>,
}

impl fmt::Debug for Datagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packet {} of {} bytes", self.packet, self.wire_bytes())
    }
}

impl Datagram {
    pub(crate) fn has_reliable(&self) -> bool {
        self.segments.iter().any(|segment| segment.reliable)
    }

    pub(crate) fn wire_bytes(&self) -> u32 {
        self.segments.iter().map(|segment| segment.len + SEGMENT_HEADER).sum()
    }
}

/// What a sender wants to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Put this on the wire.
    Send(Rc<Datagram>),
    /// Nothing before this moment.
    Wait(Time),
    /// Nothing at all.
    Idle,
}

#[derive(Debug)]
struct Queued {
    payload: Bytes,
    number: i64,
    ordinal: u64,
    reliable: bool,
    /// When its last byte would leave, in the virtual time of its priority.
    finish: u64,
}

#[derive(Debug)]
struct SendLane {
    queue: VecDeque<Queued>,
    /// How much of the first message is on its way.
    sent_of_first: u32,
    last_number: i64,
    next_ordinal: u64,
    pending_reliable: u64,
    pending_unreliable: u64,
    unacked: u64,
    config: LaneConfig,
}

impl SendLane {
    fn new(config: LaneConfig) -> Self {
        Self {
            queue: VecDeque::new(),
            sent_of_first: 0,
            last_number: 0,
            next_ordinal: 0,
            pending_reliable: 0,
            pending_unreliable: 0,
            unacked: 0,
            config,
        }
    }

    /// What `bytes` cost in the virtual time of the lane's priority: less, the more weight it has.
    fn virtual_cost(&self, bytes: usize) -> u64 {
        ((bytes as u64 + u64::from(SEGMENT_HEADER)) << 16) / u64::from(self.config.weight)
    }
}

#[derive(Debug)]
struct InFlight {
    packet: u64,
    /// When it counts as lost.
    expires: Time,
    /// `None` once acknowledged.
    datagram: Option<Rc<Datagram>>,
}

/// Where a send of the moment stands: what it depends on beside the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendContext {
    pub(crate) now: Time,
    /// Bytes a second.
    pub(crate) bandwidth: u64,
    /// Bytes that may wait.
    pub(crate) send_buffer: usize,
    /// Whether no-delay messages that would wait are not taken.
    pub(crate) no_delay_works: bool,
}

/// The sending side of a connection.
#[derive(Debug)]
pub(crate) struct Sender {
    lanes: Vec<SendLane>,
    /// Lanes with something queued, in the order of their turn: priority, virtual finish time, lane.
    turns: BTreeSet<(i32, u64, u8)>,
    /// How far the virtual time of each priority has come.
    virtual_times: Vec<(i32, u64)>,
    /// What was lost and goes first.
    retransmit: VecDeque<Segment>,
    in_flight: VecDeque<InFlight>,
    last_packet: u64,
    /// Messages queued, over all lanes.
    queued: usize,
    /// Bytes that are not on the wire, over all lanes.
    pending: u64,
    /// What is queued may wait for company until then.
    hold_until: Time,
    /// When the wire is free again, in nanoseconds.
    free_at_nanos: u64,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            lanes: vec![SendLane::new(LaneConfig { priority: 0, weight: 1 })],
            turns: BTreeSet::new(),
            virtual_times: Vec::new(),
            retransmit: VecDeque::new(),
            in_flight: VecDeque::new(),
            last_packet: 0,
            queued: 0,
            pending: 0,
            hold_until: Time::ZERO,
            free_at_nanos: 0,
        }
    }
}

impl Sender {
    /// Sets lanes as `ConfigureConnectionLanes` does.
    pub(crate) fn configure(&mut self, lanes: &[LaneConfig]) -> Result<(), &'static str> {
        if lanes.is_empty() || lanes.len() > usize::from(Lane::MAX_COUNT) {
            return Err("a connection has 1 to 255 lanes");
        }
        if lanes.len() < self.lanes.len() {
            return Err("lanes cannot be taken away");
        }
        if lanes.iter().any(|lane| lane.weight == 0) {
            return Err("a lane's weight is at least 1");
        }
        for (index, &config) in lanes.iter().enumerate() {
            match self.lanes.get_mut(index) {
                Some(lane) => lane.config = config,
                None => self.lanes.push(SendLane::new(config)),
            }
        }
        // Virtual times are of no meaning under other weights: everybody starts again.
        self.virtual_times.clear();
        self.turns.clear();
        for index in 0..self.lanes.len() {
            let lane = &mut self.lanes[index];
            let mut finish = 0;
            for position in 0..lane.queue.len() {
                let sent = if position == 0 { lane.sent_of_first as usize } else { 0 };
                finish += lane.virtual_cost(lane.queue[position].payload.len() - sent);
                lane.queue[position].finish = finish;
            }
            self.take_turn(index);
        }
        Ok(())
    }

    /// Takes a message, or says why not, in the order of `SNP_SendMessage`'s checks.
    pub(crate) fn enqueue(
        &mut self,
        payload: &Bytes,
        lane_index: u8,
        flags: SendFlags,
        context: SendContext,
        connected: bool,
    ) -> SendResult {
        let SendContext { now, bandwidth, send_buffer, no_delay_works } = context;
        if !connected && flags.contains(SendFlags::NO_DELAY) {
            return SendResult::IGNORED;
        }
        if payload.len() > MAX_MESSAGE_BYTES || usize::from(lane_index) >= self.lanes.len() {
            return SendResult::INVALID_PARAM;
        }
        if self.pending + payload.len() as u64 > send_buffer as u64 {
            return SendResult::LIMIT_EXCEEDED;
        }
        let reliable = flags.contains(SendFlags::RELIABLE) || payload.len() > MAX_UNRELIABLE_BYTES;
        if !reliable
            && no_delay_works
            && flags.contains(SendFlags::NO_DELAY)
            && self.queue_time_micros(now, bandwidth, None) > NO_DELAY_LIMIT_MICROS
        {
            return SendResult::IGNORED;
        }

        if flags.contains(SendFlags::NO_NAGLE) {
            self.hold_until = now;
        } else if self.queued == 0 {
            self.hold_until = now + NAGLE;
        }
        self.queued += 1;
        let priority = self.lanes[usize::from(lane_index)].config.priority;
        let virtual_now = *self.virtual_time(priority);
        let lane = &mut self.lanes[usize::from(lane_index)];
        lane.last_number += 1;
        let ordinal = lane.next_ordinal;
        let mut size = payload.len() as u64;
        if reliable {
            lane.next_ordinal += 1;
            size += u64::from(RELIABLE_HEADER);
            lane.pending_reliable += size;
        } else {
            lane.pending_unreliable += size;
        }
        self.pending += size;
        let start = lane.queue.back().map_or(virtual_now, |last| last.finish);
        let finish = start + lane.virtual_cost(payload.len());
        let number = lane.last_number;
        lane.queue.push_back(Queued { payload: payload.clone(), number, ordinal, reliable, finish });
        if lane.queue.len() == 1 {
            self.take_turn(usize::from(lane_index));
        }
        SendResult(number)
    }

    /// Lines the lane's first message up, if there is one.
    fn take_turn(&mut self, lane_index: usize) {
        let lane = &self.lanes[lane_index];
        if let (Some(first), Ok(index)) = (lane.queue.front(), u8::try_from(lane_index)) {
            self.turns.insert((lane.config.priority, first.finish, index));
        }
    }

    fn virtual_time(&mut self, priority: i32) -> &mut u64 {
        let index = match self.virtual_times.binary_search_by_key(&priority, |&(priority, _)| priority) {
            Ok(index) => index,
            Err(index) => {
                self.virtual_times.insert(index, (priority, 0));
                index
            }
        };
        &mut self.virtual_times[index].1
    }

    /// What to do next. A datagram that it hands out counts as sent, and as lost `retransmit_after` from now.
    pub(crate) fn next(&mut self, now: Time, bandwidth: u64, retransmit_after: Duration) -> Next {
        if self.retransmit.is_empty() {
            if self.queued == 0 {
                return Next::Idle;
            }
            if now < self.hold_until && self.pending < u64::from(DATAGRAM_BYTES) {
                return Next::Wait(self.hold_until);
            }
        }
        let now_nanos = now.as_micros().saturating_mul(1000);
        if self.free_at_nanos > now_nanos {
            return Next::Wait(Time::from_micros(self.free_at_nanos.div_ceil(1000)));
        }
        self.last_packet += 1;
        let datagram = Rc::new(Datagram {
            packet: self.last_packet,
            segments: self.fill_datagram(),
            arrived: Cell::new(false),
        });
        let nanos = u128::from(datagram.wire_bytes()) * 1_000_000_000 / u128::from(bandwidth);
        self.free_at_nanos = now_nanos.saturating_add(u64::try_from(nanos).unwrap_or(u64::MAX));
        if datagram.has_reliable() {
            self.in_flight.push_back(InFlight {
                packet: self.last_packet,
                expires: now + retransmit_after,
                datagram: Some(Rc::clone(&datagram)),
            });
        }
        Next::Send(datagram)
    }

    fn fill_datagram(&mut self) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        let mut room = DATAGRAM_BYTES;
        let fits = |segments: &[Segment], room: u32, len: u64| {
            let header = if segments.is_empty() { 0 } else { SEGMENT_HEADER };
            len + u64::from(header) <= u64::from(room)
        };
        while let Some(segment) = self.retransmit.front() {
            if !fits(&segments, room, u64::from(segment.len)) {
                return segments;
            }
            room = room.saturating_sub(segment.len + SEGMENT_HEADER);
            if let Some(segment) = self.retransmit.pop_front() {
                self.count_as_sent(&segment);
                segments.push(segment);
            }
        }
        while let Some(&turn) = self.turns.first() {
            let (priority, finish, lane_index) = turn;
            let lane = &mut self.lanes[usize::from(lane_index)];
            let Some(first) = lane.queue.front() else { break };
            let remaining = first.payload.len() as u64 - u64::from(lane.sent_of_first);
            let whole = fits(&segments, room, remaining);
            if !whole && !segments.is_empty() {
                break;
            }
            let len = u32::try_from(remaining).unwrap_or(u32::MAX).min(room);
            let segment = Segment {
                lane: lane_index,
                reliable: first.reliable,
                number: first.number,
                ordinal: first.ordinal,
                offset: lane.sent_of_first,
                len,
                payload: first.payload.clone(),
            };
            room = room.saturating_sub(len + SEGMENT_HEADER);
            if whole {
                lane.queue.pop_front();
                lane.sent_of_first = 0;
                self.queued -= 1;
                self.turns.remove(&turn);
                self.take_turn(usize::from(lane_index));
                let virtual_now = self.virtual_time(priority);
                *virtual_now = (*virtual_now).max(finish);
            } else {
                lane.sent_of_first += len;
            }
            self.count_as_sent(&segment);
            segments.push(segment);
        }
        segments
    }

    fn count_as_sent(&mut self, segment: &Segment) {
        self.pending -= segment.accounted();
        let lane = &mut self.lanes[usize::from(segment.lane)];
        if segment.reliable {
            lane.pending_reliable -= segment.accounted();
            lane.unacked += segment.accounted();
        } else {
            lane.pending_unreliable -= segment.accounted();
        }
    }

    /// The other side has got a datagram.
    pub(crate) fn ack(&mut self, packet: u64) {
        let index = self.in_flight.partition_point(|in_flight| in_flight.packet < packet);
        let Some(in_flight) = self.in_flight.get_mut(index).filter(|found| found.packet == packet) else {
            return; // It counts as lost by now and goes again.
        };
        if let Some(datagram) = in_flight.datagram.take() {
            for segment in datagram.segments.iter().filter(|segment| segment.reliable) {
                self.lanes[usize::from(segment.lane)].unacked -= segment.accounted();
            }
        }
        while self.in_flight.front().is_some_and(|front| front.datagram.is_none()) {
            self.in_flight.pop_front();
        }
    }

    /// Lines up again what counts as lost.
    pub(crate) fn expire(&mut self, now: Time) {
        while self.in_flight.front().is_some_and(|front| front.datagram.is_none() || front.expires <= now) {
            let Some(datagram) = self.in_flight.pop_front().and_then(|front| front.datagram) else {
                continue;
            };
            for segment in datagram.segments.iter().filter(|segment| segment.reliable) {
                let lane = &mut self.lanes[usize::from(segment.lane)];
                lane.unacked -= segment.accounted();
                lane.pending_reliable += segment.accounted();
                self.pending += segment.accounted();
                self.retransmit.push_back(segment.clone());
            }
        }
    }

    /// When the oldest datagram in flight counts as lost.
    pub(crate) fn next_expiry(&self) -> Option<Time> {
        self.in_flight.front().map(|front| front.expires)
    }

    /// Puts its timers off: its machine sleeps for so long.
    pub(crate) fn put_off(&mut self, by: Duration) {
        self.hold_until = self.hold_until + by;
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.free_at_nanos = self.free_at_nanos.saturating_add(nanos);
        for in_flight in &mut self.in_flight {
            in_flight.expires = in_flight.expires + by;
        }
    }

    /// Drops everything that waits.
    pub(crate) fn stop(&mut self) {
        for lane in &mut self.lanes {
            lane.queue.clear();
            lane.sent_of_first = 0;
            lane.pending_reliable = 0;
            lane.pending_unreliable = 0;
            lane.unacked = 0;
        }
        self.turns.clear();
        self.retransmit = VecDeque::new();
        self.in_flight = VecDeque::new();
        self.queued = 0;
        self.pending = 0;
    }

    /// How long a message put now would wait, behind everything or behind what goes before `lane`.
    fn queue_time_micros(&self, now: Time, bandwidth: u64, lane: Option<&SendLane>) -> u64 {
        let wire = self.free_at_nanos.div_ceil(1000).saturating_sub(now.as_micros());
        let before: u64 = lane.map_or(self.pending, |lane| {
            let ahead = self.lanes.iter().filter(|other| other.config.priority <= lane.config.priority);
            ahead.map(|lane| lane.pending_reliable + lane.pending_unreliable).sum()
        });
        wire.saturating_add(before.saturating_mul(1_000_000) / bandwidth)
    }

    /// The statistics of the first `lanes.len()` lanes, and of all together; `None` if there are fewer.
    pub(crate) fn statistics(
        &self,
        now: Time,
        bandwidth: u64,
        connected: bool,
        lanes: &mut [LaneStatus],
    ) -> Option<LaneStatus> {
        let first = self.lanes.get(..lanes.len())?;
        let wait = |lane: Option<&SendLane>| {
            // Steam cannot tell before it is connected.
            if connected {
                i64::try_from(self.queue_time_micros(now, bandwidth, lane)).unwrap_or(i64::MAX)
            } else {
                i64::MAX
            }
        };
        for (status, lane) in lanes.iter_mut().zip(first) {
            *status = LaneStatus {
                pending_unreliable: to_i32(lane.pending_unreliable),
                pending_reliable: to_i32(lane.pending_reliable),
                sent_unacked_reliable: to_i32(lane.unacked),
                queue_time_us: wait(Some(lane)),
            };
        }
        let sum = |part: fn(&SendLane) -> u64| to_i32(self.lanes.iter().map(part).sum());
        Some(LaneStatus {
            pending_unreliable: sum(|lane| lane.pending_unreliable),
            pending_reliable: sum(|lane| lane.pending_reliable),
            sent_unacked_reliable: sum(|lane| lane.unacked),
            queue_time_us: wait(None),
        })
    }
}

fn to_i32(value: u64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
