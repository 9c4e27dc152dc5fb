//! Enums of lobbies.

use super::{closed_enum, open_enum};
use crate::steam_session::SteamSession;

pub(super) fn register() {
    register_lobby_type();
    register_lobby_comparison();
    register_lobby_distance_filter();
    register_chat_room_enter_response();
}

closed_enum! {
    /// Who may find and join a lobby.
    register_lobby_type: SteamSession."LobbyType", LobbyType;
    /// Only who is invited may join.
    LOBBY_TYPE_PRIVATE = 0 as Private,
    /// Friends of members may join, and who is invited.
    LOBBY_TYPE_FRIENDS_ONLY = 1 as FriendsOnly,
    /// Everyone may join, and the lobby is listed.
    LOBBY_TYPE_PUBLIC = 2 as Public,
    /// The lobby is listed, but friends do not see it.
    LOBBY_TYPE_INVISIBLE = 3 as Invisible,
}

closed_enum! {
    /// How a value of a lobby must compare with a filter's.
    register_lobby_comparison: SteamSession."LobbyComparison", LobbyComparison;
    /// At most the filter's.
    LOBBY_COMPARISON_EQUAL_TO_OR_LESS_THAN = -2 as EqualOrLess,
    /// Below the filter's.
    LOBBY_COMPARISON_LESS_THAN = -1 as Less,
    /// The same as the filter's.
    LOBBY_COMPARISON_EQUAL = 0 as Equal,
    /// Above the filter's.
    LOBBY_COMPARISON_GREATER_THAN = 1 as Greater,
    /// At least the filter's.
    LOBBY_COMPARISON_EQUAL_TO_GREATER_THAN = 2 as EqualOrGreater,
    /// Another than the filter's.
    LOBBY_COMPARISON_NOT_EQUAL = 3 as NotEqual,
}

closed_enum! {
    /// How far a search for lobbies reaches.
    register_lobby_distance_filter: SteamSession."LobbyDistanceFilter", LobbyDistanceFilter;
    /// The same region.
    LOBBY_DISTANCE_FILTER_CLOSE = 0 as Close,
    /// The same region and those beside it.
    LOBBY_DISTANCE_FILTER_DEFAULT = 1 as Default,
    /// Half the globe.
    LOBBY_DISTANCE_FILTER_FAR = 2 as Far,
    /// Everywhere.
    LOBBY_DISTANCE_FILTER_WORLDWIDE = 3 as Worldwide,
}

open_enum! {
    register_chat_room_enter_response: SteamSession."ChatRoomEnterResponse";
    /// Joined.
    CHAT_ROOM_ENTER_RESPONSE_SUCCESS = 1,
    /// The lobby does not exist, or not any more.
    CHAT_ROOM_ENTER_RESPONSE_DOESNT_EXIST = 2,
    /// The lobby cannot be joined: it is not joinable now, or needs an invitation.
    CHAT_ROOM_ENTER_RESPONSE_NOT_ALLOWED = 3,
    /// The lobby is full.
    CHAT_ROOM_ENTER_RESPONSE_FULL = 4,
    /// Something unexpected.
    CHAT_ROOM_ENTER_RESPONSE_ERROR = 5,
    /// This user is banned from it.
    CHAT_ROOM_ENTER_RESPONSE_BANNED = 6,
    /// This account is limited.
    CHAT_ROOM_ENTER_RESPONSE_LIMITED = 7,
    /// It belongs to a clan that is locked or disabled.
    CHAT_ROOM_ENTER_RESPONSE_CLAN_DISABLED = 8,
    /// This account may not chat.
    CHAT_ROOM_ENTER_RESPONSE_COMMUNITY_BAN = 9,
    /// A member has blocked this user.
    CHAT_ROOM_ENTER_RESPONSE_MEMBER_BLOCKED_YOU = 10,
    /// This user has blocked a member.
    CHAT_ROOM_ENTER_RESPONSE_YOU_BLOCKED_MEMBER = 11,
    /// Not in use by Steam: the lobby has no ranking data.
    CHAT_ROOM_ENTER_RESPONSE_NO_RANKING_DATA_LOBBY = 12,
    /// Not in use by Steam: the user has no ranking data.
    CHAT_ROOM_ENTER_RESPONSE_NO_RANKING_DATA_USER = 13,
    /// Not in use by Steam: the user's rank is out of range.
    CHAT_ROOM_ENTER_RESPONSE_RANK_OUT_OF_RANGE = 14,
    /// Too many attempts in a short time.
    CHAT_ROOM_ENTER_RESPONSE_RATELIMIT_EXCEEDED = 15,
}
