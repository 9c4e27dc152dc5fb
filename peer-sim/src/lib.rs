//! A deterministic in-memory network with the semantics of Steam's networking sockets.
//!
//! A test owns a [`Network`], gets one [`SimTransport`] a process from it, and moves the clock with
//! [`Network::advance`]. Everything random comes from one seed, so the same seed and the same calls give the same
//! network, event for event. Where Steam may do one thing or the other, [`NetworkSettings`] have both.
//!
//! ```
//! use std::time::Duration;
//! use peer_core::{ConnectionState, SteamId, Token, Transport, VirtualPort};
//!
//! let network = peer_sim::Network::new(7);
//! let mut host = network.endpoint(SteamId(1));
//! let mut client = network.endpoint(SteamId(2));
//! host.listen(VirtualPort(0)).unwrap();
//! client.connect(SteamId(1), VirtualPort(0), Token(0)).unwrap();
//! network.advance(Duration::from_millis(100));
//! assert_eq!(host.next_status().unwrap().state, ConnectionState::Requested);
//! ```
#![forbid(unsafe_code)]

mod connection;
mod counters;
mod env;
mod event;
mod faults;
mod hostile;
mod lobby;
mod message;
mod network;
mod process;
mod settings;
mod state;
mod transport;

pub use counters::Counters;
pub use event::LobbyChange;
pub use faults::{LinkSettings, NarrowLine};
pub use hostile::RawPeer;
pub use message::SimMessage;
pub use network::Network;
pub use settings::{BatchPolicy, DuplicatePolicy, NetworkSettings, PendingRequestPolicy};
pub use transport::{Asked, SimTransport};

#[cfg(test)]
mod tests;
