//! Whether the host relays, or clients connect to each other: the same for everyone, and the host decides.

use super::*;

/// A host and two clients, with what each has set, in a lobby or not, after a few seconds.
fn three(settings: [Option<bool>; 3], in_lobby: bool, to_join: impl Fn(&mut Solo)) -> Vec<Solo> {
    let network = Network::new(1);
    let users = [HOST, SteamId(2), SteamId(3)];
    let lobby = Lobby { id: peer_core::LobbyId(1), owner: HOST, members: users.to_vec() };
    let mut players: Vec<_> = users.iter().map(|&user| Solo::new(&network, user)).collect();
    for (player, setting) in players.iter_mut().zip(settings) {
        player.session.settings_mut().server_relay = setting;
        let (now, is_host) = (network.now(), player.session.local_steam_id() == Some(HOST));
        match (is_host, in_lobby) {
            (true, true) => player.session.host_with_lobby(&lobby, now).unwrap(),
            (false, true) => player.session.connect_to_lobby(&lobby, now).unwrap(),
            (true, false) => player.session.create_host(PORT, now).unwrap(),
            (false, false) => player.session.create_client(HOST, PORT, now).unwrap(),
        }
        if !is_host {
            to_join(player);
        }
    }
    run(&mut players.iter_mut().collect::<Vec<_>>(), seconds(4));
    players
}

/// Whether the clients know each other, which all three agree on.
fn is_mesh(players: &[Solo]) -> bool {
    let is_mesh = players[1].session.peers().len() == 2;
    assert_eq!(players[0].session.peers().len(), 2);
    for player in players {
        assert_eq!(player.session.is_server_relay(), !is_mesh);
        assert_eq!(player.session.peers().len() == 2, is_mesh || player.session.is_host());
        assert_eq!(player.session.status(), Status::Connected);
    }
    is_mesh
}

fn warnings(player: &Solo) -> usize {
    player.events.iter().filter(|event| matches!(event, Event::RelayOverridden { .. })).count()
}

#[test]
fn the_hosts_setting_holds_for_all_and_who_has_set_another_is_told_before_it_is_connected() {
    for in_lobby in [true, false] {
        for host in [None, Some(true), Some(false)] {
            for clients in
                [[None, None], [Some(true), Some(true)], [Some(false), Some(false)], [Some(true), None]]
            {
                let players = three([host, clients[0], clients[1]], in_lobby, |_| {});
                // Nobody dials for a mesh without a lobby.
                let relays = host.unwrap_or(!in_lobby);
                if in_lobby || relays {
                    assert_eq!(is_mesh(&players), !relays, "{host:?}, {clients:?}, lobby: {in_lobby}");
                }
                for (client, setting) in players[1..].iter().zip(clients) {
                    let differs = setting.is_some_and(|setting| setting != relays);
                    assert_eq!(
                        warnings(client),
                        usize::from(differs),
                        "{host:?}, {clients:?}, lobby: {in_lobby}"
                    );
                    if differs {
                        assert_eq!(
                            client.events.iter().position(|event| matches!(event, Event::PeerConnected(_))),
                            Some(1)
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn clients_that_connect_to_each_other_by_add_peer_make_a_mesh_where_nobody_has_decided() {
    let connect = |client: &mut Solo| {
        for other in [SteamId(2), SteamId(3)] {
            let added = client.session.add_peer(other, PORT, client.network.now());
            let is_own = client.session.local_steam_id() == Some(other);
            assert_eq!(added, if is_own { Err(SessionError::Oneself) } else { Ok(()) });
        }
    };
    assert!(is_mesh(&three([None; 3], false, connect)));
    // Not where the host relays for others already.
    let (network, mut host) = hosting();
    let first = client_of(&mut host, 2);
    let mut late = Solo::new(&network, SteamId(3));
    late.session.create_client(HOST, PORT, network.now()).unwrap();
    late.session.add_peer(SteamId(2), PORT, network.now()).unwrap();
    let mut first = first;
    run(&mut [&mut host, &mut first, &mut late], seconds(3));
    assert!(late.session.is_server_relay() && !is_mesh(&[host, first, late]));
}

#[test]
fn a_host_takes_as_many_clients_as_it_may_and_has_room_again_when_one_leaves() {
    let (network, mut host) = hosting();
    host.session.settings_mut().max_clients = 2;
    let mut clients = [2, 3].map(|user| client_of(&mut host, user));
    // Two at a time, for none of whom there is room.
    let mut late = [4, 5].map(|user| Solo::new(&network, SteamId(user)));
    for solo in &mut late {
        solo.session.create_client(HOST, PORT, network.now()).unwrap();
    }
    let [a, b] = &mut late;
    run(&mut [&mut host, a, b], seconds(2));
    for solo in [a, b] {
        assert_eq!(solo.reason_of(HOST), Some(EndReason::Full));
        assert_eq!(solo.session.status(), Status::Disconnected);
    }
    clients[1].session.close(network.now());
    let [_, leaver] = &mut clients;
    run(&mut [&mut host, leaver], seconds(1));
    let third = client_of(&mut host, 6);
    assert_eq!(host.session.peers().len(), 2);
    drop(third);
}
