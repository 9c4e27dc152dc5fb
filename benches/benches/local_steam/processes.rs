//! The processes of the benchmarks, and the library that they load.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use peer_core::SteamId;

use crate::answers::READY;

/// Says what a process that this binary has started is for.
const ROLE: &str = "BENCH_LOCAL_STEAM_ROLE";

/// Individual accounts of Steam's public universe begin here.
const FIRST_ACCOUNT: u64 = 76_561_197_960_265_728;
const MEASURES: u32 = 1;
const ANSWERS: u32 = 2;

/// The user of the process that answers.
pub(crate) const ANSWERER: SteamId = SteamId(FIRST_ACCOUNT + ANSWERS as u64);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Measures,
    Answers,
}

/// What this process is for; `None` for the one that was started from outside.
pub(crate) fn role() -> Option<Role> {
    match std::env::var(ROLE).ok()?.as_str() {
        "measures" => Some(Role::Measures),
        "answers" => Some(Role::Answers),
        other => panic!("{ROLE}={other}"),
    }
}

/// Has another process measure, with the arguments of this one, on a network of its own.
pub(crate) fn measure() -> ExitCode {
    let network = tempfile::tempdir().expect("a folder for the network");
    let mut command = again("measures", MEASURES);
    for (name, _) in std::env::vars_os() {
        // A bad network on purpose, or another network.
        if name.to_string_lossy().starts_with("LOCAL_STEAM_") {
            command.env_remove(name);
        }
    }
    command
        .args(std::env::args_os().skip(1))
        .env("LD_LIBRARY_PATH", local_steam())
        .env("LOCAL_STEAM_DIR", network.path())
        .env("LOCAL_STEAM_ID", MEASURES.to_string())
        .env("SteamAppId", "480");
    let status = command.status().expect("this binary again");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn again(role: &str, account: u32) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
    command.env(ROLE, role).env("LOCAL_STEAM_ID", account.to_string());
    command
}

/// The folder of Local Steam's library: the one that `LOCAL_STEAM_LIBRARY` names, or beside this binary.
fn local_steam() -> PathBuf {
    let has_library = |folder: &Path| folder.join("libsteam_api.so").exists();
    if let Some(folder) = std::env::var_os("LOCAL_STEAM_LIBRARY") {
        return folder.into();
    }
    let binary = std::env::current_exe().expect("the path of this binary");
    let found = binary.ancestors().skip(1).take(2).find(|folder| has_library(folder));
    found.expect("Local Steam is built with the benchmarks, beside them").to_owned()
}

/// The process that answers, which ends with this value, or with this process.
pub(crate) struct Answerer {
    child: Child,
    /// It ends when this does.
    input: Option<ChildStdin>,
}

impl Answerer {
    /// Starts it; it listens by then.
    pub(crate) fn start() -> Self {
        let mut command = again("answers", ANSWERS);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("this binary again");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("text");
        assert_eq!(line.trim_end(), READY);
        Self { child, input }
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        self.input = None;
        let status = self.child.wait().expect("a process to wait for");
        assert!(status.success() || std::thread::panicking(), "the process that answers: {status}");
    }
}
