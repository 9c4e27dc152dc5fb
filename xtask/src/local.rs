//! `cargo xtask local -- COMMAND`: runs any command with Local Steam in Steam's place.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use local_steam_harness::library::{SETTING, search_variable};

use crate::packages;
use crate::run::{cargo, step, target_dir};

/// Valve's own example application, which every account owns.
pub(crate) const APP_ID: &str = "480";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The account, a number from 1; by default the first free one
    #[arg(long, value_name = "N")]
    id: Option<u32>,
    /// Where the processes of one network meet; by default one folder per user
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Packets lost on this process's line, each way, in percent
    #[arg(long, value_name = "PERCENT")]
    loss: Option<f32>,
    /// Delay of every packet on this process's line, each way
    #[arg(long, value_name = "MS")]
    lag: Option<u32>,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let library = build(false)?;
    let (program, rest) = args.command.split_first().context("no command to run")?;
    let mut command = Command::new(program);
    command.args(rest).env(search_variable(), search_path(&library)?).env(SETTING, &library);
    if std::env::var_os("SteamAppId").is_none() && !Path::new("steam_appid.txt").exists() {
        command.env("SteamAppId", APP_ID);
    }
    command.envs(args.environment());
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("{} ended with {status}", program.display());
    }
    Ok(())
}

impl Args {
    /// What Local Steam reads.
    fn environment(&self) -> Vec<(&'static str, OsString)> {
        let text = |value: String| OsString::from(value);
        [
            ("LOCAL_STEAM_ID", self.id.map(|id| text(id.to_string()))),
            ("LOCAL_STEAM_DIR", self.dir.clone().map(PathBuf::into_os_string)),
            ("LOCAL_STEAM_LOSS", self.loss.map(|loss| text(loss.to_string()))),
            ("LOCAL_STEAM_LAG_MS", self.lag.map(|lag| text(lag.to_string()))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// Builds Local Steam; returns the folder that its library lies in. Not optimised it takes minutes less, and Valve's
/// sockets in it are the same.
pub(crate) fn build(is_release: bool) -> Result<PathBuf> {
    packages::need()?;
    let mut command = cargo(&["build", "--quiet", "--package", "local-steam"]);
    if is_release {
        command.arg("--release");
    }
    step("Local Steam", &mut command)?;
    Ok(target_dir()?.join(if is_release { "release" } else { "debug" }))
}

/// The folder before all others.
pub(crate) fn search_path(folder: &Path) -> Result<OsString> {
    let others = std::env::var_os(search_variable()).unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(folders).context("the target folder's path cannot be searched by the loader")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_set() {
        let args = Args { id: Some(3), dir: None, loss: Some(2.5), lag: None, command: vec!["true".into()] };
        let expected = [("LOCAL_STEAM_ID", "3".into()), ("LOCAL_STEAM_LOSS", "2.5".into())];
        assert_eq!(args.environment(), expected);
    }

    #[test]
    fn the_library_is_found_before_any_other() {
        let path = search_path(Path::new("/some/where")).unwrap();
        assert_eq!(std::env::split_paths(&path).next().unwrap(), Path::new("/some/where"));
    }
}
