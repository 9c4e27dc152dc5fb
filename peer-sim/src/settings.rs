//! How the network behaves as a whole.

use std::time::Duration;

use peer_core::limits::CONNECTED_TIMEOUT;

/// What becomes of a request from someone with whom a connection is still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicatePolicy {
    /// It is not reported; the repeated request gets in once the old connection is gone. GNS's symmetric mode.
    #[default]
    Ignored,
    /// It is reported as a second request.
    Delivered,
}

/// What becomes of the rest of a batch once one of its messages has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPolicy {
    /// Each message is tried by itself: a small one behind a refused large one goes out. Steam's SDK up to 1.62, and GNS
    /// before 1.6.0.
    EachByItself,
    /// The later messages of that connection are not tried: they get 0, and are freed. GNS from 1.6.0 (April 2026).
    StopsAtFailure,
}

/// What becomes of a dial to a user whose own request waits to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingRequestPolicy {
    /// The dial accepts the request, as GNS means it. Local Steam sees to it.
    Accepted,
    /// The dial is given the request's connection, which ends at once with reason 4002, and so does the other user's
    /// dial. GNS 1.6.0 by itself.
    Fails,
}

/// How the network behaves as a whole.
///
/// Where Steam may do one thing or the other, both are here: [`kind`](Self::kind) is what open GNS 1.6.0 does behind
/// Local Steam with its lenient settings, as measured; [`hardest`](Self::hardest) takes the worse each time.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // Each is a fact about the network, and holds by itself.
pub struct NetworkSettings {
    /// A Connected connection that is closed does not tell the other side, which only learns of it if it sends within
    /// 5 s, or by its silence. A dial that is given up does not take its request back: whoever accepts that within 5 s
    /// hears of it then. Open GNS's P2P connections behave so; Steam's relay may not.
    pub silent_close: bool,
    /// A living process refuses a request for a port on which it does not listen, as Local Steam does, with reason
    /// 5008. Otherwise the dialler waits for its timeout.
    pub refuse_unknown_ports: bool,
    /// What becomes of a request from someone with whom a connection is still open.
    pub duplicates: DuplicatePolicy,
    /// What becomes of a dial to a user whose own request waits to be accepted.
    pub pending_requests: PendingRequestPolicy,
    /// What becomes of the rest of a batch once one of its messages has failed.
    pub batches: BatchPolicy,
    /// How long after a connection has changed its application can hear of it. With another addon that runs the callbacks
    /// later in the frame than the poll, an application sends into a connection of whose end it hears a frame later.
    pub status_delay: Duration,
    /// How long a handshake may take (`TimeoutInitial`).
    pub timeout_initial: Duration,
    /// How long a Connected connection waits for an answer (`TimeoutConnected`; sessions set it to 8 s, Steam's default is 10).
    /// That time begins with something that is sent and not answered, or at last with Steam's own keep-alive.
    pub timeout_connected: Duration,
    /// How much longer it may take until that is noticed: evenly from zero to this.
    pub timeout_slack: Duration,
    /// How long after the other side fell silent Steam's own keep-alive asks it, on a connection on which nothing is sent: evenly
    /// from zero to this (GNS 1.6.0: ten seconds after the last that was heard).
    pub idle_keep_alive: Duration,
    /// How long an acknowledgement waits for something to go out that it can go with (`k_usecMaxDataAckDelay`). If the
    /// connection is closed meanwhile, it never goes out.
    pub ack_delay: Duration,
    /// Messages on lanes from 8 up arrive. GNS 1.6.0 writes the header of such a lane one byte too short, and the other
    /// side cannot read on: without this, the first such message ends the connection there with reason 5002.
    pub lanes_past_seven_work: bool,
    /// A no-delay message that would have to wait for more than 200 ms is not taken, as Steam documents it. GNS 1.6.0 ignores
    /// the flag (a FIXME at its only use).
    pub no_delay_works: bool,
    /// Messages that wait to be received on a connection (`RecvBufferMessages`, raised from 1,000).
    pub receive_buffer_messages: usize,
    /// Bytes that wait to be received on a connection (`RecvBufferSize`, raised from 1 MiB).
    pub receive_buffer_bytes: usize,
    /// How long until a member of a lobby hears of a change, at least.
    pub lobby_latency: Duration,
    /// How much longer it may take: evenly from zero to this, for each member by itself.
    pub lobby_jitter: Duration,
    /// How long after its process died a member leaves the lobby.
    pub lobby_kill_delay: Duration,
}

impl Default for NetworkSettings {
    /// What a network does that a test says nothing about: the worse of all that Steam may do.
    fn default() -> Self {
        Self::hardest()
    }
}

impl NetworkSettings {
    /// The worse of all that Steam may do.
    pub fn hardest() -> Self {
        Self {
            refuse_unknown_ports: false,
            pending_requests: PendingRequestPolicy::Fails,
            batches: BatchPolicy::EachByItself,
            status_delay: Duration::from_millis(12),
            ..Self::kind()
        }
    }

    /// What open GNS 1.6.0 does behind Local Steam, as measured.
    pub fn kind() -> Self {
        Self {
            silent_close: true,
            refuse_unknown_ports: true,
            duplicates: DuplicatePolicy::default(),
            pending_requests: PendingRequestPolicy::Accepted,
            batches: BatchPolicy::StopsAtFailure,
            status_delay: Duration::ZERO,
            timeout_initial: Duration::from_secs(10),
            timeout_connected: CONNECTED_TIMEOUT,
            timeout_slack: Duration::from_millis(200),
            idle_keep_alive: Duration::from_secs(10),
            ack_delay: Duration::from_millis(50),
            lanes_past_seven_work: false,
            no_delay_works: false,
            receive_buffer_messages: 65_536,
            receive_buffer_bytes: 16 * 1024 * 1024,
            lobby_latency: Duration::from_millis(40),
            lobby_jitter: Duration::from_millis(60),
            lobby_kill_delay: Duration::from_secs(5),
        }
    }
}
