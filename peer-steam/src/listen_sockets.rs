//! The process's listen sockets, by virtual port.
//!
//! Steam has one socket a port, and closing it ends every connection accepted on it. So a socket that its transport
//! releases stays open while any such connection lives, outliving that transport if need be, and the next transport to
//! listen on the port takes it over.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peer_core::{ListenHandle, VirtualPort};

use crate::ffi::config::RawOption;
use crate::ffi::library::Hold;
use crate::ffi::sockets::ListenSocket;
use crate::user_data::TransportId;

#[derive(Debug)]
struct Entry {
    port: VirtualPort,
    /// `None` while Steam is opening it.
    socket: Option<ListenSocket>,
    /// The transport that gets its requests; `None` once it has released the socket.
    owner: Option<TransportId>,
    /// How many live connections, of all transports, came in on it.
    accepted: usize,
}

impl Entry {
    fn is(&self, listen: ListenHandle) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.handle() == listen)
    }
}

static TABLE: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// Steam is never called with this locked: it may be reporting a status change on another thread, which locks it too.
fn table() -> MutexGuard<'static, Vec<Entry>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a transport cannot listen on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListenError {
    /// A transport of this process listens on it.
    PortTaken,
    /// Steam refuses.
    Refused,
}

/// Opens a socket on `port` for a transport, or takes over the released one that is still open.
pub(crate) fn listen(
    id: TransportId,
    hold: &Hold,
    port: VirtualPort,
    options: &[RawOption<'_>],
) -> Result<ListenHandle, ListenError> {
    {
        let mut table = table();
        if let Some(entry) = table.iter_mut().find(|entry| entry.port == port) {
            let (Some(socket), None) = (&entry.socket, entry.owner) else {
                return Err(ListenError::PortTaken);
            };
            let handle = socket.handle();
            entry.owner = Some(id);
            drop(table);
            for option in options {
                crate::ffi::config::set_on_listen_socket(hold, handle, option);
            }
            return Ok(handle);
        }
        // Reserves the port. A request that arrives before Steam has returned finds its transport by its user data.
        table.push(Entry { port, socket: None, owner: Some(id), accepted: 0 });
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
            Err(ListenError::Refused)
        }
    }
}

/// The transport that gets the requests on a socket: `None` if the socket is unknown, `Some(None)` if it has been
/// released.
// A known socket without an owner is not the same as an unknown one.
#[allow(clippy::option_option)]
pub(crate) fn owner_of(listen: ListenHandle) -> Option<Option<TransportId>> {
    let table = table();
    table.iter().find(|entry| entry.is(listen)).map(|entry| entry.owner)
}

/// The transport that listens on a port, and its socket.
pub(crate) fn on_port(port: VirtualPort) -> Option<(TransportId, ListenHandle)> {
    let table = table();
    let entry = table.iter().find(|entry| entry.port == port)?;
    entry.owner.zip(entry.socket.as_ref().map(ListenSocket::handle))
}

/// A transport takes no more requests on its socket. To be followed by [`close_if_unused`].
pub(crate) fn release(id: TransportId, listen: ListenHandle) {
    let mut table = table();
    let own = table.iter_mut().find(|entry| entry.is(listen) && entry.owner == Some(id));
    if let Some(entry) = own {
        entry.owner = None;
    }
}

/// Counts a connection that came in on a socket.
pub(crate) fn add_connection(listen: ListenHandle) {
    if let Some(entry) = table().iter_mut().find(|entry| entry.is(listen)) {
        entry.accepted += 1;
    }
}

/// A connection counted by [`add_connection`] is closed.
pub(crate) fn remove_connection(listen: ListenHandle) {
    if let Some(entry) = table().iter_mut().find(|entry| entry.is(listen)) {
        // Steam may have reused the handle of a closed socket.
        entry.accepted = entry.accepted.saturating_sub(1);
    }
    close_if_unused(listen);
}

/// Closes a released socket once it has no connections.
pub(crate) fn close_if_unused(listen: ListenHandle) {
    let mut table = table();
    let unused = |entry: &Entry| entry.is(listen) && entry.owner.is_none() && entry.accepted == 0;
    let Some(place) = table.iter().position(unused) else { return };
    let entry = table.swap_remove(place);
    drop(table);
    // This calls Steam.
    drop(entry);
}
