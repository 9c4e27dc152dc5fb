//! A host that closes and hosts again, over and over, and each time a guest comes.

use std::time::Instant;

use local_steam_harness::{Network, say, until};
use peer_core::{Channel, Event, PeerId, Session, Status, Target, TransferMode, VirtualPort};
use peer_steam::SteamTransport;

use crate::game::{Game, seed, user};

const ROUNDS: u32 = 200;
const PORT: VirtualPort = VirtualPort(0);

fn put(game: &mut Game, to: PeerId, round: u32) {
    let packet = round.to_le_bytes();
    game.session.put(Target::Only(to), Channel::ZERO, TransferMode::Reliable, &packet).unwrap();
}

/// Hosts, gets a packet of a guest, answers it, and closes.
fn host_once(game: &mut Game, round: u32, between_frames: &mut dyn FnMut(&Game)) {
    game.session.create_host(PORT, game.now()).unwrap();
    say!("hosting {round}");
    let guest = until("a guest", || {
        between_frames(game);
        game.frame().into_iter().find_map(|event| match event {
            Event::PeerConnected(id) => Some(id),
            _ => None,
        })
    });
    let packet = game.until_packet("the guest's packet");
    assert_eq!((packet.peer, packet.payload()), (guest, round.to_le_bytes().as_slice()));
    put(game, guest, round);
    game.session.close(game.now());
}

pub(crate) fn hosts_with_one_session() {
    let mut game = Game::start();
    for round in 0..ROUNDS {
        host_once(&mut game, round, &mut |_| {});
    }
    game.ends();
}

pub(crate) fn hosts_with_new_sessions() {
    let mut game = Game::start();
    // Sessions that are still draining.
    let mut former = Vec::<Session<SteamTransport>>::new();
    for round in 0..ROUNDS {
        let mut drain = |game: &Game| {
            former.retain_mut(|session| {
                session.poll(game.now());
                assert_eq!(session.next_event(), None);
                session.is_draining()
            });
        };
        host_once(&mut game, round, &mut drain);
        assert!(game.session.is_draining(), "its answer is still on the way");
        let next = Session::new(SteamTransport::new(), seed() + u64::from(round));
        former.push(std::mem::replace(&mut game.session, next));
    }
    until("the last goodbye to be heard", || {
        game.frame();
        former.retain_mut(|session| {
            session.poll(game.now());
            session.is_draining()
        });
        former.is_empty().then_some(())
    });
    game.ends();
}

pub(crate) fn joins() {
    let mut game = Game::start();
    for round in std::io::stdin().lines() {
        let round = round.unwrap().parse().unwrap();
        game.session.create_client(user(1), PORT, game.now()).unwrap();
        until("the host", || {
            let events = game.frame();
            assert_ne!(game.session.status(), Status::Disconnected, "round {round}: {events:?}");
            events.contains(&Event::PeerConnected(PeerId::HOST)).then_some(())
        });
        put(&mut game, PeerId::HOST, round);
        let packet = game.until_packet("the host's answer");
        assert_eq!((packet.peer, packet.payload()), (PeerId::HOST, round.to_le_bytes().as_slice()));
        drop(packet);
        until("the host's goodbye", || {
            game.frame();
            (game.session.status() == Status::Disconnected).then_some(())
        });
        say!("left {round}");
    }
    game.ends();
}

/// Who comes in a round: mostly they take turns. Now and then one comes twice running, and dials while the host may still
/// have their old connection. Steam loses its request then, and makes another half a second later.
fn guest_of(round: u32) -> usize {
    ((round - round / 10) % 2) as usize
}

fn hosts_again(role: &str) {
    let network = Network::new();
    let started = Instant::now();
    let mut host = network.start(role, 1);
    let mut guests = [2, 3].map(|account| network.start("hosting_again::joins", account));
    for round in 0..ROUNDS {
        assert_eq!(host.line("a report"), format!("hosting {round}"));
        let guest = &mut guests[guest_of(round)];
        guest.tell(&round.to_string());
        assert_eq!(guest.line("a report"), format!("left {round}"));
    }
    // The guests are still there to acknowledge the last goodbye.
    host.ends_well();
    for mut guest in guests {
        guest.ends_well();
    }
    println!("{ROUNDS} times in {:?}", started.elapsed());
}

#[test]
fn one_session_hosts_two_hundred_times() {
    hosts_again("hosting_again::hosts_with_one_session");
}

#[test]
fn two_hundred_sessions_host_one_after_the_other() {
    hosts_again("hosting_again::hosts_with_new_sessions");
}
