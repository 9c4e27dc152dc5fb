//! Connections that this side closes and that still drain: what was put before must arrive.
//!
//! Steam's own linger does not work on symmetric connections, and the peer may never hear of its close. So the handle
//! is kept while the backlog is sent, then a goodbye, and closed once all of it is acknowledged, the peer has closed,
//! or time is up.
//!
//! A peer that said goodbye first waits for our acknowledgement. Steam delays that by up to 50 ms for something to go
//! out with, and forgets it when the connection is closed; if this process then exits, the peer waits in vain. So a
//! goodbye is answered with ours, which takes the acknowledgement along, and the handle is closed as soon as that is
//! on the wire.

use std::time::Duration;

use crate::connection::Close;
use crate::connection::send::{Drain, SendHalf, SendHalves};
use crate::control::{Goodbye, truncate};
use crate::id::SteamId;
use crate::lane::{Dialect, Lane, SendFlags};
use crate::limits::MAX_CLOSING;
use crate::reason::EndReason;
use crate::send_queue::SendQueue;
use crate::time::Time;
use crate::transport::{ConnectionHandle, LaneStatus, Outgoing, SendResult, Transport};

#[derive(Debug)]
struct Closing {
    handle: ConnectionHandle,
    steam_id: SteamId,
    send: SendHalf,
    close: Close,
    /// Whether Steam has reported Connected: nothing can be said before.
    is_up: bool,
    goodbye_sent: bool,
    /// The peer's goodbye came first: ours needs to be sent, and no more.
    is_answer: bool,
    until: Time,
}

/// The closing connections of a session, in the order in which they were closed.
#[derive(Debug, Default)]
pub(crate) struct ClosingList {
    list: Vec<Closing>,
    buffers: Buffers,
}

/// What sending needs, kept between calls.
#[derive(Debug, Default)]
struct Buffers {
    queue: SendQueue,
    results: Vec<SendResult>,
    drain: Drain,
}

impl ClosingList {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether a connection to that user is still closing.
    pub(crate) fn has(&self, steam_id: SteamId) -> bool {
        self.list.iter().any(|closing| closing.steam_id == steam_id)
    }

    /// Whether that connection is one of these.
    pub(crate) fn owns(&self, handle: ConnectionHandle) -> bool {
        self.list.iter().any(|closing| closing.handle == handle)
    }

    /// Takes over a connection that was accepted and is not up yet. Closed now, its dialler would hear of it only by its silence
    /// (Steam answers for a closed connection only as long as its listen socket is open), and drop our requests until then.
    pub(crate) fn await_connected<T: Transport>(
        &mut self,
        transport: &mut T,
        handle: ConnectionHandle,
        steam_id: SteamId,
        close: Close,
        until: Time,
    ) {
        let send = SendHalf::default();
        let (is_up, goodbye_sent, is_answer) = (false, false, false);
        self.insert(
            transport,
            Closing { handle, steam_id, send, close, is_up, goodbye_sent, is_answer, until },
        );
    }

    /// Steam reports Connected: the peer of a connection that was closed before hears so now.
    pub(crate) fn connected<T: Transport>(&mut self, transport: &mut T, handle: ConnectionHandle) {
        let Self { list, buffers } = self;
        if let Some(closing) = list.iter_mut().find(|closing| closing.handle == handle) {
            closing.is_up = true;
            closing.send_rest(transport, buffers);
        }
    }

    /// Takes over a connection, and sends what can be sent at once: the backlog, then a goodbye.
    pub(crate) fn drain<T: Transport>(
        &mut self,
        transport: &mut T,
        handle: ConnectionHandle,
        steam_id: SteamId,
        send: SendHalf,
        close: Close,
        until: Time,
    ) {
        // A GodotSteam peer would take a goodbye for a packet of the game.
        let goodbye_sent = send.dialect == Dialect::GodotSteam;
        self.insert(
            transport,
            Closing { handle, steam_id, send, close, is_up: true, goodbye_sent, is_answer: false, until },
        );
    }

    /// Takes over a connection whose peer said goodbye, and answers it. The backlog is dropped: nobody would read it.
    pub(crate) fn answer<T: Transport>(
        &mut self,
        transport: &mut T,
        handle: ConnectionHandle,
        steam_id: SteamId,
        mut send: SendHalf,
        until: Time,
    ) {
        send.drop_backlog();
        let close = Close::new(EndReason::Left, "");
        self.insert(
            transport,
            Closing {
                handle,
                steam_id,
                send,
                close,
                is_up: true,
                goodbye_sent: false,
                is_answer: true,
                until,
            },
        );
    }

    /// The peer of a closing connection says goodbye as well. It reads nothing more, and may be gone before it
    /// acknowledges anything; all it waits for is an answer.
    pub(crate) fn peer_said_goodbye(&mut self, handle: ConnectionHandle, until: Time) {
        let closing = self.list.iter_mut().find(|closing| closing.handle == handle);
        let Some(closing) = closing.filter(|closing| !closing.is_answer) else { return };
        if closing.send.dialect == Dialect::Native {
            closing.send.drop_backlog();
            closing.is_answer = true;
            // A goodbye that left before theirs came did not take the acknowledgement along.
            closing.goodbye_sent = false;
            closing.until = closing.until.min(until);
        }
    }

    fn insert<T: Transport>(&mut self, transport: &mut T, mut closing: Closing) {
        if self.list.len() >= MAX_CLOSING {
            // An answer goes first, as no data depends on it; otherwise the oldest.
            let place = self.list.iter().position(|closing| closing.is_answer).unwrap_or(0);
            self.list.remove(place).close(transport);
        }
        transport.detach(closing.handle);
        closing.send_rest(transport, &mut self.buffers);
        self.list.push(closing);
    }

    /// Sends more of what is left, and closes the connections that are done.
    /// The next poll comes about `frame` later.
    pub(crate) fn poll<T: Transport>(&mut self, transport: &mut T, now: Time, frame: Duration) {
        let Self { list, buffers } = self;
        buffers.drain.frame = frame;
        list.retain_mut(|closing| {
            let is_done = now >= closing.until
                || closing.send.is_broken
                || closing.send_rest(transport, buffers) && closing.is_drained(transport);
            if is_done {
                closing.close(transport);
            }
            !is_done
        });
    }

    /// Closes a connection that Steam reports as over, if it is one of these.
    pub(crate) fn closed_by_steam<T: Transport>(&mut self, transport: &mut T, handle: ConnectionHandle) {
        if let Some(place) = self.list.iter().position(|closing| closing.handle == handle) {
            self.list.remove(place).close(transport);
        }
    }

    /// Closes all of them at once.
    pub(crate) fn close_all<T: Transport>(&mut self, transport: &mut T) {
        for closing in self.list.drain(..) {
            closing.close(transport);
        }
    }
}

impl Closing {
    /// Sends the backlog, then the goodbye, as far as Steam has room. Returns whether it took all of it.
    fn send_rest<T: Transport>(&mut self, transport: &mut T, buffers: &mut Buffers) -> bool {
        if !self.is_up {
            return false;
        }
        let Buffers { queue, results, drain } = buffers;
        if self.send.is_backlogged() {
            drain.add(0);
            drain.start(transport, self);
            // The goodbye that follows has the order not to wait.
            drain.run(transport, self, queue, results, SendFlags::empty());
            drain.clear();
            if self.send.is_backlogged() || self.send.is_broken {
                return false;
            }
        }
        if !self.goodbye_sent {
            let goodbye = Goodbye {
                reason: self.close.reason,
                message: self.close.message.clone(),
                last_numbers: self.send.last_numbers(),
            };
            let payload = queue.add_payload(goodbye.encode());
            let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
            queue.push(Outgoing::new(self.handle, payload, Lane::CONTROL, flags));
            transport.send(queue.batch(), results);
            let result = results.drain(..).next();
            queue.clear();
            self.goodbye_sent = result.is_some_and(|result| result.message_number().is_some());
            self.send.is_broken = !self.goodbye_sent && !result.is_some_and(SendResult::is_worth_retrying);
        }
        self.goodbye_sent
    }

    /// Whether all that was sent has arrived. An answer, on the control lane, only needs to have left.
    fn is_drained<T: Transport>(&self, transport: &T) -> bool {
        let mut control = [LaneStatus::default()];
        let Some(status) = transport.real_time_status(self.handle, &mut control) else { return true };
        if self.is_answer {
            control[0].pending_reliable == 0
        } else {
            status.pending_reliable == 0 && status.sent_unacked_reliable == 0
        }
    }

    fn close<T: Transport>(&self, transport: &mut T) {
        transport.close(self.handle, self.close.reason, truncate(&self.close.message));
    }
}

/// One sending half, whatever the key.
impl SendHalves for Closing {
    fn get(&mut self, _: u32) -> Option<(ConnectionHandle, &mut SendHalf)> {
        Some((self.handle, &mut self.send))
    }

    fn mark_broken(&mut self, _: u32) {
        self.send.mark_broken();
    }
}
