//! The file that tells Godot which library to load where.

use std::fmt::Write as _;

use super::platform::{PLATFORMS, Platform};
use crate::engine;

/// Its name in the addon's folder.
pub(super) const FILE: &str = "steam_peer.gdextension";

/// The function that gdext exports for Godot to call first.
const ENTRY_SYMBOL: &str = "gdext_rust_init";

/// The classes with an icon, which is called as they are.
pub(super) const ICONS: [&str; 3] = ["SteamMultiplayerPeer", "SteamPacketPeer", "SteamSession"];

/// The whole file. It names the libraries of every platform, built or not: Godot opens only its own, and a
/// game exported for one that is missing is told which file that is. Paths are relative to the file, so that
/// the folder may be moved.
pub(super) fn text() -> String {
    let mut text = format!(
        "[configuration]\n\nentry_symbol = \"{ENTRY_SYMBOL}\"\ncompatibility_minimum = \"{}\"\nreloadable = false\n",
        engine::OLDEST
    );
    section(&mut text, "libraries", |platform| format!("\"bin/{}/{}\"", platform.name, platform.library));
    // The empty text is the place in an exported game: beside the library.
    section(&mut text, "dependencies", |platform| {
        format!("{{ \"bin/{}/{}\": \"\" }}", platform.name, platform.steam_library)
    });
    text.push_str("\n[icons]\n\n");
    for class in ICONS {
        writeln!(text, "{class} = \"icons/{class}.svg\"").expect("a String takes everything");
    }
    text
}

/// A section with an entry for each platform and kind of build; the value is the same for both kinds.
fn section(text: &mut String, name: &str, value: impl Fn(&Platform) -> String) {
    write!(text, "\n[{name}]\n\n").expect("a String takes everything");
    for platform in &PLATFORMS {
        for build in ["debug", "release"] {
            let processor = platform.processor.map(|processor| format!(".{processor}")).unwrap_or_default();
            writeln!(text, "{}.{build}{processor} = {}", platform.system, value(platform))
                .expect("a String takes everything");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries of a section.
    fn entries<'a>(text: &'a str, section: &str) -> Vec<&'a str> {
        let start = text.find(&format!("[{section}]\n")).unwrap();
        text[start..]
            .lines()
            .skip(1)
            .take_while(|line| !line.starts_with('['))
            .filter(|line| !line.is_empty())
            .collect()
    }

    #[test]
    fn the_configuration_is_what_godot_and_gdext_agree_on() {
        let expected =
            ["entry_symbol = \"gdext_rust_init\"", "compatibility_minimum = \"4.4\"", "reloadable = false"];
        assert_eq!(entries(&text(), "configuration"), expected);
    }

    #[test]
    fn every_platform_has_its_library_in_both_kinds_of_build() {
        let expected = [
            "linux.debug.x86_64 = \"bin/linux-x86_64/libpeer_godot.so\"",
            "linux.release.x86_64 = \"bin/linux-x86_64/libpeer_godot.so\"",
            "linux.debug.arm64 = \"bin/linux-arm64/libpeer_godot.so\"",
            "linux.release.arm64 = \"bin/linux-arm64/libpeer_godot.so\"",
            "windows.debug.x86_64 = \"bin/windows-x86_64/peer_godot.dll\"",
            "windows.release.x86_64 = \"bin/windows-x86_64/peer_godot.dll\"",
            "macos.debug = \"bin/macos/libpeer_godot.dylib\"",
            "macos.release = \"bin/macos/libpeer_godot.dylib\"",
        ];
        assert_eq!(entries(&text(), "libraries"), expected);
    }

    #[test]
    fn valves_library_is_exported_beside_ours() {
        let text = text();
        let dependencies = entries(&text, "dependencies");
        assert_eq!(dependencies.len(), 8);
        assert_eq!(dependencies[0], "linux.debug.x86_64 = { \"bin/linux-x86_64/libsteam_api.so\": \"\" }");
        assert_eq!(dependencies[7], "macos.release = { \"bin/macos/libsteam_api.dylib\": \"\" }");
    }

    #[test]
    fn every_class_has_an_icon_that_is_there() {
        let icons = crate::run::root().join("peer-godot/addon");
        let text = text();
        for line in entries(&text, "icons") {
            let path = line.split('"').nth(1).unwrap();
            assert!(icons.join(path).is_file(), "{path}");
        }
    }
}
