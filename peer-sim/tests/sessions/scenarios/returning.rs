//! Sessions that follow one another, in one process or in the next; lines that come back.

use super::*;

/// Games make a new peer for each session, so what the former one still owes is another session's.
#[test]
fn the_next_session_of_a_process_dials_whom_the_former_still_drains_to() {
    let (network, mut host) = hosting();
    let mut former = client_of(&mut host, 2);
    for _ in 0..200 {
        former.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
    }
    let sibling = former.session.transport().sibling();
    let mut next = Solo { network: network.clone(), session: Session::new(sibling, 3), events: Vec::new() };
    former.session.close(network.now());
    assert!(former.session.is_draining());
    next.session.create_client(HOST, PORT, network.now()).unwrap();
    assert_eq!(next.session.status(), Status::Connecting);
    run(&mut [&mut host, &mut former, &mut next], seconds(5));
    assert_eq!(host.read().len(), 200, "what the former session still owed");
    assert_eq!(next.session.status(), Status::Connected);
    assert_eq!(next.events, [Event::PeerConnected(PeerId::HOST)]);
}

#[test]
fn a_listen_socket_outlives_what_was_accepted_on_it_and_is_taken_over() {
    let (network, mut host, mut client) = host_and_client();
    for _ in 0..200 {
        host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
    }
    host.session.close(network.now());
    assert!(host.session.is_draining());
    assert_eq!(network.counters_of(HOST).listen_sockets, 1);
    // The same port again, at once; then another one.
    host.session.create_host(PORT, network.now()).unwrap();
    host.session.close(network.now());
    host.session.create_host(VirtualPort(5), network.now()).unwrap();
    assert_eq!(network.counters_of(HOST).listen_sockets, 2);
    let mut heard = 0;
    for _ in 0..300 {
        run(&mut [&mut host, &mut client], FRAME);
        heard += client.read().len();
    }
    assert_eq!(heard, 200, "closing the old session has lost nothing");
    assert!(!host.session.is_draining());
    assert_eq!(network.counters_of(HOST).listen_sockets, 1, "the old port is closed once nobody needs it");
}

#[test]
fn another_session_of_the_process_takes_the_port_over_while_the_first_one_drains() {
    let network = Network::new(1);
    let mut first = Solo::host(&network);
    let transport = first.session.transport().sibling();
    let mut second = Solo { network: network.clone(), session: Session::new(transport, 2), events: vec![] };
    let mut old = client_of(&mut first, 2);
    for _ in 0..200 {
        first.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
    }
    let error = second.session.create_host(PORT, network.now());
    assert!(matches!(error, Err(SessionError::Listen(_))), "it is the first one's: {error:?}");
    first.session.close(network.now());
    second.session.create_host(PORT, network.now()).unwrap();
    let mut new = Solo::new(&network, SteamId(3));
    new.session.create_client(HOST, PORT, network.now()).unwrap();
    let mut heard = 0;
    while first.session.is_draining() {
        assert!(network.now() < Time::ZERO + seconds(10));
        run(&mut [&mut first, &mut second, &mut old, &mut new], FRAME);
        heard += old.read().len();
    }
    run(&mut [&mut first, &mut second, &mut old, &mut new], seconds(1));
    assert_eq!((heard, old.session.status()), (200, Status::Disconnected));
    assert_eq!((new.session.status(), second.session.peers().len()), (Status::Connected, 1));
    drop(first);
    run(&mut [&mut second, &mut new], seconds(15));
    assert_eq!(new.session.status(), Status::Connected);
    drop((second, new, old));
    assert!(network.counters().is_empty());
}

#[test]
fn leaving_and_coming_back_at_once_works_in_one_process() {
    let mut world = world(3, Topology::Lobby);
    world.assemble();
    for _ in 0..5 {
        world.put(1, Target::All, 0, TransferMode::Reliable, 5000).unwrap().unwrap();
        world.leave(1);
        world.join(1);
        world.run(seconds(4));
        assert_eq!(world.everyone_agrees(), Ok(()));
        assert_eq!(world.session(1).unwrap().peers().len(), 2);
    }
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn a_newer_connection_of_a_user_replaces_the_older() {
    let settings = NetworkSettings { duplicates: DuplicatePolicy::Delivered, ..NetworkSettings::default() };
    let mut world = world_with(3, Topology::Lobby, settings, 0.0);
    world.assemble();
    let old = world.session(1).unwrap().unique_id().unwrap();
    world.kill(1);
    world.join(1);
    world.run(seconds(2));
    let new = world.session(1).unwrap().unique_id().unwrap();
    let host = world.session(0).unwrap();
    assert_eq!(host.peer_id_for_steam_id(steam_id(1)), Some(new));
    assert_eq!(host.peer(old), None);
    assert!(world.endings.contains(&(0, steam_id(1), EndReason::Replaced)));
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn a_killed_client_is_gone_within_steams_timeout_and_can_come_back() {
    let mut world = world(3, Topology::Lobby);
    world.assemble();
    world.kill(1);
    world.run(seconds(11));
    assert_eq!(world.session(0).unwrap().peers().len(), 1);
    world.join(1);
    world.run(seconds(2));
    assert_eq!(world.everyone_agrees(), Ok(()));
}

#[test]
fn clients_of_a_lobby_find_each_other_again_after_a_long_partition() {
    let mut world = world(3, Topology::Lobby);
    world.assemble();
    world.network.partition(steam_id(1), steam_id(2));
    world.run(seconds(60));
    assert_eq!(world.session(1).unwrap().peers().len(), 1);
    world.network.heal(steam_id(1), steam_id(2));
    world.run(seconds(30));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.session(1).unwrap().peers().len(), 2);
    let reported = world.endings.iter().filter(|ending| ending.0 == 1).count();
    assert!(reported <= 2, "a dial that is made over and over is reported once: {reported}");
}

#[test]
fn a_short_partition_loses_nothing() {
    let mut world = world(2, Topology::Lobby);
    world.assemble();
    world.network.partition(steam_id(0), steam_id(1));
    for _ in 0..100 {
        world.put(1, Target::All, 2, TransferMode::Reliable, 300).unwrap().unwrap();
        world.frame();
    }
    world.run(seconds(5));
    world.network.heal(steam_id(0), steam_id(1));
    world.run(seconds(5));
    assert_eq!(world.session(0).unwrap().peers().len(), 1);
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
}

#[test]
fn who_joins_speaks_and_leaves_between_two_polls_is_heard() {
    let (network, mut host) = hosting();
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.send(connection, 0, SendFlags::RELIABLE, hello(7).encode());
    raw.send(connection, 1, SendFlags::RELIABLE, &b"in passing"[..]);
    let goodbye = peer_core::Goodbye {
        reason: EndReason::Left,
        message: String::new(),
        last_numbers: std::iter::once((Lane::new(1).unwrap(), 1)).collect(),
    };
    raw.send(connection, 0, SendFlags::RELIABLE, goodbye.encode());
    network.advance(seconds(1));
    host.frame();
    assert_eq!(host.read().len(), 1);
    host.frame();
    let id = PeerId::new(7).unwrap();
    assert_eq!(host.events.first(), Some(&Event::PeerConnected(id)));
    assert_eq!(host.events.last(), Some(&Event::PeerDisconnected(id)));
}

/// A laptop that is closed: whoever was connected gives it up, and so does it once it is awake; then it may come back.
#[test]
fn a_machine_that_slept_for_a_minute_has_lost_its_host_and_can_come_back() {
    let mut world = world(3, Topology::Lobby);
    world.assemble();
    world.network.sleep(steam_id(1), seconds(60));
    world.run(seconds(12));
    for player in [0, 2] {
        assert_eq!(world.session(player).unwrap().peers().len(), 1, "player {player}");
    }
    world.run(seconds(60));
    assert_eq!(world.session(1).unwrap().status(), Status::Disconnected);
    world.join(1);
    world.run(seconds(3));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.session(1).unwrap().peers().len(), 2);
    assert_eq!(world.ledger.no_offence(), Ok(()));
}
