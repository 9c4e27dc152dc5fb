//! From `put` to the transport: targets, lanes, the queue of a frame, and what Steam made of it.

use std::mem;

use smallvec::SmallVec;

use crate::connection::State;
use crate::connection::backlog::{Part, Unsent};
use crate::connection::send::{Drain, NOT_QUEUED, SendHalf, SendHalves as _};
use crate::connection::table::Table;
use crate::error::PutError;
use crate::lane::{
    Channel, Dialect, MAX_UNRELIABLE_BYTES, SendFlags, TransferMode, effective_mode, send_flags,
};
use crate::limits::{
    BACKLOG_ENTRY_BYTES, DIRECT_BYTES, MAX_BACKLOG_BYTES, MAX_MESSAGE_BYTES, SEND_BUFFER_BYTES,
};
use crate::piece::{self, Pieces};
use crate::priorities::Priorities;
use crate::roster::{Peer, Roster};
use crate::send_queue::SendQueue;
use crate::session::{Session, Status};
use crate::target::Target;
use crate::transport::{Outgoing, SendResult, Transport};

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
    /// Any [`PutError`]; then nothing was put. Targets whose backlog is full are disconnected with
    /// [`BacklogFull`](PutError::BacklogFull), so that no packet is ever missing among those that arrive.
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
        // As it travels to a native peer.
        let len = payload.len() + usize::from(tag.is_some());
        if len > MAX_UNRELIABLE_BYTES {
            return self.put_large(target, channel, mode, payload);
        }
        match target {
            Target::Only(id) => {
                let peer = self.roster.find(id).ok_or(PutError::UnknownTarget(id.to_godot()))?;
                self.ensure_room(peer.key, len, channel, mode)?;
                let payload = self.queue.add_payload(self.pool.copy(payload, tag));
                self.sender().1.enqueue(peer.key, Label { payload, len, channel, mode });
            }
            Target::All | Target::AllBut(_) => {
                let but = self.excluded(target)?;
                let is_target = |peer: &&Peer| Some(peer.key) != but;
                if may_be_refused(mode, channel) {
                    let mut refused = Ok(());
                    for place in 0..self.roster.peers().len() {
                        let peer = self.roster.peers()[place];
                        if is_target(&&peer) {
                            refused = refused.and(self.ensure_room(peer.key, len, channel, mode));
                        }
                    }
                    refused?;
                }
                let payload = self.queue.add_payload(self.pool.copy(payload, tag));
                let (roster, mut sender) = self.sender();
                for peer in roster.peers().iter().filter(is_target) {
                    sender.enqueue(peer.key, Label { payload, len, channel, mode });
                }
            }
        }
        if self.settings.no_nagle || self.queue.is_full() {
            self.flush();
        }
        Ok(())
    }

    /// Sends what was put, in one transport call for all peers, unless packets wait from before. Only the last message for
    /// each peer carries the flag not to wait for more. Call it at the end of a frame.
    pub fn flush(&mut self) {
        if self.queue.has_payloads() || !self.drain.is_empty() {
            self.send_queue();
        }
    }

    /// The key of the peer that a target leaves out.
    fn excluded(&self, target: Target) -> Result<Option<u32>, PutError> {
        let Target::AllBut(id) = target else { return Ok(None) };
        let peer = self.roster.get(id).ok_or(PutError::UnknownTarget(-id.to_godot()))?;
        Ok(Some(peer.key))
    }

    /// Puts a packet that is too large to travel unreliably, or to travel whole.
    #[cold]
    fn put_large(
        &mut self,
        target: Target,
        channel: Channel,
        mode: TransferMode,
        payload: &[u8],
    ) -> Result<(), PutError> {
        let most = self.settings.max_packet_bytes();
        if payload.len() > most {
            return Err(PutError::TooLarge(payload.len(), most));
        }
        let tag = channel.tag();
        let len = payload.len() + usize::from(tag.is_some());
        let keys: SmallVec<[u32; 8]> = match target {
            Target::Only(id) => {
                let peer = self.roster.find(id).ok_or(PutError::UnknownTarget(id.to_godot()))?;
                [peer.key].into_iter().collect()
            }
            Target::All | Target::AllBut(_) => {
                let but = self.excluded(target)?;
                self.roster.peers().iter().map(|peer| peer.key).filter(|&key| Some(key) != but).collect()
            }
        };
        let mut refused = Ok(());
        for &key in &keys {
            refused = refused.and(self.ensure_room(key, len, channel, TransferMode::Reliable));
        }
        refused?;
        if mode == TransferMode::UnreliableOrdered {
            // Its first piece says which ordered messages were sent before it.
            self.flush();
        }
        let (mut whole, mut pieces) = (None, None);
        for key in keys {
            let half = &self.connections[key].send;
            if !half.has_pieces {
                let payload =
                    *whole.get_or_insert_with(|| self.queue.add_payload(self.pool.copy(payload, tag)));
                self.sender().1.enqueue(key, Label { payload, len, channel, mode });
                continue;
            }
            let ordered_lane = half.dialect.lane(channel, TransferMode::UnreliableOrdered);
            let after = (mode == TransferMode::UnreliableOrdered).then(|| half.last_number(ordered_lane));
            let pieces: &mut Pieces = pieces.get_or_insert_with(|| piece::cut(payload, tag, after));
            if after.is_some() {
                pieces[0] = piece::cut_first(payload, tag, after);
            }
            self.sender().1.enqueue_pieces(key, channel, pieces);
        }
        if self.settings.no_nagle || self.queue.is_full() {
            self.flush();
        }
        Ok(())
    }

    #[inline]
    fn ensure_room(
        &mut self,
        key: u32,
        len: usize,
        channel: Channel,
        mode: TransferMode,
    ) -> Result<(), PutError> {
        if !may_be_refused(mode, channel) {
            return Ok(());
        }
        let connection = &self.connections[key];
        if !matches!(connection.state(), State::Established) {
            // It takes nothing any more.
            return Ok(());
        }
        let half = &connection.send;
        if !half.dialect.reaches(channel) {
            return Err(PutError::OutOfReach(channel.get()));
        }
        if !effective_mode(half.dialect, mode, len).is_reliable() {
            return Ok(());
        }
        if !half.has_pieces && len > MAX_UNRELIABLE_BYTES {
            let tag = usize::from(channel.tag().is_some());
            let most = MAX_MESSAGE_BYTES.min(half.buffer_bytes()) - tag;
            if len - tag > most {
                return Err(PutError::TooLarge(len - tag, most));
            }
        }
        let backlog = half.backlog_bytes();
        // An empty backlog takes any packet, whatever the setting.
        let bound = self.settings.max_backlog_bytes.clamp(SEND_BUFFER_BYTES as usize, MAX_BACKLOG_BYTES);
        let entries = piece::count(len) * BACKLOG_ENTRY_BYTES;
        if backlog > 0 && backlog + len + entries > bound {
            self.close_too_far_behind(key);
            return Err(PutError::BacklogFull(backlog));
        }
        if backlog == 0 && !half.has_room(len) {
            self.look_at_buffer(key, len);
        }
        Ok(())
    }

    /// Steam may have enough of this connection: what was put before is sent, and Steam asked. If it has, the packet begins
    /// the backlog, behind all of that.
    #[cold]
    fn look_at_buffer(&mut self, key: u32, len: usize) {
        self.flush();
        let connection = &mut self.connections[key];
        if let Some(handle) = connection.handle {
            connection.send.look(&self.transport, handle, len, DIRECT_BYTES);
        }
    }

    /// What enqueueing changes, beside the roster that is iterated meanwhile.
    #[inline]
    fn sender(&mut self) -> (&Roster, Sender<'_, T>) {
        let Self {
            transport, roster, connections, queue, queued, drain, settings, priorities, polls, ..
        } = self;
        let unreliable_unsent = &mut self.counters.unreliable_unsent;
        let (no_delay, polls) = (settings.no_delay, *polls);
        let sender = Sender {
            transport,
            connections,
            queue,
            queued,
            drain,
            priorities,
            no_delay,
            polls,
            unreliable_unsent,
        };
        (roster, sender)
    }

    /// Configures the lanes of a connection whose dialect has become known.
    pub(super) fn configure_lanes(&mut self, key: u32) {
        let connection = &mut self.connections[key];
        let lanes = self.priorities.lanes(connection.send.dialect);
        let Some(handle) = connection.handle else { return };
        let rate = self.transport.real_time_status(handle, &mut []).map(|of| of.send_rate_bytes_per_sec);
        connection.send.open(self.transport.send_buffer_bytes(handle), rate);
        if self.transport.configure_lanes(handle, &lanes).is_err() {
            // Steam refuses only for a connection that is gone.
            self.connections.mark_broken(key);
        }
    }

    #[inline(never)]
    fn send_queue(&mut self) {
        for key in self.queued.drain(..) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            let last = mem::replace(&mut connection.send.last_queued, NOT_QUEUED);
            if last != NOT_QUEUED {
                self.queue.message_mut(last).flags |= SendFlags::NO_NAGLE;
            }
        }
        let Self { transport, connections, queue, drain, results, counters, .. } = self;
        if !queue.is_empty() {
            transport.send(queue.batch(), results);
            results.resize(queue.len(), SendResult::NOT_TRIED);
        }
        let mut sent = drain.settle(connections, queue, results);
        queue.clear();
        results.clear();
        if !drain.is_empty() {
            drain.start(transport, connections);
            sent.add(drain.run(transport, connections, queue, results, SendFlags::NO_NAGLE));
        }
        counters.packets_out += sent.packets;
        counters.bytes_out += sent.bytes;
        counters.unreliable_unsent += sent.unreliable_unsent;
    }
}

/// Whether a packet that is not large may have to be kept until Steam takes it, or may not reach some peers at all.
#[inline]
fn may_be_refused(mode: TransferMode, channel: Channel) -> bool {
    mode != TransferMode::Unreliable || !Dialect::GodotSteam.reaches(channel)
}

/// Puts packets into the queue.
struct Sender<'a, T: Transport> {
    transport: &'a T,
    connections: &'a mut Table<T::Message>,
    queue: &'a mut SendQueue,
    queued: &'a mut Vec<u32>,
    drain: &'a mut Drain,
    priorities: &'a Priorities,
    no_delay: bool,
    polls: u32,
    unreliable_unsent: &'a mut u64,
}

/// Adds a message to the queue, and its connection to those with messages there.
#[inline]
fn queue_for(half: &mut SendHalf, queued: &mut Vec<u32>, queue: &mut SendQueue, message: Outgoing) {
    if half.last_queued == NOT_QUEUED {
        queued.push(message.key);
    }
    half.last_queued = queue.push(message);
}

impl<T: Transport> Sender<'_, T> {
    /// Adds a packet for one connection to the queue, or to its backlog if it has to wait. A closed connection takes
    /// nothing: its peer is gone, and the game is about to hear of it.
    #[inline]
    fn enqueue(&mut self, key: u32, label: Label) {
        let connection = &mut self.connections[key];
        let (State::Established, Some(handle), false) =
            (connection.state(), connection.handle, connection.send.is_broken)
        else {
            return;
        };
        let half = &mut connection.send;
        let Label { mut payload, len, channel, mode } = label;
        if half.dialect == Dialect::GodotSteam && channel.tag().is_some() {
            // The same bytes without the tag, which such a peer does not know.
            payload = self.queue.add_payload(self.queue.payload(payload).slice(..len - 1));
        }
        let mode = effective_mode(half.dialect, mode, len);
        let lane = half.dialect.lane(channel, mode);
        if mode.is_reliable() {
            if half.must_wait(channel, len) {
                let unsent = Unsent { payload: self.queue.payload(payload).clone(), lane, part: Part::Whole };
                return self.push_backlog(key, channel, unsent);
            }
            half.count_reliable(len);
        } else {
            if !half.has_unreliable_room(len) {
                half.look_at_lanes(self.transport, handle, self.queue.bytes_for(key), self.polls);
                if !half.takes_unreliable(lane, len, self.no_delay) {
                    *self.unreliable_unsent += 1;
                    return;
                }
            }
            half.count_put(len);
        }
        let (flags, part) = (send_flags(mode, self.no_delay), Part::Whole);
        let message = Outgoing { connection: handle, payload, key, lane, flags, channel, part };
        queue_for(half, self.queued, self.queue, message);
    }

    #[cold]
    fn push_backlog(&mut self, key: u32, channel: Channel, unsent: Unsent) {
        let half = &mut self.connections[key].send;
        if !half.is_backlogged() {
            self.drain.add(key);
        }
        half.push_backlog(channel, self.priorities.get(channel), unsent);
    }

    /// Adds a packet in pieces. Several go out one after the other, as the connection takes them.
    fn enqueue_pieces(&mut self, key: u32, channel: Channel, pieces: &Pieces) {
        let connection = &mut self.connections[key];
        let (State::Established, Some(handle), false) =
            (connection.state(), connection.handle, connection.send.is_broken)
        else {
            return;
        };
        let half = &mut connection.send;
        let lane = half.dialect.lane(channel, TransferMode::Reliable);
        if let [only] = pieces.as_slice()
            && !half.must_wait(channel, only.len())
        {
            half.count_reliable(only.len());
            let payload = self.queue.add_payload(only.clone());
            let (flags, part) = (SendFlags::RELIABLE, Part::Whole);
            let message = Outgoing { connection: handle, payload, key, lane, flags, channel, part };
            return queue_for(half, self.queued, self.queue, message);
        }
        let last = pieces.len() - 1;
        for (place, piece) in pieces.iter().enumerate() {
            let part = match place {
                0 if last == 0 => Part::Whole,
                0 => Part::First,
                place if place == last => Part::Last,
                _ => Part::Middle,
            };
            self.push_backlog(key, channel, Unsent { payload: piece.clone(), lane, part });
        }
    }
}
