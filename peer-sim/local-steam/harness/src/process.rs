//! A test's end of a process.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::lines::ROLE;
use crate::wait::{TIMEOUT, until};

/// How many printed lines are kept, and how many bytes of each.
const KEPT_LINES: usize = 1_000;
const KEPT_BYTES: usize = 400;

/// This test binary, to run as a worker in one of the roles of [`workers!`](crate::workers).
pub fn respawn_self(role: &str) -> Command {
    // The test that the macro makes.
    let arguments = ["worker_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"];
    respawn_self_with(arguments.map(OsString::from), role)
}

/// This binary with these arguments; it asks [`role`](crate::lines::role) for its role. The variable
/// `STEAM_WORKER_WRAPPER` may name a program, with its options, under which all workers run, such as a debugger.
pub fn respawn_self_with(arguments: impl IntoIterator<Item = OsString>, role: &str) -> Command {
    let wrapper = std::env::var("STEAM_WORKER_WRAPPER").unwrap_or_default();
    let mut command = under(&wrapper);
    command.args(arguments).env(ROLE, role);
    command
}

/// As [`respawn_self`], under a program and its options.
pub fn respawn_self_under(wrapper: &str, role: &str) -> Command {
    let plain = respawn_self(role);
    let mut command = under(wrapper);
    command.args(plain.get_args()).env(ROLE, role);
    command
}

fn under(wrapper: &str) -> Command {
    let binary = std::env::current_exe().expect("the path of this binary");
    let mut words = wrapper.split_whitespace();
    match words.next() {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(words).arg(binary);
            command
        }
        None => Command::new(binary),
    }
}

/// Why a process said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The time was up.
    Timeout,
    /// It has closed its outputs, as it does when it ends.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

/// A process that was started. It is killed and reaped when this is dropped; what it has printed is shown if the test
/// is failing.
#[derive(Debug)]
pub struct Process {
    name: String,
    mark: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<(Stream, String)>,
    printed: VecDeque<(Stream, String)>,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts a process. The lines on either of its outputs that begin with `mark` are its reports.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(name: &str, mark: &'static str, command: &mut Command) -> Self {
        Self::spawn(name, mark, command).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// As [`start`](Self::start), for what is no test.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(name: &str, mark: &'static str, command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (sender, output) = channel();
        forward(Stream::Stdout, child.stdout.take().expect("a pipe"), sender.clone());
        forward(Stream::Stderr, child.stderr.take().expect("a pipe"), sender);
        let (input, name) = (child.stdin.take(), format!("{name} (pid {})", child.id()));
        Ok(Self { name, mark, child, input, output, printed: VecDeque::new(), status: None })
    }

    /// Tells it something: a line on its stdin.
    ///
    /// # Errors
    /// If it does not read any more.
    pub fn try_tell(&mut self, line: &str) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        // In one write, so that it is read at once.
        input.write_all(format!("{line}\n").as_bytes())
    }

    /// Tells it something: a line on its stdin.
    ///
    /// # Panics
    /// If it does not read any more.
    pub fn tell(&mut self, line: &str) {
        if let Err(error) = self.try_tell(line) {
            panic!("{}: does not read {line}: {error}", self.name);
        }
    }

    /// Closes its stdin: nothing more comes.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Its next report, without the mark.
    ///
    /// # Panics
    /// If it reports nothing within [`TIMEOUT`].
    pub fn line(&mut self, awaited: &str) -> String {
        self.line_within(TIMEOUT).unwrap_or_else(|silence| self.fail(awaited, silence))
    }

    /// Its next report, without the mark.
    ///
    /// # Errors
    /// If there is none within that time.
    pub fn line_within(&mut self, timeout: Duration) -> Result<String, Silence> {
        let deadline = Instant::now() + timeout;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(report) = self.keep(line) {
                        return Ok(report);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Err(Silence::Timeout),
                Err(RecvTimeoutError::Disconnected) => return Err(Silence::Ended),
            }
        }
    }

    /// The reports that have come and nobody has asked for.
    pub fn lines_so_far(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line_within(Duration::ZERO).ok()).collect()
    }

    /// Fails the test because something that was awaited did not come.
    ///
    /// # Panics
    /// Always.
    pub fn fail(&self, awaited: &str, silence: Silence) -> ! {
        match silence {
            Silence::Timeout => panic!("{}: {awaited} did not come in time", self.name),
            Silence::Ended => panic!("{}: ended before {awaited}", self.name),
        }
    }

    /// What it has printed to stderr, as far as it was read: all of it once it has ended.
    pub fn stderr(&self) -> Vec<&str> {
        let errors = self.printed.iter().filter(|(stream, _)| *stream == Stream::Stderr);
        errors.map(|(_, line)| line.as_str()).collect()
    }

    /// Kills it, as a crash does: nothing more runs in it. Reports that it has made before can still be read.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn kill(&mut self) {
        self.end_input();
        if self.status.is_none() {
            self.child.kill().expect("a process to kill");
            self.wait().expect("a process to reap");
        }
    }

    /// Waits for its end, however long that takes.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait()?;
        self.status = Some(status);
        Ok(status)
    }

    /// Closes its stdin and waits for its end.
    ///
    /// # Panics
    /// If it does not end within [`TIMEOUT`].
    pub fn end(&mut self) -> ExitStatus {
        self.end_input();
        let status = until(&format!("the end of {}", self.name), || {
            self.lines_so_far();
            self.status = self.status.or_else(|| self.child.try_wait().expect("a process to ask for"));
            self.status
        });
        // What it printed last. It is not all if a process that it has left behind still holds its outputs.
        while self.line_within(TIMEOUT).is_ok() {}
        status
    }

    /// Closes its stdin and waits for its end.
    ///
    /// # Panics
    /// If it does not end within [`TIMEOUT`], or fails.
    pub fn ends_well(&mut self) {
        let status = self.end();
        assert!(status.success(), "{}: {status}", self.name);
    }

    /// Takes in a line; the report in it.
    fn keep(&mut self, (stream, line): (Stream, String)) -> Option<String> {
        let report = line.strip_prefix(self.mark).map(str::to_owned);
        let mut kept = line;
        kept.truncate(kept.floor_char_boundary(KEPT_BYTES));
        if self.printed.len() == KEPT_LINES {
            self.printed.pop_front();
        }
        self.printed.push_back((stream, kept));
        report
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_none() {
            // It may have ended meanwhile, and then neither has anything to do.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        // Whoever has had every line as a report has shown it.
        if thread::panicking() && !self.mark.is_empty() {
            self.lines_so_far();
            eprintln!("{} printed:", self.name);
            for (_, line) in &self.printed {
                eprintln!("    {line}");
            }
        }
    }
}

/// Passes on the lines of an output until it ends.
fn forward(stream: Stream, output: impl Read + Send + 'static, sender: Sender<(Stream, String)>) {
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        // An output that cannot be read any more has ended.
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            line.clear();
            if sender.send((stream, text)).is_err() {
                return;
            }
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::start("a shell", "@", Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn reports_of_both_outputs_are_told_from_what_else_is_printed() {
        let mut process = shell("read word; echo noise; echo @$word; echo @worse >&2; echo bad >&2");
        process.tell("hello");
        let mut reports = [process.line("a report"), process.line("a report")];
        reports.sort_unstable();
        assert_eq!(reports, ["hello", "worse"]);
        process.ends_well();
        assert_eq!(process.stderr(), ["@worse", "bad"]);
        assert_eq!(process.line_within(TIMEOUT), Err(Silence::Ended));
    }

    #[test]
    fn a_dropped_process_is_reaped() {
        let process = shell("exec sleep 600");
        let id = process.child.id().to_string();
        drop(process);
        let mut exists = Command::new("kill");
        assert!(!exists.args(["-0", &id]).stderr(Stdio::null()).status().unwrap().success());
    }

    #[test]
    fn a_silent_process_is_waited_for_until_the_timeout() {
        let mut process = shell("exec sleep 600");
        assert_eq!(process.line_within(Duration::from_millis(20)), Err(Silence::Timeout));
        process.kill();
        assert_eq!(process.line_within(TIMEOUT), Err(Silence::Ended));
    }

    #[test]
    #[should_panic(expected = "exit status: 3")]
    fn a_process_that_fails_fails_its_test() {
        shell("exit 3").ends_well();
    }
}
