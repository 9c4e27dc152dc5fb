//! Players who load, crash and come back: nobody who is only away for a while is lost, and meshes heal.

use std::time::Duration;

use peer_core::{Status, Target, TransferMode};
use peer_sim::{DuplicatePolicy, LinkSettings, NetworkSettings};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::properties::{config, hold};
use crate::world::{Topology, World, steam_id};

/// Something that happens to a player.
#[derive(Clone, Copy, Debug)]
struct Outage {
    player: usize,
    /// How long after the one before.
    pause: Duration,
    lasts: Duration,
}

/// Outages of players from `first` on, who are taken modulo how many there are.
fn outages(first: usize, lasts: impl Strategy<Value = Duration>) -> impl Strategy<Value = Vec<Outage>> {
    let pause = (0..8_000_u64).prop_map(Duration::from_millis);
    let outage =
        (first..first + 7, pause, lasts).prop_map(|(player, pause, lasts)| Outage { player, pause, lasts });
    vec(outage, 1..6)
}

fn line() -> impl Strategy<Value = LinkSettings> {
    (0..=250_u64, 0..5_u32).prop_map(|(lag, loss)| LinkSettings {
        loss: f64::from(loss) / 100.0,
        ..LinkSettings::with_latency(Duration::from_millis(lag))
    })
}

/// Says something to everyone, as a game does all the time.
fn chatter(world: &mut World) {
    for player in 0..world.len() {
        if !world.network.is_blocked(steam_id(player)) {
            world.put(player, Target::All, 1, TransferMode::Unreliable, 40);
            world.put(player, Target::All, 0, TransferMode::Reliable, 40);
        }
    }
}

fn run_with_chatter(world: &mut World, duration: Duration) {
    let until = world.network.now() + duration;
    while world.network.now() < until {
        chatter(world);
        world.run(Duration::from_millis(250).min(until - world.network.now()));
    }
}

/// All players are in, and everyone has met everyone.
fn all_have_met(world: &mut World) -> Result<(), String> {
    for player in 0..world.len() {
        let status = world.session(player).map(|session| session.status());
        if status != Some(Status::Connected) {
            return Err(format!("player {player} is {status:?}"));
        }
        if world.current(player).is_none() {
            return Err(format!("player {player} has lost its session"));
        }
    }
    world.everyone_agrees()
}

/// Waits for that.
fn until_all_have_met(world: &mut World, limit: Duration) -> Result<Duration, String> {
    let start = world.network.now();
    while let Err(error) = all_have_met(world) {
        if world.network.now() - start > limit {
            return Err(format!("not within {limit:?}: {error}"));
        }
        chatter(world);
        world.run(Duration::from_millis(50));
    }
    Ok(world.network.now() - start)
}

proptest! {
    #![proptest_config(config(64))]

    /// Once all have met, anyone may load for up to a minute, the host too, several at a time.
    #[test]
    fn nobody_is_lost_while_anyone_is_blocked(
        seed in any::<u64>(),
        players in 2..=8_usize,
        link in line(),
        outages in outages(0, prop_oneof![Just(15_u64), Just(45), Just(60)].prop_map(Duration::from_secs)),
    ) {
        let mut world = World::new(seed, players, Topology::Lobby, NetworkSettings::default(), link);
        world.assemble();
        for Outage { player, pause, lasts } in outages {
            run_with_chatter(&mut world, pause);
            world.network.block(steam_id(player % players), lasts);
        }
        run_with_chatter(&mut world, Duration::from_mins(1));
        hold(until_all_have_met(&mut world, Duration::from_secs(2)).map(drop))?;
        prop_assert_eq!(&world.endings, &[]);
        // What was said meanwhile is there, too.
        world.settle(Duration::from_secs(20));
        hold(world.ledger.nothing_reliable_is_missing())?;
        hold(world.ledger.no_offence())?;
    }
}

proptest! {
    #![proptest_config(config(64))]

    /// The same at the worst moments, while players join: all meet within two seconds of the last one's return. The host
    /// is away once, for less than a dial to it is tried again.
    #[test]
    fn everybody_meets_although_anyone_is_blocked_while_they_join(
        seed in any::<u64>(),
        players in 2..=8_usize,
        lag in 0..=250_u64,
        host_blocked in any::<bool>(),
        outages in outages(1, prop_oneof![Just(15_u64), Just(45)].prop_map(Duration::from_secs)),
    ) {
        let link = LinkSettings::with_latency(Duration::from_millis(lag));
        let mut world = World::new(seed, players, Topology::Lobby, NetworkSettings::default(), link);
        world.join(0);
        if host_blocked {
            world.network.block(steam_id(0), Duration::from_secs(15));
        }
        let mut outages = outages.into_iter();
        for player in 1..players {
            world.join(player);
            if let Some(Outage { player: blocked, pause, lasts }) = outages.next() {
                run_with_chatter(&mut world, pause / 4);
                world.network.block(steam_id(1 + blocked % player), lasts);
            }
        }
        while (0..players).any(|player| world.network.is_blocked(steam_id(player))) {
            run_with_chatter(&mut world, Duration::from_millis(250));
        }
        hold(until_all_have_met(&mut world, Duration::from_secs(2)).map(drop))?;
        hold(world.ledger.no_offence())?;
    }

    /// Whoever crashes and starts the game again is in within 15 s, whatever is left of the old connections; and everyone
    /// meets them.
    #[test]
    fn who_was_killed_and_comes_back_is_in_again_and_the_mesh_heals(
        seed in any::<u64>(),
        players in 2..=8_usize,
        link in line(),
        delivered in any::<bool>(),
        outages in outages(1, (200..20_000_u64).prop_map(Duration::from_millis)),
    ) {
        let mut settings = NetworkSettings::default();
        if delivered {
            settings.duplicates = DuplicatePolicy::Delivered;
        }
        let mut world = World::new(seed, players, Topology::Lobby, settings, link);
        world.assemble();
        for Outage { player, pause, lasts } in outages {
            let player = 1 + player % (players - 1);
            run_with_chatter(&mut world, pause);
            world.kill(player);
            run_with_chatter(&mut world, lasts);
            world.join(player);
            let start = world.network.now();
            while world.session(player).map(|session| session.status()) != Some(Status::Connected) {
                prop_assert!(world.network.now() - start <= Duration::from_secs(15), "not in within 15 s");
                // A game whose dial has failed asks again.
                world.join(player);
                chatter(&mut world);
                world.run(Duration::from_millis(100));
            }
        }
        hold(until_all_have_met(&mut world, Duration::from_secs(30)).map(drop))?;
        hold(world.ledger.no_offence())?;
    }
}
