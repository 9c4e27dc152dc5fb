//! Who may connect, and what a host means to its clients.

use super::*;

#[test]
fn new_connections_can_be_refused() {
    let (network, mut host) = hosting();
    let first = client_of(&mut host, 2);
    host.session.settings_mut().refuse_new_connections = true;
    let mut second = Solo::new(&network, SteamId(3));
    second.session.create_client(HOST, PORT, network.now()).unwrap();
    run(&mut [&mut host, &mut second], seconds(1));
    assert_eq!(second.session.status(), Status::Disconnected);
    assert_eq!(second.reason_of(HOST), Some(EndReason::Refused));
    assert_eq!(first.session.status(), Status::Connected);
    assert_eq!(host.session.peers().len(), 1);
}

#[test]
fn with_a_lobby_tracked_strangers_are_refused_and_members_are_not() {
    let mut world = world(2, Topology::Lobby);
    world.assemble();
    let mut stranger = RawPeer::new(&world.network, SteamId(FOREIGN));
    stranger.dial(steam_id(0), PORT).unwrap();
    world.run(seconds(6));
    let refusal = stranger.statuses().into_iter().find_map(|status| match status.state {
        ConnectionState::ClosedByPeer { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(refusal, Some(EndReason::NotInLobby));
    world.session(0).unwrap().settings_mut().lobby_members_only = false;
    let mut guest = RawPeer::new(&world.network, SteamId(FOREIGN + 1));
    guest.dial(steam_id(0), PORT).unwrap();
    world.run(seconds(1));
    assert!(guest.statuses().iter().any(|status| status.state == ConnectionState::Connected));
}

#[test]
fn a_member_that_is_faster_than_the_lobby_is_let_in() {
    let slow = NetworkSettings { lobby_latency: seconds(2), ..NetworkSettings::default() };
    let mut world = world_with(3, Topology::Lobby, slow, 0.0);
    for player in 0..3 {
        world.join(player);
    }
    world.run(seconds(1));
    assert!(world.session(0).unwrap().peers().is_empty(), "the lobby has not announced it yet");
    world.run(seconds(4));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.session(0).unwrap().peers().len(), 2);
}

#[test]
fn with_server_relay_clients_have_the_host_alone() {
    let mut world = world(4, Topology::Relay);
    world.assemble();
    assert_eq!(world.session(0).unwrap().peers().len(), 3);
    assert_eq!(world.session(1).unwrap().peers().len(), 1);
    let now = world.network.now();
    let refused = world.session(1).unwrap().add_peer(steam_id(2), PORT, now);
    assert_eq!(refused, Err(SessionError::Relayed));
}

#[test]
fn another_client_that_is_faster_than_the_host_is_announced_after_it() {
    let mut world = world(3, Topology::Lobby);
    world.join(0);
    world.join(1);
    world.run(seconds(1));
    world.network.partition(steam_id(0), steam_id(2));
    world.join(2);
    world.run(seconds(3));
    assert_eq!(world.session(2).unwrap().status(), Status::Connecting);
    // Player 1 knows it already, and its packets wait.
    world.put(1, Target::All, 0, TransferMode::Reliable, 50).unwrap().unwrap();
    world.run(seconds(1));
    world.network.heal(steam_id(0), steam_id(2));
    world.run(seconds(3));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.session(2).unwrap().peers()[0].id, PeerId::HOST);
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn a_killed_host_ends_every_client() {
    let mut world = world(4, Topology::Lobby);
    world.assemble();
    world.kill(0);
    world.run(seconds(12));
    for player in 1..4 {
        assert_eq!(world.session(player).unwrap().status(), Status::Disconnected, "player {player}");
        assert!(world.session(player).unwrap().peers().is_empty());
    }
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn a_host_that_is_not_there_is_dialled_for_half_a_minute_and_told_of_once() {
    let network = Network::new(1);
    let mut client = Solo::new(&network, SteamId(2));
    client.session.create_client(HOST, PORT, network.now()).unwrap();
    run(&mut [&mut client], seconds(29));
    assert_eq!(client.session.status(), Status::Connecting);
    run(&mut [&mut client], seconds(2));
    assert_eq!(client.session.status(), Status::Disconnected);
    assert_eq!(client.reason_of(HOST), Some(EndReason::Other(5003)));
    assert_eq!(client.events.len(), 1, "no peer is announced: {:?}", client.events);
}

#[test]
fn a_bad_certificate_is_retried() {
    for (failures, expected) in [(6, Status::Connected), (60, Status::Disconnected)] {
        let (network, mut host) = hosting();
        let mut client = Solo::new(&network, SteamId(2));
        network.bad_certificates(HOST, SteamId(2), failures);
        client.session.create_client(HOST, PORT, network.now()).unwrap();
        run(&mut [&mut host, &mut client], seconds(60));
        assert_eq!(client.session.status(), expected, "{failures} failures");
    }
}
