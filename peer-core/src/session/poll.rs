//! Taking in what the network brings: status changes, messages, and the passing of time.

use crate::connection::{Close, State};
use crate::control::Control;
use crate::inbox::Packet;
use crate::lane::{Channel, Dialect, Lane, Route};
use crate::limits::{
    ANSWER_TIMEOUT, DRAINING_REDIAL, LOSS_REPORT_TIMEOUT, MAX_MESSAGES_PER_POLL, MAX_POLL_GAP, RECEIVE_BATCH,
};
use crate::reason::{EndReason, STEAM_MISC_GENERIC};
use crate::session::Session;
use crate::session::close::CloseMode;
use crate::time::Time;
use crate::transport::{ConnectionState, Message, StatusChange, Transport, TransportError};

impl<T: Transport> Session<T> {
    /// Takes in all that has happened, and sends what waits. Call it once a frame, then take the events, then read the
    /// packets.
    pub fn poll(&mut self, now: Time) {
        let gap = now - self.polled;
        self.polled = now;
        self.now = now;
        if gap > MAX_POLL_GAP {
            // This process was blocked: what its peers sent meanwhile is taken in below, before their time is up.
            self.connections.extend_timeouts(gap);
        }
        self.poll_send_rates();
        self.flush();
        self.take_statuses();
        // A closed connection may have left messages behind: it is handled once they are taken in.
        if self.receive() {
            self.take_closed();
        }
        self.poll_connections();
        self.closing.poll(&mut self.transport, now);
    }

    fn take_statuses(&mut self) {
        while let Some(change) = self.transport.next_status() {
            match change.state {
                ConnectionState::Requested => self.on_request(change.connection, change.remote),
                ConnectionState::Connected => {
                    if let Some(key) = self.connections.find_handle(change.connection) {
                        self.on_connected(key);
                    }
                }
                ConnectionState::ClosedByPeer { .. } | ConnectionState::ProblemDetectedLocally { .. } => {
                    self.closed.push(change);
                }
            }
        }
    }

    /// Takes in messages. Returns whether none are left.
    fn receive(&mut self) -> bool {
        let mut budget = MAX_MESSAGES_PER_POLL;
        let mut arrivals = std::mem::take(&mut self.arrivals);
        let is_all = loop {
            if budget == 0 || self.inbox.is_full() {
                break false;
            }
            let asked = RECEIVE_BATCH.min(budget);
            let count = self.transport.receive(&mut arrivals, asked);
            for message in arrivals.drain(..) {
                self.on_message(message);
            }
            if count < asked {
                break true;
            }
            budget -= count;
        };
        self.arrivals = arrivals;
        is_all
    }

    /// A message arrived. Its token leads to its connection without a search.
    #[inline]
    pub(super) fn on_message(&mut self, message: T::Message) {
        let key = message.token().0;
        // The key may be another connection's by now.
        let Some(connection) =
            self.connections.get_mut(key).filter(|of| of.handle == Some(message.connection()))
        else {
            return self.on_late_message(&message);
        };
        let (State::Established | State::PeerClosing { .. }, Some(peer)) =
            (connection.state(), connection.peer_id)
        else {
            return self.on_early_message(key, message);
        };
        let (lane, payload) = (message.lane(), message.payload());
        let dialect = connection.send.dialect;
        let (channel, mode, is_tagged) = match dialect.route(lane, message.is_reliable()) {
            Route::Game(channel, mode) => (channel, mode, false),
            Route::Tagged(mode) => match payload.last().and_then(|&tag| Channel::from_tag(tag, lane, mode)) {
                Some(channel) => (channel, mode, true),
                None => return self.close_violation(key, "a packet whose tag is no channel of its lane"),
            },
            Route::Control => return self.on_control(key, &message),
            Route::Invalid => {
                return self.close_violation(key, "a message on a lane that does not carry its kind");
            }
        };
        let len = payload.len() - usize::from(is_tagged);
        if len == 0 {
            self.close_violation(key, "an empty packet");
        } else if dialect == Dialect::Native
            && !connection.receive.admit(lane, channel, mode, message.number())
        {
            self.counters.late += 1;
        } else {
            self.counters.packets_in += 1;
            self.counters.bytes_in += len as u64;
            connection.receive.unread += 1;
            self.inbox.push(Packet::new(peer, channel, mode, key, is_tagged, message));
        }
    }

    /// A message arrived on a connection that this side has closed. It matters only if the peer closes it as well.
    #[cold]
    fn on_late_message(&mut self, message: &T::Message) {
        if message.lane() == Lane::CONTROL.get()
            && let Ok(Control::Goodbye(_)) = Control::decode(message.payload())
        {
            self.closing.peer_said_goodbye(message.connection(), self.now + ANSWER_TIMEOUT);
        }
    }

    /// A control message after the hello.
    fn on_control(&mut self, key: u32, message: &T::Message) {
        match Control::decode(message.payload()) {
            Ok(Control::Goodbye(goodbye)) => self.on_goodbye(key, goodbye),
            // The hello for GodotSteam peers follows the native one.
            Ok(Control::GodotSteamHello(claim))
                if self.connections[key].peer_id.is_some_and(|id| id.get() == claim) => {}
            Ok(Control::GodotSteamHello(_) | Control::Hello(_)) => {
                self.close_violation(key, "a second hello");
            }
            Err(error) => self.close_violation(key, &error.to_string()),
        }
    }

    fn take_closed(&mut self) {
        for StatusChange { connection, state, .. } in std::mem::take(&mut self.closed) {
            let (ConnectionState::ClosedByPeer { reason, message }
            | ConnectionState::ProblemDetectedLocally { reason, message }) = state
            else {
                continue;
            };
            let Some(key) = self.connections.find_handle(connection) else {
                self.closing.closed_by_steam(&mut self.transport, connection);
                continue;
            };
            // The reason in a goodbye is closer to the truth than how the connection then went down.
            let close = match self.connections[key].state() {
                State::PeerClosing { goodbye, .. } => Close::from(&**goodbye),
                _ => Close { reason, message },
            };
            self.close_connection(key, close, CloseMode::Immediate);
        }
    }

    fn poll_connections(&mut self) {
        let mut place = 0;
        while let Some(key) = self.connections.active(place) {
            self.poll_connection(key);
            // That may have removed connections, and another may stand in this place.
            if self.connections.active(place) == Some(key) && !self.connections.deactivate(place) {
                place += 1;
            }
        }
    }

    /// Moves on a connection whose time has come.
    fn poll_connection(&mut self, key: u32) {
        let now = self.now;
        let connection = &self.connections[key];
        if connection.send.is_broken {
            // A connection that was lost refuses packets, too. Whoever runs Steam's callbacks may do so after this poll, and
            // then Steam's report says why.
            let until = *self.connections[key].loss_report_until.get_or_insert(now + LOSS_REPORT_TIMEOUT);
            if now >= until {
                let close = Close::new(EndReason::Exception, "Steam refused a reliable packet");
                self.close_connection(key, close, CloseMode::Immediate);
            }
            return;
        }
        match connection.state() {
            State::Backoff { until } if now >= *until && !self.closing.has(connection.steam_id) => {
                let dialled = self.dial(key);
                if dialled == Err(TransportError::Draining) {
                    self.connections.enter(key, State::Backoff { until: now + DRAINING_REDIAL });
                } else if let Err(error) = dialled {
                    let close = Close::new(EndReason::Other(STEAM_MISC_GENERIC), error.to_string());
                    self.close_connection(key, close, CloseMode::Immediate);
                }
            }
            State::PendingApproval { until } if now >= *until => self.refuse_pending(key),
            State::AwaitingHello { until } if now >= *until => {
                self.close_violation(key, "no hello came in time");
            }
            State::Ready => self.announce_in_turn(key),
            State::PeerClosing { until, goodbye }
                if now >= *until || connection.receive.has_all(&goodbye.last_numbers) =>
            {
                let close = Close::from(&**goodbye);
                self.close_connection(key, close, CloseMode::Answer);
                self.finish_draining(key);
            }
            State::Draining { .. } => self.finish_draining(key),
            _ => {}
        }
    }
}
