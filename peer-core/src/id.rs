//! Godot's peer ids and Steam's ids.

use std::fmt;
use std::num::NonZeroU32;

/// A Godot peer id: 1 for the host, 2..=2147483647 for a client.
///
/// 0 ("everybody") and negative numbers ("everybody but") are targets, not peers; see [`Target`](crate::Target).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(NonZeroU32);

impl PeerId {
    /// The host's id, which Godot defines.
    pub const HOST: Self = Self(NonZeroU32::MIN);
    /// The highest id that Godot's `int` targets can name.
    pub const MAX: u32 = i32::MAX as u32;

    /// The id `raw`, or `None` for 0 and for what does not fit a positive 32-bit integer.
    pub fn new(raw: u32) -> Option<Self> {
        if raw > Self::MAX { None } else { NonZeroU32::new(raw).map(Self) }
    }

    /// The client id of a user's session with that nonce, within 2..=2147483647. Whoever hears a hello can check it, as Steam
    /// authenticates the user: so another member of a lobby cannot take the id of one who is joining. That holds as long as no
    /// nonce of another user is found that leads to the same id before the hello has reached everyone; so this is a one-way
    /// function, and takes a microsecond.
    pub fn derived(steam_id: SteamId, nonce: u64) -> Self {
        let hash = one_way(steam_id.0, nonce) % u64::from(Self::MAX - 1);
        // Below 2^31.
        #[allow(clippy::cast_possible_truncation)]
        let id = hash as u32 + 2;
        Self(NonZeroU32::new(id).unwrap_or(NonZeroU32::MAX))
    }

    /// The id as a number.
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The id as Godot's signed integer.
    pub fn to_godot(self) -> i32 {
        self.0.get().cast_signed()
    }

    /// Whether this is the host.
    pub fn is_host(self) -> bool {
        self == Self::HOST
    }
}

/// The rounds of `SipHash`, many more of them than it has, over a key of the two numbers.
fn one_way(a: u64, b: u64) -> u64 {
    const ROUNDS: usize = 512;
    let mut v = [
        a ^ 0x736f_6d65_7073_6575,
        b ^ 0x646f_7261_6e64_6f6d,
        a ^ 0x6c79_6765_6e65_7261,
        b ^ 0x7465_6462_7974_6573,
    ];
    for _ in 0..ROUNDS {
        v[0] = v[0].wrapping_add(v[1]);
        v[2] = v[2].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[1]);
        v[0] = v[0].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].rotate_left(32);
    }
    // Only together do the words lead back to what they come from.
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({})", self.0)
    }
}

/// A 64-bit Steam id. Steam authenticates it before the user's first message arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SteamId(pub u64);

impl fmt::Display for SteamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The Steam id of a lobby.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LobbyId(pub u64);

impl fmt::Display for LobbyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_32_bit_integers_are_peers() {
        assert_eq!(PeerId::new(0), None);
        assert_eq!(PeerId::new(1), Some(PeerId::HOST));
        assert_eq!(PeerId::new(PeerId::MAX).map(PeerId::to_godot), Some(i32::MAX));
        assert_eq!(PeerId::new(PeerId::MAX + 1), None);
        assert_eq!(PeerId::new(u32::MAX), None);
    }

    #[test]
    fn derived_ids_are_never_the_hosts_and_rarely_alike() {
        let users = (0..1000).map(|user| (SteamId(76_561_197_960_265_729 + user), 7));
        let sessions = (0..1000).map(|nonce| (SteamId(76_561_197_960_265_728), nonce));
        let ids: std::collections::BTreeSet<_> =
            users.chain(sessions).map(|(user, nonce)| PeerId::derived(user, nonce)).collect();
        assert!(ids.iter().all(|id| !id.is_host() && id.get() <= PeerId::MAX));
        assert!(ids.len() > 1990);
        // Other builds and other machines must come to the same.
        assert_eq!(PeerId::derived(SteamId(76_561_197_960_265_728), 1).get(), 752_050_014);
    }
}
