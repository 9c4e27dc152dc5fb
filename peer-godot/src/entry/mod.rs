//! The library's entry point: what is done as the engine loads it and as it lets it go.

use godot::init::InitStage;
use godot::prelude::*;
use godot::sys::{
    GDExtensionBool, GDExtensionClassLibraryPtr, GDExtensionInitialization,
    GDExtensionInterfaceGetProcAddress,
};

use crate::steam_session::frame;
use crate::{debug, errors, multiplayer_peer, packet_peer, project_settings, runtime, steam_session};

pub(crate) mod names;
mod owner;

/// The addon, as Godot loads it.
struct SteamPeer;

#[gdextension(entry_symbol = steam_peer_load)]
// SAFETY: this is the one library of the addon.
unsafe impl ExtensionLibrary for SteamPeer {
    fn on_stage_init(stage: InitStage) {
        if stage == InitStage::Scene {
            owner::report_taken_names();
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

/// What the engine calls first: the binding's own entry point, with [`names`] between it and the engine.
///
/// # Safety
/// Called by the engine, with its own arguments.
#[unsafe(no_mangle)]
unsafe extern "C" fn gdext_rust_init(
    get_proc_address: GDExtensionInterfaceGetProcAddress,
    library: GDExtensionClassLibraryPtr,
    init: *mut GDExtensionInitialization,
) -> GDExtensionBool {
    // SAFETY: the arguments are the engine's, and the binding fills `init` before it is changed.
    unsafe {
        let get_proc_address = names::stand_between(get_proc_address);
        let result = steam_peer_load(get_proc_address, library, init);
        names::decide_before_classes(init);
        result
    }
}
