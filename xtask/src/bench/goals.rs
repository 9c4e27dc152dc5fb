//! What the benchmarks should reach, and whether they did.

use std::collections::BTreeMap;

use crate::table::table;

/// What one run measured, by the benchmark's name: nanoseconds a packet for criterion's; the median in the benchmark's
/// own unit for those in the engine, where the name ends in the transport (`send/64/reliable/1 enet`).
pub(super) type Run = BTreeMap<String, f64>;

/// Calculates what is judged. The error names a benchmark that was not measured.
type Value = fn(&Run, id: &str) -> Result<f64, String>;

#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}
use Bound::{AtLeast, AtMost};

/// A goal: the benchmark that it is about, the judged value, how that reads, and its bound.
pub(super) type Goal = (&'static str, Value, &'static str, Bound);

/// For a two-core machine of today: first without a transport, then between two processes over Local Steam. All are
/// benchmarks of crate `benches`.
pub(super) const CRITERION: &[Goal] = &[
    ("put_flush/64/1", measured, "ns a packet", AtMost(30.0)),
    ("put_flush/64/250", |run, _| further_peer(run, "put_flush/64"), "ns a further peer", AtMost(15.0)),
    // Independent of the payload's size: what a further peer costs, beyond the one copy.
    (
        "put_flush/65536/250",
        |run, _| Ok(further_peer(run, "put_flush/65536")? / further_peer(run, "put_flush/64")?),
        "times a further peer of 64 bytes",
        AtMost(1.2),
    ),
    ("receive_pop/1", measured, "ns a packet", AtMost(25.0)),
    ("receive_pop/250", measured, "ns a packet", AtMost(25.0)),
    // The same at 1 and 250 peers, with room for the noise of a measurement.
    ("receive_pop/250", |run, id| ratio(run, id, "receive_pop/1"), "times one peer", AtMost(1.2)),
    ("round_trip/session", |run, id| Ok(measured(run, id)? / 1e6), "ms", AtMost(1.0)),
    // Throughput within 5 %, as the time that the same messages take.
    ("bulk/session", |run, id| ratio(run, id, "bulk/raw"), "times raw sockets", AtMost(1.05)),
];

/// For Godot processes over Local Steam, beside `ENet` in the same run.
pub(super) const ENGINE: &[Goal] = &[
    ("send/64/reliable/1", of_floor, "times the floor", AtMost(1.25)),
    ("send/64/unreliable/1", of_floor, "times the floor", AtMost(1.25)),
    ("send/64/reliable/4", of_floor, "times the floor", AtMost(1.25)),
    ("send/64/unreliable/4", of_floor, "times the floor", AtMost(1.25)),
    ("send/64/reliable/8", of_floor, "times the floor", AtMost(1.25)),
    ("send/64/unreliable/8", of_floor, "times the floor", AtMost(1.25)),
    ("receive/64/reliable", of_floor, "times the floor", AtMost(1.25)),
    ("receive/64/unreliable", of_floor, "times the floor", AtMost(1.25)),
    (
        "poll/loop",
        |run, id| Ok(over_steam(run, id)? - floor(run, id)?),
        "us more than the floor",
        AtMost(3.0),
    ),
    ("one_way/frame", over_steam, "ms", AtMost(0.5)),
    ("waiting/taken", over_steam, "packets", AtLeast(20_000.0)),
    ("bulk/clean", of_enet, "times ENet", AtMost(0.6)),
    ("bulk/lossy", of_enet, "times ENet", AtMost(0.4)),
    ("steady/narrow", over_steam, "KB/s of a line of 1,000", AtLeast(850.0)),
    // The 95th percentile, over the line's own delay.
    ("beside/clean", over_steam, "ms", AtMost(40.0)),
    ("beside/lossy", over_steam, "ms", AtMost(40.0)),
    ("beside/narrow", over_steam, "ms", AtMost(40.0)),
    ("state/clean", over_steam, "ms", AtMost(20.0)),
    (
        "large/10_MB",
        |run, id| ratio(run, &format!("{id} steam"), "large/1_KB steam"),
        "times the same in small packets",
        AtMost(1.2),
    ),
    (
        "load/memory",
        |run, id| Ok(beyond_enet(run, id)? - measured(run, "load/memory/library steam")?),
        "MiB more than ENet, Local Steam's library apart",
        AtMost(3.0),
    ),
];

fn measured(run: &Run, id: &str) -> Result<f64, String> {
    run.get(id).copied().ok_or_else(|| id.to_owned())
}

fn ratio(run: &Run, id: &str, baseline: &str) -> Result<f64, String> {
    Ok(measured(run, id)? / measured(run, baseline)?)
}

/// What each of the 249 peers beyond the first costs.
fn further_peer(run: &Run, benchmark: &str) -> Result<f64, String> {
    let [one, all] = [1, 250].map(|peers| measured(run, &format!("{benchmark}/{peers}")));
    Ok((all? - one?) / 249.0)
}

fn over_steam(run: &Run, id: &str) -> Result<f64, String> {
    measured(run, &format!("{id} steam"))
}

fn floor(run: &Run, id: &str) -> Result<f64, String> {
    measured(run, &format!("{id} floor"))
}

fn of_floor(run: &Run, id: &str) -> Result<f64, String> {
    Ok(over_steam(run, id)? / floor(run, id)?)
}

fn of_enet(run: &Run, id: &str) -> Result<f64, String> {
    ratio(run, &format!("{id} steam"), &format!("{id} enet"))
}

fn beyond_enet(run: &Run, id: &str) -> Result<f64, String> {
    Ok(over_steam(run, id)? - measured(run, &format!("{id} enet"))?)
}

/// The goals with their results, as a table. Of a whole run it also has those that cannot be judged, so that a renamed
/// benchmark is noticed; of a filtered one only the others, and it is empty if there are none.
pub(super) fn results(goals: &[Goal], run: &Run, is_whole: bool) -> String {
    let mut rows = vec![["goal", "benchmark", "result"].map(str::to_owned)];
    for (id, value, unit, bound) in goals {
        let (mark, text) = match value(run, id) {
            Ok(value) => {
                let (is_met, goal) = match bound {
                    AtMost(max) => (value <= *max, format!("at most {max}")),
                    AtLeast(min) => (value >= *min, format!("at least {min}")),
                };
                (if is_met { "met" } else { "MISSED" }, format!("{value:.2} {unit}, goal: {goal}"))
            }
            Err(missing) if is_whole => ("?", format!("not measured: {missing}")),
            Err(_) => continue,
        };
        rows.push([mark.to_owned(), (*id).to_owned(), text]);
    }
    if rows.len() == 1 { String::new() } else { table(&rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(measured: &[(&str, f64)]) -> Run {
        measured.iter().map(|&(id, value)| (id.to_owned(), value)).collect()
    }

    #[test]
    fn a_goal_is_met_up_to_its_bound() {
        let judge = |value| results(&[("a", measured, "ns", AtMost(30.0))], &run(&[("a", value)]), true);
        assert_eq!(judge(30.0), "goal  benchmark  result\nmet   a          30.00 ns, goal: at most 30\n");
        assert!(judge(30.1).contains("MISSED  a"), "{}", judge(30.1));
        let judge = |value| results(&[("a", measured, "x", AtLeast(2.0))], &run(&[("a", value)]), true);
        assert!(judge(1.9).contains("MISSED") && judge(2.0).contains("met"));
    }

    #[test]
    fn further_peers_are_charged_without_the_first() {
        let measured = run(&[("p/1", 30.0), ("p/250", 2_520.0)]);
        assert_eq!(further_peer(&measured, "p"), Ok(10.0));
    }

    #[test]
    fn enet_is_the_baseline_of_the_same_run() {
        let measured = run(&[("m steam", 6.0), ("m enet", 4.0)]);
        assert_eq!((of_enet(&measured, "m"), beyond_enet(&measured, "m")), (Ok(1.5), Ok(2.0)));
    }

    #[test]
    fn a_whole_run_names_the_benchmarks_that_are_missing() {
        for goals in [CRITERION, ENGINE] {
            assert_eq!(results(goals, &run(&[]), true).matches("? ").count(), goals.len());
            assert_eq!(results(goals, &run(&[]), false), "");
        }
        let of_one = results(CRITERION, &run(&[("put_flush/64/1", 20.0)]), true);
        assert!(of_one.contains("not measured: put_flush/64/250\n"), "{of_one}");
    }
}
