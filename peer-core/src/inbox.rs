//! Packets that have arrived and that the game has not read.

use std::collections::VecDeque;

use crate::id::PeerId;
use crate::lane::{Channel, TransferMode};
use crate::limits::{MAX_INBOX_BYTES, MAX_INBOX_PACKETS};
use crate::transport::Message;

/// The bytes of a packet.
#[derive(Debug)]
pub(crate) enum Body<M> {
    /// The first `len` bytes of a message, in the transport's own memory.
    Message { message: M, len: usize },
    /// What came in pieces.
    Joined(Box<[u8]>),
}

/// A packet from a peer. Its bytes stay in the transport's own memory until it is dropped, unless it came in pieces.
#[derive(Debug)]
pub struct Packet<M> {
    /// Who sent it.
    pub peer: PeerId,
    /// The channel it was sent on.
    pub channel: Channel,
    /// The mode it was sent in.
    pub mode: TransferMode,
    pub(crate) key: u32,
    body: Body<M>,
}

impl<M: Message> Packet<M> {
    pub(crate) fn new(peer: PeerId, channel: Channel, mode: TransferMode, key: u32, body: Body<M>) -> Self {
        Self { peer, channel, mode, key, body }
    }

    /// Its bytes.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        match &self.body {
            Body::Message { message, len } => &message.payload()[..*len],
            Body::Joined(bytes) => bytes,
        }
    }
}

/// The queue of packets, in the order of arrival.
#[derive(Debug)]
pub(crate) struct Inbox<M> {
    packets: VecDeque<Packet<M>>,
    bytes: usize,
}

impl<M> Default for Inbox<M> {
    fn default() -> Self {
        Self { packets: VecDeque::new(), bytes: 0 }
    }
}

impl<M: Message> Inbox<M> {
    pub(crate) fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether no more should be taken from the transport for now.
    pub(crate) fn is_full(&self) -> bool {
        self.packets.len() >= MAX_INBOX_PACKETS || self.bytes >= MAX_INBOX_BYTES
    }

    pub(crate) fn front(&self) -> Option<&Packet<M>> {
        self.packets.front()
    }

    #[inline]
    pub(crate) fn push(&mut self, packet: Packet<M>) {
        self.bytes += packet.payload().len();
        self.packets.push_back(packet);
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Packet<M>> {
        let packet = self.packets.pop_front()?;
        self.bytes -= packet.payload().len();
        Some(packet)
    }

    /// Drops the packets of one connection.
    pub(crate) fn remove_all(&mut self, key: u32) {
        self.packets.retain(|packet| packet.key != key);
        self.bytes = self.packets.iter().map(|packet| packet.payload().len()).sum();
    }

    pub(crate) fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }
}
