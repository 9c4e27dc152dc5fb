//! Which lane a packet takes and which flags go with it, from its channel and mode alone.
//!
//! Steam numbers the messages of each lane by themselves, so a lane that carries one transfer mode needs no header:
//! the number tells an ordered packet that came late. Lane 0 is for control, and no game data travels on it.

use bitflags::bitflags;

/// A Godot channel, 0..=83: as many as Steam's 255 lanes hold three at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(u8);

impl Channel {
    /// Channel 0, which every game uses.
    pub const ZERO: Self = Self(0);
    /// The highest channel.
    pub const MAX: Self = Self(83);
    /// How many channels there are.
    pub const COUNT: usize = Self::MAX.0 as usize + 1;

    /// The channel `raw`, or `None` below 0 and past 83.
    pub fn new(raw: i32) -> Option<Self> {
        u8::try_from(raw).ok().filter(|&channel| channel <= Self::MAX.0).map(Self)
    }

    /// The channel as a number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The channel as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Godot's transfer modes, in the order that lanes have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferMode {
    /// Arrives once and in order, or the connection ends.
    Reliable,
    /// Arrives at most once, in any order.
    Unreliable,
    /// Arrives at most once; what comes late is dropped.
    UnreliableOrdered,
}

impl TransferMode {
    /// The three modes, in lane order.
    pub const ALL: [Self; 3] = [Self::Reliable, Self::Unreliable, Self::UnreliableOrdered];

    /// Whether Steam retransmits it.
    pub const fn is_reliable(self) -> bool {
        matches!(self, Self::Reliable)
    }
}

/// A lane of a Steam connection, 0..=254.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(u8);

impl Lane {
    /// The lane of hellos and goodbyes.
    pub const CONTROL: Self = Self(0);
    /// How many lanes a connection can have on Steam (`steamnetworkingsockets`' documented maximum).
    pub const MAX_COUNT: u16 = 255;

    /// The lane `index`, or `None` for 255, which Steam does not have.
    pub const fn new(index: u8) -> Option<Self> {
        if index as u16 >= Self::MAX_COUNT { None } else { Some(Self(index)) }
    }

    /// The lane as a number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How the two ends of a connection use its lanes, known once the other side's hello is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A peer of this project: `lane = 1 + channel * 3 + mode`, control on lane 0.
    Native,
    /// A peer that says hello with its 4-byte id: `lane = channel`, ordered packets reliable, no control.
    FourByte,
}

/// Where a message that arrived belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A game's packet.
    Game(Channel, TransferMode),
    /// A control message.
    Control,
    /// Nothing that a well-behaved peer of this dialect sends.
    Invalid,
}

bitflags! {
    /// Flags of a message, with Steam's numbers (`k_nSteamNetworkingSend_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct SendFlags: u8 {
        /// Do not wait for more to share the datagram; sends what waits for it, too.
        const NO_NAGLE = 1;
        /// Drop it if it cannot go out at once. Steam defines this for unreliable messages only.
        const NO_DELAY = 4;
        /// Retransmit until acknowledged.
        const RELIABLE = 8;
    }
}

/// The largest message that Steam sends unreliably, in bytes: 15 fragments of 1,100. A larger one would silently
/// go reliable on an unreliable lane, so it is moved to the reliable lane of its channel here.
pub const MAX_UNRELIABLE_BYTES: usize = 16_500;

/// The mode in which a packet of `len` bytes really travels.
#[inline]
pub const fn effective_mode(dialect: Dialect, mode: TransferMode, len: usize) -> TransferMode {
    match (dialect, mode) {
        (_, TransferMode::Unreliable) | (Dialect::Native, TransferMode::UnreliableOrdered)
            if len <= MAX_UNRELIABLE_BYTES =>
        {
            mode
        }
        _ => TransferMode::Reliable,
    }
}

impl Dialect {
    /// The lane of `channel` in `mode`, which [`effective_mode`] has settled.
    #[inline]
    pub const fn lane(self, channel: Channel, mode: TransferMode) -> Lane {
        match self {
            Self::Native => Lane(1 + channel.0 * 3 + mode as u8),
            Self::FourByte => Lane(channel.0),
        }
    }

    /// How many lanes the first `channels` channels take.
    pub const fn lane_count(self, channels: usize) -> u16 {
        // At most 84 channels, so this is at most 253.
        #[allow(clippy::cast_possible_truncation)]
        match self {
            Self::Native => 1 + channels as u16 * 3,
            Self::FourByte => channels as u16,
        }
    }

    /// What a message means that arrived on `lane`, reliably or not.
    #[inline]
    pub const fn route(self, lane: u8, reliable: bool) -> Route {
        match self {
            Self::Native => {
                let route = NATIVE_ROUTES[lane as usize];
                let expected = match route {
                    Route::Game(_, mode) => mode.is_reliable(),
                    Route::Control => true,
                    Route::Invalid => return route,
                };
                // A lane that carried both kinds would share one counter between them.
                if reliable == expected { route } else { Route::Invalid }
            }
            Self::FourByte if lane <= Channel::MAX.0 => {
                let mode = if reliable { TransferMode::Reliable } else { TransferMode::Unreliable };
                Route::Game(Channel(lane), mode)
            }
            Self::FourByte => Route::Invalid,
        }
    }
}

/// [`Dialect::route`] for peers of this project, worked out once: a lookup costs less than dividing by three.
static NATIVE_ROUTES: [Route; 256] = {
    let mut routes = [Route::Invalid; 256];
    routes[0] = Route::Control;
    let mut channel = 0;
    while channel <= Channel::MAX.0 {
        let mut mode = 0;
        while mode < 3 {
            routes[1 + channel as usize * 3 + mode] = Route::Game(Channel(channel), TransferMode::ALL[mode]);
            mode += 1;
        }
        channel += 1;
    }
    routes
};

/// The flags of a packet in `mode`, which [`effective_mode`] has settled.
#[inline]
pub const fn send_flags(mode: TransferMode, no_delay: bool) -> SendFlags {
    if mode.is_reliable() {
        SendFlags::RELIABLE
    } else if no_delay {
        SendFlags::NO_DELAY
    } else {
        SendFlags::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_and_mode_has_a_lane_of_its_own_and_none_is_control() {
        let mut seen = std::collections::BTreeSet::new();
        for channel in (0..=83).filter_map(Channel::new) {
            for mode in TransferMode::ALL {
                let lane = Dialect::Native.lane(channel, mode);
                assert_ne!(lane, Lane::CONTROL);
                assert!(u16::from(lane.get()) < Dialect::Native.lane_count(channel.index() + 1));
                assert!(Dialect::Native.lane_count(channel.index() + 1) <= Lane::MAX_COUNT);
                assert!(seen.insert(lane));
                assert_eq!(Dialect::Native.route(lane.get(), mode.is_reliable()), Route::Game(channel, mode));
                assert_eq!(Dialect::Native.route(lane.get(), !mode.is_reliable()), Route::Invalid);
            }
        }
    }

    #[test]
    fn lanes_that_no_channel_has_are_invalid() {
        for lane in 253..=255 {
            assert_eq!(Dialect::Native.route(lane, true), Route::Invalid);
            assert_eq!(Dialect::Native.route(lane, false), Route::Invalid);
        }
        assert_eq!(Dialect::Native.route(0, true), Route::Control);
        assert_eq!(Dialect::Native.route(0, false), Route::Invalid);
        assert_eq!(Dialect::FourByte.route(84, true), Route::Invalid);
    }

    #[test]
    fn a_four_byte_peer_has_lane_equal_to_channel() {
        for channel in (0..=83).filter_map(Channel::new) {
            for mode in TransferMode::ALL {
                assert_eq!(Dialect::FourByte.lane(channel, mode).get(), channel.get());
            }
        }
        let mode = |mode| effective_mode(Dialect::FourByte, mode, 10);
        assert_eq!(mode(TransferMode::UnreliableOrdered), TransferMode::Reliable);
        assert_eq!(mode(TransferMode::Unreliable), TransferMode::Unreliable);
    }

    #[test]
    fn a_packet_too_large_to_go_unreliably_goes_reliably() {
        for mode in TransferMode::ALL {
            assert_eq!(effective_mode(Dialect::Native, mode, MAX_UNRELIABLE_BYTES), mode);
            let larger = effective_mode(Dialect::Native, mode, MAX_UNRELIABLE_BYTES + 1);
            assert_eq!(larger, TransferMode::Reliable);
        }
    }

    #[test]
    fn no_delay_never_meets_reliable() {
        assert_eq!(send_flags(TransferMode::Reliable, true), SendFlags::RELIABLE);
        assert_eq!(send_flags(TransferMode::Unreliable, true), SendFlags::NO_DELAY);
        assert_eq!(send_flags(TransferMode::UnreliableOrdered, false), SendFlags::empty());
    }

    #[test]
    fn channels_end_at_83() {
        assert_eq!(Channel::new(-1), None);
        assert_eq!(Channel::new(84), None);
        assert_eq!(Channel::new(256), None);
        assert_eq!(Channel::new(83), Some(Channel::MAX));
    }
}
