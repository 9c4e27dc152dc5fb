//! What `debug_level` prints.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

use godot::prelude::*;
use peer_core::{Event, PeerId};

use crate::runtime;

/// Lines that may wait to be printed; more are counted, not kept.
const MAX_LINES: usize = 1_000;

/// Steam's lines, which come on Steam's threads and are printed on the main one.
static LINES: Mutex<Lines> = Mutex::new(Lines { waiting: Vec::new(), dropped: 0 });

struct Lines {
    waiting: Vec<String>,
    dropped: usize,
}

thread_local! {
    /// How many peers ask for Steam's log.
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
    /// Whether Steam's log comes here.
    static IS_SET: Cell<bool> = const { Cell::new(false) };
}

/// A peer's request for the log of Steam's networking.
///
/// Steam has one debug output a process, which another addon may use as well: it is set with the first request, cleared
/// with the last, and not touched as long as there is none.
#[derive(Debug)]
pub(crate) struct SteamLog(());

impl SteamLog {
    pub(crate) fn request() -> Self {
        REQUESTS.set(REQUESTS.get() + 1);
        update_steam_log();
        Self(())
    }
}

impl Drop for SteamLog {
    fn drop(&mut self) {
        REQUESTS.set(REQUESTS.get() - 1);
        update_steam_log();
    }
}

/// Sets or clears Steam's debug output, as peers have requested it; deferred until Steam is initialised.
pub(crate) fn update_steam_log() {
    let is_wanted = REQUESTS.get() > 0;
    if is_wanted == IS_SET.get() {
        return;
    }
    let updated = runtime::steam(|steam| {
        if is_wanted {
            steam.set_debug_output(peer_steam::DebugLevel::Message, |_, line| push(line));
        } else {
            steam.clear_debug_output();
        }
    });
    if updated.is_some() {
        IS_SET.set(is_wanted);
    }
}

/// Steam was shut down, and its debug output with it.
pub(crate) fn forget_steam_log() {
    IS_SET.set(false);
}

fn push(line: &str) {
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.waiting.len() < MAX_LINES {
        lines.waiting.push(line.to_owned());
    } else {
        lines.dropped += 1;
    }
}

/// Prints what Steam has logged since the last time.
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

/// Prints an event of the session whose own id is `own`.
pub(crate) fn print_event(own: Option<PeerId>, event: &Event) {
    let own = own.map_or(0, PeerId::to_godot);
    match event {
        Event::PeerConnected(id) => godot_print!("SteamMultiplayerPeer {own}: peer {id} connected"),
        Event::PeerDisconnected(id) => godot_print!("SteamMultiplayerPeer {own}: peer {id} disconnected"),
        Event::ConnectionEnded { steam_id, reason, message, .. } => {
            godot_print!("SteamMultiplayerPeer {own}: connection with {steam_id} ended: {reason} {message}");
        }
        Event::HostLost { .. } => godot_print!("SteamMultiplayerPeer {own}: the host is gone"),
        Event::Migrated { .. } => godot_print!("SteamMultiplayerPeer {own}: the match goes on"),
        Event::RelayOverridden { .. } => {}
    }
}
