//! The process's session with Steam: initialisation, callbacks, the local user, debug output.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use peer_core::{LobbyId, SteamId};
use thiserror::Error;

use crate::ffi::library::{self, Hold, Init};
use crate::ffi::{self, debug, dispatch, identity, relay};
use crate::lobby::Lobbies;

/// Whether there is a [`Steam`]: two would take each other's callbacks.
static EXISTS: AtomicBool = AtomicBool::new(false);

/// Why Steam could not be initialised.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InitError {
    /// There is no Steam library: its file name, and where it was looked for.
    #[error("Steam's library was not found: put it beside the addon's. {0}")]
    NoLibrary(String),
    /// No Steam client is running.
    #[error(
        "Steam is not running: start the Steam client and log in, or run against Local Steam. Steam says: {0}"
    )]
    NoSteamClient(String),
    /// The Steam client is older than the game's library.
    #[error("the Steam client is too old for this game: update it. Steam says: {0}")]
    VersionMismatch(String),
    /// Anything else; most often the app id is missing, or the account does not own the game.
    #[error(
        "Steam could not be initialised: start the Steam client, and log in to an account that owns the game. Steam \
         says: {0}"
    )]
    Failed(String),
    /// This process has a [`Steam`] already.
    #[error("this process has initialised Steam already")]
    AlreadyInitialised,
}

/// How detailed the debug output of Steam's networking is (`ESteamNetworkingSocketsDebugOutputType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebugLevel {
    /// Bugs in Steam's own code.
    Bug = 1,
    /// Errors in how it is used.
    Error = 2,
    /// Rare, important events.
    Important = 3,
    /// Likely problems.
    Warning = 4,
    /// Ordinary events.
    Message = 5,
    /// More than is usually of interest.
    Verbose = 6,
    /// For debugging only.
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

/// Whether Steam is initialised in this process, by this crate or anyone else.
pub fn is_available() -> bool {
    Hold::acquire().is_some()
}

/// Runs Steam's callbacks, those of other addons in this process among them. Nothing happens without Steam, or when called
/// from a callback.
///
/// With [`Steam::update`], the same as [`Steam::run_callbacks`], for callers whose [`Steam`] must not be borrowed while code
/// of other addons runs.
pub fn run_callbacks() {
    if let Some(hold) = Hold::acquire() {
        dispatch::run(&hold);
    }
}

/// Has Steam report connection status changes to the transports now. Code of other addons does not run.
pub fn run_networking_callbacks() {
    if let Some(hold) = Hold::acquire() {
        dispatch::run_networking(&hold);
    }
}

/// Before the process ends: if another addon uses Steam's library, this crate leaves it to that addon to shut Steam down, or to
/// the end of the process. Addons call Steam as they are unloaded, in no order that anybody knows, and some do not look whether
/// it is still up.
pub fn leave_to_others() {
    library::leave_to_others();
}

/// The lobby for which Steam started the game, after an invitation was accepted while it was closed: from the process's
/// command line, or from the one that Steam passes by itself once it is initialised.
pub fn launch_lobby() -> Option<LobbyId> {
    let own = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    lobby_in(own).or_else(|| {
        let line = identity::launch_command_line(&Hold::acquire()?);
        lobby_in(line.split_ascii_whitespace().map(str::to_owned))
    })
}

/// What follows `+connect_lobby`.
fn lobby_in(words: impl Iterator<Item = String>) -> Option<LobbyId> {
    let lobby = words.skip_while(|word| word != "+connect_lobby").nth(1)?.parse().ok()?;
    (lobby != 0).then_some(LobbyId(lobby))
}

/// Has Steam start the game anew if it was not Steam that started it: `true` says that this process should end now. To
/// be called before Steam is initialised. `false` also without Steam's library, and during development: when the
/// environment variable `SteamAppId` or a file `steam_appid.txt` names the app.
pub fn restart_app_if_necessary(app_id: u32) -> bool {
    library::restart_app_if_necessary(app_id)
}

/// Received messages of the whole process that are not dropped yet.
pub fn live_messages() -> usize {
    library::live_messages()
}

/// Payloads of the whole process that Steam still has to send, or to see acknowledged.
pub fn payloads_in_flight() -> usize {
    ffi::send::payloads_in_flight()
}

/// The session with Steam, one per process.
///
/// If another addon of the process has initialised Steam before, its session is adopted: everything works as usual, and
/// this crate does not shut it down. Callbacks are registered for beside those of other addons, so it does not matter
/// who else runs Steam's callbacks.
///
/// Dropping it shuts Steam down if this crate initialised it, once no transport and no message needs it any more.
#[derive(Debug)]
pub struct Steam {
    pub(crate) lobbies: Lobbies,
    pub(crate) hold: Hold,
    is_adopted: bool,
}

impl Steam {
    /// Initialises Steam, or adopts the session of another addon. Unless the Steam client started the game, the app id
    /// comes from the environment variable `SteamAppId`, or from the file `steam_appid.txt` in the working directory.
    ///
    /// # Errors
    /// [`InitError`]
    pub fn init() -> Result<Self, InitError> {
        if EXISTS.swap(true, Ordering::AcqRel) {
            return Err(InitError::AlreadyInitialised);
        }
        let (hold, is_adopted) = match library::init() {
            Init::Ours(hold) => (hold, false),
            Init::Adopted(hold) => (hold, true),
            Init::NoLibrary(text) => {
                EXISTS.store(false, Ordering::Release);
                return Err(InitError::NoLibrary(text));
            }
            Init::Failed(code, text) => {
                EXISTS.store(false, Ordering::Release);
                return Err(match code {
                    2 => InitError::NoSteamClient(text),
                    3 => InitError::VersionMismatch(text),
                    _ => InitError::Failed(text),
                });
            }
        };
        dispatch::register(&hold);
        Ok(Self { lobbies: Lobbies::default(), hold, is_adopted })
    }

    /// Whether another addon of the process initialised Steam.
    pub fn is_adopted(&self) -> bool {
        self.is_adopted
    }

    /// The local user; `None` if nobody is logged in, or another addon has shut Steam down.
    pub fn steam_id(&self) -> Option<SteamId> {
        identity::steam_id(&self.hold)
    }

    /// The local user's name, as friends see it; empty if Steam has none.
    pub fn persona_name(&self) -> String {
        identity::persona_name(&self.hold)
    }

    /// The app id; 0 if Steam has none.
    pub fn app_id(&self) -> u32 {
        identity::app_id(&self.hold)
    }

    /// Runs Steam's callbacks, and takes in what they bring; call it once a frame. Status changes go to the transports,
    /// lobby events to [`next_lobby_event`](Self::next_lobby_event).
    ///
    /// Callbacks of other addons run as well. If those may come back here while this value is borrowed, use
    /// [`run_callbacks`](crate::run_callbacks) and [`update`](Self::update) instead.
    pub fn run_callbacks(&mut self) {
        dispatch::run(&self.hold);
        self.update();
    }

    /// Takes in what callbacks have brought since the last time, whoever has run them.
    ///
    /// If another addon has shut Steam down, calls that are under way end with a failure.
    pub fn update(&mut self) {
        self.lobbies.update(&self.hold);
    }

    /// Starts to get ready for relayed connections, which takes some seconds, so that the first one need not wait.
    /// Harmless if that has started.
    pub fn start_relay_network(&self) {
        relay::start(&self.hold);
    }

    /// Passes the debug output of Steam's networking, up to `level`, to `hook`. Steam calls it on any thread and with its
    /// locks held: it must not call Steam or this crate, and should only hand the line on.
    pub fn set_debug_output(
        &self,
        level: DebugLevel,
        hook: impl Fn(DebugLevel, &str) + Send + Sync + 'static,
    ) {
        let hook: debug::Hook = Arc::new(move |level, line: &str| hook(DebugLevel::from_raw(level), line));
        debug::set_output(&self.hold, level as i32, Some(hook));
    }

    /// Turns the debug output off.
    pub fn clear_debug_output(&self) {
        debug::set_output(&self.hold, 0, None);
    }
}

impl Drop for Steam {
    fn drop(&mut self) {
        self.lobbies.cancel(&self.hold);
        dispatch::unregister(&self.hold);
        EXISTS.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lobby_to_join_follows_its_word_on_the_command_line() {
        let of = |line: &str| lobby_in(line.split(' ').map(str::to_owned)).map(|lobby| lobby.0);
        assert_eq!(of("game --fast +connect_lobby 109775240980000001 -x"), Some(109_775_240_980_000_001));
        for line in ["", "109775240980000001", "+connect_lobby", "+connect_lobby x", "+connect_lobby 0"] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
