//! Messages on their way: send calls, datagrams, acknowledgements.

use std::rc::Rc;

use peer_core::{Batch, ConnectionHandle, SendResult};

use super::half::Stage;
use super::receiver::{Fault, ReceiveLimits};
use super::sender::{Datagram, LAST_LANE_THAT_GNS_WRITES, MAX_MESSAGE_BYTES, Next, SendContext};
use super::{Connections, INTERNAL_ERROR};
use crate::event::ConnectionEvent;
use crate::message::SimMessage;
use crate::process::EndpointId;
use crate::settings::BatchPolicy;

impl Connections<'_> {
    /// `SendMessages`: for each connection in order; see [`BatchPolicy`] for what follows a failure. What can go out goes out after all are queued.
    pub(crate) fn send(&mut self, endpoint: EndpointId, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        self.halves.send_calls += 1;
        let call = self.halves.send_calls;
        let stops_at_failure = self.env.settings.batches == BatchPolicy::StopsAtFailure;
        let mut touched = Vec::new();
        let mut unknown = Vec::new();
        for message in batch.messages {
            let handle = message.connection;
            let now = self.env.now;
            let half = self.halves.get_mut(handle).filter(|half| half.endpoint == endpoint);
            let Some(half) = half else {
                // GNS says so for the first message of the handle, and does not try the others.
                results.push(if stops_at_failure && unknown.contains(&handle) {
                    SendResult::NOT_TRIED
                } else {
                    unknown.push(handle);
                    SendResult::INVALID_PARAM
                });
                continue;
            };
            if stops_at_failure && half.failed_in == call {
                results.push(SendResult::NOT_TRIED);
                continue;
            }
            let result = if half.stage.is_live() {
                let link = self.env.links.get(half.local, half.remote);
                let bandwidth = half.send_rate.unwrap_or(link.bandwidth);
                let (send_buffer, no_delay_works) = (link.send_buffer, self.env.settings.no_delay_works);
                let context = SendContext { now, bandwidth, send_buffer, no_delay_works };
                let payload = batch.payload(message);
                let connected = half.stage == Stage::Connected;
                half.sender.enqueue(payload, message.lane.get(), message.flags, context, connected)
            } else {
                SendResult::NO_CONNECTION
            };
            if result.message_number().is_none() {
                half.failed_in = call;
            } else if half.touched_in != call {
                half.touched_in = call;
                touched.push(handle);
            }
            results.push(result);
        }
        for handle in touched {
            self.pump(handle);
        }
    }

    /// Puts on the wire what may go now, and sees to it that the rest follows.
    pub(crate) fn pump(&mut self, handle: ConnectionHandle) {
        loop {
            let Some(half) = self.halves.get_mut(handle).filter(|half| half.stage.sends_data()) else {
                return;
            };
            let link = self.env.links.get(half.local, half.remote);
            let bandwidth = half.send_rate.unwrap_or(link.bandwidth);
            let retransmit_after = self.env.links.retransmit_after(self.env.now, half.local, half.remote);
            match half.sender.next(self.env.now, bandwidth, retransmit_after) {
                Next::Send(datagram) => self.transmit(handle, &datagram),
                Next::Wait(until) => {
                    if half.wake.is_none_or(|wake| until < wake) {
                        half.wake = Some(until);
                        self.env.schedule(until, ConnectionEvent::Wake(handle));
                    }
                    return;
                }
                Next::Idle => return,
            }
        }
    }

    pub(crate) fn wake(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get_mut(handle).filter(|half| half.wake == Some(self.env.now)) else {
            return;
        };
        half.wake = None;
        self.pump(handle);
    }

    fn transmit(&mut self, handle: ConnectionHandle, datagram: &Rc<Datagram>) {
        self.send_acks(handle);
        self.ask(handle);
        let Some(half) = self.halves.get_mut(handle) else { return };
        let (from, to) = (half.local, half.remote);
        let bytes = datagram.wire_bytes();
        if half.retransmit.is_none()
            && let Some(expiry) = half.sender.next_expiry()
        {
            half.retransmit = Some(expiry);
            self.env.schedule(expiry, ConnectionEvent::Retransmit(handle));
        }
        let peer = half.peer;
        // The other side has closed without a word: it answers if this comes soon enough.
        let answer = half.answer.take();
        let Some(delay) = self.env.datagram_delay(bytes, from, to) else {
            if let Some(half) = self.halves.get_mut(handle).filter(|half| half.stage == Stage::Connected) {
                half.answer = answer;
            }
            return;
        };
        let arrival = self.env.now + delay;
        if let Some(mut notice) = answer.filter(|notice| arrival < notice.until) {
            notice.until = arrival;
            self.env.schedule(arrival, ConnectionEvent::Tell(notice));
        }
        let Some(connection) = peer else { return };
        let copy = self.env.links.duplicate_delay(&mut self.env.rng, from, to);
        for at in [Some(arrival), copy.map(|delay| self.env.now + delay)].into_iter().flatten() {
            self.env.schedule(at, ConnectionEvent::Arrive { connection, datagram: Rc::clone(datagram) });
        }
    }

    fn receive_limits(&self) -> ReceiveLimits {
        ReceiveLimits {
            messages: self.env.settings.receive_buffer_messages,
            bytes: self.env.settings.receive_buffer_bytes,
        }
    }

    pub(crate) fn arrive(&mut self, handle: ConnectionHandle, datagram: &Datagram) {
        let limits = self.receive_limits();
        let reads_all_lanes = self.env.settings.lanes_past_seven_work;
        let Some(half) = self.halves.get_mut(handle) else { return };
        let takes = matches!(half.stage, Stage::Accepted | Stage::Connected);
        if !takes || datagram.arrived.get() || !self.env.links.is_up(half.remote, half.local) {
            return;
        }
        // With no room nothing reliable is taken, nor acknowledged: it comes again.
        let has_room = datagram
            .segments
            .iter()
            .all(|segment| !segment.reliable || half.receiver.has_room(segment.payload.len(), limits));
        datagram.arrived.set(has_room);
        let connected = half.stage == Stage::Connected;
        let receiver = &mut half.receiver;
        let outcome = datagram.segments.iter().try_for_each(|segment| match segment.reliable {
            _ if segment.lane > LAST_LANE_THAT_GNS_WRITES && !reads_all_lanes => {
                Err(Fault("SNP decode failed after the header of a lane"))
            }
            true if has_room => receiver.reliable(segment, limits),
            false if connected => receiver.unreliable(segment, limits),
            _ => Ok(()),
        });
        if has_room && outcome.is_ok() && datagram.has_reliable() {
            half.acks.push(datagram.packet);
            if half.acks_due.is_none() {
                let due = self.env.now + self.env.settings.ack_delay;
                half.acks_due = Some(due);
                self.env.schedule(due, ConnectionEvent::SendAcks(handle));
            }
        }
        self.delivered(handle, outcome);
    }

    pub(crate) fn send_acks_in_time(&mut self, handle: ConnectionHandle) {
        if self.halves.get(handle).is_some_and(|half| half.acks_due == Some(self.env.now)) {
            self.send_acks(handle);
        }
    }

    /// Acknowledges what has come in.
    fn send_acks(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get_mut(handle) else { return };
        half.acks_due = None;
        let acks = std::mem::take(&mut half.acks);
        let Some(connection) = half.peer else { return };
        for packet in acks {
            if let Some(delay) =
                self.env.links.ack_delay(&mut self.env.rng, self.env.now, half.local, half.remote)
            {
                self.env.schedule(self.env.now + delay, ConnectionEvent::Ack { connection, packet });
            }
        }
    }

    /// Lines messages up for the application, or gives up a connection that brought nonsense.
    fn delivered(&mut self, handle: ConnectionHandle, outcome: Result<(), Fault>) {
        let limits = self.receive_limits();
        let Some(half) = self.halves.get_mut(handle) else { return };
        // What was delivered before the nonsense stays.
        let endpoint = &mut self.processes[half.endpoint];
        let new = half.receiver.take_new();
        if let Some(held_back) = &mut half.held_back {
            *held_back += new;
        } else {
            endpoint.inbox.extend(std::iter::repeat_n(handle, new));
        }
        endpoint.unread += new;
        if !half.releasing && !half.receiver.has_room(MAX_MESSAGE_BYTES, limits) && half.receiver.is_stalled()
        {
            half.releasing = true;
            let again = self.env.now + self.env.links.retransmit_after(self.env.now, half.local, half.remote);
            self.env.schedule(again, ConnectionEvent::Release(handle));
        }
        if let Err(Fault(text)) = outcome {
            self.fail(handle, INTERNAL_ERROR, text);
        }
    }

    pub(crate) fn release(&mut self, handle: ConnectionHandle) {
        let limits = self.receive_limits();
        let Some(half) = self.halves.get_mut(handle) else { return };
        half.releasing = false;
        let outcome = half.receiver.release_all(limits);
        self.delivered(handle, outcome);
    }

    pub(crate) fn ack(&mut self, handle: ConnectionHandle, packet: u64) {
        let Some(half) = self.halves.get_mut(handle).filter(|half| half.stage.sends_data()) else { return };
        half.sender.ack(packet);
    }

    pub(crate) fn retransmit(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get_mut(handle) else { return };
        if half.retransmit.take_if(|at| *at == self.env.now).is_none() {
            return;
        }
        half.sender.expire(self.env.now);
        let next = half.sender.next_expiry().map(|expiry| expiry.max(self.env.now));
        half.retransmit = next;
        if let Some(at) = next {
            self.env.schedule(at, ConnectionEvent::Retransmit(handle));
        }
        self.pump(handle);
    }

    /// Takes a connection out of its poll group, or puts it back with all that has come meanwhile.
    pub(crate) fn set_paused(&mut self, endpoint: EndpointId, handle: ConnectionHandle, paused: bool) {
        let Some(half) = self.halves.get_mut(handle).filter(|half| half.endpoint == endpoint) else { return };
        if paused {
            half.held_back.get_or_insert_default();
        } else {
            let waiting = half.held_back.take().unwrap_or(0);
            self.processes[endpoint].inbox.extend(std::iter::repeat_n(handle, waiting));
        }
    }

    /// `SendBufferSize`.
    pub(crate) fn send_buffer_bytes(
        &mut self,
        endpoint: EndpointId,
        handle: ConnectionHandle,
    ) -> Option<u32> {
        let half = self.halves.get_mut(handle).filter(|half| half.endpoint == endpoint)?;
        u32::try_from(self.env.links.get(half.local, half.remote).send_buffer).ok()
    }

    pub(crate) fn receive(
        &mut self,
        endpoint: EndpointId,
        messages: &mut Vec<SimMessage>,
        max: usize,
    ) -> usize {
        let owner = &mut self.processes[endpoint];
        let mut received = 0;
        while received < max {
            let Some(handle) = owner.inbox.pop_front() else { break };
            // A connection closed since has taken its messages with it.
            let Some(half) = self.halves.get_mut(handle) else { continue };
            if let Some(held_back) = &mut half.held_back {
                *held_back += 1;
                continue;
            }
            let Some(incoming) = half.receiver.pop() else { continue };
            owner.unread -= 1;
            received += 1;
            messages.push(SimMessage::new(handle, half.token, incoming, Rc::clone(&owner.live)));
        }
        received
    }
}
