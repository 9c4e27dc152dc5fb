//! The enums of `SteamMultiplayerPeer`: they are registered under the class, whose methods take and return them.

use super::SteamMultiplayerPeer;
use crate::enums::{closed_enum, open_enum};

/// Registers them with the engine.
pub(crate) fn register() {
    register_debug_level();
    register_end_reason();
    register_config();
}

closed_enum! {
    /// How much is printed.
    register_debug_level: SteamMultiplayerPeer."DebugLevel", DebugLevel;
    /// Prints errors only.
    DEBUG_LEVEL_NONE = 0 as None,
    /// Prints which peers connect and disconnect, and why connections end.
    DEBUG_LEVEL_PEER = 1 as Peer,
    /// Prints the log of Steam's networking, too.
    DEBUG_LEVEL_STEAM = 2 as Steam,
}

open_enum! {
    register_end_reason: SteamMultiplayerPeer."EndReason";
    /// The other side left.
    END_REASON_LEFT = 1000,
    /// Kicked, with [method kick].
    END_REASON_KICKED = 1001,
    /// The other side accepts no new connections.
    END_REASON_REFUSED = 1002,
    /// Not a member of the lobby that the other side follows.
    END_REASON_NOT_IN_LOBBY = 1003,
    /// No room for another connection.
    END_REASON_FULL = 1004,
    /// A newer connection of the same user took the place of this one.
    END_REASON_REPLACED = 1005,
    /// More waited to be sent than [member SteamMultiplayerPeer.max_backlog_bytes] allows.
    END_REASON_TOO_FAR_BEHIND = 1006,
    /// Steam could not send a reliable packet.
    END_REASON_EXCEPTION = 2000,
    /// The other side broke the protocol.
    END_REASON_PROTOCOL_VIOLATION = 2001,
    /// The other side uses another version of the protocol.
    END_REASON_VERSION = 2002,
    /// The peer id that a client claimed was refused: it is taken, or not one that a client may have.
    END_REASON_ID_REFUSED = 2003,
    /// The other side is in another match of the same lobby: it has another host.
    END_REASON_OTHER_MATCH = 2004,
    /// Steam: this computer is in offline mode.
    END_REASON_LOCAL_OFFLINE_MODE = 3001,
    /// Steam: this computer cannot reach enough of Valve's relays.
    END_REASON_LOCAL_MANY_RELAY_CONNECTIVITY = 3002,
    /// Steam: the relay of a hosted server cannot be reached.
    END_REASON_LOCAL_HOSTED_SERVER_PRIMARY_RELAY = 3003,
    /// Steam: the network's configuration could not be fetched.
    END_REASON_LOCAL_NETWORK_CONFIG = 3004,
    /// Steam: this user is not allowed to do that.
    END_REASON_LOCAL_RIGHTS = 3005,
    /// Steam: no public address was found for a direct connection, and relays are not allowed.
    END_REASON_LOCAL_P2P_ICE_NO_PUBLIC_ADDRESSES = 3006,
    /// Steam: nothing was received from the other side for too long.
    END_REASON_REMOTE_TIMEOUT = 4001,
    /// Steam: the encryption handshake with the other side failed.
    END_REASON_REMOTE_BAD_CRYPT = 4002,
    /// Steam: the other side's certificate could not be verified. Such attempts are retried.
    END_REASON_REMOTE_BAD_CERT = 4003,
    /// Steam: the other side uses an incompatible version of Steam's protocol.
    END_REASON_REMOTE_BAD_PROTOCOL_VERSION = 4006,
    /// Steam: no public address of the other side was found for a direct connection.
    END_REASON_REMOTE_P2P_ICE_NO_PUBLIC_ADDRESSES = 4007,
    /// Steam: an unspecified error.
    END_REASON_MISC_GENERIC = 5001,
    /// Steam: an internal error.
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
    /// Steam: a firewall or router blocks the connection.
    END_REASON_MISC_P2P_NAT_FIREWALL = 5009,
    /// Steam: the other side says that it has no such connection.
    END_REASON_MISC_PEER_SENT_NO_CONNECTION = 5010,
}

open_enum! {
    register_config: SteamMultiplayerPeer."NetworkingConfig";
    /// Int: bytes that may wait to be sent on a connection, 524,288 or more.
    NETWORKING_CONFIG_SEND_BUFFER_SIZE = 9,
    /// Int: the lowest rate at which a connection sends, in bytes per second.
    NETWORKING_CONFIG_SEND_RATE_MIN = 10,
    /// Int: the highest rate at which a connection sends, in bytes per second. Steam's default is 262,144.
    NETWORKING_CONFIG_SEND_RATE_MAX = 11,
    /// Int: microseconds for which Steam waits for more before it sends a small packet. The flush at the end of a frame
    /// does not wait.
    NETWORKING_CONFIG_NAGLE_TIME = 12,
    /// Int: milliseconds until an attempt to connect is given up.
    NETWORKING_CONFIG_TIMEOUT_INITIAL = 24,
    /// Int: milliseconds without receiving anything until a connection is given up.
    NETWORKING_CONFIG_TIMEOUT_CONNECTED = 25,
    /// Int: the largest datagram in bytes, headers included, 300 to 1,300.
    NETWORKING_CONFIG_MTU_PACKET_SIZE = 32,
    /// Int: 1 allows connections without encryption, 2 prefers them, 3 demands them.
    NETWORKING_CONFIG_UNENCRYPTED = 34,
    /// Int: bytes that may wait to be received on a connection. 16 MiB, the default here, or more.
    NETWORKING_CONFIG_RECV_BUFFER_SIZE = 47,
    /// Int: messages that may wait to be received on a connection. 65,536, the default here, or more.
    NETWORKING_CONFIG_RECV_BUFFER_MESSAGES = 48,
    /// Int: the largest message that is received, in bytes, 524,288 or more.
    NETWORKING_CONFIG_RECV_MAX_MESSAGE_SIZE = 49,
    /// Int: which direct routes are tried beside Valve's relays, as Steam's flags. See
    /// [member direct_connections].
    NETWORKING_CONFIG_P2P_TRANSPORT_ICE_ENABLE = 104,
    /// Int: milliseconds added to the ping of direct routes when Steam compares routes.
    NETWORKING_CONFIG_P2P_TRANSPORT_ICE_PENALTY = 105,
    /// Int: milliseconds added to the ping of relayed routes when Steam compares routes.
    NETWORKING_CONFIG_P2P_TRANSPORT_SDR_PENALTY = 106,
}
