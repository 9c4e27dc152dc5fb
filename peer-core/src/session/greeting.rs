//! From Connected to `peer_connected`: hellos, the ids they claim, and the order of announcements.

use crate::control::{Control, Hello};
use crate::event::{Event, Transition};
use crate::id::{PeerId, SteamId};
use crate::lane::{Dialect, Lane, SendFlags};
use crate::limits::{DISMISSAL_TIMEOUT, HELLO_TIMEOUT};
use crate::link::{End, State};
use crate::reason::EndReason;
use crate::roster::Peer;
use crate::session::ending::Farewell;
use crate::session::{Session, Status};
use crate::transport::{Batch, Message, Outgoing, Transport};

/// Why a hello was not good enough.
const OWN_ID: &str = "the hello claims this side's own id";
const HOST_ID: &str = "the hello claims the host's id";
const NOT_HOST: &str = "the peer dialled as host does not claim the host's id";
const TAKEN_ID: &str = "the hello claims another peer's id";
const NO_ID: &str = "the hello claims no valid id";

impl<T: Transport> Session<T> {
    /// Steam says Connected: both sides speak first.
    pub(super) fn connected(&mut self, key: u32) {
        let Some(active) = &self.active else { return };
        let link = &self.links[key];
        let (State::Connecting, Some(handle)) = (&link.state, link.handle) else {
            return;
        };
        let hello = Hello { features: 0, peer_id: active.id.get(), nonce: active.nonce };
        let payloads = [hello.encode(), hello.encode_godot_steam()];
        let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
        let messages = [0, 1].map(|payload| Outgoing::new(handle, payload, Lane::CONTROL, flags));
        self.transport.send(Batch { payloads: &payloads, messages: &messages }, &mut self.results);
        let sent = self.results.drain(..).all(|result| result.message_number().is_some());
        self.links[key].state = State::Greeting { until: self.now + HELLO_TIMEOUT };
        if !sent {
            self.part(key, End::new(EndReason::Exception, "the hello could not be sent"), Farewell::Close);
            return;
        }
        for message in self.links[key].inbound.take_held() {
            self.arrive(message);
        }
    }

    /// The first message of the other side.
    pub(super) fn greeted(&mut self, key: u32, payload: &[u8]) {
        let (dialect, peer_id, nonce) = match Control::decode(payload) {
            Ok(Control::Hello(hello)) => (Dialect::Native, hello.peer_id, Some(hello.nonce)),
            Ok(Control::GodotSteamHello(peer_id)) => (Dialect::GodotSteam, peer_id, None),
            Ok(Control::Goodbye(_)) => {
                let end = End::new(EndReason::ProtocolViolation, "a goodbye came before the hello");
                return self.part(key, end, Farewell::Goodbye(DISMISSAL_TIMEOUT));
            }
            Err(error) => {
                let end = End::new(error.end_reason(), error.to_string());
                return self.part(key, end, Farewell::Goodbye(DISMISSAL_TIMEOUT));
            }
        };
        self.links[key].outbound.dialect = dialect;
        match self.judge_claim(key, peer_id, nonce) {
            Ok(peer_id) => self.welcome(key, peer_id),
            Err(why) => {
                self.part(key, End::new(EndReason::IdRefused, why), Farewell::Goodbye(DISMISSAL_TIMEOUT));
            }
        }
    }

    /// Whether this connection's user may have that id. Steam vouches for the user, not for the id.
    fn judge_claim(&self, key: u32, claim: u32, nonce: Option<u64>) -> Result<PeerId, &'static str> {
        let (Some(active), Some(id)) = (&self.active, PeerId::new(claim)) else {
            return Err(NO_ID);
        };
        let steam_id = self.links[key].steam_id;
        // A nonce of ours is a hello of ours, sent back.
        if id == active.id || nonce == Some(active.nonce) {
            return Err(OWN_ID);
        }
        let is_host = active.host == Some(steam_id);
        if id.is_host() != is_host {
            return Err(if is_host { NOT_HOST } else { HOST_ID });
        }
        let is_taken = self.links.iter().any(|other| other.peer_id == Some(id) && other.steam_id != steam_id);
        if is_taken { Err(TAKEN_ID) } else { Ok(id) }
    }

    /// The hello was good: the newest connection of that user is the one that counts.
    fn welcome(&mut self, key: u32, peer_id: PeerId) {
        let link = &mut self.links[key];
        link.peer_id = Some(peer_id);
        link.state = State::Greeted;
        let steam_id = link.steam_id;
        self.configure_lanes(key);
        while let Some(older) = self.older_connection(key, steam_id) {
            let link = &self.links[older];
            if link.is_announced() {
                // What has come from it is still read; `peer_disconnected` follows, then the newer one's turn comes.
                let end = End::new(EndReason::Replaced, "a newer connection of the same user took its place");
                self.part(older, end, Farewell::Goodbye(DISMISSAL_TIMEOUT));
            } else {
                self.discard(older, EndReason::Replaced);
            }
        }
        self.announce_in_turn(key);
    }

    fn older_connection(&self, key: u32, steam_id: SteamId) -> Option<u32> {
        self.links.find(|other, link| {
            link.steam_id == steam_id
                && other != key
                // One that is saying goodbye already has its last words awaited.
                && !matches!(link.state, State::Leaving { .. } | State::Ended { .. } | State::Retired)
        })
    }

    /// Announces a greeted peer if it is its turn: after the host, and after an older connection of the same user.
    pub(super) fn announce_in_turn(&mut self, key: u32) {
        let link = &self.links[key];
        let (steam_id, Some(id), Some(active)) = (link.steam_id, link.peer_id, &mut self.active) else {
            return;
        };
        if !active.has_host && !id.is_host() {
            return;
        }
        if self.links.iter().any(|other| other.steam_id == steam_id && other.is_announced()) {
            return;
        }
        active.has_host = true;
        let link = &mut self.links[key];
        link.state = State::Joined;
        if let Some(dial) = &mut link.dial {
            dial.failures = 0;
        }
        let held = link.inbound.take_held();
        self.transitions.push(Transition::Announce(key, id));
        for message in held {
            self.arrive(message);
        }
    }

    /// The game is being told of a peer: from now on it is one.
    pub(super) fn announced(&mut self, key: u32, id: PeerId) -> Event {
        if id.is_host() {
            self.status = Status::Connected;
        }
        self.roster.insert(Peer { id, steam_id: self.links[key].steam_id, link: key });
        Event::PeerConnected(id)
    }

    /// A message of a connection whose peer is not announced.
    pub(super) fn arrive_early(&mut self, key: u32, message: T::Message) {
        let link = &mut self.links[key];
        let is_control = message.lane() == Lane::CONTROL.get();
        match link.state {
            // Unreliable data may be lost, so it is. A goodbye waits with the packets that it announces.
            State::Connecting | State::Greeting { .. } | State::Greeted if !message.is_reliable() => {}
            State::Greeting { .. } if is_control => self.greeted(key, message.payload()),
            State::Connecting | State::Greeting { .. } | State::Greeted => {
                let held = link.inbound.hold(message);
                if held.is_err() {
                    let end = End::new(
                        EndReason::ProtocolViolation,
                        "too much came before the peer could be announced",
                    );
                    self.part(key, end, Farewell::Goodbye(DISMISSAL_TIMEOUT));
                }
            }
            // Nobody reads what comes after the end.
            _ => {}
        }
    }
}
