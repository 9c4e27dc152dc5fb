//! What the addon's libraries ask the system's loader for: not Steam's library, which is found at run time.

use std::path::PathBuf;

use object::read::elf::{Dyn as _, FileHeader as _};
use object::read::macho::{FatArch as _, MachOFatFile32};
use object::{FileKind, Object as _};

use crate::tools::TOOLS;

/// The addon's own libraries, for every system that it was built for.
fn libraries() -> Vec<PathBuf> {
    let mut folders = vec![TOOLS.addon.clone()];
    let mut libraries = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains("peer_godot")) {
                libraries.push(path);
            }
        }
    }
    libraries
}

/// The libraries that a file is linked against, and the names that it imports.
fn imports(bytes: &[u8]) -> Vec<String> {
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let file = object::File::parse(bytes).unwrap();
    let imports = file.imports().unwrap();
    let mut names: Vec<_> =
        imports.iter().flat_map(|import| [text(import.library()), text(import.name())]).collect();
    if FileKind::parse(bytes).unwrap() == FileKind::Elf64 {
        let header = object::elf::FileHeader64::<object::Endianness>::parse(bytes).unwrap();
        let endian = header.endian().unwrap();
        let sections = header.sections(endian, bytes).unwrap();
        let (dynamic, link) = sections.dynamic(endian, bytes).unwrap().expect("a dynamic section");
        let strings = sections.strings(endian, bytes, link).unwrap();
        let needed = dynamic.iter().filter(|entry| entry.tag32(endian) == Some(object::elf::DT_NEEDED));
        names.extend(needed.map(|entry| text(entry.string(endian, strings).unwrap())));
    }
    names
}

#[test]
fn the_addon_links_against_no_steam() {
    let libraries = libraries();
    assert!(!libraries.is_empty(), "no library in {}", TOOLS.addon.display());
    for library in libraries {
        let bytes = std::fs::read(&library).unwrap();
        // A library for several processors is one file for each.
        let parts: Vec<&[u8]> = match MachOFatFile32::parse(&*bytes) {
            Ok(fat) => fat.arches().iter().map(|arch| arch.data(&*bytes).unwrap()).collect(),
            Err(_) => vec![&bytes],
        };
        for part in parts {
            let names = imports(part);
            assert!(names.len() > 20, "{}: {names:?}", library.display());
            let steams: Vec<_> = names.iter().filter(|name| name.to_lowercase().contains("steam")).collect();
            assert!(steams.is_empty(), "{}: {steams:?}", library.display());
        }
    }
}
