//! The peers that the game knows: from the `peer_connected` that it takes to the `peer_disconnected`.

use rustc_hash::FxHashMap;

use crate::id::{PeerId, SteamId};

/// A peer as the game knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its id.
    pub id: PeerId,
    /// The Steam user behind it.
    pub steam_id: SteamId,
    pub(crate) key: u32,
}

/// Peers in the order of their announcement, but for removals, which swap.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    peers: Vec<Peer>,
    places: FxHashMap<PeerId, u32>,
    /// The place after the one found last. A game sends to its peers one after the other, in this order, so the next
    /// target is most often here.
    hint: usize,
}

impl Roster {
    pub(crate) fn peers(&self) -> &[Peer] {
        &self.peers
    }

    /// The peer `id`, for sending.
    #[inline]
    pub(crate) fn find(&mut self, id: PeerId) -> Option<Peer> {
        if let Some(peer) = self.peers.get(self.hint).filter(|peer| peer.id == id) {
            self.hint = if self.hint + 1 == self.peers.len() { 0 } else { self.hint + 1 };
            return Some(*peer);
        }
        let place = *self.places.get(&id)? as usize;
        self.hint = (place + 1) % self.peers.len();
        Some(self.peers[place])
    }

    /// The peer `id`.
    pub(crate) fn get(&self, id: PeerId) -> Option<Peer> {
        self.places.get(&id).map(|&place| self.peers[place as usize])
    }

    pub(crate) fn insert(&mut self, peer: Peer) {
        // A session has at most `MAX_CONNECTIONS` peers.
        #[allow(clippy::cast_possible_truncation)]
        self.places.insert(peer.id, self.peers.len() as u32);
        self.peers.push(peer);
    }

    pub(crate) fn remove(&mut self, id: PeerId) {
        let Some(place) = self.places.remove(&id) else {
            return;
        };
        self.peers.swap_remove(place as usize);
        if let Some(moved) = self.peers.get(place as usize) {
            self.places.insert(moved.id, place);
        }
        self.hint = 0;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(id: u32) -> Peer {
        Peer { id: PeerId::new(id).unwrap(), steam_id: SteamId(u64::from(id) + 100), key: id }
    }

    #[test]
    fn peers_are_found_in_any_order_after_any_removal() {
        let mut roster = Roster::default();
        for id in 1..=9 {
            roster.insert(peer(id));
        }
        for removed in [1, 9, 4] {
            roster.remove(PeerId::new(removed).unwrap());
        }
        for id in [8, 2, 3, 5, 6, 7, 7, 2, 8] {
            let id = PeerId::new(id).unwrap();
            assert_eq!(roster.find(id).map(|peer| peer.id), Some(id));
            assert_eq!(roster.get(id).map(|peer| peer.id), Some(id));
        }
        for removed in [1, 9, 4] {
            assert_eq!(roster.find(PeerId::new(removed).unwrap()), None);
        }
        assert_eq!(roster.peers().len(), 6);
    }
}
