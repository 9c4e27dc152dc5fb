//! How connections end.

use super::*;
use peer_core::EndReason;

fn telling() -> NetworkSettings {
    NetworkSettings { silent_close: false, ..busy() }
}

#[test]
fn a_close_is_reported_after_a_latency_and_what_came_before_can_still_be_read() {
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

#[test]
fn an_idle_connection_asks_late_and_one_that_is_sent_on_at_once() {
    for (sends, earliest, latest) in [(true, 8_250, 9_000), (false, 8_250, 18_600)] {
        for seed in 0..20 {
            let mut pair = Pair::on(Network::with_settings(seed, NetworkSettings::kind()));
            pair.network.kill(BOB);
            if sends {
                send(&mut pair.alice, pair.at_alice, 0, UNRELIABLE, "still there?");
            }
            pair.network.advance(ms(earliest));
            assert_eq!(changes(&mut pair.alice), [], "seed {seed}");
            pair.network.advance(ms(latest - earliest));
            assert_eq!(only_end(&mut pair.alice), ("problem", 5003), "seed {seed}");
        }
    }
}

#[test]
fn an_idle_hour_costs_nothing() {
    let pair = Pair::new();
    pair.network.advance(secs(20));
    assert_eq!(pair.network.next_event_time(), None);
    pair.network.advance(secs(3600));
}
