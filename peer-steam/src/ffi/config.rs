//! Networking options, in Steam's form.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;

use peer_core::{ConnectionHandle, ListenHandle};
use steamworks_sys as sys;

use super::call;
use super::library::{Hold, NetworkingUtils};
use sys::ESteamNetworkingConfigDataType as Type;
use sys::ESteamNetworkingConfigScope as Scope;

const INT32: c_int = Type::k_ESteamNetworkingConfig_Int32 as c_int;
const INT64: c_int = Type::k_ESteamNetworkingConfig_Int64 as c_int;
const FLOAT: c_int = Type::k_ESteamNetworkingConfig_Float as c_int;
const STRING: c_int = Type::k_ESteamNetworkingConfig_String as c_int;
const POINTER: c_int = Type::k_ESteamNetworkingConfig_Ptr as c_int;
const SCOPE_LISTEN_SOCKET: c_int = Scope::k_ESteamNetworkingConfig_ListenSocket as c_int;
const SCOPE_CONNECTION: c_int = Scope::k_ESteamNetworkingConfig_Connection as c_int;

/// An option and its value: `SteamNetworkingConfigValue_t`, with integers where that has enums.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct RawOption<'a> {
    pub(super) option: c_int,
    pub(super) data_type: c_int,
    pub(super) value: RawValue,
    _text: PhantomData<&'a CStr>,
}

/// The value of an option.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) union RawValue {
    int32: i32,
    int64: i64,
    float: f32,
    text: *const c_char,
    pointer: *mut c_void,
}

impl<'a> RawOption<'a> {
    fn new(option: c_int, data_type: c_int, value: RawValue) -> Self {
        Self { option, data_type, value, _text: PhantomData }
    }

    /// An integer.
    pub(crate) fn int32(option: c_int, int32: i32) -> Self {
        Self::new(option, INT32, RawValue { int32 })
    }

    /// A long integer.
    pub(crate) fn int64(option: c_int, int64: i64) -> Self {
        Self::new(option, INT64, RawValue { int64 })
    }

    /// A floating-point number.
    pub(crate) fn float(option: c_int, float: f32) -> Self {
        Self::new(option, FLOAT, RawValue { float })
    }

    /// A string.
    pub(crate) fn text(option: c_int, text: &'a CStr) -> Self {
        Self::new(option, STRING, RawValue { text: text.as_ptr() })
    }

    /// A function pointer, which must have the signature that the option asks for.
    pub(super) fn function(option: c_int, pointer: *mut c_void) -> Self {
        Self::new(option, POINTER, RawValue { pointer })
    }
}

impl std::fmt::Debug for RawOption<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawOption").field("option", &self.option).finish_non_exhaustive()
    }
}

/// The type of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// `float`
    Float,
    /// `string`
    Text,
    /// A pointer, or a type newer than this crate.
    Other,
}

/// What Steam knows about an option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Info {
    /// The type of its value.
    pub(crate) kind: Kind,
    /// Whether each connection has its own value of it.
    pub(crate) is_of_connections: bool,
}

/// Asks Steam about an option; `None` if Steam does not know it.
pub(crate) fn info(hold: &Hold, option: c_int) -> Option<Info> {
    let utils = NetworkingUtils::of(hold)?;
    let (mut data_type, mut scope) = (0, 0);
    // SAFETY: the interface is valid, and both integers are writable.
    let name = unsafe {
        call!(utils.SteamAPI_ISteamNetworkingUtils_GetConfigValueInfo(
            option,
            &raw mut data_type,
            &raw mut scope
        ))
    };
    let kind = match data_type {
        INT32 => Kind::Int32,
        INT64 => Kind::Int64,
        FLOAT => Kind::Float,
        STRING => Kind::Text,
        _ => Kind::Other,
    };
    (!name.is_null()).then_some(Info { kind, is_of_connections: scope == SCOPE_CONNECTION })
}

/// Sets an option of a listen socket, for connections that come in on it from now on; `false` if Steam refuses.
pub(crate) fn set_on_listen_socket(hold: &Hold, listen: ListenHandle, option: &RawOption<'_>) -> bool {
    set_option(hold, (SCOPE_LISTEN_SOCKET, listen.0), option)
}

/// Sets an option of an open connection; `false` if Steam refuses.
pub(crate) fn set_on_connection(hold: &Hold, connection: ConnectionHandle, option: &RawOption<'_>) -> bool {
    set_option(hold, (SCOPE_CONNECTION, connection.0), option)
}

/// Resets an option of a listen socket; `false` if Steam refuses.
pub(crate) fn clear_on_listen_socket(hold: &Hold, listen: ListenHandle, option: c_int) -> bool {
    // SAFETY: null resets the option, whatever its type.
    unsafe { set(hold, (SCOPE_LISTEN_SOCKET, listen.0), option, INT32, std::ptr::null()) }
}

/// The value of a 32-bit integer option of an open connection; `None` if Steam does not say.
pub(crate) fn get_int32_of_connection(
    hold: &Hold,
    connection: ConnectionHandle,
    option: c_int,
) -> Option<i32> {
    let utils = NetworkingUtils::of(hold)?;
    let object = isize::try_from(connection.0).ok()?;
    let (mut data_type, mut value, mut size) = (0, 0_i32, size_of::<i32>());
    // SAFETY: the interface is valid, `value` has `size` bytes, and the other two are writable; Steam writes no more
    // than there is room for, and says of which type it is.
    let result = unsafe {
        call!(utils.SteamAPI_ISteamNetworkingUtils_GetConfigValue(
            option,
            SCOPE_CONNECTION,
            object,
            &raw mut data_type,
            (&raw mut value).cast(),
            &raw mut size,
        ))
    };
    // `k_ESteamNetworkingGetConfigValue_OK` and `_OKInherited`; the failures are negative.
    (result > 0 && data_type == INT32).then_some(value)
}

fn set_option(hold: &Hold, object: (c_int, u32), option: &RawOption<'_>) -> bool {
    let value = if option.data_type == STRING {
        // SAFETY: the data type tells which field is set.
        unsafe { option.value.text.cast() }
    } else {
        (&raw const option.value).cast()
    };
    // SAFETY: the value is of its data type; a string is passed by its pointer, everything else by a pointer to it.
    unsafe { set(hold, object, option.option, option.data_type, value) }
}

/// # Safety
/// `value` is null or points to a value of `data_type`; Steam checks that this is the type of the option.
unsafe fn set(
    hold: &Hold,
    (scope, handle): (c_int, u32),
    option: c_int,
    data_type: c_int,
    value: *const c_void,
) -> bool {
    let Some(utils) = NetworkingUtils::of(hold) else { return false };
    // Steam takes the 32-bit handle as an integer of pointer size.
    let Ok(object) = isize::try_from(handle) else { return false };
    // SAFETY: the caller's promise.
    unsafe {
        call!(utils.SteamAPI_ISteamNetworkingUtils_SetConfigValue(option, scope, object, data_type, value))
    }
}
