//! Local Steam: a `libsteam_api` for development machines and tests.
//!
//! A game that is linked against Steam's flat API finds this library instead of Valve's, and any number of
//! its processes on one machine meet: connections run over Valve's own open-source networking sockets,
//! lobbies live in a small database in one directory. There is no server process, no Steam client and no
//! account. It is a stand-in for development; it says so when it starts.
//!
//! What is exported has Steam's own signature and does what Steam does; what is not stood in for says so, and fails.
//!
//! | module | what lives there |
//! |---|---|
//! | [`api`] | every exported function, one file an interface |
//! | [`session`] | what is alive between init and shutdown |
//! | [`settings`] | the environment variables |
//! | [`liveness`] | which accounts are taken, by locks that the kernel drops when a process dies |
//! | [`mailbox`] | datagrams between the processes of one network |
//! | [`rendezvous`] | connecting two peers: signals, and what the sockets need around them |
//! | [`strict`] | where Steam may behave in two ways, which of them this process has |
//! | [`store`], [`lobbies`] | the shared database, and one process's view of its lobbies |
//! | [`stats`] | statistics and achievements |
//! | [`names`] | whose names this process knows |
//! | [`callbacks`] | Steam's callback queue and call results |
//! | [`gns`] | the networking sockets, called through their C++ interfaces |
//! | [`line_rate`] | a narrow line on purpose (Linux) |
//! | [`loopback`] | lets the sockets work where there is only a loopback interface (Linux) |
//!
//! Locks are taken in this order: rendezvous, then the networking sockets' own, then the leaves (session
//! registry, lobby view, callback queue), of which no two are held at once, except that the lobby view
//! posts callbacks. Nothing calls the networking sockets while it holds a leaf.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "C integers: counts and sizes that are bounded long before they could wrap"
)]
#![allow(clippy::borrow_as_ptr, reason = "arguments of C functions")]
#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the library has no Rust interface: its docs are for its readers"
)]

mod api;
mod callbacks;
mod ffi;
mod gns;
#[cfg_attr(
    any(test, not(target_os = "linux")),
    expect(dead_code, reason = "the bytes are counted in `loopback`")
)]
mod line_rate;
mod liveness;
mod lobbies;
mod lobby_search;
#[cfg(all(target_os = "linux", not(test)))]
mod loopback;
mod mailbox;
mod names;
mod rendezvous;
mod session;
mod settings;
mod stats;
mod steam_id;
mod store;
mod strict;
mod wire;
