//! The lobby of a session: its members may connect, and are dialled again.

use rustc_hash::FxHashSet;

use crate::id::{LobbyId, SteamId};

/// A lobby as Steam describes it at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lobby {
    /// Its id.
    pub id: LobbyId,
    /// Its owner.
    pub owner: SteamId,
    /// Its members, the local user and the owner included.
    pub members: Vec<SteamId>,
}

/// The lobby being tracked.
#[derive(Debug)]
pub(crate) struct TrackedLobby {
    pub(crate) id: LobbyId,
    pub(crate) owner: SteamId,
    members: FxHashSet<SteamId>,
}

impl TrackedLobby {
    pub(crate) fn new(lobby: &Lobby) -> Self {
        Self { id: lobby.id, owner: lobby.owner, members: lobby.members.iter().copied().collect() }
    }

    pub(crate) fn has(&self, steam_id: SteamId) -> bool {
        self.members.contains(&steam_id)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = SteamId> {
        self.members.iter().copied()
    }

    pub(crate) fn insert(&mut self, steam_id: SteamId) {
        self.members.insert(steam_id);
    }

    pub(crate) fn remove(&mut self, steam_id: SteamId) {
        self.members.remove(&steam_id);
    }
}
