//! From `put` to the transport: targets, lanes, the queue of a frame, and the backlog of what Steam has no room for.

use bytes::Bytes;

use crate::error::PutError;
use crate::id::PeerId;
use crate::lane::{Channel, MAX_UNRELIABLE_BYTES, SendFlags, TransferMode, effective_mode, send_flags};
use crate::limits::MAX_PACKET_BYTES;
use crate::link::State;
use crate::outbound::NOT_QUEUED;
use crate::session::{Session, Status};
use crate::transport::{Outgoing, SendResult, Transport};

/// Who a packet goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every peer.
    All,
    /// That one.
    Only(PeerId),
    /// Every peer but that one.
    AllBut(PeerId),
}

impl TryFrom<i32> for Target {
    type Error = PutError;

    /// Godot's target peer: 0 for all, n for that one, -n for all but n.
    fn try_from(target: i32) -> Result<Self, PutError> {
        match PeerId::new(target.unsigned_abs()) {
            _ if target == 0 => Ok(Self::All),
            Some(id) if target > 0 => Ok(Self::Only(id)),
            Some(id) => Ok(Self::AllBut(id)),
            None => Err(PutError::UnknownTarget(target)),
        }
    }
}

impl TryFrom<i32> for Channel {
    type Error = PutError;

    fn try_from(raw: i32) -> Result<Self, PutError> {
        Self::new(raw).ok_or(PutError::UnknownChannel(raw))
    }
}

/// What a packet needs besides its bytes.
#[derive(Clone, Copy)]
struct Label {
    payload: u32,
    len: usize,
    channel: Channel,
    mode: TransferMode,
}

impl<T: Transport> Session<T> {
    /// Puts a packet: copied once, sent with the next [`flush`](Self::flush) or [`poll`](Self::poll), to each target
    /// or to none.
    ///
    /// # Errors
    /// Any [`PutError`]; then nothing was put.
    #[inline]
    pub fn put(
        &mut self,
        target: Target,
        channel: Channel,
        mode: TransferMode,
        payload: &[u8],
    ) -> Result<(), PutError> {
        if self.status != Status::Connected {
            return Err(PutError::NotConnected);
        }
        if payload.is_empty() {
            return Err(PutError::Empty);
        }
        if payload.len() > MAX_PACKET_BYTES {
            return Err(PutError::TooLarge(payload.len()));
        }
        let len = payload.len();
        let label = |payload| Label { payload, len, channel, mode };
        match target {
            Target::Only(id) => {
                let peer = self.roster.find(id).ok_or(PutError::UnknownTarget(id.to_godot()))?;
                self.ensure_room(peer.link, len, mode)?;
                let payload = self.queue.add_payload(self.pool.copy(payload));
                self.enqueue(peer.link, label(payload));
            }
            Target::All | Target::AllBut(_) => {
                let but = match target {
                    Target::AllBut(id) => {
                        Some(self.roster.get(id).ok_or(PutError::UnknownTarget(-id.to_godot()))?.link)
                    }
                    _ => None,
                };
                let count = self.roster.peers().len();
                for place in 0..count {
                    let link = self.roster.peers()[place].link;
                    if Some(link) != but {
                        self.ensure_room(link, len, mode)?;
                    }
                }
                let payload = self.queue.add_payload(self.pool.copy(payload));
                for place in 0..count {
                    let link = self.roster.peers()[place].link;
                    if Some(link) != but {
                        self.enqueue(link, label(payload));
                    }
                }
            }
        }
        if self.settings.no_nagle || self.queue.is_full() {
            self.flush();
        }
        Ok(())
    }

    /// Sends what was put: one transport call for all peers, and only the last message for each goes out with the
    /// order not to wait for more. Call it at the end of a frame.
    pub fn flush(&mut self) {
        if self.queue.has_payloads() || !self.backlogged.is_empty() {
            self.send_queue();
        }
    }

    #[inline]
    fn ensure_room(&self, key: u32, len: usize, mode: TransferMode) -> Result<(), PutError> {
        let may_be_reliable = mode != TransferMode::Unreliable || len > MAX_UNRELIABLE_BYTES;
        if !may_be_reliable {
            return Ok(());
        }
        let out = &self.links[key].outbound;
        // An empty backlog takes any packet, whatever the setting.
        let bound = self.settings.max_backlog_bytes.max(MAX_PACKET_BYTES);
        if out.unsent_bytes() + len > bound && effective_mode(out.dialect, mode, len).is_reliable() {
            return Err(PutError::BacklogFull(out.unsent_bytes()));
        }
        Ok(())
    }

    /// Adds a packet for one connection to the queue, or to its backlog if there is one. A connection that has ended
    /// takes nothing: its peer is gone, and the game is about to hear of it.
    #[inline]
    fn enqueue(&mut self, key: u32, label: Label) {
        let link = &mut self.links[key];
        let (State::Joined, Some(handle)) = (&link.state, link.handle) else {
            return;
        };
        if label.channel.get() >= link.outbound.channels {
            self.widen_lanes(key, label.channel.get() + 1);
        }
        let out = &mut self.links[key].outbound;
        if out.is_broken {
            return;
        }
        let mode = effective_mode(out.dialect, label.mode, label.len);
        let lane = out.dialect.lane(label.channel, mode);
        if mode.is_reliable() {
            if out.is_backlogged() {
                let payload = self.queue.payload(label.payload).clone();
                out.hold_back(lane, payload);
                return;
            }
            out.queued_bytes += label.len;
        }
        if out.last_queued == NOT_QUEUED {
            self.queued_links.push(key);
        }
        let flags = send_flags(mode, self.settings.no_delay);
        out.last_queued =
            self.queue.push(Outgoing { connection: handle, payload: label.payload, link: key, lane, flags });
    }

    /// Configures the lanes of the first `channels` channels of a connection.
    #[cold]
    pub(super) fn widen_lanes(&mut self, key: u32, channels: u8) {
        let Self { links, transport, priorities, .. } = self;
        let out = &mut links[key].outbound;
        out.channels = channels.min(Channel::MAX.get() + 1);
        let lanes = priorities.lanes(out.dialect, out.channels);
        let handle = links[key].handle;
        if handle.is_some_and(|handle| transport.configure_lanes(handle, &lanes).is_err()) {
            // Steam refuses only for a connection that is gone.
            self.break_sending(key);
        }
    }

    /// Nothing more can be sent on that connection; `poll` ends it, unless Steam has told of its end by then.
    fn break_sending(&mut self, key: u32) {
        self.links[key].outbound.break_off();
        self.links.watch(key);
    }

    #[inline(never)]
    fn send_queue(&mut self) {
        let queued_links = std::mem::take(&mut self.queued_links);
        for &key in &queued_links {
            let Some(link) = self.links.get_mut(key) else {
                continue;
            };
            let out = &mut link.outbound;
            let last = std::mem::replace(&mut out.last_queued, NOT_QUEUED);
            out.queued_bytes = 0;
            // A backlog follows in the same call, and its last message is this connection's last.
            if last != NOT_QUEUED && !out.is_backlogged() {
                self.queue.message_mut(last).flags |= SendFlags::NO_NAGLE;
            }
        }
        self.queued_links = queued_links;
        self.queued_links.clear();

        let fresh = self.queue.len();
        let mut retried = std::mem::take(&mut self.backlogged);
        for &key in &retried {
            self.queue_backlog(key);
        }
        let mut results = std::mem::take(&mut self.results);
        if !self.queue.is_empty() {
            self.transport.send(self.queue.batch(), &mut results);
        }
        self.settle_retried(fresh, &results, &mut retried);
        for place in 0..fresh {
            self.settle_fresh(place, result_of(&results, place), &mut retried);
        }
        // As long as Steam takes whole chunks of a backlog, it gets more.
        while !retried.is_empty() {
            self.queue.clear();
            for &key in &retried {
                self.queue_backlog(key);
            }
            results.clear();
            self.transport.send(self.queue.batch(), &mut results);
            self.settle_retried(0, &results, &mut retried);
        }
        results.clear();
        self.results = results;
        self.queue.clear();
    }

    /// Adds a chunk of a connection's backlog to the queue.
    fn queue_backlog(&mut self, key: u32) {
        let Self { links, queue, .. } = self;
        let Some(link) = links.get_mut(key) else {
            return;
        };
        let Some(connection) = link.handle else { return };
        let mut last = None;
        for (lane, flags, payload) in link.outbound.chunk() {
            let payload: Bytes = payload.clone();
            let payload = queue.add_payload(payload);
            last = Some(queue.push(Outgoing { connection, payload, link: key, lane, flags }));
        }
        if let Some(last) = last {
            queue.message_mut(last).flags |= SendFlags::NO_NAGLE;
        }
    }

    /// What became of a message that was put since the last flush. Adds to `retried` the connections whose reliable
    /// messages only suffered for an unreliable one before them.
    #[inline]
    fn settle_fresh(&mut self, place: usize, result: SendResult, retried: &mut Vec<u32>) {
        let message = self.queue.message(place);
        let is_reliable = message.flags.contains(SendFlags::RELIABLE);
        if result.message_number().is_some() {
            self.counters.packets_out += 1;
            self.counters.bytes_out += self.queue.payload(message.payload).len() as u64;
            if !is_reliable {
                return;
            }
        }
        let Some(link) = self.links.get_mut(message.link) else {
            return;
        };
        if link.handle != Some(message.connection) {
            return;
        }
        let out = &mut link.outbound;
        if let Some(number) = result.message_number() {
            out.sent(message.lane, number);
        } else if !is_reliable {
            self.counters.unreliable_unsent += 1;
        } else if !result.is_worth_retrying() {
            self.break_sending(message.link);
        } else if !out.is_broken {
            if !out.is_backlogged() {
                let waiting = if result == SendResult::NOT_TRIED { retried } else { &mut self.backlogged };
                waiting.push(message.link);
            }
            out.hold_back(message.lane, self.queue.payload(message.payload).clone());
        }
    }

    /// What became of the messages from backlogs, which stand in the queue from `start` on. Leaves in `retried` the
    /// connections that took all of theirs and have more.
    fn settle_retried(&mut self, start: usize, results: &[SendResult], retried: &mut Vec<u32>) {
        for place in start..self.queue.len() {
            let (message, result) = (self.queue.message(place), result_of(results, place));
            let Some(link) = self.links.get_mut(message.link) else {
                continue;
            };
            let out = &mut link.outbound;
            if let Some(number) = result.message_number() {
                out.sent(message.lane, number);
                out.advance_backlog();
                self.counters.packets_out += 1;
                self.counters.bytes_out += self.queue.payload(message.payload).len() as u64;
                continue;
            }
            if let Some(refused) = retried.iter().position(|&key| key == message.link) {
                retried.swap_remove(refused);
                self.backlogged.push(message.link);
            }
            if !result.is_worth_retrying() {
                self.break_sending(message.link);
            }
        }
        let links = &mut self.links;
        retried.retain(|&key| {
            links.get_mut(key).is_some_and(|link| link.handle.is_some() && link.outbound.is_backlogged())
        });
    }
}

/// What a transport does not say was not tried.
#[inline]
fn result_of(results: &[SendResult], place: usize) -> SendResult {
    results.get(place).copied().unwrap_or(SendResult::NOT_TRIED)
}
