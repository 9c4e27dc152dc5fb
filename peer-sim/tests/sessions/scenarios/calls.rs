//! Calls of a game, and what they answer.

use super::*;

#[test]
fn every_wrong_put_has_its_error_and_sends_nothing() {
    let network = Network::new(1);
    let mut host = Solo::new(&network, HOST);
    let put = |host: &mut Solo, target, len| {
        host.session.put(target, Channel::ZERO, TransferMode::Reliable, &vec![1; len])
    };
    assert_eq!(put(&mut host, Target::All, 1), Err(PutError::NotConnected));
    host.session.create_host(PORT, network.now()).unwrap();
    assert_eq!(put(&mut host, Target::All, 1), Ok(()), "nobody is there to hear it");
    let mut client = client_of(&mut host, 2);
    let id = client.session.unique_id().unwrap();
    let other = PeerId::new(id.get() ^ 4).unwrap();
    assert_eq!(put(&mut host, Target::All, 0), Err(PutError::Empty));
    assert_eq!(put(&mut host, Target::All, 524_288), Ok(()));
    host.session.settings_mut().max_packet_bytes = 600_000;
    assert_eq!(put(&mut host, Target::All, 600_001), Err(PutError::TooLarge(600_001, 600_000)));
    assert_eq!(put(&mut host, Target::Only(other), 1), Err(PutError::UnknownTarget(other.to_godot())));
    assert_eq!(put(&mut host, Target::AllBut(other), 1), Err(PutError::UnknownTarget(-other.to_godot())));
    assert_eq!(put(&mut host, Target::Only(PeerId::HOST), 1), Err(PutError::UnknownTarget(1)), "oneself");
    assert_eq!(Channel::try_from(84), Err(PutError::UnknownChannel(84)));
    assert_eq!(Channel::try_from(-1), Err(PutError::UnknownChannel(-1)));
    assert_eq!(Target::try_from(i32::MIN), Err(PutError::UnknownTarget(i32::MIN)));
    assert_eq!(Target::try_from(-2), Ok(Target::AllBut(PeerId::new(2).unwrap())));
    run(&mut [&mut host, &mut client], seconds(4));
    assert_eq!(client.read().len(), 1);
}

#[test]
fn every_wrong_start_has_its_error() {
    let (network, mut host) = hosting();
    let now = network.now();
    assert_eq!(host.session.create_host(PORT, now), Err(SessionError::AlreadyInUse));
    assert_eq!(host.session.create_client(SteamId(2), PORT, now), Err(SessionError::AlreadyInUse));
    assert_eq!(host.session.add_peer(HOST, PORT, now), Err(SessionError::Oneself));
    let mut idle = Solo::new(&network, SteamId(2));
    assert_eq!(idle.session.add_peer(HOST, PORT, now), Err(SessionError::NotActive));
    assert_eq!(idle.session.create_client(SteamId(2), PORT, now), Err(SessionError::Oneself));
    assert_eq!(idle.session.disconnect_peer(PeerId::HOST, false, now), Err(SessionError::UnknownPeer(1)));
    let id = peer_core::LobbyId(9);
    let lobby = |owner, members: &[u64]| Lobby {
        id,
        owner: SteamId(owner),
        members: members.iter().copied().map(SteamId).collect(),
    };
    assert_eq!(idle.session.host_with_lobby(&lobby(1, &[1, 2]), now), Err(SessionError::NotLobbyOwner(id)));
    assert_eq!(idle.session.connect_to_lobby(&lobby(1, &[1]), now), Err(SessionError::NotInLobby(id)));
    assert_eq!(idle.session.connect_to_lobby(&lobby(2, &[1, 2]), now), Err(SessionError::OwnLobby(id)));
    assert_eq!(host.session.host_with_lobby(&lobby(1, &[1]), now), Err(SessionError::AlreadyInUse));
    assert_eq!(idle.session.status(), Status::Disconnected);
    let bad = LaneConfig { priority: 0, weight: 0 };
    assert_eq!(idle.session.set_channel_priority(Channel::ZERO, bad), Err(SessionError::BadPriority));
}

#[test]
fn every_channel_works_and_a_large_unreliable_packet_arrives_reliably() {
    let (_, mut host, mut client) = host_and_client();
    client.session.set_channel_priority(Channel::MAX, LaneConfig { priority: 3, weight: 9 }).unwrap();
    for channel in (0..84).rev().filter_map(Channel::new) {
        for mode in TransferMode::ALL {
            client.session.put(Target::All, channel, mode, &[channel.get()]).unwrap();
        }
    }
    client.session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, &vec![7; 16_501]).unwrap();
    run(&mut [&mut host, &mut client], seconds(3));
    let read = host.read();
    assert_eq!(read.len(), 84 * 3 + 1);
    for (_, channel, mode, payload) in read {
        if payload.len() > 1 {
            assert_eq!((channel, mode), (0, TransferMode::Reliable));
        } else {
            assert_eq!(payload, [channel]);
        }
    }
}

#[test]
fn no_nagle_sends_at_once_and_otherwise_a_frame_is_one_flush() {
    let (_, mut host, mut client) = host_and_client();
    let out = |client: &Solo| client.session.counters().packets_out;
    for _ in 0..10 {
        client.session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, b"x").unwrap();
    }
    assert_eq!(out(&client), 0, "it waits for the frame's end");
    client.session.flush();
    assert_eq!(out(&client), 10);
    client.session.settings_mut().no_nagle = true;
    client.session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, b"x").unwrap();
    assert_eq!(out(&client), 11);
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(host.read().len(), 11);
}

#[test]
fn no_delay_drops_what_cannot_go_out_and_loses_nothing_reliable() {
    let network = Network::new(1);
    network.set_default_link(LinkSettings { bandwidth: 20_000, ..LinkSettings::default() });
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    client.session.settings_mut().no_delay = true;
    for _ in 0..50 {
        for mode in TransferMode::ALL {
            client.session.put(Target::All, Channel::ZERO, mode, &[7; 900]).unwrap();
        }
    }
    run(&mut [&mut host, &mut client], seconds(10));
    let read = host.read();
    assert_eq!(read.iter().filter(|(_, _, mode, _)| mode.is_reliable()).count(), 50);
    assert!(client.session.counters().unreliable_unsent > 50);
}

#[test]
fn figures_of_a_peer_are_there_as_long_as_the_peer_is() {
    let (network, _host, mut client) = host_and_client();
    let ping = client.session.real_time_status(PeerId::HOST).unwrap().ping_ms;
    assert!((1..200).contains(&ping), "{ping}");
    assert_eq!(client.session.backlog_bytes(PeerId::HOST), Some(0));
    assert_eq!(client.session.local_steam_id(), Some(SteamId(2)));
    assert_eq!(client.session.steam_id_for_peer_id(PeerId::HOST), Some(HOST));
    assert_eq!(client.session.peer_id_for_steam_id(SteamId(2)), client.session.unique_id());
    client.session.close(network.now());
    assert_eq!(client.session.real_time_status(PeerId::HOST), None);
    assert_eq!(client.session.transport().local_steam_id(), Some(SteamId(2)));
}
