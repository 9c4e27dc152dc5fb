// The addresses that the sockets offer to their peers: the loopback interface's alone, which no other machine could
// reach. Here there is no other machine, no packet leaves this one, and a network that comes or goes changes nothing.
// `ice_client.cpp`, in which the sockets look for routes, calls these.

#include "clientlib/steamnetworkingsockets_lowlevel.h"

#include <cstddef>
#include <steam/isteamnetworkingsockets.h>

namespace SteamNetworkingSocketsLib {

bool LocalSteam_GetLocalAddresses(CUtlVector<LocalAddress_t> *addresses) {
    LocalAddress_t &loopback = *addresses->AddToTailGetPtr();
    loopback.m_addr.SetIPv4(0x7f000001, 0);
    loopback.m_nPrefixLen = 8;
    return true;
}

static int Local(int classes) {
    return classes & k_nIPClassify_Localhost ? (classes & ~k_nIPClassify_Localhost) | k_nIPClassify_LAN : classes;
}
int LocalSteam_ClassifyIP(const CIPAddress &address) { return Local(ClassifyIP(address)); }
int LocalSteam_ClassifyIP(const SteamNetworkingIPAddr &address) { return Local(ClassifyIP(address)); }

} // namespace SteamNetworkingSocketsLib

// What `src/gns/types.rs` says of the structures.
static_assert(sizeof(SteamNetworkingIdentity) == 136, "layout");
static_assert(sizeof(SteamNetworkingConfigValue_t) == 16, "layout");
static_assert(offsetof(SteamNetworkingConfigValue_t, m_val) == 8, "layout");
static_assert(sizeof(SteamNetConnectionInfo_t) == 696, "layout");
static_assert(offsetof(SteamNetConnectionInfo_t, m_addrRemote) == 148, "layout");
static_assert(offsetof(SteamNetConnectionInfo_t, m_eState) == 176, "layout");
static_assert(offsetof(SteamNetConnectionInfo_t, m_szEndDebug) == 184, "layout");
#ifdef VALVE_CALLBACK_PACK_LARGE
static_assert(sizeof(SteamNetConnectionStatusChangedCallback_t) == 712, "layout");
#else
static_assert(sizeof(SteamNetConnectionStatusChangedCallback_t) == 704, "layout");
#endif
static_assert(offsetof(SteamNetworkingMessage_t, m_pfnRelease) == 184, "layout");
