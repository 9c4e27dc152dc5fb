//! What becomes of messages.

use super::*;
use peer_core::{EndReason, LaneStatus};

/// Alice has accepted, Bob is Connected, Alice is not yet.
fn half_connected() -> (Network, SimTransport, SimTransport, ConnectionHandle) {
    let network = kind(1);
    let (mut alice, mut bob, at_bob) = dialled(&network);
    network.advance(ms(20));
    let request = alice.next_status().unwrap().connection;
    alice.accept(request, Token(0)).unwrap();
    network.advance(ms(20));
    assert_eq!(changes(&mut bob), [(at_bob, ConnectionState::Connected)]);
    (network, alice, bob, at_bob)
}

#[test]
fn an_unreliable_message_before_connected_is_dropped_and_a_reliable_one_is_not() {
    let (network, mut alice, mut bob, at_bob) = half_connected();
    send(&mut bob, at_bob, 0, UNRELIABLE, "dropped");
    send(&mut bob, at_bob, 0, RELIABLE, "kept");
    network.advance(ms(21));
    assert_eq!(changes(&mut alice), []);
    assert_eq!(payloads(&mut alice), ["kept"]);
    network.advance(secs(2));
    assert!(matches!(changes(&mut alice)[..], [(_, ConnectionState::Connected)]));
    assert_eq!(payloads(&mut alice), Vec::<Bytes>::new());
}

#[test]
fn nagle_holds_a_small_message_for_five_milliseconds_and_no_nagle_flushes_all_lanes() {
    let mut pair = Pair::new();
    pair.bob_sends(0, SendFlags::RELIABLE, "held");
    pair.network.advance(ms(24));
    assert_eq!(messages(&mut pair.alice).len(), 0);
    pair.network.advance(ms(1));
    assert_eq!(messages(&mut pair.alice).len(), 1);
    pair.network.advance(ms(100));

    pair.network.record_trace();
    pair.bob_sends(0, SendFlags::RELIABLE, "flushed");
    pair.bob_sends(1, SendFlags::empty(), "too");
    pair.bob_sends(2, RELIABLE, "flush");
    pair.network.advance(ms(20));
    assert_eq!(messages(&mut pair.alice).len(), 3);
    let trace = pair.network.take_trace();
    assert_eq!(trace.iter().filter(|(_, what)| what.contains("Arrive")).count(), 1, "{trace:?}");
}

#[test]
fn bandwidth_paces_what_leaves() {
    let mut pair = Pair::new();
    pair.bob_sends(0, RELIABLE, vec![0; 262_144]);
    pair.network.advance(ms(950));
    assert_eq!(messages(&mut pair.alice).len(), 0);
    pair.network.advance(ms(100));
    assert_eq!(messages(&mut pair.alice).len(), 1);
    // 100-byte messages at Steam's default rate: about 2,500 a second.
    for _ in 0..4 {
        send_all(&mut pair.bob, pair.at_bob, 0, RELIABLE, &numbered(1250, 100));
    }
    pair.network.advance(ms(1000));
    let came = messages(&mut pair.alice).len();
    assert!((2300..2600).contains(&came), "{came}");
}

#[test]
fn lanes_of_higher_priority_go_first_and_weights_share_the_rest() {
    let mut pair = Pair::new();
    let config = |priority, weight| LaneConfig { priority, weight };
    let configs = [config(1, 3), config(1, 1), config(0, 1), config(2, 1)];
    pair.bob.configure_lanes(pair.at_bob, &configs).unwrap();
    for lane in [3, 1, 0, 2] {
        send_all(&mut pair.bob, pair.at_bob, lane, SendFlags::RELIABLE, &numbered(40, 1000));
    }
    pair.network.advance(secs(2));
    let came: Vec<_> = messages(&mut pair.alice).iter().map(Message::lane).collect();
    assert_eq!(came.len(), 160);
    // The first datagram left before the others were put.
    let came = &came[1..];
    let of_lane_2 = came.iter().take(41).filter(|&&lane| lane == 2).count();
    assert!(of_lane_2 >= 39, "{came:?}");
    let shared: Vec<_> = came.iter().filter(|&&lane| lane < 2).take(40).collect();
    let of_lane_0 = shared.len() - shared.iter().map(|&&lane| usize::from(lane)).sum::<usize>();
    assert!((28..=32).contains(&of_lane_0), "{shared:?}");
    assert!(came[came.len() - 35..].iter().all(|&lane| lane == 3), "{came:?}");
}

#[test]
fn lanes_that_change_while_they_are_full_keep_everything() {
    let mut pair = Pair::new();
    send_all(&mut pair.bob, pair.at_bob, 0, SendFlags::RELIABLE, &numbered(50, 3000));
    pair.network.advance(ms(100));
    let configs: Vec<_> = (0..8).map(|lane| LaneConfig { priority: lane % 3, weight: 7 }).collect();
    pair.bob.configure_lanes(pair.at_bob, &configs).unwrap();
    send_all(&mut pair.bob, pair.at_bob, 7, SendFlags::RELIABLE, &numbered(50, 3000));
    pair.network.advance(secs(5));
    let came = messages(&mut pair.alice);
    for lane in [0, 7] {
        let numbers: Vec<_> =
            came.iter().filter(|it| it.lane() == lane).map(|it| number_of(it.payload())).collect();
        assert_eq!(numbers, (0..50).collect::<Vec<_>>());
    }
}

#[test]
fn an_unreliable_message_is_lost_with_any_of_its_pieces() {
    let mut pair = Pair::with_link(&LinkSettings { loss: 0.1, ..fast() });
    let count_of = |pair: &mut Pair, size: usize| {
        for _ in 0..200 {
            pair.bob_sends(1, UNRELIABLE, vec![0; size]);
            pair.network.advance(ms(2));
        }
        pair.network.advance(secs(1));
        messages(&mut pair.alice).len()
    };
    let (small, large) = (count_of(&mut pair, 1200), count_of(&mut pair, 12_000));
    assert!((165..195).contains(&small), "{small}");
    assert!((45..95).contains(&large), "{large}"); // 0.9 to the power of 10 is 0.35.
}

#[test]
fn a_reliable_message_waits_for_the_one_before_it_and_an_unreliable_one_does_not() {
    let mut pair = Pair::new();
    pair.network.cut(BOB, ALICE);
    pair.bob_sends(0, RELIABLE, "first");
    pair.network.advance(ms(10));
    pair.network.mend(BOB, ALICE);
    pair.bob_sends(0, RELIABLE, "second");
    pair.bob_sends(0, UNRELIABLE, "other");
    pair.network.advance(ms(50));
    assert_eq!(payloads(&mut pair.alice), ["other"]);
    pair.network.advance(ms(200));
    assert_eq!(payloads(&mut pair.alice), ["first", "second"]);
}

#[test]
fn an_acknowledgement_goes_with_what_goes_out_and_is_forgotten_by_a_close() {
    let unacked = |pair: &Pair| pair.bobs_status().sent_unacked_reliable;
    let mut pair = Pair::new();
    pair.bob_sends(1, RELIABLE, "heard");
    pair.network.advance(ms(20));
    send(&mut pair.alice, pair.at_alice, 1, UNRELIABLE, "yes");
    pair.alice.close(pair.at_alice, EndReason::Left, "");
    pair.network.advance(ms(20));
    assert_eq!(unacked(&pair), 0);

    let mut pair = Pair::new();
    pair.bob_sends(1, RELIABLE, "heard");
    pair.network.advance(ms(20));
    pair.network.kill(ALICE);
    pair.network.advance(ms(500));
    assert_ne!(unacked(&pair), 0);
}

#[test]
fn statistics_follow_a_message_from_the_queue_to_its_acknowledgement() {
    let mut pair = Pair::new();
    let statistics = |pair: &Pair| {
        let mut lanes = [LaneStatus::default(); 4];
        let status = pair.bob.real_time_status(pair.at_bob, &mut lanes).unwrap();
        let lane = lanes[1];
        assert_eq!(status.pending_reliable, lane.pending_reliable);
        assert_eq!(status.pending_unreliable, lane.pending_unreliable);
        assert_eq!(status.sent_unacked_reliable, lane.sent_unacked_reliable);
        (lane.pending_reliable, lane.pending_unreliable, lane.sent_unacked_reliable)
    };
    assert_eq!(statistics(&pair), (0, 0, 0));
    pair.bob_sends(1, SendFlags::RELIABLE, vec![0; 1000]);
    pair.bob_sends(1, SendFlags::empty(), vec![0; 100]);
    assert_eq!(statistics(&pair), (1002, 100, 0));
    pair.network.advance(ms(5));
    assert_eq!(statistics(&pair), (0, 0, 1002));
    // 50 ms more than there and back: the acknowledgement waits for something to go with.
    pair.network.advance(ms(89));
    assert_eq!(statistics(&pair), (0, 0, 1002));
    pair.network.advance(ms(1));
    assert_eq!(statistics(&pair), (0, 0, 0));
    // An empty message shows, too, while it waits.
    pair.bob_sends(1, RELIABLE, "");
    assert_eq!(statistics(&pair), (0, 0, 2));
    let status = pair.bobs_status();
    assert_eq!((status.ping_ms, status.send_rate_bytes_per_sec), (40, 262_144));
    assert_eq!(pair.bob.real_time_status(pair.at_bob, &mut [LaneStatus::default(); 5]), None);
}

#[test]
fn what_is_lost_is_pending_again() {
    let mut pair = Pair::new();
    pair.network.cut(BOB, ALICE);
    pair.bob_sends(0, RELIABLE, vec![0; 100_000]);
    pair.network.advance(secs(3));
    let status = pair.bobs_status();
    assert_eq!(status.pending_reliable + status.sent_unacked_reliable, 100_002);
    assert!(status.pending_reliable > 0 && status.queue_time_us > 0);
    pair.network.mend(BOB, ALICE);
    pair.network.advance(secs(3));
    let status = pair.bobs_status();
    assert_eq!(status.pending_reliable + status.sent_unacked_reliable, 0);
    assert_eq!(messages(&mut pair.alice).len(), 1);
}

#[test]
fn no_delay_is_ignored_when_its_turn_is_far_away() {
    let mut pair = Pair::with_settings(NetworkSettings { no_delay_works: true, ..NetworkSettings::kind() });
    let no_delay = SendFlags::NO_DELAY | SendFlags::NO_NAGLE;
    assert!(pair.bob_sends(0, no_delay, "now").message_number().is_some());
    pair.bob_sends(0, RELIABLE, vec![0; 100_000]);
    assert_eq!(pair.bob_sends(1, no_delay, "later"), SendResult::IGNORED);
    assert!(pair.bob_sends(1, UNRELIABLE, "whenever").message_number().is_some());
    pair.network.advance(secs(1));
    assert!(pair.bob_sends(1, no_delay, "now").message_number().is_some());
}

#[test]
fn a_receiver_that_does_not_read_loses_what_is_unreliable_and_stalls_what_is_reliable() {
    let settings = NetworkSettings { receive_buffer_messages: 100, ..NetworkSettings::kind() };
    let mut pair = Pair::with_settings(settings);
    pair.network.set_link_both(ALICE, BOB, &fast());
    send_all(&mut pair.bob, pair.at_bob, 0, RELIABLE, &numbered(150, 100));
    send_all(&mut pair.bob, pair.at_bob, 1, UNRELIABLE, &numbered(50, 100));
    pair.network.advance(secs(5));
    assert!(pair.bobs_status().sent_unacked_reliable + pair.bobs_status().pending_reliable > 0);
    assert_eq!(pair.network.counters_of(ALICE).unread_messages, 100);
    let mut came = messages(&mut pair.alice);
    pair.network.advance(secs(1));
    came.extend(messages(&mut pair.alice));
    let reliable: Vec<_> =
        came.iter().filter(|it| it.is_reliable()).map(|it| number_of(it.payload())).collect();
    assert_eq!(reliable, (0..150).collect::<Vec<_>>());
    assert!(came.iter().filter(|it| !it.is_reliable()).count() < 50);
    let status = pair.bobs_status();
    assert_eq!(status.pending_reliable + status.sent_unacked_reliable, 0);
}

#[test]
fn a_receiver_is_bounded_in_bytes_too() {
    let mut pair = Pair::with_link(&LinkSettings { send_buffer: 64 << 20, ..fast() });
    send_all(&mut pair.bob, pair.at_bob, 0, RELIABLE, &numbered(40, 500_000));
    pair.network.advance(secs(5));
    assert_eq!(pair.network.counters_of(ALICE).unread_messages, 33); // 16 MiB
    messages(&mut pair.alice);
    pair.network.advance(secs(2));
    assert_eq!(messages(&mut pair.alice).len(), 7);
}

#[test]
fn a_lane_from_eight_up_ends_the_connection_unless_such_lanes_work() {
    for (lane, works, arrives) in [(7, false, true), (8, false, false), (8, true, true), (254, false, false)]
    {
        for flags in [RELIABLE, UNRELIABLE] {
            let settings = NetworkSettings { lanes_past_seven_work: works, ..NetworkSettings::kind() };
            let mut pair = Pair::with_settings(settings);
            pair.bob.configure_lanes(pair.at_bob, &even_lanes(255)).unwrap();
            pair.bob_sends(0, flags, "before").message_number().unwrap();
            pair.bob_sends(lane, flags, "on the lane").message_number().unwrap();
            pair.network.advance(ms(100));
            if arrives {
                assert_eq!(payloads(&mut pair.alice), ["before", "on the lane"]);
                assert_eq!(changes(&mut pair.alice), []);
            } else {
                assert_eq!(payloads(&mut pair.alice), ["before"]);
                assert_eq!(only_end(&mut pair.alice), ("problem", 5002));
            }
        }
    }
}
