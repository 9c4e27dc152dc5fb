//! Who has taken the usual name of a class, and what to do about it: one line.

use std::path::{Path, PathBuf};

use godot::classes::{Engine, ProjectSettings};
use godot::prelude::*;

use super::names::CLASSES;

/// Our own file.
const OWN_FILE: &str = "steam_peer.gdextension";

/// Prints one line if another addon has taken a name.
pub(super) fn report_taken_names() {
    let taken: Vec<_> = CLASSES.iter().filter(|class| class.is_taken()).collect();
    let Some(first) = taken.first() else { return };
    let list = |name: fn(&super::names::Class) -> &std::ffi::CStr| {
        let names: Vec<_> = taken.iter().map(|class| name(class).to_string_lossy()).collect();
        names.join(" and ")
    };
    godot_warn!(
        "Steam Peer: {} has a class of the name {} already, so this addon's is there as {} alone. Use that name, or remove \
         the other addon.",
        owner_of(first.usual.to_bytes()),
        list(|class| class.usual),
        list(|class| class.own),
    );
}

/// The addon whose library has a class: the one with the name in it, or all that it may be.
fn owner_of(class: &[u8]) -> String {
    let manager = Engine::singleton().get_singleton("GDExtensionManager");
    let loaded = manager.map(|mut manager| manager.call("get_loaded_extensions", &[]));
    let loaded = loaded.and_then(|loaded| loaded.try_to::<PackedStringArray>().ok()).unwrap_or_default();
    let others: Vec<_> =
        loaded.as_slice().iter().map(GString::to_string).filter(|path| !path.ends_with(OWN_FILE)).collect();
    let sure = others.iter().find(|path| has_name_in_library(path, class));
    match sure {
        Some(path) => path.clone(),
        None if others.is_empty() => "the engine".to_owned(),
        None => others.join(" or "),
    }
}

/// Whether one of the libraries that an extension's file names contains a name.
fn has_name_in_library(extension: &str, name: &[u8]) -> bool {
    let settings = ProjectSettings::singleton();
    let globalize = |path: &str| PathBuf::from(settings.globalize_path(path).to_string());
    let file = globalize(extension);
    let Ok(text) = std::fs::read_to_string(&file) else { return false };
    let libraries = text.lines().skip_while(|line| line.trim() != "[libraries]").skip(1);
    let libraries = libraries.take_while(|line| !line.trim_start().starts_with('['));
    libraries.filter_map(|line| line.split_once('=')).any(|(_, path)| {
        let path = path.trim().trim_matches('"');
        let path = match path.strip_prefix("res://") {
            Some(_) => globalize(path),
            None => file.parent().unwrap_or(Path::new("")).join(path),
        };
        std::fs::read(path).is_ok_and(|bytes| bytes.windows(name.len()).any(|part| part == name))
    })
}
