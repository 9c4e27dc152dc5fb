//! The project's commands, as `cargo xtask COMMAND`.

mod bench;
mod demo;
mod dist;
mod engine;
mod fuzz;
mod games;
mod godot;
mod local;
mod packages;
mod run;
mod soak;
mod table;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's commands")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a game between Godot processes over Local Steam, through a lobby, and show what arrived
    Demo(demo::Args),
    /// Check everything: format, lints, tests, doc tests, docs, and that the fuzz targets compile
    Test,
    /// Run the benchmarks, then print their medians and the goals
    Bench(bench::Args),
    /// Run a command with Local Steam in place of Steam
    Local(local::Args),
    /// Build the addon and lay it out, by itself or in a Godot project; prints its folder
    Godot(godot::Args),
    /// Pack the addon for Godot's Asset Library, with every platform that was built; prints the archive's path
    Dist,
    /// Print the path of a Godot that the addon runs in; where there is apt, one is fetched if there is none
    Engine,
    /// Play for an hour among players who block, crash and come back, on bad lines, and show the result
    Soak(soak::Args),
    /// Run the fuzz targets (needs the nightly toolchain)
    Fuzz(fuzz::Args),
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Test => test::run(),
        Command::Bench(args) => bench::run(&args),
        Command::Local(args) => local::run(&args),
        Command::Godot(args) => godot::run(&args),
        Command::Dist => dist::run(),
        Command::Engine => engine::run(),
        Command::Soak(args) => soak::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
