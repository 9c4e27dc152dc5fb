//! The listen sockets of the process, by virtual port.
//!
//! Steam has one socket a port, and closing it ends everything that was accepted on it. So a socket outlives the
//! transport that opened it as long as connections of anybody hang on it, and a new transport takes it over instead
//! of finding the port taken.

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
    state: State,
    /// How many connections that came in on it each transport has.
    accepted: Vec<(Slot, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Requests are for this transport.
    Owned(Slot),
    /// Its transport takes no more requests, but may want it back. Free to be taken over.
    Retired(Slot),
    /// Nobody wants it. It is there for what was accepted on it.
    Orphaned,
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
            let handle = match (&entry.socket, entry.state) {
                (Some(socket), State::Retired(_) | State::Orphaned) => socket.handle(),
                _ => return Err(Taken::Here),
            };
            entry.state = State::Owned(slot);
            drop(table);
            for option in options {
                crate::ffi::config::set_on_listen_socket(hold, handle, option);
            }
            return Ok(handle);
        }
        // The port is taken from here on; a request that comes before Steam has returned finds us by its user data.
        table.push(Entry { port, socket: None, state: State::Owned(slot), accepted: Vec::new() });
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
    let entry = table.iter().find(|entry| entry.is(listen))?;
    Some(if let State::Owned(slot) = entry.state { Some(slot) } else { None })
}

/// A transport takes no more requests on its socket. Returns whether the socket was its own.
pub(crate) fn retire(slot: Slot, listen: ListenHandle) -> bool {
    let mut table = table();
    let entry = table.iter_mut().find(|entry| entry.is(listen) && entry.state == State::Owned(slot));
    entry.map(|entry| entry.state = State::Retired(slot)).is_some()
}

/// A transport is done with a socket: it is closed, unless it is another's by now or others have connections on it.
pub(crate) fn release(slot: Slot, listen: ListenHandle) {
    let mut table = table();
    let Some(place) = table.iter().position(|entry| entry.is(listen)) else { return };
    let entry = &mut table[place];
    if !matches!(entry.state, State::Owned(owner) | State::Retired(owner) if owner == slot) {
        return;
    }
    entry.state = State::Orphaned;
    close_if_done(table, place);
}

/// A transport has a connection that came in on a socket.
pub(crate) fn add_connection(slot: Slot, listen: ListenHandle) {
    let mut table = table();
    let Some(entry) = table.iter_mut().find(|entry| entry.is(listen)) else { return };
    match entry.accepted.iter_mut().find(|(owner, _)| *owner == slot) {
        Some((_, count)) => *count += 1,
        None => entry.accepted.push((slot, 1)),
    }
}

/// A transport has closed a connection that came in on a socket.
pub(crate) fn remove_connection(slot: Slot, listen: ListenHandle) {
    let mut table = table();
    let Some(place) = table.iter().position(|entry| entry.is(listen)) else { return };
    let accepted = &mut table[place].accepted;
    if let Some(index) = accepted.iter().position(|(owner, _)| *owner == slot) {
        accepted[index].1 -= 1;
        if accepted[index].1 == 0 {
            accepted.swap_remove(index);
        }
    }
    close_if_done(table, place);
}

fn close_if_done(mut table: MutexGuard<'static, Vec<Entry>>, place: usize) {
    let entry = &table[place];
    if entry.state == State::Orphaned && entry.accepted.is_empty() {
        let entry = table.swap_remove(place);
        drop(table);
        // Steam is called by this.
        drop(entry);
    }
}
