//! What a session reports to the game, in order.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::id::{PeerId, SteamId};
use crate::reason::EndReason;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A peer is connected: packets can be sent to it and received from it.
    PeerConnected(PeerId),
    /// A peer is disconnected: no more packets come from it.
    PeerDisconnected(PeerId),
    /// A connection closed. If it was a peer's, [`PeerDisconnected`](Self::PeerDisconnected) follows.
    ConnectionEnded {
        /// The user on the other side.
        steam_id: SteamId,
        /// The user's peer id, if the hello got as far as that.
        peer: Option<PeerId>,
        /// Why it closed.
        reason: EndReason,
        /// The message that came with the reason: the peer's, Steam's, or this session's.
        message: String,
    },
    /// The host of a lobby's match is gone, and so are its peers: the session is disconnected. With
    /// [`migrate`](crate::Session::migrate), called now, the match goes on.
    HostLost {
        /// The next host, if Steam has named another owner of the lobby already.
        new_host: Option<SteamId>,
    },
    /// The match goes on: this side is its host, or connected to it.
    Migrated {
        /// What the former host had set for this.
        state: Bytes,
    },
    /// The host has set [`server_relay`](crate::Settings::server_relay) otherwise than this side, and the host's setting
    /// holds. [`PeerConnected`](Self::PeerConnected) with the host follows.
    RelayOverridden {
        /// Whether the host relays.
        server_relay: bool,
    },
}

/// A change that takes effect when the game takes its event, so that every handler sees the session as reported so
/// far.
#[derive(Debug)]
pub(crate) enum Transition {
    /// The peer of this connection becomes known.
    PeerConnected(u32, PeerId),
    /// The peer of this connection is forgotten.
    PeerDisconnected(u32, PeerId),
    /// An event that changes nothing.
    Event(Event),
    /// The session closes.
    CloseSession,
    /// The match is over for its host, and goes on with another.
    SuspendSession,
    /// The game learns that its match has lost its host.
    HostLost,
}

/// Transitions that the game has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Transitions(VecDeque<Transition>);

/// Ends of connections are not kept beyond this many: only a flood of requests can cause so many before the game looks.
/// What happens to peers is always reported.
const MAX_EVENTS: usize = 4096;

impl Transitions {
    pub(crate) fn push(&mut self, transition: Transition) {
        if self.0.len() < MAX_EVENTS || !matches!(transition, Transition::Event(_)) {
            self.0.push_back(transition);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Transition> {
        self.0.pop_front()
    }

    /// Drops all that is about peers, who are gone.
    pub(crate) fn keep_events(&mut self) {
        self.0.retain(|transition| matches!(transition, Transition::Event(_)));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Drops the transitions of one connection.
    pub(crate) fn forget(&mut self, key: u32) {
        self.0.retain(|transition| {
            !matches!(transition, Transition::PeerConnected(of, _) | Transition::PeerDisconnected(of, _) if *of == key)
        });
    }
}
