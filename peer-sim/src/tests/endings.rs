//! How connections end.

use super::*;
use peer_core::EndReason;

fn telling() -> NetworkSettings {
    NetworkSettings { silent_close: false, ..NetworkSettings::kind() }
}

#[test]
fn a_close_is_told_after_a_latency_and_what_came_before_can_still_be_read() {
    let mut pair = Pair::with_settings(telling());
    pair.bob_sends(0, RELIABLE, "last");
    pair.network.advance(ms(20));
    pair.bob.close(pair.at_bob, EndReason::Kicked, "bye");
    pair.network.advance(ms(20));
    let state = ConnectionState::ClosedByPeer { reason: EndReason::Kicked, message: "bye".to_owned() };
    assert_eq!(changes(&mut pair.alice), [(pair.at_alice, state)]);
    assert_eq!(payloads(&mut pair.alice), ["last"]);
    assert_eq!(pair.network.counters_of(ALICE).open_connections, 1);
    pair.alice.close(pair.at_alice, EndReason::Left, "");
    pair.network.advance(secs(30));
    assert_eq!(pair.network.counters().open_connections, 0);
    assert_eq!(changes(&mut pair.bob), []);
}

#[test]
fn a_silent_close_is_answered_to_who_sends_within_five_seconds() {
    for (wait, end) in [(4, ("closed by peer", 1001)), (6, ("problem", 5003))] {
        let mut pair = Pair::new();
        pair.bob.close(pair.at_bob, EndReason::Kicked, "");
        pair.network.advance(secs(wait));
        send(&mut pair.alice, pair.at_alice, 0, UNRELIABLE, "still there?");
        pair.network.advance(secs(8));
        assert_eq!(only_end(&mut pair.alice), end, "sent after {wait} s");
    }
}

#[test]
fn the_end_of_the_listen_socket_ends_the_answers_to_a_silent_close() {
    let mut pair = Pair::new();
    pair.alice.close_listen(pair.listen);
    assert_eq!(pair.network.counters_of(ALICE).listen_sockets, 1);
    pair.alice.close(pair.at_alice, EndReason::Kicked, "");
    assert!(pair.network.counters_of(ALICE).is_empty());
    pair.bob_sends(0, UNRELIABLE, "still there?");
    pair.network.advance(secs(11));
    assert_eq!(only_end(&mut pair.bob), ("problem", 5003));
}

#[test]
fn a_close_while_the_link_is_down_is_said_again_for_five_seconds() {
    for (outage, end) in [(3, ("closed by peer", 1000)), (6, ("problem", 5003))] {
        let mut pair = Pair::with_settings(telling());
        pair.network.partition(ALICE, BOB);
        pair.bob.close(pair.at_bob, EndReason::Left, "");
        pair.network.advance(secs(outage));
        pair.network.heal(ALICE, BOB);
        pair.network.advance(secs(11));
        assert_eq!(only_end(&mut pair.alice), end, "link down for {outage} s");
    }
}

#[test]
fn close_drops_what_is_not_sent_and_releases_what_is_not_read() {
    let mut pair = Pair::with_settings(telling());
    let payload = Bytes::from(vec![7; 100_000]);
    pair.bob_sends(0, RELIABLE, payload.clone());
    send(&mut pair.alice, pair.at_alice, 0, RELIABLE, "unread");
    pair.network.advance(ms(30));
    assert_eq!(pair.network.counters_of(BOB).unread_messages, 1);
    pair.bob.close(pair.at_bob, EndReason::Left, "");
    assert!(pair.network.counters_of(BOB).is_empty());
    assert_eq!(messages(&mut pair.bob).len(), 0);
    pair.network.advance(secs(1));
    assert_eq!(payloads(&mut pair.alice), Vec::<Bytes>::new());
    pair.alice.close(pair.at_alice, EndReason::Left, "");
    assert!(payload.is_unique());
}

#[test]
fn a_killed_process_can_do_nothing_more_and_another_can_start_at_once() {
    let Pair { network, mut bob, at_bob, .. } = Pair::new();
    network.kill(BOB);
    network.kill(BOB);
    let fresh = network.endpoint(BOB);
    assert_eq!(bob.local_steam_id(), None);
    assert!(bob.listen(PORT).is_err() && bob.connect(ALICE, PORT, Token(0)).is_err());
    assert!(bob.accept(at_bob, Token(0)).is_err() && bob.configure_lanes(at_bob, &even_lanes(4)).is_err());
    assert_eq!(send(&mut bob, at_bob, 0, RELIABLE, "x"), SendResult::INVALID_PARAM);
    assert_eq!((messages(&mut bob).len(), bob.next_status()), (0, None));
    bob.close(at_bob, EndReason::Left, "");
    bob.detach(at_bob);
    drop(bob);
    assert!(network.is_alive(BOB));
    drop(fresh);
    assert!(!network.is_alive(BOB));
}

#[test]
fn messages_of_a_killed_process_still_count_until_dropped() {
    let mut pair = Pair::new();
    pair.bob_sends(0, RELIABLE, "x");
    pair.network.advance(ms(30));
    let held = messages(&mut pair.alice);
    pair.network.kill(ALICE);
    assert_eq!(pair.network.counters_of(ALICE).live_messages, 1);
    drop(held);
    assert!(pair.network.counters_of(ALICE).is_empty());
}

#[test]
fn dropping_a_transport_is_the_exit_of_its_process() {
    let Pair { network, mut alice, bob, .. } = Pair::with_settings(telling());
    drop(bob);
    network.advance(secs(9));
    assert_eq!(changes(&mut alice), []);
    network.advance(secs(2));
    assert_eq!(only_end(&mut alice), ("problem", 5003));
    assert!(network.counters_of(BOB).is_empty());
}

#[test]
fn a_short_partition_loses_nothing_reliable() {
    let mut pair = Pair::new();
    pair.network.partition(ALICE, BOB);
    for payload in numbered(50, 100) {
        pair.bob_sends(1, RELIABLE, payload);
        pair.network.advance(ms(190));
    }
    pair.network.heal(ALICE, BOB);
    pair.network.advance(secs(1));
    let arrived: Vec<_> = payloads(&mut pair.alice).iter().map(|payload| number_of(payload)).collect();
    assert_eq!(arrived, (0..50).collect::<Vec<_>>());
    assert_eq!((changes(&mut pair.alice), changes(&mut pair.bob)), (vec![], vec![]));
    pair.network.advance(secs(60));
    assert_eq!((changes(&mut pair.alice), changes(&mut pair.bob)), (vec![], vec![]));
}

#[test]
fn a_long_partition_ends_the_connection_on_both_sides() {
    let mut pair = Pair::new();
    pair.network.partition(ALICE, BOB);
    pair.network.advance(secs(11));
    assert_eq!(only_end(&mut pair.alice), ("problem", 5003));
    assert_eq!(only_end(&mut pair.bob), ("problem", 5003));
    assert_eq!(pair.bob_sends(0, RELIABLE, "x"), SendResult::NO_CONNECTION);
}

#[test]
fn a_link_that_is_down_one_way_ends_the_connection_on_both_sides() {
    let mut pair = Pair::with_settings(telling());
    let down = LinkSettings { up: false, ..LinkSettings::default() };
    pair.network.set_link(BOB, ALICE, down);
    pair.network.advance(ms(10_800));
    assert_eq!(only_end(&mut pair.alice), ("problem", 5003));
    assert_eq!(only_end(&mut pair.bob), ("closed by peer", 5003));
}

#[test]
fn a_default_link_that_goes_down_is_noticed_too() {
    let mut pair = Pair::new();
    pair.network.set_default_link(LinkSettings { up: false, ..LinkSettings::default() });
    pair.network.advance(secs(5));
    pair.network.set_default_link(LinkSettings::default());
    pair.network.advance(secs(20));
    assert_eq!((changes(&mut pair.alice), changes(&mut pair.bob)), (vec![], vec![]));
    pair.network.set_default_link(LinkSettings { up: false, ..LinkSettings::default() });
    pair.network.advance(secs(11));
    assert_eq!(only_end(&mut pair.alice), ("problem", 5003));
}
