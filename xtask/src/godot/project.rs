//! A Godot project that the addon is put into.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A folder with a `project.godot`.
#[derive(Debug)]
pub(crate) struct Project {
    folder: PathBuf,
    settings: String,
}

impl Project {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder).context("no folder is named")?;
        let file = folder.join("project.godot");
        if !file.is_file() {
            bail!("{} is not a Godot project: there is no project.godot in it", folder.display());
        }
        let settings =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self { folder, settings })
    }

    /// Where the addon goes.
    pub(crate) fn addon(&self) -> PathBuf {
        self.folder.join("addons").join("steam_peer")
    }

    /// Enters an extension into the list that Godot loads at its start. Otherwise the editor enters it when it
    /// scans the project for the first time, and until then its classes are unknown.
    pub(crate) fn register(&self, extension: &str) -> Result<()> {
        let folder = self.folder.join(data_folder(&self.settings));
        let file = folder.join("extension_list.cfg");
        let list = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            list => list.with_context(|| format!("cannot read {}", file.display()))?,
        };
        let Some(list) = with_entry(&list, extension) else { return Ok(()) };
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&file, list).with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Godot's own folder in a project: hidden, unless the project says otherwise.
fn data_folder(settings: &str) -> &'static str {
    let visible = settings.lines().any(|line| {
        line.split_once('=').is_some_and(|(name, value)| {
            name.trim() == "config/use_hidden_project_data_directory" && value.trim() == "false"
        })
    });
    if visible { "godot" } else { ".godot" }
}

/// The list with the entry at its end, or nothing if it is in it. What others have entered stays as it is.
fn with_entry(list: &str, entry: &str) -> Option<String> {
    if list.lines().any(|line| line.trim() == entry) {
        return None;
    }
    let separator = if list.is_empty() || list.ends_with('\n') { "" } else { "\n" };
    Some(format!("{list}{separator}{entry}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "res://addons/steam_peer/steam_peer.gdextension";

    #[test]
    fn an_entry_is_added_once_and_those_of_others_stay() {
        let (a, old) = ("res://a.gdextension", format!("{OURS}.old\n"));
        for (list, expected) in [
            ("", Some(format!("{OURS}\n"))),
            (&format!("{a}\n{a}2\n"), Some(format!("{a}\n{a}2\n{OURS}\n"))),
            (a, Some(format!("{a}\n{OURS}\n"))),
            (&old, Some(format!("{old}{OURS}\n"))),
            (&format!("{a}\n{OURS}\n"), None),
            (&format!("{OURS}\r\n{a}\r\n"), None),
        ] {
            assert_eq!(with_entry(list, OURS), expected, "{list}");
        }
    }

    #[test]
    fn godots_folder_is_where_the_project_says() {
        assert_eq!(data_folder("config_version=5\n[application]\nconfig/name=\"A\"\n"), ".godot");
        assert_eq!(data_folder("config/use_hidden_project_data_directory=true\n"), ".godot");
        assert_eq!(data_folder("config/use_hidden_project_data_directory=false\n"), "godot");
    }
}
