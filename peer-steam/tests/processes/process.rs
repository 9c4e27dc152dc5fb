//! A test's end of a process that is told what to do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use peer_core::SteamId;

use crate::codec::{Reader, Writer};
use crate::library::{again, local_steam};
use crate::puppet::{self, READY};

/// Longer than any single call takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

/// Individual accounts of Steam's public universe begin here.
pub(crate) const FIRST_ACCOUNT: u64 = 76_561_197_960_265_728;

/// A process with a transport, on Local Steam.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<Reader>,
    name: String,
}

impl Process {
    /// Starts one as a user, in the network of `dir`.
    pub(crate) fn start(dir: &Path, user: SteamId, env: &[(&str, &str)]) -> Self {
        let account = user.0 - FIRST_ACCOUNT;
        let mut command = again("puppet::run", &local_steam());
        command
            .env(puppet::MARK, "1")
            .env("LOCAL_STEAM_DIR", dir)
            .env("LOCAL_STEAM_ID", account.to_string())
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("this binary again");
        let input = child.stdin.take().expect("a pipe");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (to_answers, answers) = channel();
        thread::spawn(move || {
            // What the test harness prints comes first.
            let mut line = String::new();
            while line.trim_end() != READY {
                line.clear();
                if output.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
            }
            while let Ok(answer) = Reader::receive(&mut output) {
                if to_answers.send(answer).is_err() {
                    return;
                }
            }
        });
        let name = format!("account {account} (pid {})", child.id());
        Self { child, input: Some(input), answers, name }
    }

    /// Has it do something; what it answers. `None` if it is not there any more.
    pub(crate) fn ask(&mut self, request: &Writer) -> Option<Reader> {
        request.send(self.input.as_mut()?).ok()?;
        match self.answers.recv_timeout(PATIENCE) {
            Ok(answer) => Some(answer),
            Err(error) => panic!("{}: no answer: {error}", self.name),
        }
    }

    /// Kills it, as a crash does: nothing more runs in it.
    pub(crate) fn kill(&mut self) {
        self.input = None;
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a process to wait for");
    }

    /// Lets it end by itself. Panics if it does not end well: it checks that nothing of Steam's is left.
    pub(crate) fn quit(&mut self) {
        let Some(input) = self.input.take() else { return };
        drop(input);
        let status = self.child.wait().expect("a process to wait for");
        assert!(status.success() || thread::panicking(), "{}: {status}", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        } else {
            self.quit();
        }
        let _ = std::io::stdout().flush();
    }
}
