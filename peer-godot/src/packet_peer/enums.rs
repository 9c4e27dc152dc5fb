//! The enums of `SteamPacketPeer`: they are registered under the class, whose methods take and return them.

use super::SteamPacketPeer;
use crate::enums::closed_enum;

/// Registers them with the engine.
pub(crate) fn register() {
    register_peer_state();
    register_statistic();
}

closed_enum! {
    /// The state of a connection, with Steam's numbers.
    register_peer_state: SteamPacketPeer."PeerState", PeerState;
    /// There is no connection.
    STATE_NONE = 0 as None,
    /// The connection is being made.
    STATE_CONNECTING = 1 as Connecting,
    /// The two sides have found each other, and look for a route.
    STATE_FINDING_ROUTE = 2 as FindingRoute,
    /// Packets flow.
    STATE_CONNECTED = 3 as Connected,
    /// The other side has closed it.
    STATE_CLOSED_BY_PEER = 4 as ClosedByPeer,
    /// The connection was lost.
    STATE_PROBLEM_DETECTED_LOCALLY = 5 as ProblemDetectedLocally,
    /// Steam's own: closed, and the other side has not confirmed it.
    STATE_FIN_WAIT = -1 as FinWait,
    /// Steam's own: closed, while what was sent before is still delivered.
    STATE_LINGER = -2 as Linger,
    /// Steam's own: gone.
    STATE_DEAD = -3 as Dead,
}

closed_enum! {
    /// A statistic of a connection.
    register_statistic: SteamPacketPeer."Statistic", Statistic;
    /// The round-trip time in milliseconds.
    STAT_PING_MS = 0 as PingMs,
    /// The share of datagrams that arrived here in order, from 0 to 1; negative if not known.
    STAT_QUALITY_LOCAL = 1 as QualityLocal,
    /// The same as the other side sees it.
    STAT_QUALITY_REMOTE = 2 as QualityRemote,
    /// Datagrams sent per second.
    STAT_OUT_PACKETS_PER_SEC = 3 as OutPacketsPerSec,
    /// Bytes sent per second.
    STAT_OUT_BYTES_PER_SEC = 4 as OutBytesPerSec,
    /// Datagrams received per second.
    STAT_IN_PACKETS_PER_SEC = 5 as InPacketsPerSec,
    /// Bytes received per second.
    STAT_IN_BYTES_PER_SEC = 6 as InBytesPerSec,
    /// Steam's estimate of what the connection can carry, in bytes per second.
    STAT_SEND_RATE = 7 as SendRate,
    /// Unreliable bytes that wait to be sent.
    STAT_PENDING_UNRELIABLE = 8 as PendingUnreliable,
    /// Reliable bytes that wait to be sent, or to be sent again.
    STAT_PENDING_RELIABLE = 9 as PendingReliable,
    /// Reliable bytes that were sent and are not acknowledged.
    STAT_SENT_UNACKED_RELIABLE = 10 as SentUnackedReliable,
    /// How long a packet put now would wait before it goes out, in microseconds.
    STAT_QUEUE_TIME_US = 11 as QueueTimeUs,
    /// Bytes of packets that wait for room in Steam's send buffer. Each packet counts with 64 bytes of overhead.
    STAT_BACKLOG_BYTES = 12 as BacklogBytes,
}
