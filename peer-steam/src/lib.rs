//! Steam for this project: the transport under a [`peer_core::Session`], the process's session with Steam, and
//! lobbies, over the flat API of Steamworks (`steamworks-sys`).
//!
//! ```no_run
//! use peer_core::{Session, SteamId, Time, VirtualPort};
//! use peer_steam::{Steam, SteamTransport};
//!
//! // The app id comes from the environment variable `SteamAppId`, or from the file `steam_appid.txt`.
//! let mut steam = Steam::init()?;
//! let mut session = Session::new(SteamTransport::new(), 7);
//! session.create_client(SteamId(76_561_197_960_265_729), VirtualPort(0), Time::ZERO)?;
//! loop {
//!     steam.run_callbacks(); // status changes, which the session then takes in
//!     session.poll(Time::from_micros(0 /* since the start */));
//! #   break;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what lives there |
//! |---|---|
//! | `ffi` | every call into Steam, and every `unsafe` |
//! | `steam` | [`Steam`]: initialisation, callbacks, the local user |
//! | `lobby` | lobbies and their events |
//! | `transport` | [`SteamTransport`], the session's transport over Steam's sockets |
//! | `status_queue` | connection status changes, from any thread to their transport |
//! | `listen_sockets` | the process's listen sockets, which may outlive a transport |
//! | `local` | connections within the process, which Steam does not allow |
//! | `draining` | the process's connections that are draining |
//! | `user_data` | what Steam carries for us on each connection |
//! | `config` | networking options |
#![deny(unsafe_code)]

mod config;
mod draining;
#[allow(unsafe_code, reason = "calls C; see the module's own rules")]
mod ffi;
mod listen_sockets;
mod lobby;
mod local;
mod status_queue;
mod steam;
mod transport;
mod user_data;

pub use config::{ConfigError, ConfigValue};
pub use ffi::receive::SteamMessage;
pub use lobby::{Comparison, Distance, LobbyError, LobbyEvent, LobbyFilters, LobbyType};
pub use steam::{
    DebugLevel, InitError, Steam, is_available, launch_lobby, leave_to_others, live_messages,
    payloads_in_flight, restart_app_if_necessary, run_callbacks, run_networking_callbacks,
};
pub use transport::SteamTransport;
