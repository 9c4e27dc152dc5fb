//! Packets in pieces: what is too large for one message that leaves others their turn.
//!
//! Between peers that both know pieces ([`Features::PIECES`](crate::Features::PIECES)), every reliable message of more than
//! [`MAX_UNRELIABLE_BYTES`] is a piece, and every packet of more than that is sent as pieces; so smaller packets need no
//! header. The pieces of a packet travel in order on its channel, and are of about the same size: 16,500 to 33,000 bytes.
//! What a piece is stands behind its bytes, and before its channel's tag:
//!
//! | piece | trailer |
//! |---|---|
//! | first | total `u32`, kind 1 |
//! | first of an unreliable ordered packet | after `u64`, total `u32`, kind 3 |
//! | any other | kind 0 |
//!
//! `total` is the packet's length. An unreliable ordered packet arrives reliably, if late: `after` is the number of the
//! last message on its channel's ordered lane that was sent before it, so that neither it nor that one goes back.

use bytes::{BufMut, Bytes, BytesMut};
use smallvec::SmallVec;

use crate::lane::MAX_UNRELIABLE_BYTES;

const FIRST: u8 = 1;
const ORDERED: u8 = 2;

/// The longest trailer, and a tag behind it.
const MAX_TRAILER_BYTES: usize = 8 + 4 + 1 + 1;

/// The pieces of a packet, as they travel.
pub(crate) type Pieces = SmallVec<[Bytes; 4]>;

/// Cuts a packet into pieces. Its bytes are copied once, into memory that the pieces share.
pub(crate) fn cut(packet: &[u8], tag: Option<u8>, after: Option<i64>) -> Pieces {
    let count = count(packet.len());
    let mut memory = BytesMut::with_capacity(packet.len() + count * MAX_TRAILER_BYTES);
    let piece = |index| {
        memory.put_slice(&packet[start(packet.len(), index)..start(packet.len(), index + 1)]);
        put_trailer(&mut memory, (index == 0).then_some(packet.len()), after, tag);
        memory.split().freeze()
    };
    (0..count).map(piece).collect()
}

/// The first piece of a packet by itself, of which the others are [`cut`] already.
pub(crate) fn cut_first(packet: &[u8], tag: Option<u8>, after: Option<i64>) -> Bytes {
    let bytes = &packet[..start(packet.len(), 1)];
    let mut memory = BytesMut::with_capacity(bytes.len() + MAX_TRAILER_BYTES);
    memory.put_slice(bytes);
    put_trailer(&mut memory, Some(packet.len()), after, tag);
    memory.freeze()
}

/// How many pieces a packet has.
pub(crate) const fn count(len: usize) -> usize {
    let count = len / MAX_UNRELIABLE_BYTES;
    if count == 0 { 1 } else { count }
}

/// Where a piece starts, so that all are of about the same size.
fn start(len: usize, index: usize) -> usize {
    let count = count(len);
    len / count * index + (len % count).min(index)
}

fn put_trailer(memory: &mut BytesMut, first: Option<usize>, after: Option<i64>, tag: Option<u8>) {
    let mut kind = 0;
    if let Some(total) = first {
        kind = FIRST;
        if let Some(after) = after {
            kind |= ORDERED;
            memory.put_i64_le(after);
        }
        // A packet has at most `MAX_PACKET_BYTES`.
        #[allow(clippy::cast_possible_truncation)]
        memory.put_u32_le(total as u32);
    }
    memory.put_u8(kind);
    memory.extend(tag);
}

/// What the trailer of a piece says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many bytes of the message are the packet's. They come first.
    pub len: usize,
    /// What the first piece says of the packet.
    pub first: Option<FirstPiece>,
}

/// What the first piece says of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstPiece {
    /// The length of the packet. Not less than one piece has.
    pub total: usize,
    /// For an unreliable ordered packet: the number of the last message on the ordered lane before it, 0 if there was none.
    pub after: Option<i64>,
}

impl Piece {
    /// Reads a message without its tag; `None` if it is no piece.
    pub fn decode(message: &[u8]) -> Option<Self> {
        let (&kind, rest) = message.split_last()?;
        if kind == 0 {
            return (!rest.is_empty()).then_some(Self { len: rest.len(), first: None });
        }
        if kind & FIRST == 0 || kind & !(FIRST | ORDERED) != 0 {
            return None;
        }
        let (rest, total) = rest.split_last_chunk()?;
        let total = u32::from_le_bytes(*total) as usize;
        let (rest, after) = if kind & ORDERED == 0 {
            (rest, None)
        } else {
            let (rest, after) = rest.split_last_chunk()?;
            (rest, Some(i64::from_le_bytes(*after)))
        };
        let is_valid = !rest.is_empty() && rest.len() <= total && after.is_none_or(|after| after >= 0);
        is_valid.then_some(Self { len: rest.len(), first: Some(FirstPiece { total, after }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_longer_than_any_other_message_and_make_the_packet_again() {
        for len in [16_500, 16_501, 32_999, 33_000, 100_000, 524_288, 3_000_001] {
            let packet: Vec<u8> = (0..len).map(|i: usize| (i % 251).to_le_bytes()[0]).collect();
            for (tag, after) in [(None, None), (Some(7), Some(70_000))] {
                let pieces = cut(&packet, tag, after);
                assert_eq!(pieces.len(), count(len));
                assert_eq!(pieces[0], cut_first(&packet, tag, after));
                let mut again = Vec::new();
                for (index, piece) in pieces.iter().enumerate() {
                    assert!(
                        piece.len() > MAX_UNRELIABLE_BYTES && piece.len() <= 2 * MAX_UNRELIABLE_BYTES + 14
                    );
                    let body = &piece[..piece.len() - usize::from(tag.is_some())];
                    let read = Piece::decode(body).unwrap();
                    let first = (index == 0).then_some(FirstPiece { total: len, after });
                    assert_eq!(read.first, first);
                    again.extend_from_slice(&body[..read.len]);
                }
                assert_eq!(again, packet);
            }
        }
    }

    #[test]
    fn what_is_no_piece_is_not_read_as_one() {
        for message in [&[][..], &[0], &[1, 4], &[9, 2], &[1, 0, 0, 0, 1], &[5, 5, 1, 0, 0, 0, 1]] {
            assert_eq!(Piece::decode(message), None, "{message:?}");
        }
        let negative = [&[5][..], &(-1_i64).to_le_bytes(), &1_u32.to_le_bytes(), &[3]].concat();
        assert_eq!(Piece::decode(&negative), None);
    }
}
