//! Where the Steam libraries are, and how a process comes to load one of them.

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "sdk.rs"]
mod sdk;

/// The folder of Local Steam's library: the one that `LOCAL_STEAM_LIBRARY` names, or the one that cargo has built it
/// into, beside this binary.
///
/// # Panics
/// If there is none.
pub fn local_steam() -> PathBuf {
    if let Some(folder) = std::env::var_os("LOCAL_STEAM_LIBRARY") {
        let folder = PathBuf::from(folder);
        assert!(has_library(&folder), "LOCAL_STEAM_LIBRARY={}: no libsteam_api there", folder.display());
        return folder;
    }
    let binary = std::env::current_exe().expect("the path of this binary");
    let found = binary.ancestors().skip(1).take(2).find(|folder| has_library(folder));
    found.expect("Local Steam is not built: build it, or name its folder in LOCAL_STEAM_LIBRARY").to_owned()
}

/// The folder of Valve's own library, as `steamworks-sys` ships it: cargo puts a copy into the library path of tests.
///
/// # Panics
/// If this process was not started by cargo.
pub fn valves() -> PathBuf {
    let path = std::env::var_os(search_variable()).expect("a library path, as cargo sets it");
    let found = std::env::split_paths(&path)
        .find(|folder| folder.to_string_lossy().contains("steamworks-sys-") && has_library(folder));
    found.expect("the folder of steamworks-sys in the library path")
}

/// Valve's SDK, as `steamworks-sys` carries it: headers in `public`, libraries in `redistributable_bin`.
///
/// # Panics
/// If cargo does not know it.
pub fn sdk() -> PathBuf {
    sdk::folder("x86_64-unknown-linux-gnu")
}

/// The variable in which the system's loader looks for folders of libraries.
pub fn search_variable() -> &'static str {
    match std::env::consts::OS {
        "macos" => "DYLD_LIBRARY_PATH",
        "windows" => "PATH",
        _ => "LD_LIBRARY_PATH",
    }
}

/// The variable that tells the addon, and whatever else finds Steam's library at run time, where that is.
pub const SETTING: &str = "STEAM_API_LIBRARY";

/// Has a process load the Steam library in this folder, whether it links against it or finds it at run time.
pub fn load_from(folder: &Path, command: &mut Command) {
    command.env(search_variable(), folder).env(SETTING, folder);
}

fn has_library(folder: &Path) -> bool {
    ["libsteam_api.so", "libsteam_api.dylib", "steam_api64.dll"].iter().any(|name| folder.join(name).exists())
}
