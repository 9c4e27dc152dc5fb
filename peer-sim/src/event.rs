//! What is going to happen, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Duration;

use peer_core::{ConnectionHandle, LobbyId, SteamId, Time};

use crate::connection::half::Notice;
use crate::connection::sender::Datagram;
use crate::process::ProcessId;

/// What a lobby's member hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LobbyChange {
    /// Someone has joined.
    Joined(SteamId),
    /// Someone has left, or their process has died.
    Left(SteamId),
}

/// Something that happens at a moment.
#[derive(Debug)]
pub(crate) enum Event {
    Connection(ConnectionEvent),
    Lobby(LobbyEvent),
}

impl From<ConnectionEvent> for Event {
    fn from(event: ConnectionEvent) -> Self {
        Self::Connection(event)
    }
}

impl From<LobbyEvent> for Event {
    fn from(event: LobbyEvent) -> Self {
        Self::Lobby(event)
    }
}

/// What happens to a connection. Whoever it was for may be gone by then: then nothing happens.
#[derive(Debug)]
pub(crate) enum ConnectionEvent {
    /// A dialler sends its request, again if need be.
    Dial(ConnectionHandle),
    /// A dialler's request arrives.
    Request(ConnectionHandle),
    /// The dialler hears that it was accepted.
    Accepted { dialler: ConnectionHandle, acceptor: ConnectionHandle },
    /// The acceptor sees the dialler's route work.
    AcceptorConnects(ConnectionHandle),
    /// A connection that is not Connected by now never will be.
    Deadline(ConnectionHandle),
    /// A dial meets a certificate that does not verify.
    BadCertificate(ConnectionHandle),
    /// A connection has heard nothing for too long, unless it has since: then its `epoch` is another.
    Silence { connection: ConnectionHandle, epoch: u32 },
    /// A process tries (again) to tell that it has closed a connection.
    Tell(Box<Notice>),
    /// Word of a close arrives.
    Closed(Box<Notice>),
    /// A sender may send again.
    Wake(ConnectionHandle),
    /// A datagram arrives.
    Arrive { connection: ConnectionHandle, datagram: Rc<Datagram> },
    /// A receiver's acknowledgements wait no longer for something to go with.
    SendAcks(ConnectionHandle),
    /// An acknowledgement arrives.
    Ack { connection: ConnectionHandle, packet: u64 },
    /// The oldest reliable datagram in flight counts as lost.
    Retransmit(ConnectionHandle),
    /// A receiver that had no room tries to deliver again.
    Release(ConnectionHandle),
    /// A machine that slept is awake.
    Awake(ProcessId),
}

impl ConnectionEvent {
    /// Whose timer it is, if it is a connection's.
    pub(crate) fn timer(&self) -> Option<ConnectionHandle> {
        match self {
            Self::Dial(own)
            | Self::AcceptorConnects(own)
            | Self::Deadline(own)
            | Self::BadCertificate(own)
            | Self::Silence { connection: own, .. }
            | Self::Wake(own)
            | Self::SendAcks(own)
            | Self::Retransmit(own)
            | Self::Release(own) => Some(*own),
            _ => None,
        }
    }
}

/// What happens to a lobby's member.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LobbyEvent {
    /// It hears of a change.
    Change {
        lobby: LobbyId,
        member: SteamId,
        /// The membership that it is for: one that ended and began anew hears nothing that was meant for the old one.
        epoch: u64,
        change: LobbyChange,
        /// The owner after it.
        owner: SteamId,
    },
    /// Steam notices that its process has died.
    Removal { lobby: LobbyId, member: SteamId, epoch: u64 },
}

#[derive(Debug)]
struct Scheduled {
    at: Time,
    sequence: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// All events to come, by moment, and in the order of their making within one.
#[derive(Debug, Default)]
pub(crate) struct Events {
    heap: BinaryHeap<Reverse<Scheduled>>,
    sequence: u64,
}

impl Events {
    pub(crate) fn schedule(&mut self, at: Time, event: Event) {
        self.sequence += 1;
        self.heap.push(Reverse(Scheduled { at, sequence: self.sequence, event }));
    }

    /// Puts off what is chosen.
    pub(crate) fn postpone(&mut self, by: Duration, is_chosen: impl Fn(&Event) -> bool) {
        let mut all = std::mem::take(&mut self.heap).into_vec();
        for Reverse(scheduled) in &mut all {
            if is_chosen(&scheduled.event) {
                scheduled.at = scheduled.at + by;
            }
        }
        self.heap = all.into();
    }

    pub(crate) fn next_time(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(scheduled)| scheduled.at)
    }

    /// The next event if it is due by `until`.
    pub(crate) fn pop(&mut self, until: Time) -> Option<(Time, Event)> {
        if self.next_time()? > until {
            return None;
        }
        self.heap.pop().map(|Reverse(scheduled)| (scheduled.at, scheduled.event))
    }
}
