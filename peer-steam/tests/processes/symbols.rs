//! What this crate asks of Steam's library, and what the libraries have.

use std::collections::BTreeSet;
use std::path::Path;

use object::Object as _;

use crate::library;

fn is_steams(name: &str) -> bool {
    name.starts_with("SteamAPI_")
        || name.starts_with("SteamInternal_")
        || name.starts_with("SteamGameServer_")
}

/// The functions in the table of this crate.
fn named_in_sources() -> BTreeSet<String> {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ffi/api.rs");
    let text = std::fs::read_to_string(table).unwrap();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    // A name without its version, in a test, is none.
    words.filter(|word| is_steams(word) && !word.ends_with("_v")).map(str::to_owned).collect()
}

fn exports(library: &Path) -> BTreeSet<String> {
    let bytes = std::fs::read(library).unwrap_or_else(|error| panic!("{}: {error}", library.display()));
    let mut names = BTreeSet::new();
    for part in parts(&bytes) {
        let file = object::File::parse(part).unwrap_or_else(|error| panic!("{}: {error}", library.display()));
        let found: BTreeSet<_> = file
            .exports()
            .unwrap()
            .iter()
            // macOS puts an underscore before every name.
            .map(|export| String::from_utf8_lossy(export.name()).trim_start_matches('_').to_owned())
            .collect();
        // Every part of a library for several machines must have it.
        names = if names.is_empty() { found } else { names.intersection(&found).cloned().collect() };
    }
    names
}

/// The libraries in a file: one for each machine that it is for.
fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    use object::read::macho::{FatArch as _, MachOFatFile32};
    match MachOFatFile32::parse(bytes) {
        Ok(fat) => fat.arches().iter().map(|arch| arch.data(bytes).unwrap()).collect(),
        Err(_) => vec![bytes],
    }
}

#[test]
fn everything_that_is_called_is_in_valves_libraries_and_in_local_steam() {
    let named = named_in_sources();
    assert!(named.len() > 50, "{named:?}");
    let valves = library::sdk().join("redistributable_bin");
    let mut libraries: Vec<_> = ["linux64/libsteam_api.so", "linuxarm64/libsteam_api.so"]
        .into_iter()
        .chain(["osx/libsteam_api.dylib", "win64/steam_api64.dll"])
        .map(|library| valves.join(library))
        .collect();
    libraries.push(library::local_steam().join("libsteam_api.so"));
    for library in &libraries {
        let has = exports(library);
        println!("{}: {} of its {} functions are called", library.display(), named.len(), has.len());
        let missing: Vec<_> = named.difference(&has).collect();
        assert!(missing.is_empty(), "{} has not {missing:?}", library.display());
    }
}
