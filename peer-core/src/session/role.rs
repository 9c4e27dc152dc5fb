//! Host or client, and who connects to whom: asked here, and nowhere else.

use crate::control::{Features, Hello};
use crate::id::SteamId;

/// What a session is, from `create_host` or `create_client` until it is closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Host,
    /// A client of that user.
    Client {
        host: SteamId,
    },
}

impl Role {
    /// Whether that user is the host of this client.
    pub(super) fn is_host(self, steam_id: SteamId) -> bool {
        matches!(self, Self::Client { host } if host == steam_id)
    }

    /// Whether that user would be another client of the same host.
    pub(super) fn is_fellow_client(self, steam_id: SteamId) -> bool {
        matches!(self, Self::Client { host } if host != steam_id)
    }
}

/// Whether the host relays between clients, or they connect to each other: the same for all of a match, and in the end what
/// the host says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relay {
    pub(super) is_on: bool,
    /// Nobody has decided, and without a lobby it is as with `ENet`: the host relays. A game that connects its clients by
    /// `add_peer` makes it a mesh.
    pub(super) is_undecided: bool,
}

impl Relay {
    /// What a session begins with.
    pub(super) fn new(setting: Option<bool>, has_lobby: bool) -> Self {
        let is_undecided = setting.is_none() && !has_lobby;
        Self { is_on: setting.unwrap_or(is_undecided), is_undecided }
    }

    /// What a hello says of it; `None` from peers that say nothing.
    pub(super) fn of(hello: &Hello) -> Option<Self> {
        hello.match_id.map(|_| Self {
            is_on: hello.features.contains(Features::SERVER_RELAY),
            is_undecided: hello.features.contains(Features::UNDECIDED_RELAY),
        })
    }

    pub(super) fn features(self) -> Features {
        let mut features = Features::empty();
        features.set(Features::SERVER_RELAY, self.is_on);
        features.set(Features::UNDECIDED_RELAY, self.is_undecided);
        features
    }

    /// Where no game has decided: one side has made it a mesh, and that holds for the other.
    pub(super) fn is_made_mesh_by(self, other: Self) -> bool {
        self.is_undecided && other.is_undecided && !other.is_on
    }
}
