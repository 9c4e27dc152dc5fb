//! Packets put since the last flush: one transport call sends them all.

use bytes::Bytes;

use crate::limits::{FLUSH_BYTES, FLUSH_MESSAGES};
use crate::transport::{Batch, Outgoing};

/// Messages in the order they were put, over payloads that they share.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    payloads: Vec<Bytes>,
    messages: Vec<Outgoing>,
    bytes: usize,
}

impl SendQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether there is anything to send or to drop.
    pub(crate) fn has_payloads(&self) -> bool {
        !self.payloads.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it should be flushed before the frame's end.
    pub(crate) fn is_full(&self) -> bool {
        self.messages.len() >= FLUSH_MESSAGES || self.bytes >= FLUSH_BYTES
    }

    /// Adds a payload, for any number of messages; returns its index.
    #[inline]
    pub(crate) fn add_payload(&mut self, payload: Bytes) -> u32 {
        self.bytes += payload.len();
        self.payloads.push(payload);
        index(self.payloads.len() - 1)
    }

    /// Adds a message; returns its place in the queue.
    #[inline]
    pub(crate) fn push(&mut self, message: Outgoing) -> u32 {
        self.messages.push(message);
        index(self.messages.len() - 1)
    }

    pub(crate) fn payload(&self, payload: u32) -> &Bytes {
        &self.payloads[payload as usize]
    }

    pub(crate) fn message_mut(&mut self, place: u32) -> &mut Outgoing {
        &mut self.messages[place as usize]
    }

    /// Bytes of the messages of one connection.
    pub(crate) fn bytes_for(&self, key: u32) -> usize {
        let own = self.messages.iter().filter(|message| message.key == key);
        own.map(|message| self.payloads[message.payload as usize].len()).sum()
    }

    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch { payloads: &self.payloads, messages: &self.messages }
    }

    pub(crate) fn clear(&mut self) {
        self.payloads.clear();
        self.messages.clear();
        self.bytes = 0;
    }
}

/// The queue is flushed long before it has 2^32 entries.
#[allow(clippy::cast_possible_truncation)]
fn index(place: usize) -> u32 {
    place as u32
}
