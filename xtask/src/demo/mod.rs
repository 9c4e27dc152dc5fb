//! `cargo xtask demo`: a game between Godot processes over Local Steam, through a lobby, and what arrived in it.

mod players;
mod report;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::run::root;
use crate::{addon, engine, local};
use players::{Ending, News, Patience, Player};
use report::Report;

/// The game, a Godot project.
const PROJECT: &str = "peer-godot/demo";

/// What the game itself takes at most around its play time is 80 s (see `round.gd`); the engine's start comes on top.
const OVERHEAD: Duration = Duration::from_secs(100);

/// How long the others run on when one has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(3);

/// How many of the last lines of a player who has failed are shown.
const SHOWN_LINES: usize = 60;

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

pub(crate) fn run(args: &Args) -> Result<()> {
    let project = root().join(PROJECT);
    addon::build_into(&Project::open(&project)?, None, false)?;
    let local_steam = local::build(false)?;
    let game = Game {
        godot: engine::find()?,
        project,
        local_steam,
        players: args.players,
        seconds: args.seconds,
        has_windows: !args.headless && has_screen(),
    };
    if !args.headless && !game.has_windows {
        eprintln!("==> there is no screen here: playing without windows");
    }
    let (sender, news) = mpsc::channel();
    let interrupted = sender.clone();
    // The receiver is gone when nobody is left to be ended.
    ctrlc::set_handler(move || drop(interrupted.send(News::Interrupted)))
        .context("cannot watch for Ctrl-C")?;
    game.play(&sender, &news)
}

/// A game to be played.
#[derive(Debug)]
struct Game {
    godot: PathBuf,
    project: PathBuf,
    /// The folder of Local Steam's library.
    local_steam: PathBuf,
    players: u32,
    seconds: u32,
    has_windows: bool,
}

impl Game {
    /// Plays it and prints what arrived; fails if anything was not as it must be, after saying what.
    fn play(&self, sender: &Sender<News>, news: &Receiver<News>) -> Result<()> {
        eprintln!("==> {} players, {} s", self.players, self.seconds);
        // Where the players' accounts meet: nobody else's game is found there.
        let network = tempfile::tempdir().context("cannot make a folder for Local Steam")?;
        let mut players = Vec::new();
        for number in 1..=self.players {
            let command = self.command(number, network.path())?;
            players.push(Player::start(number, command, sender)?);
        }
        let in_all = OVERHEAD + Duration::from_secs(self.seconds.into());
        let ending = players::wait(&mut players, news, Patience { in_all, after_failure: AFTER_FAILURE })?;

        let mut faults = Vec::new();
        let mut reports = Vec::new();
        for player in &players {
            let mut own = player.faults();
            match Report::find(player.lines()) {
                Ok(report) => reports.push(report),
                Err(error) if player.has_ended() => own.push(format!("{error:#}")),
                Err(_) => {}
            }
            if ending == Ending::TooLong && !player.has_ended() {
                own.push(format!("not done after {} s", in_all.as_secs()));
            }
            if !own.is_empty() {
                show_output(player);
                faults.extend(own.iter().map(|fault| format!("player {}: {fault}", player.number())));
            }
        }
        if !reports.is_empty() {
            print!("\n{}", verdict::overview(&reports));
        }
        // Of those who are missing the others could only be wrong.
        if reports.len() == players.len() {
            faults.extend(verdict::faults(&reports));
        }
        if !faults.is_empty() {
            bail!("the game has failed:\n  {}", faults.join("\n  "));
        }
        println!(
            "\nEverybody met everybody, and every reliable call arrived everywhere in order. Lost unreliable calls: {}.",
            verdict::lost_unreliable(&reports)
        );
        Ok(())
    }

    /// Starts one player; the first is the host.
    fn command(&self, number: u32, network: &Path) -> Result<Command> {
        let mut command = Command::new(&self.godot);
        command.arg("--path").arg(&self.project).args(["--audio-driver", "Dummy"]);
        if self.has_windows {
            let (column, row) = ((number - 1) % WINDOWS_IN_ROW, (number - 1) / WINDOWS_IN_ROW);
            let (width, height) = WINDOW;
            command.args(["--resolution", &format!("{width}x{height}")]);
            command.args(["--position", &format!("{},{}", column * width, row * height)]);
        } else {
            command.arg("--headless");
        }
        command.args(["--", if number == 1 { "--host" } else { "--join" }]);
        command.arg(format!("--players={}", self.players)).arg(format!("--seconds={}", self.seconds));
        command
            .env(local::search_variable(), local::search_path(&self.local_steam)?)
            .env(local::STEAM_LIBRARY, &self.local_steam)
            .env("LOCAL_STEAM_ID", number.to_string())
            .env("LOCAL_STEAM_DIR", network)
            // Valve's own example application, which every account owns.
            .env("SteamAppId", "480");
        Ok(command)
    }
}

/// Shows what a player printed at last.
fn show_output(player: &Player) {
    eprintln!("\n==> what player {} printed at last", player.number());
    let lines = player.lines();
    for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
        eprintln!("    {line}");
    }
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

    fn game(has_windows: bool) -> Game {
        Game {
            godot: "godot".into(),
            project: "demo".into(),
            local_steam: "steam".into(),
            players: 3,
            seconds: 2,
            has_windows,
        }
    }

    fn arguments(command: &Command) -> Vec<&str> {
        command.get_args().map(|argument| argument.to_str().unwrap()).collect()
    }

    #[test]
    fn the_first_player_hosts_and_the_others_join() {
        let hosts = game(false).command(1, Path::new("network")).unwrap();
        assert!(arguments(&hosts).ends_with(&["--headless", "--", "--host", "--players=3", "--seconds=2"]));
        let joins = game(false).command(2, Path::new("network")).unwrap();
        assert!(arguments(&joins).ends_with(&["--headless", "--", "--join", "--players=3", "--seconds=2"]));
    }

    #[test]
    fn every_player_is_another_account_in_the_same_network() {
        let account = |number: u32| {
            let command = game(false).command(number, Path::new("network")).unwrap();
            let value =
                |name: &str| command.get_envs().find(|&(key, _)| key == name).unwrap().1.unwrap().to_owned();
            (value("LOCAL_STEAM_ID"), value("LOCAL_STEAM_DIR"))
        };
        assert_eq!(account(1), ("1".into(), "network".into()));
        assert_eq!(account(3), ("3".into(), "network".into()));
    }

    #[test]
    fn windows_do_not_cover_each_other() {
        let third = game(true).command(3, Path::new("network")).unwrap();
        let arguments = arguments(&third);
        assert!(arguments.windows(2).any(|pair| pair == ["--position", "0,400"]), "{arguments:?}");
        assert!(!arguments.contains(&"--headless"));
    }
}
