//! A whole session over Steam that sends much: at Steam's own rate, and as fast as the line takes it.

use std::time::{Duration, Instant};

use local_steam_harness::{Network, say, until};
use peer_core::{Channel, Event, PeerId, Target, TransferMode, VirtualPort};

use crate::game::{Game, user};

const PACKET_BYTES: usize = 1_000;

/// How many packets the burst has.
fn packets() -> u32 {
    std::env::var("PACKETS").unwrap().parse().unwrap()
}

pub(crate) fn hosts() {
    let mut game = Game::start();
    game.session.settings_mut().adaptive_send_rate = std::env::var("ADAPTIVE").unwrap() == "1";
    if let Ok(rate) = std::env::var("RATE") {
        game.set_send_rate(rate.parse().unwrap());
    }
    game.session.create_host(VirtualPort(0), game.now()).unwrap();
    say!("listening");
    let guest = game.until_peer();
    assert_eq!(game.until_packet("the guest to be ready").peer, guest);
    for _ in 0..packets() {
        let packet = [7; PACKET_BYTES];
        game.session.put(Target::Only(guest), Channel::ZERO, TransferMode::Reliable, &packet).unwrap();
    }
    game.session.flush();
    let mut highest = 0;
    until("the guest to leave", || {
        let is_gone = game.frame().contains(&Event::PeerDisconnected(guest));
        if let Some(status) = game.session.real_time_status(guest) {
            highest = highest.max(status.send_rate_bytes_per_sec);
        }
        is_gone.then_some(())
    });
    say!("{highest}");
    game.ends();
}

pub(crate) fn joins() {
    let mut game = Game::start();
    game.session.create_client(user(1), VirtualPort(0), game.now()).unwrap();
    until("the host", || game.frame().contains(&Event::PeerConnected(PeerId::HOST)).then_some(()));
    game.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"ready").unwrap();
    let started = Instant::now();
    for _ in 0..packets() {
        game.until_packet("the burst");
    }
    say!("{}", started.elapsed().as_micros());
    game.ends();
}

/// How long a burst takes, and the highest send rate of the host meanwhile, in bytes a second.
fn burst(packets: u32, env: &[(&str, &str)]) -> (Duration, usize) {
    let network = Network::new();
    let packets = packets.to_string();
    let env: Vec<_> = env.iter().copied().chain([("PACKETS", packets.as_str())]).collect();
    let mut host = network.start_with("rate::hosts", 1, &env);
    assert_eq!(host.line("a report"), "listening");
    let mut guest = network.start_with("rate::joins", 2, &env);
    let took = Duration::from_micros(guest.line("the time it took").parse().unwrap());
    let highest = host.line("the highest rate").parse().unwrap();
    guest.ends_well();
    host.ends_well();
    (took, highest)
}

#[test]
fn a_burst_takes_a_fraction_of_what_it_takes_at_steams_own_rate() {
    let (fixed, rate) = burst(1_000, &[("ADAPTIVE", "0")]);
    assert_eq!(rate, 256 * 1024);
    let (adaptive, rate) = burst(1_000, &[("ADAPTIVE", "1")]);
    println!("{fixed:?} at Steam's rate, {adaptive:?} at up to {rate} bytes a second");
    assert!(adaptive < fixed / 3);
}

#[test]
fn a_rate_that_the_game_sets_has_the_last_word() {
    let (_, rate) = burst(500, &[("ADAPTIVE", "1"), ("RATE", "500000")]);
    assert_eq!(rate, 500_000);
}
