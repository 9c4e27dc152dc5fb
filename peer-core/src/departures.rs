//! Connections that this side has ended, until what was put before has arrived.
//!
//! Steam's own linger does not work on symmetric connections, and its close may never be heard. So the connection is
//! kept: the backlog goes out, then a goodbye, and once all of it is acknowledged, or the other side has closed, or
//! time is up, the handle is closed.
//!
//! Where the other side has said goodbye first, it waits for our acknowledgement. Steam lets that wait up to 50 ms for
//! something to go out with, and forgets it when the connection is closed; if then this process ends, the other side
//! waits in vain. So a goodbye is answered with ours, which takes the acknowledgement along, and the handle is closed
//! as soon as that is on the wire.

use crate::control::{Goodbye, truncate};
use crate::id::SteamId;
use crate::lane::{Dialect, Lane, SendFlags};
use crate::limits::MAX_DEPARTURES;
use crate::link::End;
use crate::outbound::Outbound;
use crate::reason::EndReason;
use crate::send_queue::SendQueue;
use crate::time::Time;
use crate::transport::{ConnectionHandle, LaneStatus, Outgoing, SendResult, Transport};

#[derive(Debug)]
struct Departure {
    handle: ConnectionHandle,
    steam_id: SteamId,
    outbound: Outbound,
    end: End,
    said_goodbye: bool,
    /// Theirs came first: ours needs to be sent, and no more.
    is_answer: bool,
    until: Time,
}

#[derive(Debug, Default)]
pub(crate) struct Departures {
    list: Vec<Departure>,
    queue: SendQueue,
    results: Vec<SendResult>,
}

impl Departures {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether a connection to that user is still being wound up.
    pub(crate) fn has(&self, steam_id: SteamId) -> bool {
        self.list.iter().any(|departure| departure.steam_id == steam_id)
    }

    /// Whether that connection is one of these.
    pub(crate) fn owns(&self, handle: ConnectionHandle) -> bool {
        self.list.iter().any(|departure| departure.handle == handle)
    }

    /// Takes over a connection and says goodbye on it, as far as that is possible at once.
    pub(crate) fn add<T: Transport>(
        &mut self,
        transport: &mut T,
        handle: ConnectionHandle,
        steam_id: SteamId,
        outbound: Outbound,
        end: End,
        until: Time,
    ) {
        // A peer of the other dialect would take a goodbye for a packet of the game.
        let said_goodbye = outbound.dialect == Dialect::GodotSteam;
        let is_answer = false;
        self.begin(transport, Departure { handle, steam_id, outbound, end, said_goodbye, is_answer, until });
    }

    /// Takes over a connection on which the other side has said goodbye, and answers it. What still waits to be sent
    /// finds nobody to read it.
    pub(crate) fn answer<T: Transport>(
        &mut self,
        transport: &mut T,
        handle: ConnectionHandle,
        steam_id: SteamId,
        mut outbound: Outbound,
        until: Time,
    ) {
        outbound.drop_backlog();
        let end = End::new(EndReason::Left, "");
        let (said_goodbye, is_answer) = (false, true);
        self.begin(transport, Departure { handle, steam_id, outbound, end, said_goodbye, is_answer, until });
    }

    /// The other side has said goodbye, too, on a connection that is being left. It reads nothing any more, and may be
    /// gone before it acknowledges anything; what it still waits for is an answer.
    pub(crate) fn crossed(&mut self, handle: ConnectionHandle, until: Time) {
        let departure = self.list.iter_mut().find(|departure| departure.handle == handle);
        let Some(departure) = departure.filter(|departure| !departure.is_answer) else { return };
        if departure.outbound.dialect == Dialect::Native {
            departure.outbound.drop_backlog();
            departure.is_answer = true;
            // If the first goodbye was on its way before theirs came, it did not take the acknowledgement along.
            departure.said_goodbye = false;
            departure.until = departure.until.min(until);
        }
    }

    fn begin<T: Transport>(&mut self, transport: &mut T, mut departure: Departure) {
        if self.list.len() >= MAX_DEPARTURES {
            // The list is in the order of the departures: the first has waited longest. No last words hang on an answer.
            let place = self.list.iter().position(|departure| departure.is_answer).unwrap_or(0);
            self.list.remove(place).close(transport);
        }
        // What still comes on it leads to no record.
        transport.detach(departure.handle);
        departure.send(transport, &mut self.queue, &mut self.results);
        self.list.push(departure);
    }

    /// Goes on with all of them; closes those that are done.
    pub(crate) fn poll<T: Transport>(&mut self, transport: &mut T, now: Time) {
        let Self { list, queue, results } = self;
        list.retain_mut(|departure| {
            let done = now >= departure.until
                || departure.outbound.is_broken
                || departure.send(transport, queue, results) && departure.is_done(transport);
            if done {
                departure.close(transport);
            }
            !done
        });
    }

    /// The transport says that a connection is over. Returns whether it was one of these.
    pub(crate) fn ended<T: Transport>(&mut self, transport: &mut T, handle: ConnectionHandle) -> bool {
        let Some(place) = self.list.iter().position(|departure| departure.handle == handle) else {
            return false;
        };
        self.list.remove(place).close(transport);
        true
    }

    /// Closes all of them at once.
    pub(crate) fn clear<T: Transport>(&mut self, transport: &mut T) {
        for departure in self.list.drain(..) {
            departure.close(transport);
        }
    }
}

impl Departure {
    /// Sends what can be sent. Returns whether all of it is with Steam.
    fn send<T: Transport>(
        &mut self,
        transport: &mut T,
        queue: &mut SendQueue,
        results: &mut Vec<SendResult>,
    ) -> bool {
        while self.outbound.is_backlogged() {
            for (lane, flags, payload) in self.outbound.chunk() {
                let payload = queue.add_payload(payload.clone());
                queue.push(Outgoing::new(self.handle, payload, lane, flags));
            }
            if !self.send_queued(transport, queue, results) {
                return false;
            }
        }
        if !self.said_goodbye {
            let goodbye = Goodbye {
                reason: self.end.reason,
                message: self.end.message.clone(),
                last_numbers: self.outbound.last_numbers(),
            };
            let payload = queue.add_payload(goodbye.encode());
            let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
            queue.push(Outgoing::new(self.handle, payload, Lane::CONTROL, flags));
            transport.send(queue.batch(), results);
            let result = results.drain(..).next();
            queue.clear();
            self.said_goodbye = result.is_some_and(|result| result.message_number().is_some());
            self.outbound.is_broken =
                !self.said_goodbye && !result.is_some_and(SendResult::is_worth_retrying);
        }
        self.said_goodbye
    }

    /// Sends a chunk of the backlog. Returns whether all of the chunk was taken.
    fn send_queued<T: Transport>(
        &mut self,
        transport: &mut T,
        queue: &mut SendQueue,
        results: &mut Vec<SendResult>,
    ) -> bool {
        transport.send(queue.batch(), results);
        let mut all = true;
        for (place, result) in results.drain(..).enumerate() {
            if let Some(number) = result.message_number() {
                self.outbound.sent(queue.message(place).lane, number);
                self.outbound.advance_backlog();
            } else {
                all = false;
                if !result.is_worth_retrying() {
                    self.outbound.break_off();
                }
            }
        }
        queue.clear();
        all
    }

    /// Whether all that was sent has arrived. An answer, on the control lane, only needs to have left.
    fn is_done<T: Transport>(&self, transport: &T) -> bool {
        let mut control = [LaneStatus::default()];
        let Some(status) = transport.real_time_status(self.handle, &mut control) else { return true };
        if self.is_answer {
            control[0].pending_reliable == 0
        } else {
            status.pending_reliable == 0 && status.sent_unacked_reliable == 0
        }
    }

    fn close<T: Transport>(&self, transport: &mut T) {
        transport.close(self.handle, self.end.reason, truncate(&self.end.message));
    }
}
