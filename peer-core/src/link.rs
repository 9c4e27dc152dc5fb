//! One connection from its dial or request to the moment its peer is forgotten.

use std::time::Duration;

use crate::control::Goodbye;
use crate::id::{PeerId, SteamId};
use crate::inbound::Inbound;
use crate::limits::{FIRST_REDIAL, MAX_REDIAL};
use crate::outbound::Outbound;
use crate::reason::EndReason;
use crate::time::Time;
use crate::transport::{ConnectionHandle, Message, VirtualPort};

/// Where a connection stands.
#[derive(Debug)]
pub(crate) enum State {
    /// To be dialled (again) at that time.
    Scheduled { at: Time },
    /// Someone who is not known to be in the lobby asks to connect; until then the lobby may tell of them.
    Knocking { until: Time },
    /// Dialled or accepted; Steam has not said Connected.
    Connecting,
    /// Connected: our hello is out, theirs is awaited until then.
    Greeting { until: Time },
    /// Their hello was good; they are announced after the host, and after an older connection of theirs has ended.
    Greeted,
    /// Announced. The steady state.
    Joined,
    /// They said goodbye; until then the packets it announced may still come.
    Leaving { until: Time, goodbye: Box<Goodbye> },
    /// The connection is over. Its packets are still to be read, until then; after that comes `peer_disconnected`.
    Ended { until: Time, end: Box<End> },
    /// `peer_disconnected` is on its way to the game.
    Retired,
}

/// How a connection ended, in words for the game.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) reason: EndReason,
    pub(crate) message: String,
}

impl End {
    pub(crate) fn of(goodbye: &Goodbye) -> Self {
        Self::new(goodbye.reason, goodbye.message.clone())
    }
    pub(crate) fn new(reason: EndReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// A connection's record. Its index is the token that its messages carry.
///
/// With hundreds of peers a broadcast is as fast as their records are found in the cache: what sending touches stands
/// in the first line of 64 bytes, what receiving touches in the next two.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Link<M> {
    /// The transport's handle, as long as this record owns it.
    pub(crate) handle: Option<ConnectionHandle>,
    /// The id of its peer, once its hello was good.
    pub(crate) peer_id: Option<PeerId>,
    /// Whether it stands in the list of those that `poll` looks after.
    pub(crate) is_listed: bool,
    pub(crate) state: State,
    pub(crate) outbound: Outbound,
    pub(crate) inbound: Inbound<M>,
    pub(crate) steam_id: SteamId,
    /// The other side's port and how often it was dialled; `None` if they dialled us.
    pub(crate) dial: Option<Dial>,
}

/// What it takes to dial again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dial {
    pub(crate) port: VirtualPort,
    pub(crate) failures: u8,
}

impl Dial {
    /// The wait before the next dial: twice as long each time, up to a limit.
    pub(crate) fn back_off(self) -> Duration {
        let doublings = u32::from(self.failures.saturating_sub(1));
        FIRST_REDIAL.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(MAX_REDIAL)
    }
}

impl<M: Message> Link<M> {
    pub(crate) fn new(steam_id: SteamId, state: State) -> Self {
        Self {
            handle: None,
            state,
            peer_id: None,
            inbound: Inbound::new(),
            outbound: Outbound::new(),
            steam_id,
            dial: None,
            is_listed: false,
        }
    }

    /// Whether the game has been told, or is about to be told, of this connection's peer, and not of its end.
    pub(crate) fn is_announced(&self) -> bool {
        matches!(self.state, State::Joined | State::Leaving { .. } | State::Ended { .. })
    }

    /// Whether it is on its way to an announcement.
    pub(crate) fn is_coming(&self) -> bool {
        !self.is_announced() && !matches!(self.state, State::Retired)
    }

    /// Whether Steam has said Connected, so that the other side can be told goodbye.
    pub(crate) fn is_connected(&self) -> bool {
        self.handle.is_some()
            && matches!(
                self.state,
                State::Greeting { .. } | State::Greeted | State::Joined | State::Leaving { .. }
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_between_dials_doubles_up_to_its_limit() {
        let wait = |failures| Dial { port: VirtualPort(0), failures }.back_off().as_secs();
        assert_eq!([1, 2, 3, 4, 5, 6, 40, 255].map(wait), [1, 2, 4, 8, 16, 16, 16, 16]);
    }
}
