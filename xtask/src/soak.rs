//! `cargo xtask soak`: a long game in which players block, crash and come back.

use anyhow::Result;

use crate::packages;
use crate::run::{cargo, step};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For how long
    #[arg(long, value_name = "M", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_440))]
    minutes: u32,
    /// How many play, each in a process of its own
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(4..=16))]
    players: u32,
    /// Packets lost on each player's line, each way, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    loss: f32,
    /// Decides who blocks and who crashes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Plays; fails if a mesh has a hole, if a reliable packet is lost, or if memory grows.
pub(crate) fn run(args: &Args) -> Result<()> {
    packages::need()?;
    let mut command = cargo(&["test", "--quiet", "--package", "peer-steam", "--test", "processes", "--"]);
    command.args(["--ignored", "--exact", "soak::players_block_crash_and_come_back", "--nocapture"]);
    for (name, value) in [
        ("SOAK_SECONDS", (60 * args.minutes).to_string()),
        ("SOAK_PLAYERS", args.players.to_string()),
        ("SOAK_LOSS", args.loss.to_string()),
        ("SOAK_SEED", args.seed.to_string()),
    ] {
        command.env(name, value);
    }
    step("soak", &mut command)
}
