//! The ping of a path whose queue is empty.

use std::time::Duration;

use crate::time::Time;

/// How long a lowest ping is believed. BBR has the same.
const WINDOW: Duration = Duration::from_secs(10);

/// A ping this close to the lowest shows an empty queue, in seconds: Steam's pings are whole milliseconds.
const NEAR: f64 = 0.0025;

/// The lowest ping, in seconds, and when it was last seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BasePing(Option<(f64, Time)>);

impl BasePing {
    /// Takes in a ping.
    pub(super) fn add(&mut self, now: Time, ping: f64) {
        match &mut self.0 {
            Some((lowest, seen)) if ping <= *lowest + NEAR => {
                *lowest = lowest.min(ping);
                *seen = now;
            }
            Some(_) => {}
            None => self.0 = Some((ping, now)),
        }
    }

    /// Begins anew with a ping that was measured with an empty queue.
    pub(super) fn restart(&mut self, now: Time, ping: f64) {
        self.0 = Some((ping, now));
    }

    /// The lowest ping; 0 before the first.
    pub(super) fn get(&self) -> f64 {
        self.0.map_or(0.0, |(lowest, _)| lowest)
    }

    /// How much of `ping` is spent in queues.
    pub(super) fn queueing_delay(&self, ping: f64) -> f64 {
        (ping - self.get()).max(0.0)
    }

    /// Whether the lowest ping is so old that the path may be another by now.
    pub(super) fn is_stale(&self, now: Time) -> bool {
        self.0.is_some_and(|(_, seen)| now - seen >= WINDOW)
    }
}
