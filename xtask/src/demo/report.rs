//! What a player's process prints: its report, and errors.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Stands in front of the report, on one line with it.
const PREFIX: &str = "DEMO-REPORT ";

/// What one player saw of the game. Players are named by their peer ids, of which the host's is 1.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) peers: BTreeSet<u32>,
    /// The players that were spawned here, itself among them.
    pub(crate) squares: BTreeSet<u32>,
    /// Those that their owners' synchronizers have moved here.
    pub(crate) moved: BTreeSet<u32>,
    /// The transfer mode of each stream of calls.
    pub(crate) modes: BTreeMap<String, Mode>,
    /// How often this player called each stream, each time for everybody.
    pub(crate) sent: BTreeMap<String, u64>,
    pub(crate) received: Vec<Received>,
    pub(crate) ping_ms: BTreeMap<u32, f64>,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// What arrived of one stream from one player.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Received {
    pub(crate) from: u32,
    pub(crate) stream: String,
    pub(crate) count: u64,
    /// The highest number among them; the first call has the number 1.
    pub(crate) last: u64,
    /// How many came after a later one, or twice.
    pub(crate) late: u64,
}

/// Godot's transfer modes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Reliable,
    Unreliable,
    UnreliableOrdered,
}

impl Report {
    /// The report among the lines that a process printed.
    pub(crate) fn find(lines: &[String]) -> Result<Self> {
        let report = lines.iter().find_map(|line| line.strip_prefix(PREFIX)).context("made no report")?;
        serde_json::from_str(report).context("made a report that cannot be read")
    }

    /// What arrived of a stream from a player.
    pub(crate) fn received_from(&self, from: u32, stream: &str) -> Option<&Received> {
        self.received.iter().find(|received| received.from == from && received.stream == stream)
    }
}

/// Whether a line tells of an error: `ERROR:`, `SCRIPT ERROR:` and the like are Godot's, the other is a panic's.
pub(crate) fn is_error(line: &str) -> bool {
    let line = line.trim_start();
    let kind = line.split(':').next().unwrap_or_default();
    let is_godots = line.contains(':') && kind.ends_with("ERROR") && !kind.contains(char::is_lowercase);
    is_godots || line.contains("panicked at")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_report_is_found_among_what_a_process_prints() {
        let lines = lines(
            "Godot Engine v4.6\n\
             DEMO-REPORT {\"id\":7,\"name\":\"anna\",\"peers\":[1,9],\"squares\":[1,7,9],\"moved\":[1],\
             \"modes\":{\"aim\":\"unreliable_ordered\"},\"sent\":{\"aim\":12},\"received\":[{\"from\":1,\"stream\":\
             \"aim\",\"count\":3,\"last\":4,\"late\":0}],\"ping_ms\":{\"1\":2.5},\"bytes_in\":10,\"bytes_out\":20}\n\
             bye",
        );
        let report = Report::find(&lines).unwrap();
        assert_eq!((report.id, report.name.as_str()), (7, "anna"));
        assert_eq!(report.peers, [1, 9].into());
        assert_eq!(report.modes["aim"], Mode::UnreliableOrdered);
        let received = report.received_from(1, "aim").unwrap();
        assert_eq!((received.count, received.last, received.late), (3, 4, 0));
        assert!(report.received_from(9, "aim").is_none());
        assert!((report.ping_ms[&1] - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_missing_report_and_a_broken_one_are_told_apart() {
        let missing = Report::find(&lines("Godot Engine v4.6")).unwrap_err();
        assert_eq!(missing.to_string(), "made no report");
        let broken = Report::find(&lines("DEMO-REPORT {\"id\":")).unwrap_err();
        assert_eq!(broken.to_string(), "made a report that cannot be read");
    }

    #[test]
    fn errors_of_the_engine_of_scripts_and_of_the_addon_are_errors() {
        assert!(is_error("ERROR: Condition \"!peer\" is true."));
        assert!(is_error("SCRIPT ERROR: Invalid call."));
        assert!(is_error("USER ERROR: said a script"));
        assert!(is_error("  thread 'main' panicked at src/lib.rs:1:1"));
    }

    #[test]
    fn what_only_speaks_of_errors_is_none() {
        assert!(!is_error("WARNING: something"));
        assert!(!is_error("   at: get_node (scene/main/node.cpp:1)"));
        assert!(!is_error("Last Error: none"));
        assert!(!is_error("ERROR"));
        assert!(!is_error(""));
    }
}
