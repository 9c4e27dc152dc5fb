//! The errors of a session's calls. Their messages say what to do.

use thiserror::Error;

use crate::id::{LobbyId, SteamId};
use crate::limits::MAX_MIGRATION_STATE_BYTES;
use crate::transport::TransportError;

/// Why a packet was not put. Nothing of it was sent to anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PutError {
    /// The session is not connected.
    #[error("not connected: wait for peer_connected before sending")]
    NotConnected,
    /// The packet is empty.
    #[error("an empty packet cannot be sent")]
    Empty,
    /// The packet has more bytes than a target can get, which is the second number.
    #[error("a packet of {0} bytes cannot be sent: the limit is {1}")]
    TooLarge(usize, usize),
    /// The target names a peer that is not connected.
    #[error("target peer {0} is not connected")]
    UnknownTarget(i32),
    /// The channel does not exist.
    #[error("channel {0} does not exist: channels are 0 to 83")]
    UnknownChannel(i32),
    /// A target is a GodotSteam peer, which a channel past 7 does not reach.
    #[error("channel {0} does not reach a GodotSteam peer: use channels 0 to 7")]
    OutOfReach(u8),
    /// A target's backlog is full. Its connection is closed, with [`TooFarBehind`](crate::EndReason::TooFarBehind).
    #[error(
        "{0} bytes wait for a peer already, which is disconnected: send less, or raise max_backlog_bytes"
    )]
    BacklogFull(usize),
}

/// Why a session could not be started, joined or changed. It is left as it was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// Steam is not initialised.
    #[error("Steam is not initialised: initialise it before creating a peer")]
    Unavailable,
    /// The session is connecting or connected already.
    #[error("already connected or connecting: call close first")]
    AlreadyInUse,
    /// The session is not connecting or connected.
    #[error("not connected: call create_host or create_client first")]
    NotActive,
    /// No peer has that id.
    #[error("peer {0} is not connected")]
    UnknownPeer(i32),
    /// The local user cannot be its own peer, except as a client of a host of the same process.
    #[error("cannot connect to oneself, but to a host of this process that listens on the same virtual port")]
    Oneself,
    /// There are too many connections.
    #[error("too many connections")]
    TooManyConnections,
    /// With `server_relay` a client connects only to the host.
    #[error("with server_relay a client connects to the host alone")]
    Relayed,
    /// The local user is not the lobby's owner.
    #[error("not the owner of lobby {0}: only its owner can host it")]
    NotLobbyOwner(LobbyId),
    /// The local user is not in the lobby.
    #[error("not in lobby {0}: join it first")]
    NotInLobby(LobbyId),
    /// The local user owns the lobby, so there is no host to connect to.
    #[error("lobby {0} is our own: host it with host_with_lobby")]
    OwnLobby(LobbyId),
    /// There is no match that could go on without its host.
    #[error(
        "no match has lost its host: only one that was joined by host_with_lobby or connect_to_lobby goes on, from host_lost on"
    )]
    NoLostMatch,
    /// The state for the next host is too large.
    #[error("a migration_state of {0} bytes is too large: the limit is {MAX_MIGRATION_STATE_BYTES}")]
    StateTooLarge(usize),
    /// Only the host can do that.
    #[error("only the host sets migration_state")]
    NotHost,
    /// Steam could not open the listen socket.
    #[error("cannot listen: {0}")]
    Listen(TransportError),
    /// Steam could not dial.
    #[error("cannot connect to {0}: {1}")]
    Connect(SteamId, TransportError),
    /// The priority is negative, or the weight is 0.
    #[error("channel priority must be 0 or more, weight 1 to 65535, channel 0 to 83")]
    BadPriority,
}
