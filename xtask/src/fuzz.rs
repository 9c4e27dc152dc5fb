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
    let folder = root().join("peer-core/fuzz");
    if !folder.join("Cargo.toml").exists() {
        bail!("there is no peer-core/fuzz/Cargo.toml");
    }
    if !succeeds(&mut cargo_nightly(&["--version"])) {
        bail!("fuzzing needs the nightly toolchain: rustup toolchain install nightly");
    }
    need_cargo_tool("fuzz")?;

    let folder = folder.to_str().context("the workspace's path is not UTF-8")?;
    let listed = output(&mut cargo_nightly(&["fuzz", "list", "--fuzz-dir", folder]))?;
    let targets = chosen(&listed, args.target.as_deref())?;

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

/// The targets to run, out of those that `cargo fuzz list` printed.
fn chosen<'a>(listed: &'a str, wanted: Option<&str>) -> Result<Vec<&'a str>> {
    let all: Vec<&str> = listed.split_whitespace().collect();
    if all.is_empty() {
        bail!("peer-core/fuzz has no targets");
    }
    let Some(wanted) = wanted else { return Ok(all) };
    match all.iter().find(|name| **name == wanted) {
        Some(name) => Ok(vec![name]),
        None => bail!("no fuzz target {wanted}; there are: {}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_every_target_runs() {
        assert_eq!(chosen("control\nsession\n", None).unwrap(), ["control", "session"]);
    }

    #[test]
    fn a_name_picks_that_target_alone() {
        assert_eq!(chosen("control\nsession\n", Some("session")).unwrap(), ["session"]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_names_there_are() {
        let error = chosen("control\nsession\n", Some("hello")).unwrap_err();
        assert_eq!(error.to_string(), "no fuzz target hello; there are: control, session");
    }

    #[test]
    fn no_targets_at_all_is_an_error() {
        assert!(chosen("\n", None).is_err());
    }
}
