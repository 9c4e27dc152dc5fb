//! A session with Steam: coming up, going down, callbacks, and who we are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use peer_core::SteamId;
use thiserror::Error;

use crate::ffi::library::{self, Init};
use crate::ffi::{self, Hold, debug, friends, relay};
use crate::lobby::Lobbies;

/// Whether a [`Steam`] runs callbacks: two would take each other's.
static IS_PUMPED: AtomicBool = AtomicBool::new(false);

/// Steam cannot be initialised.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InitError {
    /// There is no Steam client to talk to.
    #[error(
        "Steam is not running: start the Steam client and log in, or run against Local Steam. Steam says: {0}"
    )]
    NoSteamClient(String),
    /// The Steam client is older than the game's library.
    #[error("the Steam client is too old for this game: update it. Steam says: {0}")]
    VersionMismatch(String),
    /// Anything else; most often the game's id is missing, or the account does not own the game.
    #[error(
        "Steam could not be initialised: start the Steam client, and log in to an account that owns the game. Steam \
         says: {0}"
    )]
    Failed(String),
    /// This process has a [`Steam`] already.
    #[error("this process has initialised Steam already")]
    AlreadyInitialised,
}

/// How much Steam's networking says of its work (`ESteamNetworkingSocketsDebugOutputType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebugLevel {
    /// Faults of Steam's own code.
    Bug = 1,
    /// Errors of the way it is used.
    Error = 2,
    /// Rare and important.
    Important = 3,
    /// Likely a problem.
    Warning = 4,
    /// Ordinary events.
    Message = 5,
    /// A lot.
    Verbose = 6,
    /// Too much.
    Debug = 7,
    /// Everything.
    Everything = 8,
}

impl DebugLevel {
    fn from_raw(level: i32) -> Self {
        match level {
            1 => Self::Bug,
            2 => Self::Error,
            3 => Self::Important,
            4 => Self::Warning,
            5 => Self::Message,
            6 => Self::Verbose,
            7 => Self::Debug,
            _ => Self::Everything,
        }
    }
}

/// Whether Steam is initialised in this process, by whomever.
pub fn is_available() -> bool {
    Hold::acquire().is_some()
}

/// Messages received and not dropped, over the whole process.
pub fn live_messages() -> usize {
    library::live_messages()
}

/// Payloads that Steam still has to send or to see acknowledged, over the whole process.
pub fn payloads_in_flight() -> usize {
    ffi::payload::payloads_in_flight()
}

/// A session with Steam. One a process.
///
/// If someone else in the process has initialised Steam before (another addon), that session is adopted: it is neither
/// shut down nor are its callbacks run here. What works then, and how:
///
/// - connections and messages: as ever, if only that other one runs callbacks;
/// - answers to [`create_lobby`](Self::create_lobby), [`join_lobby`](Self::join_lobby) and
///   [`request_lobby_list`](Self::request_lobby_list): are asked for in [`run_callbacks`](Self::run_callbacks);
/// - members and data of lobbies: compared five times a second, for lobbies that were created or joined here and those
///   named with [`watch_lobby`](Self::watch_lobby);
/// - [`LobbyEvent::JoinRequested`](crate::LobbyEvent::JoinRequested) does not come: ask the other addon for it.
///
/// Dropping it shuts Steam down, if it was initialised here, as soon as no transport and no message needs it.
#[derive(Debug)]
pub struct Steam {
    pub(crate) lobbies: Lobbies,
    pub(crate) hold: Hold,
    is_adopted: bool,
}

impl Steam {
    /// Initialises Steam, or adopts it. Steam takes the game's id from the environment variable `SteamAppId`, or from
    /// the file `steam_appid.txt` in the working directory, unless it has started the game itself.
    ///
    /// # Errors
    /// [`InitError`]
    pub fn init() -> Result<Self, InitError> {
        if IS_PUMPED.swap(true, Ordering::AcqRel) {
            return Err(InitError::AlreadyInitialised);
        }
        let (hold, is_adopted) = match library::init() {
            Init::Ours(hold) => (hold, false),
            Init::Adopted(hold) => (hold, true),
            Init::Failed(code, text) => {
                IS_PUMPED.store(false, Ordering::Release);
                return Err(match code {
                    2 => InitError::NoSteamClient(text),
                    3 => InitError::VersionMismatch(text),
                    _ => InitError::Failed(text),
                });
            }
        };
        Ok(Self { lobbies: Lobbies::default(), hold, is_adopted })
    }

    /// Whether someone else in the process has initialised Steam, and runs its callbacks.
    pub fn is_adopted(&self) -> bool {
        self.is_adopted
    }

    /// The local user; `None` if Steam has none, which it has not once someone else has shut it down.
    pub fn steam_id(&self) -> Option<SteamId> {
        friends::steam_id(&self.hold)
    }

    /// The local user's name, as friends see it.
    pub fn persona_name(&self) -> String {
        friends::persona_name(&self.hold)
    }

    /// The game's id.
    pub fn app_id(&self) -> u32 {
        friends::app_id(&self.hold)
    }

    /// Runs Steam's callbacks; call it once a frame. News of connections goes to the transports, events of lobbies to
    /// [`next_lobby_event`](Self::next_lobby_event). In an adopted session only lobbies are looked at.
    pub fn run_callbacks(&mut self) {
        let Self { lobbies, hold, is_adopted } = self;
        if *is_adopted {
            lobbies.look(hold);
        } else {
            ffi::dispatch::run_frame(hold, |callback| lobbies.take(hold, callback));
        }
    }

    /// Shuts Steam down, if it was initialised here, as soon as no transport and no message needs it. The same as
    /// dropping it.
    pub fn shutdown(self) {}

    /// Begins to get ready for relayed connections, which takes some seconds: without it the first connection waits.
    /// Harmless if that has begun.
    pub fn start_relay_network(&self) {
        relay::start(&self.hold);
    }

    /// How far that has come, as Steam says it (`ESteamNetworkingAvailability`): 100 is ready, above 0 on the way,
    /// below 0 a problem.
    pub fn relay_network_status(&self) -> i32 {
        relay::status(&self.hold)
    }

    /// Has Steam's networking say what it does, up to `level`. `hook` is called on Steam's threads and with its locks
    /// held: it may not call Steam, nor this crate, and should only hand the line on.
    pub fn set_debug_output(
        &self,
        level: DebugLevel,
        hook: impl Fn(DebugLevel, &str) + Send + Sync + 'static,
    ) {
        let hook: debug::Hook = Arc::new(move |level, line: &str| hook(DebugLevel::from_raw(level), line));
        debug::set_output(&self.hold, level as i32, Some(hook));
    }

    /// Silences Steam's networking.
    pub fn clear_debug_output(&self) {
        debug::set_output(&self.hold, 0, None);
    }
}

impl Drop for Steam {
    fn drop(&mut self) {
        IS_PUMPED.store(false, Ordering::Release);
    }
}
