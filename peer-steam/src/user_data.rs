//! What Steam carries for us on a connection: the transport that owns it, and the token of its messages.
//!
//! The upper half is the [`TransportId`], the lower half the token.

use peer_core::Token;

/// A transport, numbered within the process. Never used twice, so that a late status change cannot reach a newer
/// transport. Positive, so that no user data of ours is -1, which is Steam's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TransportId(u32);

impl TransportId {
    /// The highest id: user data is signed.
    pub(crate) const MAX: u32 = i32::MAX.cast_unsigned();

    /// The id `raw`; `None` for 0 and above [`TransportId::MAX`].
    pub(crate) fn new(raw: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&raw).then_some(Self(raw))
    }
}

/// The user data of a connection.
pub(crate) fn pack(transport: TransportId, token: Token) -> i64 {
    i64::from(transport.0) << 32 | i64::from(token.0)
}

/// The transport in user data; `None` if the user data is not ours.
pub(crate) fn transport_of(user_data: i64) -> Option<TransportId> {
    u32::try_from(user_data >> 32).ok().and_then(TransportId::new)
}

/// The token in user data.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the lower half is what is wanted"
)]
pub(crate) fn token_of(user_data: i64) -> Token {
    Token(user_data as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_and_token_round_trip() {
        for id in [1, 7, TransportId::MAX] {
            for token in [Token(0), Token(1), Token(u32::MAX - 1), Token::NONE] {
                let id = TransportId::new(id).unwrap();
                let user_data = pack(id, token);
                assert!(user_data > 0);
                assert_eq!((transport_of(user_data), token_of(user_data)), (Some(id), token));
            }
        }
    }

    #[test]
    fn foreign_user_data_names_no_transport() {
        for user_data in [-1, 0, 5, i64::from(u32::MAX), i64::MIN] {
            assert_eq!(transport_of(user_data), None);
        }
        assert_eq!(TransportId::new(TransportId::MAX + 1), None);
    }
}
