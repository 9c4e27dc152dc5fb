//! The Godot classes of the addon: `peer-core`'s session over `peer-steam`'s transport, in Godot's words.
//!
//! Nothing is decided here. A method of `SteamMultiplayerPeer` is a call of the session, an event of the session is
//! a signal, an error of the session is a Godot `Error` and one line of text.
//!
//! | module | what lives there |
//! |---|---|
//! | `entry` | the library's entry point |
//! | `multiplayer_peer` | the class `SteamMultiplayerPeer`: properties, what games call, and what the engine calls |
//! | `packet_peer` | the class `SteamPacketPeer` |
//! | `steam_session` | the engine singleton `SteamSession` |
//! | `runtime` | what there is one of in a process: Steam, and the sessions, those too that are winding up |
//! | `enums` | the enums of the classes, as Godot sees them |
//! | `errors` | errors as Godot's `Error`, and as lines that say what to do |
//! | `monitors` | the graphs of the editor's Monitors tab |
//! | `debug` | what `debug_level` prints |
#![deny(unsafe_code)]
#![allow(
    clippy::doc_markdown,
    reason = "the documentation of the classes is the engine's help, in its own markup"
)]
#![allow(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    reason = "a method that the engine calls has the engine's signature"
)]

mod debug;
#[allow(unsafe_code, reason = "how an extension is declared")]
mod entry;
mod enums;
mod errors;
mod ids;
mod monitors;
mod multiplayer_peer;
mod packet_peer;
mod project_settings;
mod runtime;
mod steam_session;
