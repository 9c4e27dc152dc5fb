//! What a session tells the game, in the order in which the game is to see it.

use std::collections::VecDeque;

use crate::id::{PeerId, SteamId};
use crate::reason::EndReason;

/// Something the game wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A peer is there: from now on packets can go to it and come from it.
    PeerConnected(PeerId),
    /// A peer is gone: no packet comes from it any more.
    PeerDisconnected(PeerId),
    /// A connection ended. If it was a peer's, [`PeerDisconnected`](Self::PeerDisconnected) follows.
    ConnectionEnded {
        /// Who was on the other side.
        steam_id: SteamId,
        /// The peer id it had, if it got as far as having one.
        peer: Option<PeerId>,
        /// Why it ended.
        reason: EndReason,
        /// The words that came with the reason: the other side's, Steam's, or this session's.
        message: String,
    },
}

/// A change that takes effect when the game sees it, so that in every handler of the game the session looks as the
/// events so far have told it.
#[derive(Debug)]
pub(crate) enum Transition {
    /// The peer of this connection becomes known.
    Announce(u32, PeerId),
    /// The peer of this connection is forgotten.
    Retire(u32, PeerId),
    /// Nothing but news.
    Tell(Event),
    /// The session is over.
    Close,
}

/// Transitions that the game has not seen yet.
#[derive(Debug, Default)]
pub(crate) struct Transitions(VecDeque<Transition>);

/// News beyond this many are not kept: only someone who floods this side with requests can bring so many before the
/// game looks. What happens to peers is always told.
const MAX_NEWS: usize = 4096;

impl Transitions {
    pub(crate) fn push(&mut self, transition: Transition) {
        if self.0.len() < MAX_NEWS || !matches!(transition, Transition::Tell(_)) {
            self.0.push_back(transition);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Transition> {
        self.0.pop_front()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Forgets what would be told of one connection.
    pub(crate) fn forget(&mut self, link: u32) {
        self.0.retain(|transition| {
            !matches!(transition, Transition::Announce(of, _) | Transition::Retire(of, _) if *of == link)
        });
    }
}
