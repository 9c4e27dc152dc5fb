//! Steam itself: coming up, going down, and who still needs it.

use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use steamworks_sys as sys;

use super::{text_of, with_integers};

/// How many things need Steam to be there: sessions, transports, connections, and messages that are not released.
static HOLDS: AtomicUsize = AtomicUsize::new(0);

/// Received messages that are not released, for tests and figures. They count in [`HOLDS`], too.
static LIVE_MESSAGES: AtomicUsize = AtomicUsize::new(0);

/// Whether this crate initialised Steam, and so shuts it down. Its lock is held while Steam comes up and goes down.
static OURS: Mutex<bool> = Mutex::new(false);

fn ours() -> MutexGuard<'static, bool> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_up() -> bool {
    // SAFETY: these may be called at any time, and return 0 without Steam.
    unsafe { sys::SteamAPI_GetHSteamPipe() != 0 && sys::SteamAPI_GetHSteamUser() != 0 }
}

/// What came of initialising Steam.
pub(crate) enum Init {
    /// Steam is up, by our doing.
    Ours(Hold),
    /// Someone else in the process has initialised it before.
    Adopted(Hold),
    /// `ESteamAPIInitResult` and Steam's own words.
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
    // SAFETY: the buffer is of the type that Steam writes, and stays for the call.
    let result = unsafe { init(&raw mut message) };
    if result != 0 {
        return Init::Failed(result, text_of(&message));
    }
    // SAFETY: Steam has just been initialised, which this call asks for.
    unsafe { sys::SteamAPI_ManualDispatch_Init() };
    *ours = true;
    Init::Ours(Hold::new())
}

/// How many received messages of the whole process are not released.
pub(crate) fn live_messages() -> usize {
    LIVE_MESSAGES.load(Ordering::Relaxed)
}

/// As long as one of these is there, this crate does not shut Steam down.
#[derive(Debug)]
pub(crate) struct Hold(());

impl Hold {
    fn new() -> Self {
        HOLDS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    /// A hold on Steam, if it is up, whoever initialised it.
    pub(crate) fn acquire() -> Option<Self> {
        // Under the lock, so that nobody shuts it down between the question and the hold.
        let _ours = ours();
        is_up().then(Self::new)
    }

    /// A hold of each of `count` messages that Steam has just handed over.
    pub(super) fn of_messages(_hold: &Self, count: usize) {
        HOLDS.fetch_add(count, Ordering::Relaxed);
        LIVE_MESSAGES.fetch_add(count, Ordering::Relaxed);
    }

    /// Ends the hold of a message that has been released.
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
    // The last one sees all that the others did before.
    if HOLDS.fetch_sub(1, Ordering::AcqRel) == 1 {
        shut_down_unless_held();
    }
}

#[cold]
fn shut_down_unless_held() {
    let mut ours = ours();
    // Somebody may have come in the meantime; then it is for them.
    if *ours && HOLDS.load(Ordering::Acquire) == 0 {
        *ours = false;
        // SAFETY: nothing of this crate uses Steam any more: all that does is behind a hold, and a new one is only
        // had under the lock that is held here.
        unsafe { sys::SteamAPI_Shutdown() };
    }
}

/// An interface pointer, good as long as the hold that it came from.
macro_rules! interface {
    ($(#[$meta:meta])* $name:ident, $target:ident, $accessor:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name<'a> {
            pointer: NonNull<sys::$target>,
            _hold: std::marker::PhantomData<&'a Hold>,
        }

        impl<'a> $name<'a> {
            /// The interface of the Steam that is held; `None` if this Steam does not have it.
            pub(crate) fn of(_hold: &'a Hold) -> Option<Self> {
                // SAFETY: the accessor may be called while Steam is up, and returns null for what it does not have.
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
