//! The platforms that the addon is for, and what lies where on each.

use std::path::PathBuf;

/// One entry of the addon: a kind of machine that Godot loads one of its libraries on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    /// The folder under the addon's `bin`.
    pub(crate) name: &'static str,
    /// Godot's feature tag of the system.
    pub(crate) system: &'static str,
    /// Godot's feature tag of the processor; none where one file holds the code for all.
    pub(crate) processor: Option<&'static str>,
    /// Rust's targets that it can be built for.
    targets: &'static [&'static str],
    /// The addon's library, as cargo names it.
    pub(crate) library: &'static str,
    /// Valve's library, and its folder among Valve's redistributables.
    pub(crate) steam_library: &'static str,
    pub(crate) steam_folder: &'static str,
}

/// Every platform that Valve's library and Godot's desktop exports have in common.
pub(crate) const PLATFORMS: [Platform; 4] = [
    Platform {
        name: "linux-x86_64",
        system: "linux",
        processor: Some("x86_64"),
        targets: &["x86_64-unknown-linux-gnu"],
        library: "libpeer_godot.so",
        steam_library: "libsteam_api.so",
        steam_folder: "linux64",
    },
    Platform {
        name: "linux-arm64",
        system: "linux",
        processor: Some("arm64"),
        targets: &["aarch64-unknown-linux-gnu"],
        library: "libpeer_godot.so",
        steam_library: "libsteam_api.so",
        steam_folder: "linuxarm64",
    },
    Platform {
        name: "windows-x86_64",
        system: "windows",
        processor: Some("x86_64"),
        targets: &["x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu"],
        library: "peer_godot.dll",
        steam_library: "steam_api64.dll",
        steam_folder: "win64",
    },
    Platform {
        name: "macos",
        system: "macos",
        processor: None,
        targets: &["aarch64-apple-darwin", "x86_64-apple-darwin"],
        library: "libpeer_godot.dylib",
        steam_library: "libsteam_api.dylib",
        steam_folder: "osx",
    },
];

impl Platform {
    /// The platform that a target of Rust's belongs to.
    pub(crate) fn of(target: &str) -> Option<&'static Self> {
        PLATFORMS.iter().find(|platform| platform.targets.contains(&target))
    }

    /// Every target that the addon can be built for.
    pub(crate) fn all_targets() -> Vec<&'static str> {
        PLATFORMS.iter().flat_map(|platform| platform.targets).copied().collect()
    }

    /// What has to be built for this platform when `target` is asked for: that, and for a library that holds
    /// the code of all processors the others too.
    pub(crate) fn builds<'a>(&'a self, target: &'a str) -> Vec<&'a str> {
        if self.processor.is_none() { self.targets.to_vec() } else { vec![target] }
    }

    /// The folder of this platform's libraries, within the addon.
    pub(crate) fn folder(&self) -> PathBuf {
        PathBuf::from("bin").join(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_lead_to_their_platform() {
        let name = |target| Platform::of(target).map(|platform| platform.name);
        assert_eq!(name("x86_64-unknown-linux-gnu"), Some("linux-x86_64"));
        assert_eq!(name("x86_64-pc-windows-gnu"), Some("windows-x86_64"));
        assert_eq!(name("x86_64-apple-darwin"), Some("macos"));
        assert_eq!(name("wasm32-unknown-unknown"), None);
    }

    #[test]
    fn only_a_library_for_all_processors_takes_more_than_one_build() {
        let builds = |target| Platform::of(target).unwrap().builds(target);
        assert_eq!(builds("x86_64-pc-windows-gnu"), ["x86_64-pc-windows-gnu"]);
        assert_eq!(builds("x86_64-apple-darwin"), ["aarch64-apple-darwin", "x86_64-apple-darwin"]);
    }
}
