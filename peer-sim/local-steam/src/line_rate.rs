//! A narrow line: at most so many bytes a second, each way (Linux). What is beyond is lost.
//!
//! The sockets have options for this (`FakeRateLimit_*`), which bound nothing before the first 2 GiB: their budget
//! starts at that, and is cut to the burst only when it is used up. So the bytes are counted where
//! [`loopback`](crate::loopback) passes them on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Bytes a second; 0 for no bound.
static RATE: AtomicU32 = AtomicU32::new(0);

/// What the line takes at once after a pause: what it carries in this part of a second, and a datagram or two at least.
const BURST: f64 = 0.1;
const LEAST_BURST: f64 = 3_000.0;

/// One direction of the line.
pub(crate) struct Direction(Mutex<Option<(Instant, f64)>>);

/// What this process sends.
pub(crate) static SENDING: Direction = Direction(Mutex::new(None));
/// What it receives.
pub(crate) static RECEIVING: Direction = Direction(Mutex::new(None));

/// Sets the bytes a second of both directions; 0 for no bound.
pub(crate) fn set(rate: u32) {
    RATE.store(rate, Ordering::Relaxed);
}

impl Direction {
    /// Whether the line carries a datagram of that many bytes now.
    pub(crate) fn carries(&self, bytes: usize) -> bool {
        let rate = RATE.load(Ordering::Relaxed);
        rate == 0 || self.spend(bytes as f64, f64::from(rate), Instant::now())
    }

    fn spend(&self, bytes: f64, rate: f64, now: Instant) -> bool {
        let burst = (rate * BURST).max(LEAST_BURST);
        let mut budget = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = budget.map_or(burst, |(at, left)| {
            (left + rate * now.saturating_duration_since(at).as_secs_f64()).min(burst)
        });
        let fits = left >= bytes;
        *budget = Some((now, if fits { left - bytes } else { left }));
        fits
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_carries_its_rate_and_a_burst() {
        let (line, start) = (Direction(Mutex::new(None)), Instant::now());
        let carried = |from: u32, to: u32| {
            let at = |ms: u32| start + Duration::from_millis(ms.into());
            (from..to).filter(|&ms| line.spend(1_000.0, 100_000.0, at(ms))).count()
        };
        // A burst of 10 packets, then one every 10 ms.
        assert_eq!(carried(0, 1_000), 10 + 99);
        // A pause saves up a burst and no more.
        assert_eq!(carried(5_000, 5_001), 1);
        assert_eq!(carried(5_001, 6_001), 9 + 100);
    }
}
