//! Processes that do something by themselves, and say on stdout what came of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::library::{again, local_steam};

/// Longer than anything in a scenario takes, however busy the machine is, under valgrind too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// Set to the name of the role in a process that has one.
const ROLE: &str = "PEER_STEAM_ROLE";

/// Whether this process has that role; otherwise an ignored test that holds one does nothing.
pub(crate) fn is(role: &str) -> bool {
    std::env::var(ROLE).is_ok_and(|is| is == role)
}

/// A line for the test that watches.
macro_rules! say {
    ($($text:tt)*) => { println!("\n@{}", format!($($text)*)) };
}
pub(crate) use say;

/// Polls until something is so.
pub(crate) fn until<R>(what: &str, mut poll: impl FnMut() -> Option<R>) -> R {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(result) = poll() {
            return result;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// A process with a role, as an account of a network.
pub(crate) struct Actor {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Actor {
    /// Starts it; `role` is the path of the ignored test that plays it.
    pub(crate) fn start(role: &str, dir: &Path, account: u32, env: &[(&str, &str)]) -> Self {
        Self::spawn(again(role, &local_steam()), role, dir, account, env)
    }

    /// The same by a command that starts this binary.
    pub(crate) fn spawn(
        mut command: Command,
        role: &str,
        dir: &Path,
        account: u32,
        env: &[(&str, &str)],
    ) -> Self {
        command
            .env(ROLE, role)
            .env("LOCAL_STEAM_DIR", dir)
            .env("LOCAL_STEAM_ID", account.to_string())
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("this binary again");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (to_lines, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix('@')
                    && to_lines.send(line.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self { child, input, lines }
    }

    /// Tells it something: a line on its stdin.
    pub(crate) fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("a process that listens");
        writeln!(input, "{line}").expect("a process that listens");
    }

    /// Tells it that nothing more comes.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// The next thing that it says.
    pub(crate) fn line(&self) -> String {
        self.line_within(PATIENCE).expect("the process to say something")
    }

    /// The next thing that it says, unless it ends or says nothing for so long.
    pub(crate) fn line_within(&self, patience: Duration) -> Option<String> {
        self.lines.recv_timeout(patience).ok()
    }

    /// What it has said in the meantime.
    pub(crate) fn lines_so_far(&self) -> impl Iterator<Item = String> {
        self.lines.try_iter()
    }

    /// Kills it, as a crash does: nothing more runs in it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a process to wait for");
    }

    /// Waits until it has ended, and well.
    pub(crate) fn ends_well(mut self) {
        let status = until("the end of the process", || self.child.try_wait().expect("a process"));
        assert!(status.success(), "{status}");
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
