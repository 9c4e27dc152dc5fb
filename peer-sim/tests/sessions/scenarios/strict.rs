//! What Steam may do where its stand-ins are kinder.

use peer_core::{Lobby, LobbyId};
use peer_sim::BatchPolicy;

use super::*;

const ANNA: SteamId = SteamId(2);
const BEN: SteamId = SteamId(3);

/// A lobby of the host, Anna and Ben, as each of them sees it.
fn lobby_of_three(network: &Network) -> Lobby {
    let id: LobbyId = network.create_lobby(HOST);
    for member in [ANNA, BEN] {
        assert!(network.join_lobby(id, member));
    }
    Lobby { id, owner: HOST, members: vec![HOST, ANNA, BEN] }
}

fn hosting_lobby(network: &Network, lobby: &Lobby) -> Solo {
    let mut host = Solo::new(network, HOST);
    host.session.host_with_lobby(lobby, network.now()).unwrap();
    host
}

fn joining(network: &Network, lobby: &Lobby, who: SteamId) -> Solo {
    let mut client = Solo::new(network, who);
    client.session.connect_to_lobby(lobby, network.now()).unwrap();
    client
}

#[test]
fn reliable_packets_arrive_once_and_in_order_whatever_follows_a_failure_in_a_batch() {
    for batches in [BatchPolicy::StopsAtFailure, BatchPolicy::EachByItself] {
        let network = Network::with_settings(3, NetworkSettings { batches, ..NetworkSettings::hardest() });
        let mut host = Solo::host(&network);
        let mut client = client_of(&mut host, 2);
        // A few large ones, which find no room where the small ones behind them do.
        for number in 0..400_u32 {
            let mut packet = number.to_le_bytes().to_vec();
            packet.resize(if number % 7 == 3 { 20_000 } else { 100 + number as usize }, 0);
            host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &packet).unwrap();
        }
        run(&mut [&mut host, &mut client], seconds(30));
        let read = client.read();
        let numbers = read.iter().map(|(.., packet)| u32::from_le_bytes(packet[..4].try_into().unwrap()));
        assert!(numbers.eq(0..400), "{batches:?}: {} packets", read.len());
    }
}

#[test]
fn what_is_put_arrives_or_is_refused_where_a_packet_is_larger_than_the_send_buffer() {
    let network = Network::with_settings(1, NetworkSettings::hardest());
    network.set_default_link(LinkSettings { send_buffer: 65_536, ..LinkSettings::default() });
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    let put = |host: &mut Solo, len| {
        host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &vec![7; len]).is_ok()
    };
    let mut taken = usize::from(put(&mut host, 100_000));
    for _ in 0..60 {
        taken += usize::from(put(&mut host, 5));
        run(&mut [&mut host, &mut client], seconds(1));
    }
    run(&mut [&mut host, &mut client], seconds(5));
    assert_eq!(client.read().len(), taken);
}

#[test]
fn a_lost_line_is_told_as_such_and_dialled_again_though_its_end_is_told_after_the_flush() {
    for (delay, seed) in [2, 8, 14].into_iter().flat_map(|delay| (0..15).map(move |seed| (delay, seed))) {
        let status_delay = Duration::from_millis(delay);
        let settings = NetworkSettings { status_delay, ..NetworkSettings::hardest() };
        let network = Network::with_settings(seed, settings);
        let lobby = lobby_of_three(&network);
        let mut host = hosting_lobby(&network, &lobby);
        let mut anna = joining(&network, &lobby, ANNA);
        let mut ben = joining(&network, &lobby, BEN);
        let mut play = |anna: &mut Solo, ben: &mut Solo, time: Duration| {
            let until = network.now() + time;
            while network.now() < until {
                for solo in [&mut host, anna, ben] {
                    solo.frame();
                    solo.read();
                }
                network.advance(FRAME / 2);
                for solo in [&mut host, anna, ben] {
                    // Whom it is for may be gone.
                    let _ = solo.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"x");
                    solo.session.flush();
                }
                network.advance(FRAME / 2);
            }
        };
        play(&mut anna, &mut ben, seconds(2));
        assert_eq!(anna.session.peers().len(), 2);
        network.partition(ANNA, BEN);
        play(&mut anna, &mut ben, seconds(25));
        assert_eq!(anna.reason_of(BEN).map(EndReason::code), Some(5003), "{delay} ms, seed {seed}");
        network.heal(ANNA, BEN);
        play(&mut anna, &mut ben, seconds(60));
        assert_eq!(anna.session.peers().len(), 2, "{delay} ms, seed {seed}");
    }
}

#[test]
fn a_member_cannot_take_the_id_of_a_newcomer() {
    let network = Network::with_settings(5, NetworkSettings::hardest());
    // Newcomer and host are far from each other, the thief is near both.
    network.set_default_link(LinkSettings::with_latency(Duration::from_millis(10)));
    network.set_link_both(HOST, BEN, &LinkSettings::with_latency(Duration::from_millis(80)));
    let lobby = lobby_of_three(&network);
    let mut host = Solo::host(&network);
    let mut thief = RawPeer::new(&network, ANNA);
    thief.listen(PORT).unwrap();
    let at_host = thief.dial(HOST, PORT).unwrap();
    run(&mut [&mut host], seconds(1));
    let mut newcomer = joining(&network, &lobby, BEN);
    let mut stolen = false;
    for _ in 0..200 {
        run(&mut [&mut host, &mut newcomer], FRAME);
        thief.accept_all();
        for message in thief.messages() {
            if let Ok(Control::Hello(said)) = Control::decode(message.payload())
                && said.peer_id != 1
            {
                thief.send(
                    at_host,
                    0,
                    SendFlags::RELIABLE | SendFlags::NO_NAGLE,
                    hello(said.peer_id).encode(),
                );
                stolen = true;
            }
        }
    }
    assert!(stolen);
    assert_eq!(newcomer.session.status(), Status::Connected, "{:?}", newcomer.events);
}

/// The host's end of the old connection lives for 10 to 22 s if it is left to Steam, which drops requests for as long.
#[test]
fn whoever_crashes_and_comes_back_is_in_again_within_fifteen_seconds() {
    for (seed, is_busy, away) in (0..7).flat_map(|seed| {
        [true, false].into_iter().flat_map(move |is_busy| [500, 2000, 5000].map(|away| (seed, is_busy, away)))
    }) {
        let timeout_slack = Duration::from_millis(if is_busy { 700 } else { 12_000 });
        let settings = NetworkSettings { timeout_slack, ..NetworkSettings::hardest() };
        let network = Network::with_settings(seed, settings);
        let mut host = Solo::host(&network);
        let client = client_of(&mut host, 2);
        network.kill(SteamId(2));
        drop(client);
        let frame = |solos: &mut [&mut Solo]| {
            if is_busy {
                // There may be nobody to hear it.
                let _ = solos[0].session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, b"x");
            }
            run(solos, FRAME);
        };
        let crashed = network.now();
        while network.now() - crashed < Duration::from_millis(away) {
            frame(&mut [&mut host]);
        }
        let mut again = Solo::new(&network, SteamId(2));
        let dialled = network.now();
        again.session.create_client(HOST, PORT, dialled).unwrap();
        while again.session.status() == Status::Connecting && network.now() - dialled < seconds(40) {
            frame(&mut [&mut host, &mut again]);
        }
        let took = network.now() - dialled;
        assert_eq!(again.session.status(), Status::Connected, "busy {is_busy}, away {away} ms: {took:?}");
        assert!(took <= seconds(15), "busy {is_busy}, away {away} ms: in after {took:?}");
    }
}

#[test]
fn a_member_that_talks_before_the_host_is_there_is_not_lost() {
    for per_frame in [5, 10] {
        let network = Network::with_settings(5, NetworkSettings::hardest());
        let lobby = lobby_of_three(&network);
        // Ben joins last, so it is Ben who dials.
        let before = Lobby { members: vec![HOST, ANNA], ..lobby.clone() };
        let mut host = hosting_lobby(&network, &before);
        let mut anna = joining(&network, &before, ANNA);
        for solo in [&mut host, &mut anna] {
            solo.session.lobby_member_joined(lobby.id, BEN, network.now());
        }
        run(&mut [&mut host, &mut anna], seconds(1));
        // Retried five times, each after a longer pause: half a minute.
        network.bad_certificates(HOST, BEN, 5);
        let mut ben = joining(&network, &lobby, BEN);
        for _ in 0..60 * 60 {
            for _ in 0..per_frame {
                anna.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 40]).unwrap();
            }
            run(&mut [&mut host, &mut anna, &mut ben], FRAME);
            for solo in [&mut host, &mut anna, &mut ben] {
                solo.read();
            }
        }
        assert_eq!(ben.session.peers().len(), 2, "{per_frame} packets a frame: {:?}", ben.events);
    }
}
