//! Steam's networking options that a connection has, for `set_config`.

use super::open_enum;
use crate::multiplayer_peer::SteamMultiplayerPeer;

pub(super) fn register() {
    register_config();
}

open_enum! {
    register_config: SteamMultiplayerPeer."NetworkingConfig";
    /// Int: bytes that may wait to be sent on a connection; a packet larger than it cannot be sent.
    NETWORKING_CONFIG_SEND_BUFFER_SIZE = 9,
    /// Int: the least rate at which a connection sends, in bytes a second.
    NETWORKING_CONFIG_SEND_RATE_MIN = 10,
    /// Int: the highest rate at which a connection sends, in bytes a second. Steam's default is 262,144.
    NETWORKING_CONFIG_SEND_RATE_MAX = 11,
    /// Int: microseconds for which Steam waits for more before it sends a small packet. The flush at the end of a frame
    /// does not wait.
    NETWORKING_CONFIG_NAGLE_TIME = 12,
    /// Int: milliseconds after which a connection that is being made is given up.
    NETWORKING_CONFIG_TIMEOUT_INITIAL = 24,
    /// Int: milliseconds without a sign of life after which a connection is given up.
    NETWORKING_CONFIG_TIMEOUT_CONNECTED = 25,
    /// Int: the largest datagram, in bytes with its headers.
    NETWORKING_CONFIG_MTU_PACKET_SIZE = 32,
    /// Int: 1 allows connections without encryption, 2 prefers them, 3 demands them.
    NETWORKING_CONFIG_UNENCRYPTED = 34,
    /// Int: bytes that may wait to be received on a connection. Here the default is 16 MiB.
    NETWORKING_CONFIG_RECV_BUFFER_SIZE = 47,
    /// Int: messages that may wait to be received on a connection. Here the default is 65,536.
    NETWORKING_CONFIG_RECV_BUFFER_MESSAGES = 48,
    /// Int: the largest message that is taken in, in bytes.
    NETWORKING_CONFIG_RECV_MAX_MESSAGE_SIZE = 49,
    /// Int: which direct routes are tried beside Valve's relays, as Steam's flags. See
    /// [member direct_connections].
    NETWORKING_CONFIG_P2P_TRANSPORT_ICE_ENABLE = 104,
    /// Int: milliseconds that a direct route is made to look slower, so that it is chosen less.
    NETWORKING_CONFIG_P2P_TRANSPORT_ICE_PENALTY = 105,
    /// Int: milliseconds that a relayed route is made to look slower, so that it is chosen less.
    NETWORKING_CONFIG_P2P_TRANSPORT_SDR_PENALTY = 106,
}
