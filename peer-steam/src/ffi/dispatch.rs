//! Standard dispatch: callbacks and call results, which Steam brings to registered objects.
//!
//! Manual dispatch is exclusive: one addon of a process may have it, and only if no other has registered an object
//! before. Objects work beside everyone's. They run on whichever thread runs Steam's callbacks, this crate or another
//! addon, so they only queue what they get.
//!
//! The objects are `CCallbackBase`s of C++: a pointer to a table of virtual functions, flags, and a number.

use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use peer_core::{LobbyId, SteamId};
use steamworks_sys as sys;

use super::api::Api;
use super::callbacks::{self, CallKind, CallResult, Callback};
use super::library::{self, Hold, Matchmaking, Sockets, Utils};
use super::{call, lookup};

#[cfg(all(windows, not(target_pointer_width = "64")))]
compile_error!("virtual functions have a calling convention of their own on 32-bit Windows");

/// The most callbacks that wait to be taken; beyond that, new ones are dropped.
const MAX_WAITING: usize = 16_384;

/// The longest message to a lobby, in bytes.
pub(crate) const MAX_MESSAGE: usize = 4_096;

/// The most calls whose results may be pending.
const MAX_PENDING: usize = 1_024;

type This = *mut sys::CCallbackBase;
type Run = unsafe extern "C" fn(This, *mut c_void);
type RunResult = unsafe extern "C" fn(This, *mut c_void, bool, sys::SteamAPICall_t);
type GetSize = unsafe extern "C" fn(This) -> c_int;

/// The virtual functions, in the order of declaration.
#[cfg(not(windows))]
#[repr(C)]
struct VirtualFunctions {
    run: Run,
    run_result: RunResult,
    size: GetSize,
}

/// The virtual functions in the order of Microsoft's compiler, which built Steam's library: overloads are reversed.
#[cfg(windows)]
#[repr(C)]
struct VirtualFunctions {
    run_result: RunResult,
    run: Run,
    size: GetSize,
}

static FUNCTIONS: VirtualFunctions =
    VirtualFunctions { run: on_callback, run_result: on_result, size: on_size };

const fn object(id: c_int) -> sys::CCallbackBase {
    sys::CCallbackBase { vtable_: (&raw const FUNCTIONS).cast(), m_nCallbackFlags: 0, m_iCallback: id }
}

/// The object of a callback, which Steam writes to.
struct CallbackObject(UnsafeCell<sys::CCallbackBase>);

// SAFETY: its number does not change, and the flags are touched by Steam alone.
unsafe impl Sync for CallbackObject {}

/// One for each callback, for the life of the process: another thread may be running one while it is unregistered.
static CALLBACKS: [CallbackObject; callbacks::REGISTERED.len()] = {
    let mut objects = [const { CallbackObject(UnsafeCell::new(object(0))) }; callbacks::REGISTERED.len()];
    let mut place = 0;
    while place < objects.len() {
        objects[place] = CallbackObject(UnsafeCell::new(object(callbacks::REGISTERED[place])));
        place += 1;
    }
    objects
};

/// What an object got from Steam.
#[derive(Clone, Debug)]
pub(crate) enum Dispatched {
    /// A callback.
    Callback(Callback),
    /// The result of a call.
    Result(sys::SteamAPICall_t, CallResult),
}

/// What waits to be taken.
static QUEUE: Mutex<VecDeque<Dispatched>> = Mutex::new(VecDeque::new());

fn queue() -> MutexGuard<'static, VecDeque<Dispatched>> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes and returns the oldest callback or result.
pub(crate) fn next() -> Option<Dispatched> {
    queue().pop_front()
}

/// Registers for callbacks. [`unregister`] is to follow before Steam is shut down.
pub(crate) fn register(hold: &Hold) {
    queue().clear();
    for (object, id) in CALLBACKS.iter().zip(callbacks::REGISTERED) {
        // SAFETY: the object is as Steam's headers declare it, and lives as long as the process.
        unsafe { (hold.api().SteamAPI_RegisterCallback)(object.0.get(), id) };
    }
}

/// Takes the registrations back, which may be done without a running Steam, too.
pub(crate) fn unregister(hold: &Hold) {
    for object in &CALLBACKS {
        // SAFETY: as above.
        unsafe { (hold.api().SteamAPI_UnregisterCallback)(object.0.get()) };
    }
    queue().clear();
}

thread_local! {
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Runs Steam's callbacks, those of the whole process: this crate's only queue what they get, but another addon's may
/// run code of the game. Does nothing when called from such code, nor once Steam is down.
///
/// Every frame, whoever initialised Steam: Steam brings each callback once, however many addons ask for it in a frame,
/// and nobody can tell whether another one will.
pub(crate) fn run(hold: &Hold) {
    if !library::is_still_up(hold) || IS_RUNNING.replace(true) {
        return;
    }
    // SAFETY: Steam is up. Callbacks may run on any thread, and nothing of this crate is locked.
    unsafe { (hold.api().SteamAPI_RunCallbacks)() };
    run_networking(hold);
    IS_RUNNING.set(false);
}

/// Calls the function pointers for connection status changes, which need not be called by [`run`].
pub(crate) fn run_networking(hold: &Hold) {
    if let Some(sockets) = Sockets::of(hold) {
        // SAFETY: the interface is valid, and nothing of this crate is locked.
        unsafe { call!(sockets.SteamAPI_ISteamNetworkingSockets_RunCallbacks()) };
    }
}

unsafe extern "C" fn on_size(this: This) -> c_int {
    // SAFETY: Steam passes one of the objects above or below, whose number does not change.
    callbacks::size_of_callback(unsafe { (*this).m_iCallback })
}

unsafe extern "C" fn on_callback(this: This, data: *mut c_void) {
    // Nothing below panics; should it ever, the panic must not unwind into Steam.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if data.is_null() {
            return;
        }
        let message = |lobby, number| read_message(lookup::api()?, lobby, number);
        // SAFETY: as above; the data are the structure with that number.
        if let Some(callback) = unsafe { callbacks::parse((*this).m_iCallback, data, message) } {
            let mut queue = queue();
            if queue.len() < MAX_WAITING {
                queue.push_back(Dispatched::Callback(callback));
            }
        }
    }));
}

unsafe extern "C" fn on_result(this: This, data: *mut c_void, has_failed: bool, call: sys::SteamAPICall_t) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let result = match lookup::api() {
            // SAFETY: Steam passes an object of `Calls`; unless the call failed, the data are the structure with its
            // number.
            Some(api) if !has_failed && !data.is_null() => unsafe {
                read_result(api, (*this).m_iCallback, data)
            },
            _ => CallResult::Failed,
        };
        // There is at most one for each pending call.
        queue().push_back(Dispatched::Result(call, result));
    }));
}

/// Reads a message to a lobby that has just arrived: now, because Steam keeps only the latest.
fn read_message(api: &Api, lobby: LobbyId, number: c_int) -> Option<(SteamId, String)> {
    // SAFETY: the accessor may be called at any time.
    let matchmaking = NonNull::new(unsafe { (api.SteamAPI_SteamMatchmaking_v009)() })?;
    let (mut user, mut kind) = (0, 0);
    let mut body = [0 as c_char; MAX_MESSAGE];
    // SAFETY: the interface is valid, Steam checks the ids, and all it writes to has the size given or that of its type.
    unsafe {
        (api.SteamAPI_ISteamMatchmaking_GetLobbyChatEntry)(
            matchmaking.as_ptr(),
            lobby.0,
            number,
            &raw mut user,
            body.as_mut_ptr().cast(),
            super::to_int(MAX_MESSAGE),
            &raw mut kind,
        );
    }
    (user != 0).then(|| (SteamId(user), super::text_of(&body)))
}

/// # Safety
/// `data` points to the structure with the number `id`, which has just arrived.
unsafe fn read_result(api: &Api, id: c_int, data: *const c_void) -> CallResult {
    // SAFETY: the accessor may be called at any time.
    let matchmaking = unsafe { (api.SteamAPI_SteamMatchmaking_v009)() };
    let listed = |index| {
        if matchmaking.is_null() {
            return LobbyId(0);
        }
        // Now, because the next list of any addon replaces this one.
        // SAFETY: the interface is valid, and Steam checks the index.
        LobbyId(unsafe { (api.SteamAPI_ISteamMatchmaking_GetLobbyByIndex)(matchmaking, index) })
    };
    // SAFETY: the caller's promise.
    unsafe { callbacks::parse_result(id, data, listed) }
}

/// An object for the result of a call. Kept for reuse and never freed: another thread may be running it while it is
/// taken back.
#[derive(Debug)]
struct ResultObject(NonNull<sys::CCallbackBase>);

// SAFETY: it is used by one call at a time, and Steam may run it on any thread.
unsafe impl Send for ResultObject {}

/// Idle objects, by the kind of call, so that the number of an object never changes.
static IDLE: Mutex<[Vec<ResultObject>; CallKind::COUNT]> =
    Mutex::new([const { Vec::new() }; CallKind::COUNT]);

fn idle() -> MutexGuard<'static, [Vec<ResultObject>; CallKind::COUNT]> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An asynchronous call whose result is pending.
#[derive(Debug)]
pub(crate) struct Call {
    handle: sys::SteamAPICall_t,
    kind: CallKind,
    object: ResultObject,
}

impl Call {
    /// What it is.
    pub(crate) fn kind(&self) -> CallKind {
        self.kind
    }

    /// Whether this is the call with a handle.
    pub(crate) fn is(&self, handle: sys::SteamAPICall_t) -> bool {
        self.handle == handle
    }

    /// Whether Steam has the result, and has not brought it to the object.
    pub(crate) fn is_completed(&self, hold: &Hold) -> bool {
        let mut has_failed = false;
        let function = hold.api().SteamAPI_ISteamUtils_IsAPICallCompleted;
        // SAFETY: the interface is valid, and the flag is writable.
        function.zip(Utils::of(hold)).is_some_and(|(function, utils)| unsafe {
            function(utils.as_ptr(), self.handle, &raw mut has_failed)
        })
    }

    /// Fetches a result that Steam does not bring to the object; `None` if it has none.
    pub(crate) fn fetch(&self, hold: &Hold) -> Option<CallResult> {
        let (get, utils) = hold.api().SteamAPI_ISteamUtils_GetAPICallResult.zip(Utils::of(hold))?;
        let id = callbacks::result_of(self.kind);
        // Room for any of the structures, and aligned for it.
        let mut buffer = [0_u64; 4];
        let size = callbacks::size_of_callback(id);
        let mut has_failed = false;
        // SAFETY: the interface is valid, there is room for the structure, and the flag is writable.
        let is_there = unsafe {
            get(utils.as_ptr(), self.handle, buffer.as_mut_ptr().cast(), size, id, &raw mut has_failed)
        };
        is_there.then(|| {
            if has_failed {
                CallResult::Failed
            } else {
                // SAFETY: Steam has written the structure with that number.
                unsafe { read_result(hold.api(), id, buffer.as_ptr().cast()) }
            }
        })
    }
}

/// Calls whose results are pending.
#[derive(Debug, Default)]
pub(crate) struct Calls(usize);

impl Calls {
    /// Makes a call by `start`, and registers for its result; `None` if Steam refuses, or too many are pending.
    pub(crate) fn start(
        &mut self,
        kind: CallKind,
        matchmaking: Matchmaking<'_>,
        start: impl FnOnce(Matchmaking<'_>) -> sys::SteamAPICall_t,
    ) -> Option<Call> {
        if self.0 >= MAX_PENDING {
            return None;
        }
        let handle = start(matchmaking);
        if handle == 0 {
            return None;
        }
        let object = idle()[kind as usize].pop().unwrap_or_else(|| {
            ResultObject(NonNull::from(Box::leak(Box::new(object(callbacks::result_of(kind))))))
        });
        self.0 += 1;
        // SAFETY: the object is as Steam's headers declare it, and is never freed.
        unsafe { (matchmaking.api().SteamAPI_RegisterCallResult)(object.0.as_ptr(), handle) };
        Some(Call { handle, kind, object })
    }

    /// Ends a call whose result has been taken, or is not wanted any more.
    pub(crate) fn end(&mut self, hold: &Hold, call: Call) {
        // SAFETY: as above. Harmless if Steam has run it, or is down.
        unsafe { (hold.api().SteamAPI_UnregisterCallResult)(call.object.0.as_ptr(), call.handle) };
        self.0 -= 1;
        idle()[call.kind as usize].push(call.object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs an object through its table of functions, as Steam does.
    #[allow(clippy::cast_ptr_alignment, reason = "the bindings' type is opaque")]
    fn functions(object: This) -> &'static VirtualFunctions {
        // SAFETY: an object of this module, whose table is a static.
        unsafe { &*(*object).vtable_.cast::<VirtualFunctions>() }
    }

    #[test]
    fn objects_queue_what_steam_brings_to_them_on_any_thread_and_are_bounded() {
        let requested = CALLBACKS.iter().zip(callbacks::REGISTERED).find(|(_, id)| *id == 333).unwrap().0;
        let address = requested.0.get().expose_provenance();
        let brings = move || {
            let object = std::ptr::with_exposed_provenance_mut::<sys::CCallbackBase>(address);
            let mut data = [7_u64, 8];
            // SAFETY: the object lives for ever, and the data are two ids: the lobby's, and the friend's.
            unsafe {
                assert_eq!((functions(object).size)(object), 16);
                (functions(object).run)(object, data.as_mut_ptr().cast());
            }
        };
        std::thread::spawn(brings).join().unwrap();
        let Some(Dispatched::Callback(callback)) = next() else { panic!("nothing is queued") };
        assert_eq!(callback, Callback::JoinRequested(LobbyId(7), SteamId(8)));

        let mut result = object(callbacks::result_of(CallKind::CreateLobby));
        let result = &raw mut result;
        let mut data = [0_u32; 4];
        // SAFETY: the object lives for the call, and a call that failed has no data.
        unsafe { (functions(result).run_result)(result, data.as_mut_ptr().cast(), true, 5) };
        let Some(Dispatched::Result(5, CallResult::Failed)) = next() else { panic!("no failure") };
        assert!(next().is_none());

        // The queue is one for the process, and so is this test.
        let mut data = [7_u64, 8];
        for _ in 0..MAX_WAITING + 10 {
            // SAFETY: the object lives for ever, and the data are two ids.
            unsafe { (functions(requested.0.get()).run)(requested.0.get(), data.as_mut_ptr().cast()) };
        }
        assert_eq!(std::iter::from_fn(next).count(), MAX_WAITING);
    }
}
