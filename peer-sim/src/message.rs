//! A received message.

use std::rc::Rc;

use bytes::Bytes;
use peer_core::{ConnectionHandle, Message, Token};

use crate::connection::receiver::Incoming;
use crate::counters::LiveCount;

/// A message in the memory of the sender that put it: nothing is copied on the way. It counts as live until dropped.
#[derive(Debug)]
pub struct SimMessage {
    pub(crate) connection: ConnectionHandle,
    pub(crate) token: Token,
    pub(crate) lane: u8,
    pub(crate) number: i64,
    pub(crate) reliable: bool,
    pub(crate) payload: Bytes,
    live: Rc<LiveCount>,
}

impl SimMessage {
    pub(crate) fn new(
        connection: ConnectionHandle,
        token: Token,
        incoming: Incoming,
        live: Rc<LiveCount>,
    ) -> Self {
        live.add();
        Self {
            connection,
            token,
            lane: incoming.lane,
            number: incoming.number,
            reliable: incoming.reliable,
            payload: incoming.payload,
            live,
        }
    }

    /// The payload, shared.
    pub fn bytes(&self) -> Bytes {
        self.payload.clone()
    }
}

impl Drop for SimMessage {
    fn drop(&mut self) {
        self.live.remove();
    }
}

impl Message for SimMessage {
    #[inline]
    fn connection(&self) -> ConnectionHandle {
        self.connection
    }

    #[inline]
    fn token(&self) -> Token {
        self.token
    }

    #[inline]
    fn lane(&self) -> u8 {
        self.lane
    }

    #[inline]
    fn number(&self) -> i64 {
        self.number
    }

    #[inline]
    fn is_reliable(&self) -> bool {
        self.reliable
    }

    #[inline]
    fn payload(&self) -> &[u8] {
        &self.payload
    }
}
