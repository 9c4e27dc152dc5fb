//! What the specification says in so many words, a test each.

use std::time::Duration;

use peer_core::{
    Channel, ConnectionHandle, ConnectionState, Control, EndReason, Event, Hello, Lane, LaneConfig, Message,
    PeerId, PutError, SendFlags, Session, SessionError, Status, SteamId, Target, Time, TransferMode,
    Transport, VirtualPort,
};
use peer_sim::{DuplicatePolicy, LinkSettings, Network, NetworkSettings, RawPeer, SimTransport};

use crate::world::{FOREIGN, FRAME, Topology, World, steam_id};

const PORT: VirtualPort = VirtualPort(0);
const HOST: SteamId = SteamId(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn world(players: usize, topology: Topology) -> World {
    world_with(players, topology, NetworkSettings::default(), 0.0)
}

fn world_with(players: usize, topology: Topology, settings: NetworkSettings, loss: f64) -> World {
    let link = LinkSettings { loss, ..LinkSettings::with_latency(Duration::from_millis(25)) };
    World::new(1, players, topology, settings, link)
}

/// A session, driven by hand.
struct Solo {
    network: Network,
    session: Session<SimTransport>,
    events: Vec<Event>,
}

impl Solo {
    fn new(network: &Network, steam_id: SteamId) -> Self {
        let session = Session::new(network.endpoint(steam_id), steam_id.0);
        Self { network: network.clone(), session, events: Vec::new() }
    }

    fn host(network: &Network) -> Self {
        let mut solo = Self::new(network, HOST);
        solo.session.create_host(PORT, network.now()).unwrap();
        solo
    }

    fn now(&self) -> Time {
        self.network.now()
    }

    fn frame(&mut self) {
        self.session.poll(self.now());
        self.events.extend(std::iter::from_fn(|| self.session.next_event()));
    }

    fn reason_of(&self, steam_id: SteamId) -> Option<EndReason> {
        self.events.iter().rev().find_map(|event| match event {
            Event::ConnectionEnded { steam_id: ended, reason, .. } if *ended == steam_id => Some(*reason),
            _ => None,
        })
    }

    fn read(&mut self) -> Vec<(PeerId, u8, TransferMode, Vec<u8>)> {
        std::iter::from_fn(|| self.session.pop())
            .map(|packet| (packet.peer, packet.channel.get(), packet.mode, packet.payload().to_vec()))
            .collect()
    }
}

/// Lets everyone take part for a while.
fn run(solos: &mut [&mut Solo], duration: Duration) {
    let network = solos[0].network.clone();
    let until = network.now() + duration;
    while network.now() < until {
        for solo in solos.iter_mut() {
            solo.frame();
            solo.session.flush();
        }
        network.advance(FRAME);
    }
}

/// A raw peer, connected to the host as far as Steam goes.
fn raw_at(network: &Network, host: &mut Solo, steam_id: u64) -> (RawPeer, ConnectionHandle) {
    let mut raw = RawPeer::new(network, SteamId(steam_id));
    let connection = raw.dial(HOST, PORT).unwrap();
    run(&mut [host], seconds(1));
    assert!(raw.statuses().iter().any(|status| status.state == ConnectionState::Connected));
    (raw, connection)
}

fn hello(peer_id: u32) -> Hello {
    Hello { features: 0, peer_id, nonce: 7 }
}

fn client_of(host: &mut Solo, steam_id: u64) -> Solo {
    let mut client = Solo::new(&host.network, SteamId(steam_id));
    client.session.create_client(HOST, PORT, host.now()).unwrap();
    run(&mut [host, &mut client], seconds(1));
    assert_eq!(client.session.status(), Status::Connected);
    client
}

// Hellos.

#[test]
fn both_hellos_are_said_and_ours_is_first() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let (mut raw, _) = raw_at(&network, &mut host, FOREIGN);
    let said: Vec<_> =
        raw.messages().iter().map(|message| Control::decode(message.payload()).unwrap()).collect();
    assert!(
        matches!(said[..], [Control::Hello(Hello { peer_id: 1, .. }), Control::GodotSteamHello(1)]),
        "{said:?}"
    );
}

#[test]
fn a_hello_that_claims_what_it_must_not_is_refused_with_the_reason() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let client = client_of(&mut host, 2);
    let taken = client.session.unique_id().unwrap().get();
    for (number, claim) in [0, 1, taken, (-5_i32).cast_unsigned(), u32::MAX, 1 << 31].into_iter().enumerate()
    {
        for four_bytes in [false, true] {
            let user = FOREIGN + 2 * number as u64 + u64::from(four_bytes);
            let (mut raw, connection) = raw_at(&network, &mut host, user);
            raw.messages();
            let said = if four_bytes { hello(claim).encode_godot_steam() } else { hello(claim).encode() };
            raw.send(connection, 0, SendFlags::RELIABLE, said);
            run(&mut [&mut host], seconds(1));
            assert_eq!(host.reason_of(SteamId(user)), Some(EndReason::IdRefused), "{claim} {four_bytes}");
            assert_eq!(host.session.peers().len(), 1, "{claim} {four_bytes}");
            if !four_bytes {
                let goodbye =
                    raw.messages().iter().find_map(|message| match Control::decode(message.payload()) {
                        Ok(Control::Goodbye(goodbye)) => Some(goodbye.reason),
                        _ => None,
                    });
                assert_eq!(goodbye, Some(EndReason::IdRefused));
            }
        }
    }
    assert_eq!(host.session.peer_id_for_steam_id(SteamId(2)), PeerId::new(taken));
}

#[test]
fn a_host_that_does_not_claim_its_id_is_none() {
    let network = Network::new(1);
    let mut raw = RawPeer::new(&network, HOST);
    raw.listen(PORT).unwrap();
    let mut client = Solo::new(&network, SteamId(2));
    client.session.create_client(HOST, PORT, network.now()).unwrap();
    for _ in 0..60 {
        run(&mut [&mut client], FRAME);
        for status in raw.accept_all() {
            if status.state == ConnectionState::Connected {
                raw.send(status.connection, 0, SendFlags::RELIABLE, hello(77).encode());
            }
        }
    }
    assert_eq!(client.session.status(), Status::Disconnected);
    assert_eq!(client.reason_of(HOST), Some(EndReason::IdRefused));
    assert!(!client.events.iter().any(|event| matches!(event, Event::PeerConnected(_))));
}

#[test]
fn noise_another_version_and_silence_end_with_their_reasons() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut version = hello(7).encode().to_vec();
    version[5] = 9;
    let goodbye = peer_core::Goodbye {
        reason: EndReason::Left,
        message: String::new(),
        last_numbers: peer_core::LastNumbers::new(),
    };
    let said: [(&[u8], EndReason); 4] = [
        (b"noise", EndReason::ProtocolViolation),
        (b"", EndReason::ProtocolViolation),
        (&version, EndReason::Version),
        (&goodbye.encode(), EndReason::ProtocolViolation),
    ];
    for (number, (said, reason)) in said.into_iter().enumerate() {
        let user = FOREIGN + number as u64;
        let (mut raw, connection) = raw_at(&network, &mut host, user);
        raw.send(connection, 0, SendFlags::RELIABLE, said.to_vec());
        run(&mut [&mut host], seconds(1));
        assert_eq!(host.reason_of(SteamId(user)), Some(reason));
    }
    let (_silent, _) = raw_at(&network, &mut host, FOREIGN + 10);
    run(&mut [&mut host], seconds(8));
    assert_eq!(host.reason_of(SteamId(FOREIGN + 10)), None);
    run(&mut [&mut host], seconds(2));
    assert_eq!(host.reason_of(SteamId(FOREIGN + 10)), Some(EndReason::ProtocolViolation));
}

#[test]
fn reliable_data_that_overtakes_the_hello_is_delivered_after_it_and_unreliable_is_not() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.send(connection, 1, SendFlags::RELIABLE, &b"early"[..]);
    raw.send(connection, 2, SendFlags::empty(), &b"lost"[..]);
    run(&mut [&mut host], seconds(1));
    assert!(host.read().is_empty());
    raw.send(connection, 0, SendFlags::RELIABLE, hello(7).encode());
    raw.send(connection, 1, SendFlags::RELIABLE, &b"late"[..]);
    run(&mut [&mut host], seconds(1));
    assert_eq!(host.events, [Event::PeerConnected(PeerId::new(7).unwrap())]);
    let read: Vec<_> = host.read().into_iter().map(|(.., payload)| payload).collect();
    assert_eq!(read, [b"early".to_vec(), b"late".to_vec()]);
}

#[test]
fn more_than_can_be_held_before_the_hello_ends_the_connection() {
    let network = Network::new(1);
    network.set_default_link(LinkSettings { bandwidth: 50_000_000, ..LinkSettings::default() });
    let mut host = Solo::host(&network);
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    for _ in 0..100 {
        raw.send(connection, 1, SendFlags::RELIABLE, vec![0; 100_000]);
        run(&mut [&mut host], FRAME);
    }
    run(&mut [&mut host], seconds(1));
    assert_eq!(host.reason_of(SteamId(FOREIGN)), Some(EndReason::ProtocolViolation));
    assert!(network.counters_of(HOST).live_messages < 10);
}

#[test]
fn a_message_that_does_not_belong_on_its_lane_ends_the_connection() {
    let unreliable = SendFlags::empty();
    let cases: [(u8, SendFlags, &[u8]); 10] = [
        (0, unreliable, b"x"),
        (1, unreliable, b"x"),
        (2, SendFlags::RELIABLE, b"x"),
        (6, SendFlags::RELIABLE, b"x\x01"),
        (1, SendFlags::RELIABLE, b""),
        // Tags: none, of the other parity, of channel 0, of no channel, of a channel and nothing else.
        (4, SendFlags::RELIABLE, b""),
        (4, SendFlags::RELIABLE, b"x\x02"),
        (6, unreliable, b"x\x00"),
        (7, unreliable, b"x\x54"),
        (5, SendFlags::RELIABLE, b"\x02"),
    ];
    for (lane, flags, payload) in cases {
        let network = Network::new(1);
        let mut host = Solo::host(&network);
        let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
        raw.send(connection, 0, SendFlags::RELIABLE, hello(7).encode());
        run(&mut [&mut host], seconds(1));
        assert_eq!(host.session.peers().len(), 1);
        raw.send(connection, lane, flags, payload);
        run(&mut [&mut host], seconds(1));
        assert_eq!(
            host.reason_of(SteamId(FOREIGN)),
            Some(EndReason::ProtocolViolation),
            "{payload:?} on {lane}"
        );
        assert!(host.session.peers().is_empty() && host.read().is_empty());
    }
}

// Peers of another make.

#[test]
fn a_godot_steam_peer_joins_sends_and_receives_with_lane_equal_to_channel() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.messages();
    raw.send(connection, 0, SendFlags::RELIABLE, hello(77).encode_godot_steam());
    raw.send(connection, 0, SendFlags::RELIABLE, &b"zero"[..]);
    run(&mut [&mut host], seconds(1));
    raw.send(connection, 3, SendFlags::empty(), &b"three"[..]);
    run(&mut [&mut host], seconds(1));
    let id = PeerId::new(77).unwrap();
    assert_eq!(
        host.read(),
        [
            (id, 0, TransferMode::Reliable, b"zero".to_vec()),
            (id, 3, TransferMode::Unreliable, b"three".to_vec())
        ]
    );
    let channel = Channel::new(2).unwrap();
    for mode in TransferMode::ALL {
        host.session.put(Target::Only(id), channel, mode, b"back").unwrap();
    }
    run(&mut [&mut host], seconds(1));
    let back = raw.messages();
    assert!(back.iter().all(|message| message.payload() == b"back"));
    let back: Vec<_> = back.iter().map(|message| (message.lane(), message.is_reliable())).collect();
    assert_eq!(back, [(2, true), (2, false), (2, true)], "unreliable ordered goes reliable");
    let far = host.session.put(Target::All, Channel::new(8).unwrap(), TransferMode::Unreliable, b"far");
    assert_eq!(far, Err(PutError::OutOfReach(8)));
    // A GodotSteam peer is told nothing that it would take for a packet.
    host.session.kick(id, "bye", network.now()).unwrap();
    run(&mut [&mut host], seconds(1));
    assert!(raw.messages().is_empty());
    assert_eq!(host.session.peers().len(), 0);
}

#[test]
fn a_godot_steam_host_can_be_joined() {
    let network = Network::new(1);
    let mut raw = RawPeer::new(&network, HOST);
    raw.listen(PORT).unwrap();
    let mut client = Solo::new(&network, SteamId(2));
    client.session.create_client(HOST, PORT, network.now()).unwrap();
    for _ in 0..60 {
        run(&mut [&mut client], FRAME);
        for status in raw.accept_all() {
            if status.state == ConnectionState::Connected {
                raw.send(status.connection, 0, SendFlags::RELIABLE, hello(1).encode_godot_steam());
            }
        }
    }
    assert_eq!(client.session.status(), Status::Connected);
    assert_eq!(client.events, [Event::PeerConnected(PeerId::HOST)]);
}

// Who may connect.

#[test]
fn new_connections_can_be_refused() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let first = client_of(&mut host, 2);
    host.session.settings_mut().refuse_new_connections = true;
    let mut second = Solo::new(&network, SteamId(3));
    second.session.create_client(HOST, PORT, network.now()).unwrap();
    run(&mut [&mut host, &mut second], seconds(1));
    assert_eq!(second.session.status(), Status::Disconnected);
    assert_eq!(second.reason_of(HOST), Some(EndReason::Refused));
    assert_eq!(first.session.status(), Status::Connected);
    assert_eq!(host.session.peers().len(), 1);
}

#[test]
fn with_a_lobby_tracked_strangers_are_refused_and_members_are_not() {
    let mut world = world(2, Topology::Lobby);
    world.assemble();
    let mut stranger = RawPeer::new(&world.network, SteamId(FOREIGN));
    stranger.dial(steam_id(0), PORT).unwrap();
    world.run(seconds(6));
    let refusal = stranger.statuses().into_iter().find_map(|status| match status.state {
        ConnectionState::ClosedByPeer { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(refusal, Some(EndReason::NotInLobby));
    world.session(0).unwrap().settings_mut().lobby_members_only = false;
    let mut guest = RawPeer::new(&world.network, SteamId(FOREIGN + 1));
    guest.dial(steam_id(0), PORT).unwrap();
    world.run(seconds(1));
    assert!(guest.statuses().iter().any(|status| status.state == ConnectionState::Connected));
}

#[test]
fn a_member_that_is_faster_than_the_news_of_it_is_let_in() {
    let slow = NetworkSettings { lobby_latency: seconds(2), ..NetworkSettings::default() };
    let mut world = world_with(3, Topology::Lobby, slow, 0.0);
    for player in 0..3 {
        world.join(player);
    }
    world.run(seconds(1));
    assert!(world.session(0).unwrap().peers().is_empty(), "the news is still under way");
    world.run(seconds(4));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.session(0).unwrap().peers().len(), 2);
}

#[test]
fn with_server_relay_clients_have_the_host_alone() {
    let mut world = world(4, Topology::Relay);
    world.assemble();
    assert_eq!(world.session(0).unwrap().peers().len(), 3);
    assert_eq!(world.session(1).unwrap().peers().len(), 1);
    let now = world.network.now();
    let refused = world.session(1).unwrap().add_peer(steam_id(2), PORT, now);
    assert_eq!(refused, Err(SessionError::Relayed));
}

// The host.

#[test]
fn another_client_that_is_faster_than_the_host_is_announced_after_it() {
    let mut world = world(3, Topology::Lobby);
    world.join(0);
    world.join(1);
    world.run(seconds(1));
    world.network.partition(steam_id(0), steam_id(2));
    world.join(2);
    world.run(seconds(3));
    assert_eq!(world.session(2).unwrap().status(), Status::Connecting);
    // Player 1 knows it already, and its packets wait.
    world.put(1, Target::All, 0, TransferMode::Reliable, 50).unwrap().unwrap();
    world.run(seconds(1));
    world.network.heal(steam_id(0), steam_id(2));
    world.run(seconds(3));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.session(2).unwrap().peers()[0].id, PeerId::HOST);
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn a_killed_host_ends_every_client() {
    let mut world = world(4, Topology::Lobby);
    world.assemble();
    world.kill(0);
    world.run(seconds(12));
    for player in 1..4 {
        assert_eq!(world.session(player).unwrap().status(), Status::Disconnected, "player {player}");
        assert!(world.session(player).unwrap().peers().is_empty());
    }
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn dialling_nobody_fails_within_the_handshake_timeout() {
    let network = Network::new(1);
    let mut client = Solo::new(&network, SteamId(2));
    client.session.create_client(HOST, PORT, network.now()).unwrap();
    run(&mut [&mut client], seconds(9));
    assert_eq!(client.session.status(), Status::Connecting);
    run(&mut [&mut client], seconds(2));
    assert_eq!(client.session.status(), Status::Disconnected);
    assert_eq!(client.reason_of(HOST), Some(EndReason::Other(5003)));
    assert_eq!(client.events.len(), 1, "no peer is told of: {:?}", client.events);
}

#[test]
fn a_bad_certificate_is_retried_five_times() {
    for (failures, expected) in [(5, Status::Connected), (6, Status::Disconnected)] {
        let network = Network::new(1);
        let mut host = Solo::host(&network);
        let mut client = Solo::new(&network, SteamId(2));
        network.bad_certificates(HOST, SteamId(2), failures);
        client.session.create_client(HOST, PORT, network.now()).unwrap();
        run(&mut [&mut host, &mut client], seconds(60));
        assert_eq!(client.session.status(), expected, "{failures} failures");
    }
}

// Leaving.

#[test]
fn a_packet_put_just_before_close_arrives_and_the_leave_is_known_within_a_second() {
    for loss in [0.0, 0.1] {
        let mut world = world_with(3, Topology::Lobby, NetworkSettings::default(), loss);
        world.assemble();
        for channel in 0..3 {
            world.put(1, Target::All, channel, TransferMode::Reliable, 500).unwrap().unwrap();
        }
        world.leave(1);
        assert_eq!(world.session(1).unwrap().status(), Status::Disconnected);
        world.run(if loss > 0.0 { seconds(3) } else { seconds(1) });
        for player in [0, 2] {
            assert_eq!(world.session(player).unwrap().peers().len(), 1, "loss {loss}");
        }
        assert_eq!(world.ledger.last_words_arrive(), Ok(()));
        let ends: Vec<_> = world.endings.iter().map(|&(_, who, reason)| (who, reason)).collect();
        assert_eq!(ends, [(steam_id(1), EndReason::Left); 2]);
    }
}

#[test]
fn who_leaves_just_as_the_other_process_ends_does_not_linger() {
    // With little to say and much, and to someone whose own line is busy, so that nothing goes out at once.
    for (packets, is_busy) in [(1, false), (300, false), (1, true)] {
        let network = Network::new(1);
        let mut host = Solo::host(&network);
        let mut client = client_of(&mut host, 2);
        if is_busy {
            let slow = LinkSettings { bandwidth: 10_000, ..LinkSettings::default() };
            network.set_link(HOST, SteamId(2), slow);
        }
        for _ in 0..packets {
            client.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
        }
        client.session.close(network.now());
        let left = Event::PeerDisconnected(host.session.peers()[0].id);
        let mut heard = 0;
        while !host.events.contains(&left) {
            assert!(network.now() < Time::ZERO + seconds(10));
            if is_busy {
                host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 3000]).unwrap();
            }
            run(&mut [&mut client], FRAME);
            host.frame();
            heard += host.read().len();
        }
        assert_eq!(heard, packets);
        assert!(client.session.is_draining());
        assert_eq!(host.session.is_draining(), is_busy, "its answer is out, or it waits for that");
        let until = network.now() + Duration::from_millis(500);
        while host.session.is_draining() {
            assert!(network.now() < until);
            run(&mut [&mut host, &mut client], FRAME);
        }
        // Not a moment later.
        drop(host);
        run(&mut [&mut client], Duration::from_millis(100));
        assert!(!client.session.is_draining());
        assert!(network.counters().is_empty());
    }
}

#[test]
fn a_goodbye_that_promises_what_never_comes_is_believed_for_ten_seconds() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.send(connection, 0, SendFlags::RELIABLE, hello(7).encode());
    let goodbye = peer_core::Goodbye {
        reason: EndReason::Left,
        message: "so long".to_owned(),
        last_numbers: std::iter::once((Lane::new(1).unwrap(), 1000)).collect(),
    };
    raw.send(connection, 0, SendFlags::RELIABLE, goodbye.encode());
    run(&mut [&mut host], seconds(9));
    assert_eq!(host.session.peers().len(), 1);
    run(&mut [&mut host], seconds(2));
    assert!(host.session.peers().is_empty());
    let told = host.events.iter().any(|event| {
        matches!(event, Event::ConnectionEnded { reason: EndReason::Left, message, .. } if message == "so long")
    });
    assert!(told, "{:?}", host.events);
}

#[test]
fn a_kicked_peer_hears_why() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    let id = client.session.unique_id().unwrap();
    host.session.put(Target::Only(id), Channel::ZERO, TransferMode::Reliable, b"before").unwrap();
    host.session.kick(id, "no cheating", network.now()).unwrap();
    assert_eq!(host.session.peers().len(), 1, "the signal comes from a later poll");
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(client.session.status(), Status::Connected, "what was put before can still be read");
    assert_eq!(client.read().len(), 1);
    run(&mut [&mut client], FRAME);
    let expected = Event::ConnectionEnded {
        steam_id: HOST,
        peer: Some(PeerId::HOST),
        reason: EndReason::Kicked,
        message: "no cheating".to_owned(),
    };
    assert_eq!(client.events[1..], [expected, Event::PeerDisconnected(PeerId::HOST)]);
    assert_eq!(client.session.status(), Status::Disconnected);
    assert_eq!(host.events.last(), Some(&Event::PeerDisconnected(id)));
}

#[test]
fn a_forced_disconnect_is_at_once_and_without_a_signal() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    let id = client.session.unique_id().unwrap();
    host.session.disconnect_peer(id, true, network.now()).unwrap();
    assert!(host.session.peers().is_empty());
    let unknown = host.session.put(Target::Only(id), Channel::ZERO, TransferMode::Reliable, b"x");
    assert_eq!(unknown, Err(PutError::UnknownTarget(id.to_godot())));
    assert!(host.session.disconnect_peer(id, false, network.now()).is_err());
    host.events.clear();
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(host.events, []);
    assert_eq!(client.session.status(), Status::Disconnected);
}

#[test]
fn a_client_that_disconnects_its_host_has_left() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    client.session.disconnect_peer(PeerId::HOST, false, network.now()).unwrap();
    assert_eq!(client.session.status(), Status::Connected);
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(client.session.status(), Status::Disconnected);
    assert!(host.session.peers().is_empty());
}

#[test]
fn packets_for_a_peer_that_is_leaving_are_dropped_without_an_error() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    let id = client.session.unique_id().unwrap();
    client.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"last words").unwrap();
    client.session.close(network.now());
    // The host polls and does not read: the peer is still there, on its way out.
    for _ in 0..60 {
        client.frame();
        host.frame();
        network.advance(FRAME);
    }
    assert_eq!(host.session.available(), 1);
    assert_eq!(host.session.put(Target::Only(id), Channel::ZERO, TransferMode::Reliable, b"x"), Ok(()));
    assert_eq!(host.read().len(), 1);
    run(&mut [&mut host], FRAME);
    assert!(host.session.peers().is_empty());
}

#[test]
fn a_game_that_does_not_read_hears_of_the_end_all_the_same() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    client.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"unread").unwrap();
    client.session.close(network.now());
    run(&mut [&mut host, &mut client], seconds(9));
    assert_eq!(host.session.peers().len(), 1);
    run(&mut [&mut host], seconds(3));
    assert!(host.session.peers().is_empty());
    assert_eq!(host.session.available(), 0, "what was not read goes with its peer");
}

#[test]
fn every_handler_may_close_the_session() {
    for stop_at in 0..4 {
        let mut world = world(4, Topology::Lobby);
        world.assemble();
        let network = world.network.clone();
        // Player 1 hears of three peers' ends at once, and closes at one of them.
        world.leave(0);
        for _ in 0..90 {
            world.frame();
            let session = world.session(1).unwrap();
            session.poll(network.now());
            let mut seen = 0;
            while let Some(event) = session.next_event() {
                if matches!(event, Event::PeerDisconnected(_)) && seen == stop_at {
                    session.close(network.now());
                    assert_eq!(session.next_event(), None);
                    assert_eq!(session.status(), Status::Disconnected);
                }
                seen += 1;
            }
        }
        assert!(world.session(1).unwrap().peers().is_empty());
    }
}

#[test]
fn host_close_host_again_a_thousand_times() {
    let network = Network::new(1);
    let mut host = Solo::new(&network, HOST);
    let mut client = Solo::new(&network, SteamId(2));
    for round in 0..1000 {
        host.session.create_host(PORT, network.now()).unwrap();
        client.session.create_client(HOST, PORT, network.now()).unwrap();
        for _ in 0..300 {
            run(&mut [&mut host, &mut client], FRAME);
            if client.session.status() == Status::Connected {
                break;
            }
        }
        assert_eq!(client.session.status(), Status::Connected, "round {round}");
        host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"end of round").unwrap();
        host.session.close(network.now());
        let mut heard = 0;
        for _ in 0..300 {
            run(&mut [&mut host, &mut client], FRAME);
            heard += client.read().len();
            if client.session.status() == Status::Disconnected {
                break;
            }
        }
        assert_eq!((client.session.status(), heard), (Status::Disconnected, 1), "round {round}");
        host.events.clear();
        client.events.clear();
    }
    run(&mut [&mut host, &mut client], seconds(25));
    let left = network.counters();
    assert!(left.is_empty(), "{left:?}");
}

/// Their goodbyes cross. Whoever is done first closes, and Steam may never say so to the other.
#[test]
fn two_who_leave_each_other_are_both_done_at_once() {
    for late in 0..40 {
        let network = Network::new(1);
        network.set_default_link(LinkSettings::with_latency(Duration::from_millis(20)));
        let mut host = Solo::host(&network);
        let mut client = client_of(&mut host, 2);
        host.session.close(network.now());
        network.advance(Duration::from_millis(late));
        client.session.close(network.now());
        run(&mut [&mut host, &mut client], seconds(1));
        assert!(!host.session.is_draining() && !client.session.is_draining(), "{late} ms later");
        assert_eq!(network.counters().open_connections, 0, "{late} ms later");
    }
}

/// Games make a new peer for each session, so the former one's last words are another session's.
#[test]
fn the_next_session_of_a_process_dials_whom_the_former_takes_leave_of() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut former = client_of(&mut host, 2);
    for _ in 0..200 {
        former.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
    }
    let sibling = former.session.transport().sibling();
    let mut next = Solo { network: network.clone(), session: Session::new(sibling, 3), events: Vec::new() };
    former.session.close(network.now());
    assert!(former.session.is_draining());
    next.session.create_client(HOST, PORT, network.now()).unwrap();
    assert_eq!(next.session.status(), Status::Connecting);
    run(&mut [&mut host, &mut former, &mut next], seconds(5));
    assert_eq!(host.read().len(), 200, "the former session's last words");
    assert_eq!(next.session.status(), Status::Connected);
    assert_eq!(next.events, [Event::PeerConnected(PeerId::HOST)]);
}

#[test]
fn a_listen_socket_outlives_what_was_accepted_on_it_and_is_taken_over() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    for _ in 0..200 {
        host.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
    }
    host.session.close(network.now());
    assert!(host.session.is_draining());
    assert_eq!(network.counters_of(HOST).listen_sockets, 1);
    // The same port again, at once; then another one.
    host.session.create_host(PORT, network.now()).unwrap();
    host.session.close(network.now());
    host.session.create_host(VirtualPort(5), network.now()).unwrap();
    assert_eq!(network.counters_of(HOST).listen_sockets, 2);
    let mut heard = 0;
    for _ in 0..300 {
        run(&mut [&mut host, &mut client], FRAME);
        heard += client.read().len();
    }
    assert_eq!(heard, 200, "closing the old session has lost nothing");
    assert!(!host.session.is_draining());
    assert_eq!(network.counters_of(HOST).listen_sockets, 1, "the old port is closed once nobody needs it");
}

#[test]
fn another_session_of_the_process_takes_the_port_over_while_the_first_one_lingers() {
    let network = Network::new(1);
    let mut first = Solo::host(&network);
    let transport = first.session.transport().sibling();
    let mut second = Solo { network: network.clone(), session: Session::new(transport, 2), events: vec![] };
    let mut old = client_of(&mut first, 2);
    for _ in 0..200 {
        first.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1000]).unwrap();
    }
    let error = second.session.create_host(PORT, network.now());
    assert!(matches!(error, Err(SessionError::Listen(_))), "it is the first one's: {error:?}");
    first.session.close(network.now());
    second.session.create_host(PORT, network.now()).unwrap();
    let mut new = Solo::new(&network, SteamId(3));
    new.session.create_client(HOST, PORT, network.now()).unwrap();
    let mut heard = 0;
    while first.session.is_draining() {
        assert!(network.now() < Time::ZERO + seconds(10));
        run(&mut [&mut first, &mut second, &mut old, &mut new], FRAME);
        heard += old.read().len();
    }
    run(&mut [&mut first, &mut second, &mut old, &mut new], seconds(1));
    assert_eq!((heard, old.session.status()), (200, Status::Disconnected));
    assert_eq!((new.session.status(), second.session.peers().len()), (Status::Connected, 1));
    drop(first);
    run(&mut [&mut second, &mut new], seconds(15));
    assert_eq!(new.session.status(), Status::Connected);
    drop((second, new, old));
    assert!(network.counters().is_empty());
}

#[test]
fn leaving_and_coming_back_at_once_works_in_one_process() {
    let mut world = world(3, Topology::Lobby);
    world.assemble();
    for _ in 0..5 {
        world.put(1, Target::All, 0, TransferMode::Reliable, 5000).unwrap().unwrap();
        world.leave(1);
        world.join(1);
        world.run(seconds(4));
        assert_eq!(world.everyone_agrees(), Ok(()));
        assert_eq!(world.session(1).unwrap().peers().len(), 2);
    }
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn a_newer_connection_of_a_user_replaces_the_older() {
    let settings = NetworkSettings { duplicates: DuplicatePolicy::Delivered, ..NetworkSettings::default() };
    let mut world = world_with(3, Topology::Lobby, settings, 0.0);
    world.assemble();
    let old = world.session(1).unwrap().unique_id().unwrap();
    world.kill(1);
    world.join(1);
    world.run(seconds(2));
    let new = world.session(1).unwrap().unique_id().unwrap();
    let host = world.session(0).unwrap();
    assert_eq!(host.peer_id_for_steam_id(steam_id(1)), Some(new));
    assert_eq!(host.peer(old), None);
    assert!(world.endings.contains(&(0, steam_id(1), EndReason::Replaced)));
    assert_eq!(world.ledger.no_offence(), Ok(()));
}

#[test]
fn a_killed_client_is_gone_within_steams_timeout_and_can_come_back() {
    let mut world = world(3, Topology::Lobby);
    world.assemble();
    world.kill(1);
    world.run(seconds(11));
    assert_eq!(world.session(0).unwrap().peers().len(), 1);
    world.join(1);
    world.run(seconds(2));
    assert_eq!(world.everyone_agrees(), Ok(()));
}

#[test]
fn clients_of_a_lobby_find_each_other_again_after_a_long_partition() {
    let mut world = world(3, Topology::Lobby);
    world.assemble();
    world.network.partition(steam_id(1), steam_id(2));
    world.run(seconds(60));
    assert_eq!(world.session(1).unwrap().peers().len(), 1);
    world.network.heal(steam_id(1), steam_id(2));
    world.run(seconds(30));
    assert_eq!(world.everyone_agrees(), Ok(()));
    assert_eq!(world.session(1).unwrap().peers().len(), 2);
    let news = world.endings.iter().filter(|ending| ending.0 == 1).count();
    assert!(news <= 2, "a dial that is made over and over is no news: {news}");
}

#[test]
fn a_short_partition_loses_nothing() {
    let mut world = world(2, Topology::Lobby);
    world.assemble();
    world.network.partition(steam_id(0), steam_id(1));
    for _ in 0..100 {
        world.put(1, Target::All, 2, TransferMode::Reliable, 300).unwrap().unwrap();
        world.frame();
    }
    world.run(seconds(5));
    world.network.heal(steam_id(0), steam_id(1));
    world.run(seconds(5));
    assert_eq!(world.session(0).unwrap().peers().len(), 1);
    assert_eq!(world.ledger.nothing_reliable_is_missing(), Ok(()));
}

#[test]
fn who_joins_speaks_and_leaves_between_two_polls_is_heard() {
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.send(connection, 0, SendFlags::RELIABLE, hello(7).encode());
    raw.send(connection, 1, SendFlags::RELIABLE, &b"in passing"[..]);
    let goodbye = peer_core::Goodbye {
        reason: EndReason::Left,
        message: String::new(),
        last_numbers: std::iter::once((Lane::new(1).unwrap(), 1)).collect(),
    };
    raw.send(connection, 0, SendFlags::RELIABLE, goodbye.encode());
    network.advance(seconds(1));
    host.frame();
    assert_eq!(host.read().len(), 1);
    host.frame();
    let id = PeerId::new(7).unwrap();
    assert_eq!(host.events.first(), Some(&Event::PeerConnected(id)));
    assert_eq!(host.events.last(), Some(&Event::PeerDisconnected(id)));
}

// Calls.

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
    assert_eq!(put(&mut host, Target::All, 524_289), Err(PutError::TooLarge(524_289)));
    let one = Channel::new(1).unwrap();
    let tagged = host.session.put(Target::All, one, TransferMode::Reliable, &vec![1; 524_288]);
    assert_eq!(tagged, Err(PutError::TooLarge(524_288)));
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
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let now = network.now();
    assert_eq!(host.session.create_host(PORT, now), Err(SessionError::AlreadyInUse));
    assert_eq!(host.session.create_client(SteamId(2), PORT, now), Err(SessionError::AlreadyInUse));
    assert_eq!(host.session.add_peer(HOST, PORT, now), Err(SessionError::Oneself));
    let mut idle = Solo::new(&network, SteamId(2));
    assert_eq!(idle.session.add_peer(HOST, PORT, now), Err(SessionError::NotActive));
    assert_eq!(idle.session.create_client(SteamId(2), PORT, now), Err(SessionError::Oneself));
    assert_eq!(idle.session.disconnect_peer(PeerId::HOST, false, now), Err(SessionError::UnknownPeer(1)));
    let id = peer_core::LobbyId(9);
    let lobby = |owner, members: &[u64]| peer_core::Lobby {
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
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
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
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
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
    let network = Network::new(1);
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
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
