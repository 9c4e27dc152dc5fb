//! The players' processes: what they print, and that none outlives the demo.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::report;

/// What happens while the players run.
#[derive(Debug)]
pub(super) enum News {
    /// A player printed a line.
    Line(u32, String),
    /// A player closed its output or its error output: both do when it ends.
    Closed(u32),
    /// Somebody wants the demo to stop.
    Interrupted,
}

/// One player's process. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Player {
    number: u32,
    child: Child,
    lines: Vec<String>,
    open_outputs: u32,
    status: Option<ExitStatus>,
}

impl Player {
    /// Starts a process; what it prints goes to `news`.
    pub(super) fn start(number: u32, mut command: Command, news: &Sender<News>) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start player {number}"))?;
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|output| Box::new(output) as _),
            child.stderr.take().map(|output| Box::new(output) as _),
        ];
        let mut open_outputs = 0;
        for output in outputs.into_iter().flatten() {
            open_outputs += 1;
            forward(number, output, news.clone());
        }
        Ok(Self { number, child, lines: Vec::new(), open_outputs, status: None })
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// What it printed, on both outputs.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// What is wrong with how it ended and with what it printed.
    pub(super) fn faults(&self) -> Vec<String> {
        let ending = match self.status {
            Some(status) if status.success() => None,
            Some(status) => Some(format!("ended with {status}")),
            None => Some("did not end".to_owned()),
        };
        let errors = distinct(self.lines.iter().filter(|line| report::is_error(line)));
        ending.into_iter().chain(errors).collect()
    }

    /// Notes that an output was closed; waits for the process after the last.
    fn output_closed(&mut self) -> Result<()> {
        self.open_outputs -= 1;
        if self.open_outputs == 0 {
            let status = self.child.wait();
            self.status = Some(status.with_context(|| format!("cannot wait for player {}", self.number))?);
        }
        Ok(())
    }

    fn has_failed(&self) -> bool {
        self.status.is_some_and(|status| !status.success())
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if self.status.is_none() {
            // It may have ended by itself meanwhile, and then both have nothing to do.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Each line once, in the order of their first, with how often it was there: an error in each frame is one error.
fn distinct<'a>(lines: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut counted: Vec<(&String, u32)> = Vec::new();
    for line in lines {
        match counted.iter_mut().find(|(present, _)| *present == line) {
            Some((_, count)) => *count += 1,
            None => counted.push((line, 1)),
        }
    }
    let show = |(line, count): (&String, u32)| {
        if count > 1 { format!("{line} ({count} times)") } else { line.clone() }
    };
    counted.into_iter().map(show).collect()
}

/// Sends on what a process prints, line by line, from a thread of its own: it ends with the process.
fn forward(number: u32, output: Box<dyn Read + Send>, news: Sender<News>) {
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        // An output that cannot be read counts as closed.
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if news.send(News::Line(number, text)).is_err() {
                return;
            }
        }
        // Nobody listens any more when the demo is over.
        let _ = news.send(News::Closed(number));
    });
}

/// How long players are waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) in_all: Duration,
    /// From when one has failed: the others may still tell how it looked from where they are.
    pub(super) after_failure: Duration,
}

/// Waits until all have ended. Those for whom the time was too short run on, until they are dropped; unless that is
/// because another has failed, it is returned as a fault.
pub(super) fn wait(
    players: &mut [Player],
    news: &Receiver<News>,
    patience: Patience,
) -> Result<Option<String>> {
    let start = Instant::now();
    let mut limit = patience.in_all;
    let mut has_failed = false;
    while players.iter().any(|player| player.status.is_none()) {
        let Some(left) = limit.checked_sub(start.elapsed()) else {
            return Ok((!has_failed).then(|| format!("not over after {} s", limit.as_secs())));
        };
        // Without news the time is up, and the next round sees it.
        let Ok(news) = news.recv_timeout(left) else { continue };
        match news {
            News::Line(number, line) => player(players, number)?.lines.push(line),
            News::Closed(number) => {
                let player = player(players, number)?;
                player.output_closed()?;
                if player.has_failed() && !has_failed {
                    has_failed = true;
                    limit = limit.min(start.elapsed() + patience.after_failure);
                }
            }
            News::Interrupted => bail!("interrupted"),
        }
    }
    Ok(None)
}

fn player(players: &mut [Player], number: u32) -> Result<&mut Player> {
    players.iter_mut().find(|player| player.number == number).context("news of a player who does not play")
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const PATIENT: Patience = Patience { in_all: LONG, after_failure: LONG };
    const SHORT: Duration = Duration::from_millis(50);

    fn shell(number: u32, script: &str, news: &Sender<News>) -> Player {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Player::start(number, command, news).unwrap()
    }

    /// Whether a process is there: one that was killed and waited for is not.
    fn is_running(id: u32) -> bool {
        Command::new("kill").args(["-0", &id.to_string()]).stderr(Stdio::null()).status().unwrap().success()
    }

    #[test]
    fn both_outputs_of_every_player_are_gathered() {
        let (sender, news) = mpsc::channel();
        let mut players =
            [shell(1, "echo one; echo ERROR: two >&2", &sender), shell(2, "printf 'no line end'", &sender)];
        assert_eq!(wait(&mut players, &news, PATIENT).unwrap(), None);
        let mut lines = players[0].lines().to_owned();
        lines.sort();
        assert_eq!(lines, ["ERROR: two", "one"]);
        assert_eq!(players[0].faults(), ["ERROR: two"]);
        assert_eq!(players[1].lines(), ["no line end"]);
        assert_eq!(players[1].faults(), Vec::<String>::new());
    }

    #[test]
    fn an_error_in_each_frame_is_told_once() {
        let lines = ["a", "b", "a", "a"].map(str::to_owned);
        assert_eq!(distinct(lines.iter()), ["a (3 times)", "b"]);
    }

    #[test]
    fn a_player_who_hangs_is_ended_after_the_limit() {
        let (sender, news) = mpsc::channel();
        let mut players = [shell(1, "exec sleep 600", &sender)];
        let ended = wait(&mut players, &news, Patience { in_all: SHORT, ..PATIENT }).unwrap();
        assert_eq!(ended.as_deref(), Some("not over after 0 s"));
        assert_eq!(players[0].faults(), ["did not end"]);
        let id = players[0].child.id();
        drop(players);
        assert!(!is_running(id));
    }

    #[test]
    fn the_others_are_not_waited_for_long_when_one_has_failed() {
        let (sender, news) = mpsc::channel();
        let mut players = [shell(1, "exit 3", &sender), shell(2, "exec sleep 600", &sender)];
        let start = Instant::now();
        assert_eq!(wait(&mut players, &news, Patience { after_failure: SHORT, ..PATIENT }).unwrap(), None);
        assert!(start.elapsed() < LONG / 2);
        assert_eq!(players[0].faults(), ["ended with exit status: 3"]);
        assert_eq!(players[1].faults(), ["did not end"]);
    }

    #[test]
    fn an_interruption_ends_everybody() {
        let (sender, news) = mpsc::channel();
        let mut players = vec![shell(1, "exec sleep 600", &sender), shell(2, "exec sleep 600", &sender)];
        let ids: Vec<u32> = players.iter().map(|player| player.child.id()).collect();
        sender.send(News::Interrupted).unwrap();
        assert_eq!(wait(&mut players, &news, PATIENT).unwrap_err().to_string(), "interrupted");
        drop(players);
        assert!(ids.into_iter().all(|id| !is_running(id)));
    }
}
