//! Real processes that meet over Local Steam.
//!
//! Each process is a worker of this test binary, in one of the roles listed below. A conformance test calls the
//! transport of another process ([`worker`]) as if it were its own ([`remote`]); sessions that meet in a lobby are
//! members of it ([`member`]).
//!
//! `LOCAL_STEAM_LIBRARY` names the folder with Local Steam's `libsteam_api`; without it, it is looked for beside this
//! binary.

mod allocations;
mod beside;
mod burst;
mod conformance;
mod endings;
mod game;
mod godot_steam;
mod hosting_again;
mod lobbies;
mod member;
#[cfg(target_os = "linux")]
mod memory;
mod mesh;
mod other_addon;
mod rate;
mod remote;
mod sharing;
#[cfg(target_os = "linux")]
mod soak;
mod symbols;
mod within;
mod without_steam;
mod worker;

use local_steam_harness::library;

local_steam_harness::workers! {
    allocations::sends,
    beside::hosts,
    beside::joins_and_leaves,
    beside::calls_beside_manual_dispatch,
    burst::hosts,
    burst::joins,
    burst::hosts_small_packets,
    burst::joins_small_packets,
    godot_steam::hosts,
    godot_steam::joins,
    hosting_again::hosts_with_one_session,
    hosting_again::hosts_with_new_sessions,
    hosting_again::joins,
    lobbies::hosts,
    lobbies::joins,
    lobbies::hosts_adopted,
    lobbies::joins_adopted,
    member::hosts,
    member::joins,
    rate::hosts,
    rate::joins,
    sharing::hosts,
    sharing::hosts_by_another_addon,
    within::meets,
    without_steam::tries,
    worker::run,
}
