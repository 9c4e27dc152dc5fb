//! The Godot classes of the addon: `peer-core`'s session over `peer-steam`'s transport, in Godot's words.
//!
//! Nothing is decided here: methods of `SteamMultiplayerPeer` call the session, events of the session become signals, and
//! its errors become a Godot `Error` and one line of text.
//!
//! | module | what lives there |
//! |---|---|
//! | `entry` | the library's entry point |
//! | `multiplayer_peer` | the class `SteamMultiplayerPeer`: properties, what games call, and what the engine calls |
//! | `packet_peer` | the class `SteamPacketPeer` |
//! | `steam_session` | the engine singleton `SteamSession` |
//! | `runtime` | process-wide state: Steam, and every session, those included that are draining |
//! | `main_thread` | what only the main thread may touch, in objects that any thread may hold |
//! | `enums` | how the enums of the classes are bound |
//! | `ids` | ids of Steam and Godot as GDScript's `int` |
//! | `errors` | errors as Godot's `Error`, and as lines that say what to do |
//! | `monitors` | the graphs of the editor's Monitors tab |
//! | `debug` | what `debug_level` prints |
//! | `floor` | with the feature of that name, what the benchmarks in the engine compare with |
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
#[cfg(feature = "floor")]
mod floor;
mod ids;
mod main_thread;
mod monitors;
mod multiplayer_peer;
mod packet_peer;
mod project_settings;
mod runtime;
mod steam_session;
