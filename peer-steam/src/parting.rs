//! The connections of the process that sessions are winding up, by the user at their other end.
//!
//! Steam allows one connection to a user on a port. A session knows its own that are in the way of a dial; this is for
//! those of the process's other sessions: a game often makes a new one to come back to a host.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peer_core::{ConnectionHandle, SteamId};

static TABLE: Mutex<Vec<(ConnectionHandle, SteamId)>> = Mutex::new(Vec::new());

fn table() -> MutexGuard<'static, Vec<(ConnectionHandle, SteamId)>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A session is winding up a connection.
pub(crate) fn add(connection: ConnectionHandle, remote: SteamId) {
    let mut table = table();
    if !table.contains(&(connection, remote)) {
        table.push((connection, remote));
    }
}

/// A connection is gone. Harmless if it was none of these.
pub(crate) fn remove(connection: ConnectionHandle) {
    table().retain(|&(parting, _)| parting != connection);
}

/// Whether a connection to a user is being wound up.
pub(crate) fn has(remote: SteamId) -> bool {
    table().iter().any(|&(_, parting)| parting == remote)
}
