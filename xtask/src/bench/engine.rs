//! The benchmark in the engine: this project's peer over Local Steam beside Godot's `ENetMultiplayerPeer`, in real Godot
//! processes on this machine. What is measured and how is in `peer-godot/bench`, a Godot project; this starts its
//! processes and gathers what they measure.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use super::bad_line::{BadLine, LINES, Relay};
use super::goals;
use super::samples::{Line, Table};
use crate::engine;
use crate::games::{Event, Game, Games};
use crate::godot::{self, Project};
use crate::local;
use crate::run::{root, target_dir};

/// What the lines for us begin with, as `peer-godot/bench/report.gd` writes them.
const MARK: &str = "BENCH ";

/// The transport whose address is a port.
const ENET: &str = "enet";

/// Runs of each transport with a game's load. They alternate.
const LOAD_ROUNDS: usize = 3;

/// How long a load is measured, in seconds.
const LOAD_SECONDS: u32 = 5;

/// For a process that hangs: the benchmark's own parts have shorter deadlines.
const TIMEOUT: Duration = Duration::from_mins(10);

/// What processes are started with.
#[derive(Debug)]
struct Setup {
    godot: PathBuf,
    local_steam: PathBuf,
    /// The benchmark as a project with the addon, and one without: a game with `ENet` would not have it in memory.
    with_addon: PathBuf,
    without: PathBuf,
}

/// Measures, and prints the medians and the goals.
pub(super) fn run() -> Result<()> {
    let setup = Setup::new()?;
    let mut table = Table::default();
    eprintln!("==> both transports in one process, then {LOAD_ROUNDS} rounds of a game's load on each");
    setup.measure(&setup.with_addon, &["part=host.gd"], &["part=client.gd"], LINES[0], &mut table)?;
    for line in LINES {
        let (name, lag) = (format!("line={}", line.name), format!("lag={}", line.lag_ms));
        let host = ["part=bulk.gd", &name, &lag];
        setup.measure(&setup.with_addon, &host, &["part=client.gd"], line, &mut table)?;
    }
    if cfg!(target_os = "linux") {
        for round in 0..LOAD_ROUNDS {
            // Each is first once.
            let mut transports = ["steam", "enet", "none"];
            transports.rotate_left(round);
            for transport in transports {
                let project = if transport == "steam" { &setup.with_addon } else { &setup.without };
                let (via, seconds) = (format!("via={transport}"), format!("seconds={LOAD_SECONDS}"));
                let host = ["part=load.gd", &via, "side=host", &seconds];
                setup.measure(project, &host, &["part=load.gd", &via], LINES[0], &mut table)?;
            }
        }
    } else {
        eprintln!("==> a process's use of processor and memory is measured on Linux only: left out");
    }
    print!("\n{}", table.show());
    print!("\n{}", goals::results(goals::ENGINE, &table.medians(), true));
    Ok(())
}

impl Setup {
    /// Builds everything, optimised.
    fn new() -> Result<Self> {
        let folder = target_dir()?.join("godot-bench");
        let [with_addon, without] = ["with_addon", "without"].map(|name| folder.join(name));
        copy_project(&with_addon)?;
        copy_project(&without)?;
        godot::build_for_bench(&Project::open(&with_addon)?)?;
        Ok(Self { godot: engine::find()?, local_steam: local::build(true)?, with_addon, without })
    }

    /// Runs a host and as many clients as it asks for, which reach it over this line, until it is done.
    fn measure(
        &self,
        project: &Path,
        host: &[&str],
        client: &[&str],
        over: BadLine,
        table: &mut Table,
    ) -> Result<()> {
        let mut games = Games::new(&self.godot, &self.local_steam);
        let start = |games: &mut Games, arguments: &[String], env: &[(&str, String)]| {
            let project = project.to_str().context("the target folder's path is not UTF-8")?;
            let engine = ["--headless", "--path", project, "--"].map(str::to_owned);
            games.start_with(engine.iter().chain(arguments), env)
        };
        let owned = |arguments: &[&str]| arguments.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        start(&mut games, &owned(host), &[])?;
        let mut relays = Vec::new();
        let result = loop {
            let line = match games.next_event(TIMEOUT)? {
                Some(Event::Line(1, line)) => line,
                Some(Event::Line(..)) => continue,
                Some(Event::Ended(account, status)) => {
                    break Err(anyhow!("process {account} ended with {status}"));
                }
                None => break Err(anyhow!("the host hangs")),
            };
            let Some(line) = line.strip_prefix(MARK) else { continue };
            match Line::parse(line).with_context(|| format!("unexpected line of the host: {line}"))? {
                Line::Need { clients, mut addresses } => {
                    if let Some(port) = addresses.get_mut(ENET).filter(|_| !over.is_clean()) {
                        let relay = Relay::new(over, port.parse().context("the host's port")?)?;
                        *port = relay.port.to_string();
                        relays.push(relay);
                    }
                    let mut arguments = owned(client);
                    arguments.push("side=client".to_owned());
                    arguments.extend(addresses.iter().map(|(transport, at)| format!("{transport}={at}")));
                    while games.all().len() <= clients {
                        start(&mut games, &arguments, &over.environment())?;
                    }
                }
                Line::Samples(samples) => table.add(samples),
                Line::Done => return Ok(()),
                Line::Error(error) => break Err(anyhow!(error)),
            }
        };
        games.all().iter().for_each(Game::show_output);
        result
    }
}

/// Makes the folder a project with the benchmark's files.
fn copy_project(folder: &Path) -> Result<()> {
    let sources = root().join("peer-godot/bench");
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for entry in fs::read_dir(&sources).with_context(|| format!("cannot read {}", sources.display()))? {
        let file = entry?;
        fs::copy(file.path(), folder.join(file.file_name()))
            .with_context(|| format!("cannot copy to {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmark_is_copied_as_a_godot_project() {
        let folder = tempfile::tempdir().unwrap();
        copy_project(folder.path()).unwrap();
        Project::open(folder.path()).unwrap();
    }
}
