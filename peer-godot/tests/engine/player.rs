//! One Godot process, which plays a role.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::transcript::Transcript;

/// How long a process may go on after its script went wrong: for what it says of that.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A process, and what it has printed.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) role: String,
    pub(crate) transcript: Transcript,
    child: Child,
    lines: Receiver<String>,
    status: Option<ExitStatus>,
    was_killed: bool,
}

impl Player {
    pub(crate) fn start(role: &str, command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, lines) = channel();
        forward(child.stdout.take().expect("a pipe"), sender.clone());
        forward(child.stderr.take().expect("a pipe"), sender);
        let transcript = Transcript::default();
        Self { role: role.to_owned(), transcript, child, lines, status: None, was_killed: false }
    }

    /// Takes in what it has printed up to now, or waits for it for so long.
    pub(crate) fn listen(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.status.is_none() {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.transcript.push(&line),
                Err(RecvTimeoutError::Timeout) => return,
                // It has closed its output, because it has ended.
                Err(RecvTimeoutError::Disconnected) => {
                    self.status = Some(self.child.wait().expect("a process to wait for"));
                }
            }
        }
    }

    /// Waits for its end. One that does not come to it is killed, and that is a fault.
    pub(crate) fn finish(&mut self, deadline: Instant) {
        while self.status.is_none() && Instant::now() < deadline && !self.transcript.is_broken() {
            self.listen(Duration::from_millis(50).min(deadline.saturating_duration_since(Instant::now())));
        }
        if self.status.is_none() {
            self.listen(LAST_WORDS);
        }
        if self.status.is_none() {
            self.transcript.push("@fail this process did not end, and was killed");
            self.kill();
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.status.is_some()
    }

    /// Kills it, as a crash does: nothing more runs in it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a process to kill");
        self.was_killed = true;
        self.listen(Duration::from_secs(10));
    }

    /// What is wrong with how it went.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.transcript.faults();
        if !self.was_killed {
            if self.transcript.tagged("@done ").is_none() {
                faults.push("it never said that it was done".to_owned());
            }
            match self.status {
                Some(status) if status.success() => {}
                Some(status) => faults.push(status.to_string()),
                None => faults.push("it has not ended".to_owned()),
            }
        }
        faults
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if self.status.is_none() {
            // The test has failed already.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Passes on the lines of a stream, until it ends.
fn forward(stream: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|len| len > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
}
