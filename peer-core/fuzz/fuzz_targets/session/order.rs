//! What must be true of the order in which a connection's reliable packets go out.

use std::collections::{BTreeMap, BTreeSet};

use peer_core::{Control, EndReason, Goodbye, Lane, MAX_UNRELIABLE_BYTES, Piece, SendResult};

/// Follows the serial number that a packet carries. No channel's tag, and no control message's kind.
const MARK: u8 = 0xa7;

/// What the transport was offered on one connection.
#[derive(Default)]
pub(crate) struct Order {
    /// By lane and tag: channels that share a lane take turns.
    streams: BTreeMap<(u8, u8), Offered>,
    /// The number of the last message taken, by lane.
    numbers: BTreeMap<u8, i64>,
    /// A message was refused for good: no packet may follow it.
    is_broken: bool,
    /// The transport took a message after it had refused one in the same call. Steam never does, and the session does
    /// not count with it.
    is_void: bool,
}

#[derive(Default)]
struct Offered {
    /// The last packet taken.
    last: u32,
    /// Packets refused, to be tried again.
    refused: BTreeSet<u32>,
}

impl Order {
    /// A reliable message was offered, perhaps after another was refused in the same call, and that came of it.
    pub(crate) fn offered(&mut self, lane: u8, payload: &[u8], result: SendResult, failed_before: bool) {
        let is_taken = result.message_number().is_some();
        self.is_void |= failed_before && is_taken;
        if self.is_void {
            return;
        }
        let tag = payload.last().copied().filter(|_| lane >= 4).unwrap_or(0);
        let body = &payload[..payload.len() - usize::from(lane >= 4)];
        if let Some(number) = result.message_number() {
            self.numbers.insert(lane, number);
        }
        let piece = Piece::decode(body).filter(|_| payload.len() > MAX_UNRELIABLE_BYTES);
        if piece.is_some_and(|piece| piece.first.is_none()) {
            // It says nothing of its packet.
            self.is_broken |= !is_taken && !result.is_worth_retrying();
            return;
        }
        let stream = self.streams.entry((lane, tag)).or_default();
        if let Some(serial) = read_serial(payload) {
            assert!(!self.is_broken || !is_taken, "packet {serial} follows one that was refused for good");
            assert!(serial > stream.last, "packet {serial} goes out again");
            if is_taken {
                let first = stream.refused.pop_first().unwrap_or(serial);
                assert_eq!(first, serial, "a packet overtakes another");
                stream.last = serial;
            } else {
                stream.refused.insert(serial);
            }
        } else if is_taken && let Ok(Control::Goodbye(goodbye)) = Control::decode(payload) {
            self.check_goodbye(&goodbye);
        }
        self.is_broken |= !is_taken && !result.is_worth_retrying();
    }

    /// Whether nothing waits to be offered again.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_void || self.is_broken || self.streams.values().all(|of| of.refused.is_empty())
    }

    /// A goodbye comes after every packet, and names their numbers.
    fn check_goodbye(&self, goodbye: &Goodbye) {
        if self.is_broken {
            return;
        }
        // Who is too far behind gets no more.
        let is_complete = self.is_settled() || goodbye.reason == EndReason::TooFarBehind;
        assert!(is_complete, "a goodbye before the backlog");
        let numbers = self.numbers.iter().map(|(&lane, &number)| (lane, number));
        let numbers = numbers.filter(|&(lane, _)| lane != Lane::CONTROL.get());
        let promised = goodbye.last_numbers.iter().map(|&(lane, number)| (lane.get(), number));
        assert!(promised.eq(numbers), "a goodbye with other numbers");
    }
}

/// A packet of `len` bytes that tells its place among all. A short one has no room for that.
pub(crate) fn packet(serial: u32, len: usize) -> Vec<u8> {
    let mut payload = vec![MARK; len];
    if len > 4 {
        payload[..4].copy_from_slice(&serial.to_le_bytes());
    }
    payload
}

fn read_serial(payload: &[u8]) -> Option<u32> {
    match payload {
        // In a control message the kind stands there.
        &[a, b, c, d, MARK, ..] => Some(u32::from_le_bytes([a, b, c, d])),
        _ => None,
    }
}
