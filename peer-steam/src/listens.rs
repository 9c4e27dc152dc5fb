//! The listen sockets of the process, by virtual port.
//!
//! Steam has one socket a port, and closing it ends everything that was accepted on it. So a socket that is retired
//! stays as long as connections of anybody hang on it, beyond the transport that opened it if need be, and whoever
//! listens on its port takes it over.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peer_core::{ListenHandle, VirtualPort};

use crate::ffi::Hold;
use crate::ffi::config::RawOption;
use crate::ffi::sockets::ListenSocket;
use crate::user_data::Slot;

#[derive(Debug)]
struct Entry {
    port: VirtualPort,
    /// `None` while Steam is opening it.
    socket: Option<ListenSocket>,
    /// Whose the requests are; `None` once it is retired.
    owner: Option<Slot>,
    /// How many connections of all transports came in on it.
    accepted: usize,
}

impl Entry {
    fn is(&self, listen: ListenHandle) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.handle() == listen)
    }
}

static TABLE: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// Steam is never called with this held: it may be bringing news on another thread, which needs it.
fn table() -> MutexGuard<'static, Vec<Entry>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why there is no socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// By a transport of this process.
    Here,
    /// Steam says no.
    BySteam,
}

/// A socket on `port` for a transport: a new one, or the one that is there for old connections.
pub(crate) fn listen(
    slot: Slot,
    hold: &Hold,
    port: VirtualPort,
    options: &[RawOption<'_>],
) -> Result<ListenHandle, Taken> {
    {
        let mut table = table();
        if let Some(entry) = table.iter_mut().find(|entry| entry.port == port) {
            let (Some(socket), None) = (&entry.socket, entry.owner) else { return Err(Taken::Here) };
            let handle = socket.handle();
            entry.owner = Some(slot);
            drop(table);
            for option in options {
                crate::ffi::config::set_on_listen_socket(hold, handle, option);
            }
            return Ok(handle);
        }
        // The port is taken from here on; a request that comes before Steam has returned finds us by its user data.
        table.push(Entry { port, socket: None, owner: Some(slot), accepted: 0 });
    }
    let socket = ListenSocket::open(hold, port, options);
    let mut table = table();
    let place = table.iter().position(|entry| entry.port == port && entry.socket.is_none());
    match (socket, place) {
        (Some(socket), Some(place)) => {
            let handle = socket.handle();
            table[place].socket = Some(socket);
            Ok(handle)
        }
        (_, place) => {
            place.map(|place| table.swap_remove(place));
            Err(Taken::BySteam)
        }
    }
}

/// Whose the requests on a socket are: `None` if the socket is not known, `Some(None)` if nobody's.
// A socket that is known to be nobody's is not the same as an unknown one.
#[allow(clippy::option_option)]
pub(crate) fn owner_of(listen: ListenHandle) -> Option<Option<Slot>> {
    let table = table();
    table.iter().find(|entry| entry.is(listen)).map(|entry| entry.owner)
}

/// A transport takes no more requests on its socket. [`close_if_done`] is to follow.
pub(crate) fn retire(slot: Slot, listen: ListenHandle) {
    let mut table = table();
    let own = table.iter_mut().find(|entry| entry.is(listen) && entry.owner == Some(slot));
    if let Some(entry) = own {
        entry.owner = None;
    }
}

/// A transport has a connection that came in on a socket.
pub(crate) fn add_connection(listen: ListenHandle) {
    if let Some(entry) = table().iter_mut().find(|entry| entry.is(listen)) {
        entry.accepted += 1;
    }
}

/// A transport has closed a connection that came in on a socket, and that was added before.
pub(crate) fn remove_connection(listen: ListenHandle) {
    if let Some(entry) = table().iter_mut().find(|entry| entry.is(listen)) {
        // Steam may have given the handle of a socket that is gone to a later one.
        entry.accepted = entry.accepted.saturating_sub(1);
    }
    close_if_done(listen);
}

/// Closes a retired socket if nothing hangs on it.
pub(crate) fn close_if_done(listen: ListenHandle) {
    let mut table = table();
    let done = |entry: &Entry| entry.is(listen) && entry.owner.is_none() && entry.accepted == 0;
    let Some(place) = table.iter().position(done) else { return };
    let entry = table.swap_remove(place);
    drop(table);
    // Steam is called by this.
    drop(entry);
}
