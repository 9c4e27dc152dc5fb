// Valve's search for routes between two peers, with the addresses of `addresses.cpp`.

#define GetLocalAddresses LocalSteam_GetLocalAddresses
#define ClassifyIP LocalSteam_ClassifyIP
#include "clientlib/steamnetworkingsockets_ice_client.cpp"
