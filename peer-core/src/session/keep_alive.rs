//! Who is still there: keep-alives to peers that are sent nothing else, and probes of those that may be gone.
//!
//! Both ask for an acknowledgement, which a peer's Steam gives by itself: a game that loads a level is there.

use std::time::Duration;

use crate::connection::{Close, Connection, State};
use crate::control::KEEP_ALIVE;
use crate::id::SteamId;
use crate::lane::{Dialect, Lane, SendFlags};
use crate::limits::{KEEP_ALIVE_INTERVAL, PROBE_INTERVAL};
use crate::reason::{EndReason, STEAM_TIMEOUT};
use crate::session::Session;
use crate::session::close::CloseMode;
use crate::transport::{Batch, ConnectionHandle, LaneStatus, Outgoing, Transport};

/// What arrives before that may have been on its way when the probe began.
const SETTLE_TIME: Duration = Duration::from_millis(400);

impl<T: Transport> Session<T> {
    /// Sends a keep-alive to the peers that were sent nothing for a while. Without one Steam would notice only after 10 to 22 s
    /// that nobody is there.
    pub(super) fn poll_keep_alives(&mut self) {
        if self.now < self.next_keep_alive || self.active.is_none() {
            return;
        }
        self.next_keep_alive = self.now + KEEP_ALIVE_INTERVAL;
        let mut messages = std::mem::take(&mut self.keep_alives);
        for connection in self.connections.iter_mut() {
            let is_idle = connection.send.put_bytes == connection.put_bytes_then;
            if let Some(handle) = keep_alive_handle(connection).filter(|_| is_idle) {
                messages.push(message(handle));
                connection.send.count_put(KEEP_ALIVE.len());
            }
            connection.put_bytes_then = connection.send.put_bytes;
        }
        self.send_keep_alives(&messages);
        messages.clear();
        self.keep_alives = messages;
    }

    fn send_keep_alives(&mut self, messages: &[Outgoing]) {
        if !messages.is_empty() {
            self.transport.send(Batch { payloads: &[KEEP_ALIVE], messages }, &mut self.results);
            // One that Steam does not take is not needed: a full send buffer asks for answers, and a lost connection is reported.
            self.results.clear();
        }
    }

    /// Closes the connection of a user if nothing is heard of them for so long.
    pub(super) fn probe(&mut self, steam_id: SteamId, limit: Duration) {
        let found = self
            .connections
            .find(|_, connection| connection.steam_id == steam_id && keep_alive_handle(connection).is_some());
        if let Some(key) = found {
            self.connections.start_probe(key, limit);
        }
    }

    /// Looks for a sign of life, and closes the connection if there was none for too long. Returns whether it did.
    pub(super) fn poll_probe(&mut self, key: u32) -> bool {
        let now = self.now;
        let connection = &self.connections[key];
        let unacknowledged = keep_alive_handle(connection)
            .and_then(|handle| unacknowledged(&self.transport, handle).map(|bytes| (handle, bytes)));
        let unread = connection.receive.unread;
        let Some(probe) = &mut self.connections[key].probe else { return false };
        let Some((handle, unacknowledged)) = unacknowledged else {
            // It is over, one way or the other.
            self.connections[key].probe = None;
            return false;
        };
        let since = *probe.since.get_or_insert(now);
        let is_there = unacknowledged < probe.unacknowledged || unread > probe.unread;
        if is_there && now > since + SETTLE_TIME {
            self.connections[key].probe = None;
            return false;
        }
        if now > since + probe.limit {
            let close = Close::new(EndReason::Other(STEAM_TIMEOUT), "the peer has left, and does not answer");
            self.close_connection(key, close, CloseMode::Immediate);
            return true;
        }
        let is_due = now >= probe.next;
        probe.unacknowledged = unacknowledged;
        if is_due {
            probe.next = now + PROBE_INTERVAL;
            self.send_keep_alives(&[message(handle)]);
            let after = self::unacknowledged(&self.transport, handle);
            if let (Some(probe), Some(after)) = (&mut self.connections[key].probe, after) {
                probe.unacknowledged = after;
            }
        }
        false
    }
}

fn message(handle: ConnectionHandle) -> Outgoing {
    Outgoing::new(handle, 0, Lane::CONTROL, SendFlags::RELIABLE | SendFlags::NO_NAGLE)
}

/// The connection of a peer that can be sent a keep-alive. One of GodotSteam would take it for a packet of the game.
fn keep_alive_handle<M>(connection: &Connection<M>) -> Option<ConnectionHandle> {
    let is_up = matches!(connection.state(), State::Ready | State::Established);
    let is_native = connection.send.dialect == Dialect::Native;
    connection.handle.filter(|_| is_up && is_native && !connection.send.is_broken)
}

/// Bytes on the control lane that the peer's Steam has not acknowledged.
fn unacknowledged<T: Transport>(transport: &T, handle: ConnectionHandle) -> Option<i32> {
    let mut control = [LaneStatus::default()];
    transport.real_time_status(handle, &mut control)?;
    Some(control[0].pending_reliable.saturating_add(control[0].sent_unacked_reliable))
}
