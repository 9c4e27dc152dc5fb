//! The library's interface is Steam's: what Valve's library exports, and the C++ interfaces as a compiler sees them.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use local_steam_harness::{Network, library};
use serde_json::Value;

/// What a library exports of Steam's, by the tool that comes with every linker. Valve's exports its C++ runtime, too.
fn exports(library: &Path) -> BTreeSet<String> {
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().unwrap();
    assert!(output.status.success(), "nm {}", library.display());
    let lines = String::from_utf8(output.stdout).unwrap();
    let names = lines.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned);
    let is_runtime =
        |name: &String| ["_ZT", "__wrap_", "_init", "_fini"].iter().any(|start| name.starts_with(start));
    names.filter(|name| !is_runtime(name)).collect()
}

#[test]
fn every_function_of_valves_library_is_exported_and_no_other() {
    let ours = exports(&library::local_steam().join("libsteam_api.so"));
    let valves = exports(&library::sdk().join("redistributable_bin/linux64/libsteam_api.so"));
    assert!(valves.len() > 1_000, "{valves:?}");
    let missing: Vec<_> = valves.difference(&ours).collect();
    let unknown: Vec<_> = ours.difference(&valves).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}, not Steam's: {unknown:?}");
}

/// Builds a program of `tests/cpp` against Valve's headers, and runs it over Local Steam; what it says.
fn run(folder: &Path, name: &str) -> String {
    let (sdk, program) = (library::sdk(), folder.join(name));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cpp").join(name).with_extension("cpp");
    let mut compiler = Command::new("c++");
    compiler.args(["-std=c++17", "-Wall", "-Werror", "-o"]).arg(&program).arg(source);
    compiler.arg("-I").arg(folder).arg("-isystem").arg(sdk.join("public"));
    compiler.arg("-L").arg(library::local_steam()).args(["-lsteam_api", "-ldl"]);
    let output = compiler.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let network = Network::in_folder(folder);
    let mut command = Command::new(program);
    network.join(1, &mut command);
    let output = command.env("SteamAppId", "480").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
    said
}

/// Valve's own list of methods, as `METHOD(version, class, name, flat name)`. A pointer to an overloaded method would need its
/// type: those are called by the other program.
fn methods() -> String {
    let list = std::fs::read_to_string(library::sdk().join("public/steam/steam_api.json")).unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    let mut text = String::new();
    for interface in list["interfaces"].as_array().unwrap() {
        let (class, methods) =
            (interface["classname"].as_str().unwrap(), interface["methods"].as_array().unwrap());
        let Some(version) = interface["version_string"].as_str() else { continue };
        let mut overloads = BTreeMap::new();
        for method in methods {
            *overloads.entry(method["methodname"].as_str().unwrap()).or_insert(0) += 1;
        }
        for method in methods {
            let [name, flat] = ["methodname", "methodname_flat"].map(|key| method[key].as_str().unwrap());
            if overloads[name] == 1 {
                writeln!(text, "METHOD(\"{version}\", {class}, {name}, {flat})").unwrap();
            }
        }
    }
    text
}

#[test]
fn every_method_is_where_a_compiler_looks_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let methods = methods();
    assert!(methods.lines().count() > 800, "{methods}");
    std::fs::write(folder.path().join("methods.inc"), methods).unwrap();
    run(folder.path(), "tables");
}

#[test]
fn a_program_made_with_the_whole_sdk_runs() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(folder.path(), "program");
    let refusal =
        "Local Steam: SteamAPI_ISteamUGC_CreateQueryAllUGCRequestPage is not stood in for, and fails";
    assert_eq!(said.matches(refusal).count(), 1, "once, by name: {said}");
}
