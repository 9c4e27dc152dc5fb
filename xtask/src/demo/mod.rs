//! `cargo xtask demo`: a game between Godot processes over Local Steam, through a lobby, and what arrived in it.

mod faults;
mod report;

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::games::{Event, Game, Games};
use crate::godot::{self, Project};
use crate::run::root;
use crate::{engine, local};
use report::Report;

/// The game, a Godot project.
const PROJECT: &str = "peer-godot/demo";

/// What the game itself takes at most around its play time is 80 s (see `round.gd`); the engine's start comes on top.
const OVERHEAD: Duration = Duration::from_secs(100);

/// How long the others run on when one has failed: they may still tell what they saw of it.
const AFTER_FAILURE: Duration = Duration::from_secs(3);

/// A window's size in pixels, and how many stand side by side.
const WINDOW: (u32, u32) = (640, 400);
const WINDOWS_IN_ROW: u32 = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many play, each in a process of its own
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=16))]
    players: u32,
    /// For how long, counted from when everybody is connected
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// Without windows
    #[arg(long)]
    headless: bool,
}

/// Plays a game and prints what arrived; fails if anything was not as it must be, after saying what.
pub(crate) fn run(args: &Args) -> Result<()> {
    let project = root().join(PROJECT);
    godot::build_into(&Project::open(&project)?, None, false)?;
    let local_steam = local::build(false)?;
    let has_windows = !args.headless && has_screen();
    if !args.headless && !has_windows {
        eprintln!("==> there is no screen here: playing without windows");
    }
    Games::end_on_interrupt()?;
    let mut games = Games::new(&engine::find()?, &local_steam);
    eprintln!("==> {} players, {} s", args.players, args.seconds);
    for number in 1..=args.players {
        games.start(arguments(args, &project, has_windows, number))?;
    }
    let timeout = OVERHEAD + Duration::from_secs(args.seconds.into());
    wait(&mut games, timeout, AFTER_FAILURE)?;
    judge(games.all())
}

/// The arguments of a player's process; the first is the host.
fn arguments(args: &Args, project: &Path, has_windows: bool, number: u32) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["--path".into(), project.into()];
    arguments.extend(["--audio-driver", "Dummy"].map(Into::into));
    if has_windows {
        let (column, row) = ((number - 1) % WINDOWS_IN_ROW, (number - 1) / WINDOWS_IN_ROW);
        let (width, height) = WINDOW;
        arguments.extend(["--resolution".into(), format!("{width}x{height}").into()]);
        arguments.extend(["--position".into(), format!("{},{}", column * width, row * height).into()]);
    } else {
        arguments.push("--headless".into());
    }
    arguments.extend(["--", if number == 1 { "--host" } else { "--join" }].map(Into::into));
    arguments.extend(
        [format!("--players={}", args.players), format!("--seconds={}", args.seconds)].map(Into::into),
    );
    arguments
}

/// Waits until all have ended, or until the timeout, or a shorter time after one has failed.
fn wait(games: &mut Games, timeout: Duration, after_failure: Duration) -> Result<()> {
    let mut deadline = Instant::now() + timeout;
    let mut has_failed = false;
    while games.all().iter().any(|game| game.status.is_none()) {
        match games.next_event(deadline.saturating_duration_since(Instant::now()))? {
            Some(Event::Ended(_, status)) if !status.success() && !has_failed => {
                has_failed = true;
                deadline = deadline.min(Instant::now() + after_failure);
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(())
}

/// Prints what arrived, and what a player printed who is at fault.
fn judge(players: &[Game]) -> Result<()> {
    let has_failed = players.iter().any(|player| player.status.is_some_and(|status| !status.success()));
    let mut faults = Vec::new();
    let mut reports = Vec::new();
    for player in players {
        let mut own: Vec<_> = report::errors(&player.lines);
        if let Some(status) = player.status.filter(|status| !status.success()) {
            own.insert(0, format!("ended with {status}"));
        }
        match (Report::find(&player.lines), player.status) {
            (Ok(report), _) => reports.push(report),
            (Err(error), Some(_)) => own.push(format!("{error:#}")),
            // Those that one who failed has held up are not at fault.
            (Err(_), None) if has_failed => {}
            (Err(_), None) => own.push("not done in time".to_owned()),
        }
        if !own.is_empty() {
            player.show_output();
            faults.extend(own.iter().map(|fault| format!("player {}: {fault}", player.account)));
        }
    }
    if !reports.is_empty() {
        print!("\n{}", faults::overview(&reports));
    }
    // Without the reports of all, the others' could not be judged.
    if reports.len() == players.len() {
        faults.extend(faults::all(&reports));
    }
    if !faults.is_empty() {
        bail!("the game has failed:\n  {}", faults.join("\n  "));
    }
    println!(
        "\nEverybody met everybody, and every reliable call arrived everywhere in order. Lost unreliable calls: {}.",
        faults::lost_unreliable(&reports)
    );
    Ok(())
}

/// Whether windows can be shown. Only where they need a server is it known before one tries.
fn has_screen() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(number: u32, has_windows: bool) -> Vec<OsString> {
        let args = Args { players: 3, seconds: 2, headless: !has_windows };
        arguments(&args, Path::new("demo"), has_windows, number)
    }

    #[test]
    fn the_first_player_hosts_and_the_others_join() {
        let ends = |number, role| {
            let expected = ["--headless", "--", role, "--players=3", "--seconds=2"].map(OsString::from);
            arguments_of(number, false).ends_with(&expected)
        };
        assert!(ends(1, "--host") && ends(2, "--join"));
    }

    #[test]
    fn windows_do_not_cover_each_other() {
        let arguments = arguments_of(3, true);
        assert!(arguments.windows(2).any(|pair| pair == ["--position", "0,400"]), "{arguments:?}");
        assert!(!arguments.contains(&"--headless".into()));
    }

    #[test]
    #[cfg(unix)]
    fn nobody_is_waited_for_long_who_hangs_or_whose_fellow_has_failed() {
        use crate::games::tests::shells;
        let (short, long) = (Duration::from_millis(50), Duration::from_mins(1));
        let hang = "exec sleep 600";
        let start = Instant::now();
        let mut games = shells(&[hang]);
        wait(&mut games, short, long).unwrap();
        assert_eq!(
            judge(games.all()).unwrap_err().to_string(),
            "the game has failed:\n  player 1: not done in time"
        );
        let mut games = shells(&["echo ERROR: no >&2; exit 3", hang]);
        wait(&mut games, long, short).unwrap();
        assert!(start.elapsed() < long / 2);
        let expected = "the game has failed:\n  player 1: ended with exit status: 3\n  player 1: ERROR: no\n  player 1: made no report";
        assert_eq!(judge(games.all()).unwrap_err().to_string(), expected);
    }
}
