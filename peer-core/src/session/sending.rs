//! From `put` to the transport: targets, lanes, the queue of a frame, and the backlog of what Steam has no room for.

use bytes::Bytes;

use crate::error::PutError;
use crate::id::PeerId;
use crate::lane::{
    Channel, Dialect, MAX_UNRELIABLE_BYTES, SendFlags, TransferMode, effective_mode, send_flags,
};
use crate::limits::MAX_PACKET_BYTES;
use crate::link::State;
use crate::links::Links;
use crate::outbound::NOT_QUEUED;
use crate::roster::{Peer, Roster};
use crate::send_queue::SendQueue;
use crate::session::{Session, Status};
use crate::transport::{Message, Outgoing, SendResult, Transport};

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
    /// With its tag, if it has one.
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
        let tag = channel.tag();
        // As it travels between peers of this project.
        let len = payload.len() + usize::from(tag.is_some());
        if len > MAX_PACKET_BYTES {
            return Err(PutError::TooLarge(payload.len()));
        }
        match target {
            Target::Only(id) => {
                let peer = self.roster.find(id).ok_or(PutError::UnknownTarget(id.to_godot()))?;
                self.ensure_room(peer.link, len, channel, mode)?;
                let payload = self.queue.add_payload(self.pool.copy(payload, tag));
                self.sender().1.enqueue(peer.link, Label { payload, len, channel, mode });
            }
            Target::All | Target::AllBut(_) => {
                let but = match target {
                    Target::AllBut(id) => {
                        Some(self.roster.get(id).ok_or(PutError::UnknownTarget(-id.to_godot()))?.link)
                    }
                    _ => None,
                };
                let is_meant = |peer: &&Peer| Some(peer.link) != but;
                if may_be_refused(mode, len, channel) {
                    for peer in self.roster.peers().iter().filter(is_meant) {
                        self.ensure_room(peer.link, len, channel, mode)?;
                    }
                }
                let payload = self.queue.add_payload(self.pool.copy(payload, tag));
                let (roster, mut sender) = self.sender();
                for peer in roster.peers().iter().filter(is_meant) {
                    sender.enqueue(peer.link, Label { payload, len, channel, mode });
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
    fn ensure_room(
        &self,
        key: u32,
        len: usize,
        channel: Channel,
        mode: TransferMode,
    ) -> Result<(), PutError> {
        if !may_be_refused(mode, len, channel) {
            return Ok(());
        }
        let out = &self.links[key].outbound;
        if !out.dialect.reaches(channel) {
            return Err(PutError::OutOfReach(channel.get()));
        }
        // An empty backlog takes any packet, whatever the setting.
        let bound = self.settings.max_backlog_bytes.max(MAX_PACKET_BYTES);
        if out.unsent_bytes() + len > bound && effective_mode(out.dialect, mode, len).is_reliable() {
            return Err(PutError::BacklogFull(out.unsent_bytes()));
        }
        Ok(())
    }

    /// The parts that enqueueing changes, beside the roster that is walked meanwhile.
    #[inline]
    fn sender(&mut self) -> (&Roster, Sender<'_, T::Message>) {
        let Self { roster, links, queue, queued_links, settings, .. } = self;
        let no_delay = settings.no_delay;
        (roster, Sender { links, queue, queued_links, no_delay })
    }

    /// Configures the lanes of a connection whose dialect has become known.
    pub(super) fn configure_lanes(&mut self, key: u32) {
        let link = &self.links[key];
        let lanes = self.priorities.lanes(link.outbound.dialect);
        let refused =
            link.handle.is_some_and(|handle| self.transport.configure_lanes(handle, &lanes).is_err());
        if refused {
            // Steam refuses only for a connection that is gone.
            self.links.break_sending(key);
        }
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
        results.resize(self.queue.len(), SendResult::NOT_TRIED);
        let (fresh_results, retried_results) = results.split_at(fresh);
        self.settle_retried(fresh, retried_results, &mut retried);
        self.settle_fresh(fresh_results, &mut retried);
        // As long as Steam takes whole chunks of a backlog, it gets more.
        while !retried.is_empty() {
            self.queue.clear();
            for &key in &retried {
                self.queue_backlog(key);
            }
            results.clear();
            self.transport.send(self.queue.batch(), &mut results);
            results.resize(self.queue.len(), SendResult::NOT_TRIED);
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

    /// What became of the messages that were put since the last flush. Adds to `retried` the connections whose reliable
    /// messages only suffered for an unreliable one before them.
    fn settle_fresh(&mut self, results: &[SendResult], retried: &mut Vec<u32>) {
        let Self { queue, links, counters, backlogged, .. } = self;
        let batch = queue.batch();
        for (message, &result) in batch.messages.iter().zip(results) {
            let is_reliable = message.flags.contains(SendFlags::RELIABLE);
            let number = result.message_number();
            if number.is_some() {
                counters.packets_out += 1;
                counters.bytes_out += batch.payload(message).len() as u64;
            }
            match (number, is_reliable) {
                (Some(_), false) => continue,
                (None, false) => {
                    counters.unreliable_unsent += 1;
                    continue;
                }
                (_, true) => {}
            }
            let Some(link) =
                links.get_mut(message.link).filter(|link| link.handle == Some(message.connection))
            else {
                continue;
            };
            let out = &mut link.outbound;
            if let Some(number) = number {
                out.sent(message.lane, number);
            } else if !result.is_worth_retrying() {
                links.break_sending(message.link);
            } else if !out.is_broken {
                if !out.is_backlogged() {
                    let waiting =
                        if result == SendResult::NOT_TRIED { &mut *retried } else { &mut *backlogged };
                    waiting.push(message.link);
                }
                out.hold_back(message.lane, batch.payload(message).clone());
            }
        }
    }

    /// What became of the messages from backlogs, which stand in the queue from `start` on. Leaves in `retried` the
    /// connections that took all of theirs and have more.
    fn settle_retried(&mut self, start: usize, results: &[SendResult], retried: &mut Vec<u32>) {
        let Self { queue, links, counters, backlogged, .. } = self;
        let batch = queue.batch();
        for (message, &result) in batch.messages[start..].iter().zip(results) {
            let Some(link) = links.get_mut(message.link) else { continue };
            let out = &mut link.outbound;
            if let Some(number) = result.message_number() {
                out.sent(message.lane, number);
                out.advance_backlog();
                counters.packets_out += 1;
                counters.bytes_out += batch.payload(message).len() as u64;
                continue;
            }
            if let Some(refused) = retried.iter().position(|&key| key == message.link) {
                retried.swap_remove(refused);
                backlogged.push(message.link);
            }
            if !result.is_worth_retrying() {
                links.break_sending(message.link);
            }
        }
        retried.retain(|&key| {
            links.get_mut(key).is_some_and(|link| link.handle.is_some() && link.outbound.is_backlogged())
        });
    }
}

/// Whether a packet may have to be kept until Steam takes it, or may not reach some peers at all.
#[inline]
fn may_be_refused(mode: TransferMode, len: usize, channel: Channel) -> bool {
    mode != TransferMode::Unreliable || len > MAX_UNRELIABLE_BYTES || !Dialect::GodotSteam.reaches(channel)
}

/// Puts packets into the queue.
struct Sender<'a, M> {
    links: &'a mut Links<M>,
    queue: &'a mut SendQueue,
    queued_links: &'a mut Vec<u32>,
    no_delay: bool,
}

impl<M: Message> Sender<'_, M> {
    /// Adds a packet for one connection to the queue, or to its backlog if there is one. A connection that has ended
    /// takes nothing: its peer is gone, and the game is about to hear of it.
    #[inline]
    fn enqueue(&mut self, key: u32, label: Label) {
        let link = &mut self.links[key];
        let out = &mut link.outbound;
        let (State::Joined, Some(connection), false) = (&link.state, link.handle, out.is_broken) else {
            return;
        };
        let Label { mut payload, len, channel, mode } = label;
        if out.dialect == Dialect::GodotSteam && channel.tag().is_some() {
            // The same bytes, short of the tag, which such a peer does not know.
            payload = self.queue.add_payload(self.queue.payload(payload).slice(..len - 1));
        }
        let mode = effective_mode(out.dialect, mode, len);
        let lane = out.dialect.lane(channel, mode);
        if mode.is_reliable() {
            if out.is_backlogged() {
                out.hold_back(lane, self.queue.payload(payload).clone());
                return;
            }
            out.queued_bytes += len;
        }
        if out.last_queued == NOT_QUEUED {
            self.queued_links.push(key);
        }
        let flags = send_flags(mode, self.no_delay);
        out.last_queued = self.queue.push(Outgoing { connection, payload, link: key, lane, flags });
    }
}
