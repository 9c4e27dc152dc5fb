//! Steam's life cycle: initialisation, shutdown, and what keeps it up in between.

use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use steamworks_sys as sys;

use super::{text_of, with_integers};

/// How many values need Steam to be up: the session, transports, connections, and received messages.
static HOLDS: AtomicUsize = AtomicUsize::new(0);

/// Received messages that are not released yet, for tests and monitors. They count in [`HOLDS`], too.
static LIVE_MESSAGES: AtomicUsize = AtomicUsize::new(0);

/// Whether this crate initialised Steam, and so shuts it down. Locked during initialisation and shutdown.
static OURS: Mutex<bool> = Mutex::new(false);

fn ours() -> MutexGuard<'static, bool> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_up() -> bool {
    // SAFETY: these may be called at any time, and return 0 without Steam.
    unsafe { sys::SteamAPI_GetHSteamPipe() != 0 && sys::SteamAPI_GetHSteamUser() != 0 }
}

/// The outcome of initialising Steam.
pub(crate) enum Init {
    /// This crate has initialised Steam.
    Ours(Hold),
    /// Someone else in the process had initialised it before.
    Adopted(Hold),
    /// `ESteamAPIInitResult` and Steam's own message.
    Failed(c_int, String),
}

/// Initialises Steam, unless it is up.
pub(crate) fn init() -> Init {
    let mut ours = ours();
    if is_up() {
        let hold = Hold::new();
        return if *ours { Init::Ours(hold) } else { Init::Adopted(hold) };
    }
    let mut message: sys::SteamErrMsg = [0; 1024];
    let init = with_integers!(
        sys::SteamAPI_InitFlat: unsafe extern "C" fn(*mut sys::SteamErrMsg) -> sys::ESteamAPIInitResult,
        as unsafe extern "C" fn(*mut sys::SteamErrMsg) -> c_int
    );
    // SAFETY: the buffer is of the type that Steam writes, and lives during the call.
    let result = unsafe { init(&raw mut message) };
    if result != 0 {
        return Init::Failed(result, text_of(&message));
    }
    // SAFETY: called right after initialisation, as Steam requires.
    unsafe { sys::SteamAPI_ManualDispatch_Init() };
    *ours = true;
    Init::Ours(Hold::new())
}

/// How many received messages of the whole process are not released yet.
pub(crate) fn live_messages() -> usize {
    LIVE_MESSAGES.load(Ordering::Relaxed)
}

/// Keeps Steam up: this crate does not shut it down while one of these lives.
#[derive(Debug)]
pub(crate) struct Hold(());

impl Hold {
    fn new() -> Self {
        HOLDS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    /// A hold on Steam, whoever initialised it; `None` if it is not up.
    pub(crate) fn acquire() -> Option<Self> {
        // Locked, so that Steam is not shut down between the check and the hold.
        let _ours = ours();
        is_up().then(Self::new)
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

impl Clone for Hold {
    fn clone(&self) -> Self {
        Self::new()
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
    if *ours && HOLDS.load(Ordering::Acquire) == 0 {
        *ours = false;
        // SAFETY: nothing of this crate uses Steam any more: every use is behind a hold, and a new one is only taken
        // under the lock that is held here.
        unsafe { sys::SteamAPI_Shutdown() };
    }
}

/// An interface pointer, valid as long as the hold that it came from.
macro_rules! interface {
    ($(#[$meta:meta])* $name:ident, $target:ident, $accessor:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name<'a> {
            pointer: NonNull<sys::$target>,
            _hold: std::marker::PhantomData<&'a Hold>,
        }

        impl<'a> $name<'a> {
            /// The interface; `None` if this Steam does not have it.
            pub(crate) fn of(_hold: &'a Hold) -> Option<Self> {
                // SAFETY: the accessor may be called while Steam is up, and returns null if it has no such interface.
                let pointer = NonNull::new(unsafe { sys::$accessor() })?;
                Some(Self { pointer, _hold: std::marker::PhantomData })
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
