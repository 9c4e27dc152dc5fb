//! Enums of `SteamMultiplayerPeer` and `SteamPacketPeer`.

use super::{closed_enum, open_enum};
use crate::multiplayer_peer::SteamMultiplayerPeer;
use crate::packet_peer::SteamPacketPeer;

pub(super) fn register() {
    register_debug_level();
    register_end_reason();
    register_peer_state();
    register_statistic();
}

closed_enum! {
    /// How much is printed.
    register_debug_level: SteamMultiplayerPeer."DebugLevel", DebugLevel;
    /// Prints errors only.
    DEBUG_LEVEL_NONE = 0 as None,
    /// Prints peers that come and go, and why connections end.
    DEBUG_LEVEL_PEER = 1 as Peer,
    /// Prints what Steam's networking says of its work, too.
    DEBUG_LEVEL_STEAM = 2 as Steam,
}

open_enum! {
    register_end_reason: SteamMultiplayerPeer."EndReason";
    /// The other side left.
    END_REASON_LEFT = 1000,
    /// Kicked, with [method kick].
    END_REASON_KICKED = 1001,
    /// The other side takes no new connections.
    END_REASON_REFUSED = 1002,
    /// Not a member of the lobby that the other side follows.
    END_REASON_NOT_IN_LOBBY = 1003,
    /// No room for another connection.
    END_REASON_FULL = 1004,
    /// A newer connection of the same user took the place of this one.
    END_REASON_REPLACED = 1005,
    /// Steam would not carry a reliable packet any more.
    END_REASON_EXCEPTION = 2000,
    /// What the other side sent breaks the protocol.
    END_REASON_PROTOCOL_VIOLATION = 2001,
    /// The other side speaks another version of the protocol.
    END_REASON_VERSION = 2002,
    /// The peer id that was claimed is not acceptable: it is taken, or not one that a client may have.
    END_REASON_ID_REFUSED = 2003,
    /// Steam: this computer is in offline mode.
    END_REASON_LOCAL_OFFLINE_MODE = 3001,
    /// Steam: this computer cannot reach enough of Valve's relays.
    END_REASON_LOCAL_MANY_RELAY_CONNECTIVITY = 3002,
    /// Steam: the relay of a hosted server is not to be reached.
    END_REASON_LOCAL_HOSTED_SERVER_PRIMARY_RELAY = 3003,
    /// Steam: the network's configuration could not be fetched.
    END_REASON_LOCAL_NETWORK_CONFIG = 3004,
    /// Steam: this user has no right to do that.
    END_REASON_LOCAL_RIGHTS = 3005,
    /// Steam: no public address was found for a direct connection, and relays are not allowed.
    END_REASON_LOCAL_P2P_ICE_NO_PUBLIC_ADDRESSES = 3006,
    /// Steam: the other side has not been heard of for too long.
    END_REASON_REMOTE_TIMEOUT = 4001,
    /// Steam: the other side's encryption does not fit.
    END_REASON_REMOTE_BAD_CRYPT = 4002,
    /// Steam: the other side's certificate could not be verified. Dials that fail for this are made again.
    END_REASON_REMOTE_BAD_CERT = 4003,
    /// Steam: the other side speaks a version of Steam's protocol that does not fit.
    END_REASON_REMOTE_BAD_PROTOCOL_VERSION = 4006,
    /// Steam: no public address of the other side was found for a direct connection.
    END_REASON_REMOTE_P2P_ICE_NO_PUBLIC_ADDRESSES = 4007,
    /// Steam: an error that has no number of its own.
    END_REASON_MISC_GENERIC = 5001,
    /// Steam: an error inside Steam.
    END_REASON_MISC_INTERNAL_ERROR = 5002,
    /// Steam: the connection was lost, or nobody answered.
    END_REASON_MISC_TIMEOUT = 5003,
    /// Steam: the other user has nothing to do with this game.
    END_REASON_MISC_STEAM_CONNECTIVITY = 5005,
    /// Steam: no relay is open for this connection.
    END_REASON_MISC_NO_RELAY_SESSIONS_TO_CLIENT = 5006,
    /// Steam: the server was asked for a connection and did not answer.
    END_REASON_MISC_SERVER_NEVER_REPLIED = 5007,
    /// Steam: the two sides could not reach each other.
    END_REASON_MISC_P2P_RENDEZVOUS = 5008,
    /// Steam: a firewall or router keeps the two sides apart.
    END_REASON_MISC_P2P_NAT_FIREWALL = 5009,
    /// Steam: the other side says that it has no such connection.
    END_REASON_MISC_PEER_SENT_NO_CONNECTION = 5010,
}

closed_enum! {
    /// What a connection has come to, by Steam's numbers.
    register_peer_state: SteamPacketPeer."PeerState", PeerState;
    /// There is no connection.
    STATE_NONE = 0 as None,
    /// The two sides are looking for each other.
    STATE_CONNECTING = 1 as Connecting,
    /// The two sides have met and look for a route.
    STATE_FINDING_ROUTE = 2 as FindingRoute,
    /// Packets flow.
    STATE_CONNECTED = 3 as Connected,
    /// The other side has closed it.
    STATE_CLOSED_BY_PEER = 4 as ClosedByPeer,
    /// The network gave it up.
    STATE_PROBLEM_DETECTED_LOCALLY = 5 as ProblemDetectedLocally,
    /// Steam's own: closed, and the other side has not confirmed it.
    STATE_FIN_WAIT = -1 as FinWait,
    /// Steam's own: closed, and what was sent before still goes out.
    STATE_LINGER = -2 as Linger,
    /// Steam's own: gone.
    STATE_DEAD = -3 as Dead,
}

closed_enum! {
    /// A figure of a connection.
    register_statistic: SteamPacketPeer."Statistic", Statistic;
    /// The round trip in milliseconds.
    STAT_PING_MS = 0 as PingMs,
    /// The share of datagrams that arrived here in order, from 0 to 1; negative if not known.
    STAT_QUALITY_LOCAL = 1 as QualityLocal,
    /// The same as the other side sees it.
    STAT_QUALITY_REMOTE = 2 as QualityRemote,
    /// Datagrams sent a second.
    STAT_OUT_PACKETS_PER_SEC = 3 as OutPacketsPerSec,
    /// Bytes sent a second.
    STAT_OUT_BYTES_PER_SEC = 4 as OutBytesPerSec,
    /// Datagrams received a second.
    STAT_IN_PACKETS_PER_SEC = 5 as InPacketsPerSec,
    /// Bytes received a second.
    STAT_IN_BYTES_PER_SEC = 6 as InBytesPerSec,
    /// What Steam thinks the connection carries, in bytes a second.
    STAT_SEND_RATE = 7 as SendRate,
    /// Unreliable bytes that wait to be sent.
    STAT_PENDING_UNRELIABLE = 8 as PendingUnreliable,
    /// Reliable bytes that wait to be sent, or to be sent again.
    STAT_PENDING_RELIABLE = 9 as PendingReliable,
    /// Reliable bytes that were sent and are not acknowledged.
    STAT_SENT_UNACKED_RELIABLE = 10 as SentUnackedReliable,
    /// How long a packet put now would wait before it goes out, in microseconds.
    STAT_QUEUE_TIME_US = 11 as QueueTimeUs,
    /// Bytes of packets that wait for room in Steam's send buffer. Each packet counts 64 more than it has.
    STAT_BACKLOG_BYTES = 12 as BacklogBytes,
}
