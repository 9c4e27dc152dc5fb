//! `cargo xtask test`: everything that must hold. Stops at the first step that fails.

use anyhow::Result;

use crate::engine;
use crate::godot;
use crate::packages;
use crate::run::{cargo, need_cargo_tool, need_component, step};

/// Proptest reads its seed here. Without one it is the same cases each time, so that a failure is the doing of what has
/// changed; `PROPTEST_RNG_SEED=N PROPTEST_CASES=M` goes looking for others.
const PROPERTY_SEED: &str = "PROPTEST_RNG_SEED";

pub(crate) fn run() -> Result<()> {
    packages::need()?;
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        need_component(command, component)?;
    }
    step("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    step("lints", &mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    need_cargo_tool("nextest")?;
    // For the tests that run the addon in the engine.
    let addon = godot::default_folder(false)?;
    godot::build(None, false, &addon)?;
    let mut tests = cargo(&["nextest", "run", "--workspace"]);
    tests.env("STEAM_PEER_ADDON", addon).env("GODOT", engine::find()?);
    if std::env::var_os(PROPERTY_SEED).is_none() {
        tests.env(PROPERTY_SEED, "1");
    }
    step("tests", &mut tests)?;
    step("doc tests", &mut cargo(&["test", "--doc", "--workspace"]))?;
    step(
        "docs without warnings",
        cargo(&["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    let mut check = cargo(&["check", "--manifest-path", "peer-core/fuzz/Cargo.toml"]);
    step("fuzz targets compile", &mut check)?;
    eprintln!("==> all steps passed");
    Ok(())
}
