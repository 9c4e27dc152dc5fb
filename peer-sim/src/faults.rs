//! What goes wrong between two users: delays, losses, cuts, bad certificates.

use std::time::Duration;

use peer_core::{SteamId, Time};
use rand::RngExt;
use rand::rngs::StdRng;
use rustc_hash::{FxHashMap, FxHashSet};

/// A line that carries less than is put on it: what waits, waits in a queue of so many bytes, and what does not fit is
/// lost (tail drop).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NarrowLine {
    /// What it carries, in bytes a second. At least 1.
    pub rate: u64,
    /// How many bytes may wait.
    pub queue: u64,
}

/// One direction between two users.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkSettings {
    /// How long every datagram takes.
    pub latency: Duration,
    /// How much longer one may take: evenly from zero to this. Datagrams overtake each other by it.
    pub jitter: Duration,
    /// Share of datagrams that vanish, 0 to 1.
    pub loss: f64,
    /// Share of datagrams that arrive twice, 0 to 1. Steam filters the second by its packet number.
    pub duplication: f64,
    /// Share of datagrams that are held back by [`reorder_delay`](Self::reorder_delay), 0 to 1.
    pub reordering: f64,
    /// How long a datagram picked by [`reordering`](Self::reordering) is held back.
    pub reorder_delay: Duration,
    /// How fast a connection sends, in bytes a second, until the session sets a rate. At least 1. Steam's default is
    /// 256 KiB/s (`SendRateMax`).
    pub bandwidth: u64,
    /// A bottleneck on the way, whatever the connection would send.
    pub narrow: Option<NarrowLine>,
    /// How many bytes a connection takes that are not yet on the wire (`SendBufferSize`).
    pub send_buffer: usize,
    /// Whether anything gets through at all, signals included.
    pub up: bool,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(20),
            jitter: Duration::ZERO,
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            reorder_delay: Duration::from_millis(30),
            bandwidth: 256 * 1024,
            narrow: None,
            send_buffer: 524_288,
            up: true,
        }
    }
}

impl LinkSettings {
    /// The default link with this latency.
    pub fn with_latency(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }

    pub(crate) fn check(&self) {
        for (name, share) in
            [("loss", self.loss), ("duplication", self.duplication), ("reordering", self.reordering)]
        {
            assert!((0.0..=1.0).contains(&share), "LinkSettings::{name} is a share from 0 to 1, not {share}");
        }
        assert!(
            self.bandwidth > 0,
            "LinkSettings::bandwidth is at least 1 byte a second; use `up` to cut a link"
        );
        assert!(
            self.narrow.is_none_or(|narrow| narrow.rate > 0),
            "NarrowLine::rate is at least 1 byte a second; use `LinkSettings::up` to cut a link"
        );
    }

    /// The longest that a datagram takes without being held back.
    pub(crate) fn slowest(&self) -> Duration {
        self.latency + self.jitter
    }

    /// How long one datagram takes.
    fn datagram_delay(&self, rng: &mut StdRng) -> Duration {
        let held = if chance(rng, self.reordering) { self.reorder_delay } else { Duration::ZERO };
        self.latency + up_to(rng, self.jitter) + held
    }
}

/// True with probability `share`.
fn chance(rng: &mut StdRng, share: f64) -> bool {
    share > 0.0 && rng.random_bool(share)
}

/// Evenly from zero to `limit`, in whole microseconds.
pub(crate) fn up_to(rng: &mut StdRng, limit: Duration) -> Duration {
    let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
    if micros == 0 { Duration::ZERO } else { Duration::from_micros(rng.random_range(0..=micros)) }
}

/// The links of a network.
#[derive(Debug, Default)]
pub(crate) struct Links {
    default: LinkSettings,
    own: FxHashMap<(SteamId, SteamId), LinkSettings>,
    /// Directions that a partition has cut, whatever their settings say.
    cut: FxHashSet<(SteamId, SteamId)>,
    /// Until when a narrow line is busy with what is on it, in nanoseconds.
    busy_until: FxHashMap<(SteamId, SteamId), u64>,
    /// How many more dials between two users meet a bad certificate.
    bad_certificates: FxHashMap<(SteamId, SteamId), u32>,
}

impl Links {
    pub(crate) fn get(&self, from: SteamId, to: SteamId) -> &LinkSettings {
        if self.own.is_empty() {
            return &self.default;
        }
        self.own.get(&(from, to)).unwrap_or(&self.default)
    }

    pub(crate) fn set(&mut self, from: SteamId, to: SteamId, settings: LinkSettings) {
        settings.check();
        self.own.insert((from, to), settings);
    }

    pub(crate) fn get_default(&self) -> &LinkSettings {
        &self.default
    }

    pub(crate) fn set_default(&mut self, settings: LinkSettings) {
        settings.check();
        self.default = settings;
    }

    pub(crate) fn set_cut(&mut self, from: SteamId, to: SteamId, cut: bool) {
        if cut {
            self.cut.insert((from, to));
        } else {
            self.cut.remove(&(from, to));
        }
    }

    pub(crate) fn is_up(&self, from: SteamId, to: SteamId) -> bool {
        self.get(from, to).up && (self.cut.is_empty() || !self.cut.contains(&(from, to)))
    }

    /// How long a signal takes, or `None` if it gets lost.
    pub(crate) fn signal_delay(&self, rng: &mut StdRng, from: SteamId, to: SteamId) -> Option<Duration> {
        let link = self.get(from, to);
        if !self.is_up(from, to) || chance(rng, link.loss) {
            return None;
        }
        Some(link.latency + up_to(rng, link.jitter))
    }

    /// How long a datagram takes, or `None` if it gets lost.
    pub(crate) fn datagram_delay(
        &mut self,
        rng: &mut StdRng,
        now: Time,
        bytes: u32,
        from: SteamId,
        to: SteamId,
    ) -> Option<Duration> {
        let queueing = self.put_on_line(now, bytes, from, to)?;
        let link = self.get(from, to);
        if !self.is_up(from, to) || chance(rng, link.loss) {
            return None;
        }
        Some(queueing + link.datagram_delay(rng))
    }

    /// How long what is put on a line now waits for what is on it already.
    fn queueing_delay(&self, now: Time, from: SteamId, to: SteamId) -> Duration {
        if self.get(from, to).narrow.is_none() {
            return Duration::ZERO;
        }
        let busy_until = self.busy_until.get(&(from, to)).copied().unwrap_or_default();
        Duration::from_nanos(busy_until.saturating_sub(now.as_micros() * 1_000))
    }

    /// Puts bytes on a line. How long until they have left it, or `None` if its queue is full.
    fn put_on_line(&mut self, now: Time, bytes: u32, from: SteamId, to: SteamId) -> Option<Duration> {
        let Some(NarrowLine { rate, queue }) = self.get(from, to).narrow else {
            return Some(Duration::ZERO);
        };
        let nanos = |bytes: u64| {
            u64::try_from(u128::from(bytes) * 1_000_000_000 / u128::from(rate)).unwrap_or(u64::MAX)
        };
        let waits = self.queueing_delay(now, from, to);
        if waits > Duration::from_nanos(nanos(queue)) {
            return None;
        }
        let left = waits + Duration::from_nanos(nanos(u64::from(bytes)));
        let until = u128::from(now.as_micros()) * 1_000 + left.as_nanos();
        self.busy_until.insert((from, to), u64::try_from(until).unwrap_or(u64::MAX));
        Some(left)
    }

    /// How long the second copy of a datagram takes, if the network makes one.
    pub(crate) fn duplicate_delay(&self, rng: &mut StdRng, from: SteamId, to: SteamId) -> Option<Duration> {
        let link = self.get(from, to);
        chance(rng, link.duplication).then(|| link.datagram_delay(rng))
    }

    /// How long an acknowledgement takes. Steam repeats acknowledgements, so a lost one is only later; `None` if the
    /// link is down.
    pub(crate) fn ack_delay(
        &self,
        rng: &mut StdRng,
        now: Time,
        from: SteamId,
        to: SteamId,
    ) -> Option<Duration> {
        const REPEAT: Duration = Duration::from_millis(50);
        let link = self.get(from, to);
        if !self.is_up(from, to) {
            return None;
        }
        let mut delay = self.queueing_delay(now, from, to) + link.latency + up_to(rng, link.jitter);
        for _ in 0..20 {
            if !chance(rng, link.loss) {
                return Some(delay);
            }
            delay += REPEAT;
        }
        None
    }

    /// When a datagram that nobody acknowledged counts as lost: three round trips and 60 ms, as in GNS.
    pub(crate) fn retransmit_after(&self, now: Time, a: SteamId, b: SteamId) -> Duration {
        let slowest = |from, to| self.queueing_delay(now, from, to) + self.get(from, to).slowest();
        (slowest(a, b) + slowest(b, a)) * 3 + Duration::from_millis(60)
    }

    /// The round trip between two users, without jitter.
    pub(crate) fn round_trip(&self, now: Time, a: SteamId, b: SteamId) -> Duration {
        let one_way = |from, to| self.queueing_delay(now, from, to) + self.get(from, to).latency;
        one_way(a, b) + one_way(b, a)
    }

    /// Lets the next `dials` between two users meet a bad certificate.
    pub(crate) fn set_bad_certificates(&mut self, a: SteamId, b: SteamId, dials: u32) {
        self.bad_certificates.insert((a.min(b), a.max(b)), dials);
    }

    pub(crate) fn take_bad_certificate(&mut self, a: SteamId, b: SteamId) -> bool {
        let left = self.bad_certificates.get_mut(&(a.min(b), a.max(b))).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    }
}
