//! Control messages: hello, keep-alive, new match, state and goodbye.
//!
//! A control message is `magic | kind | body`, little endian:
//!
//! | message | body |
//! |---|---|
//! | hello | version `u16`, features `u32`, peer id `u32`, session nonce `u64`, match: host's Steam id `u64`, host's nonce `u64` |
//! | keep-alive | none |
//! | new match | host's Steam id `u64`, host's nonce `u64`, count `u8`, then per lane: lane `u8`, last number `u64` |
//! | state | what the host has set for the next one, as many bytes as there are |
//! | goodbye | reason `u32`, message length `u8`, message (UTF-8), count `u8`, then per lane: lane `u8`, last number `u64` |
//!
//! The other hello is four bytes, the peer id alone: all that a GodotSteam peer sends. No control message is four
//! bytes long, so the two cannot be mistaken for each other.

use bitflags::bitflags;
use bytes::{BufMut, Bytes, BytesMut};
use smallvec::SmallVec;
use thiserror::Error;

use crate::id::SteamId;
use crate::lane::{Dialect, Lane};
use crate::reason::EndReason;

/// First bytes of every control message.
const MAGIC: [u8; 4] = *b"GdP\x01";
const KIND_HELLO: u8 = 1;
const KIND_GOODBYE: u8 = 2;
const KIND_KEEP_ALIVE: u8 = 3;
const KIND_NEW_MATCH: u8 = 4;
const KIND_STATE: u8 = 5;

/// Says nothing but that the sender is there. What it asks for is the acknowledgement of the peer's Steam, which comes even while
/// its game is blocked.
pub(crate) const KEEP_ALIVE: Bytes =
    Bytes::from_static(&[MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], KIND_KEEP_ALIVE]);

/// The version of the protocol that this crate speaks.
pub const PROTOCOL_VERSION: u16 = 1;

/// A longer hello of this version is accepted and its tail ignored, so that fields can be added without a new version.
pub const MAX_HELLO_BYTES: usize = 256;

/// Longest message in a goodbye, in bytes of UTF-8 (Steam's own close messages hold 127).
pub const MAX_MESSAGE_BYTES: usize = 120;

/// Why a control message was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ControlError {
    /// It is not a control message, is incomplete, or has an invalid field.
    #[error("malformed control message")]
    Malformed,
    /// It is a hello of another version.
    #[error("protocol version {0}, this side speaks {PROTOCOL_VERSION}")]
    Version(u16),
}

impl ControlError {
    /// The reason with which the connection is closed.
    pub fn end_reason(self) -> EndReason {
        match self {
            Self::Malformed => EndReason::ProtocolViolation,
            Self::Version(_) => EndReason::Version,
        }
    }
}

bitflags! {
    /// What a hello says of its speaker, beside the numbers. Unknown bits are kept, and mean nothing.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Features: u32 {
        /// The peer id is [`PeerId::derived`](crate::PeerId::derived) from the Steam id and the nonce; so nobody else can have it.
        const DERIVED_ID = 1;
        /// The host relays between clients.
        const SERVER_RELAY = 1 << 1;
        /// Nobody has decided whether the host relays: it is as the peers find each other.
        const UNDECIDED_RELAY = 1 << 2;
        /// It understands packets in pieces.
        const PIECES = 1 << 3;
        /// It understands [`NewMatch`] and states.
        const MIGRATES = 1 << 8;
        const _ = !0;
    }
}

/// A match: a host, and one of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MatchId {
    /// The host.
    pub host: SteamId,
    /// The nonce of the host's session; 0 to a client that has not heard it yet.
    pub nonce: u64,
}

impl MatchId {
    /// Whether that user says that it hosts this match.
    pub(crate) fn is_claimed_by(self, user: SteamId) -> bool {
        self.host == user && self.nonce != 0
    }

    /// Whether both can be the same match, as far as they are known.
    pub fn may_be(self, other: Self) -> bool {
        self.host == other.host && (self.nonce == other.nonce || self.nonce == 0 || other.nonce == 0)
    }
}

/// The first message of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Optional features.
    pub features: Features,
    /// The peer id it claims, not yet checked.
    pub peer_id: u32,
    /// Tells one session of a user from its next. Never 0.
    pub nonce: u64,
    /// The match that the speaker is in, or joins. `None` from a version of this addon that does not say.
    pub match_id: Option<MatchId>,
}

impl Hello {
    /// The native form.
    pub fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(MAGIC.len() + 1 + 2 + 4 + 4 + 8 + 16);
        bytes.put_slice(&MAGIC);
        bytes.put_u8(KIND_HELLO);
        bytes.put_u16_le(PROTOCOL_VERSION);
        bytes.put_u32_le(self.features.bits());
        bytes.put_u32_le(self.peer_id);
        bytes.put_u64_le(self.nonce);
        if let Some(MatchId { host, nonce }) = self.match_id {
            bytes.put_u64_le(host.0);
            bytes.put_u64_le(nonce);
        }
        bytes.freeze()
    }

    /// GodotSteam's form: the peer id alone.
    pub fn encode_godot_steam(&self) -> Bytes {
        Bytes::copy_from_slice(&self.peer_id.to_le_bytes())
    }
}

/// From now on the sender is in that match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMatch {
    /// The match. Its nonce is known.
    pub match_id: MatchId,
    /// The number of the last message that was sent before, for each lane in use: what arrives of those is of a former match.
    pub last_numbers: LastNumbers,
}

impl NewMatch {
    /// The message on the wire.
    pub fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(MAGIC.len() + 18 + 9 * self.last_numbers.len());
        bytes.put_slice(&MAGIC);
        bytes.put_u8(KIND_NEW_MATCH);
        bytes.put_u64_le(self.match_id.host.0);
        bytes.put_u64_le(self.match_id.nonce);
        put_last_numbers(&mut bytes, &self.last_numbers);
        bytes.freeze()
    }
}

/// A state on the wire.
pub fn encode_state(state: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(MAGIC.len() + 1 + state.len());
    bytes.put_slice(&MAGIC);
    bytes.put_u8(KIND_STATE);
    bytes.put_slice(state);
    bytes.freeze()
}

fn put_last_numbers(bytes: &mut BytesMut, last_numbers: &LastNumbers) {
    // A connection has eight lanes.
    #[allow(clippy::cast_possible_truncation)]
    bytes.put_u8(last_numbers.len() as u8);
    for &(lane, number) in last_numbers {
        bytes.put_u8(lane.get());
        bytes.put_u64_le(number.cast_unsigned());
    }
}

/// The last message of a connection that is closed in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodbye {
    /// Why it is closed.
    pub reason: EndReason,
    /// The game's message, at most [`MAX_MESSAGE_BYTES`].
    pub message: String,
    /// The last message number of each reliable lane in use: what to wait for.
    pub last_numbers: LastNumbers,
}

/// Lanes in ascending order, with message numbers.
pub type LastNumbers = SmallVec<[(Lane, i64); 3]>;

impl Goodbye {
    /// The message on the wire. A message text that is too long is cut at a character.
    pub fn encode(&self) -> Bytes {
        let text = truncate(&self.message);
        let mut bytes = BytesMut::with_capacity(MAGIC.len() + 7 + text.len() + 9 * self.last_numbers.len());
        bytes.put_slice(&MAGIC);
        bytes.put_u8(KIND_GOODBYE);
        bytes.put_u32_le(self.reason.code());
        // `truncate` has cut the text to 120 bytes.
        #[allow(clippy::cast_possible_truncation)]
        bytes.put_u8(text.len() as u8);
        bytes.put_slice(text.as_bytes());
        put_last_numbers(&mut bytes, &self.last_numbers);
        bytes.freeze()
    }
}

/// The longest prefix of `text` that a goodbye, and Steam's close, can carry.
pub(crate) fn truncate(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_MESSAGE_BYTES)]
}

/// A message on the control lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A native hello.
    Hello(Hello),
    /// GodotSteam's hello.
    GodotSteamHello(u32),
    /// A keep-alive.
    KeepAlive,
    /// Another match.
    NewMatch(NewMatch),
    /// The host's state.
    State(Bytes),
    /// A goodbye.
    Goodbye(Goodbye),
}

impl Control {
    /// Decodes a message that arrived on lane 0.
    ///
    /// # Errors
    /// [`ControlError::Version`] for a hello of another version, [`ControlError::Malformed`] for everything else that
    /// is invalid.
    pub fn decode(payload: &[u8]) -> Result<Self, ControlError> {
        if let Ok(id) = payload.try_into() {
            return Ok(Self::GodotSteamHello(u32::from_le_bytes(id)));
        }
        let mut reader = Reader(payload);
        if reader.array()? != MAGIC {
            return Err(ControlError::Malformed);
        }
        match reader.array()? {
            [KIND_HELLO] if payload.len() <= MAX_HELLO_BYTES => {
                // The version precedes everything that may differ in another one.
                let version = u16::from_le_bytes(reader.array()?);
                if version != PROTOCOL_VERSION {
                    return Err(ControlError::Version(version));
                }
                Ok(Self::Hello(Hello {
                    features: Features::from_bits_retain(u32::from_le_bytes(reader.array()?)),
                    peer_id: u32::from_le_bytes(reader.array()?),
                    nonce: u64::from_le_bytes(reader.array()?),
                    match_id: reader.match_id().ok(),
                }))
            }
            [KIND_KEEP_ALIVE] if reader.0.is_empty() => Ok(Self::KeepAlive),
            [KIND_NEW_MATCH] => reader.new_match().map(Self::NewMatch),
            [KIND_STATE] => Ok(Self::State(Bytes::copy_from_slice(reader.0))),
            [KIND_GOODBYE] => reader.goodbye().map(Self::Goodbye),
            _ => Err(ControlError::Malformed),
        }
    }
}

/// What is left to read of a control message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], ControlError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(ControlError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ControlError> {
        let (&taken, rest) = self.0.split_first_chunk().ok_or(ControlError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn match_id(&mut self) -> Result<MatchId, ControlError> {
        let host = SteamId(u64::from_le_bytes(self.array()?));
        Ok(MatchId { host, nonce: u64::from_le_bytes(self.array()?) })
    }

    fn goodbye(&mut self) -> Result<Goodbye, ControlError> {
        let reason = EndReason::from_code(u32::from_le_bytes(self.array()?));
        let [len] = self.array()?;
        let text = self.take(usize::from(len))?;
        if text.len() > MAX_MESSAGE_BYTES || !reason.is_application() {
            return Err(ControlError::Malformed);
        }
        let message = std::str::from_utf8(text).map_err(|_| ControlError::Malformed)?.to_owned();
        let last_numbers = self.last_numbers(|lane| Dialect::RELIABLE_LANES.contains(&lane))?;
        Ok(Goodbye { reason, message, last_numbers })
    }

    fn new_match(&mut self) -> Result<NewMatch, ControlError> {
        let match_id = self.match_id()?;
        if match_id.nonce == 0 {
            return Err(ControlError::Malformed);
        }
        let last_numbers =
            self.last_numbers(|lane| lane != Lane::CONTROL && lane.index() == lane.get().into())?;
        Ok(NewMatch { match_id, last_numbers })
    }

    /// Lanes and numbers, up to the end.
    fn last_numbers(&mut self, may_have: impl Fn(Lane) -> bool) -> Result<LastNumbers, ControlError> {
        let [count] = self.array()?;
        let mut last_numbers = LastNumbers::new();
        for _ in 0..count {
            let [lane] = self.array()?;
            let number = i64::from_le_bytes(self.array()?);
            let lane = Lane::new(lane).filter(|&lane| may_have(lane)).ok_or(ControlError::Malformed)?;
            // Ascending, so no lane stands twice and the list is bounded.
            let ascending = last_numbers.last().is_none_or(|&(last, _)| last < lane);
            if number < 1 || !ascending {
                return Err(ControlError::Malformed);
            }
            last_numbers.push((lane, number));
        }
        if self.0.is_empty() { Ok(last_numbers) } else { Err(ControlError::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        let match_id = Some(MatchId { host: SteamId(1 << 60), nonce: 5 });
        let features = Features::from_bits_retain(1 << 31 | 1);
        Hello { features, peer_id: 77, nonce: 0x0123_4567_89ab_cdef, match_id }
    }

    fn goodbye() -> Goodbye {
        Goodbye {
            reason: EndReason::Kicked,
            message: "bye, été".to_owned(),
            last_numbers: Dialect::RELIABLE_LANES.into_iter().zip([1, 70_000, i64::MAX]).collect(),
        }
    }

    #[test]
    fn both_hellos_come_back() {
        assert_eq!(Control::decode(&hello().encode()), Ok(Control::Hello(hello())));
        let older = Hello { match_id: None, ..hello() };
        assert_eq!(Control::decode(&older.encode()), Ok(Control::Hello(older)));
        assert_eq!(Control::decode(&hello().encode_godot_steam()), Ok(Control::GodotSteamHello(77)));
    }

    #[test]
    fn a_goodbye_comes_back() {
        assert_eq!(Control::decode(&goodbye().encode()), Ok(Control::Goodbye(goodbye())));
        let bare = Goodbye { message: String::new(), last_numbers: LastNumbers::new(), ..goodbye() };
        assert_eq!(Control::decode(&bare.encode()), Ok(Control::Goodbye(bare)));
    }

    #[test]
    fn a_keep_alive_comes_back() {
        assert_eq!(Control::decode(&KEEP_ALIVE), Ok(Control::KeepAlive));
        assert_eq!(Control::decode(&[&KEEP_ALIVE[..], &[0]].concat()), Err(ControlError::Malformed));
    }

    #[test]
    fn a_new_match_and_a_state_come_back() {
        let lanes = (1..8).map(|lane| (Lane::new(lane).unwrap(), i64::from(lane)));
        let new_match =
            NewMatch { match_id: MatchId { host: SteamId(7), nonce: 9 }, last_numbers: lanes.collect() };
        assert_eq!(Control::decode(&new_match.encode()), Ok(Control::NewMatch(new_match.clone())));
        let unknown = NewMatch { match_id: MatchId { host: SteamId(7), nonce: 0 }, ..new_match };
        assert_eq!(Control::decode(&unknown.encode()), Err(ControlError::Malformed));
        for state in [&b""[..], b"what was"] {
            let decoded = Control::decode(&encode_state(state));
            assert_eq!(decoded, Ok(Control::State(Bytes::copy_from_slice(state))));
        }
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let long = Goodbye { message: "é".repeat(100), ..goodbye() };
        let Ok(Control::Goodbye(read)) = Control::decode(&long.encode()) else { panic!("not a goodbye") };
        assert_eq!(read.message, "é".repeat(60));
    }

    #[test]
    fn a_longer_hello_of_this_version_is_read_and_a_very_long_one_is_not() {
        let mut bytes = hello().encode().to_vec();
        bytes.push(9);
        assert_eq!(Control::decode(&bytes), Ok(Control::Hello(hello())));
        bytes.resize(MAX_HELLO_BYTES + 1, 0);
        assert_eq!(Control::decode(&bytes), Err(ControlError::Malformed));
    }

    #[test]
    fn another_version_is_told_apart_from_noise() {
        let mut bytes = hello().encode().to_vec();
        bytes[5] = 9;
        assert_eq!(Control::decode(&bytes[..7]), Err(ControlError::Version(9)));
        bytes[0] ^= 1;
        assert_eq!(Control::decode(&bytes), Err(ControlError::Malformed));
    }

    #[test]
    fn nothing_cut_short_or_with_a_tail_is_a_goodbye() {
        let bytes = goodbye().encode();
        for len in (0..bytes.len()).filter(|&len| len != 4) {
            assert_eq!(Control::decode(&bytes[..len]), Err(ControlError::Malformed), "{len} bytes");
        }
        let mut longer = bytes.to_vec();
        longer.push(0);
        assert_eq!(Control::decode(&longer), Err(ControlError::Malformed));
    }

    #[test]
    fn a_goodbye_names_reliable_lanes_in_order_and_an_application_reason() {
        let numbers = |numbers: &[(u8, i64)]| {
            let mut bytes = MAGIC.to_vec();
            bytes.extend([KIND_GOODBYE, 0xe8, 3, 0, 0, 0, u8::try_from(numbers.len()).unwrap()]);
            for &(lane, number) in numbers {
                bytes.push(lane);
                bytes.extend(number.to_le_bytes());
            }
            Control::decode(&bytes).is_ok()
        };
        assert!(numbers(&[(1, 5), (4, 6)]));
        assert!(!numbers(&[(4, 6), (1, 5)]), "descending");
        assert!(!numbers(&[(1, 5), (1, 5)]), "twice");
        assert!(!numbers(&[(0, 5)]), "the control lane");
        assert!(!numbers(&[(2, 5)]), "an unreliable lane");
        assert!(!numbers(&[(8, 5)]), "a lane that does not work");
        assert!(!numbers(&[(1, 0)]), "a number that no message has");
        assert!(!numbers(&[(1, -1)]), "a negative number");
        let steam = Goodbye { reason: EndReason::Other(4001), ..goodbye() };
        assert_eq!(Control::decode(&steam.encode()), Err(ControlError::Malformed));
    }
}
