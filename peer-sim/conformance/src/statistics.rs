//! Statistics of connections and lanes.

use peer_core::{ConnectionHandle, LaneStatus, SendFlags, Transport};

use crate::TestBed;
use crate::pair::Pair;
use crate::tools::{RELIABLE, numbered, receive, send_all, until};

/// What waits and what is not acknowledged goes up, and back to nothing once all has arrived.
pub fn statistics_come_to_rest<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    send_all(&mut pair.bob, pair.at_bob, 1, SendFlags::RELIABLE, &numbered(300, 1_000));
    let busy = pair.bob.real_time_status(pair.at_bob, &mut []).unwrap();
    assert!(busy.pending_reliable + busy.sent_unacked_reliable >= 250_000, "{busy:?}");
    assert!(busy.queue_time_us > 0, "{busy:?}");
    receive(pair.bed, &mut pair.alice, 300);
    let Pair { bed, alice, bob, at_alice, at_bob, .. } = &mut pair;
    let rest = until(*bed, "everything to be acknowledged", || {
        let status = bob.real_time_status(*at_bob, &mut [])?;
        (status.pending_reliable == 0 && status.sent_unacked_reliable == 0).then_some(status)
    });
    assert_eq!(rest.pending_unreliable, 0);
    assert!((0..500).contains(&rest.ping_ms), "{rest:?}");
    assert!(rest.send_rate_bytes_per_sec >= 128 * 1024, "{rest:?}");
    let receiver = alice.real_time_status(*at_alice, &mut []).unwrap();
    assert_eq!((receiver.pending_reliable, receiver.sent_unacked_reliable), (0, 0));
}

/// A lane has its own share of what waits.
pub fn statistics_of_lanes_add_up<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    send_all(&mut pair.bob, pair.at_bob, 1, SendFlags::RELIABLE, &numbered(100, 1_000));
    send_all(&mut pair.bob, pair.at_bob, 3, SendFlags::RELIABLE, &numbered(200, 1_000));
    let mut lanes = [LaneStatus::default(); 4];
    pair.bob.real_time_status(pair.at_bob, &mut lanes).unwrap();
    let of = |lane: &LaneStatus| lane.pending_reliable + lane.sent_unacked_reliable;
    assert_eq!((of(&lanes[0]), of(&lanes[2])), (0, 0));
    assert!((50_000..=110_000).contains(&of(&lanes[1])), "{lanes:?}");
    assert!((150_000..=210_000).contains(&of(&lanes[3])), "{lanes:?}");
    receive(pair.bed, &mut pair.alice, 300);
    let Pair { bed, bob, at_bob, .. } = &mut pair;
    until(*bed, "everything to be acknowledged", || {
        bob.real_time_status(*at_bob, &mut lanes)?;
        lanes.iter().all(|lane| of(lane) == 0).then_some(())
    });
}

/// More lanes than there are, an unknown connection.
pub fn statistics_of_what_is_not_there<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.bob_sends(0, RELIABLE, "x").message_number().unwrap();
    assert!(pair.bob.real_time_status(pair.at_bob, &mut [LaneStatus::default(); 4]).is_some());
    assert_eq!(pair.bob.real_time_status(pair.at_bob, &mut [LaneStatus::default(); 5]), None);
    let unknown = ConnectionHandle(pair.at_bob.0 ^ 0x5555);
    assert_eq!(pair.bob.real_time_status(unknown, &mut []), None);
}
