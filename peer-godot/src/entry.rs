//! The library's entry point: what is done as the engine loads it and as it lets it go.

use godot::classes::Engine;
use godot::init::InitStage;
use godot::prelude::*;

use crate::{enums, project_settings, runtime};

/// The addon, as Godot loads it.
struct SteamPeer;

#[gdextension]
// SAFETY: this is the one entry point of the library.
unsafe impl ExtensionLibrary for SteamPeer {
    fn on_stage_init(stage: InitStage) {
        if stage == InitStage::Scene {
            enums::register();
            project_settings::register();
            // The engine has no scene tree yet. The editor needs no frames until a tool initialises Steam, and its
            // handlers would be warned of when it closes.
            let start = || {
                if !Engine::singleton().is_editor_hint() {
                    runtime::attach();
                }
            };
            Callable::from_fn("SteamSession start", move |_| start()).call_deferred(&[]);
        }
    }

    fn on_stage_deinit(stage: InitStage) {
        if stage == InitStage::Scene {
            runtime::finish();
        }
    }
}
