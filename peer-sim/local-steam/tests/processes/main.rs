//! Real processes that load the library and meet through it.
//!
//! Each process is a worker of this test binary that makes the calls it is asked for ([`worker`]); a test holds the
//! other end ([`process`]). The calls go through `steamworks-sys`, so their signatures are Steam's, checked by the
//! compiler. What every transport must do is checked over this library, too, by the conformance suite in `peer-steam`.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::borrow_as_ptr,
    clippy::too_many_lines,
    clippy::wildcard_imports,
    reason = "calls into C, in the plainest form"
)]

mod connections;
mod faults;
mod lobbies;
mod loopback;
mod process;
mod sessions;
mod strict;
mod worker;

local_steam_harness::workers! { worker::run, loopback::connects }
