//! Godot processes that play with each other over Local Steam.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::local;

/// How many of the last lines of a process are shown when something is wrong.
const SHOWN_LINES: usize = 60;

/// What a process does, by its account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It printed a line, on either output.
    Line(u32, String),
    /// It ended.
    Ended(u32, ExitStatus),
}

/// Events as the threads that read from the processes send them.
#[derive(Debug)]
enum Message {
    Line(u32, String),
    /// One of a process's two outputs was closed; both are when it has ended.
    Closed(u32),
    Interrupted,
}

/// The processes of one network of Local Steam, where nobody else is. Whoever still runs is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Games {
    godot: PathBuf,
    local_steam: PathBuf,
    search_path: OsString,
    network: tempfile::TempDir,
    all: Vec<Game>,
    sender: Sender<Message>,
    messages: Receiver<Message>,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Game {
    pub(crate) account: u32,
    child: Child,
    /// What it printed, on both outputs.
    pub(crate) lines: Vec<String>,
    open_outputs: u32,
    /// None while it runs.
    pub(crate) status: Option<ExitStatus>,
}

impl Games {
    /// An empty network for processes of `godot`, with the library of Local Steam that lies in the folder `local_steam`.
    pub(crate) fn new(godot: &Path, local_steam: &Path) -> Result<Self> {
        let (sender, messages) = mpsc::channel();
        Ok(Self {
            godot: godot.to_owned(),
            local_steam: local_steam.to_owned(),
            search_path: local::search_path(local_steam)?,
            network: tempfile::tempdir().context("cannot create a folder for Local Steam")?,
            all: Vec::new(),
            sender,
            messages,
        })
    }

    /// Makes Ctrl-C an error of [`Self::next_event`], so that the processes are ended. Once in a process.
    pub(crate) fn end_on_interrupt(&self) -> Result<()> {
        let sender = self.sender.clone();
        // The receiver is gone when nobody is left to be ended.
        ctrlc::set_handler(move || drop(sender.send(Message::Interrupted))).context("cannot watch for Ctrl-C")
    }

    /// Starts a process, whose account is the next number from 1.
    pub(crate) fn start<A: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = A>) -> Result<()> {
        let account = u32::try_from(self.all.len()).context("too many processes")? + 1;
        let mut command = Command::new(&self.godot);
        command
            .args(arguments)
            .env(local::search_variable(), &self.search_path)
            .env(local::STEAM_LIBRARY, &self.local_steam)
            .env("LOCAL_STEAM_ID", account.to_string())
            .env("LOCAL_STEAM_DIR", self.network.path())
            .env("SteamAppId", local::APP_ID)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.godot.display()))?;
        let output = child.stdout.take().context("the output of a process was asked for")?;
        let errors = child.stderr.take().context("the errors of a process were asked for")?;
        forward(account, output, self.sender.clone());
        forward(account, errors, self.sender.clone());
        self.all.push(Game { account, child, lines: Vec::new(), open_outputs: 2, status: None });
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
        let end = Instant::now() + timeout;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            // The channel has a sender of its own: it is never closed.
            let Ok(message) = self.messages.recv_timeout(left) else { return Ok(None) };
            match message {
                Message::Line(account, line) => {
                    self.game(account).lines.push(line.clone());
                    return Ok(Some(Event::Line(account, line)));
                }
                Message::Closed(account) => {
                    let game = self.game(account);
                    game.open_outputs -= 1;
                    if game.open_outputs == 0 {
                        let status = game.child.wait().context("cannot wait for a process")?;
                        game.status = Some(status);
                        return Ok(Some(Event::Ended(account, status)));
                    }
                }
                Message::Interrupted => bail!("interrupted"),
            }
        }
    }

    fn game(&mut self, account: u32) -> &mut Game {
        &mut self.all[account as usize - 1]
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

impl Drop for Game {
    fn drop(&mut self) {
        if self.status.is_none() {
            // It may have ended meanwhile, and then there is nothing to do.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Sends on what a process prints, line by line, from a thread that ends with the process.
fn forward(account: u32, output: impl Read + Send + 'static, messages: Sender<Message>) {
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        // An output that cannot be read counts as closed.
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if messages.send(Message::Line(account, text)).is_err() {
                return;
            }
        }
        // Nobody listens any more after the command's end.
        let _ = messages.send(Message::Closed(account));
    });
}

#[cfg(all(test, unix))]
pub(crate) mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_mins(1);

    /// A shell instead of Godot for each of the scripts.
    pub(crate) fn shells(scripts: &[&str]) -> Games {
        let mut games = Games::new(Path::new("sh"), Path::new("nowhere")).unwrap();
        for script in scripts {
            games.start(["-c", script]).unwrap();
        }
        games
    }

    #[test]
    fn both_outputs_of_every_process_arrive_before_its_end() {
        let mut games = shells(&["echo one; echo two >&2; exit 3", "printf $LOCAL_STEAM_ID"]);
        while games.all().iter().any(|game| game.status.is_none()) {
            games.next_event(TIMEOUT).unwrap().expect("an event");
        }
        let [first, second] = games.all() else { panic!("two processes") };
        let mut lines = first.lines.clone();
        lines.sort();
        assert_eq!(
            (lines.as_slice(), first.status.unwrap().code()),
            (&["one".into(), "two".into()][..], Some(3))
        );
        assert_eq!(second.lines, ["2"], "a line without an end, and the second account");
    }

    #[test]
    fn a_process_that_is_silent_is_not_waited_for_longer_than_the_timeout() {
        let mut games = shells(&["exec sleep 600"]);
        assert_eq!(games.next_event(Duration::from_millis(50)).unwrap(), None);
    }

    #[test]
    fn an_interruption_ends_every_process() {
        let mut games = shells(&["exec sleep 600", "exec sleep 600"]);
        let ids: Vec<_> = games.all().iter().map(|game| game.child.id().to_string()).collect();
        games.sender.send(Message::Interrupted).unwrap();
        assert_eq!(games.next_event(TIMEOUT).unwrap_err().to_string(), "interrupted");
        drop(games);
        let is_running = |id| crate::run::succeeds(Command::new("kill").args(["-0", id]));
        assert!(!ids.iter().any(|id| is_running(id)));
    }
}
