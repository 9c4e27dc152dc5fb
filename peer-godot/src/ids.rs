//! Ids of Steam and of Godot: what a class takes and gives are signed integers.

use peer_core::{LobbyId, PeerId, SteamId};

/// The Steam id of a user that GDScript passes as an `int`.
pub(crate) fn steam_id(id: i64) -> SteamId {
    SteamId(id.cast_unsigned())
}

/// The id of a lobby that GDScript passes as an `int`.
pub(crate) fn lobby_id(id: i64) -> LobbyId {
    LobbyId(id.cast_unsigned())
}

/// The peer id, if it is one that a peer can have.
pub(crate) fn peer_id(id: i32) -> Option<PeerId> {
    u32::try_from(id).ok().and_then(PeerId::new)
}

/// An id as GDScript's `int`.
pub(crate) trait ToInt {
    /// All 64 bits, the highest of them as the sign.
    fn to_int(self) -> i64;
}

impl ToInt for SteamId {
    fn to_int(self) -> i64 {
        self.0.cast_signed()
    }
}

impl ToInt for LobbyId {
    fn to_int(self) -> i64 {
        self.0.cast_signed()
    }
}

impl ToInt for PeerId {
    fn to_int(self) -> i64 {
        i64::from(self.get())
    }
}
