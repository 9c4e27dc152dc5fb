//! What the benchmark in the engine should reach, in one table.

use super::report::Report;
use crate::table::table;

#[derive(Debug, Clone, Copy)]
enum Bound {
    /// At most this many times what `ENet` takes in the same run.
    OfENet(f64),
    /// At most this much more than `ENet`.
    BeyondENet(f64),
    AtMost(f64),
    AtLeast(f64),
}

/// Benchmark and bound, in its unit.
const GOALS: [(&str, Bound); 9] = [
    ("send/64/reliable/1", Bound::OfENet(0.5)),
    ("send/64/unreliable/1", Bound::OfENet(0.5)),
    ("send/64/reliable/8", Bound::OfENet(0.35)),
    ("send/64/unreliable/8", Bound::OfENet(0.35)),
    ("receive/64/reliable", Bound::OfENet(0.7)),
    ("receive/64/unreliable", Bound::OfENet(0.7)),
    ("one_way/frame", Bound::AtMost(0.5)),
    ("waiting/taken", Bound::AtLeast(20_000.0)),
    ("load/memory", Bound::BeyondENet(8.0)),
];

impl Bound {
    /// Whether it is met, and how that reads; nothing if the benchmark was not measured.
    fn judge(self, report: &Report, id: &str) -> Option<(bool, String)> {
        let own = report.find(id, "steam")?;
        let (value, unit) = (own.median(), own.unit.as_str());
        Some(match self {
            Self::OfENet(max) => {
                let ratio = report.ratio(id)?;
                (ratio <= max, format!("{ratio:.2}x of ENet, goal {max}x"))
            }
            Self::BeyondENet(max) => {
                let beyond = value - report.find(id, "enet")?.median();
                (beyond <= max, format!("{beyond:.1} {unit} more than ENet, goal {max} {unit}"))
            }
            Self::AtMost(max) => (value <= max, format!("{value:.2} {unit}, goal {max} {unit}")),
            Self::AtLeast(min) => (value >= min, format!("{value} {unit}, goal {min} {unit}")),
        })
    }
}

/// Every goal with how it came out.
pub(super) fn verdicts(report: &Report) -> String {
    let mut rows = vec![["goal", "benchmark", "result"].map(str::to_owned)];
    for (id, bound) in GOALS {
        let (mark, text) = match bound.judge(report, id) {
            Some((true, text)) => ("met", text),
            Some((false, text)) => ("MISSED", text),
            None => ("?", "not measured".to_owned()),
        };
        rows.push([mark.to_owned(), id.to_owned(), text]);
    }
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::super::report::Samples;
    use super::*;

    fn report(id: &str, steam: f64, enet: f64) -> Report {
        let mut report = Report::default();
        for (via, value) in [("steam", steam), ("enet", enet)] {
            let (id, via, unit) = (id.to_owned(), via.to_owned(), "us".to_owned());
            report.add(Samples { id, via, unit, values: vec![value] });
        }
        report
    }

    #[test]
    fn a_ratio_is_of_the_same_run() {
        let judge = |steam| Bound::OfENet(0.5).judge(&report("send", steam, 4.0), "send").unwrap();
        assert_eq!(judge(1.0), (true, "0.25x of ENet, goal 0.5x".to_owned()));
        assert!(!judge(2.1).0);
    }

    #[test]
    fn what_is_beyond_enet_is_the_difference() {
        let judge = |steam| Bound::BeyondENet(8.0).judge(&report("memory", steam, 100.0), "memory").unwrap();
        assert!(judge(108.0).0);
        assert_eq!(judge(108.5), (false, "8.5 us more than ENet, goal 8 us".to_owned()));
    }

    #[test]
    fn what_should_be_many_may_be_more() {
        let judge = |steam| Bound::AtLeast(10.0).judge(&report("waiting", steam, 0.0), "waiting").unwrap().0;
        assert!(judge(10.0) && judge(11.0) && !judge(9.0));
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        let text = verdicts(&Report::default());
        assert_eq!(text.lines().filter(|line| line.starts_with('?')).count(), GOALS.len());
    }
}
