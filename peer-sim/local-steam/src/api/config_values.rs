//! Helpers that fill in an option.

use std::ffi::{c_char, c_int, c_void};

use crate::gns::types::ConfigValue;
use crate::gns::{TYPE_FLOAT, TYPE_INT32, TYPE_INT64, TYPE_PTR, TYPE_STRING};

/// An integer.
///
/// # Safety
/// `value` is writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingConfigValue_t_SetInt32(
    value: *mut ConfigValue,
    option: c_int,
    data: i32,
) {
    // SAFETY: the caller's promise.
    unsafe { value.write(ConfigValue::new(option, TYPE_INT32, data.to_ne_bytes())) }
}

/// A long integer.
///
/// # Safety
/// `value` is writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingConfigValue_t_SetInt64(
    value: *mut ConfigValue,
    option: c_int,
    data: i64,
) {
    // SAFETY: the caller's promise.
    unsafe { value.write(ConfigValue::new(option, TYPE_INT64, data.to_ne_bytes())) }
}

/// A number.
///
/// # Safety
/// `value` is writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingConfigValue_t_SetFloat(
    value: *mut ConfigValue,
    option: c_int,
    data: f32,
) {
    // SAFETY: the caller's promise.
    unsafe { value.write(ConfigValue::new(option, TYPE_FLOAT, data.to_ne_bytes())) }
}

/// A pointer.
///
/// # Safety
/// `value` is writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingConfigValue_t_SetPtr(
    value: *mut ConfigValue,
    option: c_int,
    data: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        value.write(ConfigValue::new(option, TYPE_PTR, data.expose_provenance().to_ne_bytes()));
    }
}

/// A string, by its pointer.
///
/// # Safety
/// `value` is writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_SteamNetworkingConfigValue_t_SetString(
    value: *mut ConfigValue,
    option: c_int,
    data: *const c_char,
) {
    // SAFETY: the caller's promise.
    unsafe {
        value.write(ConfigValue::new(option, TYPE_STRING, data.expose_provenance().to_ne_bytes()));
    }
}
