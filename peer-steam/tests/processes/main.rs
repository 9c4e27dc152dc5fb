//! Real processes that meet over Local Steam.
//!
//! Each process is this test binary, started again with Local Steam's library in front. Most are told what to do call
//! by call ([`puppet`]), and a test holds the other end as a transport like any other ([`remote`]); what a process
//! must do by itself is a function that runs in it ([`roles`]).
//!
//! `LOCAL_STEAM_LIBRARY` names the folder with Local Steam's `libsteam_api`; without it, it is looked for beside this
//! binary.

mod allocations;
mod burst;
mod codec;
mod conformance;
mod library;
mod lobbies;
#[cfg(target_os = "linux")]
mod memory;
mod other_addon;
mod process;
mod puppet;
mod remote;
mod roles;
mod sharing;
mod symbols;
mod without_steam;
