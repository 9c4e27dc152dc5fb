//! The table of Steam's functions, resolved once from a library found at run time.
//!
//! Nothing links against Steam's library. So the addon loads without one, and works with whichever the process has, of
//! an older or newer SDK than that of `steamworks-sys` too: the flat functions stay the same, only the interface
//! accessors carry a version in their names, of which any will do.

use std::ffi::{c_char, c_int, c_void};

use libloading::Library;
use steamworks_sys as sys;
use sys::{
    ISteamApps, ISteamFriends, ISteamMatchmaking, ISteamNetworkingSockets, ISteamNetworkingUtils, ISteamUser,
    ISteamUtils,
};

/// How far from the SDK's version an accessor is looked for, in both directions.
const VERSIONS: u32 = 40;

/// The type in the bindings: the one after `as`, if there is one.
macro_rules! bound {
    ($plain:ty) => {
        $plain
    };
    ($plain:ty, $bound:ty) => {
        $bound
    };
}

/// Declares the table. A type is followed by `as` and the bindings' own type where that is an enum, or points to one:
/// as an integer, it may have values that the bindings do not know.
macro_rules! steam_api {
    (
        required { $($name:ident: fn($($arg:ty $(as $arg_bound:ty)?),*) $(-> $ret:ty $(as $ret_bound:ty)?)?;)* }
        optional {
            $($opt:ident: fn($($opt_arg:ty $(as $opt_bound:ty)?),*)
                $(-> $opt_ret:ty $(as $opt_ret_bound:ty)?)?;)*
        }
        accessors { $($accessor:ident: fn() -> $interface:ty;)* }
        optional_accessors { $($opt_accessor:ident: fn() -> $opt_interface:ty;)* }
    ) => {
        /// Steam's functions.
        #[allow(non_snake_case, reason = "Steam's own names")]
        pub(crate) struct Api {
            $(pub(super) $name: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)*
            $(pub(super) $opt: Option<unsafe extern "C" fn($($opt_arg),*) $(-> $opt_ret)?>,)*
            $(pub(super) $accessor: unsafe extern "C" fn() -> $interface,)*
            $(pub(super) $opt_accessor: Option<unsafe extern "C" fn() -> $opt_interface>,)*
        }

        impl Api {
            /// Resolves all functions. The library stays loaded for the life of the process.
            ///
            /// # Errors
            /// The name of a required function that the library lacks.
            pub(super) fn resolve(library: Library) -> Result<Self, &'static str> {
                // SAFETY: the signatures are those of the bindings (`check`), which are generated from Steam's
                // headers, with integers in place of enums.
                let api = unsafe {
                    Self {
                        $($name: symbol(&library, stringify!($name)).ok_or(stringify!($name))?,)*
                        $($opt: symbol(&library, stringify!($opt)),)*
                        $($accessor: accessor(&library, stringify!($accessor)).ok_or(stringify!($accessor))?,)*
                        $($opt_accessor: accessor(&library, stringify!($opt_accessor)),)*
                    }
                };
                std::mem::forget(library);
                Ok(api)
            }
        }

        /// Checks all signatures against the bindings, at compile time. Generic and never instantiated, so that no code
        /// is generated, and nothing refers to the functions when linking.
        #[allow(dead_code, clippy::extra_unused_type_parameters, reason = "see above")]
        fn check<Never>() {
            $(let _: unsafe extern "C" fn($(bound!($arg $(, $arg_bound)?)),*) $(-> bound!($ret $(, $ret_bound)?))?
                = sys::$name;)*
            $(let _: unsafe extern "C" fn($(bound!($opt_arg $(, $opt_bound)?)),*)
                    $(-> bound!($opt_ret $(, $opt_ret_bound)?))?
                = sys::$opt;)*
            $(let _: unsafe extern "C" fn() -> $interface = sys::$accessor;)*
            $(let _: unsafe extern "C" fn() -> $opt_interface = sys::$opt_accessor;)*
        }
    };
}

steam_api! {
    required {
        SteamAPI_GetHSteamPipe: fn() -> sys::HSteamPipe;
        SteamAPI_GetHSteamUser: fn() -> sys::HSteamUser;
        SteamAPI_Shutdown: fn();
        SteamAPI_RunCallbacks: fn();
        SteamAPI_RegisterCallback: fn(*mut sys::CCallbackBase, c_int);
        SteamAPI_UnregisterCallback: fn(*mut sys::CCallbackBase);
        SteamAPI_RegisterCallResult: fn(*mut sys::CCallbackBase, sys::SteamAPICall_t);
        SteamAPI_UnregisterCallResult: fn(*mut sys::CCallbackBase, sys::SteamAPICall_t);
        SteamAPI_ISteamUser_GetSteamID: fn(*mut ISteamUser) -> u64;
        SteamAPI_SteamNetworkingIdentity_GetSteamID64: fn(*mut sys::SteamNetworkingIdentity) -> u64;
        SteamAPI_SteamNetworkingIdentity_SetSteamID64: fn(*mut sys::SteamNetworkingIdentity, u64);
        SteamAPI_ISteamNetworkingSockets_RunCallbacks: fn(*mut ISteamNetworkingSockets);
        SteamAPI_ISteamNetworkingSockets_CreateListenSocketP2P: fn(
            *mut ISteamNetworkingSockets, c_int, c_int, *const sys::SteamNetworkingConfigValue_t
        ) -> sys::HSteamListenSocket;
        SteamAPI_ISteamNetworkingSockets_CloseListenSocket: fn(
            *mut ISteamNetworkingSockets, sys::HSteamListenSocket
        ) -> bool;
        SteamAPI_ISteamNetworkingSockets_ConnectP2P: fn(
            *mut ISteamNetworkingSockets, *const sys::SteamNetworkingIdentity, c_int, c_int,
            *const sys::SteamNetworkingConfigValue_t
        ) -> sys::HSteamNetConnection;
        SteamAPI_ISteamNetworkingSockets_AcceptConnection: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection
        ) -> c_int as sys::EResult;
        SteamAPI_ISteamNetworkingSockets_CloseConnection: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection, c_int, *const c_char, bool
        ) -> bool;
        SteamAPI_ISteamNetworkingSockets_GetConnectionInfo: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection, *mut sys::SteamNetConnectionInfo_t
        ) -> bool;
        SteamAPI_ISteamNetworkingSockets_GetConnectionUserData: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection
        ) -> i64;
        SteamAPI_ISteamNetworkingSockets_SetConnectionUserData: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection, i64
        ) -> bool;
        SteamAPI_ISteamNetworkingSockets_ConfigureConnectionLanes: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection, c_int, *const c_int, *const u16
        ) -> c_int as sys::EResult;
        SteamAPI_ISteamNetworkingSockets_CreatePollGroup: fn(
            *mut ISteamNetworkingSockets
        ) -> sys::HSteamNetPollGroup;
        SteamAPI_ISteamNetworkingSockets_DestroyPollGroup: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetPollGroup
        ) -> bool;
        SteamAPI_ISteamNetworkingSockets_SetConnectionPollGroup: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection, sys::HSteamNetPollGroup
        ) -> bool;
        SteamAPI_ISteamNetworkingSockets_SendMessages: fn(
            *mut ISteamNetworkingSockets, c_int, *const *mut sys::SteamNetworkingMessage_t, *mut i64
        );
        SteamAPI_ISteamNetworkingSockets_ReceiveMessagesOnPollGroup: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetPollGroup, *mut *mut sys::SteamNetworkingMessage_t,
            c_int
        ) -> c_int;
        SteamAPI_ISteamNetworkingSockets_GetConnectionRealTimeStatus: fn(
            *mut ISteamNetworkingSockets, sys::HSteamNetConnection,
            *mut sys::SteamNetConnectionRealTimeStatus_t, c_int,
            *mut sys::SteamNetConnectionRealTimeLaneStatus_t
        ) -> c_int as sys::EResult;
        SteamAPI_ISteamNetworkingUtils_AllocateMessage: fn(
            *mut ISteamNetworkingUtils, c_int
        ) -> *mut sys::SteamNetworkingMessage_t;
        SteamAPI_ISteamNetworkingUtils_GetConfigValueInfo: fn(
            *mut ISteamNetworkingUtils, c_int as sys::ESteamNetworkingConfigValue,
            *mut c_int as *mut sys::ESteamNetworkingConfigDataType,
            *mut c_int as *mut sys::ESteamNetworkingConfigScope
        ) -> *const c_char;
        SteamAPI_ISteamNetworkingUtils_GetConfigValue: fn(
            *mut ISteamNetworkingUtils, c_int as sys::ESteamNetworkingConfigValue,
            c_int as sys::ESteamNetworkingConfigScope, isize,
            *mut c_int as *mut sys::ESteamNetworkingConfigDataType, *mut c_void, *mut usize
        ) -> c_int as sys::ESteamNetworkingGetConfigValueResult;
        SteamAPI_ISteamNetworkingUtils_SetConfigValue: fn(
            *mut ISteamNetworkingUtils, c_int as sys::ESteamNetworkingConfigValue,
            c_int as sys::ESteamNetworkingConfigScope, isize, c_int as sys::ESteamNetworkingConfigDataType,
            *const c_void
        ) -> bool;
        SteamAPI_ISteamMatchmaking_CreateLobby: fn(
            *mut ISteamMatchmaking, c_int as sys::ELobbyType, c_int
        ) -> sys::SteamAPICall_t;
        SteamAPI_ISteamMatchmaking_JoinLobby: fn(*mut ISteamMatchmaking, u64) -> sys::SteamAPICall_t;
        SteamAPI_ISteamMatchmaking_LeaveLobby: fn(*mut ISteamMatchmaking, u64);
        SteamAPI_ISteamMatchmaking_GetLobbyOwner: fn(*mut ISteamMatchmaking, u64) -> u64;
        SteamAPI_ISteamMatchmaking_GetNumLobbyMembers: fn(*mut ISteamMatchmaking, u64) -> c_int;
        SteamAPI_ISteamMatchmaking_GetLobbyMemberByIndex: fn(*mut ISteamMatchmaking, u64, c_int) -> u64;
        SteamAPI_ISteamMatchmaking_GetLobbyMemberLimit: fn(*mut ISteamMatchmaking, u64) -> c_int;
        SteamAPI_ISteamMatchmaking_GetLobbyData: fn(
            *mut ISteamMatchmaking, u64, *const c_char
        ) -> *const c_char;
        SteamAPI_ISteamMatchmaking_GetLobbyDataCount: fn(*mut ISteamMatchmaking, u64) -> c_int;
        SteamAPI_ISteamMatchmaking_GetLobbyDataByIndex: fn(
            *mut ISteamMatchmaking, u64, c_int, *mut c_char, c_int, *mut c_char, c_int
        ) -> bool;
        SteamAPI_ISteamMatchmaking_SetLobbyData: fn(
            *mut ISteamMatchmaking, u64, *const c_char, *const c_char
        ) -> bool;
        SteamAPI_ISteamMatchmaking_SetLobbyJoinable: fn(*mut ISteamMatchmaking, u64, bool) -> bool;
        SteamAPI_ISteamMatchmaking_AddRequestLobbyListStringFilter: fn(
            *mut ISteamMatchmaking, *const c_char, *const c_char, c_int as sys::ELobbyComparison
        );
        SteamAPI_ISteamMatchmaking_AddRequestLobbyListNumericalFilter: fn(
            *mut ISteamMatchmaking, *const c_char, c_int, c_int as sys::ELobbyComparison
        );
        SteamAPI_ISteamMatchmaking_AddRequestLobbyListFilterSlotsAvailable: fn(*mut ISteamMatchmaking, c_int);
        SteamAPI_ISteamMatchmaking_AddRequestLobbyListDistanceFilter: fn(
            *mut ISteamMatchmaking, c_int as sys::ELobbyDistanceFilter
        );
        SteamAPI_ISteamMatchmaking_AddRequestLobbyListResultCountFilter: fn(*mut ISteamMatchmaking, c_int);
        SteamAPI_ISteamMatchmaking_RequestLobbyList: fn(*mut ISteamMatchmaking) -> sys::SteamAPICall_t;
        SteamAPI_ISteamMatchmaking_GetLobbyByIndex: fn(*mut ISteamMatchmaking, c_int) -> u64;
        SteamAPI_ISteamMatchmaking_SetLobbyOwner: fn(*mut ISteamMatchmaking, u64, u64) -> bool;
        SteamAPI_ISteamMatchmaking_GetLobbyMemberData: fn(
            *mut ISteamMatchmaking, u64, u64, *const c_char
        ) -> *const c_char;
        SteamAPI_ISteamMatchmaking_SetLobbyMemberData: fn(
            *mut ISteamMatchmaking, u64, *const c_char, *const c_char
        );
        SteamAPI_ISteamMatchmaking_SendLobbyChatMsg: fn(
            *mut ISteamMatchmaking, u64, *const c_void, c_int
        ) -> bool;
        SteamAPI_ISteamMatchmaking_GetLobbyChatEntry: fn(
            *mut ISteamMatchmaking, u64, c_int, *mut u64 as *mut sys::CSteamID, *mut c_void, c_int,
            *mut c_int as *mut sys::EChatEntryType
        ) -> c_int;
        SteamAPI_ISteamMatchmaking_RequestLobbyData: fn(*mut ISteamMatchmaking, u64) -> bool;
        SteamAPI_ISteamMatchmaking_InviteUserToLobby: fn(*mut ISteamMatchmaking, u64, u64) -> bool;
    }
    optional {
        SteamAPI_InitFlat: fn(*mut sys::SteamErrMsg) -> c_int as sys::ESteamAPIInitResult;
        SteamAPI_ISteamUtils_IsAPICallCompleted: fn(*mut ISteamUtils, sys::SteamAPICall_t, *mut bool) -> bool;
        SteamAPI_ISteamUtils_GetAPICallResult: fn(
            *mut ISteamUtils, sys::SteamAPICall_t, *mut c_void, c_int, c_int, *mut bool
        ) -> bool;
        SteamAPI_ISteamUtils_GetAppID: fn(*mut ISteamUtils) -> u32;
        SteamAPI_ISteamFriends_GetPersonaName: fn(*mut ISteamFriends) -> *const c_char;
        SteamAPI_ISteamFriends_GetFriendPersonaName: fn(*mut ISteamFriends, u64) -> *const c_char;
        SteamAPI_ISteamFriends_RequestUserInformation: fn(*mut ISteamFriends, u64, bool) -> bool;
        SteamAPI_ISteamFriends_ActivateGameOverlayInviteDialog: fn(*mut ISteamFriends, u64);
        SteamAPI_ISteamApps_GetLaunchCommandLine: fn(*mut ISteamApps, *mut c_char, c_int) -> c_int;
        SteamAPI_RestartAppIfNecessary: fn(u32) -> bool;
        SteamAPI_ISteamNetworkingUtils_InitRelayNetworkAccess: fn(*mut ISteamNetworkingUtils);
        SteamAPI_ISteamNetworkingUtils_SetDebugOutputFunction: fn(
            *mut ISteamNetworkingUtils, c_int as sys::ESteamNetworkingSocketsDebugOutputType,
            Option<DebugOutput> as sys::FSteamNetworkingSocketsDebugOutput
        );
    }
    accessors {
        SteamAPI_SteamNetworkingSockets_SteamAPI_v012: fn() -> *mut ISteamNetworkingSockets;
        SteamAPI_SteamNetworkingUtils_SteamAPI_v004: fn() -> *mut ISteamNetworkingUtils;
        SteamAPI_SteamMatchmaking_v009: fn() -> *mut ISteamMatchmaking;
        SteamAPI_SteamUser_v023: fn() -> *mut ISteamUser;
        SteamAPI_SteamFriends_v018: fn() -> *mut ISteamFriends;
        SteamAPI_SteamUtils_v010: fn() -> *mut ISteamUtils;
    }
    optional_accessors {
        SteamAPI_SteamApps_v009: fn() -> *mut ISteamApps;
    }
}

/// A function for debug output, with an integer in place of the enum.
pub(super) type DebugOutput = unsafe extern "C" fn(c_int, *const c_char);

/// # Safety
/// `T` is the type of the function with this name.
unsafe fn symbol<T: Copy>(library: &Library, name: &str) -> Option<T> {
    // SAFETY: the caller's promise.
    unsafe { library.get::<T>(name.as_bytes()) }.ok().map(|symbol| *symbol)
}

/// The accessor with this name, or the nearest version of it, the older first.
///
/// # Safety
/// `T` is the type of the function with this name.
unsafe fn accessor<T: Copy>(library: &Library, name: &str) -> Option<T> {
    // SAFETY: the caller's promise; all versions of an accessor have the same type.
    versions_of(name).find_map(|name| unsafe { symbol(library, &name) })
}

/// A versioned name, and then those of the nearest versions, the older first.
fn versions_of(name: &str) -> impl Iterator<Item = String> + use<'_> {
    let (stem, version) = name.split_at(name.len() - 3);
    let version: u32 = version.parse().unwrap_or(0);
    let near = (1..=VERSIONS).flat_map(move |by| [version.checked_sub(by), Some(version + by)]);
    std::iter::once(version)
        .chain(near.flatten().filter(|&version| version > 0))
        .map(move |version| format!("{stem}{version:03}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_version_of_an_accessor_comes_first() {
        let names: Vec<_> = versions_of("SteamAPI_SteamNetworkingUtils_SteamAPI_v004").collect();
        let numbers: Vec<_> = names.iter().map(|name| &name[name.len() - 4..]).collect();
        assert_eq!(numbers[..9], ["v004", "v003", "v005", "v002", "v006", "v001", "v007", "v008", "v009"]);
        assert!(names.iter().all(|name| name.starts_with("SteamAPI_SteamNetworkingUtils_SteamAPI_v")));
        assert_eq!(names.last().map(|name| &name[name.len() - 4..]), Some("v044"));
    }
}
