//! What happened, to compare two runs or to read after a failure.

use peer_core::{ConnectionHandle, ConnectionState, EndReason, LobbyId, SteamId, Time, VirtualPort};

use crate::event::LobbyChange;

/// Something that happened on a network, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// When.
    pub at: Time,
    /// What.
    pub event: TraceEvent,
}

/// Something that happened on a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceEvent {
    /// A process dialled.
    Dialled {
        /// Who.
        by: SteamId,
        /// Whom.
        to: SteamId,
        /// On which port.
        port: VirtualPort,
        /// The handle it got.
        connection: ConnectionHandle,
    },
    /// The application was told of a change of a connection.
    Status {
        /// Whose application.
        at: SteamId,
        /// Who is on the other side.
        remote: SteamId,
        /// Its handle.
        connection: ConnectionHandle,
        /// What it became.
        state: ConnectionState,
    },
    /// An application closed a connection or refused a request.
    Closed {
        /// Whose application.
        by: SteamId,
        /// The handle.
        connection: ConnectionHandle,
        /// The reason that is told.
        reason: EndReason,
    },
    /// A datagram left.
    Sent {
        /// The sending side's handle.
        connection: ConnectionHandle,
        /// Its packet number.
        packet: u64,
        /// Its size on the wire.
        bytes: u32,
    },
    /// A datagram got lost.
    Lost {
        /// The sending side's handle.
        connection: ConnectionHandle,
        /// Its packet number.
        packet: u64,
    },
    /// Messages came in and wait to be received.
    Delivered {
        /// The receiving side's handle.
        connection: ConnectionHandle,
        /// How many.
        messages: usize,
    },
    /// A process died or exited.
    Ended(SteamId),
    /// A link went down or up.
    Link {
        /// From whom.
        from: SteamId,
        /// To whom.
        to: SteamId,
        /// Whether it is up now.
        up: bool,
    },
    /// A lobby member was told.
    Lobby {
        /// The lobby.
        lobby: LobbyId,
        /// The member.
        member: SteamId,
        /// What it was told.
        change: LobbyChange,
    },
}
