//! Steam for this project: the transport that a [`peer_core::Session`] sits on, a session with Steam, and lobbies,
//! over the flat API of Steamworks (`steamworks-sys`).
//!
//! ```no_run
//! use peer_core::{Session, SteamId, Time, VirtualPort};
//! use peer_steam::{Steam, SteamTransport};
//!
//! // The game's id comes from the environment variable `SteamAppId`, or the file `steam_appid.txt`.
//! let mut steam = Steam::init()?;
//! let mut session = Session::new(SteamTransport::new(), 7);
//! session.create_client(SteamId(76_561_197_960_265_729), VirtualPort(0), Time::ZERO)?;
//! loop {
//!     steam.run_callbacks(); // brings the news that the session then takes in
//!     session.poll(Time::from_micros(0 /* since the start */));
//! #   break;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what lives there |
//! |---|---|
//! | `ffi` | every call of Steam, and every `unsafe` |
//! | `transport` | [`SteamTransport`], the seam over Steam's sockets |
//! | `news` | news of connections, from any thread to their transport |
//! | `parting` | the connections of the process that are being wound up |
//! | `listens` | the process's listen sockets, which may outlive a transport |
//! | `config` | networking options |
//! | `session` | [`Steam`]: coming up, callbacks, who we are |
//! | `lobby` | lobbies and what happens in them |
#![deny(unsafe_code)]

mod config;
#[allow(unsafe_code, reason = "calling C; see the module's own rules")]
mod ffi;
mod listens;
mod lobby;
mod news;
mod parting;
mod session;
mod transport;
mod user_data;

pub use config::{ConfigError, ConfigValue};
pub use ffi::message::SteamMessage;
pub use lobby::{Comparison, Distance, LobbyError, LobbyEvent, LobbyFilters, LobbyType};
pub use session::{DebugLevel, InitError, Steam, is_available, live_messages, payloads_in_flight};
pub use transport::SteamTransport;
