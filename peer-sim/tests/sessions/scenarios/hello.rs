//! What is said first, and what may not be said.

use super::*;

#[test]
fn both_hellos_are_said_and_ours_is_first() {
    let (network, mut host) = hosting();
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
    let (network, mut host) = hosting();
    let client = client_of(&mut host, 2);
    let taken = client.session.unique_id().unwrap().get();
    for (number, claim) in [0, 1, taken, (-5_i32).cast_unsigned(), u32::MAX, 1 << 31].into_iter().enumerate()
    {
        for is_godot_steam in [false, true] {
            let user = FOREIGN + 2 * number as u64 + u64::from(is_godot_steam);
            let (mut raw, connection) = raw_at(&network, &mut host, user);
            raw.messages();
            let said = if is_godot_steam { hello(claim).encode_godot_steam() } else { hello(claim).encode() };
            raw.send(connection, 0, SendFlags::RELIABLE, said);
            run(&mut [&mut host], seconds(1));
            assert_eq!(host.reason_of(SteamId(user)), Some(EndReason::IdRefused), "{claim} {is_godot_steam}");
            assert_eq!(host.session.peers().len(), 1, "{claim} {is_godot_steam}");
            if !is_godot_steam {
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

/// The hello of a session of that user with that nonce.
fn derived(user: SteamId, nonce: u64) -> Hello {
    Hello {
        features: Features::DERIVED_ID,
        peer_id: PeerId::derived(user, nonce).get(),
        nonce,
        match_id: Some(MatchId { host: HOST, nonce: 0 }),
    }
}

#[test]
fn an_id_that_does_not_follow_from_its_user_and_nonce_is_refused() {
    let (network, mut host) = hosting();
    for (user, says) in [
        (2, derived(SteamId(2), 5)),
        (3, derived(SteamId(2), 5)),
        (4, Hello { nonce: 6, ..derived(SteamId(4), 5) }),
    ] {
        let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN + user);
        raw.send(connection, 0, SendFlags::RELIABLE, says.encode());
        run(&mut [&mut host], seconds(1));
        assert_eq!(host.reason_of(SteamId(FOREIGN + user)), Some(EndReason::IdRefused), "{says:?}");
    }
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.send(connection, 0, SendFlags::RELIABLE, derived(SteamId(FOREIGN), 5).encode());
    run(&mut [&mut host], seconds(1));
    assert_eq!(host.session.peers().len(), 1);
}

/// A member hears the newcomer's hello before the host does, and claims that id without a proof.
#[test]
fn no_member_takes_a_newcomers_id() {
    let (network, mut host) = hosting();
    let (mut thief, connection) = raw_at(&network, &mut host, FOREIGN);
    let mut newcomer = Solo::new(&network, SteamId(2));
    newcomer.session.create_client(HOST, PORT, network.now()).unwrap();
    let id = newcomer.session.unique_id().unwrap();
    thief.send(connection, 0, SendFlags::RELIABLE, hello(id.get()).encode());
    run(&mut [&mut host], seconds(1));
    assert_eq!(host.session.peer(id).unwrap().steam_id, SteamId(FOREIGN), "nobody else has claimed it yet");
    run(&mut [&mut host, &mut newcomer], seconds(3));
    assert_eq!(newcomer.events, [Event::PeerConnected(PeerId::HOST)]);
    assert_eq!(host.session.peer(id).unwrap().steam_id, SteamId(2));
    assert_eq!(host.reason_of(SteamId(FOREIGN)), Some(EndReason::IdRefused));
    let told: Vec<_> =
        host.events.iter().filter(|event| !matches!(event, Event::ConnectionEnded { .. })).collect();
    let [in_, out] = [Event::PeerConnected(id), Event::PeerDisconnected(id)];
    assert_eq!(told, [&in_, &out, &in_]);
}

#[test]
fn of_two_users_whose_ids_meet_by_chance_the_second_is_refused() {
    let (network, mut host) = hosting();
    let [first, second] = [SteamId(FOREIGN), SteamId(FOREIGN + 1)];
    let ids: std::collections::HashMap<_, _> =
        (1..80_000).map(|nonce| (PeerId::derived(first, nonce), nonce)).collect();
    let meeting = (1..).find_map(|nonce| Some((*ids.get(&PeerId::derived(second, nonce))?, nonce)));
    let (of_first, of_second) = meeting.unwrap();
    for (user, nonce) in [(first, of_first), (second, of_second)] {
        let (mut raw, connection) = raw_at(&network, &mut host, user.0);
        raw.send(connection, 0, SendFlags::RELIABLE, derived(user, nonce).encode());
        run(&mut [&mut host], seconds(1));
    }
    assert_eq!(host.reason_of(second), Some(EndReason::IdRefused));
    assert_eq!(host.session.peers()[0].steam_id, first);
}

#[test]
fn a_host_that_does_not_claim_its_id_is_none() {
    let client = client_of_raw_host(&hello(77).encode());
    assert_eq!(client.session.status(), Status::Disconnected);
    assert_eq!(client.reason_of(HOST), Some(EndReason::IdRefused));
    assert!(!client.events.iter().any(|event| matches!(event, Event::PeerConnected(_))));
}

#[test]
fn noise_another_version_and_silence_end_with_their_reasons() {
    let (network, mut host) = hosting();
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
        // They have closed it before it was up.
        (&goodbye.encode(), EndReason::Left),
    ];
    for (number, (said, reason)) in said.into_iter().enumerate() {
        let user = FOREIGN + number as u64;
        let (mut raw, connection) = raw_at(&network, &mut host, user);
        raw.send(connection, 0, SendFlags::RELIABLE, said.to_vec());
        run(&mut [&mut host], seconds(1));
        assert_eq!(host.reason_of(SteamId(user)), Some(reason));
    }
    let (_silent, _) = raw_at(&network, &mut host, FOREIGN + 10);
    run(&mut [&mut host], seconds(58));
    assert_eq!(host.reason_of(SteamId(FOREIGN + 10)), None);
    run(&mut [&mut host], seconds(2));
    assert_eq!(host.reason_of(SteamId(FOREIGN + 10)), Some(EndReason::ProtocolViolation));
}

#[test]
fn reliable_data_that_overtakes_the_hello_is_delivered_after_it_and_unreliable_is_not() {
    let (network, mut host) = hosting();
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
    for _ in 0..200 {
        raw.send(connection, 1, SendFlags::RELIABLE, vec![0; 100_000]);
        run(&mut [&mut host], FRAME);
    }
    run(&mut [&mut host], seconds(1));
    assert_eq!(host.reason_of(SteamId(FOREIGN)), Some(EndReason::TooFarBehind));
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
        let (network, mut host) = hosting();
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
