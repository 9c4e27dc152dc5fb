//! `cargo xtask fuzz`: runs the fuzz targets of peer-core, one after the other.

use anyhow::{Context, Result, bail};

use crate::run::{cargo_nightly, need_cargo_tool, output, root, step, succeeds};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this target
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !succeeds(&mut cargo_nightly(&["--version"])) {
        bail!("fuzzing needs the nightly toolchain: rustup toolchain install nightly");
    }
    need_cargo_tool("fuzz")?;
    let folder = root().join("peer-core/fuzz");
    let folder = folder.to_str().context("the workspace's path is not UTF-8")?;
    let listed = output(&mut cargo_nightly(&["fuzz", "list", "--fuzz-dir", folder]))?;
    let is_wanted = |name: &&str| args.target.as_deref().is_none_or(|wanted| wanted == *name);
    let targets: Vec<_> = listed.split_whitespace().filter(is_wanted).collect();
    if targets.is_empty() {
        bail!("no such fuzz target; there are: {}", listed.split_whitespace().collect::<Vec<_>>().join(", "));
    }

    // A crash in one target does not hide what the others would find.
    let limit = format!("-max_total_time={}", args.seconds);
    let mut failed = Vec::new();
    for target in targets {
        let mut command = cargo_nightly(&["fuzz", "run", "--fuzz-dir", folder, target, "--", &limit]);
        if let Err(error) = step(&format!("fuzz {target}"), &mut command) {
            eprintln!("==> {error:#}");
            failed.push(target);
        }
    }
    if !failed.is_empty() {
        bail!("fuzz targets that failed: {}", failed.join(", "));
    }
    Ok(())
}
