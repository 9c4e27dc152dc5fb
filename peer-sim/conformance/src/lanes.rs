//! How many lanes there are, and which goes first.

use peer_core::{LaneConfig, SendFlags, SendResult, Transport, TransportError};

use crate::TestBed;
use crate::pair::Pair;
use crate::tools::{RELIABLE, even_lanes, receive, send_all};

/// The sender alone says how many there are.
pub fn lanes_grow_and_never_shrink<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    assert_eq!(pair.bob_sends(4, RELIABLE, "no such lane"), SendResult::INVALID_PARAM);
    assert_eq!(pair.bob.configure_lanes(pair.at_bob, &even_lanes(4)), Ok(()));
    assert_eq!(pair.bob.configure_lanes(pair.at_bob, &even_lanes(255)), Ok(()));
    assert_eq!(pair.bob_sends(7, RELIABLE, "a lane"), SendResult(1));
    let came = receive(pair.bed, &mut pair.alice, 1);
    assert_eq!((came[0].lane, &came[0].payload[..]), (7, &b"a lane"[..]));
    let fewer = pair.bob.configure_lanes(pair.at_bob, &even_lanes(254));
    assert!(matches!(fewer, Err(TransportError::Refused(_))), "{fewer:?}");
    assert_eq!(pair.bob_sends(7, RELIABLE, "still there"), SendResult(2));
    receive(pair.bed, &mut pair.alice, 1);
}

/// The first eight lanes, one after the other. The lanes after them are not in the suite: see its list of findings.
pub fn the_first_eight_lanes_carry_messages<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.bob.configure_lanes(pair.at_bob, &even_lanes(8)).unwrap();
    for lane in 0..8 {
        assert_eq!(pair.bob_sends(lane, RELIABLE, vec![lane]), SendResult(1));
        let came = receive(pair.bed, &mut pair.alice, 1).remove(0);
        assert_eq!((came.lane, &came.payload[..]), (lane, &[lane][..]));
    }
}

/// None, too many, without weight, or of a connection that is not there.
pub fn lanes_that_make_no_sense_are_refused<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    let mut refuses = |lanes: &[LaneConfig]| {
        let result = pair.bob.configure_lanes(pair.at_bob, lanes);
        assert!(matches!(result, Err(TransportError::Refused(_))), "{} lanes: {result:?}", lanes.len());
    };
    refuses(&[]);
    refuses(&even_lanes(256));
    let mut weightless = even_lanes(5);
    weightless[3].weight = 0;
    refuses(&weightless);
    let other = peer_core::ConnectionHandle(pair.at_bob.0 ^ 0x5555);
    assert!(pair.bob.configure_lanes(other, &even_lanes(1)).is_err());
    // Any priority is good.
    let mut odd = even_lanes(5);
    odd[0].priority = -7;
    odd[4].priority = i32::MAX;
    assert_eq!(pair.bob.configure_lanes(pair.at_bob, &odd), Ok(()));
}

/// A lane with a lower number of priority goes before what waits on the others.
pub fn a_lane_of_a_higher_priority_overtakes<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    let mut lanes = even_lanes(4);
    lanes[1].priority = 5;
    pair.bob.configure_lanes(pair.at_bob, &lanes).unwrap();
    let bulk: Vec<_> = (0..200).map(|_| vec![7_u8; 1_000].into()).collect();
    send_all(&mut pair.bob, pair.at_bob, 1, SendFlags::RELIABLE, &bulk);
    pair.bob_sends(2, RELIABLE, "first").message_number().unwrap();
    let came = receive(pair.bed, &mut pair.alice, 201);
    let place = came.iter().position(|came| came.lane == 2).unwrap();
    assert!(place < 100, "overtook {} of 200", 200 - place);
}
