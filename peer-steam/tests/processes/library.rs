//! Where the libraries are, and how this binary is started again with one of them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Local Steam's folder.
pub(crate) fn local_steam() -> PathBuf {
    if let Some(folder) = std::env::var_os("LOCAL_STEAM_LIBRARY") {
        let folder = PathBuf::from(folder);
        assert!(has_library(&folder), "LOCAL_STEAM_LIBRARY={}: no libsteam_api there", folder.display());
        return folder;
    }
    let binary = std::env::current_exe().expect("the path of this binary");
    let found = binary.ancestors().skip(1).take(2).find(|folder| has_library(folder));
    found.expect("Local Steam is not built: build it, or name its folder in LOCAL_STEAM_LIBRARY").to_owned()
}

fn has_library(folder: &Path) -> bool {
    ["libsteam_api.so", "libsteam_api.dylib", "steam_api64.dll"].iter().any(|name| folder.join(name).exists())
}

/// The folder of Valve's own libraries, as `steamworks-sys` ships them: Cargo puts a copy for this system into the
/// path of the libraries of tests, and the originals are beside the crate's source.
pub(crate) fn valves_copy() -> PathBuf {
    let path = std::env::var_os("LD_LIBRARY_PATH").expect("run by cargo");
    let found = std::env::split_paths(&path)
        .find(|folder| folder.to_string_lossy().contains("steamworks-sys-") && has_library(folder));
    found.expect("the folder of steamworks-sys in LD_LIBRARY_PATH")
}

/// This binary, told to run one of its ignored tests, with the library of `folder`, under what the environment variable
/// `PEER_STEAM_WRAPPER` names: a program and its options, such as a debugger.
pub(crate) fn again(test: &str, folder: &Path) -> Command {
    let wrapper = std::env::var("PEER_STEAM_WRAPPER").unwrap_or_default();
    again_under(&wrapper, test, folder)
}

/// The same under a program and its options.
pub(crate) fn again_under(wrapper: &str, test: &str, folder: &Path) -> Command {
    let binary = std::env::current_exe().expect("the path of this binary");
    let mut words = wrapper.split_whitespace();
    let mut command = match words.next() {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(words).arg(binary);
            command
        }
        None => Command::new(binary),
    };
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("LOCAL_STEAM_") && name != "LOCAL_STEAM_LIBRARY" {
            command.env_remove(&*name);
        }
    }
    command.env("LD_LIBRARY_PATH", folder).env("SteamAppId", "480");
    command
}
