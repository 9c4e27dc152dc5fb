//! What `debug_level` prints.

use std::sync::{Mutex, PoisonError};

use godot::prelude::*;
use peer_core::{Event, Session};
use peer_steam::SteamTransport;

use crate::multiplayer_peer::enums::DebugLevel;
use crate::runtime;

/// Lines that may wait to be printed; more are counted, not kept.
const MAX_LINES: usize = 1_000;

/// Lines of Steam's, which come on Steam's threads and are printed on the main one.
static LINES: Mutex<Lines> = Mutex::new(Lines { waiting: Vec::new(), dropped: 0 });

struct Lines {
    waiting: Vec<String>,
    dropped: usize,
}

/// Turns the debug output of Steam's networking on or off. It is one for the process: the last level that was set counts.
pub(crate) fn set_steam_log_level(level: DebugLevel) {
    runtime::steam(|steam| {
        if level == DebugLevel::Steam {
            steam.set_debug_output(peer_steam::DebugLevel::Message, |_, line| push(line));
        } else {
            steam.clear_debug_output();
        }
    });
}

fn push(line: &str) {
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.waiting.len() < MAX_LINES {
        lines.waiting.push(line.to_owned());
    } else {
        lines.dropped += 1;
    }
}

/// Prints what Steam has said since the last time.
pub(crate) fn print_lines() {
    let (waiting, dropped) = {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut lines.waiting), std::mem::take(&mut lines.dropped))
    };
    for line in waiting {
        godot_print!("Steam: {line}");
    }
    if dropped > 0 {
        godot_print!("Steam: {dropped} more lines");
    }
}

/// Prints an event of a session.
pub(crate) fn print_event(session: &Session<SteamTransport>, event: &Event) {
    let own = session.unique_id().map_or(0, peer_core::PeerId::to_godot);
    match event {
        Event::PeerConnected(id) => godot_print!("SteamMultiplayerPeer {own}: peer {id} connected"),
        Event::PeerDisconnected(id) => godot_print!("SteamMultiplayerPeer {own}: peer {id} disconnected"),
        Event::ConnectionEnded { steam_id, reason, message, .. } => {
            godot_print!("SteamMultiplayerPeer {own}: connection with {steam_id} ended: {reason} {message}");
        }
    }
}
