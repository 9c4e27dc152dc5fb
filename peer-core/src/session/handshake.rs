//! From Connected to `peer_connected`: hellos, the ids they claim, and the order of announcements.

use crate::connection::receive::ReceiveHalf;
use crate::connection::{Close, State};
use crate::control::{Control, Hello};
use crate::event::{Event, Transition};
use crate::id::{PeerId, SteamId};
use crate::lane::{Dialect, Lane, SendFlags};
use crate::limits::{HELLO_TIMEOUT, MAX_AWAITING_HELLO};
use crate::reason::EndReason;
use crate::roster::Peer;
use crate::session::close::CloseMode;
use crate::session::{Session, Status};
use crate::transport::{Batch, Message, Outgoing, Transport};

/// Why a claimed id is refused.
const OWN_ID: &str = "the hello claims this side's own id";
const HOST_ID: &str = "the hello claims the host's id";
const NOT_HOST: &str = "the peer dialled as host does not claim the host's id";
const TAKEN_ID: &str = "the hello claims another peer's id";
const NO_ID: &str = "the hello claims no valid id";

impl<T: Transport> Session<T> {
    /// Steam reports Connected: both sides say hello at once.
    pub(super) fn on_connected(&mut self, key: u32) {
        let Some(active) = &self.active else { return };
        let connection = &self.connections[key];
        let (State::Connecting, Some(handle)) = (connection.state(), connection.handle) else {
            return;
        };
        let hello = Hello { features: 0, peer_id: active.id.get(), nonce: active.nonce };
        let payloads = [hello.encode(), hello.encode_godot_steam()];
        let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
        let messages = [0, 1].map(|payload| Outgoing::new(handle, payload, Lane::CONTROL, flags));
        self.transport.send(Batch { payloads: &payloads, messages: &messages }, &mut self.results);
        let sent = self.results.drain(..).all(|result| result.message_number().is_some());
        self.make_room_for_silent();
        self.connections.enter(key, State::AwaitingHello { until: self.now + HELLO_TIMEOUT });
        if !sent {
            let close = Close::new(EndReason::Exception, "the hello could not be sent");
            return self.close_connection(key, close, CloseMode::Immediate);
        }
        for message in self.connections.with_held(key, ReceiveHalf::take_early) {
            self.on_message(message);
        }
    }

    /// Closes the connection that has waited longest for a hello if there are too many.
    fn make_room_for_silent(&mut self) {
        let silent = |state: &State| match state {
            State::AwaitingHello { until } => Some(*until),
            _ => None,
        };
        if let Some(key) = self.connections.oldest_of_many(MAX_AWAITING_HELLO, silent) {
            self.close_violation(key, "too many others have not said hello either");
        }
    }

    /// The first message of the peer.
    fn on_hello(&mut self, key: u32, payload: &[u8]) {
        let (dialect, peer_id, nonce) = match Control::decode(payload) {
            Ok(Control::Hello(hello)) => (Dialect::Native, hello.peer_id, Some(hello.nonce)),
            Ok(Control::GodotSteamHello(peer_id)) => (Dialect::GodotSteam, peer_id, None),
            Ok(Control::Goodbye(_)) => {
                return self.close_violation(key, "a goodbye came before the hello");
            }
            Err(error) => {
                return self.close_refused(key, Close::new(error.end_reason(), error.to_string()));
            }
        };
        self.connections[key].send.dialect = dialect;
        match self.check_claim(key, peer_id, nonce) {
            Ok(peer_id) => self.accept_hello(key, peer_id),
            Err(why) => self.close_refused(key, Close::new(EndReason::IdRefused, why)),
        }
    }

    /// Whether this connection's user may have that id. Steam authenticates the user, not the id.
    fn check_claim(&self, key: u32, claim: u32, nonce: Option<u64>) -> Result<PeerId, &'static str> {
        let (Some(active), Some(id)) = (&self.active, PeerId::new(claim)) else {
            return Err(NO_ID);
        };
        let steam_id = self.connections[key].steam_id;
        // A nonce of ours is a hello of ours, sent back.
        if id == active.id || nonce == Some(active.nonce) {
            return Err(OWN_ID);
        }
        let is_host = active.role.is_host(steam_id);
        if id.is_host() != is_host {
            return Err(if is_host { NOT_HOST } else { HOST_ID });
        }
        let is_taken =
            self.connections.iter().any(|other| other.peer_id == Some(id) && other.steam_id != steam_id);
        if is_taken { Err(TAKEN_ID) } else { Ok(id) }
    }

    /// The hello was good: the newest connection of a user is the one that counts.
    fn accept_hello(&mut self, key: u32, peer_id: PeerId) {
        let connection = &mut self.connections[key];
        connection.peer_id = Some(peer_id);
        let steam_id = connection.steam_id;
        self.connections.enter(key, State::Ready);
        self.configure_lanes(key);
        while let Some(older) = self.older_connection(key, steam_id) {
            if self.connections[older].is_announced() {
                // What it brought is still read; after its `peer_disconnected` the newer one is announced.
                let why = "a newer connection of the same user took its place";
                self.close_refused(older, Close::new(EndReason::Replaced, why));
            } else {
                self.close_silently(older, EndReason::Replaced);
            }
        }
        self.announce_in_turn(key);
    }

    fn older_connection(&self, key: u32, steam_id: SteamId) -> Option<u32> {
        self.connections.find(|other, connection| {
            connection.steam_id == steam_id
                && other != key
                // The packets that a peer announced in its goodbye are awaited already.
                && !matches!(
                    connection.state(),
                    State::PeerClosing { .. } | State::Draining { .. } | State::Closed
                )
        })
    }

    /// Announces a peer if it is its turn: after the host, and after an older connection of the same user.
    pub(super) fn announce_in_turn(&mut self, key: u32) {
        let connection = &self.connections[key];
        let (steam_id, Some(id), Some(active)) = (connection.steam_id, connection.peer_id, &mut self.active)
        else {
            return;
        };
        if !active.has_host && !id.is_host() {
            return;
        }
        if self.connections.iter().any(|other| other.steam_id == steam_id && other.is_announced()) {
            return;
        }
        active.has_host = true;
        self.connections.enter(key, State::Established);
        if let Some(dial) = &mut self.connections[key].dial {
            dial.failures = 0;
        }
        self.resume(key);
        let early = self.connections.with_held(key, ReceiveHalf::take_early);
        self.transitions.push(Transition::PeerConnected(key, id));
        for message in early {
            self.on_message(message);
        }
    }

    /// The game takes `peer_connected`: from now on the peer is known.
    pub(super) fn peer_connected(&mut self, key: u32, id: PeerId) -> Event {
        if id.is_host() {
            self.status = Status::Connected;
        }
        self.roster.insert(Peer { id, steam_id: self.connections[key].steam_id, key });
        Event::PeerConnected(id)
    }

    /// A message of a connection whose peer is not announced.
    pub(super) fn on_early_message(&mut self, key: u32, message: T::Message) {
        let connection = &mut self.connections[key];
        let is_control = message.lane() == Lane::CONTROL.get();
        match connection.state() {
            // Unreliable data may be lost, so it is. A goodbye waits with the packets that it announces.
            State::Connecting | State::AwaitingHello { .. } | State::Ready if !message.is_reliable() => {}
            State::AwaitingHello { .. } if is_control => self.on_hello(key, message.payload()),
            State::Connecting | State::AwaitingHello { .. } | State::Ready => self.buffer_early(key, message),
            // Nobody reads what comes after the close.
            _ => {}
        }
    }

    /// Keeps a message until its peer is announced. After the hello that may take long, until the host is there: more than
    /// a little then stays with Steam. Before it, the hello may be among what Steam has.
    fn buffer_early(&mut self, key: u32, message: T::Message) {
        self.connections.with_held(key, |receive| receive.buffer_early(message));
        let connection = &mut self.connections[key];
        if matches!(connection.state(), State::Ready) {
            if let Some(handle) = connection.handle
                && connection.receive.should_pause()
                && !connection.receive.is_paused
            {
                connection.receive.is_paused = true;
                self.transport.set_paused(handle, true);
            }
        } else if connection.receive.is_over_full() {
            let why = "too much came before its hello";
            return self.close_refused(key, Close::new(EndReason::TooFarBehind, why));
        }
        self.close_largest_holder();
    }

    /// Has the messages of a connection received again.
    pub(super) fn resume(&mut self, key: u32) {
        let connection = &mut self.connections[key];
        if let (true, Some(handle)) = (connection.receive.is_paused, connection.handle) {
            connection.receive.is_paused = false;
            self.transport.set_paused(handle, false);
        }
    }

    /// Closes the connection that holds back the most, if all together hold back too much.
    pub(super) fn close_largest_holder(&mut self) {
        if let Some(key) = self.connections.largest_holder() {
            let why = "too much of what it sent is held back";
            self.close_refused(key, Close::new(EndReason::TooFarBehind, why));
        }
    }
}
