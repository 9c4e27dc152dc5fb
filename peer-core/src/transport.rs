//! The transport interface: Steam's networking sockets, call for call.
//!
//! `peer-steam` implements it over Steam, `peer-sim` over a network in memory. No method blocks; what
//! happens later is reported by [`Transport::next_status`] and [`Transport::receive`].

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use crate::connection::backlog::Part;
use crate::id::SteamId;
use crate::lane::{Channel, Lane, SendFlags};
use crate::reason::EndReason;

/// A connection, as Steam numbers it (`HSteamNetConnection`). Never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionHandle(pub u32);

/// A listen socket, as Steam numbers it (`HSteamListenSocket`). Never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenHandle(pub u32);

/// A virtual port: tells apart several sessions between the same two users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualPort(pub i32);

/// The session's key of a connection: carried as Steam's user data, and handed back with every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub u32);

impl Token {
    /// On a connection that has no record (yet, or any more).
    pub const NONE: Self = Self(u32::MAX);
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransportError {
    /// Steam is not initialised.
    #[error("Steam is not initialised")]
    Unavailable,
    /// An earlier connection to that user is still draining, in another session of this process, and Steam allows no
    /// other until it is closed. Worth asking again.
    #[error("an earlier connection to that user is still draining")]
    Draining,
    /// Steam does not accept the port, handle or argument.
    #[error("{0}")]
    Refused(String),
}

/// A message that arrived, in the transport's own memory. Dropping it gives that memory back.
pub trait Message {
    /// The connection it came on.
    fn connection(&self) -> ConnectionHandle;
    /// The token of that connection at the time the message was taken in.
    fn token(&self) -> Token;
    /// The lane it came on. A hostile sender may name any.
    fn lane(&self) -> u8;
    /// Its number on that lane, counted from 1 over reliable and unreliable messages together.
    fn number(&self) -> i64;
    /// Whether it was sent reliably.
    fn is_reliable(&self) -> bool;
    /// Its bytes.
    fn payload(&self) -> &[u8];
}

/// One message of a [`Batch`]: who gets which of the batch's payloads, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The connection to send on.
    pub connection: ConnectionHandle,
    /// Index into [`Batch::payloads`].
    pub payload: u32,
    /// The session's key of the connection; means nothing to the transport.
    pub(crate) key: u32,
    /// The lane, configured before.
    pub lane: Lane,
    /// Steam's flags for it.
    pub flags: SendFlags,
    /// The packet's channel, and which part of it this is; they mean nothing to the transport.
    pub(crate) channel: Channel,
    pub(crate) part: Part,
}

impl Outgoing {
    /// A message outside of any session's queue: a control message, or one sent on a transport directly.
    pub fn new(connection: ConnectionHandle, payload: u32, lane: Lane, flags: SendFlags) -> Self {
        let (channel, part) = (Channel::ZERO, Part::Whole);
        Self { connection, payload, key: Token::NONE.0, lane, flags, channel, part }
    }
}

/// What one transport call sends: messages in order, over payloads that several of them may share.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The payloads, each once. A transport that keeps one past the call clones the handle, never the bytes.
    pub payloads: &'a [Bytes],
    /// The messages. For each connection they are in the order to send.
    pub messages: &'a [Outgoing],
}

impl<'a> Batch<'a> {
    /// The bytes of `message`.
    ///
    /// # Panics
    /// If `message` is of another batch with more payloads.
    pub fn payload(&self, message: &Outgoing) -> &'a Bytes {
        &self.payloads[message.payload as usize]
    }
}

/// What became of one message of a batch, as Steam says it: a message number, or a negative `EResult`, or 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendResult(pub i64);

impl SendResult {
    /// An earlier message of the same connection failed in this call, so this one was not tried.
    pub const NOT_TRIED: Self = Self(0);
    /// `k_EResultNoConnection`: the handle names no open connection.
    pub const NO_CONNECTION: Self = Self(-3);
    /// `k_EResultInvalidParam`: too large, no such lane, or no such connection.
    pub const INVALID_PARAM: Self = Self(-8);
    /// `k_EResultInvalidState`: the connection is closing or closed.
    pub const INVALID_STATE: Self = Self(-11);
    /// `k_EResultLimitExceeded`: the send buffer is full.
    pub const LIMIT_EXCEEDED: Self = Self(-25);
    /// `k_EResultIgnored`: a no-delay message that could not go out at once.
    pub const IGNORED: Self = Self(-41);

    /// The number that the message got on its lane, if it was taken.
    pub fn message_number(self) -> Option<i64> {
        (self.0 > 0).then_some(self.0)
    }

    /// Whether the same message may be taken later.
    pub fn is_worth_retrying(self) -> bool {
        self == Self::LIMIT_EXCEEDED || self == Self::NOT_TRIED
    }
}

impl fmt::Debug for SendResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message_number() {
            Some(number) => write!(f, "SendResult(message {number})"),
            None => write!(f, "SendResult(EResult {})", -self.0),
        }
    }
}

/// How one lane of a connection shares its bandwidth with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneConfig {
    /// Lanes with a lower number go first, always.
    pub priority: i32,
    /// Share among lanes of the same priority. At least 1.
    pub weight: u16,
}

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// A request to connect: accept it or close it.
    Requested,
    /// Accepted by both; data flows.
    Connected,
    /// The other side closed it. What it sent before can still be received, until this side closes it too.
    ClosedByPeer {
        /// The other side's reason.
        reason: EndReason,
        /// Its message.
        message: String,
    },
    /// Steam gave it up.
    ProblemDetectedLocally {
        /// Steam's reason.
        reason: EndReason,
        /// Steam's message.
        message: String,
    },
}

/// A change of a connection's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The connection.
    pub connection: ConnectionHandle,
    /// Its token when the change was reported; [`Token::NONE`] on a request.
    pub token: Token,
    /// The user on the other side, authenticated by Steam.
    pub remote: SteamId,
    /// Its new state.
    pub state: ConnectionState,
}

/// Statistics of a connection at one moment (`SteamNetConnectionRealTimeStatus_t`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RealTimeStatus {
    /// Round trip in milliseconds.
    pub ping_ms: i32,
    /// Share of packets that arrived in order at this side, 0 to 1; negative if not known.
    pub quality_local: f32,
    /// The same as seen by the other side.
    pub quality_remote: f32,
    /// Datagrams sent a second.
    pub out_packets_per_sec: f32,
    /// Bytes sent a second.
    pub out_bytes_per_sec: f32,
    /// Datagrams received a second.
    pub in_packets_per_sec: f32,
    /// Bytes received a second.
    pub in_bytes_per_sec: f32,
    /// Estimated capacity, in bytes a second.
    pub send_rate_bytes_per_sec: i32,
    /// Unreliable bytes that wait to be sent.
    pub pending_unreliable: i32,
    /// Reliable bytes that wait to be sent (again).
    pub pending_reliable: i32,
    /// Reliable bytes sent and not yet acknowledged.
    pub sent_unacked_reliable: i32,
    /// How long a message put now would wait before it goes out, in microseconds.
    pub queue_time_us: i64,
}

/// Statistics of a lane at one moment (`SteamNetConnectionRealTimeLaneStatus_t`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneStatus {
    /// Unreliable bytes that wait to be sent.
    pub pending_unreliable: i32,
    /// Reliable bytes that wait to be sent (again).
    pub pending_reliable: i32,
    /// Reliable bytes sent and not yet acknowledged.
    pub sent_unacked_reliable: i32,
    /// How long a message put now would wait before it goes out, in microseconds.
    pub queue_time_us: i64,
}

/// The network under a session: one of these a session, and every connection it opens or accepts is the session's.
///
/// Connections are symmetric: if both sides dial each other at once, one connection comes of it. Messages of all
/// connections are received through one poll group.
pub trait Transport {
    /// A received message, which keeps its memory until it is dropped.
    type Message: Message;

    /// The Steam id of the local user, or `None` without Steam.
    fn local_steam_id(&self) -> Option<SteamId>;

    /// Opens a listen socket (`CreateListenSocketP2P`), or takes over one that was
    /// [closed](Self::close_listen) and still has connections. Requests that come in on it are reported by [`next_status`](Self::next_status).
    ///
    /// # Errors
    /// If the port is taken, by this transport or another of the process, or Steam is not there.
    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError>;

    /// Takes no more requests on a listen socket: those that were not accepted, and those still to come, are refused.
    /// From now on the port is free, for any transport of the process.
    ///
    /// What was accepted on it lives on. (Steam closes that, ungracefully, with its socket; so the socket stays until
    /// nothing hangs on it, and whoever listens on the port meanwhile gets that same socket.) Harmless on a handle that
    /// is closed already.
    fn close_listen(&mut self, listen: ListenHandle);

    /// Dials a peer (`ConnectP2P`, symmetric). If a request from that peer is pending on the same port, it is accepted
    /// instead, and its handle is returned.
    ///
    /// To the local user it goes through memory, if another session of the process listens on that port.
    ///
    /// # Errors
    /// If Steam refuses at once, for example because a connection to that peer is still open. If that is one that was
    /// [detached](Self::detach) by another session of the process: [`TransportError::Draining`].
    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError>;

    /// Whether the other side of a connection is in this process: the one way in which a user connects to themselves.
    fn is_within_process(&self, connection: ConnectionHandle) -> bool {
        let _ = connection;
        false
    }

    /// Accepts a request, with the token that its messages are to carry.
    ///
    /// # Errors
    /// If the request has gone away; its handle is still to be closed. A request that [`connect`](Self::connect) has
    /// already accepted is no error.
    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError>;

    /// Closes a connection, or refuses a request, at once: what was not sent yet is dropped (`CloseConnection` without
    /// linger, which symmetric connections do not have), and so is what was not received. Harmless on a handle that is
    /// closed already.
    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str);

    /// Sets how many lanes this side sends on, and how they share (`ConfigureConnectionLanes`). The number may only
    /// grow.
    ///
    /// # Errors
    /// If there are none or too many, fewer than before, a weight is 0, or the connection is gone.
    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError>;

    /// Sets how fast a connection sends, in bytes a second: `SendRateMin` and `SendRateMax`, both to that, as Steam has no
    /// estimate of its own in between. Returns whether it does so from now on: not if the transport's user has chosen a
    /// rate, which takes precedence, nor if the connection is gone.
    fn set_send_rate(&mut self, connection: ConnectionHandle, bytes_per_second: usize) -> bool;

    /// How many bytes a connection takes that are not on the wire yet (`SendBufferSize`); `None` if it is gone.
    fn send_buffer_bytes(&self, connection: ConnectionHandle) -> Option<u32>;

    /// Leaves the messages of a connection with Steam, or has them received again, those that came meanwhile included. As
    /// long as it is paused, Steam's receive buffer holds the sender back.
    fn set_paused(&mut self, connection: ConnectionHandle, paused: bool);

    /// The session only sends on this connection from now on, until it calls [`close`](Self::close).
    /// Messages that arrive carry [`Token::NONE`]. Until the connection is closed, a dial to the same user by
    /// any transport of the process answers [`TransportError::Draining`].
    fn detach(&mut self, connection: ConnectionHandle);

    /// Sends a batch (`SendMessages`), and appends what became of each message to `results`, in order.
    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>);

    /// Appends at most `max` messages that have arrived, of all connections, in the order of arrival; returns
    /// how many. Fewer than `max` means that there are no more.
    fn receive(&mut self, messages: &mut Vec<Self::Message>, max: usize) -> usize;

    /// The next status change, oldest first, once each.
    fn next_status(&mut self) -> Option<StatusChange>;

    /// Statistics of a connection and of its first `lanes.len()` lanes; `None` if it is gone or has fewer lanes than
    /// that.
    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus>;
}
