//! Connection status changes, which Steam reports through a function pointer.
//!
//! The pointer is an option of each listen socket and each dialled connection, so that it does not matter who runs
//! Steam's callbacks, nor on which thread.

use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use peer_core::{ConnectionHandle, ConnectionState, EndReason, ListenHandle, SteamId};
use steamworks_sys as sys;
use sys::ESteamNetworkingConfigValue as Option_;
use sys::ESteamNetworkingConnectionState as State;
use sys::SteamNetConnectionStatusChangedCallback_t as Change;

use super::api::Api;
use super::config::RawOption;
use super::connection::MAX_CLOSE_MESSAGE;
use super::{lookup, text_of};
use crate::status_queue::{self, Delivery, RawStatusChange};

const CONNECTING: c_int = State::k_ESteamNetworkingConnectionState_Connecting as c_int;
const CONNECTED: c_int = State::k_ESteamNetworkingConnectionState_Connected as c_int;
const CLOSED_BY_PEER: c_int = State::k_ESteamNetworkingConnectionState_ClosedByPeer as c_int;
const PROBLEM: c_int = State::k_ESteamNetworkingConnectionState_ProblemDetectedLocally as c_int;

/// The option that makes Steam report status changes here.
pub(crate) fn option() -> RawOption<'static> {
    let function: unsafe extern "C" fn(*mut Change) = on_change;
    RawOption::function(
        Option_::k_ESteamNetworkingConfig_Callback_ConnectionStatusChanged as c_int,
        function as *mut c_void,
    )
}

unsafe extern "C" fn on_change(change: *mut Change) {
    // Without the table this function was given to nobody.
    let Some(api) = lookup::api() else { return };
    // Nothing below panics; should it ever, the panic must not unwind into Steam.
    let delivery = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: Steam passes a structure that lives until this returns.
        unsafe { read(api, change) }.map(status_queue::deliver)
    }));
    if let Ok(Some(Delivery::Reject(connection, reason))) = delivery {
        let text = super::c_string(&reason.to_string(), MAX_CLOSE_MESSAGE);
        // SAFETY: the accessor may be called at any time, handles are checked by Steam, and a callback may
        // close a connection: Steam calls it without holding its locks.
        unsafe {
            let sockets = (api.SteamAPI_SteamNetworkingSockets_SteamAPI_v012)();
            if !sockets.is_null() {
                (api.SteamAPI_ISteamNetworkingSockets_CloseConnection)(
                    sockets,
                    connection.0,
                    reason.code().cast_signed(),
                    text.as_ptr(),
                    false,
                );
            }
        }
    }
}

/// Reads a status change; `None` for a state that no transport needs to know.
///
/// # Safety
/// `change` points to a structure that Steam has filled in.
unsafe fn read(api: &Api, change: *const Change) -> Option<RawStatusChange> {
    macro_rules! field {
        ($($path:ident).+ as $type:ty) => {
            // SAFETY: the caller's promise; the field is an integer, or an enum that is read as one, and may be
            // unaligned.
            unsafe { (&raw const (*change).$($path).+).cast::<$type>().read_unaligned() }
        };
    }
    let listen: u32 = field!(m_info.m_hListenSocket as u32);
    let ending = || {
        let text = field!(m_info.m_szEndDebug as [c_char; 128]);
        let code = field!(m_info.m_eEndReason as c_int);
        (EndReason::from_code(code.cast_unsigned()), text_of(&text))
    };
    let state = match field!(m_info.m_eState as c_int) {
        CONNECTING if listen != 0 => ConnectionState::Requested,
        CONNECTED => ConnectionState::Connected,
        CLOSED_BY_PEER => {
            let (reason, message) = ending();
            ConnectionState::ClosedByPeer { reason, message }
        }
        PROBLEM => {
            let (reason, message) = ending();
            ConnectionState::ProblemDetectedLocally { reason, message }
        }
        _ => return None,
    };
    // SAFETY: the identity is part of the structure, is only read, and needs no alignment.
    let remote = unsafe {
        let identity = &raw const (*change).m_info.m_identityRemote;
        (api.SteamAPI_SteamNetworkingIdentity_GetSteamID64)(identity.cast_mut())
    };
    Some(RawStatusChange {
        connection: ConnectionHandle(field!(m_hConn as u32)),
        listen: (listen != 0).then_some(ListenHandle(listen)),
        user_data: field!(m_info.m_nUserData as i64),
        remote: SteamId(remote),
        state,
    })
}
