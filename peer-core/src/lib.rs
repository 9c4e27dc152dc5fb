//! A Godot multiplayer session over Steam's networking sockets, as a state machine without I/O.
//!
//! A [`Session`] drives a [`Transport`], whose methods are Steam's calls one to one, and implements every rule: who may
//! connect and under which id, which lane and flags a packet has, what waits and what is dropped, when a peer is
//! reported as connected or disconnected. It reads no clock, opens no socket and has no global state, so a whole network
//! of sessions runs in a test (`peer-sim`), and the same code runs over Steam (`peer-steam`).
//!
//! A frame of a game is four steps:
//!
//! ```
//! # use peer_core::{Session, Time, Transport};
//! # fn frame<T: Transport>(session: &mut Session<T>, now: Time) {
//! session.poll(now); // 1. take in what has arrived
//! while let Some(event) = session.next_event() {
//!     println!("{event:?}"); // 2. learn of peers that came and went
//! }
//! while let Some(packet) = session.pop() {
//!     println!("{} bytes from {}", packet.payload().len(), packet.peer); // 3. read
//! }
//! // 4. put packets, and at the end of the frame:
//! session.flush();
//! # }
//! ```
#![forbid(unsafe_code)]

// Bytes and seconds as floating-point numbers: 2^52 of them are exact.
#[allow(clippy::cast_precision_loss)]
mod congestion;
mod connection;
mod control;
mod error;
mod event;
mod id;
mod inbox;
mod lane;
pub mod limits;
mod lobby;
mod payload;
mod piece;
mod priorities;
mod reason;
mod roster;
mod send_queue;
mod session;
mod target;
mod time;
mod transport;

pub use control::{
    Control, ControlError, Features, Goodbye, Hello, LastNumbers, MAX_HELLO_BYTES, MAX_MESSAGE_BYTES,
    MatchId, NewMatch, PROTOCOL_VERSION, encode_state,
};
pub use error::{PutError, SessionError};
pub use event::Event;
pub use id::{LobbyId, PeerId, SteamId};
pub use inbox::Packet;
pub use lane::{
    Channel, Dialect, Lane, MAX_UNRELIABLE_BYTES, Route, SendFlags, TransferMode, effective_mode, send_flags,
};
pub use lobby::Lobby;
pub use piece::{FirstPiece, Piece};
pub use reason::{
    EndReason, STEAM_BAD_CERTIFICATE, STEAM_BAD_CRYPT, STEAM_MISC_GENERIC, STEAM_NO_CONNECTION,
    STEAM_RENDEZVOUS, STEAM_TIMEOUT,
};
pub use roster::Peer;
pub use session::{Counters, Session, Settings, Status};
pub use target::Target;
pub use time::Time;
pub use transport::{
    Batch, ConnectionHandle, ConnectionState, LaneConfig, LaneStatus, ListenHandle, Message, Outgoing,
    RealTimeStatus, SendResult, StatusChange, Token, Transport, TransportError, VirtualPort,
};
