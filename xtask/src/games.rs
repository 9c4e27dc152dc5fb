//! Godot processes that play with each other over Local Steam.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_steam_harness::{Network, Process, Silence, library};

use crate::local;

/// How many of the last lines of a process are shown when something is wrong.
const SHOWN_LINES: usize = 60;

/// How often the processes are asked for what they have printed.
const INTERVAL: Duration = Duration::from_millis(10);

/// Whether somebody has pressed Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What a process does, by its account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It printed a line, on either output.
    Line(u32, String),
    /// It ended.
    Ended(u32, ExitStatus),
}

/// The processes of one network of Local Steam, where nobody else is. Those that still run are killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Games {
    godot: PathBuf,
    local_steam: PathBuf,
    network: Network,
    all: Vec<Game>,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Game {
    pub(crate) account: u32,
    process: Process,
    /// What it printed, on both outputs.
    pub(crate) lines: Vec<String>,
    /// None while it runs.
    pub(crate) status: Option<ExitStatus>,
}

impl Games {
    /// An empty network for processes of `godot`, with the library of Local Steam in the folder `local_steam`.
    pub(crate) fn new(godot: &Path, local_steam: &Path) -> Self {
        let network = Network::new().with_strict("0");
        Self { godot: godot.to_owned(), local_steam: local_steam.to_owned(), network, all: Vec::new() }
    }

    /// Makes Ctrl-C an error of [`Self::next_event`], so that the processes are ended.
    pub(crate) fn end_on_interrupt() -> Result<()> {
        ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("cannot watch for Ctrl-C")
    }

    /// Starts a process, whose account is the next number from 1.
    pub(crate) fn start<A: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = A>) -> Result<()> {
        self.start_with(arguments, &[])
    }

    /// The same with further variables in its environment.
    pub(crate) fn start_with<A: AsRef<OsStr>>(
        &mut self,
        arguments: impl IntoIterator<Item = A>,
        env: &[(&str, String)],
    ) -> Result<()> {
        let account = u32::try_from(self.all.len()).context("too many processes")? + 1;
        let mut command = Command::new(&self.godot);
        self.network.join_with(&self.local_steam, account, &mut command);
        command
            .args(arguments)
            .env(library::search_variable(), local::search_path(&self.local_steam)?)
            .env("SteamAppId", local::APP_ID)
            .envs(env.iter().map(|(name, value)| (name, value)));
        let process = Process::spawn("godot", "", &mut command)
            .with_context(|| format!("cannot start {}", self.godot.display()))?;
        self.all.push(Game { account, process, lines: Vec::new(), status: None });
        Ok(())
    }

    /// The processes, in the order of their accounts.
    pub(crate) fn all(&self) -> &[Game] {
        &self.all
    }

    /// What happens next, or nothing if nothing does until the timeout.
    ///
    /// # Errors
    /// If somebody interrupts the command.
    pub(crate) fn next_event(&mut self, timeout: Duration) -> Result<Option<Event>> {
        let deadline = Instant::now() + timeout;
        loop {
            if INTERRUPTED.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            for game in self.all.iter_mut().filter(|game| game.status.is_none()) {
                match game.process.line_within(Duration::ZERO) {
                    Ok(line) => {
                        game.lines.push(line.clone());
                        return Ok(Some(Event::Line(game.account, line)));
                    }
                    Err(Silence::Ended) => {
                        let status = game.process.wait().context("cannot wait for a process")?;
                        game.status = Some(status);
                        return Ok(Some(Event::Ended(game.account, status)));
                    }
                    Err(Silence::Timeout) => {}
                }
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::park_timeout(INTERVAL);
        }
    }
}

impl Game {
    /// Shows what it printed last.
    pub(crate) fn show_output(&self) {
        eprintln!("\n==> the last lines of process {}", self.account);
        for line in &self.lines[self.lines.len().saturating_sub(SHOWN_LINES)..] {
            eprintln!("    {line}");
        }
    }
}

#[cfg(all(test, unix))]
pub(crate) mod tests {
    use super::*;

    /// A shell instead of Godot for each of the scripts.
    pub(crate) fn shells(scripts: &[&str]) -> Games {
        let mut games = Games::new(Path::new("sh"), Path::new("nowhere"));
        for script in scripts {
            games.start(["-c", script]).unwrap();
        }
        games
    }

    #[test]
    fn both_outputs_of_every_process_arrive_before_its_end() {
        let mut games = shells(&["echo one; echo two >&2; exit 3", "printf $LOCAL_STEAM_ID"]);
        while games.all().iter().any(|game| game.status.is_none()) {
            games.next_event(Duration::from_mins(1)).unwrap().expect("an event");
        }
        let [first, second] = games.all() else { panic!("two processes") };
        let mut lines = first.lines.clone();
        lines.sort();
        assert_eq!((lines, first.status.unwrap().code()), (vec!["one".into(), "two".into()], Some(3)));
        assert_eq!(second.lines, ["2"], "a line without an end, and the second account");
    }
}
