//! `ISteamNetworkingSockets`: straight to the sockets, but for what needs a rendezvous.

use std::ffi::{c_char, c_int, c_void};

use super::Interface;
use super::networking_utils::AVAILABLE;
use crate::ffi::{guard, put};
use crate::gns::sockets;
use crate::gns::types::{ConfigValue, ConnectionInfo, Identity, Opaque};
use crate::strict::{self, Behaviour};
use crate::{gns, rendezvous, session};

/// Steam's `EResult`.
const FAIL: c_int = 2;
const NO_CONNECTION: c_int = 3;

/// Declares exported functions that pass their arguments on to the method of the sockets, and return the given
/// value without a session.
macro_rules! forward {
    ($( $(#[$meta:meta])* $name:ident => $method:ident
        ( $($argument:ident : $type:ty),* ) -> $result:ty, or $fallback:expr; )*) => { $(
        $(#[$meta])*
        ///
        /// # Safety
        /// Pointers are what Steam's documentation of the function says.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name(_self: Interface $(, $argument: $type)*) -> $result {
            match sockets() {
                // SAFETY: the caller's promise is the method's.
                Some(sockets) => unsafe { sockets.$method($($argument),*) },
                None => $fallback,
            }
        }
    )* };
}

forward! {
    /// Accepts an incoming connection.
    SteamAPI_ISteamNetworkingSockets_AcceptConnection => accept_connection(connection: u32) -> c_int, or FAIL;
    /// Ends a connection.
    SteamAPI_ISteamNetworkingSockets_CloseConnection => close_connection(connection: u32, reason: c_int, text: *const c_char, linger: bool) -> bool, or false;
    /// Attaches the game's own number.
    SteamAPI_ISteamNetworkingSockets_SetConnectionUserData => set_connection_user_data(connection: u32, data: i64) -> bool, or false;
    /// The game's own number.
    SteamAPI_ISteamNetworkingSockets_GetConnectionUserData => get_connection_user_data(connection: u32) -> i64, or -1;
    /// Names a connection in logs.
    SteamAPI_ISteamNetworkingSockets_SetConnectionName => set_connection_name(connection: u32, name: *const c_char) -> (), or ();
    /// Sends one message, copying it.
    SteamAPI_ISteamNetworkingSockets_SendMessageToConnection => send_message_to_connection(connection: u32, data: *const c_void, size: u32, flags: c_int, number: *mut i64) -> c_int, or NO_CONNECTION;
    /// Sends what waits for Nagle.
    SteamAPI_ISteamNetworkingSockets_FlushMessagesOnConnection => flush_messages_on_connection(connection: u32) -> c_int, or NO_CONNECTION;
    /// Takes received messages of a connection.
    SteamAPI_ISteamNetworkingSockets_ReceiveMessagesOnConnection => receive_messages_on_connection(connection: u32, messages: *mut Opaque, most: c_int) -> c_int, or -1;
    /// Measures a connection.
    SteamAPI_ISteamNetworkingSockets_GetConnectionRealTimeStatus => get_connection_real_time_status(connection: u32, status: Opaque, lanes: c_int, lane_status: Opaque) -> c_int, or NO_CONNECTION;
    /// Describes a connection at length, for people.
    SteamAPI_ISteamNetworkingSockets_GetDetailedConnectionStatus => get_detailed_connection_status(connection: u32, text: *mut c_char, size: c_int) -> c_int, or -1;
    /// Two connections that end in each other.
    SteamAPI_ISteamNetworkingSockets_CreateSocketPair => create_socket_pair(first: *mut u32, second: *mut u32, network: bool, first_peer: *const Identity, second_peer: *const Identity) -> bool, or false;
    /// Sets up lanes.
    SteamAPI_ISteamNetworkingSockets_ConfigureConnectionLanes => configure_connection_lanes(connection: u32, count: c_int, priorities: *const c_int, weights: *const u16) -> c_int, or NO_CONNECTION;
    /// Our own identity.
    SteamAPI_ISteamNetworkingSockets_GetIdentity => get_identity(identity: *mut Identity) -> bool, or false;
    /// A group of connections that are received from together.
    SteamAPI_ISteamNetworkingSockets_CreatePollGroup => create_poll_group() -> u32, or 0;
    /// Ends a group, not its connections.
    SteamAPI_ISteamNetworkingSockets_DestroyPollGroup => destroy_poll_group(group: u32) -> bool, or false;
    /// Puts a connection into a group.
    SteamAPI_ISteamNetworkingSockets_SetConnectionPollGroup => set_connection_poll_group(connection: u32, group: u32) -> bool, or false;
    /// Takes received messages of a group.
    SteamAPI_ISteamNetworkingSockets_ReceiveMessagesOnPollGroup => receive_messages_on_poll_group(group: u32, messages: *mut Opaque, most: c_int) -> c_int, or -1;
}

/// Calls the callbacks that are due.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingSockets_RunCallbacks(_self: Interface) {
    guard((), session::run_networking_callbacks);
}

/// Listens on a virtual port.
///
/// # Safety
/// `options` is null or points to `count` options.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingSockets_CreateListenSocketP2P(
    _self: Interface,
    port: c_int,
    count: c_int,
    options: *const ConfigValue,
) -> u32 {
    // SAFETY: the caller's promise.
    guard(0, || unsafe { rendezvous::listen(port, count, options) })
}

/// Stops listening, and ends what was accepted on the socket.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingSockets_CloseListenSocket(
    _self: Interface,
    socket: u32,
) -> bool {
    guard(false, || rendezvous::stop_listening(socket))
}

/// Dials a peer.
///
/// # Safety
/// `peer` points to an identity, and `options` is null or points to `count` options.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingSockets_ConnectP2P(
    _self: Interface,
    peer: *const Identity,
    port: c_int,
    count: c_int,
    options: *const ConfigValue,
) -> u32 {
    // SAFETY: the caller's promises.
    guard(0, || unsafe { rendezvous::connect(peer, port, count, options) })
}

/// Sends messages and takes them over, those that fail too.
///
/// # Safety
/// `messages` points to `count` messages that the caller allocated; `results` is null or writable for as many.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingSockets_SendMessages(
    _self: Interface,
    count: c_int,
    messages: *const Opaque,
    results: *mut i64,
) {
    // SAFETY: the caller's promises. Without a session the messages are released here, as failed ones are.
    unsafe {
        if let Some(sockets) = sockets() {
            // As many calls as there are messages, or one.
            let step = if strict::is(Behaviour::EachMessage) { 1 } else { count.max(1) };
            for first in (0..count).step_by(step as usize) {
                let results = if results.is_null() { results } else { results.add(first as usize) };
                sockets.send_messages(step, messages.add(first as usize), results, true);
            }
            return;
        }
        for index in 0..usize::try_from(count).unwrap_or(0) {
            super::identities::SteamAPI_SteamNetworkingMessage_t_Release((*messages.add(index)).cast());
            if !results.is_null() {
                results.add(index).write(-i64::from(NO_CONNECTION));
            }
        }
    }
}

/// Describes a connection.
///
/// # Safety
/// `info` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingSockets_GetConnectionInfo(
    _self: Interface,
    connection: u32,
    info: *mut ConnectionInfo,
) -> bool {
    // SAFETY: the caller's promise is the method's.
    sockets().is_some_and(|sockets| unsafe {
        let known = sockets.get_connection_info(connection, info);
        if known && !info.is_null() {
            gns::show_loopback(&mut *info);
        }
        known
    })
}

/// There are no certificates to wait for: peers are who the network's directory says.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamNetworkingSockets_InitAuthentication(_self: Interface) -> c_int {
    AVAILABLE
}

/// `SteamNetAuthenticationStatus_t`
#[repr(C)]
pub(super) struct AuthenticationStatus {
    available: c_int,
    text: [c_char; 256],
}

/// Whether certificates are there: see `InitAuthentication`.
///
/// # Safety
/// `details` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamNetworkingSockets_GetAuthenticationStatus(
    _self: Interface,
    details: *mut AuthenticationStatus,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        put(details, AuthenticationStatus { available: AVAILABLE, text: [0; 256] });
    };
    AVAILABLE
}
