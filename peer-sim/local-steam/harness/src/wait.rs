//! Waiting for what another process does.

use std::time::{Duration, Instant};

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
