//! Every function that the library exports, one file an interface.
//!
//! Names, arguments and results are those of `steam_api_flat.h`; enumerations are passed as C integers, and
//! pointers to structures that are not looked into as untyped ones, which is the same to the caller. The
//! `self` pointer is ignored: there is one session. Without one, every function returns what Steam's returns
//! for an invalid argument.

mod config_values;
mod core;
mod dispatch;
mod identities;
mod matchmaking;
mod networking_sockets;
mod networking_utils;
mod standard_dispatch;
mod user;

use std::ffi::c_void;

use crate::session;

/// A pointer to an interface: not null while a session runs.
type Interface = *mut c_void;

/// What the interfaces without an implementation of their own point to. Nothing is ever read through it.
static INTERFACE: u8 = 0;

/// The pointer for an interface that is nothing but its flat functions.
fn interface() -> Interface {
    match session::current() {
        Some(_) => std::ptr::from_ref(&INTERFACE).cast_mut().cast(),
        None => std::ptr::null_mut(),
    }
}
