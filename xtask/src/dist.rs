//! `cargo xtask dist`: the archive for Godot's Asset Library.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::Path;

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::godot::{self, PLATFORMS, Platform};
use crate::run::target_dir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Builds the addon for this machine and packs it together with the other platforms' libraries that have been
/// built, on this machine or on others and copied here; prints the archive's path.
pub(crate) fn run() -> Result<()> {
    let folder = godot::default_folder(true)?;
    godot::build(None, true, &folder)?;
    let (present, missing): (Vec<_>, Vec<_>) = PLATFORMS
        .iter()
        .partition(|platform| libraries(platform).iter().all(|file| folder.join(file).is_file()));
    let mut files = godot::common_files()?;
    for platform in &present {
        if platform.system == "linux" {
            godot::check_glibc(&folder.join(platform.folder()).join(platform.library))?;
        }
        for file in libraries(platform) {
            let content = godot::read(&folder.join(&file))?;
            files.push((file, content));
        }
    }
    let archive = target_dir()?.join("godot").join(format!("steam_peer-{VERSION}.zip"));
    save(&archive, &files)?;
    eprintln!("==> packed for {}", names(&present));
    if !missing.is_empty() {
        eprintln!(
            "==> without {}: run `cargo xtask godot --release` there, or with --target here, or copy its folder to {}",
            names(&missing),
            folder.join("bin").display()
        );
    }
    println!("{}", archive.display());
    Ok(())
}

/// A platform's files, by their paths within the addon.
fn libraries(platform: &Platform) -> [String; 2] {
    [platform.library, platform.steam_library].map(|library| format!("bin/{}/{library}", platform.name))
}

fn names(platforms: &[&Platform]) -> String {
    platforms.iter().map(|platform| platform.name).collect::<Vec<_>>().join(", ")
}

/// Writes the archive under another name first: what has its name is whole.
fn save(path: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let partial = path.with_extension("partial");
    let file = File::create(&partial).with_context(|| format!("cannot make {}", partial.display()))?;
    pack(file, files).context("cannot write the archive")?;
    fs::rename(&partial, path).with_context(|| format!("cannot make {}", path.display()))
}

/// The files below one folder, which Godot leaves out when it installs from its Asset Library: without it, Godot
/// would leave out `addons`. The same files give the same bytes, whenever and in whatever order they are packed.
fn pack(out: impl Write + Seek, files: &[(String, Vec<u8>)]) -> Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut files: Vec<_> = files.iter().collect();
    files.sort();
    let mut archive = ZipWriter::new(out);
    for (name, content) in files {
        archive.start_file(format!("steam_peer-{VERSION}/addons/steam_peer/{name}"), options)?;
        archive.write_all(content)?;
    }
    archive.finish()?.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read as _};

    #[test]
    fn the_addon_lies_below_one_folder_and_the_same_files_give_the_same_archive() {
        let files = [("README.md", "read me"), ("bin/macos/libpeer_godot.dylib", "code")];
        let mut files = files.map(|(name, text)| (name.to_owned(), text.into()));
        let packed = |files: &[_]| {
            let mut bytes = Vec::new();
            pack(Cursor::new(&mut bytes), files).unwrap();
            bytes
        };
        let bytes = packed(&files);
        files.reverse();
        assert_eq!(bytes, packed(&files));
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), 2);
        let name = format!("steam_peer-{VERSION}/addons/steam_peer/bin/macos/libpeer_godot.dylib");
        let mut text = String::new();
        archive.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "code");
    }
}
