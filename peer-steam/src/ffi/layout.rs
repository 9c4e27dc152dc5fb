//! The sizes and offsets that this module relies on, checked at compile time.
//!
//! They are those of the headers that `steamworks-sys` ships (SDK 1.62), and of GameNetworkingSockets 1.6.0, which Local
//! Steam runs on. Steam packs its structures to 8 bytes on Windows and to 4 elsewhere, so some differ there.

use std::mem::{align_of, offset_of, size_of};

use steamworks_sys as sys;

use super::config::RawOption;
use super::receive::SteamMessage;

/// The padding that packing to 8 bytes adds between a 4-byte field and an 8-byte one.
const WIDER: usize = if cfg!(windows) { 4 } else { 0 };

const _: () = {
    // A message: written field by field when sending, read field by field when received.
    assert!(size_of::<sys::SteamNetworkingMessage_t>() == 216);
    assert!(align_of::<sys::SteamNetworkingMessage_t>() == 8);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_pData) == 0);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_cbSize) == 8);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_conn) == 12);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_identityPeer) == 16);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_nConnUserData) == 152);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_nMessageNumber) == 168);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_pfnFreeData) == 176);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_pfnRelease) == 184);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_nFlags) == 196);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_nUserData) == 200);
    assert!(offset_of!(sys::SteamNetworkingMessage_t, m_idxLane) == 208);
    // Steam fills an array of these as an array of message pointers.
    assert!(size_of::<SteamMessage>() == size_of::<*mut sys::SteamNetworkingMessage_t>());
    assert!(align_of::<SteamMessage>() == align_of::<*mut sys::SteamNetworkingMessage_t>());

    // The argument of the status callback.
    assert!(size_of::<sys::SteamNetworkingIdentity>() == 136);
    assert!(size_of::<sys::SteamNetConnectionInfo_t>() == 696);
    assert!(offset_of!(sys::SteamNetConnectionInfo_t, m_nUserData) == 136);
    assert!(offset_of!(sys::SteamNetConnectionInfo_t, m_hListenSocket) == 144);
    assert!(offset_of!(sys::SteamNetConnectionInfo_t, m_eState) == 176);
    assert!(offset_of!(sys::SteamNetConnectionInfo_t, m_eEndReason) == 180);
    assert!(offset_of!(sys::SteamNetConnectionInfo_t, m_szEndDebug) == 184);
    assert!(size_of::<sys::SteamNetConnectionStatusChangedCallback_t>() == 704 + 2 * WIDER);
    assert!(offset_of!(sys::SteamNetConnectionStatusChangedCallback_t, m_info) == 4 + WIDER);
    assert!(offset_of!(sys::SteamNetConnectionStatusChangedCallback_t, m_eOldState) == 700 + WIDER);

    // Options, passed as an array of this crate's own type.
    assert!(size_of::<sys::SteamNetworkingConfigValue_t>() == 16);
    assert!(size_of::<RawOption<'_>>() == size_of::<sys::SteamNetworkingConfigValue_t>());
    assert!(align_of::<RawOption<'_>>() == align_of::<sys::SteamNetworkingConfigValue_t>());
    assert!(offset_of!(sys::SteamNetworkingConfigValue_t, m_eValue) == offset_of!(RawOption<'_>, option));
    assert!(
        offset_of!(sys::SteamNetworkingConfigValue_t, m_eDataType) == offset_of!(RawOption<'_>, data_type)
    );
    assert!(offset_of!(sys::SteamNetworkingConfigValue_t, m_val) == offset_of!(RawOption<'_>, value));

    // Statistics.
    assert!(size_of::<sys::SteamNetConnectionRealTimeStatus_t>() == 120);
    assert!(size_of::<sys::SteamNetConnectionRealTimeLaneStatus_t>() == 64);

    // Callbacks and call results.
    assert!(size_of::<sys::CCallbackBase>() == 16);
    assert!(offset_of!(sys::CCallbackBase, vtable_) == 0);
    assert!(offset_of!(sys::CCallbackBase, m_nCallbackFlags) == 8);
    assert!(offset_of!(sys::CCallbackBase, m_iCallback) == 12);
    assert!(size_of::<sys::LobbyCreated_t>() == 12 + WIDER);
    assert!(offset_of!(sys::LobbyCreated_t, m_ulSteamIDLobby) == 4 + WIDER);
    assert!(size_of::<sys::LobbyEnter_t>() == 20 + WIDER);
    assert!(offset_of!(sys::LobbyEnter_t, m_EChatRoomEnterResponse) == 16);
    assert!(size_of::<sys::LobbyChatUpdate_t>() == 28 + WIDER);
    assert!(offset_of!(sys::LobbyChatUpdate_t, m_rgfChatMemberStateChange) == 24);
    assert!(size_of::<sys::LobbyDataUpdate_t>() == 20 + WIDER);
    assert!(offset_of!(sys::LobbyDataUpdate_t, m_bSuccess) == 16);
    assert!(size_of::<sys::LobbyChatMsg_t>() == 24);
    assert!(offset_of!(sys::LobbyChatMsg_t, m_eChatEntryType) == 16);
    assert!(offset_of!(sys::LobbyChatMsg_t, m_iChatID) == 20);
    assert!(size_of::<sys::PersonaStateChange_t>() == 12 + WIDER);
    assert!(size_of::<sys::CSteamID>() == 8);
    assert!(size_of::<sys::LobbyMatchList_t>() == 4);
    assert!(size_of::<sys::GameLobbyJoinRequested_t>() == 16);

    // Handles and ids are plain integers.
    assert!(size_of::<sys::EResult>() == 4);
    assert!(size_of::<sys::ESteamNetworkingConfigValue>() == 4);
    assert!(size_of::<sys::ESteamNetworkingConfigDataType>() == 4);
    assert!(size_of::<sys::ESteamNetworkingConfigScope>() == 4);
    assert!(size_of::<sys::HSteamNetConnection>() == 4);
    assert!(size_of::<sys::uint64_steamid>() == 8);
};
