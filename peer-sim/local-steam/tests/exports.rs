//! The library's interface is a part of Steam's: every name it exports is one that Valve's own library exports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a library exports, by the tool that comes with every linker.
fn exports(library: &Path) -> BTreeSet<String> {
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().unwrap();
    assert!(output.status.success(), "nm {}", library.display());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect()
}

/// Valve's library, from `steamworks-sys`: cargo puts its folder into the path of the libraries of tests.
fn valves() -> PathBuf {
    let ours = ours().canonicalize().unwrap();
    let path = std::env::var_os("LD_LIBRARY_PATH").expect("run by cargo");
    std::env::split_paths(&path)
        .map(|dir| dir.join("libsteam_api.so"))
        .filter(|library| library.exists() && library.canonicalize().unwrap() != ours)
        .find(|library| exports(library).contains("SteamAPI_ISteamApps_BIsSubscribed"))
        .expect("steamworks-sys's folder is in LD_LIBRARY_PATH")
}

fn ours() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name("libsteam_api.so")
}

#[test]
fn every_export_is_steams() {
    let (ours, valves) = (exports(&ours()), exports(&valves()));
    let unknown: Vec<_> = ours.difference(&valves).collect();
    assert!(unknown.is_empty(), "not Steam's: {unknown:?}");
    assert!(ours.contains("SteamAPI_InitFlat") && ours.len() > 90, "{ours:?}");
}
