//! Every function that the library exports, one file an interface.
//!
//! Names, arguments and results are those of `steam_api_flat.h`; enumerations are passed as C integers, and
//! pointers to structures that are not looked into as untyped ones, which is the same to the caller. The
//! `self` pointer is ignored: there is one session. Without one, every function returns what Steam's returns
//! for an invalid argument.
//!
//! A function that is written in one of these files takes the place of one that fails ([`interfaces`]), in the C++ interfaces too.

mod apps;
mod client;
mod config_values;
mod core;
mod dispatch;
mod earlier;
mod friends;
mod identities;
mod interfaces;
mod launch;
mod lobby_members;
mod matchmaking;
mod networking_sockets;
mod networking_utils;
mod standard_dispatch;
mod stats;
mod user;

use std::ffi::c_void;

/// A pointer to an interface: not null while a session runs.
type Interface = *mut c_void;
