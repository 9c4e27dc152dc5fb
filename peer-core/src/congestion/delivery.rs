//! What a connection delivered, beside what its rate allowed it to send.

use std::collections::VecDeque;

use crate::time::Time;

/// How many reports are kept: more than a second of them.
const MAX_POINTS: usize = 24;

#[derive(Clone, Copy, Debug)]
struct Point {
    /// Seconds.
    time: f64,
    /// Bytes delivered since some moment before.
    delivered: f64,
    /// Bytes that could have been sent since the first point.
    allowed: f64,
}

/// The least that is outstanding for a verdict, in bytes: less is a matter of a few datagrams.
const MIN_OUTSTANDING: f64 = 64.0 * 1024.0;

/// Below this share of what was outstanding the line has lost too much.
const OVERDUE_SHARE: f64 = 0.4;

/// What was sent and not acknowledged at some moment, and whether it has been since.
#[derive(Debug, Default)]
pub(super) struct Outstanding(Option<(Time, f64, f64)>);

impl Outstanding {
    /// The bytes a second that were delivered, if much of what was `unacked` bytes `seconds` ago still is: that is time enough
    /// for it to arrive, and twice more for what was lost at random.
    pub(super) fn overdue(&mut self, now: Time, delivered: u64, unacked: u64, seconds: f64) -> Option<f64> {
        let (delivered, unacked) = (delivered as f64, unacked as f64);
        let (since, before, outstanding) = *self.0.get_or_insert((now, delivered, unacked));
        let passed = (now - since).as_secs_f64();
        if passed < seconds {
            return None;
        }
        self.0 = Some((now, delivered, unacked));
        let arrived = delivered - before;
        (outstanding > MIN_OUTSTANDING && arrived < outstanding * OVERDUE_SHARE)
            .then(|| arrived.max(0.0) / passed)
    }
}

/// Reports of a time in which the rate held the connection back all along.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    points: VecDeque<Point>,
}

impl Deliveries {
    pub(super) fn clear(&mut self) {
        self.points.clear();
    }

    /// Forgets what is older than `seconds`.
    pub(super) fn trim(&mut self, now: Time, seconds: f64) {
        let start = now.as_micros() as f64 / 1e6 - seconds;
        self.points.retain(|point| point.time >= start);
    }

    /// Takes in that `delivered` bytes have been delivered so far, and that `rate` applied since the last report.
    pub(super) fn add(&mut self, now: Time, delivered: u64, rate: f64) {
        let time = now.as_micros() as f64 / 1e6;
        let allowed = self.points.back().map_or(0.0, |last| last.allowed + rate * (time - last.time));
        if self.points.len() == MAX_POINTS {
            self.points.pop_front();
        }
        self.points.push_back(Point { time, delivered: delivered as f64, allowed });
    }

    /// Bytes delivered a second in the last `window` seconds; `None` as long as half of that is not known.
    pub(super) fn rate(&self, window: f64) -> Option<f64> {
        let (first, last) = (self.points.front()?, self.points.back()?);
        let start = (last.time - window).max(first.time);
        let seconds = last.time - start;
        if seconds < window / 2.0 {
            return None;
        }
        Some((last.delivered - self.at(start, |point| point.delivered)).max(0.0) / seconds)
    }

    /// The most bytes delivered a second in any interval of `window` seconds or a little more.
    pub(super) fn best_rate(&self, window: f64) -> Option<f64> {
        let rates = self.points.iter().filter_map(|first| {
            let place = self.points.partition_point(|point| point.time < first.time + window);
            let last = self.points.get(place)?;
            Some((last.delivered - first.delivered) / (last.time - first.time))
        });
        rates.max_by(f64::total_cmp).map(|rate| rate.max(0.0))
    }

    /// What was delivered in the last `max` seconds as a share of what was allowed `lag` seconds before: as long as
    /// what was sent takes to be acknowledged. `None` as long as fewer than `min` seconds are known.
    pub(super) fn share(&self, min: f64, max: f64, lag: f64) -> Option<f64> {
        let (first, last) = (self.points.front()?, self.points.back()?);
        let start = (last.time - max).max(first.time + lag);
        if last.time - start < min {
            return None;
        }
        let delivered = last.delivered - self.at(start, |point| point.delivered);
        let allowed =
            self.at(last.time - lag, |point| point.allowed) - self.at(start - lag, |point| point.allowed);
        (allowed > 0.0).then(|| delivered / allowed)
    }

    /// A value at a moment, interpolated between the reports around it.
    fn at(&self, time: f64, value: impl Fn(&Point) -> f64) -> f64 {
        let after = self.points.partition_point(|point| point.time < time);
        match (after.checked_sub(1).and_then(|before| self.points.get(before)), self.points.get(after)) {
            (Some(before), Some(after)) => {
                let share = (time - before.time) / (after.time - before.time);
                value(before) + share * (value(after) - value(before))
            }
            (Some(only), None) | (None, Some(only)) => value(only),
            (None, None) => 0.0,
        }
    }
}
