//! The C++ interfaces, and every function of Valve's library that Local Steam does not stand in for.
//!
//! `build/steam_api.rs` reads Valve's headers and writes down the names, in the order of declaration; here is what they mean.
//! An interface is a pointer to a table of functions, which are those of the flat API: on every system but Windows a
//! C++ method that is called through a table is called like a C function whose first argument is the object. On Windows,
//! methods return structures, a `CSteamID` too, through a pointer behind the object.
//!
//! What is not stood in for says so once, by name, and fails as Steam does when it refuses. Such a function ignores its
//! arguments, which all calling conventions of 64-bit systems allow.

use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use super::{Interface, earlier};
use crate::ffi::{guard, text};
use crate::session;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("functions that ignore their arguments need a calling convention of a 64-bit system");

/// Any integer, enumeration or pointer that is returned.
type Word = u64;
type Text = *const c_char;
const EMPTY: Text = c"".as_ptr();

/// A structure that is returned: in registers, or, beyond two of them, through a pointer of the caller's.
#[repr(C)]
pub(super) struct Bytes<const N: usize>([u8; N]);

/// A virtual function, of whatever type.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Slot(*const c_void);

// SAFETY: the address of a function.
unsafe impl Sync for Slot {}

impl Slot {
    pub(super) const fn of(function: *const c_void) -> Self {
        Self(function)
    }
}

/// An interface, as C++ has it: a pointer to the table of its virtual functions. C++ does not look at what is behind that.
#[repr(C)]
pub(super) struct Object {
    table: *const Slot,
    slots: &'static [Slot],
}

// SAFETY: the table is a constant.
unsafe impl Sync for Object {}

impl Object {
    pub(super) const fn new(slots: &'static [Slot]) -> Self {
        Self { table: slots.as_ptr(), slots }
    }

    pub(super) fn slots(&self) -> &'static [Slot] {
        self.slots
    }
}

/// Says once that a function is not stood in for.
#[cold]
fn refuse(said: &AtomicBool, name: &str) {
    if !said.swap(true, Ordering::Relaxed) {
        eprintln!("Local Steam: {name} is not stood in for, and fails");
    }
}

/// Functions that are not stood in for.
macro_rules! refused {
    (#[unsafe(no_mangle)] $( $name:ident: $kind:ty = $failure:expr; )*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> $kind {
            static SAID: AtomicBool = AtomicBool::new(false);
            guard((), || refuse(&SAID, stringify!($name)));
            $failure
        }
    )* };
    ($( $name:ident: $kind:ty = $failure:expr; )*) => { $(
        extern "C" fn $name() -> $kind {
            static SAID: AtomicBool = AtomicBool::new(false);
            guard((), || refuse(&SAID, stringify!($name)));
            $failure
        }
    )* };
}

/// The accessor of an interface.
macro_rules! accessor {
    ($name:ident = $class:ident) => {
        #[unsafe(no_mangle)]
        pub(super) extern "C" fn $name() -> Interface {
            guard(std::ptr::null_mut(), || given(&$class))
        }
    };
}

/// The accessor of an interface for game servers, of which there are none.
macro_rules! game_server_accessor {
    ($name:ident = $class:ident) => {
        #[unsafe(no_mangle)]
        pub(super) extern "C" fn $name() -> Interface {
            std::ptr::null_mut()
        }
    };
}

/// A function of `ISteamClient` that gives out an interface.
macro_rules! getter {
    ($name:ident($($handle:ident),*)) => {
        /// # Safety
        /// `version` is null or a C string.
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $name(_self: Interface, $($handle: i32,)* version: Text) -> Interface {
            // SAFETY: the caller's promise.
            unsafe { find(version) }
        }
    };
}

/// The interfaces, their tables, and [`INTERFACES`], which lists them.
macro_rules! interfaces {
    ($( $class:ident $version:literal { $( $how:ident $function:path; )* } )*) => {
        $(
            pub(in crate::api) static $class: Object = Object::new(&[ $( slot!($how $function) ),* ]);
        )*
        pub(super) static INTERFACES: &[(&str, &Object)] = &[ $( ($version, &$class) ),* ];
    };
}

/// A function, as a table of virtual functions has it.
#[cfg(not(windows))]
macro_rules! slot {
    ($how:ident $function:path) => {
        Slot::of($function as *const c_void)
    };
}

/// A function, as a table of virtual functions has it. A structure, which a `CSteamID` is, is returned through a pointer behind
/// the object.
#[cfg(windows)]
macro_rules! slot {
    (plain $function:path) => {
        Slot::of($function as *const c_void)
    };
    (steam_id $function:path) => {{
        type Flat = unsafe extern "C" fn(Interface, u64, u64) -> u64;
        unsafe extern "C" fn method(this: Interface, id: *mut u64, first: u64, second: u64) -> *mut u64 {
            // SAFETY: it takes up to two integers, and ignores what it does not take; the caller has room for the id.
            unsafe {
                let flat = std::mem::transmute::<*const c_void, Flat>($function as *const c_void);
                id.write(flat(this, first, second));
            }
            id
        }
        Slot::of(method as *const c_void)
    }};
    (structure $function:path) => {{
        unsafe extern "C" fn method(_this: Interface, out: *mut c_void) -> *mut c_void {
            // SAFETY: the caller has room for the structure.
            unsafe { crate::ffi::put(out.cast(), $function()) };
            out
        }
        Slot::of(method as *const c_void)
    }};
}

#[allow(non_snake_case, non_upper_case_globals, clippy::missing_safety_doc, reason = "Steam's own names")]
mod generated {
    use super::{
        AtomicBool, Bytes, EMPTY, Interface, Object, Slot, Text, Word, c_void, find, given, guard, refuse,
    };

    refused! {
        #[unsafe(no_mangle)]
        // The headers do not declare these any more.
        SteamAPI_InitAnonymousUser: Word = 0;
        SteamGameServer_GetIPCCallCount: Word = 0;
        SteamGameServer_InitSafe: Word = 0;
        SteamRealPath: Word = 0;
    }

    include!(concat!(env!("OUT_DIR"), "/steam_api.rs"));
}

pub(super) use generated::*;

/// An interface, while there is a session.
fn given(object: &'static Object) -> Interface {
    match session::current() {
        Some(_) => std::ptr::from_ref(object).cast_mut().cast(),
        None => std::ptr::null_mut(),
    }
}

/// The interface of a version, null without a session.
///
/// # Safety
/// `version` is null or a C string.
unsafe fn find(version: Text) -> Interface {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe { text(version) }.and_then(|version| by_version(&version)).map_or(std::ptr::null_mut(), given)
    })
}

fn by_version(version: &str) -> Option<&'static Object> {
    let known = INTERFACES.iter().find(|(known, _)| *known == version);
    known.map(|(_, object)| *object).or_else(|| earlier::by_version(version))
}

/// Counts inits and shutdowns: pointers to interfaces that were got before are not to be used after.
static GENERATION: AtomicUsize = AtomicUsize::new(1);

/// Notes that a session has begun or ended.
pub(super) fn sessions_changed() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

/// What Valve's headers keep for each interface that is used in a source file.
#[repr(C)]
pub(super) struct Context {
    /// Gets the interface.
    init: Option<unsafe extern "C" fn(*mut c_void)>,
    /// When it was got.
    generation: AtomicUsize,
    /// The interface.
    interface: Interface,
}

/// Gets an interface anew if sessions have changed, and returns where it is: `SteamUser()` and its like.
///
/// # Safety
/// `context` is null or one that Valve's headers define.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamInternal_ContextInit(context: *mut Context) -> *mut Interface {
    if context.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the caller's promise. Two threads that come at the same time write the same.
    unsafe {
        let interface = &raw mut (*context).interface;
        let now = GENERATION.load(Ordering::Acquire);
        if (*context).generation.load(Ordering::Acquire) != now
            && let Some(init) = (*context).init
        {
            init(interface.cast());
            (*context).generation.store(now, Ordering::Release);
        }
        interface
    }
}

/// An interface of the user, or one that needs none.
///
/// # Safety
/// `version` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamInternal_FindOrCreateUserInterface(
    _user: i32,
    version: Text,
) -> Interface {
    // SAFETY: the caller's promise.
    unsafe { find(version) }
}

/// An interface of a game server, of which there are none.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamInternal_FindOrCreateGameServerInterface(
    _user: i32,
    _version: Text,
) -> Interface {
    std::ptr::null_mut()
}

/// An interface of the client, in practice `ISteamClient`.
///
/// # Safety
/// `version` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamInternal_CreateInterface(version: Text) -> Interface {
    // SAFETY: the caller's promise.
    unsafe { find(version) }
}

/// `ISteamClient`
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamClient() -> Interface {
    guard(std::ptr::null_mut(), || given(&ISteamClient))
}

/// Earlier SDKs let programs read this.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "Steam's own name")]
static g_pSteamClientGameServer: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
