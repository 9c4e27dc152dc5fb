//! Real processes that meet over Local Steam.
//!
//! Each process is this test binary, started again with Local Steam's library in front. Most are told what to do call
//! by call ([`puppet`]), and a test holds the other end as a transport like any other ([`remote`]); what a process
//! must do by itself is a function that runs in it ([`roles`]). Games that meet in a lobby are members of it
//! ([`member`]).
//!
//! `LOCAL_STEAM_LIBRARY` names the folder with Local Steam's `libsteam_api`; without it, it is looked for beside this
//! binary.

mod allocations;
mod burst;
mod codec;
mod conformance;
mod endings;
mod game;
mod godot_steam;
mod hosting_again;
mod library;
mod lobbies;
mod member;
#[cfg(target_os = "linux")]
mod memory;
mod mesh;
mod other_addon;
mod process;
mod puppet;
mod rate;
mod remote;
mod roles;
mod sharing;
mod symbols;
mod without_steam;
