//! What Steam carries for us on a connection: whose it is, and the token that its messages have.
//!
//! The upper half is the transport's slot, which is never used twice in a process, so that late news of a connection
//! cannot reach a newer transport. The lower half is the token.

use peer_core::Token;

/// A transport among all that the process ever had. Positive, so that no user data of ours is -1, which is Steam's
/// default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slot(u32);

impl Slot {
    /// The highest slot: user data is signed.
    pub(crate) const MAX: u32 = i32::MAX.cast_unsigned();

    /// The slot `raw`, or `None` for 0 and past [`Slot::MAX`].
    pub(crate) fn new(raw: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&raw).then_some(Self(raw))
    }
}

/// The user data of a connection of `slot` with `token`.
pub(crate) fn pack(slot: Slot, token: Token) -> i64 {
    i64::from(slot.0) << 32 | i64::from(token.0)
}

/// The slot in user data; `None` if it is not of our making.
pub(crate) fn slot_of(user_data: i64) -> Option<Slot> {
    u32::try_from(user_data >> 32).ok().and_then(Slot::new)
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
    fn slot_and_token_come_back() {
        for slot in [1, 7, Slot::MAX] {
            for token in [Token(0), Token(1), Token(u32::MAX - 1), Token::NONE] {
                let slot = Slot::new(slot).unwrap();
                let user_data = pack(slot, token);
                assert!(user_data > 0);
                assert_eq!((slot_of(user_data), token_of(user_data)), (Some(slot), token));
            }
        }
    }

    #[test]
    fn what_others_put_there_is_no_slot() {
        for user_data in [-1, 0, 5, i64::from(u32::MAX), i64::MIN] {
            assert_eq!(slot_of(user_data), None);
        }
        assert_eq!(Slot::new(Slot::MAX + 1), None);
    }
}
