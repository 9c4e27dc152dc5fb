//! The processes of tests and benchmarks over Local Steam: how they are started, talked to, waited for and reaped.
//!
//! A test binary is its own worker: [`respawn_self`](process::respawn_self) starts it again with Local Steam's library,
//! and [`workers!`] lists the functions that such a process may run. A test holds a [`Process`] for each of them.
//!
//! Nothing here links against Steam: the library is found as a file, and only the started process loads it.

pub mod library;
pub mod lines;
pub mod network;
pub mod process;
mod wait;

pub use lines::requests;
pub use network::{Network, steam_id};
pub use process::{Process, Silence};
pub use wait::{TIMEOUT, until};
