//! The match survives its host.

use proptest::prelude::*;

use super::*;
use crate::properties::{config, hold};

/// Everyone is in one match in a lobby, whose host has set a state, and has gone the way that `end` says.
fn lose_the_host(players: usize, end: impl Fn(&mut World)) -> World {
    let mut world = world(players, Topology::Lobby);
    world.migrates = true;
    world.assemble();
    world.session(0).unwrap().set_migration_state(b"score 7".to_vec().into()).unwrap();
    world.run(seconds(1));
    end(&mut world);
    world
}

/// The world a while later: one match, in which everyone was told of the state.
fn goes_on(mut world: World, host: usize, within: Duration) -> World {
    world.run(within);
    assert_eq!(world.is_one_match(), Ok(()));
    assert_eq!(world.hosts(), [host]);
    assert_eq!(world.ledger.no_offence(), Ok(()));
    let living: Vec<_> = (0..world.len()).filter(|&player| world.current(player).is_some()).collect();
    for player in living {
        let told = world.migrations.iter().rfind(|(of, _)| *of == player);
        assert_eq!(told.map(|(_, state)| &state[..]), Some(&b"score 7"[..]), "player {player}");
    }
    world
}

#[test]
fn the_lobbys_owner_goes_on_when_the_host_leaves_and_connections_are_kept() {
    let mut world = lose_the_host(4, |_| {});
    let ids: Vec<_> = (1..4).map(|player| world.session(player).unwrap().unique_id().unwrap()).collect();
    let dials = world.dials();
    world.leave(0);
    let mut world = goes_on(world, 1, seconds(2));
    // Nobody dialled but the new host, for nobody, as all are connected.
    assert_eq!(world.dials(), dials);
    for player in 2..4 {
        let session = world.session(player).unwrap();
        assert_eq!(session.unique_id(), Some(ids[player - 1]), "only the new host's id changes");
        assert_eq!(session.peer_id_for_steam_id(steam_id(1)), Some(PeerId::HOST));
    }
    for player in 1..4 {
        world.put(player, Target::All, 0, TransferMode::Reliable, 100).unwrap().unwrap();
    }
    world.run(seconds(1));
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
}

#[test]
fn the_match_goes_on_when_the_host_is_killed() {
    drop(goes_on(lose_the_host(4, |world| world.kill(0)), 1, seconds(14)));
}

#[test]
fn the_next_owner_goes_on_when_the_new_host_dies_as_well() {
    for wait in [0, 20, 200, 2_000] {
        let end = |world: &mut World| {
            world.leave(0);
            world.run(Duration::from_millis(wait));
            world.kill(1);
        };
        drop(goes_on(lose_the_host(4, end), 2, seconds(30)));
    }
}

/// Steam has given the lobby to another, and the host hears of it once it is awake.
#[test]
fn a_host_that_slept_while_the_lobby_passed_on_is_out_and_may_come_back_as_a_client() {
    let end = |world: &mut World| {
        world.network.sleep(steam_id(0), seconds(20));
        let lobby = world.lobby().unwrap();
        world.network.leave_lobby(lobby, steam_id(0));
        world.run(seconds(14));
        assert_eq!(world.hosts(), [0, 1]);
        // Steam is back before the game is.
        world.network.join_lobby(lobby, steam_id(0));
    };
    let mut world = goes_on(lose_the_host(4, end), 1, seconds(25));
    assert_eq!(world.session(0).unwrap().peers().len(), 3);
}

#[test]
fn who_joins_the_lobby_meanwhile_is_in() {
    for wait in [0, 50, 500] {
        let mut world = lose_the_host(4, |world| {
            world.leave(3);
            world.run(seconds(1));
            world.leave(0);
            world.run(Duration::from_millis(wait));
        });
        for _ in 0..5 {
            world.join(3);
            world.run(seconds(3));
        }
        assert_eq!(world.is_one_match(), Ok(()), "{wait}");
        assert_eq!(world.session(3).unwrap().peers().len(), 2);
    }
}

#[test]
fn without_migrate_all_is_as_before_and_nothing_is_left_open() {
    let mut world = lose_the_host(3, |_| {});
    world.migrates = false;
    world.leave(0);
    world.run(seconds(5));
    for player in 1..3 {
        let session = world.session(player).unwrap();
        assert_eq!((session.status(), session.is_draining()), (Status::Disconnected, false));
        let now = world.network.now();
        world.session(player).unwrap().migrate(now).unwrap();
    }
    assert_eq!(world.close_everything(), Ok(()));
    let (network, mut host, mut client) = host_and_client();
    host.session.close(network.now());
    run(&mut [&mut host, &mut client], seconds(2));
    assert!(
        !client.events.iter().any(|event| matches!(event, Event::HostLost { .. })),
        "no lobby, no next host"
    );
    assert_eq!(client.session.migrate(network.now()), Err(SessionError::NoLostMatch));
}

#[test]
fn who_does_not_follow_is_gone_after_half_a_minute() {
    let mut world = lose_the_host(4, |_| {});
    // A game that is blocked hears of nothing, and its connection stays.
    world.network.block(steam_id(3), seconds(45));
    world.leave(0);
    world.run(seconds(25));
    assert_eq!(world.session(1).unwrap().peers().len(), 1);
    assert!(!world.endings.iter().any(|ending| *ending == (1, steam_id(3), EndReason::OtherMatch)));
    world.run(seconds(7));
    assert!(world.endings.iter().any(|ending| *ending == (1, steam_id(3), EndReason::OtherMatch)));
    world.run(seconds(40));
    assert_eq!(world.is_one_match(), Ok(()));
}

proptest! {
    #![proptest_config(config(128))]

    /// Whoever is killed, and whenever: half a minute later all who live are in one match, and never heard two hosts.
    #[test]
    fn everyone_who_lives_ends_up_in_one_match(
        seed in any::<u64>(),
        players in 2..=8_usize,
        loss in 0.0..0.05_f64,
        latency in 1..100_u64,
        ends in proptest::collection::vec((0..8_usize, any::<bool>(), 0..9_000_u64, 0..3_u8), 1..6),
    ) {
        let link = LinkSettings { loss, ..LinkSettings::with_latency(Duration::from_millis(latency)) };
        let mut world = World::new(seed, players, Topology::Lobby, NetworkSettings::default(), link);
        world.migrates = true;
        world.assemble();
        // The first to go is the host.
        let mut left = Vec::new();
        for (place, &(who, leaves, wait, mode)) in ends.iter().enumerate() {
            let playing: Vec<_> = (0..players).filter(|&player| world.current(player).is_some()).collect();
            if playing.len() < 2 {
                break;
            }
            let who = if place == 0 { 0 } else { playing[who % playing.len()] };
            for &player in &playing {
                for _ in 0..5 {
                    world.put(player, Target::All, mode, TransferMode::ALL[usize::from(mode)], 100);
                }
            }
            if leaves { world.leave(who) } else { world.kill(who) }
            left.push(who);
            world.run(Duration::from_millis(wait));
        }
        world.run(seconds(40));
        hold(world.is_one_match())?;
        for player in 0..players {
            let is_left = world.session(player).is_some() && !left.contains(&player);
            prop_assert!(!is_left || world.current(player).is_some(), "player {player} is not in the match any more");
            world.put(player, Target::All, 1, TransferMode::Reliable, 100);
        }
        world.settle(seconds(5));
        hold(world.ledger.no_offence())?;
        hold(world.ledger.reliable_arrives_once_and_in_order())?;
        hold(world.ledger.unreliable_comes_at_most_once())?;
        hold(world.ledger.only_targets_hear())?;
        hold(world.ledger.nothing_reliable_is_missing())?;
    }
}
