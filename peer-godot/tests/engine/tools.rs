//! What a test needs: the addon and the engine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// The addon and the engine.
#[derive(Debug)]
pub(crate) struct Tools {
    /// The folder `steam_peer`, as `cargo xtask godot` lays it out.
    pub(crate) addon: PathBuf,
    /// The engine, or the name of it.
    pub(crate) godot: PathBuf,
}

/// One for all tests of this process.
pub(crate) static TOOLS: LazyLock<Tools> = LazyLock::new(|| {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    match (named("STEAM_PEER_ADDON"), named("GODOT")) {
        (Some(addon), Some(godot)) => Tools { addon, godot },
        // An engine that is named is checked by xtask.
        (addon, _) => {
            let made = make();
            Tools { addon: addon.unwrap_or(made.addon), godot: made.godot }
        }
    }
});

/// Has xtask build the addon and find the engine. Runners that start a process for each test would do so for each of
/// them: the first one leaves word for the others of the same run.
fn make() -> Tools {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(folder.join("engine.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    let note = folder.join("engine.txt");
    let run = std::env::var("NEXTEST_RUN_ID").ok();
    if let (Some(run), Ok(text)) = (&run, fs::read_to_string(&note))
        && let [of, addon, godot] = *text.lines().collect::<Vec<_>>()
        && of == run
    {
        return Tools { addon: addon.into(), godot: godot.into() };
    }
    let tools = Tools { addon: xtask("godot"), godot: xtask("engine") };
    if let Some(run) = run {
        let text = format!("{run}\n{}\n{}\n", tools.addon.display(), tools.godot.display());
        fs::write(&note, text).expect("a note for the other tests");
    }
    tools
}

/// The path that a command of xtask prints.
fn xtask(command: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let output = Command::new(cargo)
        .args(["xtask", command])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "cargo xtask {command}: {}", output.status);
    let printed = String::from_utf8(output.stdout).expect("a path in UTF-8");
    PathBuf::from(printed.trim_end())
}
