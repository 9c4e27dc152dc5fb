//! Connections, each closed when its value is dropped.

use std::ffi::{CStr, c_int};
use std::mem::{ManuallyDrop, MaybeUninit};

use peer_core::{
    ConnectionHandle, LaneConfig, LaneStatus, ListenHandle, RealTimeStatus, SteamId, VirtualPort,
};
use steamworks_sys as sys;

use super::config::RawOption;
use super::library::{Hold, Sockets};
use super::{RESULT_OK, call, to_int};

/// `k_EResultDuplicateRequest`: the connection is accepted already, by dialling its peer.
const RESULT_DUPLICATE_REQUEST: c_int = 29;

/// The most lanes that Steam allows on a connection.
const MAX_LANES: usize = 255;

/// The longest close message, in bytes (`k_cchSteamNetworkingMaxConnectionCloseReason`, without its NUL).
pub(crate) const MAX_CLOSE_MESSAGE: usize = 127;

/// A connection, outgoing or incoming.
#[derive(Debug)]
pub(crate) struct Connection {
    handle: ConnectionHandle,
    hold: Hold,
}

impl Connection {
    /// Dials a peer; `None` if Steam refuses at once.
    pub(crate) fn dial(
        hold: &Hold,
        peer: SteamId,
        port: VirtualPort,
        options: &[RawOption<'_>],
    ) -> Option<Self> {
        let sockets = Sockets::of(hold)?;
        let mut identity = MaybeUninit::<sys::SteamNetworkingIdentity>::zeroed();
        // SAFETY: the identity is writable, zero is its cleared state, and Steam only reads it in `ConnectP2P`. The
        // options are an array of that length in Steam's layout (`layout`), which Steam copies.
        let handle = unsafe {
            (hold.api().SteamAPI_SteamNetworkingIdentity_SetSteamID64)(identity.as_mut_ptr(), peer.0);
            call!(sockets.SteamAPI_ISteamNetworkingSockets_ConnectP2P(
                identity.as_ptr(),
                port.0,
                to_int(options.len()),
                options.as_ptr().cast(),
            ))
        };
        (handle != 0).then(|| Self { handle: ConnectionHandle(handle), hold: hold.clone() })
    }

    /// Takes ownership of a connection that Steam has reported.
    pub(crate) fn from_handle(hold: &Hold, handle: ConnectionHandle) -> Self {
        Self { handle, hold: hold.clone() }
    }

    pub(crate) fn handle(&self) -> ConnectionHandle {
        self.handle
    }

    fn sockets(&self) -> Option<Sockets<'_>> {
        Sockets::of(&self.hold)
    }

    /// Accepts it. It is no error if dialling its peer has accepted it already.
    ///
    /// # Errors
    /// Steam's `EResult`; 0 without Steam.
    pub(crate) fn accept(&self) -> Result<(), c_int> {
        let Some(sockets) = self.sockets() else { return Err(0) };
        // SAFETY: handles are checked by Steam.
        match unsafe { call!(sockets.SteamAPI_ISteamNetworkingSockets_AcceptConnection(self.handle.0)) } {
            RESULT_OK | RESULT_DUPLICATE_REQUEST => Ok(()),
            result => Err(result),
        }
    }

    /// Closes it, with an end reason and a message for the other side.
    pub(crate) fn close(self, reason: u32, message: &CStr) {
        let connection = ManuallyDrop::new(self);
        close(connection.sockets(), connection.handle, reason, message);
        // SAFETY: `connection` is not used, nor dropped, after this.
        unsafe { std::ptr::read(&raw const connection.hold) };
    }

    /// Gives up ownership without closing it: Steam has closed it with its listen socket, or it has another owner.
    pub(crate) fn forget(self) {
        let connection = ManuallyDrop::new(self);
        // SAFETY: `connection` is not used, nor dropped, after this.
        unsafe { std::ptr::read(&raw const connection.hold) };
    }

    /// Its user data; `None` if it is closed.
    pub(crate) fn user_data(&self) -> Option<i64> {
        let sockets = self.sockets()?;
        // SAFETY: handles are checked by Steam.
        let user_data =
            unsafe { call!(sockets.SteamAPI_ISteamNetworkingSockets_GetConnectionUserData(self.handle.0)) };
        (user_data != -1).then_some(user_data)
    }

    /// Sets the number that its messages and status changes carry from now on.
    pub(crate) fn set_user_data(&self, user_data: i64) {
        if let Some(sockets) = self.sockets() {
            // SAFETY: handles are checked by Steam.
            unsafe {
                call!(
                    sockets.SteamAPI_ISteamNetworkingSockets_SetConnectionUserData(self.handle.0, user_data,)
                )
            };
        }
    }

    /// The listen socket that it came in on; `None` if this side dialled it.
    pub(crate) fn listen_socket(&self) -> Option<ListenHandle> {
        let sockets = self.sockets()?;
        let mut info = MaybeUninit::<sys::SteamNetConnectionInfo_t>::zeroed();
        // SAFETY: Steam writes one structure, of which only the handle is read, an integer.
        let listen = unsafe {
            call!(
                sockets.SteamAPI_ISteamNetworkingSockets_GetConnectionInfo(self.handle.0, info.as_mut_ptr(),)
            );
            (&raw const (*info.as_ptr()).m_hListenSocket).read_unaligned()
        };
        (listen != 0).then_some(ListenHandle(listen))
    }

    /// Sets its lanes.
    ///
    /// # Errors
    /// Steam's `EResult`; 0 without Steam.
    pub(crate) fn configure_lanes(&self, lanes: &[LaneConfig]) -> Result<(), c_int> {
        let Some(sockets) = self.sockets() else { return Err(0) };
        let mut priorities = [0; MAX_LANES];
        let mut weights = [0; MAX_LANES];
        for ((priority, weight), lane) in priorities.iter_mut().zip(&mut weights).zip(lanes) {
            *priority = lane.priority;
            *weight = lane.weight;
        }
        // SAFETY: both arrays have that many elements, and Steam copies them.
        let result = unsafe {
            call!(sockets.SteamAPI_ISteamNetworkingSockets_ConfigureConnectionLanes(
                self.handle.0,
                to_int(lanes.len().min(MAX_LANES)),
                priorities.as_ptr(),
                weights.as_ptr(),
            ))
        };
        if result == RESULT_OK { Ok(()) } else { Err(result) }
    }

    /// Its statistics, and those of its first `lanes.len()` lanes; `None` if it is closed or has fewer.
    pub(crate) fn real_time_status(&self, lanes: &mut [LaneStatus]) -> Option<RealTimeStatus> {
        type Status = sys::SteamNetConnectionRealTimeStatus_t;
        type Lane = sys::SteamNetConnectionRealTimeLaneStatus_t;
        let sockets = self.sockets()?;
        if lanes.len() > MAX_LANES {
            return None;
        }
        let mut status = MaybeUninit::<Status>::zeroed();
        let mut lane_statuses = [const { MaybeUninit::<Lane>::zeroed() }; MAX_LANES];
        // SAFETY: Steam writes one status and as many lanes as asked for, for which there is room.
        let result = unsafe {
            call!(sockets.SteamAPI_ISteamNetworkingSockets_GetConnectionRealTimeStatus(
                self.handle.0,
                status.as_mut_ptr(),
                to_int(lanes.len()),
                lane_statuses.as_mut_ptr().cast(),
            ))
        };
        if result != RESULT_OK {
            return None;
        }
        for (lane, raw) in lanes.iter_mut().zip(&lane_statuses) {
            // SAFETY: zeroed and then written by Steam; every field is an integer, for which any bits are valid.
            let raw = unsafe { raw.assume_init() };
            *lane = LaneStatus {
                pending_unreliable: raw.m_cbPendingUnreliable,
                pending_reliable: raw.m_cbPendingReliable,
                sent_unacked_reliable: raw.m_cbSentUnackedReliable,
                queue_time_us: raw.m_usecQueueTime,
            };
        }
        Some(read_status(status.as_ptr()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        close(self.sockets(), self.handle, 0, c"");
    }
}

/// Closes a connection by its handle. Harmless if it is closed already.
pub(super) fn close(sockets: Option<Sockets<'_>>, handle: ConnectionHandle, reason: u32, message: &CStr) {
    if let Some(sockets) = sockets {
        // SAFETY: handles are checked by Steam, and the message is a C string, which Steam copies.
        unsafe {
            call!(sockets.SteamAPI_ISteamNetworkingSockets_CloseConnection(
                handle.0,
                reason.cast_signed(),
                message.as_ptr(),
                // No linger: symmetric connections do not support it.
                false,
            ))
        };
    }
}

/// Reads what Steam wrote. Not the state, an enum that may have values newer than the bindings.
fn read_status(status: *const sys::SteamNetConnectionRealTimeStatus_t) -> RealTimeStatus {
    macro_rules! field {
        ($name:ident) => {
            // SAFETY: the structure was zeroed and then written by Steam; the fields that are read are integers
            // and floats, for which any bits are valid, and may be unaligned.
            unsafe { (&raw const (*status).$name).read_unaligned() }
        };
    }
    RealTimeStatus {
        ping_ms: field!(m_nPing),
        quality_local: field!(m_flConnectionQualityLocal),
        quality_remote: field!(m_flConnectionQualityRemote),
        out_packets_per_sec: field!(m_flOutPacketsPerSec),
        out_bytes_per_sec: field!(m_flOutBytesPerSec),
        in_packets_per_sec: field!(m_flInPacketsPerSec),
        in_bytes_per_sec: field!(m_flInBytesPerSec),
        send_rate_bytes_per_sec: field!(m_nSendRateBytesPerSecond),
        pending_unreliable: field!(m_cbPendingUnreliable),
        pending_reliable: field!(m_cbPendingReliable),
        sent_unacked_reliable: field!(m_cbSentUnackedReliable),
        queue_time_us: field!(m_usecQueueTime),
    }
}
