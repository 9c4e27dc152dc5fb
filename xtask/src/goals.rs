//! What the benchmarks should reach, in one table.
//!
//! The names are those of crate `benches`: `put_flush/BYTES/PEERS` and `receive_pop/PEERS`, each with
//! `Throughput::Elements` = packets put (not packets times peers), or popped, in one iteration; `round_trip/…`, one
//! round trip an iteration; `bulk/…`, with the messages of an iteration as its elements.

use crate::estimates::Measured;

/// A goal belongs to the benchmark that it is shown beside.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) id: &'static str,
    pub(crate) bound: Bound,
}

/// All times are nanoseconds a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// At most this.
    AtMost(f64),
    /// At most so many milliseconds; shown beside what another benchmark of the same run takes.
    Within { max_ms: f64, beside: &'static str },
    /// At most this many times what another benchmark of the same run takes.
    Ratio { to: &'static str, max: f64 },
    /// Spread over so many more peers than another benchmark of the same run has, at most this for each.
    Further { than: &'static str, peers: u32, max: f64 },
    /// What it takes beyond another benchmark, at most this many times what a second pair has between them.
    FurtherRatio { than: &'static str, to: (&'static str, &'static str), max: f64 },
}

/// Goals on a two-core machine of today: transport excluded, then between two processes on Local Steam.
pub(crate) const GOALS: &[Goal] = &[
    Goal { id: "put_flush/64/1", bound: Bound::AtMost(30.0) },
    Goal { id: "put_flush/64/250", bound: Bound::Further { than: "put_flush/64/1", peers: 249, max: 15.0 } },
    // "Independent of payload size": what a further peer costs, beyond the one copy.
    Goal {
        id: "put_flush/65536/250",
        bound: Bound::FurtherRatio {
            than: "put_flush/65536/1",
            to: ("put_flush/64/250", "put_flush/64/1"),
            max: 1.2,
        },
    },
    Goal { id: "receive_pop/1", bound: Bound::AtMost(25.0) },
    Goal { id: "receive_pop/250", bound: Bound::AtMost(25.0) },
    // "The same at 1 and 250 peers", with room for the noise of a measurement.
    Goal { id: "receive_pop/250", bound: Bound::Ratio { to: "receive_pop/1", max: 1.2 } },
    Goal { id: "round_trip/session", bound: Bound::Within { max_ms: 1.0, beside: "round_trip/raw_nagle" } },
    // "Throughput within 5 %", as the time that the same messages take.
    Goal { id: "bulk/session", bound: Bound::Ratio { to: "bulk/raw", max: 1.05 } },
];

/// How a goal came out.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) met: bool,
    pub(crate) text: String,
}

impl Goal {
    /// The names of the benchmarks that this goal needs.
    pub(crate) fn needs(&self) -> Vec<&'static str> {
        let mut needs = vec![self.id];
        match self.bound {
            Bound::AtMost(_) => {}
            Bound::Ratio { to: other, .. } | Bound::Within { beside: other, .. } => needs.push(other),
            Bound::Further { than, .. } => needs.push(than),
            Bound::FurtherRatio { than, to, .. } => needs.extend([than, to.0, to.1]),
        }
        needs
    }

    /// Nothing if a benchmark that the goal needs was not measured in this run.
    pub(crate) fn judge(&self, measured: &[Measured]) -> Option<Verdict> {
        let time = |id: &str| measured.iter().find(|m| m.id == id).map(Measured::per_element);
        let own = time(self.id)?;
        let (value, max, text) = match self.bound {
            Bound::AtMost(max) => (own, max, format!("{own:.1} ns a packet, goal {max} ns")),
            Bound::Within { max_ms, beside } => {
                let (own, other) = (own / 1e6, time(beside)? / 1e6);
                (own, max_ms, format!("{own:.2} ms, {beside} {other:.2} ms, goal {max_ms} ms"))
            }
            Bound::Ratio { to, max } => {
                let ratio = own / time(to)?;
                (ratio, max, format!("{ratio:.2}x of {to}, goal {max}x"))
            }
            Bound::Further { than, peers, max } => {
                let each = (own - time(than)?) / f64::from(peers);
                (each, max, format!("{each:.1} ns a further peer, goal {max} ns"))
            }
            Bound::FurtherRatio { than, to, max } => {
                let ratio = (own - time(than)?) / (time(to.0)? - time(to.1)?);
                (ratio, max, format!("further peers {ratio:.2}x of {}, goal {max}x", to.0))
            }
        };
        Some(Verdict { met: value <= max, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(id: &str, median: f64, elements: Option<f64>) -> Measured {
        Measured { id: id.to_owned(), median, interval: (median, median), elements }
    }

    #[test]
    fn a_bound_is_a_packet_not_an_iteration() {
        let goal = Goal { id: "a", bound: Bound::AtMost(30.0) };
        let verdict = goal.judge(&[measured("a", 290.0, Some(10.0))]).unwrap();
        assert_eq!(verdict, Verdict { met: true, text: "29.0 ns a packet, goal 30 ns".to_owned() });
        assert!(!goal.judge(&[measured("a", 310.0, Some(10.0))]).unwrap().met);
    }

    #[test]
    fn a_time_is_shown_beside_its_yardstick() {
        let goal = Goal { id: "here", bound: Bound::Within { max_ms: 1.0, beside: "there" } };
        let verdict = goal.judge(&[measured("here", 4e5, None), measured("there", 5.5e6, None)]).unwrap();
        assert_eq!(verdict, Verdict { met: true, text: "0.40 ms, there 5.50 ms, goal 1 ms".to_owned() });
        let slow = goal.judge(&[measured("here", 1.2e6, None), measured("there", 5.5e6, None)]).unwrap();
        assert!(!slow.met);
        assert_eq!(goal.judge(&[measured("here", 4e5, None)]), None, "not without the yardstick");
        assert_eq!(goal.needs(), ["here", "there"]);
    }

    #[test]
    fn a_ratio_compares_two_results_of_one_run() {
        let goal = Goal { id: "big", bound: Bound::Ratio { to: "small", max: 1.2 } };
        let run = [measured("small", 100.0, None), measured("big", 130.0, None)];
        let verdict = goal.judge(&run).unwrap();
        assert_eq!(verdict, Verdict { met: false, text: "1.30x of small, goal 1.2x".to_owned() });
    }

    #[test]
    fn further_peers_are_charged_without_the_first() {
        let goal = Goal { id: "many", bound: Bound::Further { than: "one", peers: 10, max: 15.0 } };
        let run = [measured("one", 30.0, None), measured("many", 130.0, None)];
        assert_eq!(goal.judge(&run).unwrap().text, "10.0 ns a further peer, goal 15 ns");
    }

    #[test]
    fn further_peers_of_two_sizes_are_compared_without_their_first() {
        let to = ("many", "one");
        let goal = Goal { id: "many big", bound: Bound::FurtherRatio { than: "one big", to, max: 1.2 } };
        let run = [("one", 30.0), ("many", 130.0), ("one big", 900.0), ("many big", 1010.0)];
        let verdict = goal.judge(&run.map(|(id, median)| measured(id, median, None))).unwrap();
        assert_eq!(verdict, Verdict { met: true, text: "further peers 1.10x of many, goal 1.2x".to_owned() });
    }

    #[test]
    fn a_goal_without_its_benchmarks_is_not_judged() {
        let goal = Goal { id: "big", bound: Bound::Ratio { to: "small", max: 1.2 } };
        assert_eq!(goal.judge(&[measured("big", 1.0, None)]), None);
        assert_eq!(goal.needs(), ["big", "small"]);
    }
}
