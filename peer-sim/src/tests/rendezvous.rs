//! How connections come about.

use super::*;
use crate::DuplicatePolicy;
use peer_core::EndReason;

#[test]
fn a_port_on_which_nobody_listens_stays_silent_if_told_so() {
    let settings = NetworkSettings { refuse_unknown_ports: false, ..NetworkSettings::kind() };
    let network = Network::with_settings(1, settings);
    let mut alice = network.endpoint(ALICE);
    let mut bob = network.endpoint(BOB);
    bob.connect(ALICE, PORT, Token(0)).unwrap();
    network.advance(secs(5));
    alice.listen(PORT).unwrap();
    network.advance(secs(1));
    assert_eq!(alice.next_status().unwrap().state, ConnectionState::Requested);
    network.advance(secs(10));
    assert_eq!(only_end(&mut bob), ("problem", 5003));
}

#[test]
fn a_request_gets_through_once_a_partition_heals() {
    let network = kind(1);
    let mut alice = network.endpoint(ALICE);
    let mut bob = network.endpoint(BOB);
    alice.listen(PORT).unwrap();
    network.partition(ALICE, BOB);
    bob.connect(ALICE, PORT, Token(0)).unwrap();
    network.advance(secs(8));
    assert_eq!(changes(&mut alice), []);
    network.heal(ALICE, BOB);
    network.advance(ms(600));
    assert_eq!(alice.next_status().unwrap().state, ConnectionState::Requested);
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let network = kind(1);
    let (mut alice, mut bob, _, request) = asked(&network);
    network.cut(ALICE, BOB);
    alice.accept(request, Token(0)).unwrap();
    network.advance(secs(2));
    assert_eq!(changes(&mut bob), []);
    network.mend(ALICE, BOB);
    network.advance(ms(600));
    assert!(matches!(changes(&mut bob)[..], [(_, ConnectionState::Connected)]));
    network.advance(ms(100));
    assert_eq!(changes(&mut alice), [(request, ConnectionState::Connected)]);
}

#[test]
fn a_refusal_that_gets_lost_is_said_again() {
    let network = kind(1);
    let (mut alice, mut bob, _, request) = asked(&network);
    network.cut(ALICE, BOB);
    alice.close(request, EndReason::Full, "no room");
    network.advance(secs(7));
    assert_eq!(changes(&mut bob), []);
    network.mend(ALICE, BOB);
    network.advance(secs(1));
    assert_eq!(only_end(&mut bob), ("closed by peer", 1004));
    assert_eq!(changes(&mut alice), []);
}

#[test]
fn a_dial_that_is_given_up_takes_its_request_back_where_closes_are_told() {
    let settings = NetworkSettings { silent_close: false, ..NetworkSettings::kind() };
    let network = Network::with_settings(1, settings);
    let (mut alice, mut bob, at_bob, request) = asked(&network);
    bob.close(at_bob, EndReason::Left, "");
    network.advance(ms(30));
    assert_eq!(only_end(&mut alice), ("closed by peer", 1000));
    assert!(alice.accept(request, Token(0)).is_err());
}

#[test]
fn a_dial_that_is_given_up_silently_is_reported_to_who_accepts_it_within_five_seconds() {
    for (wait, takes, end) in [(4, ms(30), ("closed by peer", 1000)), (6, ms(10_030), ("problem", 5008))] {
        let network = kind(1);
        let (mut alice, mut bob, at_bob, request) = asked(&network);
        bob.close(at_bob, EndReason::Left, "");
        // As long as the request waits, another dial is not reported.
        let again = bob.connect(ALICE, PORT, Token(0)).unwrap();
        network.advance(secs(wait));
        bob.close(again, EndReason::Left, "");
        assert_eq!(changes(&mut alice), [], "after {wait} s");
        assert_eq!(alice.accept(request, Token(3)), Ok(()));
        network.advance(takes);
        assert_eq!(only_end(&mut alice), end, "accepted after {wait} s");
        assert_eq!(changes(&mut bob), []);
    }
}

#[test]
fn bad_certificates_end_as_many_dials_as_told() {
    let network = kind(1);
    let mut alice = network.endpoint(ALICE);
    let mut bob = network.endpoint(BOB);
    alice.listen(PORT).unwrap();
    network.bad_certificates(ALICE, BOB, 2);
    for _ in 0..2 {
        let dial = bob.connect(ALICE, PORT, Token(0)).unwrap();
        network.advance(ms(100));
        assert_eq!(only_end(&mut bob), ("problem", 4003));
        bob.close(dial, EndReason::Left, "");
    }
    assert_eq!(changes(&mut alice), []);
    bob.connect(ALICE, PORT, Token(0)).unwrap();
    network.advance(ms(100));
    assert!(matches!(changes(&mut alice)[..], [(_, ConnectionState::Requested)]));
}

#[test]
fn a_restarted_process_is_a_second_request_if_duplicates_are_delivered() {
    let settings = NetworkSettings { duplicates: DuplicatePolicy::Delivered, ..NetworkSettings::kind() };
    let Pair { network, mut alice, bob, at_alice, .. } = Pair::with_settings(settings);
    network.kill(BOB);
    drop(bob);
    let mut bob = network.endpoint(BOB);
    let at_bob = bob.connect(ALICE, PORT, Token(0)).unwrap();
    network.advance(ms(30));
    let [(request, ConnectionState::Requested)] = changes(&mut alice)[..] else { panic!("no request") };
    assert_ne!(request, at_alice);
    alice.accept(request, Token(4)).unwrap();
    network.advance(ms(200));
    assert_eq!(changes(&mut bob), [(at_bob, ConnectionState::Connected)]);
    assert_eq!(changes(&mut alice), [(request, ConnectionState::Connected)]);
}

#[test]
fn a_refused_dial_is_asked_anew_by_a_restarted_process() {
    let network = kind(1);
    let alice = network.endpoint(ALICE);
    let mut bob = network.endpoint(BOB);
    network.cut(ALICE, BOB);
    bob.connect(ALICE, PORT, Token(0)).unwrap();
    network.advance(secs(2));
    drop(alice);
    network.mend(ALICE, BOB);
    let mut alice = network.endpoint(ALICE);
    alice.listen(PORT).unwrap();
    network.advance(secs(1));
    assert!(matches!(changes(&mut alice)[..], [(_, ConnectionState::Requested)]));
    assert_eq!(changes(&mut bob), []);
}
