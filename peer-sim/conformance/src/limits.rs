//! What is not taken, and what the send call says then.

use bytes::Bytes;
use peer_core::{
    Batch, ConnectionHandle, EndReason, Lane, Outgoing, SendFlags, SendResult, Token, Transport,
};

use crate::pair::Pair;
use crate::tools::{
    PORT, RELIABLE, connected, number_of, numbered, receive, request, send, send_all, send_batch, take, until,
};
use crate::{ALICE, BOB, CAROL, TestBed};

const KILOBYTE: usize = 1_024;

/// Too large, no such lane, no such connection, one that is closed.
pub fn what_cannot_be_taken_is_refused<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    assert_eq!(pair.bob_sends(0, RELIABLE, vec![0; 524_289]), SendResult::INVALID_PARAM);
    assert_eq!(pair.bob_sends(4, RELIABLE, "no such lane"), SendResult::INVALID_PARAM);
    let unknown = ConnectionHandle(pair.at_bob.0 ^ 0x5555);
    assert_eq!(send(&mut pair.bob, unknown, 0, RELIABLE, "x"), SendResult::INVALID_PARAM);
    // Nothing of it used up a number.
    assert_eq!(pair.bob_sends(0, RELIABLE, "good"), SendResult(1));
    assert_eq!(receive(pair.bed, &mut pair.alice, 1)[0].payload, "good");
    pair.bob.close(pair.at_bob, EndReason::Left, "");
    assert_eq!(pair.bob_sends(0, RELIABLE, "x"), SendResult::INVALID_PARAM);
    assert_eq!(pair.bob.next_status(), None);
}

/// The others in the batch get theirs; the rest of that connection's is not tried, or each by itself: versions of Steam
/// differ.
pub fn a_failure_in_a_batch_is_its_connections_alone<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    alice.listen(PORT).unwrap();
    let mut others = Vec::new();
    for user in [BOB, CAROL] {
        let mut other = bed.endpoint(user);
        other.connect(ALICE, PORT, Token(0)).unwrap();
        let asked = request(bed, &mut alice).connection;
        alice.accept(asked, Token(0)).unwrap();
        connected(bed, &mut other);
        connected(bed, &mut alice);
        others.push((other, asked));
    }
    let payloads = [Bytes::from_static(b"small"), Bytes::from(vec![0; 524_289])];
    let (bob, carol) = (others[0].1, others[1].1);
    let to = |connection, payload| Outgoing::new(connection, payload, Lane::CONTROL, RELIABLE);
    let messages = [to(bob, 0), to(carol, 0), to(bob, 1), to(bob, 0), to(carol, 0), to(bob, 0)];
    let results = send_batch(&mut alice, Batch { payloads: &payloads, messages: &messages });
    assert_eq!(results[..3], [SendResult(1), SendResult(1), SendResult::INVALID_PARAM]);
    assert_eq!(results[4], SendResult(2));
    let rest = [results[3], results[5]];
    let stops = rest == [SendResult::NOT_TRIED; 2];
    assert!(stops || rest == [SendResult(2), SendResult(3)], "{rest:?}");
    // And in the next call it is as if nothing had been.
    let next = if stops { 2 } else { 4 };
    assert_eq!(send(&mut alice, bob, 0, RELIABLE, "again"), SendResult(next));
    for ((other, _), count) in others.iter_mut().zip([usize::try_from(next).unwrap(), 2]) {
        assert!(receive(bed, other, count).iter().all(|came| came.is_reliable));
    }
}

/// What was taken arrives in order; what was not can be put again and leaves no hole.
pub fn a_full_send_buffer_takes_again_once_it_has_drained<B: TestBed>(bed: &mut B) {
    const COUNT: usize = 700;
    let mut pair = Pair::new(bed);
    let payloads = numbered(u32::try_from(COUNT).unwrap(), KILOBYTE);
    let mut sent = 0;
    let mut failures = 0;
    let mut came: Vec<u32> = Vec::new();
    let Pair { bed, alice, bob, at_bob, .. } = &mut pair;
    until(*bed, "everything to be taken", || {
        came.extend(take(alice, 1_000).iter().map(|came| number_of(&came.payload)));
        let results = send_all(bob, *at_bob, 1, SendFlags::RELIABLE, &payloads[sent..]);
        let taken = results.iter().take_while(|result| result.message_number().is_some()).count();
        // All are of one size: where one has no room the next has none, if it is tried.
        for (place, result) in results[taken..].iter().enumerate() {
            let not_tried = place > 0 && *result == SendResult::NOT_TRIED;
            assert!(not_tried || *result == SendResult::LIMIT_EXCEEDED, "{result:?}");
        }
        if sent == 0 {
            let bytes = taken * KILOBYTE;
            assert!((500 * KILOBYTE..=530 * KILOBYTE).contains(&bytes), "{bytes} bytes at once");
        }
        failures += usize::from(taken < results.len());
        sent += taken;
        (sent == COUNT).then_some(())
    });
    assert!(failures > 0);
    until(*bed, "everything to arrive", || {
        came.extend(take(alice, 1_000).iter().map(|came| number_of(&came.payload)));
        (came.len() >= COUNT).then_some(())
    });
    assert!(came.iter().copied().eq(0..u32::try_from(COUNT).unwrap()));
}

/// 524,288 bytes, which is all that the buffer has.
pub fn the_largest_message_fits_an_empty_buffer<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    assert_eq!(pair.bob.send_buffer_bytes(pair.at_bob), Some(524_288));
    let largest: Bytes = (0..524_288_u32).map(|i| (i / 7).to_le_bytes()[0]).collect();
    assert_eq!(pair.bob_sends(1, RELIABLE, largest.clone()), SendResult(1));
    assert_eq!(pair.bob_sends(1, RELIABLE, largest.clone()), SendResult::LIMIT_EXCEEDED);
    assert!(receive(pair.bed, &mut pair.alice, 1)[0].payload == largest);
}
