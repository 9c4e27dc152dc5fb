//! The addon in real Godot processes, which meet over Local Steam.
//!
//! A test plays a scenario of the project in `tests/project`: a script, run by one process for each role ([`game`]). It
//! passes if every process says that its checks held, ends with 0, and prints no error or warning but those that the
//! scenario declares ([`transcript`]).
//!
//! `STEAM_PEER_ADDON` names the addon's folder and `GODOT` the engine; `cargo xtask test` sets both. What is not named
//! is built or found by `cargo xtask`, once in a run ([`tools`]).

mod beside;
mod game;
mod player;
mod project;
mod scenarios;
mod tools;
mod transcript;
