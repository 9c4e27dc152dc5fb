//! Bursts, floods and crowds: nothing is lost within the bounds, nothing grows past them.

use std::time::Duration;

use peer_core::limits::{APPROVAL_TIMEOUT, MAX_INBOX_PACKETS, MAX_PENDING_APPROVAL, RECEIVE_BATCH};
use peer_core::{Channel, EndReason, SendFlags, Session, SteamId, Target, TransferMode, VirtualPort};
use peer_sim::{BatchPolicy, LinkSettings, Network, NetworkSettings, RawPeer};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::properties::{config, hold};
use crate::world::{FOREIGN, FRAME, Topology, World, plain_hello, steam_id};

fn fast() -> LinkSettings {
    LinkSettings { bandwidth: 4_000_000, ..LinkSettings::with_latency(Duration::from_millis(10)) }
}

proptest! {
    #![proptest_config(config(24))]

    /// Property 8: bursts of every shape, far past Steam's 512 KiB, on a network that loses packets.
    #[test]
    fn a_burst_within_the_backlog_bound_loses_no_reliable_packet(
        seed in any::<u64>(),
        each_by_itself in any::<bool>(),
        players in 2..=4_usize,
        loss in 0.0..0.1_f64,
        bursts in vec((0..4_usize, 0..3_u8, 0..3_usize, 18..6000_usize, 1..1200_usize, 0..200_u64), 1..6),
    ) {
        let link = LinkSettings { loss, ..fast() };
        let batches = if each_by_itself { BatchPolicy::EachByItself } else { BatchPolicy::StopsAtFailure };
        let settings = NetworkSettings { batches, ..NetworkSettings::default() };
        let mut world = World::new(seed, players, Topology::Lobby, settings, link);
        world.assemble();
        for (who, channel, mode, len, count, pause) in bursts {
            for _ in 0..count {
                let put = world.put(who % players, Target::All, channel, TransferMode::ALL[mode], len);
                prop_assert_eq!(put, Some(Ok(())));
            }
            world.run(Duration::from_millis(pause));
        }
        world.settle(Duration::from_secs(40));
        hold(world.ledger.nothing_reliable_is_missing())?;
        hold(world.ledger.reliable_arrives_once_and_in_order())?;
        hold(world.ledger.no_offence())?;
    }
}

proptest! {
    #![proptest_config(config(128))]

    /// Whatever `SendMessages` does after a failure, and however small another addon has made the send buffer. Made to be
    /// tried on ten thousand cases: `PROPTEST_CASES=10000 cargo test --release -p peer-sim --test sessions whatever_steam`.
    #[test]
    fn reliable_packets_arrive_once_and_in_order_whatever_steam_does_after_a_failure(
        seed in any::<u64>(),
        each_by_itself in any::<bool>(),
        send_buffer in prop_oneof![Just(524_288_usize), 40_000..200_000_usize],
        bandwidth in 200_000..4_000_000_u64,
        bursts in vec(
            (
                0..5_u8,
                0..3_usize,
                prop_oneof![4 => 18..1_500_usize, 1 => 16_000..17_000_usize, 2 => 17_000..150_000_usize],
                1..60_usize,
                0..60_u64,
            ),
            1..12,
        ),
    ) {
        let batches = if each_by_itself { BatchPolicy::EachByItself } else { BatchPolicy::StopsAtFailure };
        let settings = NetworkSettings { batches, ..NetworkSettings::hardest() };
        let link = LinkSettings { send_buffer, bandwidth, ..fast() };
        let mut world = World::new(seed, 2, Topology::Direct, settings, link);
        world.assemble();
        for (channel, mode, len, count, pause) in bursts {
            for _ in 0..count {
                let put = world.put(0, Target::All, channel, TransferMode::ALL[mode], len);
                prop_assert_eq!(put, Some(Ok(())));
            }
            world.run(Duration::from_millis(pause));
        }
        for _ in 0..120 {
            world.run(Duration::from_millis(500));
            if world.ledger.nothing_reliable_is_missing() == Ok(()) {
                break;
            }
        }
        hold(world.ledger.nothing_reliable_is_missing())?;
        hold(world.ledger.reliable_arrives_once_and_in_order())?;
        hold(world.ledger.unreliable_comes_at_most_once())?;
        hold(world.ledger.no_offence())?;
    }
}

#[test]
fn three_megabytes_in_a_frame_all_arrive_and_so_does_what_comes_after() {
    let mut world = World::new(1, 2, Topology::Direct, NetworkSettings::default(), LinkSettings::default());
    world.assemble();
    for _ in 0..3072 {
        world.put(0, Target::All, 0, TransferMode::Reliable, 1024).unwrap().unwrap();
    }
    world.frame();
    // Later packets queue up behind the burst, on its channel and on another.
    for channel in [0, 1] {
        world.put(0, Target::All, channel, TransferMode::Reliable, 100).unwrap().unwrap();
    }
    world.run(Duration::from_secs(20));
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
    assert_eq!(world.ledger.reliable_arrives_once_and_in_order(), Ok(()));
}

#[test]
fn forty_thousand_reliable_packets_and_then_an_unreliable_one_all_arrive() {
    let mut world = World::new(1, 2, Topology::Direct, NetworkSettings::default(), LinkSettings::default());
    world.assemble();
    for _ in 0..40_000 {
        world.put(0, Target::All, 0, TransferMode::Reliable, 18).unwrap().unwrap();
    }
    // There is room for it in Steam's send buffer, whatever waits.
    world.put(0, Target::All, 0, TransferMode::Unreliable, 18).unwrap().unwrap();
    world.run(Duration::from_secs(20));
    assert_eq!(world.session(0).unwrap().peers().len(), 1);
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
    let heard = &world.ledger.records[1].heard[0].heard;
    assert_eq!(heard[&(0, TransferMode::Unreliable as u8)].len(), 1);
}

#[test]
fn a_peer_too_far_behind_is_disconnected_on_both_sides_and_nobody_else() {
    let mut world = World::new(1, 3, Topology::Direct, NetworkSettings::default(), LinkSettings::default());
    world.assemble();
    let host = world.session(0).unwrap();
    host.settings_mut().max_backlog_bytes = 1_000_000;
    let id = |user| host.peer_id_for_steam_id(steam_id(user)).unwrap();
    let (slow, other) = (id(1), id(2));
    while world.put(0, Target::Only(slow), 0, TransferMode::Reliable, 10_000).unwrap().is_ok() {
        assert!(world.session(0).unwrap().backlog_bytes(slow).unwrap() <= 1_000_000);
    }
    // What was refused went to nobody, and what follows goes to whoever is left.
    assert_eq!(world.put(0, Target::All, 1, TransferMode::Reliable, 10_000), Some(Ok(())));
    world.run(Duration::from_secs(5));
    let too_far_behind = |of, user| (of, steam_id(user), EndReason::TooFarBehind);
    for told in [too_far_behind(0, 1), too_far_behind(1, 0)] {
        assert!(world.endings.contains(&told), "{told:?}: {:?}", world.endings);
    }
    assert_eq!(world.session(0).unwrap().peers().iter().map(|peer| peer.id).collect::<Vec<_>>(), [other]);
    // Whatever the setting, one packet of the largest size fits an empty backlog.
    world.session(0).unwrap().settings_mut().max_backlog_bytes = 0;
    assert_eq!(world.put(0, Target::All, 0, TransferMode::Reliable, 524_288), Some(Ok(())));
    world.run(Duration::from_secs(10));
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
    assert_eq!(world.ledger.reliable_arrives_once_and_in_order(), Ok(()));
    assert_eq!(world.ledger.only_targets_hear(), Ok(()));
}

#[test]
fn a_backlog_of_tiny_packets_is_bounded_too() {
    let mut world = World::new(1, 2, Topology::Direct, NetworkSettings::default(), LinkSettings::default());
    world.assemble();
    world.session(0).unwrap().settings_mut().max_backlog_bytes = 8 << 20;
    world.network.partition(steam_id(0), steam_id(1));
    let mut taken = 0;
    while world.put(0, Target::All, 0, TransferMode::Reliable, 18).unwrap().is_ok() {
        taken += 1;
        assert!(taken < 200_000);
    }
    assert!(taken > 100_000, "{taken}");
}

#[test]
fn a_flood_fills_the_inbox_to_its_bound_and_no_further() {
    let network = Network::new(1);
    network.set_default_link(LinkSettings {
        bandwidth: 60_000_000,
        send_buffer: 8 << 20,
        ..LinkSettings::default()
    });
    let mut host = Session::new(network.endpoint(SteamId(1)), 1);
    host.create_host(VirtualPort(0), network.now()).unwrap();
    let mut flooders: Vec<_> = (0..4)
        .map(|number| {
            let mut raw = RawPeer::new(&network, SteamId(FOREIGN + number));
            let connection = raw.dial(SteamId(1), VirtualPort(0)).unwrap();
            (raw, connection)
        })
        .collect();
    // The host polls, and never reads.
    let frame = |host: &mut Session<_>| {
        host.poll(network.now());
        while host.next_event().is_some() {}
        network.advance(FRAME);
    };
    for _ in 0..60 {
        frame(&mut host);
    }
    for (number, (raw, connection)) in flooders.iter_mut().enumerate() {
        let hello = plain_hello(50 + u32::try_from(number).unwrap());
        raw.send(*connection, 0, SendFlags::RELIABLE, hello.encode());
    }
    for _ in 0..60 {
        for (raw, connection) in &mut flooders {
            for _ in 0..1000 {
                raw.send(*connection, 1, SendFlags::RELIABLE, vec![7; 20]);
                raw.send(*connection, 2, SendFlags::empty(), vec![7; 20]);
            }
        }
        frame(&mut host);
    }
    assert!(host.available() > MAX_INBOX_PACKETS / 2, "{} packets", host.available());
    assert!(host.available() < MAX_INBOX_PACKETS + RECEIVE_BATCH);
    assert_eq!(host.peers().len(), 4);
    // Reading makes room again.
    while host.pop().is_some() {}
    for _ in 0..60 {
        frame(&mut host);
    }
    assert!(host.available() > 0);
}

#[test]
fn twenty_thousand_packets_that_wait_are_taken_in_by_one_poll() {
    let network = Network::new(1);
    network.set_default_link(LinkSettings { bandwidth: 60_000_000, ..LinkSettings::default() });
    let mut host = Session::new(network.endpoint(SteamId(1)), 1);
    host.create_host(VirtualPort(0), network.now()).unwrap();
    let mut client = Session::new(network.endpoint(SteamId(2)), 2);
    client.create_client(SteamId(1), VirtualPort(0), network.now()).unwrap();
    for _ in 0..60 {
        for session in [&mut host, &mut client] {
            session.poll(network.now());
            while session.next_event().is_some() {}
        }
        network.advance(FRAME);
    }
    for _ in 0..20_000 {
        client.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 20]).unwrap();
    }
    for _ in 0..60 {
        client.poll(network.now());
        network.advance(FRAME);
    }
    host.poll(network.now());
    assert_eq!(host.available(), 20_000);
}

#[test]
fn connections_past_the_bound_are_refused_as_full() {
    let network = Network::new(1);
    let mut host = Session::new(network.endpoint(SteamId(1)), 1);
    host.create_host(VirtualPort(0), network.now()).unwrap();
    let raws: Vec<_> = (0..peer_core::limits::MAX_CONNECTIONS as u64 + 5)
        .map(|number| {
            let mut raw = RawPeer::new(&network, SteamId(FOREIGN + number));
            raw.dial(SteamId(1), VirtualPort(0)).unwrap();
            raw
        })
        .collect();
    network.advance(Duration::from_secs(1));
    host.poll(network.now());
    network.advance(Duration::from_secs(1));
    let refused = raws
        .into_iter()
        .map(|mut raw| raw.statuses())
        .filter(|statuses| {
            statuses.iter().any(|status| {
                matches!(
                    status.state,
                    peer_core::ConnectionState::ClosedByPeer { reason: EndReason::Full, .. }
                )
            })
        })
        .count();
    assert_eq!(refused, 5);
}

#[test]
fn strangers_who_dial_do_not_keep_members_out() {
    let mut world = World::new(1, 2, Topology::Lobby, NetworkSettings::default(), LinkSettings::default());
    world.join(0);
    let strangers: Vec<_> = (0..2 * MAX_PENDING_APPROVAL as u64)
        .map(|number| {
            let mut raw = RawPeer::new(&world.network, SteamId(FOREIGN + number));
            raw.dial(steam_id(0), VirtualPort(0)).unwrap();
            raw
        })
        .collect();
    world.run(Duration::from_millis(500));
    let refused = |world: &World| {
        world.endings.iter().filter(|(_, _, reason)| *reason == EndReason::NotInLobby).count()
    };
    assert_eq!(refused(&world), MAX_PENDING_APPROVAL, "as many wait as may, the latest");
    world.join(1);
    world.run(Duration::from_secs(1));
    assert_eq!(world.session(0).unwrap().peers().len(), 1);
    world.run(APPROVAL_TIMEOUT);
    assert_eq!(refused(&world), strangers.len());
}

#[test]
fn a_hundred_members_join_one_lobby_and_settle() {
    const MEMBERS: usize = 100;
    const STEP: usize = 20;
    let mut world = World::new(1, MEMBERS, Topology::Lobby, NetworkSettings::default(), fast());
    let mut asked = Vec::new();
    for player in 0..MEMBERS {
        world.join(player);
        world.frame();
        if (player + 1) % STEP == 0 {
            world.run(Duration::from_secs(1));
            asked.push(world.asked());
        }
    }
    world.run(Duration::from_secs(5));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.ledger.no_offence(), Ok(()));
    // The n-th member has n - 1 others to meet. So twenty joins ask of the network (a dial, an acceptance, two hellos
    // each way, then word of the match) what twenty joins asked before, and as much again for each twenty that are there
    // already: linear.
    let steps: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let growth: Vec<_> = steps.windows(2).map(|pair| pair[1].abs_diff(pair[0])).collect();
    let per_join = (STEP * STEP * 14) as u64;
    assert!(growth.iter().all(|&growth| growth <= per_join), "{asked:?} {growth:?}");
    // And nobody dialled anyone twice.
    let pairs = (MEMBERS * (MEMBERS - 1) / 2) as u64;
    assert_eq!(world.dials(), pairs);
}
