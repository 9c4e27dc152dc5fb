//! The scenario's end of a process.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Set for processes of a scenario; everything else does not run the puppet.
pub(crate) const PUPPET: &str = "LOCAL_STEAM_TEST_PUPPET";

/// Longer than anything in a scenario takes, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Where the library is: beside this test binary.
pub(crate) fn library_dir() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let dir = exe.parent().unwrap().to_owned();
    assert!(dir.join("libsteam_api.so").exists(), "libsteam_api.so is not in {}", dir.display());
    dir
}

/// This binary, told to run one test of its own with our library.
pub(crate) fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LOCAL_STEAM_") {
            command.env_remove(name);
        }
    }
    command.env("LD_LIBRARY_PATH", library_dir()).env("SteamAppId", "480");
    command
}

/// A process of the network in `dir`.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    events: VecDeque<Vec<String>>,
    errors: Receiver<String>,
    name: String,
}

impl Process {
    /// Starts a process, which has not initialised anything.
    pub(crate) fn idle(dir: &Path, env: &[(&str, &str)]) -> Self {
        let mut command = again("puppet::run");
        command.env(PUPPET, "1").env("LOCAL_STEAM_DIR", dir).envs(env.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut error_output = child.stderr.take().unwrap();
        let (to_lines, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix('@')
                    && to_lines.send(line.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        let (to_errors, errors) = channel();
        thread::spawn(move || {
            let mut text = String::new();
            let _ = error_output.read_to_string(&mut text);
            let _ = to_errors.send(text);
        });
        let name = format!("pid {}", child.id());
        Self { child, input, lines, events: VecDeque::new(), errors, name }
    }

    /// Starts a process that is on Steam.
    pub(crate) fn start(dir: &Path, env: &[(&str, &str)]) -> Self {
        let mut process = Self::idle(dir, env);
        let reply = process.ask("init");
        assert_eq!(reply[0], "ok", "{reply:?}");
        process.name = format!("{} ({})", process.name, reply[1]);
        process
    }

    /// Starts a process under an account.
    pub(crate) fn account(dir: &Path, account: u32) -> Self {
        Self::start(dir, &[("LOCAL_STEAM_ID", &account.to_string())])
    }

    /// Tells it to do something; what it answers.
    pub(crate) fn ask(&mut self, request: &str) -> Vec<String> {
        writeln!(self.input, "{request}").unwrap_or_else(|error| panic!("{}: {request}: {error}", self.name));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.line(deadline, request);
            match line.strip_prefix("= ") {
                Some(reply) => return words(reply),
                None => self.events.push_back(words(&line)),
            }
        }
    }

    /// Tells it to do something without waiting for the answer, which nobody may ask for any more.
    pub(crate) fn send_ahead(&mut self, request: &str) {
        writeln!(self.input, "{request}").unwrap();
    }

    /// What it answers, as a number.
    pub(crate) fn number(&mut self, request: &str) -> u64 {
        let reply = self.ask(request);
        reply[0].parse().unwrap_or_else(|_| panic!("{}: {request} = {reply:?}", self.name))
    }

    /// Waits for something it reports, which begins with these words. Other reports keep their place.
    pub(crate) fn expect(&mut self, beginning: &str) -> Vec<String> {
        let beginning = words(beginning);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(index) = self.events.iter().position(|event| event.starts_with(&beginning)) {
                return self.events.remove(index).unwrap();
            }
            let line = self.line(deadline, &format!("{beginning:?}"));
            self.events.push_back(words(&line));
        }
    }

    /// Everything it has reported until now and that nobody waited for.
    pub(crate) fn rest(&mut self) -> Vec<Vec<String>> {
        self.ask("nothing");
        self.events.drain(..).collect()
    }

    fn line(&self, deadline: Instant, waiting_for: &str) -> String {
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{}: no {waiting_for}; meanwhile {:?}", self.name, self.events)
            }
            Err(RecvTimeoutError::Disconnected) => {
                let errors = self.errors.recv_timeout(PATIENCE).unwrap_or_default();
                panic!("{} died before {waiting_for}: {errors}", self.name)
            }
        }
    }

    /// Kills it, as a crash does: nothing more runs in it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it end by itself; what it has written to stderr.
    pub(crate) fn quit(mut self) -> String {
        let _ = writeln!(self.input, "quit");
        assert!(self.child.wait().unwrap().success());
        self.errors.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// The Steam ID of an account.
pub(crate) fn steam_id(account: u32) -> u64 {
    76_561_197_960_265_728 + u64::from(account)
}

/// Runs a test of this binary in a network namespace that has only a loopback interface; `None` if this machine
/// allows no such thing.
pub(crate) fn on_loopback_only(test: &str) -> Option<std::process::Output> {
    use std::os::unix::process::CommandExt as _;
    let mut command = again(test);
    // SAFETY: between fork and exec only system calls are made.
    unsafe {
        command.pre_exec(|| {
            if libc::unshare(libc::CLONE_NEWNET) != 0
                && libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) != 0
            {
                libc::_exit(77);
            }
            let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0);
            let mut request: libc::ifreq = std::mem::zeroed();
            request.ifr_name[0] = b'l'.cast_signed();
            request.ifr_name[1] = b'o'.cast_signed();
            request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
            if libc::ioctl(socket, libc::SIOCSIFFLAGS, &request) != 0 {
                libc::_exit(77);
            }
            libc::close(socket);
            Ok(())
        });
    }
    let output = command.env("LOCAL_STEAM_TEST_LOOPBACK", OsString::from("1")).output().unwrap();
    (output.status.code() != Some(77)).then_some(output)
}
