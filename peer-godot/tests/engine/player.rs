//! One Godot process, which plays a role.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use local_steam_harness::{Process, Silence};

use crate::transcript::Transcript;

/// How long a process may go on after its script went wrong: for what it says of that.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A process, and what it has printed.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) role: String,
    pub(crate) transcript: Transcript,
    process: Process,
    status: Option<ExitStatus>,
    was_killed: bool,
}

impl Player {
    pub(crate) fn start(role: &str, command: &mut Command) -> Self {
        // Every line counts.
        let mut process = Process::start(role, "", command);
        process.end_input();
        Self {
            role: role.to_owned(),
            transcript: Transcript::default(),
            process,
            status: None,
            was_killed: false,
        }
    }

    /// Takes in what it has printed up to now, and prints within this time.
    pub(crate) fn listen(&mut self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        while self.status.is_none() {
            match self.process.line_within(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.transcript.push(&line),
                Err(Silence::Timeout) => return,
                Err(Silence::Ended) => self.status = Some(self.process.end()),
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
        self.process.kill();
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
