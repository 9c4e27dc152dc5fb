//! A whole session over Steam: bursts of more bytes than Steam's send buffer holds, and of more packets than Steam's
//! message numbers may run ahead.

use std::time::Instant;

use local_steam_harness::{Network, say, until};
use peer_core::{Channel, Event, PeerId, Status, Target, TransferMode, VirtualPort};
use peer_steam::ConfigValue;

use crate::game::{Game, user};

const PACKET_BYTES: usize = 1_024;

/// How many packets the burst has; fewer under valgrind, which runs a process thirty times slower.
fn packets() -> u32 {
    std::env::var("PACKETS").map_or(3_072, |packets| packets.parse().unwrap())
}

/// Steam's options for how long a handshake may take, and silence, in milliseconds.
const TIMEOUTS: [i32; 2] = [24, 25];
const TIMEOUT_MS: i64 = 60_000;

const BYTES_PER_SECOND: i64 = 4 * 1024 * 1024;

fn game() -> Game {
    let mut game = Game::start();
    game.set_send_rate(BYTES_PER_SECOND);
    for option in TIMEOUTS {
        game.session.transport_mut().set_config(option, ConfigValue::Int(TIMEOUT_MS)).unwrap();
    }
    game
}

pub(crate) fn hosts() {
    let mut game = game();
    game.session.create_host(VirtualPort(0), game.now()).unwrap();
    say!("listening");
    let guest = game.until_peer();
    // All in one frame.
    for number in 0..packets() {
        let mut packet = number.to_le_bytes().to_vec();
        packet.resize(PACKET_BYTES, 7);
        let put = game.session.put(Target::Only(guest), Channel::ZERO, TransferMode::Reliable, &packet);
        put.unwrap();
    }
    game.session.flush();
    until("the guest to leave", || game.frame().contains(&Event::PeerDisconnected(guest)).then_some(()));
    game.ends();
}

pub(crate) fn joins() {
    let mut game = game();
    game.session.create_client(user(1), VirtualPort(0), game.now()).unwrap();
    let mut expected = 0_u32;
    let started = Instant::now();
    until("the burst", || {
        game.frame();
        assert_ne!(game.session.status(), Status::Disconnected);
        while let Some(packet) = game.session.pop() {
            assert_eq!(packet.peer, PeerId::HOST);
            assert_eq!(packet.payload().len(), PACKET_BYTES);
            assert_eq!(packet.payload()[..4], expected.to_le_bytes());
            expected += 1;
        }
        (expected == packets()).then_some(())
    });
    assert_eq!(game.session.status(), Status::Connected);
    say!("{} packets in {:?}", expected, started.elapsed());
    game.ends();
}

#[test]
fn a_burst_of_three_megabytes_arrives_whole_and_in_order() {
    let network = Network::new();
    let mut host = network.start("burst::hosts", 1);
    assert_eq!(host.line("a report"), "listening");
    let mut guest = network.start("burst::joins", 2);
    println!("{}", guest.line("a report"));
    guest.ends_well();
    host.ends_well();
}

/// Steam ends a connection on which the number of a message is more than 32,767 past the last one seen of its lane.
const SMALL_PACKETS: u64 = 40_000;
/// One with lanes of its own, and one that shares them.
const CHANNELS: [i32; 2] = [0, 2];

fn channels() -> [Channel; 2] {
    CHANNELS.map(|channel| Channel::new(channel).unwrap())
}

pub(crate) fn hosts_small_packets() {
    let mut game = Game::start();
    // At a high rate the machine's own buffers may lose the unreliable packet.
    game.session.settings_mut().adaptive_send_rate = false;
    game.session.create_host(VirtualPort(0), game.now()).unwrap();
    say!("listening");
    let guest = game.until_peer();
    let to = Target::Only(guest);
    for channel in channels() {
        for number in 0..SMALL_PACKETS {
            game.session.put(to, channel, TransferMode::Reliable, &number.to_le_bytes()).unwrap();
        }
        let last = SMALL_PACKETS.to_le_bytes();
        game.session.put(to, channel, TransferMode::Unreliable, &last).unwrap();
        game.session.flush();
        assert_eq!(game.session.counters().unreliable_unsent, 0, "Steam has room for all of them");
        let all = game.until_packet("the guest to have all of them");
        assert_eq!((all.peer, all.channel), (guest, channel));
    }
    assert_eq!(game.session.status(), Status::Connected);
    assert!(game.session.peer(guest).is_some());
    game.exits();
}

pub(crate) fn joins_small_packets() {
    let mut game = Game::start();
    game.session.create_client(user(1), VirtualPort(0), game.now()).unwrap();
    for channel in channels() {
        let (mut expected, mut had_unreliable) = (0_u64, false);
        while expected < SMALL_PACKETS || !had_unreliable {
            let packet = game.until_packet("the packets");
            let number = u64::from_le_bytes(packet.payload().try_into().unwrap());
            assert_eq!(packet.channel, channel);
            if packet.mode == TransferMode::Reliable {
                assert_eq!(number, expected);
                expected += 1;
            } else {
                assert_eq!(number, SMALL_PACKETS);
                assert!(!std::mem::replace(&mut had_unreliable, true), "it came twice");
                say!("after {expected}");
            }
        }
        game.session.put(Target::All, channel, TransferMode::Reliable, b"all").unwrap();
    }
    until("the host's goodbye", || {
        game.frame();
        (game.session.status() == Status::Disconnected).then_some(())
    });
    game.exits();
}

#[test]
fn an_unreliable_packet_behind_forty_thousand_reliable_ones_harms_nothing() {
    let network = Network::new();
    let mut host = network.start("burst::hosts_small_packets", 1);
    assert_eq!(host.line("a report"), "listening");
    let mut guest = network.start("burst::joins_small_packets", 2);
    for channel in CHANNELS {
        let overtaken = guest.line("a report");
        println!("on channel {channel} the unreliable packet came {overtaken}");
    }
    guest.ends_well();
    host.ends_well();
}
