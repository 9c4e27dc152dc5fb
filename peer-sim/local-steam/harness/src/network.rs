//! A network of Local Steam, and the accounts in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Process, respawn_self};
use crate::{library, lines};

/// The individual accounts of Steam's public universe begin here; Local Steam's account 1 is the next.
pub const FIRST_ACCOUNT: u64 = 76_561_197_960_265_728;

/// The Steam ID of an account of Local Steam.
pub const fn steam_id(account: u32) -> u64 {
    FIRST_ACCOUNT + account as u64
}

/// The behaviours of Steam that tests have Local Steam choose where they do not choose themselves, as in
/// `LOCAL_STEAM_STRICT` (Local Steam's README lists them). The variable `STEAM_WORKER_STRICT` chooses otherwise for a
/// run.
pub const STRICT: &str = "late-callbacks";

/// Where processes meet that shall meet nobody else.
#[derive(Debug)]
pub struct Network {
    folder: PathBuf,
    strict: String,
    // Removed with this value; `None` if the network is another process's.
    _owned: Option<TempDir>,
}

impl Network {
    /// A network with nobody in it.
    #[expect(clippy::new_without_default, reason = "it creates a folder")]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder for the network");
        let network = Self::in_folder(folder.path());
        Self { _owned: Some(folder), ..network }
    }

    /// The network that this process, a worker, was started in.
    pub fn of_this_process() -> Self {
        let network = Self::in_folder(std::env::var_os("LOCAL_STEAM_DIR").expect("a worker's network"));
        network.with_strict(&std::env::var("LOCAL_STEAM_STRICT").expect("a worker's network"))
    }

    /// The network that meets in a folder, which stays.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        let strict = std::env::var("STEAM_WORKER_STRICT").unwrap_or_else(|_| STRICT.to_owned());
        Self { folder: folder.into(), strict, _owned: None }
    }

    /// The same with this `LOCAL_STEAM_STRICT`, whatever the run has chosen.
    #[must_use]
    pub fn with_strict(self, strict: &str) -> Self {
        Self { strict: strict.to_owned(), ..self }
    }

    /// Where its processes meet.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Has a process load Local Steam and join this network under an account. What this process's own environment says of
    /// Steam is not passed on.
    pub fn join(&self, account: u32, command: &mut Command) {
        self.join_with(&library::local_steam(), account, command);
    }

    /// As [`join`](Self::join), with the library in this folder.
    pub fn join_with(&self, local_steam: &Path, account: u32, command: &mut Command) {
        forget_steam(command);
        library::load_from(local_steam, command);
        command.env("LOCAL_STEAM_STRICT", &self.strict);
        command.env("LOCAL_STEAM_DIR", &self.folder).env("LOCAL_STEAM_ID", account.to_string());
    }

    /// A command for a worker of this binary in this network: see [`workers!`](crate::workers).
    pub fn worker(&self, role: &str, account: u32) -> Command {
        let mut command = respawn_self(role);
        self.join(account, &mut command);
        command.env("SteamAppId", "480");
        command
    }

    /// Starts a worker of this binary.
    pub fn start(&self, role: &str, account: u32) -> Process {
        self.start_with(role, account, &[])
    }

    /// Starts a worker of this binary with further variables in its environment.
    pub fn start_with(&self, role: &str, account: u32, env: &[(&str, &str)]) -> Process {
        let name = format!("{role}, account {account}");
        Process::start(&name, lines::MARK, self.worker(role, account).envs(env.iter().copied()))
    }
}

/// Removes all variables that Steam or Local Steam would read from a command's environment.
pub fn forget_steam(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        // Where the library is holds for the processes that a worker starts, too.
        if text != "LOCAL_STEAM_LIBRARY" && (text.starts_with("LOCAL_STEAM_") || text.starts_with("Steam")) {
            command.env_remove(&name);
        }
    }
}
