//! One side of a connection: where it stands, and what it holds.

use std::time::Duration;

use peer_core::{ConnectionHandle, EndReason, ListenHandle, SteamId, Time, Token, VirtualPort};

use super::receiver::Receiver;
use super::sender::Sender;
use crate::process::{EndpointId, ProcessId};

/// Where a half stands. It only moves down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// This side dials.
    Dialling,
    /// The other side dials, and this one has not answered.
    Pending,
    /// This side has accepted, and sees no route yet.
    Accepted,
    /// Data flows.
    Connected,
    /// The other side has closed it.
    ClosedByPeer,
    /// The network has given it up.
    Failed,
}

impl Stage {
    pub(crate) fn is_connecting(self) -> bool {
        self <= Self::Accepted
    }

    pub(crate) fn is_live(self) -> bool {
        self <= Self::Connected
    }

    pub(crate) fn sends_data(self) -> bool {
        self == Self::Connected
    }
}

/// Whether a half hears its other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    Hears,
    /// Nothing comes any more. From then on, something is sent that is not answered.
    Deaf {
        asks_at: Time,
    },
}

/// Word of a close, for the other side.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) from: ProcessId,
    pub(crate) from_id: SteamId,
    /// The socket that the closed half came in on. Once it is closed, too, nobody answers any more.
    pub(crate) listen: Option<ListenHandle>,
    pub(crate) to_id: SteamId,
    pub(crate) to: ConnectionHandle,
    pub(crate) reason: EndReason,
    pub(crate) message: String,
    /// When it is no longer said again.
    pub(crate) until: Time,
}

/// Whose half has ended, and what it had come to: enough to tell the other side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) from: ProcessId,
    pub(crate) from_id: SteamId,
    pub(crate) listen: Option<ListenHandle>,
    pub(crate) to_id: SteamId,
    pub(crate) to: Option<ConnectionHandle>,
    pub(crate) stage: Stage,
}

/// One side of a connection.
#[derive(Debug)]
pub(crate) struct Half {
    pub(crate) process: ProcessId,
    pub(crate) endpoint: EndpointId,
    pub(crate) local: SteamId,
    pub(crate) remote: SteamId,
    pub(crate) port: VirtualPort,
    pub(crate) token: Token,
    pub(crate) stage: Stage,
    /// The socket that it came in on.
    pub(crate) listen: Option<ListenHandle>,
    /// The other side, once a request has found one.
    pub(crate) peer: Option<ConnectionHandle>,
    /// When it must be Connected.
    pub(crate) deadline: Time,
    /// A dial that only meets a bad certificate.
    pub(crate) doomed: bool,
    /// Who has turned this dial down, to say so again when the request is repeated.
    pub(crate) refused_by: Option<Box<Notice>>,
    pub(crate) hearing: Hearing,
    /// Counts the times that this changed, so that earlier-made events are known as stale.
    pub(crate) hearing_epoch: u32,
    /// What the other side answers if it is still spoken to, having closed without a word; or when its request is
    /// accepted, having given it up.
    pub(crate) answer: Option<Box<Notice>>,
    /// The rate that was set for it, in bytes a second; `None` for that of the link.
    pub(crate) send_rate: Option<u64>,
    pub(crate) sender: Sender,
    pub(crate) receiver: Receiver,
    /// The moments of the events that count; earlier-made ones for other moments are stale.
    pub(crate) wake: Option<Time>,
    pub(crate) retransmit: Option<Time>,
    pub(crate) acks_due: Option<Time>,
    /// Packets that have come in, and not been acknowledged.
    pub(crate) acks: Vec<u64>,
    /// While it is paused: how many messages wait for the end of that.
    pub(crate) held_back: Option<usize>,
    pub(crate) releasing: bool,
    /// The send calls that touched it last, and in which one of its messages failed last.
    pub(crate) touched_in: u64,
    pub(crate) failed_in: u64,
}

impl Half {
    pub(crate) fn new(
        process: ProcessId,
        endpoint: EndpointId,
        local: SteamId,
        remote: SteamId,
        port: VirtualPort,
        stage: Stage,
        deadline: Time,
    ) -> Self {
        Self {
            process,
            endpoint,
            local,
            remote,
            port,
            token: Token::NONE,
            stage,
            listen: None,
            peer: None,
            deadline,
            doomed: false,
            refused_by: None,
            hearing: Hearing::Hears,
            hearing_epoch: 0,
            answer: None,
            send_rate: None,
            sender: Sender::default(),
            receiver: Receiver::default(),
            wake: None,
            retransmit: None,
            acks_due: None,
            acks: Vec::new(),
            held_back: None,
            releasing: false,
            touched_in: 0,
            failed_in: 0,
        }
    }

    /// Puts its timers off: its machine sleeps for so long.
    pub(crate) fn put_off(&mut self, by: Duration) {
        self.deadline = self.deadline + by;
        for timer in [&mut self.wake, &mut self.retransmit, &mut self.acks_due].into_iter().flatten() {
            *timer = *timer + by;
        }
        self.sender.put_off(by);
    }

    pub(crate) fn ended(&self) -> Ended {
        let Self { process: from, local: from_id, listen, remote: to_id, peer: to, stage, .. } = *self;
        Ended { from, from_id, listen, to_id, to, stage }
    }
}
