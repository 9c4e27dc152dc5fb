//! The structures of the networking sockets that are looked into, in the layout that Steam's have too.

use std::ffi::{c_char, c_int, c_void};
use std::mem::{offset_of, size_of};

/// Who someone is. Only Steam IDs are made here; others are passed on.
#[derive(Clone, Copy)]
#[repr(C, packed)]
pub(crate) struct Identity {
    /// 16 for a Steam ID, 0 for none.
    pub kind: c_int,
    /// Bytes in use below.
    pub size: c_int,
    /// A Steam ID in the first eight bytes, or whatever `kind` says.
    pub value: [u8; 128],
}

/// `Identity::kind` of a Steam ID.
pub(crate) const IDENTITY_STEAM_ID: c_int = 16;

impl Identity {
    /// No one.
    pub(crate) const NONE: Self = Self { kind: 0, size: 0, value: [0; 128] };

    /// The identity of a Steam ID.
    pub(crate) fn of(steam_id: u64) -> Self {
        let mut identity = Self { kind: IDENTITY_STEAM_ID, size: 8, ..Self::NONE };
        identity.value[..8].copy_from_slice(&steam_id.to_le_bytes());
        identity
    }

    /// The Steam ID, 0 if it is another kind of identity.
    pub(crate) fn steam_id(&self) -> u64 {
        let mut bytes = [0; 8];
        if self.kind == IDENTITY_STEAM_ID {
            bytes.copy_from_slice(&self.value[..8]);
        }
        u64::from_le_bytes(bytes)
    }
}

/// An option for a connection or listen socket.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct ConfigValue {
    /// Which option.
    pub option: c_int,
    /// What kind of value it has.
    pub data_type: c_int,
    /// The value: an integer, a `float`, or a pointer, in the machine's byte order from the front.
    pub value: [u8; 8],
    _aligned: [u64; 0],
}

impl ConfigValue {
    /// An option whose value is up to eight bytes.
    pub(crate) fn new<const N: usize>(option: c_int, data_type: c_int, value: [u8; N]) -> Self {
        let mut bytes = [0; 8];
        bytes[..N].copy_from_slice(&value);
        Self { option, data_type, value: bytes, _aligned: [] }
    }
}

/// What is known about a connection. Packed as Steam packs it for each system.
#[derive(Clone, Copy)]
#[cfg_attr(windows, repr(C, packed(8)))]
#[cfg_attr(not(windows), repr(C, packed(4)))]
pub(crate) struct ConnectionInfo {
    /// Who is at the other end.
    pub peer: Identity,
    /// The game's own number.
    pub user_data: i64,
    /// The listen socket that it came in on, or 0.
    pub listen_socket: u32,
    /// Where the other end is: an IPv6 address (IPv4 is mapped) and a port.
    pub address: [u8; 16],
    /// See `address`.
    pub port: u16,
    _pad: u16,
    _data_centres: [u32; 2],
    /// How far it is: 1 connecting, 2 finding a route, 3 connected, 4 closed by the peer, 5 a problem here.
    pub state: c_int,
    /// Why it ended.
    pub end_reason: c_int,
    /// Why it ended, for people.
    pub end_text: [c_char; 128],
    _description: [c_char; 128],
    _flags: c_int,
    _reserved: [u32; 63],
}

/// A connection that waits to be accepted, or to be answered.
pub(crate) const STATE_CONNECTING: c_int = 1;

impl ConnectionInfo {
    /// To be filled in.
    pub(crate) fn empty() -> Self {
        // SAFETY: plain integers throughout, for which zero is a value.
        unsafe { std::mem::zeroed() }
    }
}

/// A message: only what is needed to release it.
#[repr(C)]
pub(crate) struct Message {
    _before: [u8; 184],
    /// Frees the message.
    pub release: Option<unsafe extern "C" fn(*mut Message)>,
}

/// A pointer to a message, or to structures that are only passed on.
pub(crate) type Opaque = *mut c_void;

const _: () = {
    assert!(size_of::<Identity>() == size_of::<gns_sys::SteamNetworkingIdentity>());
    assert!(size_of::<ConfigValue>() == size_of::<gns_sys::SteamNetworkingConfigValue_t>());
    assert!(offset_of!(ConfigValue, value) == offset_of!(gns_sys::SteamNetworkingConfigValue_t, m_val));
    assert!(size_of::<ConnectionInfo>() == size_of::<gns_sys::SteamNetConnectionInfo_t>());
    assert!(
        offset_of!(ConnectionInfo, address) == offset_of!(gns_sys::SteamNetConnectionInfo_t, m_addrRemote)
    );
    assert!(offset_of!(ConnectionInfo, state) == offset_of!(gns_sys::SteamNetConnectionInfo_t, m_eState));
    assert!(
        offset_of!(ConnectionInfo, end_text) == offset_of!(gns_sys::SteamNetConnectionInfo_t, m_szEndDebug)
    );
    assert!(offset_of!(Message, release) == offset_of!(gns_sys::SteamNetworkingMessage_t, m_pfnRelease));
};
