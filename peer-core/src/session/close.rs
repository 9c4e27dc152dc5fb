//! Closing connections and the session: goodbyes, kicks, the loss of the host, and `peer_disconnected`.

use std::mem;
use std::time::Duration;

use crate::connection::receive::ReceiveHalf;
use crate::connection::{Close, State};
use crate::control::{Goodbye, truncate};
use crate::error::SessionError;
use crate::event::{Event, Transition};
use crate::id::{PeerId, SteamId};
use crate::limits::{
    ANSWER_TIMEOUT, CLOSE_TIMEOUT, DRAIN_TIMEOUT, HANDSHAKE_TIMEOUT, VIOLATION_CLOSE_TIMEOUT,
};
use crate::reason::EndReason;
use crate::session::{Session, Status};
use crate::time::Time;
use crate::transport::Transport;

/// What happens to the handle of a connection that is closed.
#[derive(Clone, Copy)]
pub(super) enum CloseMode {
    /// It is closed at once; Steam's close carries the reason.
    Immediate,
    /// The peer said goodbye, and what it announced is awaited no longer: it gets an answer.
    Answer,
    /// What was put before is sent, then a goodbye, within that time.
    Drain(Duration),
}

impl<T: Transport> Session<T> {
    /// Closes the connection with a peer. What was put for it before is still sent. `peer_disconnected` comes from a
    /// later [`poll`](Self::poll), or not at all with `force`, and then the peer is forgotten at once.
    ///
    /// For a client, the connection with the host is the session.
    ///
    /// # Errors
    /// [`UnknownPeer`](SessionError::UnknownPeer).
    pub fn disconnect_peer(&mut self, id: PeerId, force: bool, now: Time) -> Result<(), SessionError> {
        self.close_peer(id, Close::new(EndReason::Left, ""), now)?;
        if force {
            if id.is_host() {
                self.close_session();
            } else if let Some(peer) = self.roster.get(id) {
                self.transitions.forget(peer.key);
                self.peer_disconnected(peer.key, id);
            }
        }
        Ok(())
    }

    /// Closes the connection with a peer, which learns that it was kicked, and `message`: at most
    /// [`MAX_MESSAGE_BYTES`](crate::MAX_MESSAGE_BYTES) of it.
    ///
    /// # Errors
    /// [`UnknownPeer`](SessionError::UnknownPeer).
    pub fn kick(&mut self, id: PeerId, message: &str, now: Time) -> Result<(), SessionError> {
        self.close_peer(id, Close::new(EndReason::Kicked, truncate(message)), now)
    }

    /// Says goodbye to every peer, forgets them, and is disconnected at once. No event follows. What was put before is
    /// still sent as long as [`poll`](Self::poll) is called; see [`is_draining`](Self::is_draining).
    pub fn close(&mut self, now: Time) {
        self.now = now;
        self.close_session();
    }

    /// Closes a connection whose backlog may not grow: its packets are dropped, and the peer learns why, ahead of all that is
    /// on its way.
    #[cold]
    pub(super) fn close_too_far_behind(&mut self, key: u32) {
        self.flush();
        let half = &mut self.connections[key].send;
        if half.is_backlogged() {
            half.drop_backlog();
            self.drain.remove(key);
        }
        let close = Close::new(EndReason::TooFarBehind, EndReason::TooFarBehind.to_string());
        self.close_connection(key, close, CloseMode::Drain(CLOSE_TIMEOUT));
    }

    fn close_peer(&mut self, id: PeerId, close: Close, now: Time) -> Result<(), SessionError> {
        self.now = now;
        if let Some(active) = self.active.as_mut().filter(|_| id.is_host()) {
            active.is_leaving = true;
        }
        let peer = self.roster.get(id).ok_or(SessionError::UnknownPeer(id.to_godot()))?;
        if matches!(self.connections[peer.key].state(), State::Established | State::PeerClosing { .. }) {
            self.flush();
            self.close_connection(peer.key, close, CloseMode::Drain(CLOSE_TIMEOUT));
        }
        Ok(())
    }

    pub(super) fn on_goodbye(&mut self, key: u32, goodbye: Goodbye) {
        if matches!(self.connections[key].state(), State::Established) {
            // As long as the other side goes on sending, on a line as slow as may be.
            let until = self.now + CLOSE_TIMEOUT;
            self.connections.enter(key, State::PeerClosing { until, goodbye: Box::new(goodbye) });
        }
    }

    /// The peer broke the protocol.
    pub(super) fn close_violation(&mut self, key: u32, why: &str) {
        self.close_refused(key, Close::new(EndReason::ProtocolViolation, why));
    }

    /// Closes a connection with just enough time for the reason to arrive.
    pub(super) fn close_refused(&mut self, key: u32, close: Close) {
        self.close_connection(key, close, CloseMode::Drain(VIOLATION_CLOSE_TIMEOUT));
    }

    /// Closes a connection in any state. A peer that was announced stays until its packets are read.
    pub(super) fn close_connection(&mut self, key: u32, close: Close, mode: CloseMode) {
        self.close_handle(key, &close, mode);
        let connection = &self.connections[key];
        let (steam_id, dial) = (connection.steam_id, connection.dial);
        if matches!(connection.state(), State::Established | State::PeerClosing { .. }) {
            let (until, reason) = (self.now + DRAIN_TIMEOUT, close.reason);
            self.connections.enter(key, State::Draining { until, close: Box::new(close) });
            self.dial_anew(steam_id, dial, reason);
        } else if connection.is_unannounced() {
            self.close_unannounced(key, close);
        }
    }

    /// A connection closed before its peer was announced: it is dialled again, or removed.
    fn close_unannounced(&mut self, key: u32, close: Close) {
        let connection = &self.connections[key];
        let (steam_id, peer) = (connection.steam_id, connection.peer_id);
        if self.awaits_host(steam_id) {
            return self.dial_next_host_again(key);
        }
        if let Some(failures) = self.redial(key, close.reason) {
            // Of a dial that is made over and over, only the first failure is reported; of one to the host the last.
            if failures == 1 && !self.is_host_user(steam_id) {
                self.report_close(steam_id, peer, close);
            }
            return;
        }
        self.remove_unannounced(key);
        self.report_close(steam_id, peer, close);
        if self.is_host_user(steam_id) && !self.connections.iter().any(|other| other.steam_id == steam_id) {
            self.close_all_peers("the host could not be reached", false);
            self.transitions.push(Transition::CloseSession);
        }
    }

    /// Removes the record of a connection that is closed and not announced, or as long as the game knows the peer that it had in a
    /// former match, only closes it.
    pub(super) fn remove_unannounced(&mut self, key: u32) {
        if self.roster.peers().iter().any(|peer| peer.key == key) {
            self.connections.enter(key, State::Closed);
        } else {
            self.connections.remove(key);
        }
    }

    /// Closes a connection that was never announced, without an event.
    pub(super) fn close_silently(&mut self, key: u32, reason: EndReason) {
        self.close_handle(key, &Close::new(reason, reason.to_string()), CloseMode::Immediate);
        self.remove_unannounced(key);
    }

    /// Reports the end of a closed connection once its packets are read, or time is up.
    pub(super) fn finish_draining(&mut self, key: u32) {
        let connection = &self.connections[key];
        let State::Draining { until, .. } = connection.state() else { return };
        if connection.receive.unread > 0 && self.now < *until {
            return;
        }
        let peer = connection.peer_id;
        let State::Draining { close, .. } = self.connections.enter(key, State::Closed) else { return };
        if peer.is_some_and(PeerId::is_host) {
            self.host_loss = self.survives(close.reason);
            self.close_all_peers("the host is gone", self.host_loss.is_some());
        }
        self.report_peer_closed(key, *close);
    }

    /// Queues the end of an announced peer for the game.
    pub(super) fn report_peer_closed(&mut self, key: u32, close: Close) {
        self.drop_unread(key);
        let connection = &self.connections[key];
        let (steam_id, peer) = (connection.steam_id, connection.peer_id);
        self.report_close(steam_id, peer, close);
        if let Some(id) = peer {
            self.transitions.push(Transition::PeerDisconnected(key, id));
        }
    }

    /// Queues the end of a connection for the game.
    pub(super) fn report_close(&mut self, steam_id: SteamId, peer: Option<PeerId>, close: Close) {
        let Close { reason, message } = close;
        self.transitions.push(Transition::Event(Event::ConnectionEnded { steam_id, peer, reason, message }));
    }

    /// The game takes `peer_disconnected`: from now on the peer is unknown. For a client, the session closes with its
    /// host.
    pub(super) fn peer_disconnected(&mut self, key: u32, id: PeerId) -> Event {
        self.roster.remove(id);
        // Kept for the next match, it has no packets of this one.
        if !matches!(self.connections[key].state(), State::Ready) {
            self.drop_unread(key);
            self.connections.remove(key);
        }
        if id.is_host() {
            match self.host_loss.take() {
                Some(loss) => self.suspend(loss),
                None => self.close_session(),
            }
        }
        Event::PeerDisconnected(id)
    }

    /// Drops the packets of a connection that the game has not read.
    fn drop_unread(&mut self, key: u32) {
        let unread = &mut self.connections[key].receive.unread;
        if mem::take(unread) > 0 {
            self.inbox.remove_all(key);
        }
    }

    /// A client lost its host: it closes every other connection, or keeps those that the match can go on with, and reports each
    /// peer. The close of the session follows.
    pub(super) fn close_all_peers(&mut self, why: &str, goes_on: bool) {
        self.flush();
        if let Some(active) = self.active.as_mut().filter(|_| goes_on) {
            active.has_host = false;
        }
        for key in self.connections.keys() {
            if goes_on && self.can_be_kept(key) {
                self.keep(key, Close::new(EndReason::Left, why));
                continue;
            }
            let connection = &self.connections[key];
            let (is_announced, is_unannounced) = (connection.is_announced(), connection.is_unannounced());
            if is_announced || is_unannounced {
                let close = Close::new(EndReason::Left, why);
                self.close_handle(key, &close, CloseMode::Drain(CLOSE_TIMEOUT));
                if is_unannounced {
                    self.remove_unannounced(key);
                    continue;
                }
                let close = match self.connections.enter(key, State::Closed) {
                    State::Draining { close, .. } => *close,
                    _ => close,
                };
                self.report_peer_closed(key, close);
            }
        }
    }

    /// Hands a connection's handle to the closing list, or closes it where no goodbye can or need be sent.
    pub(super) fn close_handle(&mut self, key: u32, close: &Close, mode: CloseMode) {
        // Whatever its peer still says, a goodbye above all, is of no use in Steam's queue.
        self.resume(key);
        // Nor are packets that lack pieces.
        self.connections.with_held(key, ReceiveHalf::drop_partial);
        let connection = &mut self.connections[key];
        let is_connected = connection.is_connected();
        let is_coming_up = connection.is_accepted && matches!(connection.state(), State::Connecting);
        let Some(handle) = connection.handle.take() else { return };
        // A peer that said goodbye reads nothing more, and waits for an answer.
        let mode = match mode {
            CloseMode::Drain(_) if matches!(connection.state(), State::PeerClosing { .. }) => {
                CloseMode::Answer
            }
            other => other,
        };
        let steam_id = connection.steam_id;
        let half = mem::take(&mut connection.send);
        if half.is_backlogged() {
            self.drain.remove(key);
        }
        match mode {
            CloseMode::Drain(limit) if is_connected => {
                let until = self.now + limit;
                self.closing.drain(&mut self.transport, handle, steam_id, half, close.clone(), until);
            }
            CloseMode::Drain(_) if is_coming_up => {
                let until = self.now + HANDSHAKE_TIMEOUT;
                self.closing.await_connected(&mut self.transport, handle, steam_id, close.clone(), until);
            }
            CloseMode::Answer if is_connected && !half.is_broken => {
                let until = self.now + ANSWER_TIMEOUT;
                self.closing.answer(&mut self.transport, handle, steam_id, half, until);
            }
            _ => {
                // Steam lets applications give no reason of its own.
                let reason = if close.reason.is_application() { close.reason } else { EndReason::Left };
                self.transport.close(handle, reason, truncate(&close.message));
            }
        }
    }

    /// Disconnected from here on: says goodbye to every peer and forgets everything but the closing connections.
    pub(super) fn close_session(&mut self) {
        self.flush();
        for key in self.connections.keys() {
            self.close_handle(key, &Close::new(EndReason::Left, ""), CloseMode::Drain(CLOSE_TIMEOUT));
        }
        self.connections.clear();
        self.drain.clear();
        self.roster.clear();
        self.inbox.clear();
        self.transitions.clear();
        self.closed.clear();
        self.active = None;
        self.lobby = None;
        self.forget_lost();
        self.status = Status::Disconnected;
        if let Some(listen) = self.listening.take() {
            self.transport.close_listen(listen);
        }
    }
}
