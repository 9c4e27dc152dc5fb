//! Where Steam may be harder than what stands in for it.

use super::*;
use crate::{BatchPolicy, NarrowLine, PendingRequestPolicy};
use peer_core::LaneStatus;

#[test]
fn after_a_failure_each_message_is_tried_by_itself() {
    let settings = NetworkSettings { batches: BatchPolicy::EachByItself, ..NetworkSettings::kind() };
    let mut pair = Pair::with_settings(settings);
    let payloads: Vec<_> = [500_000, 100_000, 10, 100_000].map(|size| Bytes::from(vec![0; size])).into();
    let results = send_all(&mut pair.bob, pair.at_bob, 0, SendFlags::RELIABLE, &payloads);
    let limit = SendResult::LIMIT_EXCEEDED;
    assert_eq!(results, [SendResult(1), limit, SendResult(2), limit]);
    pair.network.advance(secs(3));
    let sizes: Vec<_> = messages(&mut pair.alice).iter().map(|it| it.payload().len()).collect();
    assert_eq!(sizes, [500_000, 10]);
}

#[test]
fn a_dial_to_someone_whose_request_waits_ends_both_with_4002() {
    let settings =
        NetworkSettings { pending_requests: PendingRequestPolicy::Fails, ..NetworkSettings::kind() };
    let network = Network::with_settings(1, settings);
    let mut alice = network.endpoint(ALICE);
    let mut bob = network.endpoint(BOB);
    alice.listen(PORT).unwrap();
    bob.connect(ALICE, PORT, Token(1)).unwrap();
    network.advance(ms(30));
    let request = alice.next_status().unwrap().connection;
    assert_eq!(alice.connect(BOB, PORT, Token(2)), Ok(request));
    assert_eq!(only_end(&mut alice), ("problem", 4002));
    network.advance(ms(30));
    assert_eq!(only_end(&mut bob), ("closed by peer", 4002));
}

#[test]
fn a_status_change_is_reported_a_delay_later_and_sends_fail_meanwhile() {
    let settings = NetworkSettings { status_delay: ms(12), silent_close: false, ..NetworkSettings::kind() };
    let mut pair = Pair::with_settings(settings);
    pair.bob.close(pair.at_bob, peer_core::EndReason::Kicked, "");
    pair.network.advance(ms(31));
    assert_eq!(send(&mut pair.alice, pair.at_alice, 0, RELIABLE, "x"), SendResult::NO_CONNECTION);
    assert_eq!(changes(&mut pair.alice), []);
    pair.network.advance(ms(1));
    assert_eq!(only_end(&mut pair.alice), ("closed by peer", 1001));
}

#[test]
fn a_blocked_process_keeps_its_connections() {
    let mut pair = Pair::new();
    pair.network.block(ALICE, secs(60));
    for second in 0..60 {
        assert!(pair.network.is_blocked(ALICE), "after {second} s");
        pair.bob_sends(0, RELIABLE, "x");
        pair.network.advance(secs(1));
    }
    assert!(!pair.network.is_blocked(ALICE));
    assert_eq!((changes(&mut pair.alice), changes(&mut pair.bob)), (vec![], vec![]));
    assert_eq!(messages(&mut pair.alice).len(), 60);
}

#[test]
fn a_short_sleep_loses_nothing_and_a_long_one_ends_the_connection_on_both_sides() {
    let mut pair = Pair::new();
    send_all(&mut pair.alice, pair.at_alice, 0, RELIABLE, &numbered(100, 1_000));
    pair.network.advance(ms(100));
    pair.network.sleep(ALICE, secs(8));
    pair.bob_sends(0, RELIABLE, "meanwhile");
    pair.network.advance(secs(4));
    assert!(messages(&mut pair.bob).len() < 100);
    pair.network.advance(secs(10));
    assert_eq!(payloads(&mut pair.alice), ["meanwhile"]);
    assert!(!pair.network.is_blocked(ALICE));
    assert_eq!((changes(&mut pair.alice), changes(&mut pair.bob)), (vec![], vec![]));
    let status = pair.alice.real_time_status(pair.at_alice, &mut []).unwrap();
    assert_eq!(status.pending_reliable + status.sent_unacked_reliable, 0);

    pair.network.sleep(ALICE, secs(60));
    pair.network.advance(secs(11));
    assert_eq!(only_end(&mut pair.bob), ("problem", 5003));
    pair.network.advance(secs(50));
    assert_eq!(changes(&mut pair.alice), []);
    pair.network.advance(secs(10));
    assert_eq!(only_end(&mut pair.alice), ("problem", 5003));
}

#[test]
fn a_dial_sleeps_with_its_machine() {
    let network = kind(1);
    let mut alice = network.endpoint(ALICE);
    let mut bob = network.endpoint(BOB);
    alice.listen(PORT).unwrap();
    network.partition(ALICE, BOB);
    bob.connect(ALICE, PORT, Token(0)).unwrap();
    network.sleep(BOB, secs(60));
    network.heal(ALICE, BOB);
    network.advance(secs(60));
    assert_eq!((changes(&mut alice), changes(&mut bob)), (vec![], vec![]));
    network.advance(secs(1));
    assert!(matches!(changes(&mut alice)[..], [(_, ConnectionState::Requested)]));
    network.advance(secs(10));
    assert_eq!(only_end(&mut bob), ("problem", 5003));
}

#[test]
fn a_narrow_line_delays_what_waits_and_loses_what_does_not_fit() {
    let narrow = NarrowLine { rate: 50_000, queue: 20_000 };
    let mut pair = Pair::with_link(&LinkSettings { narrow: Some(narrow), ..fast() });
    for payload in numbered(100, 1_000) {
        pair.bob_sends(1, UNRELIABLE, payload);
    }
    pair.network.advance(ms(20));
    assert!(pair.bobs_status().ping_ms > 400, "{:?}", pair.bobs_status());
    pair.network.advance(ms(200));
    let early = messages(&mut pair.alice).len();
    assert!((8..=10).contains(&early), "{early} in 200 ms");
    pair.network.advance(secs(1));
    let all = early + messages(&mut pair.alice).len();
    assert!((20..=22).contains(&all), "{all} of 100");
    // What is reliable comes all the same, at the line's rate.
    send_all(&mut pair.bob, pair.at_bob, 0, RELIABLE, &numbered(100, 1_000));
    pair.network.advance(secs(2));
    assert!(messages(&mut pair.alice).len() < 100);
    pair.network.advance(secs(30));
    let mut lanes = [LaneStatus::default(); 1];
    pair.bob.real_time_status(pair.at_bob, &mut lanes).unwrap();
    assert_eq!(lanes[0].pending_reliable + lanes[0].sent_unacked_reliable, 0);
}
