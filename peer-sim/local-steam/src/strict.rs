//! Where Steam may behave in two ways: which of them this process has.
//!
//! Nobody here can ask a running Steam. So wherever Valve's headers, its library or the history of the sockets allow two
//! behaviours, the milder one is the default and `LOCAL_STEAM_STRICT` chooses the harder: a game that lives with either
//! lives with Steam.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Something in which Steam may be harder than this library is by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Behaviour {
    /// `SendMessages` tries every message by itself: a small one behind a refused large one goes out. Otherwise a
    /// connection takes nothing more in the call after its first failure, as open GNS does since 1.6.0.
    EachMessage = 1,
    /// A symmetric request of a user whose earlier connection is still there is dropped in silence. Otherwise a new
    /// run of a peer ends its earlier connections, with 5010.
    SilentDuplicates = 2,
    /// A request for a port on which nobody listens is dropped in silence. Otherwise it is refused, with 5008.
    SilentPorts = 4,
    /// `ConnectP2P` fails with 4002 while a request of that user waits to be accepted. Otherwise it accepts it.
    CrossingDials = 8,
    /// Functions for status changes are called by `ISteamNetworkingSockets::RunCallbacks` alone. Otherwise by both
    /// kinds of dispatch, too.
    OwnCallbacks = 16,
    /// Status changes are held back by every other run of callbacks: the connection has changed, and its messages can
    /// be received, before the game hears of it.
    LateCallbacks = 32,
    /// `SendLobbyChatMsg` takes one message a second. Steam's servers can set such an interval for a game.
    SlowChat = 64,
}

/// The behaviours by their names in `LOCAL_STEAM_STRICT`.
const NAMES: [(&str, Behaviour); 7] = [
    ("each-message", Behaviour::EachMessage),
    ("silent-duplicates", Behaviour::SilentDuplicates),
    ("silent-ports", Behaviour::SilentPorts),
    ("crossing-dials", Behaviour::CrossingDials),
    ("own-callbacks", Behaviour::OwnCallbacks),
    ("late-callbacks", Behaviour::LateCallbacks),
    ("slow-chat", Behaviour::SlowChat),
];

/// What `LOCAL_STEAM_STRICT` takes.
pub(crate) const TAKES: &str = "0, 1, or some of each-message, silent-duplicates, silent-ports, crossing-dials, \
                                own-callbacks, late-callbacks, slow-chat, with commas between them";

/// A choice of behaviours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strict(u8);

impl Strict {
    /// Reads a choice: `0` is none, `1` is all, else their names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "0" => Some(Self::default()),
            "1" => Some(NAMES.iter().fold(Self::default(), |strict, (_, behaviour)| strict.with(*behaviour))),
            names => names.split(',').try_fold(Self::default(), |strict, name| {
                let (_, behaviour) = NAMES.iter().find(|(known, _)| *known == name.trim())?;
                Some(strict.with(*behaviour))
            }),
        }
    }

    fn with(self, behaviour: Behaviour) -> Self {
        Self(self.0 | behaviour as u8)
    }

    /// Makes this the choice of the session that starts.
    pub(crate) fn apply(self) {
        CHOSEN.store(self.0, Ordering::Relaxed);
        HAS_FUNCTION.store(false, Ordering::Relaxed);
        WAS_HELD_BACK.store(false, Ordering::Relaxed);
    }
}

/// The choice of the session.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// Whether the game has set a function for status changes.
static HAS_FUNCTION: AtomicBool = AtomicBool::new(false);

/// Whether the last run of callbacks was held back.
static WAS_HELD_BACK: AtomicBool = AtomicBool::new(false);

/// Whether the session behaves so.
pub(crate) fn is(behaviour: Behaviour) -> bool {
    CHOSEN.load(Ordering::Relaxed) & behaviour as u8 != 0
}

/// Notes that the game sets a function for status changes.
pub(crate) fn note_function() {
    HAS_FUNCTION.store(true, Ordering::Relaxed);
}

/// Whether dispatch passes on status changes, which a game without functions gets as callbacks.
pub(crate) fn dispatch_passes_on() -> bool {
    !(is(Behaviour::OwnCallbacks) && HAS_FUNCTION.load(Ordering::Relaxed))
}

/// Whether this run of callbacks passes nothing on.
pub(crate) fn hold_back() -> bool {
    is(Behaviour::LateCallbacks)
        && HAS_FUNCTION.load(Ordering::Relaxed)
        && !WAS_HELD_BACK.fetch_xor(true, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_none_or_some_can_be_chosen() {
        assert_eq!(Strict::parse("0"), Some(Strict(0)));
        assert_eq!(Strict::parse("1"), Some(Strict(127)));
        assert_eq!(Strict::parse("silent-ports, each-message"), Some(Strict(5)));
        assert_eq!(Strict::parse("each-message,kind"), None);
    }
}
