//! Beside another addon on the same Steam: C++, made with Valve's headers, with callbacks registered from its load on.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use local_steam_harness::library;
use tempfile::TempDir;

use crate::game::Game;
use crate::project;

const ADDON: &str = "res://addons/other_addon/other_addon.gdextension\n";

const DESCRIPTION: &str = "[configuration]\n\nentry_symbol = \"other_addon_init\"\ncompatibility_minimum = \"4.5\"\n\n\
                           [libraries]\n\nlinux.x86_64 = \"libother_addon.so\"\nlinux.arm64 = \"libother_addon.so\"\n";

/// Builds the other addon into a folder. Like those that people have, it is linked against Steam's library, and finds it beside
/// itself.
fn build(folder: &Path) {
    let sdk = library::sdk();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other_addon/other_addon.cpp");
    let mut compiler = Command::new("c++");
    compiler.args([
        "-std=c++17",
        "-shared",
        "-fPIC",
        "-fvisibility=hidden",
        "-fno-exceptions",
        "-fno-rtti",
        "-Wall",
    ]);
    compiler
        .arg("-o")
        .arg(folder.join("libother_addon.so"))
        .arg(source)
        .arg("-isystem")
        .arg(sdk.join("public"));
    compiler.arg("-L").arg(library::local_steam()).args(["-lsteam_api", "-Wl,-rpath,$ORIGIN"]);
    let output = compiler.output().expect("a C++ compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    symlink(library::local_steam().join("libsteam_api.so"), folder.join("libsteam_api.so")).unwrap();
    fs::write(folder.join("other_addon.gdextension"), DESCRIPTION).unwrap();
}

/// Whoever initialises Steam, and whoever shuts it down first.
fn plays(load_order: [&str; 2]) {
    let built = TempDir::new().unwrap();
    build(built.path());
    for first in ["other", "ours"] {
        for leaves_first in ["other", "ours"] {
            let mut game = Game::new("beside");
            let addon = game.project().join("addons/other_addon");
            symlink(built.path(), addon).unwrap();
            fs::write(game.project().join(".godot/extension_list.cfg"), load_order.concat()).unwrap();
            for role in ["host", "a", "b"] {
                game.start_with(
                    role,
                    &[("FIRST", first), ("LEAVES_FIRST", leaves_first), ("SteamAppId", "480")],
                );
            }
            game.end();
        }
    }
}

#[test]
fn an_addon_that_is_loaded_before_ours_plays_along() {
    plays([ADDON, project::LIST]);
}

#[test]
fn an_addon_that_is_loaded_after_ours_plays_along() {
    plays([project::LIST, ADDON]);
}
