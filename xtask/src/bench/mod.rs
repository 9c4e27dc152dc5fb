//! `cargo xtask bench`: runs the benchmarks, then prints what they measured in this run and which goals they met.

mod bad_line;
mod criterion;
mod engine;
mod goals;
mod samples;

use anyhow::Result;

/// Selects the benchmark in the engine alone, as a filter.
const ENGINE: &str = "engine";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only benchmarks whose name matches this regular expression; `engine` for those in Godot processes alone
    filter: Option<String>,
    /// Passed on to criterion, as in `-- --measurement-time 10`
    #[arg(last = true)]
    criterion: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.filter.as_deref() == Some(ENGINE) {
        return engine::run();
    }
    criterion::run(args.filter.as_deref(), &args.criterion)?;
    // A filter, or what is passed on to criterion, is about criterion's benchmarks.
    if args.filter.is_none() && args.criterion.is_empty() {
        engine::run()?;
    }
    Ok(())
}
