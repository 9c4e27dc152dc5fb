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

/// The second names of classes, which have the same icon.
const SECOND_NAMES: [(&str, &str); 2] =
    [("SteamPeer", "SteamMultiplayerPeer"), ("SteamPeerConnection", "SteamPacketPeer")];

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
    for (class, icon) in ICONS.map(|class| (class, class)).into_iter().chain(SECOND_NAMES) {
        writeln!(text, "{class} = \"icons/{icon}.svg\"").expect("a String takes everything");
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

    #[test]
    fn every_platform_has_its_libraries_in_both_kinds_of_build_and_every_class_its_icon() {
        let text = text();
        for lines in [
            "[configuration]\n\nentry_symbol = \"gdext_rust_init\"\ncompatibility_minimum = \"4.4\"\nreloadable = false\n",
            "[libraries]\n\nlinux.debug.x86_64 = \"bin/linux-x86_64/libpeer_godot.so\"\n",
            "\nlinux.release.arm64 = \"bin/linux-arm64/libpeer_godot.so\"\n",
            "\nwindows.debug.x86_64 = \"bin/windows-x86_64/peer_godot.dll\"\n",
            "\nmacos.release = \"bin/macos/libpeer_godot.dylib\"\n\n[dependencies]\n",
            "\nlinux.debug.x86_64 = { \"bin/linux-x86_64/libsteam_api.so\": \"\" }\n",
            "\nmacos.release = { \"bin/macos/libsteam_api.dylib\": \"\" }\n\n[icons]\n\nSteamMultiplayerPeer = \"",
        ] {
            assert!(text.contains(lines), "{lines}is not in {text}");
        }
        for class in ICONS {
            let icon = crate::run::root().join(format!("peer-godot/addon/icons/{class}.svg"));
            assert!(icon.is_file() && text.contains(&format!("/{class}.svg\"\n")), "{class}");
        }
    }
}
