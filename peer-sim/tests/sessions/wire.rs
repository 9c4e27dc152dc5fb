//! What sessions ask of their transports, and what of it must never be.

use std::collections::{BTreeMap, BTreeSet};

use peer_core::{ConnectionHandle, MAX_UNRELIABLE_BYTES, Outgoing, SendFlags, SteamId};
use peer_sim::Asked;

use crate::packet::Stamp;

/// A keep-alive is the magic of control messages and its kind.
const KEEP_ALIVE_BYTES: usize = 5;

/// What the transports of a world have been asked.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// What must not be, in words.
    pub(crate) offences: Vec<String>,
    /// Calls that dial.
    pub(crate) dials: u64,
    /// Calls that dial, accept or configure, and messages sent, but for keep-alives.
    pub(crate) asked: u64,
    /// What each lane of each connection has carried.
    lanes: BTreeMap<(ConnectionHandle, u8), BTreeSet<&'static str>>,
}

impl Wire {
    /// Takes in a call. To peers that `is_foreign`, which are not this project's, other rules apply.
    pub(crate) fn watch(&mut self, asked: &Asked<'_>, is_foreign: fn(SteamId) -> bool) {
        let &Asked::Send(batch, results, remotes) = asked else {
            self.dials += u64::from(matches!(asked, Asked::Dial));
            self.asked += 1;
            return;
        };
        let is_keep_alive =
            |message: &&Outgoing| message.lane.get() == 0 && batch.payload(message).len() == KEEP_ALIVE_BYTES;
        self.asked += batch.messages.iter().filter(|message| !is_keep_alive(message)).count() as u64;
        let mut flushed = BTreeSet::new();
        for message in batch.messages.iter().rev() {
            // From the end: only the first message met of each connection may flush. Hellos go out singly.
            let may_flush = flushed.insert(message.connection) || message.lane.get() == 0;
            if message.flags.contains(SendFlags::NO_NAGLE) && !may_flush {
                self.offences.push("no-nagle on more than the last message".to_owned());
            }
        }
        for ((message, result), remote) in batch.messages.iter().zip(results).zip(remotes) {
            if result.message_number().is_some() && !remote.is_none_or(is_foreign) {
                let payload = batch.payload(message);
                self.watch_lane(message.connection, message.lane.get(), message.flags, payload);
            }
        }
    }

    /// Property 9: one mode a lane, and no game data on lane 0.
    fn watch_lane(&mut self, connection: ConnectionHandle, lane: u8, flags: SendFlags, payload: &[u8]) {
        // An empty one marks the end of a match.
        if payload.is_empty() {
            return;
        }
        // On the shared lanes a packet's channel follows it.
        let (payload, tag) = match payload.split_last() {
            Some((&tag, packet)) if lane >= 4 => (packet, tag),
            _ => (payload, 0),
        };
        let kind = match Stamp::read(payload) {
            Some(stamp) if stamp.channel != tag => "a packet under another channel's tag",
            Some(stamp) => stamp.mode_name(payload.len()),
            None if payload.len() > MAX_UNRELIABLE_BYTES - 1 => "reliable",
            None => "control",
        };
        let carried = self.lanes.entry((connection, lane)).or_default();
        carried.insert(kind);
        let offence = if lane > 7 {
            Some("a lane that does not work")
        } else if carried.len() > 1 {
            Some("a lane carries more than one kind")
        } else if (kind == "control") != (lane == 0) {
            Some("control and game data are on the wrong lanes")
        } else if flags.contains(SendFlags::RELIABLE) == kind.starts_with("unreliable") {
            Some("the flags do not fit the lane's kind")
        } else {
            None
        };
        if let Some(offence) = offence {
            self.offences.push(format!("{offence}: lane {lane}, {kind}, {flags:?}"));
        }
        if flags.contains(SendFlags::RELIABLE | SendFlags::NO_DELAY) {
            self.offences.push("no-delay on a reliable message".to_owned());
        }
    }
}
