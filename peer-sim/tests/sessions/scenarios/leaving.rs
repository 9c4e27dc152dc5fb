//! How players leave, and what still arrives.

use super::*;

#[test]
fn a_packet_put_just_before_close_arrives_and_the_leave_is_known_within_a_second() {
    for loss in [0.0, 0.1] {
        let mut world = world_with(3, Topology::Lobby, NetworkSettings::default(), loss);
        world.assemble();
        for channel in 0..3 {
            world.put(1, Target::All, channel, TransferMode::Reliable, 500).unwrap().unwrap();
        }
        world.leave(1);
        assert_eq!(world.session(1).unwrap().status(), Status::Disconnected);
        world.run(if loss > 0.0 { seconds(3) } else { seconds(1) });
        for player in [0, 2] {
            assert_eq!(world.session(player).unwrap().peers().len(), 1, "loss {loss}");
        }
        assert_eq!(world.ledger.nothing_put_before_a_close_is_missing(), Ok(()));
        let ends: Vec<_> = world.endings.iter().map(|&(_, who, reason)| (who, reason)).collect();
        assert_eq!(ends, [(steam_id(1), EndReason::Left); 2]);
    }
}

#[test]
fn who_leaves_just_as_the_other_process_ends_is_not_kept() {
    // With little to say and much, and to someone whose own line is busy, so that nothing goes out at once.
    for (packets, is_busy) in [(1, false), (300, false), (1, true)] {
        let (network, mut host, mut client) = host_and_client();
        if is_busy {
            let slow = LinkSettings { bandwidth: 10_000, ..LinkSettings::default() };
            network.set_link(HOST, SteamId(2), slow);
        }
        for _ in 0..packets {
            client.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
        }
        client.session.close(network.now());
        let left = Event::PeerDisconnected(host.session.peers()[0].id);
        let mut heard = 0;
        while !host.events.contains(&left) {
            assert!(network.now() < Time::ZERO + seconds(10));
            if is_busy {
                host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 3000]).unwrap();
            }
            run(&mut [&mut client], FRAME);
            host.frame();
            heard += host.read().len();
        }
        assert_eq!(heard, packets);
        assert!(client.session.is_draining());
        assert_eq!(host.session.is_draining(), is_busy, "its answer is out, or it waits for that");
        let until = network.now() + Duration::from_millis(500);
        while host.session.is_draining() {
            assert!(network.now() < until);
            run(&mut [&mut host, &mut client], FRAME);
        }
        // Not a moment later.
        drop(host);
        run(&mut [&mut client], Duration::from_millis(100));
        assert!(!client.session.is_draining());
        assert!(network.counters().is_empty());
    }
}

#[test]
fn a_goodbye_that_promises_what_never_comes_is_believed_for_twenty_seconds() {
    let (network, mut host) = hosting();
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.send(connection, 0, SendFlags::RELIABLE, hello(7).encode());
    let goodbye = peer_core::Goodbye {
        reason: EndReason::Left,
        message: "so long".to_owned(),
        last_numbers: std::iter::once((Lane::new(1).unwrap(), 1000)).collect(),
    };
    raw.send(connection, 0, SendFlags::RELIABLE, goodbye.encode());
    run(&mut [&mut host], seconds(19));
    assert_eq!(host.session.peers().len(), 1);
    run(&mut [&mut host], seconds(2));
    assert!(host.session.peers().is_empty());
    let has_ended = host.events.iter().any(|event| {
        matches!(event, Event::ConnectionEnded { reason: EndReason::Left, message, .. } if message == "so long")
    });
    assert!(has_ended, "{:?}", host.events);
}

#[test]
fn a_kicked_peer_hears_why() {
    let (network, mut host, mut client) = host_and_client();
    let id = client.session.unique_id().unwrap();
    host.session.put(Target::Only(id), Channel::ZERO, TransferMode::Reliable, b"before").unwrap();
    host.session.kick(id, "no cheating", network.now()).unwrap();
    assert_eq!(host.session.peers().len(), 1, "the signal comes from a later poll");
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(client.session.status(), Status::Connected, "what was put before can still be read");
    assert_eq!(client.read().len(), 1);
    run(&mut [&mut client], FRAME);
    let expected = Event::ConnectionEnded {
        steam_id: HOST,
        peer: Some(PeerId::HOST),
        reason: EndReason::Kicked,
        message: "no cheating".to_owned(),
    };
    assert_eq!(client.events[1..], [expected, Event::PeerDisconnected(PeerId::HOST)]);
    assert_eq!(client.session.status(), Status::Disconnected);
    assert_eq!(host.events.last(), Some(&Event::PeerDisconnected(id)));
}

#[test]
fn a_forced_disconnect_is_at_once_and_without_a_signal() {
    let (network, mut host, mut client) = host_and_client();
    let id = client.session.unique_id().unwrap();
    host.session.disconnect_peer(id, true, network.now()).unwrap();
    assert!(host.session.peers().is_empty());
    let unknown = host.session.put(Target::Only(id), Channel::ZERO, TransferMode::Reliable, b"x");
    assert_eq!(unknown, Err(PutError::UnknownTarget(id.to_godot())));
    assert!(host.session.disconnect_peer(id, false, network.now()).is_err());
    host.events.clear();
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(host.events, []);
    assert_eq!(client.session.status(), Status::Disconnected);
}

#[test]
fn a_client_that_disconnects_its_host_has_left() {
    let (network, mut host, mut client) = host_and_client();
    client.session.disconnect_peer(PeerId::HOST, false, network.now()).unwrap();
    assert_eq!(client.session.status(), Status::Connected);
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(client.session.status(), Status::Disconnected);
    assert!(host.session.peers().is_empty());
}

#[test]
fn packets_for_a_peer_that_is_leaving_are_dropped_without_an_error() {
    let (network, mut host, mut client) = host_and_client();
    let id = client.session.unique_id().unwrap();
    client.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"good game").unwrap();
    client.session.close(network.now());
    // The host polls and does not read: the peer is still there, on its way out.
    for _ in 0..60 {
        client.frame();
        host.frame();
        network.advance(FRAME);
    }
    assert_eq!(host.session.available(), 1);
    assert_eq!(host.session.put(Target::Only(id), Channel::ZERO, TransferMode::Reliable, b"x"), Ok(()));
    assert_eq!(host.read().len(), 1);
    run(&mut [&mut host], FRAME);
    assert!(host.session.peers().is_empty());
}

#[test]
fn a_game_that_does_not_read_hears_of_the_end_all_the_same() {
    let (network, mut host, mut client) = host_and_client();
    client.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"unread").unwrap();
    client.session.close(network.now());
    run(&mut [&mut host, &mut client], seconds(9));
    assert_eq!(host.session.peers().len(), 1);
    run(&mut [&mut host], seconds(3));
    assert!(host.session.peers().is_empty());
    assert_eq!(host.session.available(), 0, "what was not read goes with its peer");
}

#[test]
fn every_handler_may_close_the_session() {
    for stop_at in 0..4 {
        let mut world = world(4, Topology::Lobby);
        world.assemble();
        let network = world.network.clone();
        // Player 1 hears of three peers' ends at once, and closes at one of them.
        world.leave(0);
        for _ in 0..90 {
            world.frame();
            let session = world.session(1).unwrap();
            session.poll(network.now());
            let mut seen = 0;
            while let Some(event) = session.next_event() {
                if matches!(event, Event::PeerDisconnected(_)) && seen == stop_at {
                    session.close(network.now());
                    assert_eq!(session.next_event(), None);
                    assert_eq!(session.status(), Status::Disconnected);
                }
                seen += 1;
            }
        }
        assert!(world.session(1).unwrap().peers().is_empty());
    }
}

#[test]
fn host_close_host_again_a_thousand_times() {
    let network = Network::new(1);
    let mut host = Solo::new(&network, HOST);
    let mut client = Solo::new(&network, SteamId(2));
    for round in 0..1000 {
        host.session.create_host(PORT, network.now()).unwrap();
        client.session.create_client(HOST, PORT, network.now()).unwrap();
        for _ in 0..300 {
            run(&mut [&mut host, &mut client], FRAME);
            if client.session.status() == Status::Connected {
                break;
            }
        }
        assert_eq!(client.session.status(), Status::Connected, "round {round}");
        host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"end of round").unwrap();
        host.session.close(network.now());
        let mut heard = 0;
        for _ in 0..300 {
            run(&mut [&mut host, &mut client], FRAME);
            heard += client.read().len();
            if client.session.status() == Status::Disconnected {
                break;
            }
        }
        assert_eq!((client.session.status(), heard), (Status::Disconnected, 1), "round {round}");
        host.events.clear();
        client.events.clear();
    }
    run(&mut [&mut host, &mut client], seconds(25));
    let left = network.counters();
    assert!(left.is_empty(), "{left:?}");
}

/// Their goodbyes cross. Whoever is done first closes, and Steam may never say so to the other.
#[test]
fn two_who_leave_each_other_are_both_done_at_once() {
    for late in 0..40 {
        let network = Network::new(1);
        network.set_default_link(LinkSettings::with_latency(Duration::from_millis(20)));
        let mut host = Solo::host(&network);
        let mut client = client_of(&mut host, 2);
        host.session.close(network.now());
        network.advance(Duration::from_millis(late));
        client.session.close(network.now());
        run(&mut [&mut host, &mut client], seconds(1));
        assert!(!host.session.is_draining() && !client.session.is_draining(), "{late} ms later");
        assert_eq!(network.counters().open_connections, 0, "{late} ms later");
    }
}
