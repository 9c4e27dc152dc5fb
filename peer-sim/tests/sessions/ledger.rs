//! What was sent and what was heard, by every session that there was; and the properties that tie the two.

use std::collections::{BTreeMap, BTreeSet};

use peer_core::{EndReason, PeerId, SteamId, TransferMode};

use crate::packet::Stamp;

/// A channel and the mode that packets on it travel in, as numbers.
type Stream = (u8, u8);

/// From a `peer_connected` to its `peer_disconnected`, as the sender saw it.
#[derive(Debug, Default)]
pub(crate) struct SentPeriod {
    pub(crate) sent: BTreeMap<Stream, Vec<u64>>,
    pub(crate) is_over: bool,
}

/// The same as the receiver saw it.
#[derive(Debug)]
pub(crate) struct HeardPeriod {
    pub(crate) from: PeerId,
    pub(crate) steam_id: SteamId,
    pub(crate) heard: BTreeMap<Stream, Vec<u64>>,
    pub(crate) senders: BTreeSet<u32>,
    /// How it ended.
    pub(crate) end: Option<EndReason>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Running,
    Closed,
    LostHost,
    Killed,
}

/// One session of one player.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) steam_id: SteamId,
    pub(crate) peer_id: PeerId,
    pub(crate) fate: Fate,
    pub(crate) sent: BTreeMap<PeerId, Vec<SentPeriod>>,
    pub(crate) heard: Vec<HeardPeriod>,
    next_seq: u64,
}

/// Every session there was.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) records: Vec<Record>,
    /// What was seen on the way that must not be.
    pub(crate) offences: Vec<String>,
}

pub(crate) fn stream(channel: u8, mode: TransferMode) -> Stream {
    (channel, mode as u8)
}

impl Ledger {
    pub(crate) fn begin(&mut self, steam_id: SteamId, peer_id: PeerId) -> usize {
        let record = Record {
            steam_id,
            peer_id,
            fate: Fate::Running,
            sent: BTreeMap::new(),
            heard: Vec::new(),
            next_seq: 0,
        };
        self.records.push(record);
        self.records.len() - 1
    }

    /// The stamp of the next packet of a session, sent to those peers.
    pub(crate) fn stamp(&mut self, session: usize, channel: u8, mode: TransferMode) -> Stamp {
        let record = &mut self.records[session];
        record.next_seq += 1;
        Stamp { sender: u32::try_from(session).unwrap(), seq: record.next_seq, channel, mode: mode as u8 }
    }

    pub(crate) fn sent(&mut self, session: usize, stamp: Stamp, len: usize, to: &[PeerId]) {
        let stream = stream(stamp.channel, stamp.travels(len));
        for id in to {
            let periods = self.records[session].sent.get_mut(id);
            match periods.and_then(|periods| periods.last_mut()).filter(|period| !period.is_over) {
                Some(period) => period.sent.entry(stream).or_default().push(stamp.seq),
                None => self.offences.push(format!("a put to {id}, who is not connected, succeeded")),
            }
        }
    }

    pub(crate) fn connected(&mut self, session: usize, id: PeerId, steam_id: SteamId) {
        let record = &mut self.records[session];
        if record.open(id).is_some() {
            self.offences.push(format!("{id} connected twice"));
            return;
        }
        if let Some(other) =
            record.heard.iter().find(|other| other.end.is_none() && other.steam_id == steam_id)
        {
            self.offences.push(format!("{id} and {} are the same user {steam_id}", other.from));
        }
        let record = &mut self.records[session];
        record.sent.entry(id).or_default().push(SentPeriod::default());
        record.heard.push(HeardPeriod {
            from: id,
            steam_id,
            heard: BTreeMap::new(),
            senders: BTreeSet::new(),
            end: None,
        });
    }

    pub(crate) fn disconnected(&mut self, session: usize, id: PeerId, reason: EndReason) {
        let record = &mut self.records[session];
        match record.open(id) {
            Some(period) => period.end = Some(reason),
            None => self.offences.push(format!("{id} disconnected without having connected")),
        }
        if let Some(period) = self.records[session].sent.get_mut(&id).and_then(|periods| periods.last_mut()) {
            period.is_over = true;
        }
    }

    pub(crate) fn heard(
        &mut self,
        session: usize,
        from: PeerId,
        channel: u8,
        mode: TransferMode,
        payload: &[u8],
    ) {
        let Some(period) = self.records[session].open(from) else {
            self.offences.push(format!("a packet from {from}, who is not connected"));
            return;
        };
        // Peers that are not this project's say what they like.
        let Some(stamp) = Stamp::read(payload) else { return };
        period.senders.insert(stamp.sender);
        period.heard.entry(stream(channel, mode)).or_default().push(stamp.seq);
        if stamp.channel != channel || stamp.travels(payload.len()) != mode {
            self.offences.push(format!("{stamp:?} arrived on channel {channel} as {mode:?}"));
        }
    }

    pub(crate) fn end(&mut self, session: usize, fate: Fate) {
        let record = &mut self.records[session];
        record.fate = fate;
        for period in record.heard.iter_mut().filter(|period| period.end.is_none()) {
            // Who closes hears of nobody any more; who loses the host hears of everyone's end first.
            period.end = Some(EndReason::Left);
            if fate == Fate::LostHost {
                self.offences.push(format!("the session ended without {}'s peer_disconnected", period.from));
            }
        }
        for period in record.sent.values_mut().flatten() {
            period.is_over = true;
        }
    }

    /// The sender of what a period heard, and what it sent to this receiver. `None` if nothing was heard.
    fn source(&self, receiver: &Record, period: &HeardPeriod) -> Option<Result<&[SentPeriod], String>> {
        let &sender = period.senders.first()?;
        let record = &self.records[sender as usize];
        if period.senders.len() > 1 || record.peer_id != period.from || record.steam_id != period.steam_id {
            return Some(Err(format!("packets of sessions {:?} came under one id", period.senders)));
        }
        Some(Ok(record.sent.get(&receiver.peer_id).map_or(&[][..], Vec::as_slice)))
    }

    fn each_heard(
        &self,
        mut check: impl FnMut(&HeardPeriod, &[SentPeriod]) -> Result<(), String>,
    ) -> Result<(), String> {
        for receiver in &self.records {
            for period in &receiver.heard {
                if let Some(source) = self.source(receiver, period) {
                    let who =
                        || format!("{} ({}) hearing {}", receiver.peer_id, receiver.steam_id, period.from);
                    check(period, source?).map_err(|error| format!("{}: {error}", who()))?;
                }
            }
        }
        Ok(())
    }

    /// Property 1.
    pub(crate) fn reliable_arrives_once_and_in_order(&self) -> Result<(), String> {
        self.each_heard(|period, sent| {
            let reliable =
                || period.heard.iter().filter(|((_, mode), _)| *mode == TransferMode::Reliable as u8);
            let is_prefix = |source: &SentPeriod| {
                reliable().all(|(stream, heard)| {
                    source.sent.get(stream).is_some_and(|sent| sent.starts_with(heard))
                })
            };
            if reliable().next().is_none() || sent.iter().any(is_prefix) {
                return Ok(());
            }
            Err(format!("heard {:?}, which begins nothing of what was sent", reliable().collect::<Vec<_>>()))
        })
    }

    /// Property 2.
    pub(crate) fn unreliable_comes_at_most_once(&self) -> Result<(), String> {
        self.each_heard(|period, _| {
            for ((channel, mode), heard) in &period.heard {
                let is_ordered = *mode == TransferMode::UnreliableOrdered as u8;
                if is_ordered && !heard.is_sorted_by(|a, b| a < b) {
                    return Err(format!("unreliable ordered on {channel} went back: {heard:?}"));
                }
                let distinct: BTreeSet<_> = heard.iter().collect();
                if distinct.len() != heard.len() {
                    return Err(format!("twice on {channel}: {heard:?}"));
                }
            }
            Ok(())
        })
    }

    /// Property 3, but for what the ledger notes on the way: a leave in order has lost nothing that was put before.
    pub(crate) fn nothing_put_before_a_close_is_missing(&self) -> Result<(), String> {
        for sender in self.records.iter().filter(|sender| sender.fate == Fate::Closed) {
            for (&to, periods) in &sender.sent {
                let receivers = self.records.iter().filter(|receiver| receiver.peer_id == to);
                for receiver in receivers.filter(|receiver| receiver.fate == Fate::Running) {
                    let Some(sent) = periods.last() else { continue };
                    let heard = receiver.heard.iter().rfind(|period| period.from == sender.peer_id);
                    let Some(heard) = heard else { continue };
                    for (stream, sent) in &sent.sent {
                        let heard = heard.heard.get(stream).map_or(&[][..], Vec::as_slice);
                        if stream.1 == TransferMode::Reliable as u8 && heard != sent {
                            return Err(format!(
                                "{to} has not heard all of {} on {stream:?}: {heard:?} of {sent:?}",
                                sender.peer_id
                            ));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Property 4, the half that says who hears nothing.
    pub(crate) fn only_targets_hear(&self) -> Result<(), String> {
        self.each_heard(|period, sent| {
            for (stream, heard) in &period.heard {
                let meant: BTreeSet<_> =
                    sent.iter().filter_map(|period| period.sent.get(stream)).flatten().collect();
                if let Some(seq) = heard.iter().find(|seq| !meant.contains(seq)) {
                    return Err(format!("packet {seq} on {stream:?} was not for it"));
                }
            }
            Ok(())
        })
    }

    /// Properties 1, 4 and 8, once the network has been quiet: between sessions that still know each other nothing
    /// reliable is missing.
    pub(crate) fn nothing_reliable_is_missing(&self) -> Result<(), String> {
        for sender in self.records.iter().filter(|record| record.fate == Fate::Running) {
            for (&to, periods) in &sender.sent {
                let Some(sent) = periods.last().filter(|period| !period.is_over) else { continue };
                let mut receivers = self.records.iter().filter(|record| record.fate == Fate::Running);
                let Some(receiver) = receivers.find(|record| record.peer_id == to) else { continue };
                let heard = receiver.heard.iter().rfind(|period| period.from == sender.peer_id);
                for (stream, sent) in
                    sent.sent.iter().filter(|(stream, _)| stream.1 == TransferMode::Reliable as u8)
                {
                    let heard = heard.and_then(|period| period.heard.get(stream)).map_or(0, Vec::len);
                    if heard != sent.len() {
                        return Err(format!(
                            "{to} has {heard} of {} on {stream:?} from {}",
                            sent.len(),
                            sender.peer_id
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// What was noted on the way.
    pub(crate) fn no_offence(&self) -> Result<(), String> {
        if self.offences.is_empty() { Ok(()) } else { Err(self.offences.join("; ")) }
    }
}

impl Record {
    fn open(&mut self, id: PeerId) -> Option<&mut HeardPeriod> {
        self.heard.iter_mut().rfind(|period| period.from == id && period.end.is_none())
    }
}
