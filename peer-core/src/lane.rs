//! Which lane a packet takes and which flags go with it, from its channel and mode alone.
//!
//! Steam numbers the messages of each lane by themselves, so a lane that carries one transfer mode needs no header:
//! the number shows that an ordered packet is late. Steam documents 255 lanes, but the sender writes the header of a
//! lane past 7 one byte short (GameNetworkingSockets 1.6.0, `SNPSegmentCollector::GetLane`), and the receiver, misled,
//! ends the connection. So there are eight:
//!
//! | lane | carries |
//! |---|---|
//! | 0 | control, and no game data |
//! | 1, 2, 3 | channel 0: reliable, unreliable, unreliable ordered |
//! | 4, 5 | reliable packets of the odd channels; of the even ones from 2 |
//! | 6, 7 | unreliable packets of the channels from 1; unreliable ordered ones |
//!
//! On lanes 4 to 7 a packet is followed by its tag: one byte, its channel. It is at the end, so that the packet needs no
//! shift.

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
    /// Arrives at most once; late packets are dropped.
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
    /// How many of them work; see the module.
    pub const COUNT: usize = 8;

    /// The lane `index`, or `None` for 255, which Steam does not have.
    pub const fn new(index: u8) -> Option<Self> {
        if index as u16 >= Self::MAX_COUNT { None } else { Some(Self(index)) }
    }

    /// The lane as a number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether native peers send ordered packets on it.
    pub(crate) const fn is_ordered(self) -> bool {
        matches!(self.0, 3 | 7)
    }

    /// The lane as an index among those that work.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize % Self::COUNT
    }
}

/// How the two ends of a connection use its lanes, known once the other side's hello is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A peer of this addon: lanes as in the module's table, control on lane 0.
    Native,
    /// A GodotSteam peer, whose hello is its 4-byte id: `lane = channel`, ordered packets reliable, no control.
    GodotSteam,
}

/// Where a message that arrived belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A game's packet on that channel.
    Game(Channel, TransferMode),
    /// A game's packet that is followed by its channel's tag.
    Tagged(TransferMode),
    /// A control message.
    Control,
    /// Not a message of this dialect.
    Invalid,
}

bitflags! {
    /// Flags of a message, with Steam's numbers (`k_nSteamNetworkingSend_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct SendFlags: u8 {
        /// Send at once, with what waits, instead of waiting for more to share the datagram.
        const NO_NAGLE = 1;
        /// Drop it if it cannot go out at once. Steam defines this for unreliable messages only.
        const NO_DELAY = 4;
        /// Retransmit until acknowledged.
        const RELIABLE = 8;
    }
}

/// The largest message that Steam sends unreliably, in bytes: 15 fragments of 1,100. A larger one would silently
/// go reliable on an unreliable lane, so it is moved to the reliable lane of its channel here. Between peers that know
/// pieces it is also the largest packet that travels whole.
pub const MAX_UNRELIABLE_BYTES: usize = 16_500;

/// The mode in which a packet of `len` bytes, its tag included, really travels.
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
    /// The reliable lanes of native peers: those that a goodbye lists.
    pub(crate) const RELIABLE_LANES: [Lane; 3] = [Lane(1), Lane(4), Lane(5)];
    /// And the others with packets.
    pub(crate) const UNRELIABLE_LANES: [Lane; 4] = [Lane(2), Lane(3), Lane(6), Lane(7)];

    /// Whether packets on `channel` can reach a peer of this dialect.
    #[inline]
    pub const fn reaches(self, channel: Channel) -> bool {
        match self {
            Self::Native => true,
            Self::GodotSteam => channel.index() < Lane::COUNT,
        }
    }

    /// The lane of `channel` in `mode`, which [`effective_mode`] has settled.
    #[inline]
    pub const fn lane(self, channel: Channel, mode: TransferMode) -> Lane {
        match (self, channel.0) {
            (Self::Native, 0) => Lane(1 + mode as u8),
            (Self::Native, channel) => match mode {
                TransferMode::Reliable => Lane(5 - channel % 2),
                TransferMode::Unreliable => Lane(6),
                TransferMode::UnreliableOrdered => Lane(7),
            },
            (Self::GodotSteam, channel) => Lane(channel),
        }
    }

    /// Where a message that arrived on `lane` belongs.
    #[inline]
    pub const fn route(self, lane: u8, reliable: bool) -> Route {
        match self {
            // A lane that carried both kinds would share one counter between them.
            Self::Native => match (lane, reliable) {
                (0, true) => Route::Control,
                (1, true) => Route::Game(Channel(0), TransferMode::Reliable),
                (2, false) => Route::Game(Channel(0), TransferMode::Unreliable),
                (3, false) => Route::Game(Channel(0), TransferMode::UnreliableOrdered),
                (4 | 5, true) => Route::Tagged(TransferMode::Reliable),
                (6, false) => Route::Tagged(TransferMode::Unreliable),
                (7, false) => Route::Tagged(TransferMode::UnreliableOrdered),
                _ => Route::Invalid,
            },
            Self::GodotSteam if lane <= Channel::MAX.0 => {
                let mode = if reliable { TransferMode::Reliable } else { TransferMode::Unreliable };
                Route::Game(Channel(lane), mode)
            }
            Self::GodotSteam => Route::Invalid,
        }
    }
}

impl Channel {
    /// The byte that follows its packets between native peers; there is none on channel 0.
    #[inline]
    pub const fn tag(self) -> Option<u8> {
        if self.0 == 0 { None } else { Some(self.0) }
    }

    /// The channel that a tag names on `lane`; `None` for one that does not belong there.
    #[inline]
    pub fn from_tag(tag: u8, lane: u8, mode: TransferMode) -> Option<Self> {
        let channel = Self::new(i32::from(tag))?;
        (tag != 0 && Dialect::Native.lane(channel, mode).get() == lane).then_some(channel)
    }
}

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
    fn a_lane_carries_one_mode_and_a_packet_comes_back_on_its_channel() {
        let mut modes = [None; Lane::COUNT];
        for channel in (0..=83).filter_map(Channel::new) {
            for mode in TransferMode::ALL {
                let lane = Dialect::Native.lane(channel, mode);
                assert!(lane != Lane::CONTROL && usize::from(lane.get()) < Lane::COUNT);
                assert_eq!(*modes[lane.index()].get_or_insert(mode), mode);
                let route = Dialect::Native.route(lane.get(), mode.is_reliable());
                match channel.tag() {
                    None => assert_eq!(route, Route::Game(channel, mode)),
                    Some(tag) => {
                        assert_eq!(route, Route::Tagged(mode));
                        assert_eq!(Channel::from_tag(tag, lane.get(), mode), Some(channel));
                    }
                }
                assert_eq!(Dialect::Native.route(lane.get(), !mode.is_reliable()), Route::Invalid);
                assert_eq!(Dialect::RELIABLE_LANES.contains(&lane), mode.is_reliable());
            }
        }
        assert_eq!(modes[0], None);
        assert!(modes[1..].iter().all(Option::is_some), "no lane is idle");
    }

    #[test]
    fn tags_that_do_not_belong_to_their_lane_name_no_channel() {
        use TransferMode::{Reliable, Unreliable};
        assert_eq!(Channel::from_tag(0, 5, Reliable), None);
        assert_eq!(Channel::from_tag(2, 4, Reliable), None);
        assert_eq!(Channel::from_tag(84, 5, Reliable), None);
        assert_eq!(Channel::from_tag(255, 6, Unreliable), None);
        assert_eq!(Channel::from_tag(83, 4, Reliable), Channel::new(83));
    }

    #[test]
    fn lanes_that_do_not_work_are_invalid() {
        for lane in 8..=255 {
            assert_eq!(Dialect::Native.route(lane, true), Route::Invalid);
            assert_eq!(Dialect::Native.route(lane, false), Route::Invalid);
        }
        assert_eq!(Dialect::Native.route(0, true), Route::Control);
        assert_eq!(Dialect::Native.route(0, false), Route::Invalid);
        assert_eq!(Dialect::GodotSteam.route(84, true), Route::Invalid);
    }

    #[test]
    fn a_godot_steam_peer_has_lane_equal_to_channel() {
        for channel in (0..=83).filter_map(Channel::new) {
            for mode in TransferMode::ALL {
                assert_eq!(Dialect::GodotSteam.lane(channel, mode).get(), channel.get());
                assert_eq!(Dialect::GodotSteam.reaches(channel), channel.get() < 8);
            }
        }
        let mode = |mode| effective_mode(Dialect::GodotSteam, mode, 10);
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
