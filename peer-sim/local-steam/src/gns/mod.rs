//! Valve's open-source networking sockets, as this library calls them.
//!
//! They export functions of the very names that we export, so those cannot be called from here. Their C++
//! interfaces can: [`vtable`] describes them, [`types`] the few structures that are looked into.

pub(crate) mod types;
pub(crate) mod vtable;

use std::ffi::{CStr, c_char, c_int, c_void};

use types::Identity;
use vtable::{Sockets, Utils};

/// Steam's numbers for the options that are used here.
pub(crate) mod option {
    use std::ffi::c_int;
    /// `float`: packets lost when sending and when receiving, in percent.
    pub(crate) const LOSS: [c_int; 2] = [2, 3];
    /// `int32`: delay when sending and when receiving, in milliseconds.
    pub(crate) const LAG: [c_int; 2] = [4, 5];
    /// `float`: mean and maximum of the random delay in milliseconds, and how many packets in percent have one.
    pub(crate) const JITTER_MEAN: [c_int; 2] = [53, 56];
    /// See [`JITTER_MEAN`].
    pub(crate) const JITTER_MAX: [c_int; 2] = [54, 57];
    /// See [`JITTER_MEAN`].
    pub(crate) const JITTER_PERCENT: [c_int; 2] = [55, 58];
    /// `int32`: which routes may be tried.
    pub(crate) const ICE_ENABLE: c_int = 104;
    /// Function: a connection has changed state.
    pub(crate) const STATUS_CHANGED: c_int = 201;
    /// Function: makes the signalling for a connection.
    pub(crate) const CREATE_SIGNALING: c_int = 206;
}

/// Scopes and data types of options.
pub(crate) const SCOPE_GLOBAL: c_int = 1;
/// See [`SCOPE_GLOBAL`].
pub(crate) const SCOPE_CONNECTION: c_int = 4;
/// A 32-bit integer.
pub(crate) const TYPE_INT32: c_int = 1;
/// A 64-bit integer.
pub(crate) const TYPE_INT64: c_int = 2;
/// A single-precision number.
pub(crate) const TYPE_FLOAT: c_int = 3;
/// A string, passed as the pointer itself.
pub(crate) const TYPE_STRING: c_int = 4;
/// A pointer, passed by a pointer to it.
pub(crate) const TYPE_PTR: c_int = 5;

/// Starts the sockets under an identity. At most once until [`stop`].
pub(crate) fn start(identity: &Identity) -> Result<(), String> {
    let mut message: [c_char; 1024] = [0; 1024];
    // SAFETY: both structures have the layout that the function expects (asserted in `types`), and it only
    // uses them during the call. It ends the message with NUL.
    unsafe {
        if gns_sys::GameNetworkingSockets_Init(std::ptr::from_ref(identity).cast(), &mut message) {
            Ok(())
        } else {
            Err(CStr::from_ptr(message.as_ptr()).to_string_lossy().into_owned())
        }
    }
}

/// Ends every connection at once and frees the sockets.
pub(crate) fn stop() {
    // SAFETY: has no preconditions; it locks by itself.
    unsafe { gns_sys::GameNetworkingSockets_Kill() }
}

/// The sockets, between [`start`] and [`stop`].
pub(crate) fn sockets() -> Option<&'static Sockets> {
    // SAFETY: the function returns null or an object that lives until `stop`. Callers of the flat API must
    // not use an interface after shutdown; that is Steam's contract too.
    unsafe { gns_sys::SteamNetworkingSockets_LibV12().cast::<Sockets>().as_ref() }
}

/// The utilities, which live as long as the process.
pub(crate) fn utils() -> &'static Utils {
    // SAFETY: the function returns a static object, never null.
    unsafe { &*gns_sys::SteamNetworkingUtils_LibV4().cast::<Utils>() }
}

/// Sets a global option.
pub(crate) fn set_global<T>(option: c_int, data_type: c_int, value: &T) -> bool {
    // SAFETY: `value` is what `data_type` says (callers are all in this crate), and is copied by the call.
    unsafe {
        utils().set_config_value(
            option,
            SCOPE_GLOBAL,
            0,
            data_type,
            std::ptr::from_ref(value).cast::<c_void>(),
        )
    }
}

/// Replaces the address that [`crate::loopback`] shows to the sockets by the one behind it.
pub(crate) fn show_loopback(info: &mut types::ConnectionInfo) {
    #[cfg(all(target_os = "linux", not(test)))]
    if info.address[12..] == crate::loopback::SHOWN.octets() {
        info.address[12..].copy_from_slice(&std::net::Ipv4Addr::LOCALHOST.octets());
    }
    #[cfg(not(all(target_os = "linux", not(test))))]
    let _ = info;
}
