//! `ISteamNetworkingUtils`

use std::ffi::{c_char, c_int, c_void};

use super::Interface;
use crate::callbacks::RelayStatus;
use crate::ffi::{guard, put};
use crate::gns::types::{ConfigValue, Identity, Opaque};
use crate::gns::{
    SCOPE_CONNECTION, SCOPE_GLOBAL, TYPE_FLOAT, TYPE_INT32, TYPE_PTR, TYPE_STRING, option, utils,
};
use crate::{rendezvous, session, strict};

/// Steam's `k_ESteamNetworkingAvailability_Current`: all is well.
pub(super) const AVAILABLE: c_int = 100;

/// A message with room for `size` bytes, or none for 0.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingUtils_AllocateMessage(
    _self: Interface,
    size: c_int,
) -> Opaque {
    // SAFETY: has no preconditions.
    unsafe { utils().allocate_message(size) }
}

/// There is no relay network to reach: what it would be needed for works already.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingUtils_InitRelayNetworkAccess(_self: Interface) {
    guard((), || {
        if let Some(session) = session::current() {
            session.queue.post(relay_status());
        }
    });
}

/// Whether connections can be made: they can.
///
/// # Safety
/// `details` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_GetRelayNetworkStatus(
    _self: Interface,
    details: *mut RelayStatus,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { put(details, relay_status()) };
    AVAILABLE
}

fn relay_status() -> RelayStatus {
    let mut text = [0; 256];
    let says = b"Local Steam: everything is on this machine";
    text[..says.len()].copy_from_slice(says);
    RelayStatus { available: AVAILABLE, measuring: 0, config: AVAILABLE, relay: AVAILABLE, text }
}

/// Microseconds of a clock that only goes forward.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingUtils_GetLocalTimestamp(_self: Interface) -> i64 {
    // SAFETY: has no preconditions.
    unsafe { utils().get_local_timestamp() }
}

/// Where the sockets' log lines go.
///
/// # Safety
/// `function` is null or a `FSteamNetworkingSocketsDebugOutput`.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SetDebugOutputFunction(
    _self: Interface,
    level: c_int,
    function: *mut c_void,
) {
    // SAFETY: the caller's promise is the method's.
    unsafe { utils().set_debug_output_function(level, function) }
}

/// Sets an option. The choice of routes is accepted and has no effect: there is one, and it always works.
///
/// # Safety
/// `value` is what `data_type` says.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SetConfigValue(
    _self: Interface,
    option: c_int,
    scope: c_int,
    object: isize,
    data_type: c_int,
    value: *const c_void,
) -> bool {
    if option == option::STATUS_CHANGED {
        strict::note_function();
    }
    match option {
        option::ICE_ENABLE => true,
        // How signals travel is ours.
        option::CREATE_SIGNALING => false,
        // SAFETY: the caller's promise is the method's.
        _ => unsafe { utils().set_config_value(option, scope, object, data_type, value) },
    }
}

/// Sets an option from a structure.
///
/// # Safety
/// `value` points to an option; a string in it is one.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SetConfigValueStruct(
    _self: Interface,
    value: *const ConfigValue,
    scope: c_int,
    object: isize,
) -> bool {
    // SAFETY: the caller's promise.
    let value = unsafe { &*value };
    if value.option == option::STATUS_CHANGED {
        strict::note_function();
    }
    match value.option {
        option::ICE_ENABLE => true,
        option::CREATE_SIGNALING => false,
        _ => rendezvous::set_option(value, scope, object),
    }
}

/// Reads an option.
///
/// # Safety
/// `data_type` is null or writable, `size` is writable, and `value` is writable for as many bytes as it says.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_GetConfigValue(
    _self: Interface,
    option: c_int,
    scope: c_int,
    object: isize,
    data_type: *mut c_int,
    value: *mut c_void,
    size: *mut usize,
) -> c_int {
    // SAFETY: the caller's promises are the method's.
    unsafe { utils().get_config_value(option, scope, object, data_type, value, size) }
}

/// Describes an option.
///
/// # Safety
/// Both out-parameters are null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_GetConfigValueInfo(
    _self: Interface,
    option: c_int,
    data_type: *mut c_int,
    scope: *mut c_int,
) -> *const c_char {
    // SAFETY: the caller's promises are the method's.
    unsafe { utils().get_config_value_info(option, data_type, scope) }
}

/// Sets a value of a type that the function's name tells.
///
/// # Safety
/// `value` is what `data_type` says.
unsafe fn set(option: c_int, scope: c_int, object: isize, data_type: c_int, value: *const c_void) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        SteamAPI_ISteamNetworkingUtils_SetConfigValue(
            std::ptr::null_mut(),
            option,
            scope,
            object,
            data_type,
            value,
        )
    }
}

/// Sets an integer for everything.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingUtils_SetGlobalConfigValueInt32(
    _self: Interface,
    option: c_int,
    value: i32,
) -> bool {
    // SAFETY: a pointer to a value of that type.
    unsafe { set(option, SCOPE_GLOBAL, 0, TYPE_INT32, (&raw const value).cast()) }
}

/// Sets a number for everything.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingUtils_SetGlobalConfigValueFloat(
    _self: Interface,
    option: c_int,
    value: f32,
) -> bool {
    // SAFETY: a pointer to a value of that type.
    unsafe { set(option, SCOPE_GLOBAL, 0, TYPE_FLOAT, (&raw const value).cast()) }
}

/// Sets a string for everything.
///
/// # Safety
/// `value` is a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SetGlobalConfigValueString(
    _self: Interface,
    option: c_int,
    value: *const c_char,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { set(option, SCOPE_GLOBAL, 0, TYPE_STRING, value.cast()) }
}

/// Sets a pointer for everything.
///
/// # Safety
/// `value` is what the option wants.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SetGlobalConfigValuePtr(
    _self: Interface,
    option: c_int,
    value: *mut c_void,
) -> bool {
    // SAFETY: a pointer to a pointer, and the caller's promise.
    unsafe { set(option, SCOPE_GLOBAL, 0, TYPE_PTR, (&raw const value).cast()) }
}

/// Sets an integer for one connection.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingUtils_SetConnectionConfigValueInt32(
    _self: Interface,
    connection: u32,
    option: c_int,
    value: i32,
) -> bool {
    // SAFETY: a pointer to a value of that type.
    unsafe { set(option, SCOPE_CONNECTION, connection as isize, TYPE_INT32, (&raw const value).cast()) }
}

/// Sets a number for one connection.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingUtils_SetConnectionConfigValueFloat(
    _self: Interface,
    connection: u32,
    option: c_int,
    value: f32,
) -> bool {
    // SAFETY: a pointer to a value of that type.
    unsafe { set(option, SCOPE_CONNECTION, connection as isize, TYPE_FLOAT, (&raw const value).cast()) }
}

/// Sets a string for one connection.
///
/// # Safety
/// `value` is a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SetConnectionConfigValueString(
    _self: Interface,
    connection: u32,
    option: c_int,
    value: *const c_char,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { set(option, SCOPE_CONNECTION, connection as isize, TYPE_STRING, value.cast()) }
}

/// Sets the function for changes of connections; null brings the queued callbacks back.
///
/// # Safety
/// `function` is null or a `FnSteamNetConnectionStatusChanged`.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SetGlobalCallback_SteamNetConnectionStatusChanged(
    _self: Interface,
    function: *mut c_void,
) -> bool {
    if function.is_null() {
        return guard(false, session::post_status_changes);
    }
    // SAFETY: a pointer to a pointer, and the caller's promise.
    strict::note_function();
    // SAFETY: the caller's promise.
    unsafe { set(option::STATUS_CHANGED, SCOPE_GLOBAL, 0, TYPE_PTR, (&raw const function).cast()) }
}

/// An identity as text.
///
/// # Safety
/// `identity` points to an identity, `text` is writable for `size` bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SteamNetworkingIdentity_ToString(
    _self: Interface,
    identity: *const Identity,
    text: *mut c_char,
    size: u32,
) {
    // SAFETY: the caller's promises are the method's.
    unsafe { utils().identity_to_string(identity, text, size as usize) }
}

/// An identity from text.
///
/// # Safety
/// `identity` is writable, `text` is a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingUtils_SteamNetworkingIdentity_ParseString(
    _self: Interface,
    identity: *mut Identity,
    text: *const c_char,
) -> bool {
    // SAFETY: the caller's promises are the method's.
    unsafe { utils().identity_parse_string(identity, text) }
}
