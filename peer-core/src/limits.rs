//! Every bound and time limit in one place, so that "nothing is unbounded" can be read.

use std::time::Duration;

/// The largest packet, in bytes: Steam's `k_cbMaxSteamNetworkingSocketsMessageSizeSend`.
pub const MAX_PACKET_BYTES: usize = 512 * 1024;

/// From Connected to a hello, or the connection ends.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request from someone who is not in the lobby is kept waiting for the news that they are: the request
/// and the lobby's own message travel different ways.
pub const KNOCK_TIMEOUT: Duration = Duration::from_secs(4);

/// How many such requests wait at a time. For a further one the one that has waited longest is refused: a member's news
/// is rarely late, and strangers cannot fill the session.
pub const MAX_KNOCKING: usize = 256;

/// How long the packets announced by a goodbye may take to arrive, and then wait to be read, before
/// `peer_disconnected` is told without them.
pub const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection that this side has left may go on sending what was put before.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(20);

/// The same for a connection that is ended because the other side broke the protocol: long enough for the reason to
/// arrive.
pub const DISMISSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the answer to a goodbye may take to leave this side: a busy connection first sends what it owes.
pub const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// The wait before a dial is made again that another session of the process is in the way of, winding up.
pub const WINDING_UP_REDIAL: Duration = Duration::from_millis(20);

/// The first wait before a failed dial is made again; it doubles each time.
pub const FIRST_REDIAL: Duration = Duration::from_secs(1);

/// The longest wait between two dials.
pub const MAX_REDIAL: Duration = Duration::from_secs(16);

/// How often a dial that fails for a bad certificate is made again.
pub const CERTIFICATE_RETRIES: u8 = 5;

/// Connections of one session, those in the making included. A lobby has at most 250 members.
pub const MAX_CONNECTIONS: usize = 1_000;

/// Connections that linger after their end. The one that has waited longest is cut short for a further one.
pub const MAX_DEPARTURES: usize = 256;

/// Messages asked of the transport in one call.
pub const RECEIVE_BATCH: usize = 512;

/// Messages taken in by one `poll`: more than Steam hands over in a frame, and a flood costs at most this.
pub const MAX_MESSAGES_PER_POLL: usize = 65_536;

/// Packets that wait to be read by the game; beyond, they are left with Steam, whose own bounds then hold the sender.
pub const MAX_INBOX_PACKETS: usize = 65_536;

/// Bytes that wait to be read by the game.
pub const MAX_INBOX_BYTES: usize = 64 * 1024 * 1024;

/// Messages of one connection held until its peer can be announced.
pub const MAX_HELD_MESSAGES: usize = 8_192;

/// Bytes of one connection held until its peer can be announced.
pub const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// Messages in the send queue that bring a flush before the frame's end.
pub const FLUSH_MESSAGES: usize = 1_024;

/// Bytes in the send queue, a shared payload counted once, that bring a flush before the frame's end.
pub const FLUSH_BYTES: usize = 256 * 1024;

/// What a packet in the backlog costs beyond its bytes: its entry there. Counted, so that a backlog of tiny packets is
/// bounded too.
pub const BACKLOG_ENTRY_BYTES: usize = 64;

/// Default of `max_backlog_bytes`, for each connection.
pub const DEFAULT_MAX_BACKLOG_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of backlog offered to the transport at a time, while it takes them.
pub const BACKLOG_CHUNK_BYTES: usize = 64 * 1024;
