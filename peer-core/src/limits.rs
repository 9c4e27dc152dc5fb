//! Every bound and time limit, in one place.

use std::time::Duration;

/// The largest message, in bytes: Steam's `k_cbMaxSteamNetworkingSocketsMessageSizeSend`. Between peers that both know pieces
/// a packet may have more.
pub const MAX_MESSAGE_BYTES: usize = 512 * 1024;

/// Default of `max_packet_bytes`.
pub const DEFAULT_MAX_PACKET_BYTES: usize = 16 * 1024 * 1024;

/// The most that `max_packet_bytes` can be.
pub const MAX_PACKET_BYTES: usize = 1 << 30;

/// Packets of one connection that are sent in pieces at a time, each on a channel of its own. What has come of them is
/// kept until the last piece.
pub const MAX_OPEN_PACKETS: usize = 4;

/// How long a hello may take to arrive after Connected, before the connection is closed: as long as a game that loads may
/// block its main thread.
pub const HELLO_TIMEOUT: Duration = Duration::from_mins(1);

/// How many accepted connections may wait for a hello at a time. For a further one the oldest is closed, so that strangers
/// who say nothing cannot fill the session.
pub const MAX_AWAITING_HELLO: usize = 256;

/// A longer time between two polls does not count against the peers: the process was blocked, and heard nothing.
pub const MAX_POLL_GAP: Duration = Duration::from_secs(1);

/// How long Steam's own report of a lost connection may follow after it refused a message on it.
pub const LOSS_REPORT_TIMEOUT: Duration = Duration::from_secs(1);

/// What Steam's send buffer of a connection holds (`k_ESteamNetworkingConfig_SendBufferSize`, its default).
pub const SEND_BUFFER_BYTES: u32 = 512 * 1024;

/// What is left of that buffer beside a message, in case that Steam counts otherwise than thought.
pub const SEND_BUFFER_OVERHEAD_BYTES: usize = 64;

/// What a reliable message takes of that buffer beyond its bytes, at most: the header that Steam counts.
pub const SEND_BUFFER_ENTRY_BYTES: u32 = 8;

/// Reliable bytes that Steam is given, and has not sent, before further ones wait here.
pub const DIRECT_BYTES: usize = 64 * 1024;

/// Reliable bytes that Steam is given beyond that for channels on which nothing waits, until the next flush.
pub const EXPRESS_BYTES: usize = 16 * 1024;

/// How long an unreliable packet may have to wait for its turn with `no_delay`; Steam's own bound
/// (`k_nSteamNetworkingSend_NoDelay`), which GameNetworkingSockets 1.6.0 does not keep.
pub const NO_DELAY_LIMIT: Duration = Duration::from_millis(200);

/// How long after a flush the next one comes, as long as nothing is known of that.
pub const DEFAULT_FRAME: Duration = Duration::from_millis(17);

/// The longest time between two polls that the next one is expected to be like.
pub const MAX_FRAME: Duration = Duration::from_millis(250);

/// How long a request from someone who is not in the lobby waits for Steam to report that they are: the request and the
/// lobby's message take different routes.
pub const APPROVAL_TIMEOUT: Duration = Duration::from_secs(4);

/// How many such requests wait at a time. For a further one the oldest is refused: the report of a member is rarely
/// late, and strangers cannot fill the session.
pub const MAX_PENDING_APPROVAL: usize = 256;

/// How long the packets of a connection that is over may wait to be read before `peer_disconnected` is reported without them.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection that one side closes may go on sending what was put before, and the other side waits for it.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long an accepted connection that is closed before it is up may take to come up, so that its dialler hears of the close:
/// as long as Steam gives a handshake (`TimeoutInitial`).
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The same for a connection that is closed because the peer broke the protocol, or was replaced: long enough for the
/// reason to arrive.
pub const VIOLATION_CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the answer to a goodbye may take to leave this side: a busy connection first retransmits.
pub const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// The wait before dialling again where another session of the process still drains a connection to that user.
pub const DRAINING_REDIAL: Duration = Duration::from_millis(20);

/// How long after a dial the next one follows at least, if it fails at once; it doubles with each such failure. (Steam gives a
/// dial ten seconds: one that took them is made again without delay.)
pub const FIRST_REDIAL: Duration = Duration::from_millis(250);

/// The longest wait between two dials.
pub const MAX_REDIAL: Duration = Duration::from_secs(16);

/// The same for a dial to the host, which is awaited.
pub const MAX_HOST_REDIAL: Duration = Duration::from_secs(4);

/// How long a client goes on dialling its host: as long as Steam drops the requests of a user whose game has crashed, with time
/// to spare.
pub const HOST_DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// The same where the host is in the tracked lobby: it may be loading a level.
pub const HOST_IN_LOBBY_DIAL_TIMEOUT: Duration = Duration::from_mins(1);

/// How much time in which this process was blocked is not counted against its host, so that a client comes to an end.
pub const MAX_BLOCKED: Duration = Duration::from_mins(2);

/// After so long without a packet a native peer is sent a keep-alive: Steam itself asks an idle peer only every ten seconds.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// How long Steam waits for any answer on a connection before it gives that up (`TimeoutConnected`). It counts from when an
/// answer was due, so a peer that is gone is given up some 9 s later; a line that is dead for 8 s is not.
pub const CONNECTED_TIMEOUT: Duration = Duration::from_secs(8);

/// How long a peer that has left the lobby may be silent before its connection is closed.
pub const LEFT_LOBBY_TIMEOUT: Duration = Duration::from_millis(1_700);

/// The same for one that has joined the lobby anew, whose connection may have just been made.
pub const JOINED_ANEW_TIMEOUT: Duration = Duration::from_secs(3);

/// How often a peer whose silence is measured is asked for a sign of life.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(250);

/// How many times a dial that fails for a bad certificate is made again.
pub const CERTIFICATE_RETRIES: u8 = 5;

/// How long the members of a match that has lost its host have to follow the next one.
pub const MIGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the connections of such a match are kept for a game to call `migrate`.
pub const MIGRATE_CALL_TIMEOUT: Duration = Duration::from_millis(500);

/// The longest wait before the next host is dialled again.
pub const MAX_NEXT_HOST_REDIAL: Duration = Duration::from_secs(2);

/// The largest `migration_state`, in bytes: one message, with its kind.
pub const MAX_MIGRATION_STATE_BYTES: usize = MAX_MESSAGE_BYTES - 64;

/// Connections of one session, unfinished ones included. A lobby has at most 250 members.
pub const MAX_CONNECTIONS: usize = 1_000;

/// Closing connections of one session. For a further one the oldest is closed at once.
pub const MAX_CLOSING: usize = 256;

/// Messages asked of the transport in one call.
pub const RECEIVE_BATCH: usize = 512;

/// Messages taken in by one `poll`: more than Steam hands over in a frame, and a flood costs at most this.
pub const MAX_MESSAGES_PER_POLL: usize = 65_536;

/// Packets that the game has not read. Beyond that they stay with Steam, whose own bounds then hold the sender back.
pub const MAX_INBOX_PACKETS: usize = 65_536;

/// Bytes that the game has not read.
pub const MAX_INBOX_BYTES: usize = 64 * 1024 * 1024;

/// Messages of one connection buffered until its hello: as many as Steam's own receive buffer takes.
pub const MAX_EARLY_MESSAGES: usize = 65_536;

/// Bytes of one connection buffered until its hello, with [`HELD_ENTRY_BYTES`] for each message.
pub const MAX_EARLY_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of one connection buffered between its hello and its announcement. Beyond that they stay with Steam, whose
/// receive buffer then holds the sender back.
pub const EARLY_PAUSE_BYTES: usize = 1024 * 1024;

/// Overhead of a message that is held back, in bytes. Counted, so that tiny messages are bounded too.
pub const HELD_ENTRY_BYTES: usize = 64;

/// Bytes held back for all connections of a session together, or twice `max_packet_bytes` if that is more. Beyond that the
/// connection that holds the most is closed.
pub const MAX_HELD_BYTES: usize = 256 * 1024 * 1024;

/// Messages in the send queue that cause a flush before the frame's end.
pub const FLUSH_MESSAGES: usize = 4_096;

/// Bytes in the send queue, shared payloads counted once, that cause a flush before the frame's end.
pub const FLUSH_BYTES: usize = 256 * 1024;

/// Overhead of a packet in the backlog, in bytes. Counted, so that a backlog of tiny packets is bounded too.
pub const BACKLOG_ENTRY_BYTES: usize = 64;

/// The most that `max_backlog_bytes` can be.
pub const MAX_BACKLOG_BYTES: usize = 1 << 31;

/// Default of `max_backlog_bytes`.
pub const DEFAULT_MAX_BACKLOG_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of backlog offered to the transport at a time, while it takes them.
pub const BACKLOG_CHUNK_BYTES: usize = 64 * 1024;

/// Steam's own send rate for a connection, in bytes a second (`SendRateMin` and `SendRateMax` of GameNetworkingSockets).
pub const DEFAULT_SEND_RATE: usize = 256 * 1024;

/// Default of `max_send_rate`, in bytes a second. At higher rates GameNetworkingSockets delivers fewer small reliable
/// messages rather than more.
pub const DEFAULT_MAX_SEND_RATE: usize = 32 * 1024 * 1024;

/// The lowest send rate a connection gets, in bytes a second.
pub const MIN_SEND_RATE: usize = 16 * 1024;

/// The highest send rate that Steam has, in bytes a second.
pub const MAX_STEAM_SEND_RATE: usize = 100 * 1024 * 1024;

/// How often send rates are looked at; twice as often in the first moments of a connection that sends much.
pub const SEND_RATE_INTERVAL: Duration = Duration::from_millis(100);

/// How long a connection needs no more than it has before its send rate is [`DEFAULT_SEND_RATE`] again.
pub const IDLE_SEND_RATE_TIMEOUT: Duration = Duration::from_secs(10);
