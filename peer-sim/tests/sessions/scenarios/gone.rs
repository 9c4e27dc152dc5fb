//! Who is gone is gone soon, who is only quiet is not, and who comes back gets in.

use peer_core::limits::MAX_INBOX_PACKETS;
use peer_core::{Lobby, LobbyId};

use super::*;

const ANNA: SteamId = SteamId(2);
const BEN: SteamId = SteamId(3);

/// Frames for a while, in which the first says something to everyone if it is busy.
fn play(solos: &mut [&mut Solo], duration: Duration, is_busy: bool) {
    let until = solos[0].now() + duration;
    while solos[0].now() < until {
        if is_busy {
            // There may be nobody to hear it.
            let _ = solos[0].session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, b"x");
        }
        run(solos, FRAME);
        for solo in solos.iter_mut() {
            solo.read();
        }
    }
}

#[test]
fn a_killed_peer_is_gone_within_ten_seconds_and_a_line_that_was_dead_for_eight_loses_nobody() {
    for (seed, is_busy) in (0..20).flat_map(|seed| [(seed, false), (seed, true)]) {
        let network = Network::with_settings(seed, NetworkSettings::hardest());
        let mut host = Solo::host(&network);
        let mut client = client_of(&mut host, 2);
        play(&mut [&mut host, &mut client], Duration::from_millis(seed * 110), is_busy);
        network.partition(HOST, SteamId(2));
        play(&mut [&mut host, &mut client], seconds(8), is_busy);
        network.heal(HOST, SteamId(2));
        play(&mut [&mut host, &mut client], seconds(12), is_busy);
        assert_eq!(host.session.peers().len(), 1, "seed {seed}, busy {is_busy}: the line was dead for 8 s");
        assert_eq!(client.session.status(), Status::Connected);

        network.kill(SteamId(2));
        drop(client);
        play(&mut [&mut host], seconds(8), is_busy);
        assert_eq!(host.session.peers().len(), 1, "seed {seed}, busy {is_busy}: too early");
        play(&mut [&mut host], seconds(2), is_busy);
        assert!(host.session.peers().is_empty(), "seed {seed}, busy {is_busy}: too late");
    }
}

/// A host with Anna, who is in its lobby.
fn lobby_of_two(network: &Network) -> (LobbyId, Solo, Solo) {
    let id = network.create_lobby(HOST);
    assert!(network.join_lobby(id, ANNA));
    let lobby = Lobby { id, owner: HOST, members: vec![HOST, ANNA] };
    let mut host = Solo::new(network, HOST);
    host.session.host_with_lobby(&lobby, network.now()).unwrap();
    let mut anna = Solo::new(network, ANNA);
    anna.session.connect_to_lobby(&lobby, network.now()).unwrap();
    run(&mut [&mut host, &mut anna], seconds(3));
    assert_eq!(anna.session.status(), Status::Connected);
    (id, host, anna)
}

#[test]
fn a_silent_member_that_has_left_the_lobby_is_gone_within_two_seconds() {
    for seed in 0..20 {
        let network = Network::with_settings(seed, NetworkSettings::hardest());
        let (lobby, mut host, anna) = lobby_of_two(&network);
        network.kill(ANNA);
        drop(anna);
        run(&mut [&mut host], Duration::from_millis(seed * 16));
        host.session.lobby_member_left(lobby, ANNA);
        run(&mut [&mut host], seconds(2));
        assert!(host.session.peers().is_empty(), "seed {seed}");
        assert_eq!(host.reason_of(ANNA).map(EndReason::code), Some(5003));
    }
}

#[test]
fn a_member_that_has_only_left_the_lobby_plays_on() {
    for (seed, is_blocked) in (0..20).flat_map(|seed| [(seed, false), (seed, true)]) {
        let network = Network::with_settings(seed, NetworkSettings::hardest());
        let (lobby, mut host, mut anna) = lobby_of_two(&network);
        let link = LinkSettings { loss: 0.1, ..LinkSettings::with_latency(Duration::from_millis(250)) };
        network.set_link_both(HOST, ANNA, &link);
        if is_blocked {
            network.block(ANNA, seconds(15));
        }
        for _ in 0..5 {
            host.session.lobby_member_left(lobby, ANNA);
            host.session.lobby_member_joined(lobby, ANNA, network.now());
            host.session.lobby_member_left(lobby, ANNA);
            let until = network.now() + seconds(3);
            while network.now() < until {
                let is_blocked = network.is_blocked(ANNA);
                if is_blocked {
                    run(&mut [&mut host], FRAME);
                } else {
                    run(&mut [&mut host, &mut anna], FRAME);
                }
            }
        }
        assert_eq!(host.session.peers().len(), 1, "seed {seed}, blocked {is_blocked}: {:?}", host.events);
    }
}

/// Steam drops the requests of a user for as long as it keeps the connection of the run that crashed.
#[test]
fn whoever_crashes_and_comes_back_is_in_again_within_fifteen_seconds() {
    for (seed, is_busy, away) in (0..10).flat_map(|seed| {
        [true, false].into_iter().flat_map(move |busy| [500, 2000, 5000].map(|away| (seed, busy, away)))
    }) {
        let network = Network::with_settings(seed, NetworkSettings::hardest());
        let mut host = Solo::host(&network);
        let client = client_of(&mut host, 2);
        network.kill(SteamId(2));
        drop(client);
        play(&mut [&mut host], Duration::from_millis(away), is_busy);
        let mut again = Solo::new(&network, SteamId(2));
        let dialled = network.now();
        again.session.create_client(HOST, PORT, dialled).unwrap();
        while again.session.status() == Status::Connecting && network.now() - dialled < seconds(15) {
            play(&mut [&mut host, &mut again], FRAME, is_busy);
        }
        assert_eq!(again.session.status(), Status::Connected, "seed {seed}, busy {is_busy}, away {away} ms");
    }
}

/// Whom the lobby reports to have joined anew need not wait for that.
#[test]
fn a_member_that_crashes_and_comes_back_is_in_again_within_five_seconds() {
    for seed in 0..20 {
        let network = Network::with_settings(seed, NetworkSettings::hardest());
        let (id, mut host, anna) = lobby_of_two(&network);
        network.kill(ANNA);
        drop(anna);
        run(&mut [&mut host], seconds(1));
        let lobby = Lobby { id, owner: HOST, members: vec![HOST, ANNA] };
        let mut again = Solo::new(&network, ANNA);
        again.session.connect_to_lobby(&lobby, network.now()).unwrap();
        host.session.lobby_member_joined(id, ANNA, network.now());
        run(&mut [&mut host, &mut again], seconds(5));
        assert_eq!(again.session.status(), Status::Connected, "seed {seed}: {:?}", again.events);
        assert_eq!(host.session.peers().len(), 1);
    }
}

/// Ben is the host's client when Anna, another host, dials him; he leaves a moment later, and joins her.
#[test]
fn whoever_leaves_while_they_are_dialled_can_join_the_dialler_at_once() {
    for delay in (0..=250).step_by(5) {
        let network = Network::with_settings(delay, NetworkSettings::hardest());
        let mut host = Solo::host(&network);
        let mut ben = client_of(&mut host, BEN.0);
        let mut anna = Solo::new(&network, ANNA);
        anna.session.create_host(PORT, network.now()).unwrap();
        anna.session.add_peer(BEN, PORT, network.now()).unwrap();
        let until = network.now() + Duration::from_millis(delay);
        while network.now() < until {
            for solo in [&mut host, &mut ben, &mut anna] {
                solo.frame();
                solo.session.flush();
            }
            network.advance(FRAME.min(until - network.now()));
        }
        ben.session.close(network.now());
        let left = network.now();
        ben.session.create_client(ANNA, PORT, left).unwrap();
        run(&mut [&mut host, &mut ben, &mut anna], seconds(1));
        assert_eq!(ben.session.status(), Status::Connected, "left after {delay} ms: {:?}", ben.events);
        assert_eq!(anna.session.peers().len(), 1, "left after {delay} ms: {:?}", anna.events);
    }
}

#[test]
fn an_end_is_reported_although_the_game_polls_and_does_not_read() {
    let network = Network::with_settings(1, NetworkSettings::hardest());
    network.set_default_link(LinkSettings { bandwidth: 50_000_000, ..LinkSettings::default() });
    let mut host = Solo::host(&network);
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.send(connection, 0, SendFlags::RELIABLE, hello(7).encode());
    for _ in 0..MAX_INBOX_PACKETS + 2_000 {
        raw.send(connection, 1, SendFlags::RELIABLE, &b"unread"[..]);
    }
    run(&mut [&mut host], seconds(10));
    assert_eq!(host.session.peers().len(), 1);
    assert!(host.session.available() < MAX_INBOX_PACKETS + 2_000, "the inbox is full");
    drop(raw);
    run(&mut [&mut host], seconds(40));
    assert!(host.session.peers().is_empty());
}
