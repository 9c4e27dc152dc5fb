//! One connection, from the dial or request that opens it until its peer is forgotten.
//!
//! [`table`] holds the connections of a session and makes every change of [`State`]. [`send`] and [`receive`] are a
//! connection's two halves, [`backlog`] is what waits to be sent. Once this side closes a connection that still has something to send, [`closing`] owns it.

pub(crate) mod backlog;
pub(crate) mod closing;
pub(crate) mod receive;
pub(crate) mod send;
pub(crate) mod table;

use std::mem::{offset_of, size_of};
use std::time::Duration;

use crate::congestion::RateController;
use crate::connection::receive::ReceiveHalf;
use crate::connection::send::SendHalf;
use crate::control::{Features, Goodbye, MatchId};
use crate::id::{PeerId, SteamId};
use crate::limits::{FIRST_REDIAL, MAX_REDIAL};
use crate::reason::EndReason;
use crate::time::Time;
use crate::transport::{ConnectionHandle, VirtualPort};

/// The life of a connection, from top to bottom. [`State::may_become`] lists the moves between states.
#[derive(Debug)]
pub(crate) enum State {
    /// Waits until then to be dialled, for the first time or again.
    Backoff { until: Time },
    /// A request from someone not known to be in the lobby. The lobby may report them until then.
    PendingApproval { until: Time },
    /// Dialled or accepted; Steam has not reported Connected.
    Connecting,
    /// Connected: our hello is out, theirs must come by then.
    AwaitingHello { until: Time },
    /// Their hello was good. They are announced once they are in the same match, after the host, and after an older connection
    /// of the same user is gone.
    Ready,
    /// Announced. The steady state.
    Established,
    /// The peer said goodbye. The packets that it announced may arrive until then.
    PeerClosing { until: Time, goodbye: Box<Goodbye> },
    /// The connection is closed. Its packets can be read until then, before `peer_disconnected`.
    Draining { until: Time, close: Box<Close> },
    /// `peer_disconnected` is queued for the game.
    Closed,
}

impl State {
    /// The state machine. (A connection that was never announced is removed rather than closed, and another one dialled.)
    fn may_become(&self, next: &Self) -> bool {
        use State::{
            AwaitingHello, Backoff, Closed, Connecting, Draining, Established, PeerClosing, PendingApproval,
            Ready,
        };
        match self {
            Backoff { .. } => matches!(next, Connecting | Backoff { .. }),
            PendingApproval { .. } => matches!(next, Connecting),
            Connecting => matches!(next, AwaitingHello { .. }),
            AwaitingHello { .. } => matches!(next, Ready),
            // Closed, the connection of a former match's peer waits for the game to be told.
            Ready => matches!(next, Established | Closed),
            // Its match is over, and the connection is kept for the next one.
            Established => matches!(next, Ready | PeerClosing { .. } | Draining { .. } | Closed),
            PeerClosing { .. } => matches!(next, Draining { .. } | Closed),
            Draining { .. } => matches!(next, Closed),
            Closed => false,
        }
    }

    /// Whether time alone may change it, so that every poll must look at it.
    fn is_active(&self) -> bool {
        !matches!(self, Self::Established | Self::Closed)
    }
}

/// Why a connection was closed, as reported to the game and, in the goodbye, to the peer.
#[derive(Clone, Debug)]
pub(crate) struct Close {
    pub(crate) reason: EndReason,
    pub(crate) message: String,
}

impl Close {
    pub(crate) fn new(reason: EndReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

impl From<&Goodbye> for Close {
    fn from(goodbye: &Goodbye) -> Self {
        Self::new(goodbye.reason, goodbye.message.clone())
    }
}

/// A connection's record. Its key in the table is the token that its messages carry.
///
/// With hundreds of peers a broadcast is as fast as their records are found in the cache: what sending touches is in
/// the first 64-byte line, what receiving touches in the lines that follow.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Connection<M> {
    /// The transport's handle, as long as this record owns it.
    pub(crate) handle: Option<ConnectionHandle>,
    /// The peer's id, once its hello was good.
    pub(crate) peer_id: Option<PeerId>,
    /// Whether they dialled, and this side accepted.
    pub(crate) is_accepted: bool,
    /// Whether it is in the table's list of active connections.
    is_listed: bool,
    /// Changed by the table alone.
    state: State,
    pub(crate) send: SendHalf,
    pub(crate) receive: ReceiveHalf<M>,
    /// Finds its send rate, as long as Steam's default is not enough.
    pub(crate) rate: Option<Box<RateController>>,
    pub(crate) steam_id: SteamId,
    /// The match that the peer said it is in.
    pub(crate) match_id: Option<MatchId>,
    /// What its hello said.
    pub(crate) features: Features,
    /// The match that this side has told it.
    pub(crate) said: Option<MatchId>,
    /// Its peer was announced, in this match or a former one.
    pub(crate) was_established: bool,
    /// Our hello said that nobody has decided whether the host relays.
    pub(crate) was_told_undecided: bool,
    /// How to dial it again; `None` if they dialled us.
    pub(crate) dial: Option<Dial>,
    /// Measures whether the peer is still there.
    pub(crate) probe: Option<Probe>,
    /// What `put_bytes` was when a keep-alive was last due.
    pub(crate) put_bytes_then: u32,
    /// Until when Steam may report why it takes no more packets.
    pub(crate) loss_report_until: Option<Time>,
}

const _: () = assert!(
    offset_of!(Connection<()>, send) + SendHalf::HOT_BYTES <= 64
        && size_of::<Connection<()>>().is_multiple_of(64),
    "what sending touches is in the first cache line"
);

/// What it takes to dial again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dial {
    pub(crate) port: VirtualPort,
    /// How many connections failed in a row.
    pub(crate) failures: u8,
    /// How many of them in a row at once.
    quick_failures: u8,
    /// When it was dialled last.
    pub(crate) dialled: Time,
}

/// A dial that fails later than this did not fail at once, whatever the wait is.
const MAX_QUICK_FAILURE: Duration = Duration::from_secs(5);

impl Dial {
    /// Never dialled yet.
    pub(crate) fn new(port: VirtualPort) -> Self {
        Self { port, failures: 0, quick_failures: 0, dialled: Time::ZERO }
    }

    /// It failed. When to dial again: a growing time after the last dial. `spread`, from 0 to 1, keeps two sides that failed
    /// together from dialling together.
    pub(crate) fn fail(&mut self, now: Time, spread: f64) -> Time {
        let took_long = now - self.dialled > self.backoff().min(MAX_QUICK_FAILURE);
        self.failures = self.failures.saturating_add(1);
        self.quick_failures = if took_long { 1 } else { self.quick_failures.saturating_add(1) };
        now.max(self.dialled + self.backoff().mul_f64(0.5 + spread / 2.0))
    }

    /// How long after a dial the next one follows: twice as long with each failure, up to a limit.
    fn backoff(self) -> Duration {
        let doublings = u32::from(self.quick_failures.saturating_sub(1));
        FIRST_REDIAL.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(MAX_REDIAL)
    }
}

/// Measures the silence of a peer that may be gone: it is asked over and over, and any sign of life will do.
#[derive(Debug)]
pub(crate) struct Probe {
    /// How long it may be silent.
    pub(crate) limit: Duration,
    /// Since when; `None` before the first poll.
    pub(crate) since: Option<Time>,
    /// When it is asked again.
    pub(crate) next: Time,
    /// Bytes on the control lane that its Steam had not acknowledged when that was last looked at.
    pub(crate) unacknowledged: i32,
    /// Its packets in the inbox before this poll took in more.
    pub(crate) unread: u32,
}

impl Probe {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, since: None, next: Time::ZERO, unacknowledged: 0, unread: u32::MAX }
    }
}

impl<M> Connection<M> {
    pub(crate) fn new(steam_id: SteamId, state: State) -> Self {
        Self {
            handle: None,
            peer_id: None,
            is_accepted: false,
            is_listed: false,
            state,
            send: SendHalf::default(),
            receive: ReceiveHalf::default(),
            rate: None,
            steam_id,
            match_id: None,
            features: Features::empty(),
            said: None,
            was_established: false,
            was_told_undecided: false,
            dial: None,
            probe: None,
            put_bytes_then: 0,
            loss_report_until: None,
        }
    }

    #[inline]
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Whether a poll must look at it: it waits for something, or can no longer send.
    fn is_active(&self) -> bool {
        self.state.is_active() || self.send.is_broken || self.probe.is_some()
    }

    /// Whether `peer_connected` was queued for the game, and `peer_disconnected` was not.
    pub(crate) fn is_announced(&self) -> bool {
        matches!(self.state, State::Established | State::PeerClosing { .. } | State::Draining { .. })
    }

    /// Whether this side has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Draining { .. } | State::Closed)
    }

    /// Whether it may still be announced.
    pub(crate) fn is_unannounced(&self) -> bool {
        !self.is_announced() && !matches!(self.state, State::Closed)
    }

    /// Whether Steam has reported Connected, so that a goodbye can be sent.
    pub(crate) fn is_connected(&self) -> bool {
        self.handle.is_some()
            && matches!(
                self.state,
                State::AwaitingHello { .. } | State::Ready | State::Established | State::PeerClosing { .. }
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_between_dials_that_fail_at_once_doubles_up_to_its_limit() {
        let mut dial = Dial::new(VirtualPort(0));
        let waits = std::array::from_fn::<_, 9, _>(|_| {
            dial.dialled = dial.fail(dial.dialled, 1.0);
            dial.backoff().as_millis()
        });
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
        let late = dial.dialled + Duration::from_secs(17);
        assert_eq!(dial.fail(late, 1.0), late, "one that took long is made again at once");
        assert_eq!(dial.backoff(), FIRST_REDIAL);
    }
}
