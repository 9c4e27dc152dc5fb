//! How fast a connection may send: congestion control on top of Steam's pacing.
//!
//! Steam sends at the rate it is given, 256 KiB a second by default, whatever the line does. Above what the line carries,
//! the queue in front of its narrowest part grows, and with it the delay of everything, until packets are dropped.
//! [`RateController`] finds the rate, from what Steam reports about the connection a few times a second. It sees no
//! packets: nothing here is on their path.
//!
//! # What was chosen, and why
//!
//! Like BBR, the controller models the path rather than reacting to single losses: a *base ping*, the lowest in
//! ten seconds, and a *delivery rate*, the bytes acknowledged in an interval. A line that loses 2 % at random is
//! thus not mistaken for a full one, which rules out New Reno and CUBIC. There are BBR's phases, too: a startup that
//! multiplies the rate while the line keeps up, a steady phase, and a short drain every ten seconds to measure the base ping
//! again if the queue never became empty by itself.
//!
//! In the steady phase the delay decides, as in LEDBAT, Vegas and Swift. BBR's probing needs the delivery rate of every
//! round trip; Steam acknowledges bulk every 50 ms only, so that a rate over a short interval may be wrong by half. The
//! ping has no such error: the receiver reports how long it held an acknowledgement back. LEDBAT's target of 100 ms is
//! too much for a game, and with one target for all, the rates of two connections never become equal. Here, as in
//! Swift, the target falls with the square root of the rate: 20 ms at 1 MB/s, within 10 to 40 ms. Of two connections in
//! front of one queue the faster thus slows down while the slower still speeds up.
//!
//! The delivery rate decides where the delay does not tell: on a line that drops rather than queues, and on one that has
//! become much slower. As in CUBIC, steps are small near the rate at which the line was last found full, and
//! grow the further away from it the rate is.
//!
//! Too fast is worse than it looks on a line that drops: Steam's receiver takes no reliable segment that would leave more than
//! some thirty gaps, so that what comes through such a line is little of what it carries. A long step is therefore seen to
//! arrive before the next, and a rate is set to the best that came through lately rather than to the last.
//!
//! Steam's `quality_remote` is not used: it is an average over five seconds and arrives up to twenty seconds late.
//!
//! # Limits
//!
//! A download that fills the same queue makes the delay grow whatever we do; this controller then yields, as LEDBAT does,
//! down to what is still delivered. What becomes of unreliable packets Steam does not report: they count as delivered when
//! they leave, and only the ping tells that they are too many.

mod delivery;
#[cfg(test)]
mod model;
mod path;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::congestion::delivery::{Deliveries, Outstanding};
use crate::congestion::path::BasePing;
use crate::limits::{
    DEFAULT_SEND_RATE, IDLE_SEND_RATE_TIMEOUT, MAX_STEAM_SEND_RATE, MIN_SEND_RATE, SEND_RATE_INTERVAL,
};
use crate::time::Time;
use crate::transport::RealTimeStatus;

/// What a connection may send before its first acknowledgement, about a slow start's initial window: over a ping and
/// [`PING_FLOOR`] that makes the first rate.
const INITIAL_WINDOW: f64 = 64.0 * 1024.0;

/// Added to a ping that Steam rounds down, to 0 on a local network.
const PING_FLOOR: f64 = 0.001;

/// How long Steam's receiver may hold an acknowledgement back (`k_usecMaxDataAckDelay` of GameNetworkingSockets).
const ACK_DELAY: f64 = 0.05;

/// Factor of each startup round. BBR has 2.77, and doubles.
const STARTUP_GAIN: f64 = 2.5;

/// What Steam's headers add to what is put, about.
const HEADERS: f64 = 0.05;

/// How long a queue is drained at least, in seconds; and then the time until Steam's ping shows it: of its last three samples,
/// 100 ms apart, two have to.
const DRAIN: f64 = 0.25;

/// After this time, in seconds, it is looked at anew.
const MAX_DRAIN: f64 = 0.5;

/// The least share of what the line carries that is sent while its queue drains, and the largest.
const MIN_DRAIN_SHARE: f64 = 0.3;
const MAX_DRAIN_SHARE: f64 = 0.95;

/// The interval over which a startup compares, in seconds.
const STARTUP_WINDOW: f64 = 0.15;

/// A startup round beyond the ping, in seconds: what is sent at a new rate is acknowledged by then.
const STARTUP_ROUND: f64 = 0.1;

/// A steady round beyond the ping, in seconds: Steam's ping is a mean of samples 100 ms apart.
const ROUND: f64 = 0.1;

/// The queueing delay aimed at, in seconds, at [`TARGET_RATE`]; and its bounds.
const TARGET_DELAY: f64 = 0.02;
const TARGET_RATE: f64 = 1e6;
const MIN_TARGET_DELAY: f64 = 0.01;
const MAX_TARGET_DELAY: f64 = 0.04;

/// The step of a raise near the rate at which the line was full, and the first one further away.
const NEAR_STEP: f64 = 0.04;

/// What is left at least of a rate at which little arrives.
const OVERDUE_FACTOR: f64 = 0.4;

/// A longer step is judged before the next.
const LONG_STEP: f64 = 0.3;

/// The longest interval over which deliveries are compared with what was allowed, in seconds. One acknowledgement more or
/// less makes 5 % of it.
const LONG_WINDOW: f64 = 1.0;

/// The shortest interval for that in the steady phase, in seconds.
const SHORT_WINDOW: f64 = 0.4;

/// Below this share of what was allowed the line does not keep up: the rate is not raised. Steam's own headers are about
/// 5 % of it, more with tiny messages.
const HOLD_SHARE: f64 = 0.85;

/// Below this share the rate is lowered, whatever the delay.
const LOWER_SHARE: f64 = 0.7;

/// Below this share a startup ends. It looks at short intervals, which are inexact.
const STARTUP_SHARE: f64 = 0.5;

/// A message that waits longer than this for its turn means that the rate holds the connection back, in seconds.
const LIMITED_QUEUE: f64 = 0.005;

/// How much may lie in Steam's send buffer beyond what is sent in two frames, in milliseconds at the current rate.
const SEND_WINDOW_MARGIN_MS: usize = 10;

/// The smallest send window, in bytes.
const MIN_SEND_WINDOW: usize = 16 * 1024;

/// What the controller knows of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample<'a> {
    pub(crate) now: Time,
    /// Bytes that Steam has taken on the connection so far.
    pub(crate) put_bytes: u64,
    /// Whether more waits outside of Steam.
    pub(crate) is_backlogged: bool,
    pub(crate) status: &'a RealTimeStatus,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Steam's default rate is enough, or has not been found wanting yet.
    Idle,
    /// Multiplies the rate until the line is full.
    Startup,
    /// Keeps the queue at its target.
    Steady,
    /// Lets the queue run empty to see the base ping, then goes back to `rate`.
    Drain { until: Time, rate: f64 },
}

/// Finds the send rate of one connection.
#[derive(Debug)]
pub(crate) struct RateController {
    phase: Phase,
    /// Bytes a second.
    rate: f64,
    /// The rate at which the line was last found full.
    full_at: f64,
    /// Whether the last look of a startup found less delivered than it should be. An acknowledgement that is lost or late
    /// looks like that once, a full line twice.
    is_short: bool,
    /// The last step of raises far from `full_at`.
    step: f64,
    base: BasePing,
    deliveries: Deliveries,
    outstanding: Outstanding,
    /// When the next decision is due.
    round_end: Time,
    /// When the rate last held the connection back.
    last_limited: Time,
}

impl Default for RateController {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            rate: DEFAULT_SEND_RATE as f64,
            full_at: 0.0,
            is_short: false,
            step: NEAR_STEP,
            base: BasePing::default(),
            deliveries: Deliveries::default(),
            outstanding: Outstanding::default(),
            round_end: Time::ZERO,
            last_limited: Time::ZERO,
        }
    }
}

impl RateController {
    /// The rate that Steam should have, in bytes a second.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to Steam's range")]
    pub(crate) fn rate(&self) -> usize {
        self.rate as usize
    }

    /// Whether the rate is its own finding. Otherwise it is Steam's default, and nothing is lost with the controller.
    pub(crate) fn is_active(&self) -> bool {
        self.phase != Phase::Idle
    }

    /// How long after an update the next one is wanted.
    pub(crate) fn interval(&self) -> Duration {
        match self.phase {
            // A startup is short, and a late decision costs much in it.
            Phase::Startup => SEND_RATE_INTERVAL / 2,
            _ => SEND_RATE_INTERVAL,
        }
    }

    /// Takes in what Steam reports, with `max_rate` as the game's upper bound in bytes a second. The rate to set is then
    /// that of [`rate`](Self::rate).
    pub(crate) fn update(&mut self, sample: &Sample<'_>, max_rate: usize) {
        let Sample { now, put_bytes, is_backlogged, status } = *sample;
        let max_rate = (max_rate.clamp(MIN_SEND_RATE, MAX_STEAM_SEND_RATE)) as f64;
        self.decide(now, put_bytes, is_backlogged, status, max_rate);
        self.rate = self.rate.clamp(MIN_SEND_RATE as f64, max_rate);
    }

    fn decide(
        &mut self,
        now: Time,
        put_bytes: u64,
        is_backlogged: bool,
        status: &RealTimeStatus,
        max_rate: f64,
    ) {
        // Before the first answer Steam has no ping.
        let Ok(ping_ms) = u32::try_from(status.ping_ms) else { return };
        let ping = f64::from(ping_ms) / 1e3;
        self.base.add(now, ping);

        let unacked = to_u64(status.sent_unacked_reliable);
        let pending = to_u64(status.pending_reliable) + to_u64(status.pending_unreliable);
        // Unreliable bytes count as delivered when they leave: Steam does not say what becomes of them.
        let delivered = put_bytes.saturating_sub(pending + unacked);
        if self.phase != Phase::Idle {
            let seconds = 3.0 * (self.base.get() + ACK_DELAY) + ROUND;
            if let Some(delivery) = self.outstanding.overdue(now, delivered, unacked, seconds) {
                // Most of what is sent is sent again, and that at a rate which may not even hold it back any more.
                self.deliveries.clear();
                self.last_limited = now;
                // What came through of it says little: Steam's receiver takes no segment past the thirtieth gap.
                self.drain(now, 0.0, delivery.max(self.rate * OVERDUE_FACTOR), 0.0);
                self.full_at = 0.0;
                return;
            }
        }
        let is_limited = is_backlogged || pending as f64 > self.rate * LIMITED_QUEUE;
        if is_limited {
            self.last_limited = now;
        } else {
            // What the game happens to send says nothing about the line.
            self.deliveries.clear();
            if self.phase != Phase::Idle && now - self.last_limited >= IDLE_SEND_RATE_TIMEOUT {
                self.phase = Phase::Idle;
                self.rate = DEFAULT_SEND_RATE as f64;
            }
            return;
        }
        if self.phase == Phase::Idle {
            self.phase = Phase::Startup;
            self.rate = (INITIAL_WINDOW / (ping + PING_FLOOR)).max(DEFAULT_SEND_RATE as f64).min(max_rate);
            self.full_at = 0.0;
            self.step = NEAR_STEP;
            self.is_short = false;
            self.deliveries.clear();
            self.start_round(now, STARTUP_ROUND);
        }
        self.deliveries.add(now, delivered, self.rate);
        let queue = self.base.queueing_delay(ping);
        let unacked = unacked as f64;
        match self.phase {
            Phase::Startup => self.startup(now, queue, unacked, max_rate),
            Phase::Steady if now >= self.round_end => self.steady(now, queue, unacked),
            Phase::Drain { until, rate } if now >= until => {
                self.phase = Phase::Steady;
                self.rate = rate;
                self.deliveries.trim(now, SHORT_WINDOW);
                if self.base.is_stale(now) {
                    self.base.restart(now, ping);
                }
                if unacked / rate - self.base.get() - ACK_DELAY > MAX_TARGET_DELAY {
                    // There was more in it, or the line has become slower still.
                    return self.steady(now, queue, unacked);
                }
                // Until the ping shows what came of it.
                self.start_round(now, DRAIN);
            }
            Phase::Idle | Phase::Steady | Phase::Drain { .. } => {}
        }
    }

    /// A round lasts `seconds` longer than the way there and back.
    fn start_round(&mut self, now: Time, seconds: f64) {
        self.round_end = now + Duration::from_secs_f64(self.base.get() + seconds);
    }

    /// The queueing delay to aim at, in seconds.
    fn target_delay(&self) -> f64 {
        let target = TARGET_DELAY * (TARGET_RATE / self.rate).sqrt();
        target.clamp(MIN_TARGET_DELAY, MAX_TARGET_DELAY)
    }

    fn startup(&mut self, now: Time, queue: f64, unacked: f64, max_rate: f64) {
        let lag = self.base.get() + ACK_DELAY;
        let share = self.deliveries.share(STARTUP_WINDOW * 0.6, STARTUP_WINDOW, lag);
        let was_short =
            std::mem::replace(&mut self.is_short, share.is_some_and(|share| share < STARTUP_SHARE));
        let is_queueing = queue > self.target_delay();
        if is_queueing || (was_short && self.is_short) {
            if is_queueing {
                let delivery = self.deliveries.rate(2.0 * STARTUP_WINDOW).unwrap_or(self.rate);
                return self.drain(now, queue, delivery, unacked);
            }
            // Without a queue there is nothing to drain. That the line is full is likely, and not certain: acknowledgements
            // get lost, too. So the steps grow from here on.
            self.outstanding = Outstanding::default();
            let delivery = self.deliveries.best_rate(2.0 * STARTUP_WINDOW).unwrap_or(self.rate);
            self.drain(now, queue, delivery, 0.0);
            self.full_at = 0.0;
        } else if now >= self.round_end && !self.is_short {
            self.rate *= STARTUP_GAIN;
            if self.rate >= max_rate {
                self.phase = Phase::Steady;
                self.full_at = max_rate;
            }
            self.start_round(now, STARTUP_ROUND);
        }
    }

    fn steady(&mut self, now: Time, queue: f64, unacked: f64) {
        let target = self.target_delay();
        let lag = self.base.get() + ACK_DELAY;
        let share = self.deliveries.share(SHORT_WINDOW, LONG_WINDOW, lag);
        let recent = self.deliveries.share(SHORT_WINDOW / 2.0, SHORT_WINDOW, lag);
        let is_stale = self.base.is_stale(now) && queue > MIN_TARGET_DELAY / 2.0;
        if queue > target || is_stale {
            let delivery = self.deliveries.rate(SHORT_WINDOW).unwrap_or(self.rate);
            return self.drain(now, queue, delivery, unacked);
        }
        if share.is_some_and(|share| share < LOWER_SHARE) || recent.is_some_and(|share| share < STARTUP_SHARE)
        {
            // Without a queue the line drops, and Steam's receiver then drops more, beyond the thirtieth gap. What came through
            // before that is closer to what the line carries.
            self.outstanding = Outstanding::default();
            let delivery = self.deliveries.best_rate(SHORT_WINDOW).unwrap_or(self.rate);
            return self.drain(now, queue, delivery, 0.0);
        }
        let mut round = ROUND;
        // As long as little is known of it, the rate stays as it is.
        if share.or(recent).is_some_and(|share| share.min(recent.unwrap_or(share)) >= HOLD_SHARE) {
            let distance = self.rate / self.full_at.max(1.0);
            self.step = if (0.8..1.3).contains(&distance) {
                NEAR_STEP * (target / TARGET_DELAY).min(1.5)
            } else {
                (self.step * 2.0).min(1.0)
            };
            self.rate *= 1.0 + self.step * (1.0 - 2.0 * queue / target).max(0.0);
            if self.step > LONG_STEP {
                // So far that the line may be full of it: what comes of it is seen first.
                round += ACK_DELAY + ROUND;
            }
        }
        self.start_round(now, round);
    }

    /// The line is full, at `delivery` bytes a second of what is put: sends less until the queue is as good as empty, then
    /// that.
    fn drain(&mut self, now: Time, queue: f64, delivery: f64, unacked: f64) {
        // Steam's headers are not in what is delivered.
        let carried = (delivery * (1.0 + HEADERS)).min(self.rate).max(MIN_SEND_RATE as f64);
        // The ping is older than what has been sent since.
        let queue = queue.max(unacked / carried - self.base.get() - ACK_DELAY);
        self.full_at = carried;
        self.step = NEAR_STEP;
        // In this time the line sends what is in the queue beyond what is kept of the rate.
        let kept = (1.0 - queue / DRAIN).clamp(MIN_DRAIN_SHARE, MAX_DRAIN_SHARE);
        self.rate = carried * kept;
        let until = now + Duration::from_secs_f64((queue / (1.0 - kept)).clamp(DRAIN, MAX_DRAIN));
        self.phase = Phase::Drain { until, rate: carried * (1.0 - NEAR_STEP) };
    }
}

/// How many bytes should lie in Steam's send buffer at most at a rate in bytes a second, so that what is put next does not
/// wait long, and Steam has enough for a frame and a late one after it. A single message may be larger.
#[allow(clippy::cast_possible_truncation, reason = "a frame has less than 2^32 milliseconds")]
pub(crate) const fn send_window(rate: usize, frame: Duration) -> usize {
    let window = rate / 1_000 * (2 * frame.as_millis() as usize + SEND_WINDOW_MARGIN_MS);
    if window > MIN_SEND_WINDOW { window } else { MIN_SEND_WINDOW }
}

fn to_u64(bytes: i32) -> u64 {
    u64::try_from(bytes).unwrap_or(0)
}
