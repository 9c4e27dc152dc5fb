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

use std::time::{Duration, Instant};

pub use lines::requests;
pub use network::{Network, steam_id};
pub use process::{Process, Silence};

/// Longer than anything in a test takes, however busy the machine is, under valgrind too.
pub const TIMEOUT: Duration = Duration::from_mins(3);

/// Polls every millisecond until there is a result, and panics after [`TIMEOUT`].
pub fn until<R>(what: &str, mut poll: impl FnMut() -> Option<R>) -> R {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(result) = poll() {
            return result;
        }
        assert!(Instant::now() < deadline, "{what}: not within {TIMEOUT:?}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}
