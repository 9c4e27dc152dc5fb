//! Godot's peer ids and Steam's ids.

use std::fmt;
use std::num::NonZeroU32;

use rand::{Rng, RngExt};

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

    /// A random client id, uniform over 2..=2147483647.
    pub fn random_client(rng: &mut impl Rng) -> Self {
        Self(NonZeroU32::new(rng.random_range(2..=Self::MAX)).unwrap_or(NonZeroU32::MAX))
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
    use rand::SeedableRng;

    #[test]
    fn only_positive_32_bit_integers_are_peers() {
        assert_eq!(PeerId::new(0), None);
        assert_eq!(PeerId::new(1), Some(PeerId::HOST));
        assert_eq!(PeerId::new(PeerId::MAX).map(PeerId::to_godot), Some(i32::MAX));
        assert_eq!(PeerId::new(PeerId::MAX + 1), None);
        assert_eq!(PeerId::new(u32::MAX), None);
    }

    #[test]
    fn random_clients_are_never_the_host_and_rarely_alike() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| PeerId::random_client(&mut rng)).collect();
        assert!(ids.iter().all(|id| !id.is_host() && id.get() <= PeerId::MAX));
        assert!(ids.len() > 990);
    }
}
