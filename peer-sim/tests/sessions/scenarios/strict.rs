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
fn a_peer_that_talks_before_the_host_is_there_is_heard_from_its_first_word_on() {
    for per_frame in [5, 200] {
        let network = Network::with_settings(5, NetworkSettings::hardest());
        let lobby = lobby_of_three(&network);
        let mut host = hosting_lobby(&network, &lobby);
        let mut anna = joining(&network, &lobby, ANNA);
        run(&mut [&mut host, &mut anna], seconds(1));
        // A dial that fails for a bad certificate is made again: the host is there after half a minute.
        network.bad_certificates(HOST, BEN, 5);
        let mut ben = joining(&network, &lobby, BEN);
        let mut said = 0_u32;
        let mut next = 0;
        let mut max_live = 0;
        for _ in 0..60 * 60 {
            if anna.session.peers().len() == 2 {
                for _ in 0..per_frame {
                    let put = anna.session.put(
                        Target::All,
                        Channel::ZERO,
                        TransferMode::Reliable,
                        &said.to_le_bytes(),
                    );
                    assert_eq!(put, Ok(()));
                    said += 1;
                }
            }
            run(&mut [&mut host, &mut anna, &mut ben], FRAME);
            host.read();
            max_live = max_live.max(network.counters_of(BEN).live_messages);
            for (.., packet) in ben.read() {
                assert_eq!(packet[..], u32::to_le_bytes(next));
                next += 1;
            }
        }
        assert_eq!(ben.session.peers().len(), 2, "{per_frame} a frame");
        assert!(next > said / 2, "{per_frame} a frame: {next} of {said}");
        // What is held back meanwhile is bounded here, and by Steam.
        assert!(max_live < 40_000, "{max_live} messages at once");
    }
}
