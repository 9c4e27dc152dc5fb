//! `cargo xtask bench`: runs the benchmarks, then prints what they measured in this run.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Result, bail};

use crate::engine_bench;
use crate::estimates::{self, Measured};
use crate::goals::GOALS;
use crate::packages;
use crate::run::{cargo, step, target_dir};
use crate::table::table;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only benchmarks whose name matches this regular expression; `engine` for those in Godot processes alone
    filter: Option<String>,
    /// Passed on to criterion, as in `-- --measurement-time 10`
    #[arg(last = true)]
    criterion: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.filter.as_deref() == Some(engine_bench::NAME) {
        return engine_bench::run();
    }
    run_criterion(args)?;
    // A whole run; a filter, or what is passed on to criterion, is about criterion's benchmarks.
    if args.filter.is_none() && args.criterion.is_empty() {
        engine_bench::run()?;
    }
    Ok(())
}

fn run_criterion(args: &Args) -> Result<()> {
    // Two processes of the benchmarks meet over Local Steam, which is built with them.
    packages::need()?;
    // Said rather than guessed, so that criterion writes where this looks.
    let folder = match std::env::var_os("CRITERION_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => target_dir()?.join("criterion"),
    };
    // By pattern, because the library's own test harness would refuse criterion's arguments.
    let mut command = cargo(&["bench", "-p", "benches", "--bench", "*", "--"]);
    command.args(&args.filter).args(&args.criterion).env("CRITERION_HOME", &folder);

    let start = SystemTime::now();
    step("benchmarks", &mut command)?;
    let measured = estimates::read_since(&folder, start)?;
    if measured.is_empty() {
        // `-- --list` and `-- --test` rightly measure nothing.
        if args.criterion.is_empty() {
            bail!("nothing was measured: no benchmark matches");
        }
        return Ok(());
    }
    print!("\n{}", results(&measured));
    let goals = goals(&measured, args.filter.is_none());
    if !goals.is_empty() {
        print!("\n{goals}");
    }
    Ok(())
}

fn results(measured: &[Measured]) -> String {
    let mut rows = vec![["benchmark", "median", "its interval", "a packet"].map(str::to_owned)];
    for one in measured {
        let (low, high) = one.interval;
        rows.push([
            one.id.clone(),
            time(one.median),
            format!("{} .. {}", time(low), time(high)),
            one.elements.map_or_else(String::new, |_| time(one.per_element())),
        ]);
    }
    table(&rows)
}

/// The goals that can be judged; of a whole run also those that cannot, so that a renamed benchmark shows.
fn goals(measured: &[Measured], whole: bool) -> String {
    let mut rows = Vec::new();
    for goal in GOALS {
        if let Some(verdict) = goal.judge(measured) {
            let mark = if verdict.met { "met" } else { "MISSED" };
            rows.push([mark.to_owned(), goal.id.to_owned(), verdict.text]);
        } else if whole {
            let missing = goal.needs().into_iter().filter(|id| measured.iter().all(|m| m.id != *id));
            let text = format!("not measured: {}", missing.collect::<Vec<_>>().join(", "));
            rows.push(["?".to_owned(), goal.id.to_owned(), text]);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    rows.insert(0, ["goal", "benchmark", "result"].map(str::to_owned));
    table(&rows)
}

/// Nanoseconds in the unit that reads best, four digits or so.
fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    format!("{value:.2} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(id: &str, median: f64, elements: Option<f64>) -> Measured {
        Measured { id: id.to_owned(), median, interval: (median - 1.0, median + 1.0), elements }
    }

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
        let shown = [0.5, 999.0, 1_000.0, 25_500.0, 3e6, 2e9].map(time);
        assert_eq!(shown, ["0.50 ns", "999.00 ns", "1.00 us", "25.50 us", "3.00 ms", "2.00 s"]);
    }

    #[test]
    fn the_results_line_up_and_show_a_packet_where_packets_are_counted() {
        let text = results(&[measured("put/1", 300.0, Some(10.0)), measured("hello_decode", 20.0, None)]);
        let expected = "\
benchmark     median     its interval            a packet
put/1         300.00 ns  299.00 ns .. 301.00 ns  30.00 ns
hello_decode  20.00 ns   19.00 ns .. 21.00 ns
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_missed_goal_is_marked() {
        let text = goals(&[measured("put_flush/64/1", 31.0, None)], false);
        assert!(text.contains("MISSED  put_flush/64/1  31.0 ns a packet, goal 30 ns"), "{text}");
    }

    #[test]
    fn a_whole_run_tells_which_goals_lack_their_benchmark() {
        let text = goals(&[measured("put_flush/64/1", 20.0, None)], true);
        assert!(text.contains("not measured: put_flush/64/250\n"), "{text}");
    }

    #[test]
    fn a_filtered_run_shows_only_the_goals_that_it_measured() {
        assert_eq!(goals(&[measured("something_else", 20.0, None)], false), "");
    }
}
