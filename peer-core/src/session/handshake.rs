//! From Connected to `peer_connected`: hellos, the ids they claim, and the order of announcements.

use crate::connection::receive::ReceiveHalf;
use crate::connection::send::SendHalves;
use crate::connection::{Close, Connection, Dial, State};
use crate::control::{Control, Features, Hello, MatchId};
use crate::event::{Event, Transition};
use crate::id::{PeerId, SteamId};
use crate::lane::{Dialect, Lane, SendFlags};
use crate::limits::{HELLO_TIMEOUT, MAX_AWAITING_HELLO, MAX_HELD_BYTES};
use crate::reason::EndReason;
use crate::roster::Peer;
use crate::session::close::CloseMode;
use crate::session::role::Relay;
use crate::session::{Active, Session, Status};
use crate::transport::{Batch, Message, Outgoing, Transport};

/// Why a claimed id is refused.
const OWN_ID: &str = "the hello claims this side's own id";
const HOST_ID: &str = "the hello claims the host's id";
const NOT_HOST: &str = "the peer dialled as host does not claim the host's id";
const TAKEN_ID: &str = "the hello claims another peer's id";
const NO_ID: &str = "the hello claims no valid id";
const NOT_DERIVED: &str = "the hello claims an id that does not follow from its user and nonce";

/// Why a connection ends whose user is in another match.
const OTHER_MATCH: &str = "the other side is in a match with another host";

impl<T: Transport> Session<T> {
    /// Steam reports Connected: both sides say hello at once.
    pub(super) fn on_connected(&mut self, key: u32) {
        let Some(active) = &self.active else { return };
        let connection = &self.connections[key];
        let (State::Connecting, Some(handle)) = (connection.state(), connection.handle) else {
            return;
        };
        let hello = Hello {
            features: Features::DERIVED_ID | Features::PIECES | Features::MIGRATES | active.relay.features(),
            peer_id: active.id.get(),
            nonce: active.nonce,
            match_id: Some(active.match_id()),
        };
        let is_undecided = active.relay.is_undecided;
        let payloads = [hello.encode(), hello.encode_godot_steam()];
        let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
        let messages = [0, 1].map(|payload| Outgoing::new(handle, payload, Lane::CONTROL, flags));
        self.transport.send(Batch { payloads: &payloads, messages: &messages }, &mut self.results);
        let sent = self.results.drain(..).all(|result| result.message_number().is_some());
        self.make_room_for_silent();
        self.connections.enter(key, State::AwaitingHello { until: self.now + HELLO_TIMEOUT });
        self.connections[key].was_told_undecided = is_undecided;
        self.connections[key].said = hello.match_id;
        if !sent {
            // It was lost before this side could look, as after a long load. Steam reports why.
            self.connections.mark_broken(key);
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
        let (dialect, hello) = match Control::decode(payload) {
            Ok(Control::Hello(hello)) => (Dialect::Native, hello),
            Ok(Control::GodotSteamHello(peer_id)) => {
                let features = Features::empty();
                (Dialect::GodotSteam, Hello { features, peer_id, nonce: 0, match_id: None })
            }
            // They closed it before it was up.
            Ok(Control::Goodbye(goodbye)) => {
                return self.close_connection(key, Close::from(&goodbye), CloseMode::Answer);
            }
            Ok(Control::KeepAlive | Control::NewMatch(_) | Control::State(_)) => {
                return self.close_violation(key, "something else came before the hello");
            }
            Err(error) => {
                return self.close_refused(key, Close::new(error.end_reason(), error.to_string()));
            }
        };
        let half = &mut self.connections[key].send;
        half.dialect = dialect;
        half.has_pieces = hello.features.contains(Features::PIECES);
        if let Err(close) = self.check_match(key, &hello) {
            let user = self.connections[key].steam_id;
            self.close_refused(key, close);
            let is_owner = self.lobby.as_ref().is_some_and(|lobby| lobby.owner == user);
            if let Some(claim) = hello.match_id.filter(|theirs| is_owner && theirs.is_claimed_by(user)) {
                self.check_own_host(claim);
            }
            return;
        }
        match self.check_claim(key, &hello) {
            Ok(peer_id) => self.accept_hello(key, peer_id, &hello),
            Err(why) => self.close_refused(key, Close::new(EndReason::IdRefused, why)),
        }
    }

    /// Whether that user can be in the same match.
    fn check_match(&self, key: u32, hello: &Hello) -> Result<(), Close> {
        let steam_id = self.connections[key].steam_id;
        let is_open = self.migration.is_some();
        let Some(active) = &self.active else { return Ok(()) };
        if is_open && !active.has_host {
            // Everyone comes from another match, and may be on the way to the next.
            return Ok(());
        }
        let is_host = hello.peer_id == PeerId::HOST.get() && active.role.is_host(steam_id);
        if !is_host && hello.match_id.is_some_and(|theirs| !theirs.may_be(active.match_id())) {
            return Err(Close::new(EndReason::OtherMatch, OTHER_MATCH));
        }
        if self.has_max_clients(steam_id) {
            return Err(Close::new(EndReason::Full, EndReason::Full.to_string()));
        }
        Ok(())
    }

    /// Whether this connection's user may have that id. Steam authenticates the user, not the id.
    fn check_claim(&self, key: u32, hello: &Hello) -> Result<PeerId, &'static str> {
        let (Some(active), Some(id)) = (&self.active, PeerId::new(hello.peer_id)) else {
            return Err(NO_ID);
        };
        let steam_id = self.connections[key].steam_id;
        // A nonce of ours is a hello of ours, sent back.
        if id == active.id || hello.nonce == active.nonce {
            return Err(OWN_ID);
        }
        let is_host = active.role.is_host(steam_id);
        if id.is_host() != is_host && !self.is_between_hosts() {
            return Err(if is_host { NOT_HOST } else { HOST_ID });
        }
        let is_derived = !id.is_host() && hello.features.contains(Features::DERIVED_ID);
        if is_derived && id != PeerId::derived(steam_id, hello.nonce) {
            return Err(NOT_DERIVED);
        }
        // A derived id is its user's, whoever claimed it before without a proof.
        let is_taken = !id.is_host()
            && self.connections.iter().any(|other| {
                other.peer_id == Some(id)
                    && other.steam_id != steam_id
                    && (other.features.contains(Features::DERIVED_ID) || !is_derived)
            });
        if is_taken { Err(TAKEN_ID) } else { Ok(id) }
    }

    /// The hello was good: the newest connection of a user is the one that counts.
    fn accept_hello(&mut self, key: u32, peer_id: PeerId, hello: &Hello) {
        let steam_id = self.connections[key].steam_id;
        while let Some(claimant) = self.connections.find(|_, other| {
            let is_same = other.peer_id == Some(peer_id) && !peer_id.is_host();
            is_same && other.steam_id != steam_id && !other.is_closed()
        }) {
            self.close_refused(claimant, Close::new(EndReason::IdRefused, TAKEN_ID));
        }
        let connection = &mut self.connections[key];
        connection.peer_id = Some(peer_id);
        connection.match_id = hello.match_id;
        connection.features = hello.features;
        self.connections.enter(key, State::Ready);
        self.configure_lanes(key);
        if peer_id.is_host() && self.is_host_user(steam_id) {
            self.adopt_match(hello);
        } else if !self.settle_relay(key, hello) {
            return;
        }
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
        // What was said in the hello may have changed since.
        self.tell_match_to(key);
    }

    /// The host's hello came: this client is in that session of it, and connects as it says.
    fn adopt_match(&mut self, hello: &Hello) {
        // A host that has begun anew replaces its former connection, and with that this session ends.
        let Some(active) = self.active.as_mut().filter(|active| !active.has_host) else { return };
        active.host_nonce = hello.nonce;
        let (own, theirs) = (active.relay, Relay::of(hello));
        let is_mesh = theirs.is_some_and(|theirs| theirs.is_made_mesh_by(own));
        let is_on = match theirs {
            Some(theirs) => theirs.is_on && !is_mesh,
            // It says nothing of it, and knows no default.
            None => self.settings.server_relay.unwrap_or(false),
        };
        active.relay = Relay { is_on, is_undecided: false };
        if self.settings.server_relay.is_some_and(|setting| setting != is_on) {
            self.transitions.push(Transition::Event(Event::RelayOverridden { server_relay: is_on }));
        }
        let match_id = active.match_id();
        let is_migrating = self.migration.is_some();
        for key in self.connections.keys() {
            let connection = &self.connections[key];
            if self.is_host_user(connection.steam_id) {
                continue;
            }
            if is_on {
                self.close_silently(key, EndReason::Refused);
            } else if !is_migrating && connection.match_id.is_some_and(|theirs| !theirs.may_be(match_id)) {
                self.close_refused(key, Close::new(EndReason::OtherMatch, OTHER_MATCH));
            }
        }
        if (own.is_on || is_migrating) && !is_on {
            self.dial_members();
        }
        self.tell_match();
    }

    /// A client's hello came. With the first one a host's way to connect is decided; a client that goes another one, without
    /// having been told to, cannot stay. Returns whether this one can.
    fn settle_relay(&mut self, key: u32, hello: &Hello) -> bool {
        let was_told = self.connections[key].was_told_undecided;
        let Some(active) = self.active.as_mut().filter(|active| active.id.is_host()) else { return true };
        let Some(theirs) = Relay::of(hello) else { return true };
        if active.relay.is_made_mesh_by(theirs) {
            active.relay.is_on = false;
        }
        active.relay.is_undecided = false;
        let is_lost = was_told && theirs.is_undecided && !theirs.is_on && active.relay.is_on;
        if is_lost {
            let why = "the host relays, and this client was connected to others by add_peer";
            self.close_refused(key, Close::new(EndReason::Refused, why));
        }
        !is_lost
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

    /// Announces a peer if it is its turn: after the host, and after an older connection of the same user, or one that had taken
    /// its id.
    pub(super) fn announce_in_turn(&mut self, key: u32) {
        let connection = &self.connections[key];
        let (steam_id, Some(id), Some(active)) = (connection.steam_id, connection.peer_id, &mut self.active)
        else {
            return;
        };
        let (own, is_host) = (active.match_id(), active.id.is_host());
        // Who comes from a former match says so once it is in this one. (A host's clients have its hello, or soon will.)
        let is_fresh = is_host || !connection.was_established;
        let is_same = |theirs: MatchId| theirs == own || is_fresh && theirs.may_be(own);
        if id.is_host() != active.role.is_host(steam_id) || !connection.match_id.is_none_or(is_same) {
            return;
        }
        if !active.has_host && !id.is_host() {
            return;
        }
        // In a former match its peer is not gone yet, as far as the game knows.
        if self.roster.peers().iter().any(|peer| peer.key == key) {
            return;
        }
        let is_former = |other: &Connection<_>| other.steam_id == steam_id || other.peer_id == Some(id);
        if self.connections.iter().any(|other| is_former(other) && other.is_announced()) {
            return;
        }
        active.has_host = true;
        self.connections.enter(key, State::Established);
        let connection = &mut self.connections[key];
        connection.dial = connection.dial.map(|dial| Dial::new(dial.port));
        connection.was_established = true;
        self.resume(key);
        let early = self.connections.with_held(key, ReceiveHalf::take_early);
        self.transitions.push(Transition::PeerConnected(key, id));
        for message in early {
            self.on_message(message);
        }
        if is_host {
            self.send_state(key);
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
        let is_former = self.is_of_former_match(key);
        let connection = &self.connections[key];
        let is_control = message.lane() == Lane::CONTROL.get();
        match connection.state() {
            // Unreliable data may be lost, so it is. A goodbye waits with the packets that it announces.
            State::Connecting | State::AwaitingHello { .. } | State::Ready if !message.is_reliable() => {}
            State::AwaitingHello { .. } if is_control => self.on_hello(key, message.payload()),
            State::Ready if is_control => self.on_early_control(key, message),
            State::Ready if is_former => {}
            State::Connecting | State::AwaitingHello { .. } | State::Ready => self.buffer_early(key, message),
            // Nobody reads what comes after the close.
            _ => {}
        }
    }

    /// A control message of a connection whose peer is not announced, after its hello.
    fn on_early_control(&mut self, key: u32, message: T::Message) {
        let own = self.active.as_ref().map(Active::match_id);
        let theirs = self.connections[key].match_id;
        let is_same = theirs.is_none_or(|theirs| own.is_some_and(|own| theirs.may_be(own)));
        match Control::decode(message.payload()) {
            Ok(Control::Goodbye(goodbye)) if !is_same => {
                self.close_connection(key, Close::from(&goodbye), CloseMode::Answer);
            }
            // It comes with packets, or before the host is announced.
            Ok(Control::Goodbye(_) | Control::State(_)) => self.buffer_early(key, message),
            _ => self.on_control(key, &message),
        }
    }

    /// Whether what comes on a connection was sent in a match that is over: this side has told of no other yet, so nobody there
    /// has announced it.
    fn is_of_former_match(&self, key: u32) -> bool {
        let connection = &self.connections[key];
        connection.was_established && connection.said != self.active.as_ref().map(Active::match_id)
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
        let most = MAX_HELD_BYTES.max(2 * self.settings.max_packet_bytes());
        if let Some(key) = self.connections.largest_holder(most) {
            let why = "too much of what it sent is held back";
            self.close_refused(key, Close::new(EndReason::TooFarBehind, why));
        }
    }
}
