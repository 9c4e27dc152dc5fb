//! Real processes that load the library and meet through it.
//!
//! Each process is this test binary, started again with the library's folder in front and told what to do line
//! by line ([`puppet`]); a scenario holds the other end ([`process`]). The calls go through `steamworks-sys`, so
//! their signatures are Steam's, checked by the compiler.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::borrow_as_ptr,
    clippy::too_many_lines,
    reason = "calls into C, in the plainest form"
)]

mod connections;
mod faults;
mod lobbies;
mod process;
mod puppet;
mod sessions;
