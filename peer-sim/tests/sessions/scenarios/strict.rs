//! What Steam may do where its stand-ins are kinder.

use super::*;
use peer_core::{Lobby, LobbyId};

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
fn a_packet_larger_than_the_send_buffer_of_a_peer_without_pieces_is_refused() {
    let (network, mut host) = hosting();
    let link = LinkSettings { send_buffer: 65_536, ..LinkSettings::default() };
    network.set_default_link(link);
    let (mut raw, connection) = raw_at(&network, &mut host, 2);
    raw.send(connection, 0, SendFlags::RELIABLE, hello(77).encode());
    run(&mut [&mut host], seconds(1));
    raw.messages();
    let mut put = |len| host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &vec![0; len]);
    assert_eq!(put(65_537), Err(PutError::TooLarge(65_537, 65_536)));
    for len in [65_536, 10, 65_536, 10] {
        assert_eq!(put(len), Ok(()));
    }
    run(&mut [&mut host], seconds(5));
    let came: Vec<_> =
        raw.messages().iter().filter(|of| of.lane() != 0).map(|message| message.payload().len()).collect();
    assert_eq!(came, [65_536, 10, 65_536, 10]);
}

#[test]
fn without_delay_no_unreliable_packet_waits_for_more_than_a_fifth_of_a_second() {
    for no_delay_works in [false, true] {
        let network =
            Network::with_settings(1, NetworkSettings { no_delay_works, ..NetworkSettings::hardest() });
        let mut host = Solo::host(&network);
        let mut client = client_of(&mut host, 2);
        host.session.settings_mut().adaptive_send_rate = false;
        host.session.settings_mut().no_delay = true;
        let mut waits = Vec::new();
        // Three times what Steam's own rate carries.
        for _ in 0..300 {
            for _ in 0..13 {
                let mut packet = host.now().as_micros().to_le_bytes().to_vec();
                packet.resize(1_000, 0);
                host.session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, &packet).unwrap();
            }
            run(&mut [&mut host, &mut client], FRAME);
            for (.., packet) in client.read() {
                let sent = u64::from_le_bytes(packet[..8].try_into().unwrap());
                waits.push(Duration::from_micros(client.now().as_micros() - sent));
            }
        }
        // It takes 20 ms, and is read in the frame after.
        let longest = waits.iter().max().unwrap();
        assert!(*longest <= Duration::from_millis(200 + 20 + 60), "{no_delay_works}: {longest:?}");
        assert!(waits.len() > 1_000, "{no_delay_works}: {}", waits.len());
        assert!(host.session.counters().unreliable_unsent > 1_000);
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
