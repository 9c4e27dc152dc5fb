//! A test's own copy of the project, with the addon in it.

use std::fs;
use std::io;
use std::path::Path;

use crate::tools::TOOLS;

/// Our own line in the list of extensions, which are loaded in its order.
pub(crate) const LIST: &str = "res://addons/steam_peer/steam_peer.gdextension\n";

/// Copies the project into a folder, and enters the addon as the editor would.
pub(crate) fn lay_out(folder: &Path) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("project");
    copy(&sources, folder).expect("a copy of the project");
    fs::create_dir_all(folder.join("addons")).expect("a folder for addons");
    link(&TOOLS.addon, &folder.join("addons").join("steam_peer")).expect("the addon in the project");
    fs::create_dir_all(folder.join(".godot")).expect("Godot's own folder");
    fs::write(folder.join(".godot").join("extension_list.cfg"), LIST).expect("the list of extensions");
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
