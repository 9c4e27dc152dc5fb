//! An addon with classes of the names that GodotSteam and this addon have in common. It is for the tests alone.

use godot::prelude::*;

struct OtherAddon;

#[gdextension]
// SAFETY: this is the one entry point of the library.
unsafe impl ExtensionLibrary for OtherAddon {}

/// Not ours. With a base that the engine registers as late as that of ours, so that the order of loading decides.
#[derive(GodotClass)]
#[class(init, base = Node)]
struct SteamMultiplayerPeer {
    base: Base<Node>,
}

#[godot_api]
impl SteamMultiplayerPeer {
    #[func]
    fn whose(&self) -> GString {
        GString::from(&format!("another's, {}", self.base().get_class()))
    }
}

/// Not ours.
#[derive(GodotClass)]
#[class(init, base = Node)]
struct SteamPacketPeer {}
