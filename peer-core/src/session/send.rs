//! From `put` to the transport: targets, lanes, the queue of a frame, and what Steam made of it.

use std::mem;

use crate::connection::State;
use crate::connection::send::{Drain, NOT_QUEUED, SendHalves};
use crate::connection::table::Table;
use crate::error::PutError;
use crate::lane::{
    Channel, Dialect, MAX_UNRELIABLE_BYTES, SendFlags, TransferMode, effective_mode, send_flags,
};
use crate::limits::{MAX_BACKLOG_BYTES, MAX_PACKET_BYTES};
use crate::roster::{Peer, Roster};
use crate::send_queue::SendQueue;
use crate::session::{Session, Status};
use crate::target::Target;
use crate::transport::{Message, Outgoing, SendResult, Transport};

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
        if len > MAX_PACKET_BYTES {
            return Err(PutError::TooLarge(payload.len()));
        }
        match target {
            Target::Only(id) => {
                let peer = self.roster.find(id).ok_or(PutError::UnknownTarget(id.to_godot()))?;
                self.ensure_room(peer.key, len, channel, mode)?;
                let payload = self.queue.add_payload(self.pool.copy(payload, tag));
                self.sender().1.enqueue(peer.key, Label { payload, len, channel, mode });
            }
            Target::All | Target::AllBut(_) => {
                let but = match target {
                    Target::AllBut(id) => {
                        Some(self.roster.get(id).ok_or(PutError::UnknownTarget(-id.to_godot()))?.key)
                    }
                    _ => None,
                };
                let is_target = |peer: &&Peer| Some(peer.key) != but;
                if may_be_refused(mode, len, channel) {
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

    /// Sends what was put, in one transport call for all peers. Only the last message for each peer carries the flag
    /// not to wait for more. Call it at the end of a frame.
    pub fn flush(&mut self) {
        if self.queue.has_payloads() || !self.drain.is_empty() {
            self.send_queue();
        }
    }

    #[inline]
    fn ensure_room(
        &mut self,
        key: u32,
        len: usize,
        channel: Channel,
        mode: TransferMode,
    ) -> Result<(), PutError> {
        if !may_be_refused(mode, len, channel) {
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
        // An empty backlog takes any packet, whatever the setting.
        let bound = self.settings.max_backlog_bytes.clamp(MAX_PACKET_BYTES, MAX_BACKLOG_BYTES);
        if !effective_mode(half.dialect, mode, len).is_reliable() {
            return Ok(());
        }
        let unsent = half.unsent_bytes();
        if unsent + len > bound {
            self.close_too_far_behind(key);
            return Err(PutError::BacklogFull(unsent));
        }
        if !half.is_backlogged() && !half.has_room(len) {
            self.look_at_buffer(key);
        }
        Ok(())
    }

    /// Steam's send buffer may be full: what was put before is sent, and Steam asked. What still finds no room then begins
    /// the backlog, behind all of that.
    #[cold]
    fn look_at_buffer(&mut self, key: u32) {
        self.flush();
        let connection = &mut self.connections[key];
        if let Some(handle) = connection.handle {
            connection.send.look_at_buffer(&self.transport, handle);
        }
    }

    /// What enqueueing changes, beside the roster that is iterated meanwhile.
    #[inline]
    fn sender(&mut self) -> (&Roster, Sender<'_, T::Message>) {
        let Self { roster, connections, queue, queued, drain, settings, .. } = self;
        let no_delay = settings.no_delay;
        (roster, Sender { connections, queue, queued, drain, no_delay })
    }

    /// Configures the lanes of a connection whose dialect has become known.
    pub(super) fn configure_lanes(&mut self, key: u32) {
        let connection = &self.connections[key];
        let lanes = self.priorities.lanes(connection.send.dialect);
        let refused =
            connection.handle.is_some_and(|handle| self.transport.configure_lanes(handle, &lanes).is_err());
        if refused {
            // Steam refuses only for a connection that is gone.
            self.connections.mark_broken(key);
        }
    }

    #[inline(never)]
    fn send_queue(&mut self) {
        let queued = mem::take(&mut self.queued);
        for &key in &queued {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            let half = &mut connection.send;
            let last = mem::replace(&mut half.last_queued, NOT_QUEUED);
            half.queued_bytes = 0;
            // A backlog follows in the same call, and its last message is the connection's last.
            if last != NOT_QUEUED && !half.is_backlogged() {
                self.queue.message_mut(last).flags |= SendFlags::NO_NAGLE;
            }
        }
        self.queued = queued;
        self.queued.clear();

        let fresh = self.queue.len();
        self.drain.start(&self.transport, &mut self.connections);
        self.drain.queue_chunks(&mut self.connections, &mut self.queue, SendFlags::NO_NAGLE);
        let mut results = mem::take(&mut self.results);
        if !self.queue.is_empty() {
            self.transport.send(self.queue.batch(), &mut results);
        }
        results.resize(self.queue.len(), SendResult::NOT_TRIED);
        let first = self.drain.settle(&mut self.connections, &self.queue, fresh, &results[fresh..]);
        self.settle_fresh(&results[..fresh]);
        let Self { transport, connections, queue, drain, .. } = self;
        let further = drain.run(transport, connections, queue, &mut results, SendFlags::NO_NAGLE);
        self.counters.packets_out += first.packets + further.packets;
        self.counters.bytes_out += first.bytes + further.bytes;
        self.results = results;
    }

    /// Takes in the results of the messages put since the last flush. Reliable ones that were not taken begin a backlog.
    fn settle_fresh(&mut self, results: &[SendResult]) {
        let Self { queue, connections, counters, drain, .. } = self;
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
                    if let Some(connection) = connections.get_mut(message.key) {
                        connection.send.unsent(batch.payload(message).len());
                    }
                    continue;
                }
                (_, true) => {}
            }
            let Some(connection) =
                connections.get_mut(message.key).filter(|of| of.handle == Some(message.connection))
            else {
                continue;
            };
            let half = &mut connection.send;
            if let Some(number) = number {
                half.sent(message.lane, number, batch.payload(message).len());
            } else if !result.is_worth_retrying() {
                connections.mark_broken(message.key);
            } else if !half.is_broken {
                if !half.is_backlogged() {
                    if result == SendResult::NOT_TRIED {
                        // It only suffered for an unreliable message before it.
                        drain.add_ready(message.key);
                    } else {
                        drain.add_full(message.key);
                    }
                }
                half.push_backlog(message.lane, batch.payload(message).clone());
            }
        }
    }
}

/// Whether a packet may have to be kept until Steam takes it, or may not reach some peers at all.
#[inline]
fn may_be_refused(mode: TransferMode, len: usize, channel: Channel) -> bool {
    mode != TransferMode::Unreliable || len > MAX_UNRELIABLE_BYTES || !Dialect::GodotSteam.reaches(channel)
}

/// Puts packets into the queue.
struct Sender<'a, M> {
    connections: &'a mut Table<M>,
    queue: &'a mut SendQueue,
    queued: &'a mut Vec<u32>,
    drain: &'a mut Drain,
    no_delay: bool,
}

impl<M: Message> Sender<'_, M> {
    /// Adds a packet for one connection to the queue, or to its backlog if there is one. A closed connection takes
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
            let is_backlogged = half.is_backlogged();
            if is_backlogged || !half.has_room(len) {
                if !is_backlogged {
                    self.drain.add_full(key);
                }
                half.push_backlog(lane, self.queue.payload(payload).clone());
                return;
            }
            half.count_queued(len);
        } else {
            half.count_put(len);
        }
        if half.last_queued == NOT_QUEUED {
            self.queued.push(key);
        }
        let flags = send_flags(mode, self.no_delay);
        half.last_queued = self.queue.push(Outgoing { connection: handle, payload, key, lane, flags });
    }
}
