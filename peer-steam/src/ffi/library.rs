//! Steam's life cycle: initialisation, shutdown, and what keeps it up in between.

use std::ffi::c_int;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use steamworks_sys as sys;

use super::api::Api;
use super::{lookup, text_of};

/// How many values need Steam to be up: the session, transports, connections, and received messages.
static HOLDS: AtomicUsize = AtomicUsize::new(0);

/// Received messages that are not released yet, for tests and monitors. They count in [`HOLDS`], too.
static LIVE_MESSAGES: AtomicUsize = AtomicUsize::new(0);

/// Whether this crate initialised Steam, and so shuts it down. Locked during initialisation and shutdown.
static OURS: Mutex<bool> = Mutex::new(false);

fn ours() -> MutexGuard<'static, bool> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The outcome of initialising Steam.
pub(crate) enum Init {
    /// This crate has initialised Steam.
    Ours(Hold),
    /// Someone else in the process had initialised it before.
    Adopted(Hold),
    /// There is no library: its file name, and where it was looked for.
    NoLibrary(String),
    /// `ESteamAPIInitResult` and Steam's own message.
    Failed(c_int, String),
}

/// Initialises Steam, unless it is up.
pub(crate) fn init() -> Init {
    let mut ours = ours();
    let api = match lookup::find() {
        Ok(api) => api,
        Err(text) => return Init::NoLibrary(text),
    };
    if lookup::is_up(api) {
        let hold = Hold::new(api);
        return if *ours { Init::Ours(hold) } else { Init::Adopted(hold) };
    }
    let mut message: sys::SteamErrMsg = [0; 1024];
    let Some(init) = api.SteamAPI_InitFlat else {
        let text = format!("the {} of this process is too old: it has no SteamAPI_InitFlat", lookup::LIBRARY);
        return Init::Failed(0, text);
    };
    // SAFETY: the buffer is of the type that Steam writes, and lives during the call.
    let result = unsafe { init(&raw mut message) };
    if result != 0 {
        return Init::Failed(result, text_of(&message));
    }
    *ours = true;
    Init::Ours(Hold::new(api))
}

/// Whether Steam is still up: another addon may have shut it down. If this crate had initialised it, a Steam that comes
/// up again later is not its own.
pub(crate) fn is_still_up(hold: &Hold) -> bool {
    let is_up = lookup::is_up(hold.0);
    if !is_up {
        *ours() = false;
    }
    is_up
}

/// From now on this crate does not shut Steam down, if another addon uses the library.
pub(crate) fn leave_to_others() {
    let mut ours = ours();
    *ours &= !lookup::is_shared();
}

/// Has Steam start the game anew if it was not Steam that started it; `false` if there is no need, or no library.
pub(crate) fn restart_app_if_necessary(app: u32) -> bool {
    let _ours = ours();
    let restart = lookup::find().ok().and_then(|api| api.SteamAPI_RestartAppIfNecessary);
    // SAFETY: it may be called at any time.
    restart.is_some_and(|restart| unsafe { restart(app) })
}

/// How many received messages of the whole process are not released yet.
pub(crate) fn live_messages() -> usize {
    LIVE_MESSAGES.load(Ordering::Relaxed)
}

/// Keeps Steam up: this crate does not shut it down while one of these lives.
pub(crate) struct Hold(&'static Api);

impl Hold {
    fn new(api: &'static Api) -> Self {
        HOLDS.fetch_add(1, Ordering::Relaxed);
        Self(api)
    }

    /// A hold on Steam, whoever initialised it; `None` if it is not up.
    pub(crate) fn acquire() -> Option<Self> {
        // Locked, so that Steam is not shut down between the check and the hold.
        let _ours = ours();
        lookup::find_loaded().filter(|api| lookup::is_up(api)).map(Self::new)
    }

    /// Steam's functions.
    #[inline]
    pub(super) fn api(&self) -> &'static Api {
        self.0
    }

    /// Adds a hold for each of `count` messages that were just received.
    pub(super) fn of_messages(_hold: &Self, count: usize) {
        HOLDS.fetch_add(count, Ordering::Relaxed);
        LIVE_MESSAGES.fetch_add(count, Ordering::Relaxed);
    }

    /// Ends the hold of a message that was released.
    pub(super) fn end_of_message() {
        LIVE_MESSAGES.fetch_sub(1, Ordering::Relaxed);
        end_hold();
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hold")
    }
}

impl Clone for Hold {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        end_hold();
    }
}

#[inline]
fn end_hold() {
    // Acquire and release: the last one sees everything that the others did before.
    if HOLDS.fetch_sub(1, Ordering::AcqRel) == 1 {
        shut_down_unless_held();
    }
}

#[cold]
fn shut_down_unless_held() {
    let mut ours = ours();
    // A new hold may have been taken in the meantime; then its end shuts Steam down.
    if let Some(api) = lookup::api().filter(|_| *ours && HOLDS.load(Ordering::Acquire) == 0) {
        *ours = false;
        // SAFETY: nothing of this crate uses Steam any more: every use is behind a hold, and a new one is only taken
        // under the lock that is held here.
        unsafe { (api.SteamAPI_Shutdown)() };
    }
}

/// An interface pointer, valid as long as the hold that it came from.
macro_rules! interface {
    ($(#[$meta:meta])* $name:ident, $target:ident, $accessor:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name<'a> {
            pointer: NonNull<sys::$target>,
            hold: &'a Hold,
        }

        impl<'a> $name<'a> {
            /// The interface; `None` if this Steam does not have it.
            pub(crate) fn of(hold: &'a Hold) -> Option<Self> {
                // SAFETY: the accessor may be called while Steam is up, and returns null if it has no such interface.
                let pointer = NonNull::new(unsafe { (hold.0.$accessor)() })?;
                Some(Self { pointer, hold })
            }

            #[inline]
            #[allow(dead_code, reason = "not every interface is called through it")]
            pub(super) fn api(self) -> &'static Api {
                self.hold.0
            }

            #[inline]
            pub(super) fn as_ptr(self) -> *mut sys::$target {
                self.pointer.as_ptr()
            }
        }
    };
}

interface!(
    /// `ISteamNetworkingSockets`
    Sockets, ISteamNetworkingSockets, SteamAPI_SteamNetworkingSockets_SteamAPI_v012
);
interface!(
    /// `ISteamNetworkingUtils`
    NetworkingUtils, ISteamNetworkingUtils, SteamAPI_SteamNetworkingUtils_SteamAPI_v004
);
interface!(
    /// `ISteamMatchmaking`
    Matchmaking, ISteamMatchmaking, SteamAPI_SteamMatchmaking_v009
);
interface!(
    /// `ISteamUser`
    User, ISteamUser, SteamAPI_SteamUser_v023
);
interface!(
    /// `ISteamFriends`
    Friends, ISteamFriends, SteamAPI_SteamFriends_v018
);
interface!(
    /// `ISteamUtils`
    Utils, ISteamUtils, SteamAPI_SteamUtils_v010
);
