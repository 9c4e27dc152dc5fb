//! What is still held, so that a test can show that nothing is left over.

use std::cell::Cell;

/// What an endpoint, or a whole network, holds at a moment. All zero once everything is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages received and not dropped yet, those of killed processes included.
    pub live_messages: usize,
    /// Messages that have come in and wait to be received.
    pub unread_messages: usize,
    /// Connections whose handle the application has not closed, ended ones included.
    pub open_connections: usize,
    /// Listen sockets.
    pub listen_sockets: usize,
}

impl Counters {
    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How many messages an endpoint has handed out and not got back.
#[derive(Debug, Default)]
pub(crate) struct LiveCount(Cell<usize>);

impl LiveCount {
    pub(crate) fn add(&self) {
        self.0.set(self.0.get() + 1);
    }

    pub(crate) fn remove(&self) {
        self.0.set(self.0.get() - 1);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.get()
    }
}
