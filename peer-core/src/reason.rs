//! Why a connection ended, as the numbers that travel in Steam's close call.

use std::fmt;

/// The reason a connection ended: this project's own, or one of Steam's.
///
/// The numbers are Steam's application end codes (1000..=1999 for ordinary ends, 2000..=2999 for exceptions); all
/// others are Steam's own `ESteamNetConnectionEnd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// 1000: the other side left.
    Left,
    /// 1001: kicked.
    Kicked,
    /// 1002: the other side accepts no new connections.
    Refused,
    /// 1003: not a member of the tracked lobby.
    NotInLobby,
    /// 1004: no room for another connection.
    Full,
    /// 1005: a newer connection from the same Steam id has taken its place.
    Replaced,
    /// 1006: more waits to be sent than may, because the line or the other side does not keep up.
    TooFarBehind,
    /// 2000: Steam refused a reliable packet for good (`AppException_Generic`).
    Exception,
    /// 2001: the other side broke the protocol.
    ProtocolViolation,
    /// 2002: another version of the protocol.
    Version,
    /// 2003: the claimed peer id was refused.
    IdRefused,
    /// 2004: the other side is in another match of the same lobby, with another host.
    OtherMatch,
    /// One of Steam's own reasons, or of an application that is not this one.
    Other(u32),
}

/// Steam's reason for a certificate that could not be verified (`k_ESteamNetConnectionEnd_Remote_BadCert`). Certificates
/// are refreshed in the background, so a dial that fails for it is made again.
pub const STEAM_BAD_CERTIFICATE: u32 = 4003;

/// Steam's reason for a handshake that did not fit (`k_ESteamNetConnectionEnd_Remote_BadCrypt`): two dials that crossed.
pub const STEAM_BAD_CRYPT: u32 = 4002;

/// Steam's reason for a connection on which nothing was heard for too long (`k_ESteamNetConnectionEnd_Misc_Timeout`). One whose
/// peer this session found silent is reported with it, too.
pub const STEAM_TIMEOUT: u32 = 5003;

/// Steam's reason for a request that cannot be brought to anyone (`k_ESteamNetConnectionEnd_Misc_P2P_Rendezvous`).
pub const STEAM_RENDEZVOUS: u32 = 5008;

/// Steam's reason for a connection that the peer's process knows nothing of
/// (`k_ESteamNetConnectionEnd_Misc_PeerSentNoConnection`).
pub const STEAM_NO_CONNECTION: u32 = 5010;

/// Steam's reason for a failure that has no other (`k_ESteamNetConnectionEnd_Misc_Generic` in `steamnetworkingtypes.h`).
/// A dial that the transport refuses at once is reported with it, as Steam gives no reason then.
pub const STEAM_MISC_GENERIC: u32 = 5001;

impl EndReason {
    /// The number that Steam carries.
    pub fn code(self) -> u32 {
        match self {
            Self::Left => 1000,
            Self::Kicked => 1001,
            Self::Refused => 1002,
            Self::NotInLobby => 1003,
            Self::Full => 1004,
            Self::Replaced => 1005,
            Self::TooFarBehind => 1006,
            Self::Exception => 2000,
            Self::ProtocolViolation => 2001,
            Self::Version => 2002,
            Self::IdRefused => 2003,
            Self::OtherMatch => 2004,
            Self::Other(code) => code,
        }
    }

    /// The reason with the number `code`.
    pub fn from_code(code: u32) -> Self {
        match code {
            1000 => Self::Left,
            1001 => Self::Kicked,
            1002 => Self::Refused,
            1003 => Self::NotInLobby,
            1004 => Self::Full,
            1005 => Self::Replaced,
            1006 => Self::TooFarBehind,
            2000 => Self::Exception,
            2001 => Self::ProtocolViolation,
            2002 => Self::Version,
            2003 => Self::IdRefused,
            2004 => Self::OtherMatch,
            other => Self::Other(other),
        }
    }

    /// Whether an application chose this reason (1000..=2999), as opposed to the network.
    pub fn is_application(self) -> bool {
        (1000..3000).contains(&self.code())
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("left"),
            Self::Kicked => f.write_str("kicked"),
            Self::Refused => f.write_str("new connections are refused"),
            Self::NotInLobby => f.write_str("not in the lobby"),
            Self::Full => f.write_str("full"),
            Self::Replaced => f.write_str("replaced by a newer connection"),
            Self::TooFarBehind => f.write_str("too far behind"),
            Self::Exception => f.write_str("a reliable packet could not be sent"),
            Self::ProtocolViolation => f.write_str("protocol violation"),
            Self::Version => f.write_str("another protocol version"),
            Self::IdRefused => f.write_str("peer id refused"),
            Self::OtherMatch => f.write_str("in another match"),
            Self::Other(code) => write!(f, "Steam's reason {code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back() {
        for code in (0..6000).chain([u32::MAX]) {
            assert_eq!(EndReason::from_code(code).code(), code);
        }
    }
}
