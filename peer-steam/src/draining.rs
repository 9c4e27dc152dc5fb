//! The process's connections that are draining, by the user at their other end.
//!
//! Steam allows one connection to a user on a port. A session knows which of its own stand in the way of a dial; this
//! table is for those of the process's other sessions: a game often makes a new session to return to a host.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peer_core::{ConnectionHandle, SteamId};

static TABLE: Mutex<Vec<(ConnectionHandle, SteamId)>> = Mutex::new(Vec::new());

fn table() -> MutexGuard<'static, Vec<(ConnectionHandle, SteamId)>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a connection that a session has detached from.
pub(crate) fn add(connection: ConnectionHandle, remote: SteamId) {
    let mut table = table();
    if !table.contains(&(connection, remote)) {
        table.push((connection, remote));
    }
}

/// Removes a connection that is closed. Harmless if it was not draining.
pub(crate) fn remove(connection: ConnectionHandle) {
    table().retain(|&(draining, _)| draining != connection);
}

/// Whether a connection to a user is draining.
pub(crate) fn contains(remote: SteamId) -> bool {
    table().iter().any(|&(_, draining)| draining == remote)
}
