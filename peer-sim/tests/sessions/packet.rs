//! The packets of the test games: each says who sent it, as which number, and is checked to the last byte.

use peer_core::{MAX_UNRELIABLE_BYTES, TransferMode};

const MAGIC: [u8; 4] = *b"GAME";

/// The shortest packet of a test game.
pub(crate) const MIN_LEN: usize = 18;

/// What every packet starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Which session of which player.
    pub(crate) sender: u32,
    /// Counts all puts of that session.
    pub(crate) seq: u64,
    pub(crate) channel: u8,
    /// The mode that was asked for.
    pub(crate) mode: u8,
}

impl Stamp {
    /// The packet, `len` bytes in all.
    pub(crate) fn packet(self, len: usize) -> Vec<u8> {
        let mut packet = MAGIC.to_vec();
        packet.extend(self.sender.to_le_bytes());
        packet.extend(self.seq.to_le_bytes());
        packet.extend([self.channel, self.mode]);
        packet.extend((MIN_LEN..len).map(|i| self.filler(i)));
        packet
    }

    fn filler(self, place: usize) -> u8 {
        (place as u64).wrapping_mul(31).wrapping_add(self.seq).to_le_bytes()[0]
    }

    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let rest = payload.strip_prefix(&MAGIC)?;
        let (sender, rest) = rest.split_first_chunk()?;
        let (seq, rest) = rest.split_first_chunk()?;
        let [channel, mode, filler @ ..] = rest else { return None };
        let stamp = Self {
            sender: u32::from_le_bytes(*sender),
            seq: u64::from_le_bytes(*seq),
            channel: *channel,
            mode: *mode,
        };
        let is_whole = filler.iter().enumerate().all(|(i, &byte)| byte == stamp.filler(MIN_LEN + i));
        is_whole.then_some(stamp)
    }

    /// The mode in which a packet of that length must travel. Past channel 0 it has a byte more on the way. An ordered one
    /// that goes reliably keeps its order with the others.
    pub(crate) fn travels(self, len: usize) -> TransferMode {
        let on_the_wire = len + usize::from(self.channel > 0);
        let mode = TransferMode::ALL[usize::from(self.mode)];
        if on_the_wire > MAX_UNRELIABLE_BYTES && mode == TransferMode::Unreliable {
            TransferMode::Reliable
        } else {
            mode
        }
    }

    pub(crate) fn mode_name(self, len: usize) -> &'static str {
        match self.travels(len) {
            TransferMode::Reliable => "reliable",
            TransferMode::Unreliable => "unreliable",
            TransferMode::UnreliableOrdered => "unreliable ordered",
        }
    }
}
