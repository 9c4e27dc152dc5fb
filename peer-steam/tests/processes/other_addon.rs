//! Another addon's part: it initialises Steam before us, runs its callbacks, and shuts it down after us.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use steamworks_sys as sys;

pub(crate) fn init() {
    let mut message = [0; 1024];
    // SAFETY: as Steam's documentation says.
    let result = unsafe { sys::SteamAPI_InitFlat(&raw mut message) };
    assert_eq!(result, sys::ESteamAPIInitResult::k_ESteamAPIInitResult_OK);
}

pub(crate) fn run_callbacks() {
    // SAFETY: between init and shutdown.
    unsafe { sys::SteamAPI_RunCallbacks() };
}

pub(crate) fn shutdown() {
    // SAFETY: nothing uses Steam any more.
    unsafe { sys::SteamAPI_Shutdown() };
}

/// An object that another addon registers, as `STEAM_CALLBACK` does: it counts what Steam brings to it.
#[repr(C)]
pub(crate) struct Listener {
    base: sys::CCallbackBase,
    size: i32,
    heard: AtomicUsize,
    last: AtomicU64,
}

type Run = unsafe extern "C" fn(*mut Listener, *mut c_void);
type RunResult = unsafe extern "C" fn(*mut Listener, *mut c_void, bool, u64);

#[repr(C)]
struct Functions {
    run: Run,
    run_result: RunResult,
    size: unsafe extern "C" fn(*mut Listener) -> i32,
}

static FUNCTIONS: Functions = Functions { run, run_result, size };

unsafe extern "C" fn run(this: *mut Listener, data: *mut c_void) {
    // SAFETY: Steam passes the object, and the structure with its number.
    unsafe {
        let is_created = (*this).base.m_iCallback == sys::LobbyCreated_t_k_iCallback as i32;
        let lobby = if is_created {
            (&raw const (*data.cast::<sys::LobbyCreated_t>()).m_ulSteamIDLobby).read_unaligned()
        } else {
            (&raw const (*data.cast::<sys::LobbyChatUpdate_t>()).m_ulSteamIDLobby).read_unaligned()
        };
        (*this).last.store(lobby, Ordering::Relaxed);
        (*this).heard.fetch_add(1, Ordering::Relaxed);
    }
}

unsafe extern "C" fn run_result(this: *mut Listener, data: *mut c_void, _has_failed: bool, _call: u64) {
    // SAFETY: as above.
    unsafe { run(this, data) };
}

unsafe extern "C" fn size(this: *mut Listener) -> i32 {
    // SAFETY: as above.
    unsafe { (*this).size }
}

impl Listener {
    /// One that is never freed, as an addon's are not before the process ends.
    fn new(id: u32, size: usize) -> &'static Self {
        let base = sys::CCallbackBase {
            vtable_: (&raw const FUNCTIONS).cast(),
            m_nCallbackFlags: 0,
            m_iCallback: i32::try_from(id).unwrap(),
        };
        let size = i32::try_from(size).unwrap();
        Box::leak(Box::new(Self { base, size, heard: AtomicUsize::new(0), last: AtomicU64::new(0) }))
    }

    /// Listens for members that come and go.
    pub(crate) fn of_members() -> &'static Self {
        let id = sys::LobbyChatUpdate_t_k_iCallback as u32;
        let listener = Self::new(id, size_of::<sys::LobbyChatUpdate_t>());
        // SAFETY: a `CCallbackBase` that is never freed.
        unsafe { sys::SteamAPI_RegisterCallback(listener.as_ptr(), listener.base.m_iCallback) };
        listener
    }

    /// Creates a lobby, and listens for the answer: `LobbyCreated_t`.
    pub(crate) fn of_a_new_lobby() -> &'static Self {
        let listener = Self::new(sys::LobbyCreated_t_k_iCallback as u32, size_of::<sys::LobbyCreated_t>());
        // SAFETY: Steam is up, and the object is a `CCallbackBase` that is never freed.
        unsafe {
            let matchmaking = sys::SteamAPI_SteamMatchmaking_v009();
            let public = sys::ELobbyType::k_ELobbyTypePublic;
            let call = sys::SteamAPI_ISteamMatchmaking_CreateLobby(matchmaking, public, 4);
            sys::SteamAPI_RegisterCallResult(listener.as_ptr(), call);
        }
        listener
    }

    fn as_ptr(&self) -> *mut sys::CCallbackBase {
        (&raw const self.base).cast_mut()
    }

    /// How often Steam has brought something.
    pub(crate) fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }

    /// The lobby of the last callback.
    pub(crate) fn last_lobby(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Takes it back.
    pub(crate) fn unregister(&self) {
        // SAFETY: it was registered.
        unsafe { sys::SteamAPI_UnregisterCallback(self.as_ptr()) };
    }
}

/// Asks for manual dispatch; whether a callback ever comes of it.
pub(crate) fn manual_dispatch_hears(frames: usize) -> bool {
    // SAFETY: Steam is up, and the message is writable.
    unsafe {
        sys::SteamAPI_ManualDispatch_Init();
        let pipe = sys::SteamAPI_GetHSteamPipe();
        let mut message = std::mem::zeroed::<sys::CallbackMsg_t>();
        (0..frames).any(|_| {
            sys::SteamAPI_ManualDispatch_RunFrame(pipe);
            let is_there = sys::SteamAPI_ManualDispatch_GetNextCallback(pipe, &raw mut message);
            if is_there {
                sys::SteamAPI_ManualDispatch_FreeLastCallback(pipe);
            }
            is_there
        })
    }
}
