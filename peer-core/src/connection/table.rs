//! The connections of a session, and every change of their state.

use std::mem;
use std::ops::{Index, IndexMut};
use std::time::Duration;

use slab::Slab;

use crate::connection::receive::ReceiveHalf;
use crate::connection::send::{SendHalf, SendHalves};
use crate::connection::{Connection, Probe, State};
use crate::time::Time;
use crate::transport::{ConnectionHandle, Message};

/// Connections under keys that travel as tokens, and the list of those that every poll must look at.
#[derive(Debug)]
pub(crate) struct Table<M> {
    slab: Slab<Connection<M>>,
    /// All that are active, and perhaps some that were until the last poll. The others cost nothing until something
    /// arrives for them.
    active: Vec<u32>,
    /// Bytes that the receiving halves hold back together.
    held_bytes: usize,
}

impl<M> Default for Table<M> {
    fn default() -> Self {
        Self { slab: Slab::new(), active: Vec::new(), held_bytes: 0 }
    }
}

impl<M: Message> Table<M> {
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, key: u32) -> Option<&mut Connection<M>> {
        self.slab.get_mut(key as usize)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection<M>> {
        self.slab.iter_mut().map(|(_, connection)| connection)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Connection<M>> + Clone {
        self.slab.iter().map(|(_, connection)| connection)
    }

    pub(crate) fn keys(&self) -> Vec<u32> {
        self.slab.iter().map(|(key, _)| narrow(key)).collect()
    }

    /// The first connection that `matches`.
    pub(crate) fn find(&self, mut matches: impl FnMut(u32, &Connection<M>) -> bool) -> Option<u32> {
        self.slab
            .iter()
            .find(|(key, connection)| matches(narrow(*key), connection))
            .map(|(key, _)| narrow(key))
    }

    /// Of the connections that wait until a time, if there are `many` or more: the one whose time comes first.
    pub(crate) fn oldest_of_many(
        &self,
        many: usize,
        waits_until: impl Fn(&State) -> Option<Time>,
    ) -> Option<u32> {
        let waiting = || self.slab.iter().filter_map(|(key, of)| Some((waits_until(&of.state)?, key)));
        let (_, key) = waiting().min().filter(|_| waiting().count() >= many)?;
        Some(narrow(key))
    }

    /// The connection that owns `handle`.
    pub(crate) fn find_handle(&self, handle: ConnectionHandle) -> Option<u32> {
        self.find(|_, connection| connection.handle == Some(handle))
    }

    pub(crate) fn insert(&mut self, connection: Connection<M>) -> u32 {
        let key = narrow(self.slab.insert(connection));
        self.activate(key);
        key
    }

    pub(crate) fn remove(&mut self, key: u32) {
        let removed = self.slab.remove(key as usize);
        self.held_bytes -= removed.receive.held_bytes();
        if removed.is_listed {
            self.active.retain(|&listed| listed != key);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slab.clear();
        self.active.clear();
        self.held_bytes = 0;
    }

    /// Changes what a connection holds back.
    pub(crate) fn with_held<R>(&mut self, key: u32, change: impl FnOnce(&mut ReceiveHalf<M>) -> R) -> R {
        let receive = &mut self.slab[key as usize].receive;
        let before = receive.held_bytes();
        let result = change(receive);
        let after = receive.held_bytes();
        self.held_bytes = self.held_bytes - before + after;
        result
    }

    /// If all connections together hold back more than that: the one that holds the most.
    pub(crate) fn largest_holder(&self, max_bytes: usize) -> Option<u32> {
        if self.held_bytes <= max_bytes {
            return None;
        }
        self.slab
            .iter()
            .max_by_key(|(_, connection)| connection.receive.held_bytes())
            .map(|(key, _)| narrow(key))
    }

    /// Moves a connection to its next state, and returns the one it was in.
    pub(crate) fn enter(&mut self, key: u32, next: State) -> State {
        let state = &mut self[key].state;
        debug_assert!(state.may_become(&next), "from {state:?} to {next:?}");
        let previous = mem::replace(state, next);
        self.activate(key);
        previous
    }

    /// Gives the peers of active connections more time, because this side did not listen for so long.
    pub(crate) fn extend_timeouts(&mut self, time: Duration) {
        for &key in &self.active {
            let connection = &mut self.slab[key as usize];
            if let Some(since) = connection.probe.as_mut().and_then(|probe| probe.since.as_mut()) {
                *since = *since + time;
            }
            match &mut connection.state {
                State::PendingApproval { until }
                | State::AwaitingHello { until }
                | State::PeerClosing { until, .. } => *until = *until + time,
                // A dial is not delayed, and packets that were not read in time are lost to a game that is blocked.
                _ => {}
            }
        }
    }

    /// Measures from now on whether the peer of a connection is there; see [`Probe`].
    pub(crate) fn start_probe(&mut self, key: u32, limit: Duration) {
        self[key].probe = Some(Probe::new(limit));
        self.activate(key);
    }

    /// Notes which packets are there before others are taken in.
    pub(crate) fn note_unread(&mut self) {
        for &key in &self.active {
            let connection = &mut self.slab[key as usize];
            if let Some(probe) = &mut connection.probe {
                probe.unread = connection.receive.unread;
            }
        }
    }

    /// The connection at `place` of those to poll.
    pub(crate) fn active(&self, place: usize) -> Option<u32> {
        self.active.get(place).copied()
    }

    /// Takes the connection at `place` off the list if it is not active any more.
    pub(crate) fn deactivate(&mut self, place: usize) -> bool {
        let key = self.active[place];
        let connection = &mut self[key];
        let is_done = !connection.is_active();
        if is_done {
            connection.is_listed = false;
            self.active.swap_remove(place);
        }
        is_done
    }

    fn activate(&mut self, key: u32) {
        let connection = &mut self[key];
        if connection.is_active() && !connection.is_listed {
            connection.is_listed = true;
            self.active.push(key);
        }
    }
}

impl<M: Message> SendHalves for Table<M> {
    fn get(&mut self, key: u32) -> Option<(ConnectionHandle, &mut SendHalf)> {
        let connection = self.get_mut(key)?;
        Some((connection.handle?, &mut connection.send))
    }

    /// The next poll closes the connection, unless Steam has reported its end by then.
    fn mark_broken(&mut self, key: u32) {
        self[key].send.mark_broken();
        self.activate(key);
    }
}

/// Keys are below the highest number of records there ever was: `MAX_CONNECTIONS`, and those that are `Closed`.
#[allow(clippy::cast_possible_truncation)]
fn narrow(key: usize) -> u32 {
    key as u32
}

impl<M> Index<u32> for Table<M> {
    type Output = Connection<M>;

    #[inline]
    fn index(&self, key: u32) -> &Connection<M> {
        &self.slab[key as usize]
    }
}

impl<M> IndexMut<u32> for Table<M> {
    #[inline]
    fn index_mut(&mut self, key: u32) -> &mut Connection<M> {
        &mut self.slab[key as usize]
    }
}
