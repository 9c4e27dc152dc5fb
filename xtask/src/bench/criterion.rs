//! The benchmarks of crate `benches`, and what criterion measured, read from the files that it writes.
//!
//! Each benchmark has a folder `new` with `benchmark.json` (its name and throughput) and `estimates.json` (nanoseconds
//! an iteration).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::goals::{self, Run};
use crate::packages;
use crate::run::{cargo, step, target_dir};
use crate::table::table;

/// One benchmark's result.
#[derive(Debug)]
struct Measured {
    written: SystemTime,
    benchmark: Benchmark,
    median: Estimate,
}

#[derive(Debug, Deserialize)]
struct Benchmark {
    #[serde(rename = "full_id")]
    id: String,
    throughput: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Estimates {
    median: Estimate,
}

/// In nanoseconds an iteration.
#[derive(Debug, Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Debug, Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

impl Measured {
    /// How many packets an iteration handles, if the benchmark says so.
    fn packets(&self) -> Option<f64> {
        self.benchmark.throughput["Elements"].as_f64()
    }

    /// Nanoseconds a packet; an iteration without a stated throughput counts as one.
    fn a_packet(&self) -> f64 {
        self.median.point_estimate / self.packets().unwrap_or(1.0)
    }
}

/// Runs the benchmarks that match the filter; prints their results and goals.
pub(super) fn run(filter: Option<&str>, arguments: &[String]) -> Result<()> {
    // Two processes of the benchmarks meet over Local Steam, which is built with them.
    packages::need()?;
    // Said rather than guessed, so that criterion writes where this looks.
    let folder = match std::env::var_os("CRITERION_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => target_dir()?.join("criterion"),
    };
    // By pattern, because the library's own test harness would refuse criterion's arguments.
    let mut command = cargo(&["bench", "-p", "benches", "--bench", "*", "--"]);
    command.args(filter).args(arguments).env("CRITERION_HOME", &folder);

    let start = SystemTime::now();
    step("benchmarks", &mut command)?;
    let measured = read_since(&folder, start)?;
    if measured.is_empty() {
        // `-- --list` and `-- --test` rightly measure nothing.
        if arguments.is_empty() {
            bail!("nothing was measured: no benchmark matches");
        }
        return Ok(());
    }
    print!("\n{}", results(&measured));
    let run: Run = measured.iter().map(|one| (one.benchmark.id.clone(), one.a_packet())).collect();
    let goals = goals::results(goals::CRITERION, &run, filter.is_none());
    if !goals.is_empty() {
        print!("\n{goals}");
    }
    Ok(())
}

fn results(measured: &[Measured]) -> String {
    let mut rows = vec![["benchmark", "median", "95 % confidence", "a packet"].map(str::to_owned)];
    for one in measured {
        let Interval { lower_bound, upper_bound } = one.median.confidence_interval;
        rows.push([
            one.benchmark.id.clone(),
            show_time(one.median.point_estimate),
            format!("{} .. {}", show_time(lower_bound), show_time(upper_bound)),
            one.packets().map_or_else(String::new, |_| show_time(one.a_packet())),
        ]);
    }
    table(&rows)
}

/// Nanoseconds in the unit that reads best.
fn show_time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    format!("{value:.2} {unit}")
}

/// All results that were written at `since` or later, in the order of their benchmarks. Older ones are of another run,
/// not comparable with these, and perhaps of benchmarks that no longer exist.
fn read_since(criterion: &Path, since: SystemTime) -> Result<Vec<Measured>> {
    let mut found = Vec::new();
    let mut folders = vec![criterion.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.ends_with("new/estimates.json") {
                let written = fs::metadata(&path)?.modified()?;
                if written >= since {
                    let Estimates { median } = json(&path)?;
                    let benchmark = json(&path.with_file_name("benchmark.json"))?;
                    found.push(Measured { written, benchmark, median });
                }
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort_by_key(|measured| measured.written);
    Ok(found)
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("unexpected content of {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a result as criterion does.
    fn write(criterion: &Path, id: &str, throughput: &str) {
        let folder = criterion.join(id).join("new");
        fs::create_dir_all(&folder).unwrap();
        let benchmark = format!(r#"{{"group_id": "g", "full_id": "{id}", "throughput": {throughput}}}"#);
        fs::write(folder.join("benchmark.json"), benchmark).unwrap();
        let interval = r#"{"confidence_level": 0.95, "lower_bound": 290.0, "upper_bound": 310.5}"#;
        let median = format!(r#"{{"confidence_interval": {interval}, "point_estimate": 300.0}}"#);
        fs::write(folder.join("estimates.json"), format!(r#"{{"median": {median}}}"#)).unwrap();
    }

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
        let shown = [0.5, 999.0, 1_000.0, 25_500.0, 3e6, 2e9].map(show_time);
        assert_eq!(shown, ["0.50 ns", "999.00 ns", "1.00 us", "25.50 us", "3.00 ms", "2.00 s"]);
    }

    #[test]
    fn results_show_a_packet_where_packets_are_counted() {
        let criterion = tempfile::tempdir().unwrap();
        write(criterion.path(), "put/64/1", r#"{"Elements": 10}"#);
        write(criterion.path(), "hello_decode", "null");
        // Whatever the file system's clock resolves.
        let first = fs::File::open(criterion.path().join("put/64/1/new/estimates.json")).unwrap();
        first.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let measured = read_since(criterion.path(), SystemTime::UNIX_EPOCH).unwrap();
        let expected = "\
benchmark     median     95 % confidence         a packet
put/64/1      300.00 ns  290.00 ns .. 310.50 ns  30.00 ns
hello_decode  300.00 ns  290.00 ns .. 310.50 ns
";
        assert_eq!(results(&measured), expected);
        let packets: Vec<_> = measured.iter().map(Measured::a_packet).collect();
        assert_eq!(packets, [30.0, 300.0]);
    }

    #[test]
    fn results_of_an_earlier_run_are_left_out() {
        let criterion = tempfile::tempdir().unwrap();
        write(criterion.path(), "put/64/1", "null");
        let later = SystemTime::now() + std::time::Duration::from_mins(1);
        assert!(read_since(criterion.path(), later).unwrap().is_empty());
    }

    #[test]
    fn an_unreadable_result_is_an_error() {
        let criterion = tempfile::tempdir().unwrap();
        write(criterion.path(), "put", "null");
        fs::write(criterion.path().join("put/new/estimates.json"), r#"{"mean": {}}"#).unwrap();
        let error = read_since(criterion.path(), SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(format!("{error:#}").contains("missing field `median`"), "{error:#}");
    }
}
