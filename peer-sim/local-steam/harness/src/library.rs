//! Where the Steam libraries are, and how a process comes to load one of them.

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "sdk.rs"]
mod sdk;

/// The name of Steam's library on this system.
pub const LIBRARY: &str = if cfg!(windows) {
    "steam_api64.dll"
} else if cfg!(target_vendor = "apple") {
    "libsteam_api.dylib"
} else {
    "libsteam_api.so"
};

/// The folder of Local Steam's library: the one that `LOCAL_STEAM_LIBRARY` names, or the one that cargo has built it
/// into, beside this binary.
///
/// # Panics
/// If there is none.
pub fn local_steam() -> PathBuf {
    if let Some(folder) = std::env::var_os("LOCAL_STEAM_LIBRARY") {
        let folder = PathBuf::from(folder);
        assert!(has_library(&folder), "LOCAL_STEAM_LIBRARY={}: no {LIBRARY} there", folder.display());
        return folder;
    }
    let binary = std::env::current_exe().expect("the path of this binary");
    let built = |folder: &&Path| folder.join(BUILT).is_file();
    let found = binary.ancestors().skip(1).take(2).find(built);
    let folder =
        found.expect("Local Steam is not built: build it, or name its folder in LOCAL_STEAM_LIBRARY");
    if BUILT == LIBRARY { folder.to_owned() } else { renamed(folder) }
}

/// How cargo names the library that it builds: on Windows without the width of the processor, which Valve's has.
const BUILT: &str = if cfg!(windows) { "steam_api.dll" } else { LIBRARY };

/// The folder of a copy of the built library that has Valve's name.
fn renamed(folder: &Path) -> PathBuf {
    let (built, copies) = (folder.join(BUILT), folder.join("local-steam"));
    let copy = copies.join(LIBRARY);
    // A copy keeps the time of what was copied.
    let state = |path: &Path| path.metadata().and_then(|data| Ok((data.len(), data.modified()?))).ok();
    if state(&built) != state(&copy) {
        std::fs::create_dir_all(&copies).expect("a folder for Local Steam");
        let partial = copies.join(std::process::id().to_string());
        std::fs::copy(&built, &partial).expect("a copy of Local Steam");
        // Another process may have been faster, and may have loaded its copy by now.
        if let Err(error) = std::fs::rename(&partial, &copy) {
            assert!(state(&built) == state(&copy), "{}: {error}", copy.display());
        }
    }
    copies
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
    folder.join(LIBRARY).is_file()
}
