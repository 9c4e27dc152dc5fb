//! A whole session over Steam: a burst much larger than Steam's send buffer.

use std::time::Instant;

use peer_core::{Channel, Event, PeerId, Session, Status, SteamId, Target, Time, TransferMode, VirtualPort};
use peer_steam::{ConfigValue, Steam, SteamTransport};
use tempfile::TempDir;

use crate::process::FIRST_ACCOUNT;
use crate::roles::{self, Actor, say, until};

const HOST: SteamId = SteamId(FIRST_ACCOUNT + 1);
const PACKET_BYTES: usize = 1_024;

/// How many packets the burst has; fewer under valgrind, which runs a process thirty times slower.
fn packets() -> u32 {
    std::env::var("PACKETS").map_or(3_072, |packets| packets.parse().unwrap())
}

/// Steam's options for how long a handshake may take, and silence, in milliseconds.
const TIMEOUTS: [i32; 2] = [24, 25];
const PATIENT_MS: i64 = 60_000;

/// Steam's options for the rate at which a connection sends.
const SEND_RATE_MIN: i32 = 10;
const SEND_RATE_MAX: i32 = 11;
const BYTES_PER_SECOND: i64 = 4 * 1024 * 1024;

struct Game {
    // Before Steam, which goes last.
    session: Session<SteamTransport>,
    steam: Steam,
    started: Instant,
}

impl Game {
    fn new(seed: u64) -> Self {
        let steam = Steam::init().unwrap();
        let mut transport = SteamTransport::new();
        for option in [SEND_RATE_MIN, SEND_RATE_MAX] {
            transport.set_config(option, ConfigValue::Int(BYTES_PER_SECOND)).unwrap();
        }
        for option in TIMEOUTS {
            transport.set_config(option, ConfigValue::Int(PATIENT_MS)).unwrap();
        }
        Self { session: Session::new(transport, seed), steam, started: Instant::now() }
    }

    fn now(&self) -> Time {
        Time::ZERO + self.started.elapsed()
    }

    fn frame(&mut self) -> Vec<Event> {
        self.steam.run_callbacks();
        self.session.poll(self.now());
        std::iter::from_fn(|| self.session.next_event()).collect()
    }

    fn ends(mut self) {
        self.session.close(self.now());
        until("the goodbyes to be heard", || {
            self.frame();
            (!self.session.is_lingering()).then_some(())
        });
        drop(self);
        assert!(!peer_steam::is_available());
        assert_eq!((peer_steam::live_messages(), peer_steam::payloads_in_flight()), (0, 0));
    }
}

#[test]
#[ignore = "a process of the tests, not a test"]
fn hosts() {
    if !roles::is("burst::hosts") {
        return;
    }
    let mut game = Game::new(1);
    game.session.create_host(VirtualPort(0), game.now()).unwrap();
    say!("listening");
    let guest = until("a guest", || {
        game.frame().into_iter().find_map(|event| match event {
            Event::PeerConnected(id) => Some(id),
            _ => None,
        })
    });
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

#[test]
#[ignore = "a process of the tests, not a test"]
fn joins() {
    if !roles::is("burst::joins") {
        return;
    }
    let mut game = Game::new(2);
    game.session.create_client(HOST, VirtualPort(0), game.now()).unwrap();
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
    let dir = TempDir::new().unwrap();
    let host = Actor::start("burst::hosts", dir.path(), 1, &[]);
    assert_eq!(host.line(), "listening");
    let guest = Actor::start("burst::joins", dir.path(), 2, &[]);
    println!("{}", guest.line());
    guest.ends_well();
    host.ends_well();
}
