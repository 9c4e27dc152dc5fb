//! Packets that have come and wait for the game to read them.

use std::collections::VecDeque;

use crate::id::PeerId;
use crate::lane::{Channel, TransferMode};
use crate::limits::{MAX_INBOX_BYTES, MAX_INBOX_PACKETS};
use crate::transport::Message;

/// A packet from a peer, in the transport's own memory until it is dropped.
#[derive(Debug)]
pub struct Packet<M> {
    /// Who sent it.
    pub peer: PeerId,
    /// The channel it was sent on.
    pub channel: Channel,
    /// The mode it travelled in.
    pub mode: TransferMode,
    pub(crate) link: u32,
    is_tagged: bool,
    message: M,
}

impl<M: Message> Packet<M> {
    pub(crate) fn new(
        peer: PeerId,
        channel: Channel,
        mode: TransferMode,
        link: u32,
        is_tagged: bool,
        message: M,
    ) -> Self {
        Self { peer, channel, mode, link, is_tagged, message }
    }

    /// Its bytes, where the transport put them.
    pub fn payload(&self) -> &[u8] {
        let payload = self.message.payload();
        // A tagged message has its tag, or it would not have become a packet.
        &payload[..payload.len() - usize::from(self.is_tagged)]
    }

    /// The message itself, to keep its memory beyond the packet.
    pub fn into_message(self) -> M {
        self.message
    }
}

/// The queue of packets, in the order of their coming.
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

    /// Drops what came on one connection.
    pub(crate) fn purge(&mut self, link: u32) {
        self.packets.retain(|packet| packet.link != link);
        self.bytes = self.packets.iter().map(|packet| packet.payload().len()).sum();
    }

    pub(crate) fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }
}
