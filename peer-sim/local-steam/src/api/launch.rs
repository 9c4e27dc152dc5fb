//! How a game was started.

use std::env;
use std::ffi::{OsString, c_char, c_int};
use std::process::Command;

use super::Interface;
use super::matchmaking::lobbies;
use crate::ffi::{copy_text, guard};

/// What Steam passes to a game that it starts for an invitation. Returns its length.
///
/// # Safety
/// `buffer` is null or writable for `size` bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamApps_GetLaunchCommandLine(
    _self: Interface,
    buffer: *mut c_char,
    size: c_int,
) -> c_int {
    lobbies(0, |lobbies| {
        let line = lobbies.command_line();
        // SAFETY: the caller's promise.
        unsafe { copy_text(line, buffer, size) };
        line.len() as c_int
    })
}

/// Starts the game anew, as a Steam client does that was not the one to start it, unless something says which game
/// this is: then it was started by Steam, or is under development.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_RestartAppIfNecessary(app: u32) -> bool {
    guard(false, || {
        let is_named = env::var_os("SteamAppId").is_some_and(|app| !app.is_empty());
        if is_named || std::path::Path::new("steam_appid.txt").exists() {
            return false;
        }
        let started = env::current_exe().and_then(|program| {
            Command::new(program).args(own_arguments()).env("SteamAppId", app.to_string()).spawn()
        });
        started
            .inspect_err(|error| eprintln!("Local Steam: the game cannot be started again: {error}"))
            .is_ok()
    })
}

/// What this process was started with, behind its executable.
fn own_arguments() -> Vec<OsString> {
    // Where the executable is the system's loader, as for an engine that lies in a folder of its own, the process itself
    // sees only what is behind the loader's own arguments.
    #[cfg(target_os = "linux")]
    if let Ok(line) = std::fs::read("/proc/self/cmdline") {
        use std::os::unix::ffi::OsStringExt as _;
        let words = line.strip_suffix(&[0]).unwrap_or(&line).split(|&byte| byte == 0);
        return words.skip(1).map(|word| OsString::from_vec(word.to_vec())).collect();
    }
    env::args_os().skip(1).collect()
}
