//! The enums of `SteamSession`: they are registered under the class, whose methods take and return them.

use super::SteamSession;
use crate::enums::{closed_enum, open_enum};

/// Registers them with the engine.
pub(crate) fn register() {
    register_result();
    register_lobby_type();
    register_lobby_comparison();
    register_lobby_distance_filter();
    register_chat_room_enter_response();
}

closed_enum! {
    /// Who may find and join a lobby.
    register_lobby_type: SteamSession."LobbyType", LobbyType;
    /// Only invited users may join.
    LOBBY_TYPE_PRIVATE = 0 as Private,
    /// Friends of members and invited users may join.
    LOBBY_TYPE_FRIENDS_ONLY = 1 as FriendsOnly,
    /// Everyone may join, and the lobby is listed.
    LOBBY_TYPE_PUBLIC = 2 as Public,
    /// The lobby is listed, but friends do not see it.
    LOBBY_TYPE_INVISIBLE = 3 as Invisible,
}

closed_enum! {
    /// How a lobby's value must compare with the filter's.
    register_lobby_comparison: SteamSession."LobbyComparison", LobbyComparison;
    /// Less than or equal to the filter's.
    LOBBY_COMPARISON_EQUAL_TO_OR_LESS_THAN = -2 as EqualOrLess,
    /// Less than the filter's.
    LOBBY_COMPARISON_LESS_THAN = -1 as Less,
    /// Equal to the filter's.
    LOBBY_COMPARISON_EQUAL = 0 as Equal,
    /// Greater than the filter's.
    LOBBY_COMPARISON_GREATER_THAN = 1 as Greater,
    /// Greater than or equal to the filter's.
    LOBBY_COMPARISON_EQUAL_TO_GREATER_THAN = 2 as EqualOrGreater,
    /// Not equal to the filter's.
    LOBBY_COMPARISON_NOT_EQUAL = 3 as NotEqual,
}

closed_enum! {
    /// How far a search for lobbies reaches.
    register_lobby_distance_filter: SteamSession."LobbyDistanceFilter", LobbyDistanceFilter;
    /// The same region.
    LOBBY_DISTANCE_FILTER_CLOSE = 0 as Close,
    /// The same region and nearby ones.
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
    /// The lobby does not exist, or no longer.
    CHAT_ROOM_ENTER_RESPONSE_DOESNT_EXIST = 2,
    /// The lobby cannot be joined: it is not joinable now, or needs an invitation.
    CHAT_ROOM_ENTER_RESPONSE_NOT_ALLOWED = 3,
    /// The lobby is full.
    CHAT_ROOM_ENTER_RESPONSE_FULL = 4,
    /// An unexpected error.
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

/// `EResult`: what each constant means is in Steam's documentation, under the name that its help gives. Those
/// that lobbies return are described here.
macro_rules! results {
    ($($constant:ident = $value:literal $steam:ident $($meaning:literal)?,)+) => {
        open_enum! {
            register_result: SteamSession."Result";
            $(
                #[doc = concat!("Steam's [code]k_EResult", stringify!($steam), "[/code]", $($meaning,)? ".")]
                $constant = $value,
            )+
        }
    };
}

results! {
    RESULT_NONE = 0 None,
    RESULT_OK = 1 OK ": success",
    RESULT_FAIL = 2 Fail ": Steam could not do it",
    RESULT_NO_CONNECTION = 3 NoConnection ": there is no connection with Steam",
    RESULT_NO_CONNECTION_RETRY = 4 NoConnectionRetry,
    RESULT_INVALID_PASSWORD = 5 InvalidPassword,
    RESULT_LOGGED_IN_ELSEWHERE = 6 LoggedInElsewhere,
    RESULT_INVALID_PROTOCOL_VER = 7 InvalidProtocolVer,
    RESULT_INVALID_PARAM = 8 InvalidParam,
    RESULT_FILE_NOT_FOUND = 9 FileNotFound,
    RESULT_BUSY = 10 Busy,
    RESULT_INVALID_STATE = 11 InvalidState,
    RESULT_INVALID_NAME = 12 InvalidName,
    RESULT_INVALID_EMAIL = 13 InvalidEmail,
    RESULT_DUPLICATE_NAME = 14 DuplicateName,
    RESULT_ACCESS_DENIED = 15 AccessDenied ": this account may not do that; most often it does not own the game",
    RESULT_TIMEOUT = 16 Timeout ": Steam did not answer in time",
    RESULT_BANNED = 17 Banned,
    RESULT_ACCOUNT_NOT_FOUND = 18 AccountNotFound,
    RESULT_INVALID_STEAM_ID = 19 InvalidSteamID,
    RESULT_SERVICE_UNAVAILABLE = 20 ServiceUnavailable ": the service is down for now",
    RESULT_NOT_LOGGED_ON = 21 NotLoggedOn,
    RESULT_PENDING = 22 Pending,
    RESULT_ENCRYPTION_FAILURE = 23 EncryptionFailure,
    RESULT_INSUFFICIENT_PRIVILEGE = 24 InsufficientPrivilege,
    RESULT_LIMIT_EXCEEDED = 25 LimitExceeded ": too many requests, or too many lobbies",
    RESULT_REVOKED = 26 Revoked,
    RESULT_EXPIRED = 27 Expired,
    RESULT_ALREADY_REDEEMED = 28 AlreadyRedeemed,
    RESULT_DUPLICATE_REQUEST = 29 DuplicateRequest,
    RESULT_ALREADY_OWNED = 30 AlreadyOwned,
    RESULT_IP_NOT_FOUND = 31 IPNotFound,
    RESULT_PERSIST_FAILED = 32 PersistFailed,
    RESULT_LOCKING_FAILED = 33 LockingFailed,
    RESULT_LOGON_SESSION_REPLACED = 34 LogonSessionReplaced,
    RESULT_CONNECT_FAILED = 35 ConnectFailed,
    RESULT_HANDSHAKE_FAILED = 36 HandshakeFailed,
    RESULT_IO_FAILURE = 37 IOFailure,
    RESULT_REMOTE_DISCONNECT = 38 RemoteDisconnect,
    RESULT_SHOPPING_CART_NOT_FOUND = 39 ShoppingCartNotFound,
    RESULT_BLOCKED = 40 Blocked,
    RESULT_IGNORED = 41 Ignored,
    RESULT_NO_MATCH = 42 NoMatch,
    RESULT_ACCOUNT_DISABLED = 43 AccountDisabled,
    RESULT_SERVICE_READ_ONLY = 44 ServiceReadOnly,
    RESULT_ACCOUNT_NOT_FEATURED = 45 AccountNotFeatured,
    RESULT_ADMINISTRATOR_OK = 46 AdministratorOK,
    RESULT_CONTENT_VERSION = 47 ContentVersion,
    RESULT_TRY_ANOTHER_CM = 48 TryAnotherCM,
    RESULT_PASSWORD_REQUIRED_TO_KICK_SESSION = 49 PasswordRequiredToKickSession,
    RESULT_ALREADY_LOGGED_IN_ELSEWHERE = 50 AlreadyLoggedInElsewhere,
    RESULT_SUSPENDED = 51 Suspended,
    RESULT_CANCELLED = 52 Cancelled,
    RESULT_DATA_CORRUPTION = 53 DataCorruption,
    RESULT_DISK_FULL = 54 DiskFull,
    RESULT_REMOTE_CALL_FAILED = 55 RemoteCallFailed,
    RESULT_PASSWORD_UNSET = 56 PasswordUnset,
    RESULT_EXTERNAL_ACCOUNT_UNLINKED = 57 ExternalAccountUnlinked,
    RESULT_PSN_TICKET_INVALID = 58 PSNTicketInvalid,
    RESULT_EXTERNAL_ACCOUNT_ALREADY_LINKED = 59 ExternalAccountAlreadyLinked,
    RESULT_REMOTE_FILE_CONFLICT = 60 RemoteFileConflict,
    RESULT_ILLEGAL_PASSWORD = 61 IllegalPassword,
    RESULT_SAME_AS_PREVIOUS_VALUE = 62 SameAsPreviousValue,
    RESULT_ACCOUNT_LOGON_DENIED = 63 AccountLogonDenied,
    RESULT_CANNOT_USE_OLD_PASSWORD = 64 CannotUseOldPassword,
    RESULT_INVALID_LOGIN_AUTH_CODE = 65 InvalidLoginAuthCode,
    RESULT_ACCOUNT_LOGON_DENIED_NO_MAIL = 66 AccountLogonDeniedNoMail,
    RESULT_HARDWARE_NOT_CAPABLE_OF_IPT = 67 HardwareNotCapableOfIPT,
    RESULT_IPT_INIT_ERROR = 68 IPTInitError,
    RESULT_PARENTAL_CONTROL_RESTRICTED = 69 ParentalControlRestricted,
    RESULT_FACEBOOK_QUERY_ERROR = 70 FacebookQueryError,
    RESULT_EXPIRED_LOGIN_AUTH_CODE = 71 ExpiredLoginAuthCode,
    RESULT_IP_LOGIN_RESTRICTION_FAILED = 72 IPLoginRestrictionFailed,
    RESULT_ACCOUNT_LOCKED_DOWN = 73 AccountLockedDown,
    RESULT_ACCOUNT_LOGON_DENIED_VERIFIED_EMAIL_REQUIRED = 74 AccountLogonDeniedVerifiedEmailRequired,
    RESULT_NO_MATCHING_URL = 75 NoMatchingURL,
    RESULT_BAD_RESPONSE = 76 BadResponse,
    RESULT_REQUIRE_PASSWORD_RE_ENTRY = 77 RequirePasswordReEntry,
    RESULT_VALUE_OUT_OF_RANGE = 78 ValueOutOfRange,
    RESULT_UNEXPECTED_ERROR = 79 UnexpectedError,
    RESULT_DISABLED = 80 Disabled,
    RESULT_INVALID_CEG_SUBMISSION = 81 InvalidCEGSubmission,
    RESULT_RESTRICTED_DEVICE = 82 RestrictedDevice,
    RESULT_REGION_LOCKED = 83 RegionLocked,
    RESULT_RATE_LIMIT_EXCEEDED = 84 RateLimitExceeded ": too many requests in a short time; try again later",
    RESULT_ACCOUNT_LOGIN_DENIED_NEED_TWO_FACTOR = 85 AccountLoginDeniedNeedTwoFactor,
    RESULT_ITEM_DELETED = 86 ItemDeleted,
    RESULT_ACCOUNT_LOGIN_DENIED_THROTTLE = 87 AccountLoginDeniedThrottle,
    RESULT_TWO_FACTOR_CODE_MISMATCH = 88 TwoFactorCodeMismatch,
    RESULT_TWO_FACTOR_ACTIVATION_CODE_MISMATCH = 89 TwoFactorActivationCodeMismatch,
    RESULT_ACCOUNT_ASSOCIATED_TO_MULTIPLE_PARTNERS = 90 AccountAssociatedToMultiplePartners,
    RESULT_NOT_MODIFIED = 91 NotModified,
    RESULT_NO_MOBILE_DEVICE = 92 NoMobileDevice,
    RESULT_TIME_NOT_SYNCED = 93 TimeNotSynced,
    RESULT_SMS_CODE_FAILED = 94 SmsCodeFailed,
    RESULT_ACCOUNT_LIMIT_EXCEEDED = 95 AccountLimitExceeded,
    RESULT_ACCOUNT_ACTIVITY_LIMIT_EXCEEDED = 96 AccountActivityLimitExceeded,
    RESULT_PHONE_ACTIVITY_LIMIT_EXCEEDED = 97 PhoneActivityLimitExceeded,
    RESULT_REFUND_TO_WALLET = 98 RefundToWallet,
    RESULT_EMAIL_SEND_FAILURE = 99 EmailSendFailure,
    RESULT_NOT_SETTLED = 100 NotSettled,
    RESULT_NEED_CAPTCHA = 101 NeedCaptcha,
    RESULT_GSLT_DENIED = 102 GSLTDenied,
    RESULT_GS_OWNER_DENIED = 103 GSOwnerDenied,
    RESULT_INVALID_ITEM_TYPE = 104 InvalidItemType,
    RESULT_IP_BANNED = 105 IPBanned,
    RESULT_GSLT_EXPIRED = 106 GSLTExpired,
    RESULT_INSUFFICIENT_FUNDS = 107 InsufficientFunds,
    RESULT_TOO_MANY_PENDING = 108 TooManyPending,
    RESULT_NO_SITE_LICENSES_FOUND = 109 NoSiteLicensesFound,
    RESULT_WG_NETWORK_SEND_EXCEEDED = 110 WGNetworkSendExceeded,
    RESULT_ACCOUNT_NOT_FRIENDS = 111 AccountNotFriends,
    RESULT_LIMITED_USER_ACCOUNT = 112 LimitedUserAccount,
    RESULT_CANT_REMOVE_ITEM = 113 CantRemoveItem,
    RESULT_ACCOUNT_DELETED = 114 AccountDeleted,
    RESULT_EXISTING_USER_CANCELLED_LICENSE = 115 ExistingUserCancelledLicense,
    RESULT_COMMUNITY_COOLDOWN = 116 CommunityCooldown,
    RESULT_NO_LAUNCHER_SPECIFIED = 117 NoLauncherSpecified,
    RESULT_MUST_AGREE_TO_SSA = 118 MustAgreeToSSA,
    RESULT_LAUNCHER_MIGRATED = 119 LauncherMigrated,
    RESULT_STEAM_REALM_MISMATCH = 120 SteamRealmMismatch,
    RESULT_INVALID_SIGNATURE = 121 InvalidSignature,
    RESULT_PARSE_FAILURE = 122 ParseFailure,
    RESULT_NO_VERIFIED_PHONE = 123 NoVerifiedPhone,
    RESULT_INSUFFICIENT_BATTERY = 124 InsufficientBattery,
    RESULT_CHARGER_REQUIRED = 125 ChargerRequired,
    RESULT_CACHED_CREDENTIAL_INVALID = 126 CachedCredentialInvalid,
    RESULT_PHONE_NUMBER_IS_VOIP = 127 PhoneNumberIsVOIP,
    RESULT_NOT_SUPPORTED = 128 NotSupported,
    RESULT_FAMILY_SIZE_LIMIT_EXCEEDED = 129 FamilySizeLimitExceeded,
    RESULT_OFFLINE_APP_CACHE_INVALID = 130 OfflineAppCacheInvalid,
    RESULT_TRY_LATER = 131 TryLater,
}
