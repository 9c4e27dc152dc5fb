//! Taking in what the network brings: news of connections, messages, and the passing of time.

use crate::control::Control;
use crate::inbox::Packet;
use crate::lane::{Channel, Dialect, Lane, Route};
use crate::limits::{
    ANSWER_TIMEOUT, DISMISSAL_TIMEOUT, MAX_MESSAGES_PER_POLL, RECEIVE_BATCH, WINDING_UP_REDIAL,
};
use crate::link::{End, State};
use crate::reason::EndReason;
use crate::session::Session;
use crate::session::ending::Farewell;
use crate::time::Time;
use crate::transport::{ConnectionState, Message, StatusChange, Transport, TransportError};

impl<T: Transport> Session<T> {
    /// Takes in all that has happened, and sends what waits. Call it once a frame, then take the events, then read the
    /// packets.
    pub fn poll(&mut self, now: Time) {
        self.now = now;
        self.flush();
        self.take_statuses();
        // A connection that has ended may have left messages behind: it is closed after they are taken in.
        if self.receive() {
            self.take_endings();
        }
        self.look_after_unsteady();
        self.departures.poll(&mut self.transport, now);
    }

    fn take_statuses(&mut self) {
        while let Some(change) = self.transport.next_status() {
            match change.state {
                ConnectionState::Requested => self.requested(change.connection, change.remote),
                ConnectionState::Connected => {
                    if let Some(key) = self.link_of(change.connection) {
                        self.connected(key);
                    }
                }
                ConnectionState::ClosedByPeer { .. } | ConnectionState::ProblemDetectedLocally { .. } => {
                    self.endings.push(change);
                }
            }
        }
    }

    /// Takes in messages. Returns whether none are left.
    fn receive(&mut self) -> bool {
        let mut budget = MAX_MESSAGES_PER_POLL;
        let mut arrivals = std::mem::take(&mut self.arrivals);
        let drained = loop {
            if budget == 0 || self.inbox.is_full() {
                break false;
            }
            let asked = RECEIVE_BATCH.min(budget);
            let count = self.transport.receive(&mut arrivals, asked);
            for message in arrivals.drain(..) {
                self.arrive(message);
            }
            if count < asked {
                break true;
            }
            budget -= count;
        };
        self.arrivals = arrivals;
        drained
    }

    /// A message has come: its token leads to its connection's record without a search.
    #[inline]
    pub(super) fn arrive(&mut self, message: T::Message) {
        let key = message.token().0;
        // The record may be another connection's by now.
        let Some(link) = self.links.get_mut(key).filter(|link| link.handle == Some(message.connection()))
        else {
            return self.arrive_late(&message);
        };
        let (State::Joined | State::Leaving { .. }, Some(peer)) = (&link.state, link.peer_id) else {
            return self.arrive_early(key, message);
        };
        let (lane, payload) = (message.lane(), message.payload());
        let dialect = link.outbound.dialect;
        let (channel, mode, is_tagged) = match dialect.route(lane, message.is_reliable()) {
            Route::Game(channel, mode) => (channel, mode, false),
            Route::Tagged(mode) => match payload.last().and_then(|&tag| Channel::from_tag(tag, lane, mode)) {
                Some(channel) => (channel, mode, true),
                None => return self.break_off(key, "a packet whose tag is no channel of its lane"),
            },
            Route::Control => return self.control(key, &message),
            Route::Invalid => return self.break_off(key, "a message on a lane that does not carry its kind"),
        };
        let len = payload.len() - usize::from(is_tagged);
        if len == 0 {
            self.break_off(key, "an empty packet");
        } else if dialect == Dialect::Native && !link.inbound.admit(lane, channel, mode, message.number()) {
            self.counters.late += 1;
        } else {
            self.counters.packets_in += 1;
            self.counters.bytes_in += len as u64;
            link.inbound.waiting += 1;
            self.inbox.push(Packet::new(peer, channel, mode, key, is_tagged, message));
        }
    }

    /// A message on a connection that this side has left. It matters only if the other side leaves as well.
    #[cold]
    fn arrive_late(&mut self, message: &T::Message) {
        if message.lane() == Lane::CONTROL.get()
            && let Ok(Control::Goodbye(_)) = Control::decode(message.payload())
        {
            self.departures.crossed(message.connection(), self.now + ANSWER_TIMEOUT);
        }
    }

    /// A control message after the hello.
    pub(super) fn control(&mut self, key: u32, message: &T::Message) {
        match Control::decode(message.payload()) {
            Ok(Control::Goodbye(goodbye)) => self.said_goodbye(key, goodbye),
            // The hello for peers of another make follows the one for ours.
            Ok(Control::GodotSteamHello(claim))
                if self.links[key].peer_id.is_some_and(|id| id.get() == claim) => {}
            Ok(Control::GodotSteamHello(_) | Control::Hello(_)) => self.break_off(key, "a second hello"),
            Err(error) => self.break_off(key, &error.to_string()),
        }
    }

    fn break_off(&mut self, key: u32, why: &str) {
        self.part(key, End::new(EndReason::ProtocolViolation, why), Farewell::Goodbye(DISMISSAL_TIMEOUT));
    }

    fn take_endings(&mut self) {
        for StatusChange { connection, state, .. } in std::mem::take(&mut self.endings) {
            let (ConnectionState::ClosedByPeer { reason, message }
            | ConnectionState::ProblemDetectedLocally { reason, message }) = state
            else {
                continue;
            };
            let Some(key) = self.link_of(connection) else {
                self.departures.ended(&mut self.transport, connection);
                continue;
            };
            // What a goodbye said is closer to the truth than how the connection then went down.
            let end = match &mut self.links[key].state {
                State::Leaving { goodbye, .. } => End::of(goodbye),
                _ => End { reason, message },
            };
            self.part(key, end, Farewell::Close);
        }
    }

    /// Moves on every connection that is not in its steady state.
    fn look_after_unsteady(&mut self) {
        let mut place = 0;
        while let Some(key) = self.links.unsteady(place) {
            self.look_after(key);
            // Looking after one connection may end others, and take them off the list.
            if self.links.unsteady(place) != Some(key) {
                continue;
            }
            let link = &self.links[key];
            if matches!(link.state, State::Joined | State::Retired) && !link.outbound.is_broken {
                self.links.settle(place);
            } else {
                place += 1;
            }
        }
    }

    fn look_after(&mut self, key: u32) {
        let now = self.now;
        let link = &mut self.links[key];
        if link.outbound.is_broken {
            return self.part(
                key,
                End::new(EndReason::Exception, "Steam refused a reliable packet"),
                Farewell::Close,
            );
        }
        match &mut link.state {
            State::Scheduled { at } if now >= *at && !self.departures.has(link.steam_id) => {
                let dialled = self.dial(key);
                if dialled == Err(TransportError::Draining) {
                    self.links[key].state = State::Scheduled { at: now + WINDING_UP_REDIAL };
                } else if let Err(error) = dialled {
                    self.part(key, End::new(EndReason::Other(0), error.to_string()), Farewell::Close);
                }
            }
            State::Knocking { until } if now >= *until => self.turn_away(key),
            State::Greeting { until } if now >= *until => {
                let end = End::new(EndReason::ProtocolViolation, "no hello came in time");
                self.part(key, end, Farewell::Goodbye(DISMISSAL_TIMEOUT));
            }
            State::Greeted => self.announce_in_turn(key),
            State::Leaving { until, goodbye }
                if now >= *until || link.inbound.has_all(&goodbye.last_numbers) =>
            {
                let end = End::of(goodbye);
                self.part(key, end, Farewell::Answer);
                self.retire_in_turn(key);
            }
            State::Ended { .. } => self.retire_in_turn(key),
            _ => {}
        }
    }
}
