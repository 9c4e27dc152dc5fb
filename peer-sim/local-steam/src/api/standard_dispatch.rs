//! Standard dispatch: callbacks and call results brought to registered objects, as Valve's C++ helpers do it.
//!
//! A process has one kind of dispatch, for good: whichever of `SteamAPI_RegisterCallback` and
//! `SteamAPI_ManualDispatch_Init` comes first chooses it, before any init and beyond any shutdown. With the other kind
//! nothing arrives.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::callbacks::{CallCompleted, Callback as _, Posted};
use crate::ffi::guard;
use crate::session;

/// Steam's flags for an object that is registered (`k_ECallbackFlagsRegistered`), and for one that hears what concerns a game
/// server (`k_ECallbackFlagsGameServer`).
const REGISTERED: u8 = 1;
const GAME_SERVER: u8 = 2;

/// `CCallbackBase`
#[repr(C)]
pub(super) struct CallbackBase {
    functions: *const Functions,
    flags: u8,
    callback: c_int,
}

type Run = unsafe extern "C" fn(*mut CallbackBase, *mut c_void);
type RunResult = unsafe extern "C" fn(*mut CallbackBase, *mut c_void, bool, u64);
type Size = unsafe extern "C" fn(*mut CallbackBase) -> c_int;

/// Its virtual functions, in the order of the C++ compilers on all systems but Windows.
#[cfg(not(windows))]
#[repr(C)]
struct Functions {
    run: Run,
    run_result: RunResult,
    size: Size,
}

/// Its virtual functions, in the order of Microsoft's C++ compiler, which reverses overloads.
#[cfg(windows)]
#[repr(C)]
struct Functions {
    run_result: RunResult,
    run: Run,
    size: Size,
}

/// The kind of dispatch that the process has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Undecided,
    Standard,
    Manual,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Object(*mut CallbackBase);

// SAFETY: Steam may run callbacks on any thread; whoever registers an object knows that.
unsafe impl Send for Object {}

struct Registry {
    kind: Kind,
    callbacks: Vec<(c_int, Object)>,
    results: Option<HashMap<u64, Object>>,
}

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { kind: Kind::Undecided, callbacks: Vec::new(), results: None });

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Chooses manual dispatch, unless the process has the other kind; returns whether it has manual dispatch.
pub(super) fn choose_manual() -> bool {
    let mut registry = registry();
    if registry.kind == Kind::Undecided {
        registry.kind = Kind::Manual;
    }
    registry.kind == Kind::Manual
}

/// Whether manual dispatch may answer: not if an object was registered first.
pub(super) fn is_standard() -> bool {
    registry().kind == Kind::Standard
}

/// Registers an object for the callbacks with a number.
///
/// # Safety
/// `object` is null or a `CCallbackBase` that lives until it is unregistered.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_RegisterCallback(object: *mut CallbackBase, callback: c_int) {
    guard((), || {
        if object.is_null() {
            return;
        }
        let mut registry = registry();
        if registry.kind == Kind::Undecided {
            registry.kind = Kind::Standard;
        }
        // SAFETY: the caller's promise.
        unsafe {
            (*object).flags |= REGISTERED;
            (*object).callback = callback;
            if (*object).flags & GAME_SERVER != 0 {
                return;
            }
        }
        registry.callbacks.push((callback, Object(object)));
    });
}

/// Takes an object back.
///
/// # Safety
/// `object` is null or a `CCallbackBase`.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_UnregisterCallback(object: *mut CallbackBase) {
    guard((), || {
        if object.is_null() {
            return;
        }
        registry().callbacks.retain(|&(_, registered)| registered != Object(object));
        // SAFETY: the caller's promise.
        unsafe { (*object).flags &= !REGISTERED };
    });
}

/// Registers an object for the result of a call.
///
/// # Safety
/// `object` is null or a `CCallbackBase` that lives until it is run or unregistered.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_RegisterCallResult(object: *mut CallbackBase, call: u64) {
    guard((), || {
        if !object.is_null() && call != 0 {
            registry().results.get_or_insert_default().insert(call, Object(object));
        }
    });
}

/// Takes an object back.
///
/// # Safety
/// None; it is not looked into.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_UnregisterCallResult(object: *mut CallbackBase, call: u64) {
    guard((), || {
        let mut registry = registry();
        if let Some(results) = &mut registry.results
            && results.get(&call) == Some(&Object(object))
        {
            results.remove(&call);
        }
    });
}

/// A frame: looks at the lobbies, calls the functions that are set for networking callbacks, and brings what has
/// happened to the objects that are registered for it. What nobody is registered for is dropped.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_RunCallbacks() {
    guard((), || {
        let Some(session) = session::current() else { return };
        session.frame();
        if registry().kind == Kind::Manual {
            return;
        }
        while let Some(mut posted) = session.queue.take() {
            if posted.id == CallCompleted::ID {
                run_result(&session, &posted);
            } else {
                run_callbacks(&mut posted);
            }
        }
    });
}

fn run_result(session: &session::Session, completed: &Posted) {
    let call = completed.call();
    let object = registry().results.as_mut().and_then(|results| results.remove(&call));
    let result = object.and_then(|object| Some((object, session.queue.take_any_result(call)?)));
    if let Some((Object(object), mut result)) = result {
        // SAFETY: the object was registered, and lives until it is run. Nothing is locked.
        unsafe { ((*(*object).functions).run_result)(object, result.as_ptr().cast(), false, call) };
    }
}

fn run_callbacks(posted: &mut Posted) {
    let id = posted.id;
    let objects: Vec<_> = registry().callbacks.iter().filter(|(of, _)| *of == id).copied().collect();
    for entry in objects {
        // One before it may have taken it back.
        if registry().callbacks.contains(&entry) {
            let Object(object) = entry.1;
            // SAFETY: the object is registered, and so lives. Nothing is locked.
            unsafe { ((*(*object).functions).run)(object, posted.as_ptr().cast()) };
        }
    }
}
