//! The benchmark in the engine: this project's peer over Local Steam beside Godot's `ENetMultiplayerPeer`, in real
//! Godot processes on this machine.
//!
//! What is measured and how stands in `peer-godot/bench`, a Godot project. Here its processes are started, and what
//! they say is brought together.

mod goals;
mod processes;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::addon;
use crate::engine;
use crate::gdextension;
use crate::local;
use crate::project::Project;
use crate::run::{root, target_dir};
use processes::{Game, Network, Setup};
use report::{Line, Report};

/// What selects this benchmark alone, as a filter.
pub(crate) const NAME: &str = "engine";

/// Runs of each transport with a game's load. They alternate.
const LOAD_ROUNDS: u32 = 3;

/// How long a load is measured.
const LOAD_SECONDS: u32 = 5;

/// The benchmark's own parts have shorter deadlines: this is for a process that hangs.
const PATIENCE: Duration = Duration::from_mins(4);

/// The projects that the processes run from, in their last state.
struct Projects {
    with_addon: PathBuf,
    without: PathBuf,
}

impl Projects {
    /// A game with `ENet` would not have the addon: so its memory is that of a project without.
    fn for_transport(&self, via: &str) -> &Path {
        if via == "steam" { &self.with_addon } else { &self.without }
    }
}

/// Measures, and prints the medians and the goals.
pub(crate) fn run() -> Result<()> {
    let godot = engine::find()?;
    let library = local::build(true)?;
    let folder = target_dir()?.join("godot-bench");
    let projects = lay_out(&folder)?;
    let setup = Setup::new(godot, &library, &folder)?;

    let mut report = Report::default();
    eprintln!("==> both transports in one process, then {LOAD_ROUNDS} rounds of a game's load on each");
    let arguments = [("part", "host.gd")].map(|(key, value)| format!("{key}={value}"));
    measure(&setup, &projects.with_addon, &arguments, "client.gd", &mut report)?;
    if cfg!(target_os = "linux") {
        for round in 0..LOAD_ROUNDS {
            for via in in_turn(round, ["steam", "enet", "none"]) {
                let arguments = ["part=load.gd".to_owned(), format!("via={via}"), "side=host".to_owned()];
                let seconds = format!("seconds={LOAD_SECONDS}");
                let arguments: Vec<_> = arguments.into_iter().chain([seconds]).collect();
                measure(&setup, projects.for_transport(via), &arguments, "load.gd", &mut report)?;
            }
        }
    } else {
        eprintln!("processor time and memory of a process are read as Linux tells them: not measured here");
    }
    print!("\n{}", report.table());
    print!("\n{}", goals::verdicts(&report));
    Ok(())
}

/// Two projects with the benchmark's files, of which one has the addon.
fn lay_out(folder: &Path) -> Result<Projects> {
    let projects = Projects { with_addon: folder.join("with_addon"), without: folder.join("without") };
    let sources = root().join("peer-godot/bench");
    for project in [&projects.with_addon, &projects.without] {
        fs::create_dir_all(project).with_context(|| format!("cannot make {}", project.display()))?;
        for entry in fs::read_dir(&sources).with_context(|| format!("cannot read {}", sources.display()))? {
            let file = entry?;
            fs::copy(file.path(), project.join(file.file_name()))
                .with_context(|| format!("cannot copy to {}", project.display()))?;
        }
    }
    let project = Project::open(&projects.with_addon)?;
    addon::build(None, true, &project.addon())?;
    project.register(&format!("res://addons/steam_peer/{}", gdextension::FILE))?;
    Ok(projects)
}

/// Runs a host and as many clients as it asks for, until it has said everything.
fn measure(
    setup: &Setup,
    project: &Path,
    host_arguments: &[String],
    client_part: &str,
    report: &mut Report,
) -> Result<()> {
    let part_arguments: Vec<_> =
        host_arguments.iter().filter(|argument| argument.starts_with("via=")).cloned().collect();
    let network = Network::new()?;
    let mut host = Game::start(setup, &network, project, 1, host_arguments)?;
    let mut clients = Vec::new();
    loop {
        let line = host.next_line(PATIENCE)?;
        match Line::parse(&line).with_context(|| format!("the host says what is not understood: {line}"))? {
            Line::Need { clients: count, addresses } => {
                while clients.len() < count {
                    let mut arguments = vec![format!("part={client_part}"), "side=client".to_owned()];
                    arguments.extend(part_arguments.iter().cloned());
                    arguments.extend(addresses.iter().map(|(what, at)| format!("{what}={at}")));
                    let account = 2 + clients.len();
                    clients.push(Game::start(setup, &network, project, account, &arguments)?);
                }
            }
            Line::Samples(samples) => report.add(samples),
            Line::Done => return Ok(()),
            Line::Error(error) => bail!("{error} (what the processes said is in {})", setup.logs().display()),
        }
    }
}

/// The one that is first changes from round to round.
fn in_turn<const N: usize>(round: u32, mut all: [&str; N]) -> [&str; N] {
    all.rotate_left(round as usize % N);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_first_once() {
        let firsts: Vec<_> = (0..3).map(|round| in_turn(round, ["a", "b", "c"])[0]).collect();
        assert_eq!(firsts, ["a", "b", "c"]);
    }

    #[test]
    fn the_benchmark_is_a_godot_project() {
        Project::open(&root().join("peer-godot/bench")).unwrap();
    }
}
