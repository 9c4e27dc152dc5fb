//! What must be true of the order in which a connection's reliable packets go out.

use std::collections::{BTreeMap, BTreeSet};

use peer_core::{Control, Goodbye, Lane, SendResult};

/// Follows the serial number that a packet carries. No channel's tag, and no control message's kind.
const MARK: u8 = 0xa7;

/// What the transport was offered on one connection.
#[derive(Default)]
pub(crate) struct Order {
    lanes: BTreeMap<u8, Offered>,
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
    /// The message number that it got.
    number: i64,
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
        let lane = self.lanes.entry(lane).or_default();
        lane.number = result.message_number().unwrap_or(lane.number);
        if let Some(serial) = read_serial(payload) {
            assert!(!self.is_broken || !is_taken, "packet {serial} follows one that was refused for good");
            assert!(serial > lane.last, "packet {serial} goes out again");
            if is_taken {
                let first = lane.refused.pop_first().unwrap_or(serial);
                assert_eq!(first, serial, "a packet overtakes another");
                lane.last = serial;
            } else {
                lane.refused.insert(serial);
            }
        } else if is_taken && let Ok(Control::Goodbye(goodbye)) = Control::decode(payload) {
            self.check_goodbye(&goodbye);
        }
        self.is_broken |= !is_taken && !result.is_worth_retrying();
    }

    /// Whether nothing waits to be offered again.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_void || self.is_broken || self.lanes.values().all(|of| of.refused.is_empty())
    }

    /// A goodbye comes after every packet, and names their numbers.
    fn check_goodbye(&self, goodbye: &Goodbye) {
        if self.is_broken {
            return;
        }
        assert!(self.is_settled(), "a goodbye before the backlog");
        let packets = self.lanes.iter().filter(|&(&lane, _)| lane != Lane::CONTROL.get());
        let numbers = packets.map(|(&lane, of)| (lane, of.number)).filter(|&(_, number)| number > 0);
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
