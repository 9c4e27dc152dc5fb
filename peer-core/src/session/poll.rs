//! Taking in what the network brings: status changes, messages, and the passing of time.

use crate::connection::receive::Completed;
use crate::connection::{Close, State};
use crate::control::Control;
use crate::inbox::{Body, Packet};
use crate::lane::{Channel, Dialect, Lane, MAX_UNRELIABLE_BYTES, Route, TransferMode};
use crate::limits::{
    ANSWER_TIMEOUT, DRAIN_TIMEOUT, DRAINING_REDIAL, LOSS_REPORT_TIMEOUT, MAX_BLOCKED, MAX_FRAME,
    MAX_MESSAGES_PER_POLL, MAX_POLL_GAP, RECEIVE_BATCH,
};
use crate::piece::Piece;
use crate::reason::{EndReason, STEAM_MISC_GENERIC};
use crate::session::Session;
use crate::session::close::CloseMode;
use crate::time::Time;
use crate::transport::{ConnectionState, Message, StatusChange, Transport, TransportError};

impl<T: Transport> Session<T> {
    /// Takes in all that has happened, and sends what waits. Call it once a frame, then take the events, then read the
    /// packets.
    pub fn poll(&mut self, now: Time) {
        self.note_gap(now);
        self.polls = self.polls.wrapping_add(1);
        self.poll_send_rates();
        self.poll_keep_alives();
        self.flush();
        self.take_statuses();
        self.connections.note_unread();
        let is_all = self.receive();
        self.take_closed(is_all);
        self.poll_connections();
        self.poll_migration();
        self.closing.poll(&mut self.transport, now, self.drain.frame);
    }

    /// After a time in which this process was blocked: it does not count against the peers. What they sent meanwhile is taken
    /// in before their time is up.
    fn note_gap(&mut self, now: Time) {
        let since = self.active.as_ref().map_or(Time::ZERO, |active| active.since);
        let gap = now - self.polled.max(since);
        self.polled = now;
        self.now = now;
        // A late frame is likely to be followed by others.
        let frame = self.drain.frame;
        self.drain.frame = gap.min(MAX_FRAME).max(frame / 8 * 7);
        if gap <= MAX_POLL_GAP {
            return;
        }
        self.connections.extend_timeouts(gap);
        self.extend_migration(gap);
        for (noted, _) in &mut self.closed {
            *noted = *noted + gap;
        }
        if let Some(active) = &mut self.active {
            active.blocked = MAX_BLOCKED.min(active.blocked + gap);
        }
    }

    fn take_statuses(&mut self) {
        let changes: Vec<_> = std::iter::from_fn(|| self.transport.next_status()).collect();
        let is_over = |state: &ConnectionState| {
            matches!(
                state,
                ConnectionState::ClosedByPeer { .. } | ConnectionState::ProblemDetectedLocally { .. }
            )
        };
        for (place, change) in changes.iter().enumerate() {
            match change.state {
                ConnectionState::Requested => {
                    let handle = change.connection;
                    // While this process was blocked they have given up, and perhaps asked again.
                    let mut later = changes[place..].iter();
                    if later.any(|later| later.connection == handle && is_over(&later.state)) {
                        self.transport.close(handle, EndReason::Left, "");
                    } else {
                        self.on_request(handle, change.remote);
                    }
                }
                ConnectionState::Connected => {
                    if let Some(key) = self.connections.find_handle(change.connection) {
                        self.on_connected(key);
                    } else {
                        self.closing.connected(&mut self.transport, change.connection);
                    }
                }
                ConnectionState::ClosedByPeer { .. } | ConnectionState::ProblemDetectedLocally { .. } => {}
            }
        }
        let over = changes.into_iter().filter(|change| is_over(&change.state));
        self.closed.extend(over.map(|change| (self.now, change)));
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
                None if payload.is_empty() && !mode.is_reliable() => return,
                None => return self.close_violation(key, "a packet whose tag is no channel of its lane"),
            },
            Route::Control => return self.on_control(key, &message),
            Route::Invalid => {
                return self.close_violation(key, "a message on a lane that does not carry its kind");
            }
        };
        let len = payload.len() - usize::from(is_tagged);
        if connection.send.has_pieces && mode.is_reliable() && payload.len() > MAX_UNRELIABLE_BYTES {
            return self.on_piece(key, channel, len, message);
        }
        if len == 0 {
            // Unreliable and empty, it marks the end of a match.
            if payload.is_empty() && !mode.is_reliable() {
                return;
            }
            self.close_violation(key, "an empty packet");
        } else if dialect == Dialect::Native
            && !connection.receive.admit(lane, channel, mode, message.number())
        {
            self.counters.late += 1;
        } else {
            self.counters.packets_in += 1;
            self.counters.bytes_in += len as u64;
            connection.receive.unread += 1;
            let body = Body::Message { message, len };
            self.inbox.push(Packet::new(peer, channel, mode, key, body));
        }
    }

    /// A piece of a packet arrived, of `len` bytes without its channel's tag.
    fn on_piece(&mut self, key: u32, channel: Channel, len: usize, message: T::Message) {
        let Some(piece) = Piece::decode(&message.payload()[..len]) else {
            return self.close_violation(key, "a large message that is no piece of a packet");
        };
        let (lane, number) = (message.lane(), message.number());
        let receive = &mut self.connections[key].receive;
        if !receive.admit(lane, channel, TransferMode::Reliable, number) {
            return;
        }
        let most = self.settings.max_packet_bytes();
        let added = self.connections.with_held(key, |of| of.add_piece(channel, piece, message, most));
        let Completed { after, body } = match added {
            Ok(Some(completed)) => completed,
            Ok(None) => return self.close_largest_holder(),
            Err(why) => return self.close_violation(key, why),
        };
        let connection = &mut self.connections[key];
        let Some(peer) = connection.peer_id else { return };
        let mode = if after.is_some() { TransferMode::UnreliableOrdered } else { TransferMode::Reliable };
        if after.is_some_and(|after| !connection.receive.admit_late(channel, after)) {
            self.counters.late += 1;
            return;
        }
        connection.receive.unread += 1;
        let packet = Packet::new(peer, channel, mode, key, body);
        self.counters.packets_in += 1;
        self.counters.bytes_in += packet.payload().len() as u64;
        self.inbox.push(packet);
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
    pub(super) fn on_control(&mut self, key: u32, message: &T::Message) {
        match Control::decode(message.payload()) {
            Ok(Control::Goodbye(goodbye)) => self.on_goodbye(key, goodbye),
            Ok(Control::NewMatch(new_match)) => self.on_new_match(key, &new_match),
            Ok(Control::State(state)) => self.on_state(key, state),
            // The hello for GodotSteam peers follows the native one.
            Ok(Control::GodotSteamHello(claim))
                if self.connections[key].peer_id.is_some_and(|id| id.get() == claim) => {}
            Ok(Control::KeepAlive) => self.connections[key].probe = None,
            Ok(Control::GodotSteamHello(_) | Control::Hello(_)) => {
                self.close_violation(key, "a second hello");
            }
            Err(error) => self.close_violation(key, &error.to_string()),
        }
    }

    /// Handles the connections that Steam reports as over. They may have left messages behind: those are taken in before, unless
    /// the game does not read for so long that they find no room.
    fn take_closed(&mut self, is_all: bool) {
        for (noted, change) in std::mem::take(&mut self.closed) {
            if !is_all && self.now < noted + DRAIN_TIMEOUT {
                self.closed.push((noted, change));
                continue;
            }
            let StatusChange { connection, state, .. } = change;
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
        if connection.probe.is_some() && self.poll_probe(key) {
            return;
        }
        match self.connections[key].state() {
            State::Backoff { until }
                if now >= *until && !self.closing.has(self.connections[key].steam_id) =>
            {
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
                if now >= *until || self.connections[key].receive.has_all(&goodbye.last_numbers) =>
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
