//! A test's own copy of the project, with the addon in it.

use std::fs;
use std::io;
use std::path::Path;

use crate::tools::TOOLS;

/// Our own line in the list of extensions, which are loaded in its order.
pub(crate) const LIST: &str = "res://addons/steam_peer/steam_peer.gdextension\n";
const OTHER: &str = "res://addons/other/other.gdextension\n";

/// Copies the project into a folder, and enters the addon as the editor would.
pub(crate) fn lay_out(folder: &Path) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("project");
    copy(&sources, folder).expect("a copy of the project");
    fs::create_dir_all(folder.join("addons")).expect("a folder for addons");
    link(&TOOLS.addon, &folder.join("addons").join("steam_peer")).expect("the addon in the project");
    fs::create_dir_all(folder.join(".godot")).expect("Godot's own folder");
    fs::write(folder.join(".godot").join("extension_list.cfg"), LIST).expect("the list of extensions");
}

/// Puts another addon with classes of the same names into a project that is laid out; the engine loads it before ours, or
/// after.
pub(crate) fn add_other_addon(folder: &Path, is_first: bool) {
    let binary = std::env::current_exe().expect("the path of this test");
    let built = binary.parent().and_then(Path::parent).expect("a build folder").join("examples");
    let name = format!("{}other_addon{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let addon = folder.join("addons").join("other");
    fs::create_dir_all(&addon).expect("a folder for the other addon");
    fs::copy(built.join(&name), addon.join(&name)).expect("the other addon's library");
    let libraries: String =
        ["linux", "macos", "windows"].map(|system| format!("{system} = \"{name}\"\n")).concat();
    let text = format!(
        "[configuration]\n\nentry_symbol = \"gdext_rust_init\"\ncompatibility_minimum = \"4.4\"\n\n[libraries]\n\n{libraries}"
    );
    fs::write(addon.join("other.gdextension"), text).expect("the other addon's file");
    let list = if is_first { [OTHER, LIST] } else { [LIST, OTHER] };
    fs::write(folder.join(".godot").join("extension_list.cfg"), list.concat())
        .expect("the list of extensions");
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The addon is large, and nothing writes into it.
#[cfg(unix)]
fn link(addon: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(addon, place)
}

#[cfg(not(unix))]
fn link(addon: &Path, place: &Path) -> io::Result<()> {
    copy(addon, place)
}
