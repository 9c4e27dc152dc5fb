//! The library's interface is a part of Steam's: every name it exports is one that Valve's own library exports.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use local_steam_harness::library;

/// What a library exports, by the tool that comes with every linker.
fn exports(library: &Path) -> BTreeSet<String> {
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().unwrap();
    assert!(output.status.success(), "nm {}", library.display());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect()
}

#[test]
fn every_export_is_steams() {
    let [ours, valves] =
        [library::local_steam(), library::valves()].map(|folder| exports(&folder.join("libsteam_api.so")));
    let unknown: Vec<_> = ours.difference(&valves).collect();
    assert!(unknown.is_empty(), "not Steam's: {unknown:?}");
    assert!(ours.contains("SteamAPI_InitFlat") && ours.len() > 90, "{ours:?}");
}
