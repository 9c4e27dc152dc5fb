//! What the fuzzer makes: the calls of a game and the answers and status changes of a network, in any order.
//!
//! Users, ports, ids and handles come from small ranges, so that steps meet each other often.

use std::time::Duration;

use arbitrary::Arbitrary;
use bytes::Bytes;
use peer_core::{
    Channel, Dialect, EndReason, Features, Goodbye, Hello, Lane, LastNumbers, MAX_UNRELIABLE_BYTES, MatchId, SteamId, TransferMode, VirtualPort,
};

#[derive(Arbitrary, Debug)]
pub(crate) struct Input {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    /// Whether the session is closed and drained at the end, or just dropped.
    pub(crate) closes: bool,
}

#[derive(Arbitrary, Debug)]
pub(crate) enum Step {
    // The game.
    CreateHost(Port),
    CreateClient(User, Port),
    AddPeer(User, Port),
    HostWithLobby(LobbyInput),
    ConnectToLobby(LobbyInput),
    LobbyMemberJoined(u8, User),
    LobbyMemberLeft(u8, User),
    Put {
        target: TargetInput,
        channel: i8,
        mode: u8,
        len: Len,
    },
    DisconnectPeer {
        peer: Id,
        force: bool,
    },
    Kick(Id, String),
    Close,
    Poll(After),
    NextEvent,
    Pop,
    Flush,
    Set(Setting),
    SetChannelPriority {
        channel: u8,
        priority: i32,
        weight: u16,
    },
    /// What a game does every frame: poll, all events, all packets.
    Frame(After),
    // The network.
    /// From now on that call fails, or does not.
    Fail(Call, bool),
    /// Results of messages sent from now on, over and over; none is as if all were taken.
    Results(Vec<Sent>),
    /// From now on, reliable bytes pending, and not acknowledged.
    Pending(Option<(i32, i32)>),
    /// Someone asks to connect, on a connection of its own.
    Request(User),
    /// A connection becomes Connected, and a hello comes on it.
    Hello {
        on: Which,
        id: Id,
        native: bool,
        pieces: bool,
    },
    /// The two in one.
    Join {
        user: User,
        id: Id,
        native: bool,
        pieces: bool,
    },
    /// Any status change of any connection.
    Status {
        on: Which,
        token: Option<u8>,
        remote: Option<User>,
        state: StateInput,
    },
    /// Any message on any connection, perhaps over and over.
    Message(MessageInput),
}

/// One of a few Steam users. The first is ourselves.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct User(u8);

impl User {
    pub(crate) const OURSELVES: Self = Self(0);

    pub(crate) fn steam_id(self) -> SteamId {
        SteamId(0x0110_0001_0000_0000 + u64::from(self.0 % 6))
    }
}

/// One of two virtual ports.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Port(bool);

impl Port {
    pub(crate) fn get(self) -> VirtualPort {
        VirtualPort(self.0.into())
    }
}

/// One of the connections that there are, or one that there is not.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Which(pub(crate) u8);

/// A peer id as someone claims or names it.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Id {
    Host,
    /// Our own.
    Own,
    /// One of a few.
    Client(u8),
    Any(u32),
}

impl Id {
    pub(crate) fn get(self, own: u32) -> u32 {
        match self {
            Self::Host => 1,
            Self::Own => own,
            Self::Client(id) => 2 + u32::from(id % 6),
            Self::Any(id) => id,
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum TargetInput {
    All,
    Only(Id),
    AllBut(Id),
    Any(i32),
}

#[derive(Arbitrary, Debug)]
pub(crate) struct LobbyInput {
    pub(crate) id: u8,
    pub(crate) owner: User,
    pub(crate) members: Vec<User>,
}

/// The length of a packet: of those that are too large, only one.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Len {
    Small(u8),
    Large(u16),
}

impl Len {
    pub(crate) fn get(self) -> usize {
        match self {
            Self::Small(len) => len.into(),
            Self::Large(len) => usize::from(len) * 8 + 9,
        }
    }
}

/// A step of time, from a millisecond to half a minute.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct After(u8);

impl After {
    pub(crate) fn get(self) -> Duration {
        Duration::from_millis(1 << (self.0 % 16))
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Setting {
    NoNagle(bool),
    NoDelay(bool),
    RefuseNewConnections(bool),
    LobbyMembersOnly(bool),
    ServerRelay(Option<bool>),
    MaxClients(u8),
    MaxBacklogBytes(u32),
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    LocalSteamId,
    Listen,
    Connect,
    Accept,
    ConfigureLanes,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Sent {
    /// Taken, under the next number of its lane.
    Taken,
    /// The send buffer is full, for this message and the rest of the call.
    Full,
    Any(i64),
}

#[derive(Arbitrary, Debug)]
pub(crate) enum StateInput {
    Requested,
    Connected,
    ClosedByPeer(Reason, String),
    ProblemDetectedLocally(Reason, String),
}

/// An end reason, often one with a meaning.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Reason {
    Ours(u8),
    BadCertificate,
    Any(u32),
}

impl Reason {
    pub(crate) fn get(self) -> EndReason {
        EndReason::from_code(match self {
            Self::Ours(code) => 1000 + u32::from(code % 7),
            Self::BadCertificate => peer_core::STEAM_BAD_CERTIFICATE,
            Self::Any(code) => code,
        })
    }
}

#[derive(Arbitrary, Debug)]
pub(crate) struct MessageInput {
    pub(crate) on: Which,
    /// `None` is the connection's own.
    pub(crate) token: Option<u8>,
    pub(crate) road: Road,
    pub(crate) number: Number,
    pub(crate) payload: PayloadInput,
    /// Mostly one; a flood is possible.
    pub(crate) times: u8,
}

impl MessageInput {
    pub(crate) fn times(&self) -> usize {
        if self.times < 0xf0 { 1 } else { usize::from(self.times) * 4 }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Number {
    /// The next one of its lane.
    Next,
    Near(i8),
    Any(i64),
}

impl Number {
    pub(crate) fn get(self, next: i64) -> i64 {
        match self {
            Self::Next => next,
            Self::Near(number) => number.into(),
            Self::Any(number) => number,
        }
    }
}

/// Where a message is said to belong.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Road {
    Control,
    /// As a peer of this project sends a packet.
    Game {
        channel: u8,
        mode: u8,
    },
    Any {
        lane: u8,
        reliable: bool,
    },
}

impl Road {
    /// The lane, whether the message is reliable, and the tag that is to follow it.
    pub(crate) fn get(self) -> (u8, bool, Option<u8>) {
        match self {
            Self::Control => (0, true, None),
            Self::Game { channel, mode } => {
                let channel = Channel::new((channel % 84).into()).unwrap_or_default();
                let mode = TransferMode::ALL[usize::from(mode % 3)];
                (Dialect::Native.lane(channel, mode).get(), mode.is_reliable(), channel.tag())
            }
            Self::Any { lane, reliable } => (lane, reliable, None),
        }
    }
}

#[derive(Arbitrary, Debug)]
pub(crate) enum PayloadInput {
    Hello {
        features: u32,
        id: Id,
        nonce: u64,
        /// The match's host, and the nonce of its session.
        match_id: Option<(User, u64)>,
    },
    GodotSteamHello(Id),
    Goodbye {
        reason: Reason,
        message: String,
        last_numbers: Vec<(u8, u16)>,
    },
    /// The last control message that the session itself sent.
    Echo,
    Any(Vec<u8>),
    /// A piece of a packet: the first of one of so many bytes, or a later one.
    Piece {
        total: Option<u32>,
        after: Option<i64>,
        len: u16,
    },
    /// So many bytes that bounds are met: up to twice of what Steam sends.
    Large(u32),
}

static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

impl PayloadInput {
    pub(crate) fn get(self, own: u32, echo: &Bytes) -> Bytes {
        match self {
            Self::Hello { features, id, nonce, match_id } => {
                let features = Features::from_bits_retain(features);
                let match_id = match_id.map(|(host, nonce)| MatchId { host: host.steam_id(), nonce });
                Hello { features, peer_id: id.get(own), nonce, match_id }.encode()
            }
            Self::GodotSteamHello(id) => Bytes::copy_from_slice(&id.get(own).to_le_bytes()),
            Self::Goodbye { reason, message, last_numbers } => {
                let last_numbers: LastNumbers = last_numbers
                    .into_iter()
                    .filter_map(|(lane, number)| Some((Lane::new(lane % 10)?, number.into())))
                    .collect();
                Goodbye { reason: reason.get(), message, last_numbers }.encode()
            }
            Self::Echo => echo.clone(),
            Self::Any(bytes) => bytes.into(),
            Self::Piece { total, after, len } => {
                let mut piece = vec![0; MAX_UNRELIABLE_BYTES + usize::from(len)];
                match (total, after) {
                    (Some(total), Some(after)) => {
                        piece.extend(after.to_le_bytes());
                        piece.extend((total % 1_000_000).to_le_bytes());
                        piece.push(3);
                    }
                    (Some(total), None) => {
                        piece.extend((total % 1_000_000).to_le_bytes());
                        piece.push(1);
                    }
                    (None, _) => piece.push(0),
                }
                piece.into()
            }
            Self::Large(len) => Bytes::from_static(&ZEROS[..len as usize % ZEROS.len()]),
        }
    }
}
