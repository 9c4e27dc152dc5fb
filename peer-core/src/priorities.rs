//! How channels share a connection: the priority and weight that the game gives to each, turned into lanes.

use std::cmp::Ordering;

use crate::lane::{Channel, Dialect, Lane, TransferMode};
use crate::transport::LaneConfig;

/// How much more weight the unreliable lanes of a channel have than its reliable one: what is worth something only now goes
/// ahead of what has to arrive, but does not keep it from arriving.
const UNRELIABLE_WEIGHT: u16 = 8;

/// Priority and weight of every channel.
#[derive(Clone, Debug)]
pub(crate) struct Priorities([LaneConfig; Channel::COUNT]);

impl Default for Priorities {
    fn default() -> Self {
        Self([LaneConfig { priority: 0, weight: 1 }; Channel::COUNT])
    }
}

impl Priorities {
    pub(crate) fn get(&self, channel: Channel) -> LaneConfig {
        self.0[channel.index()]
    }

    pub(crate) fn set(&mut self, channel: Channel, config: LaneConfig) {
        self.0[channel.index()] = config;
    }

    /// The lanes of a connection. Control goes before all of them; channels that share a lane share the priority of the
    /// most urgent among them, and the largest weight that goes with it.
    pub(crate) fn lanes(&self, dialect: Dialect) -> [LaneConfig; Lane::COUNT] {
        let mut lanes = [None; Lane::COUNT];
        if dialect == Dialect::Native {
            lanes[Lane::CONTROL.index()] = Some(LaneConfig { priority: -1, weight: 1 });
        }
        let channels = (0..).map_while(Channel::new).filter(|&channel| dialect.reaches(channel));
        for channel in channels {
            for mode in TransferMode::ALL {
                let mut own = self.0[channel.index()];
                if dialect == Dialect::Native && !mode.is_reliable() {
                    own.weight = own.weight.saturating_mul(UNRELIABLE_WEIGHT);
                }
                let lane = lanes[dialect.lane(channel, mode).index()].get_or_insert(own);
                *lane = match own.priority.cmp(&lane.priority) {
                    Ordering::Less => own,
                    Ordering::Equal => LaneConfig { weight: own.weight.max(lane.weight), ..own },
                    Ordering::Greater => *lane,
                };
            }
        }
        lanes.map(|lane| lane.unwrap_or(LaneConfig { priority: 0, weight: 1 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_that_share_a_lane_go_with_the_most_urgent_of_them() {
        let mut priorities = Priorities::default();
        let channel = |channel| Channel::new(channel).unwrap();
        for shared in 1..=83 {
            priorities.set(channel(shared), LaneConfig { priority: 5, weight: 2 });
        }
        priorities.set(channel(7), LaneConfig { priority: 3, weight: 9 });
        let lanes = priorities.lanes(Dialect::Native).map(|lane| (lane.priority, lane.weight));
        assert_eq!(lanes, [(-1, 1), (0, 1), (0, 8), (0, 8), (3, 9), (5, 2), (3, 72), (3, 72)]);
        let godot_steam = priorities.lanes(Dialect::GodotSteam).map(|lane| lane.priority);
        assert_eq!(godot_steam, [0, 5, 5, 5, 5, 5, 5, 3]);
    }
}
