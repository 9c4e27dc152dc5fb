//! The library's entry point: what is done as the engine loads it and as it lets it go.

use godot::init::InitStage;
use godot::prelude::*;

use crate::steam_session::frame;
use crate::{debug, errors, multiplayer_peer, packet_peer, project_settings, runtime, steam_session};

/// The addon, as Godot loads it.
struct SteamPeer;

#[gdextension]
// SAFETY: this is the one entry point of the library.
unsafe impl ExtensionLibrary for SteamPeer {
    fn on_stage_init(stage: InitStage) {
        if stage == InitStage::Scene {
            multiplayer_peer::enums::register();
            packet_peer::enums::register();
            steam_session::enums::register();
            project_settings::register();
            // The engine has no scene tree yet.
            Callable::from_fn("SteamSession start", |_| frame::attach()).call_deferred(&[]);
        }
    }

    fn on_stage_deinit(stage: InitStage) {
        if stage == InitStage::Scene {
            peer_steam::leave_to_others();
            runtime::shut_down();
            debug::forget_steam_log();
            errors::print_wrong_thread();
            debug::print_lines();
        }
    }
}
