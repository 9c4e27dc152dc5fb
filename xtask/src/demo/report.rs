//! What a player's process prints: its report, and errors.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Stands in front of the report, on one line with it.
const PREFIX: &str = "DEMO-REPORT ";

/// What one player saw of the game. Players are named by their peer ids, of which the host's is 1.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Report {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) peers: BTreeSet<u32>,
    /// The players that were spawned here, itself among them.
    pub(super) squares: BTreeSet<u32>,
    /// Those that their owners' synchronizers have moved here.
    pub(super) moved: BTreeSet<u32>,
    /// The transfer mode of each stream of calls.
    pub(super) modes: BTreeMap<String, Mode>,
    /// How often this player called each stream, each time for everybody.
    pub(super) sent: BTreeMap<String, u64>,
    pub(super) received: Vec<Received>,
    pub(super) ping_ms: BTreeMap<u32, f64>,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}

/// What arrived of one stream from one player.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Received {
    pub(super) from: u32,
    pub(super) stream: String,
    pub(super) count: u64,
    /// The highest number among them; the first call has the number 1.
    pub(super) last: u64,
    /// How many came after a later one, or twice.
    pub(super) late: u64,
}

/// Godot's transfer modes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    Reliable,
    Unreliable,
    UnreliableOrdered,
}

impl Report {
    /// The report among the lines that a process printed.
    pub(super) fn find(lines: &[String]) -> Result<Self> {
        let report = lines.iter().find_map(|line| line.strip_prefix(PREFIX)).context("made no report")?;
        serde_json::from_str(report).context("made a report that cannot be read")
    }

    /// What arrived of a stream from a player.
    pub(super) fn received_from(&self, from: u32, stream: &str) -> Option<&Received> {
        self.received.iter().find(|received| received.from == from && received.stream == stream)
    }
}

/// The lines that tell of errors, each once with how often it was there: an error in each frame is one error.
pub(super) fn errors(lines: &[String]) -> Vec<String> {
    let mut counted: Vec<(&String, u32)> = Vec::new();
    for line in lines.iter().filter(|line| is_error(line)) {
        match counted.iter_mut().find(|(present, _)| *present == line) {
            Some((_, count)) => *count += 1,
            None => counted.push((line, 1)),
        }
    }
    let show = |(line, count): (&String, u32)| {
        if count > 1 { format!("{line} ({count} times)") } else { line.clone() }
    };
    counted.into_iter().map(show).collect()
}

/// Whether a line tells of an error: `ERROR:`, `SCRIPT ERROR:` and the like are Godot's, the other is a panic's.
fn is_error(line: &str) -> bool {
    let line = line.trim_start();
    let kind = line.split(':').next().unwrap_or_default();
    let is_godots = line.contains(':') && kind.ends_with("ERROR") && !kind.contains(char::is_lowercase);
    is_godots || line.contains("panicked at")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_found_among_what_a_process_prints() {
        let find = |line: &str| Report::find(&["Godot Engine v4.6".to_owned(), line.to_owned()]);
        let report = find(
            r#"DEMO-REPORT {"id":7,"name":"anna","peers":[1,9],"squares":[1,7,9],"moved":[1],
            "modes":{"aim":"unreliable_ordered"},"sent":{"aim":12},"received":[{"from":1,"stream":"aim","count":3,
            "last":4,"late":0}],"ping_ms":{"1":2.5},"bytes_in":10,"bytes_out":20}"#,
        );
        let report = report.unwrap();
        assert_eq!(
            (report.id, report.name.as_str(), report.modes["aim"]),
            (7, "anna", Mode::UnreliableOrdered)
        );
        let received = report.received_from(1, "aim").unwrap();
        assert_eq!((received.count, received.last, received.late), (3, 4, 0));
        assert!(report.received_from(9, "aim").is_none());
        assert_eq!(find("bye").unwrap_err().to_string(), "made no report");
        let broken = find("DEMO-REPORT {\"id\":").unwrap_err();
        assert_eq!(broken.to_string(), "made a report that cannot be read");
    }

    #[test]
    fn errors_of_the_engine_of_scripts_and_of_the_addon_are_errors() {
        let wrong = [
            "ERROR: Condition \"!peer\" is true.",
            "SCRIPT ERROR: Invalid call.",
            "USER ERROR: said a script",
            "  thread 'main' panicked at src/lib.rs:1:1",
        ];
        let right = ["WARNING: something", "   at: get_node (node.cpp:1)", "Last Error: none", "ERROR", ""];
        let lines = wrong.into_iter().chain(wrong).chain(right).map(str::to_owned);
        assert_eq!(errors(&lines.collect::<Vec<_>>()), wrong.map(|line| format!("{line} (2 times)")));
    }
}
