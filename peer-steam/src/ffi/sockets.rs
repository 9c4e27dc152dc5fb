//! Listen sockets and poll groups, each closed when its value is dropped.

use peer_core::{ConnectionHandle, ListenHandle, VirtualPort};
use steamworks_sys as sys;

use super::config::RawOption;
use super::library::{Hold, Sockets};
use super::{call, to_int};

/// A listen socket.
#[derive(Debug)]
pub(crate) struct ListenSocket {
    handle: ListenHandle,
    hold: Hold,
}

impl ListenSocket {
    /// Opens one; `None` if Steam refuses, as it does if the port is taken.
    pub(crate) fn open(hold: &Hold, port: VirtualPort, options: &[RawOption<'_>]) -> Option<Self> {
        let sockets = Sockets::of(hold)?;
        // SAFETY: the options are an array of that length in Steam's layout (`layout`), which Steam copies.
        let handle = unsafe {
            call!(sockets.SteamAPI_ISteamNetworkingSockets_CreateListenSocketP2P(
                port.0,
                to_int(options.len()),
                options.as_ptr().cast(),
            ))
        };
        (handle != 0).then(|| Self { handle: ListenHandle(handle), hold: hold.clone() })
    }

    pub(crate) fn handle(&self) -> ListenHandle {
        self.handle
    }
}

impl Drop for ListenSocket {
    fn drop(&mut self) {
        if let Some(sockets) = Sockets::of(&self.hold) {
            // SAFETY: handles are checked by Steam.
            unsafe { call!(sockets.SteamAPI_ISteamNetworkingSockets_CloseListenSocket(self.handle.0)) };
        }
    }
}

/// A poll group: connections whose messages are received together.
#[derive(Debug)]
pub(crate) struct PollGroup {
    handle: sys::HSteamNetPollGroup,
    hold: Hold,
}

impl PollGroup {
    /// Creates one; `None` if Steam refuses.
    pub(crate) fn new(hold: &Hold) -> Option<Self> {
        let sockets = Sockets::of(hold)?;
        // SAFETY: the interface is valid.
        let handle = unsafe { call!(sockets.SteamAPI_ISteamNetworkingSockets_CreatePollGroup()) };
        (handle != 0).then(|| Self { handle, hold: hold.clone() })
    }

    pub(super) fn handle(&self) -> sys::HSteamNetPollGroup {
        self.handle
    }

    pub(super) fn hold(&self) -> &Hold {
        &self.hold
    }

    pub(super) fn sockets(&self) -> Option<Sockets<'_>> {
        Sockets::of(&self.hold)
    }

    /// Adds a connection, along with the messages that already wait on it.
    pub(crate) fn add(&self, connection: ConnectionHandle) {
        self.set_group_of(connection, self.handle);
    }

    /// Takes a connection out, along with the messages that wait on it.
    pub(crate) fn remove(&self, connection: ConnectionHandle) {
        self.set_group_of(connection, sys::k_HSteamNetPollGroup_Invalid);
    }

    fn set_group_of(&self, connection: ConnectionHandle, group: sys::HSteamNetPollGroup) {
        if let Some(sockets) = self.sockets() {
            // SAFETY: handles are checked by Steam.
            unsafe {
                call!(sockets.SteamAPI_ISteamNetworkingSockets_SetConnectionPollGroup(connection.0, group))
            };
        }
    }
}

impl Drop for PollGroup {
    fn drop(&mut self) {
        if let Some(sockets) = self.sockets() {
            // SAFETY: handles are checked by Steam.
            unsafe { call!(sockets.SteamAPI_ISteamNetworkingSockets_DestroyPollGroup(self.handle)) };
        }
    }
}
