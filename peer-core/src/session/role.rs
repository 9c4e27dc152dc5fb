//! Host or client: asked here, and nowhere else.

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
