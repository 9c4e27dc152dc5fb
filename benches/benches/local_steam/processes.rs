//! The processes of the benchmarks.

use std::process::ExitCode;

use local_steam_harness::lines::MARK;
use local_steam_harness::process::respawn_self_with;
use local_steam_harness::{Network, Process, steam_id};
use peer_core::SteamId;

/// What a process that this binary has started is for.
pub(crate) const MEASURES: &str = "measures";
pub(crate) const ANSWERS: &str = "answers";

/// The user of the process that answers.
pub(crate) const ANSWERER: SteamId = SteamId(steam_id(2));

/// Has another process measure, with the arguments of this one, on a network of its own.
pub(crate) fn measure() -> ExitCode {
    let network = Network::new();
    let mut command = respawn_self_with(std::env::args_os().skip(1), MEASURES);
    network.join(1, command.env("SteamAppId", "480"));
    let status = command.status().expect("this binary");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The process that answers, which ends with this value, or with this process.
pub(crate) struct Answerer(Process);

impl Answerer {
    /// Starts it; it listens by then.
    pub(crate) fn start() -> Self {
        let mut command = respawn_self_with([], ANSWERS);
        Network::of_this_process().join(2, command.env("SteamAppId", "480"));
        let mut process = Process::start(ANSWERS, MARK, &mut command);
        assert_eq!(process.line("a report"), "listening");
        Self(process)
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.ends_well();
        }
    }
}
