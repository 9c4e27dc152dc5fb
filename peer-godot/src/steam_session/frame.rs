//! What the singleton does by itself: every frame, and when the game's scripts are about to end.

use godot::classes::{Engine, SceneTree};
use godot::prelude::*;

use super::SteamSession;
use crate::runtime::{self, HAS_FRAMES};
use crate::{debug, errors};

/// Has the engine say when a frame begins, and when scripts are about to end. Harmless if it does.
pub(crate) fn attach() {
    if HAS_FRAMES.get() {
        return;
    }
    let tree = Engine::singleton().get_main_loop().and_then(|main| main.try_cast::<SceneTree>().ok());
    // Too early, or a main loop without frames: then a peer's `poll` does what can be done.
    let Some(tree) = tree else { return };
    let Some(root) = tree.get_root() else { return };
    connect(&mut tree.upcast(), "process_frame", Callable::from_fn("SteamSession frame", |_| frame()));
    let scripts_end = Callable::from_fn("SteamSession scripts end", |_| disconnect_all());
    connect(&mut root.upcast(), "tree_exited", scripts_end);
    HAS_FRAMES.set(true);
}

/// By the engine's own name for it: of connections that are made by the binding's, the editor warns as it closes, in case
/// the addon is to be loaded anew. It is not.
fn connect(object: &mut Gd<Object>, signal: &str, handler: Callable) {
    object.call("connect", &[signal.to_variant(), handler.to_variant()]);
}

fn frame() {
    runtime::frame();
    errors::print_wrong_thread();
    debug::print_lines();
    while let Some(event) = runtime::next_lobby_event() {
        SteamSession::emit(event);
    }
}

/// Lets go of every handler. The engine ends the scripts before it frees this object, and would then free handlers
/// whose script is gone.
fn disconnect_all() {
    let mut this = SteamSession::singleton();
    for signal in this.get_signal_list().iter_shared() {
        let name = StringName::from(&signal.get_or_nil("name").to::<GString>());
        for connection in this.get_signal_connection_list(&name).iter_shared() {
            this.disconnect(&name, &connection.get_or_nil("callable").to::<Callable>());
        }
    }
}
