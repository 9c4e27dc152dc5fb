//! Godot processes that run the benchmark's project.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::local;

/// What the lines for us begin with, as `peer-godot/bench/report.gd` writes them.
const MARK: &str = "BENCH ";

/// What all processes have in common.
#[derive(Debug)]
pub(super) struct Setup {
    godot: PathBuf,
    /// Where the loader looks for Steam's library.
    search_path: OsString,
    logs: PathBuf,
}

impl Setup {
    pub(super) fn new(godot: PathBuf, library: &Path, folder: &Path) -> Result<Self> {
        let logs = folder.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
        Ok(Self { godot, search_path: local::search_path(library)?, logs })
    }

    /// Where what the processes print goes.
    pub(super) fn logs(&self) -> &Path {
        &self.logs
    }
}

/// Where the processes of one measurement meet. It is gone when they are.
#[derive(Debug)]
pub(super) struct Network {
    folder: tempfile::TempDir,
}

impl Network {
    /// A network of Local Steam with nobody in it.
    pub(super) fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir().context("cannot make a folder for Local Steam")? })
    }
}

/// A running Godot. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Game {
    process: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Game {
    /// Starts one, with an account of Local Steam's of its own.
    pub(super) fn start(
        setup: &Setup,
        network: &Network,
        project: &Path,
        account: usize,
        arguments: &[String],
    ) -> Result<Self> {
        let log = setup.logs.join(format!("{account}.txt"));
        let errors = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(&setup.godot);
        command.arg("--headless").arg("--path").arg(project).arg("--").args(arguments);
        command.env(local::search_variable(), &setup.search_path);
        command.env("LOCAL_STEAM_DIR", network.folder.path()).env("LOCAL_STEAM_ID", account.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut process =
            command.spawn().with_context(|| format!("cannot start {}", setup.godot.display()))?;
        let output = process.stdout.take().context("the output of a process was asked for")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // An output that cannot be read any more has ended.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix(MARK)
                    && sender.send(line.to_owned()).is_err()
                {
                    break;
                }
            }
        });
        Ok(Self { process, lines, log })
    }

    /// The next line for us.
    pub(super) fn next_line(&mut self, patience: Duration) -> Result<String> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => bail!("a Godot process hangs; see {}", self.log.display()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.wait().context("cannot wait for a Godot process")?;
                bail!("a Godot process has ended with {status}; see {}", self.log.display())
            }
        }
    }
}

impl Drop for Game {
    fn drop(&mut self) {
        // One that has ended already is all the same.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
