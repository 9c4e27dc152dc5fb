//! What a message carries, and in which order messages come.

use std::time::Duration;

use bytes::Bytes;
use peer_core::{SendFlags, SendResult, Token, Transport};

use crate::pair::Pair;
use crate::tools::{
    PORT, RELIABLE, UNRELIABLE, connected, number_of, numbered, pass, receive, request, send, send_all, take,
    until_acknowledged,
};
use crate::{ALICE, BOB, CAROL, TestBed};

/// Connection, token, lane, number, kind and bytes.
pub fn a_message_carries_its_facts<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    let payload: Bytes = (0..1_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    assert_eq!(pair.bob_sends(3, RELIABLE, payload.clone()), SendResult(1));
    let came = receive(pair.bed, &mut pair.alice, 1).remove(0);
    assert_eq!((came.connection, came.token), (pair.at_alice, Token(1)));
    assert_eq!((came.lane, came.number, came.is_reliable), (3, 1, true));
    assert_eq!(came.payload, payload);
    assert_eq!(pair.alice_sends(2, UNRELIABLE, "back"), SendResult(1));
    let came = receive(pair.bed, &mut pair.bob, 1).remove(0);
    assert_eq!((came.connection, came.token), (pair.at_bob, Token(2)));
    assert_eq!((came.lane, came.number, came.is_reliable), (2, 1, false));
    assert_eq!(came.payload, "back");
}

/// From 1, reliable and unreliable together, each lane by itself.
pub fn each_lane_counts_its_messages<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    for number in 1..=4 {
        let flags = if number % 2 == 0 { RELIABLE } else { UNRELIABLE };
        for lane in 1..4 {
            assert_eq!(pair.bob_sends(lane, flags, "x"), SendResult(number));
        }
    }
    let came = receive(pair.bed, &mut pair.alice, 12);
    for lane in 1..4 {
        let mut of_lane: Vec<_> = came.iter().filter(|came| came.lane == lane).collect();
        of_lane.sort_by_key(|came| came.number);
        let facts: Vec<_> = of_lane.iter().map(|came| (came.number, came.is_reliable)).collect();
        assert_eq!(facts, [(1, false), (2, true), (3, false), (4, true)]);
    }
}

/// Also one that came in before, and was not received yet.
pub fn a_message_of_a_detached_connection_carries_no_token<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.bob_sends(0, RELIABLE, "first").message_number().unwrap();
    assert_eq!(receive(pair.bed, &mut pair.alice, 1)[0].token, Token(1));
    pair.bob_sends(0, RELIABLE, "second").message_number().unwrap();
    // The second comes in, and waits.
    until_acknowledged(pair.bed, &pair.bob, pair.at_bob);
    pair.alice.detach(pair.at_alice);
    assert_eq!(receive(pair.bed, &mut pair.alice, 1)[0].token, Token::NONE);
}

/// On each lane by itself, with nothing lost nor twice.
pub fn reliable_messages_arrive_in_order<B: TestBed>(bed: &mut B) {
    const COUNT: u32 = 1_000;
    let mut pair = Pair::new(bed);
    let payloads = numbered(COUNT, 100);
    for chunk in payloads.chunks(100) {
        for lane in 1..4 {
            let results = send_all(&mut pair.bob, pair.at_bob, lane, SendFlags::RELIABLE, chunk);
            assert!(results.iter().all(|result| result.message_number().is_some()), "{results:?}");
        }
    }
    let came = receive(pair.bed, &mut pair.alice, 3 * COUNT as usize);
    for lane in 1..4 {
        let of_lane: Vec<_> = came.iter().filter(|came| came.lane == lane).collect();
        let order: Vec<_> = of_lane.iter().map(|came| number_of(&came.payload)).collect();
        assert_eq!(order, (0..COUNT).collect::<Vec<_>>());
        assert!(of_lane.iter().map(|came| came.number).eq(1..=i64::from(COUNT)));
    }
}

/// No more than is asked for, the oldest first, and fewer only if there are no more.
pub fn receive_takes_what_it_is_asked_for_in_order<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    send_all(&mut pair.bob, pair.at_bob, 0, RELIABLE, &numbered(10, 4));
    until_acknowledged(pair.bed, &pair.bob, pair.at_bob);
    let mut came = take(&mut pair.alice, 4);
    assert_eq!(came.len(), 4);
    assert_eq!(take(&mut pair.alice, 0).len(), 0);
    came.extend(take(&mut pair.alice, 5));
    assert_eq!(came.len(), 9);
    came.extend(take(&mut pair.alice, 5));
    assert!(came.iter().map(|came| number_of(&came.payload)).eq(0..10));
    assert_eq!(take(&mut pair.alice, 5).len(), 0);
}

/// What comes on a connection that is paused waits with the network, and comes in order once it is not; the others go on.
pub fn what_comes_on_a_paused_connection_waits<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    alice.listen(PORT).unwrap();
    let mut senders = Vec::new();
    for user in [BOB, CAROL] {
        let mut sender = bed.endpoint(user);
        let handle = sender.connect(ALICE, PORT, Token(0)).unwrap();
        let asked = request(bed, &mut alice).connection;
        alice.accept(asked, Token(7)).unwrap();
        connected(bed, &mut sender);
        connected(bed, &mut alice);
        senders.push((sender, handle, asked));
    }
    let of_bob = senders[0].2;
    alice.set_paused(of_bob, true);
    for payload in numbered(20, 50) {
        for (sender, handle, _) in &mut senders {
            send(sender, *handle, 0, RELIABLE, payload.clone()).message_number().unwrap();
        }
    }
    for (sender, handle, _) in &senders {
        until_acknowledged(bed, sender, *handle);
    }
    let of_carol = receive(bed, &mut alice, 20);
    assert!(of_carol.iter().all(|came| came.connection == senders[1].2));
    alice.set_paused(of_bob, false);
    let came = receive(bed, &mut alice, 20);
    assert!(came.iter().all(|came| (came.connection, came.token) == (of_bob, Token(7))));
    assert!(came.iter().map(|came| number_of(&came.payload)).eq(0..20));
}

/// One poll group for all connections; each message has the handle and token of its own.
pub fn two_senders_are_told_apart<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    alice.listen(PORT).unwrap();
    let mut senders = Vec::new();
    for (user, token) in [(BOB, Token(20)), (CAROL, Token(30))] {
        let mut sender = bed.endpoint(user);
        let handle = sender.connect(ALICE, PORT, Token(0)).unwrap();
        let asked = request(bed, &mut alice);
        assert_eq!(asked.remote, user);
        alice.accept(asked.connection, token).unwrap();
        connected(bed, &mut sender);
        connected(bed, &mut alice);
        senders.push((sender, handle, asked.connection, token));
    }
    for payload in numbered(20, 50) {
        for (sender, handle, ..) in &mut senders {
            send(sender, *handle, 0, RELIABLE, payload.clone()).message_number().unwrap();
        }
    }
    let came = receive(bed, &mut alice, 40);
    for (_, _, at_alice, token) in &senders {
        let own: Vec<_> = came.iter().filter(|came| came.connection == *at_alice).collect();
        assert!(own.iter().all(|came| came.token == *token));
        assert!(own.iter().map(|came| number_of(&came.payload)).eq(0..20));
    }
}

/// Reliable messages put before Connected are kept, on either side; what may not be delayed is not taken.
pub fn what_is_sent_while_connecting_goes_out_later<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    alice.listen(PORT).unwrap();
    let at_bob = bob.connect(ALICE, PORT, Token(0)).unwrap();
    assert_eq!(send(&mut bob, at_bob, 0, RELIABLE, "early"), SendResult(1));
    assert_eq!(send(&mut bob, at_bob, 0, SendFlags::NO_DELAY, "now"), SendResult::IGNORED);
    let asked = request(bed, &mut alice).connection;
    assert_eq!(send(&mut alice, asked, 0, RELIABLE, "before accept"), SendResult(1));
    alice.accept(asked, Token(6)).unwrap();
    connected(bed, &mut bob);
    connected(bed, &mut alice);
    let came = receive(bed, &mut alice, 1);
    assert_eq!((&came[0].payload[..], came[0].token), (&b"early"[..], Token(6)));
    assert_eq!(receive(bed, &mut bob, 1)[0].payload, "before accept");
}

/// Nothing at all can be sent, too.
pub fn an_empty_message_arrives<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    assert_eq!(pair.bob_sends(1, RELIABLE, ""), SendResult(1));
    assert_eq!(receive(pair.bed, &mut pair.alice, 1)[0].payload, "");
}

/// Steam makes a message that is too large for a few datagrams reliable, and says so.
pub fn a_large_unreliable_message_goes_reliable<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.bob_sends(1, UNRELIABLE, vec![7; 16_500]).message_number().unwrap();
    let came = receive(pair.bed, &mut pair.alice, 1).remove(0);
    assert_eq!((came.is_reliable, came.payload.len()), (false, 16_500));
    pair.bob_sends(1, UNRELIABLE, vec![7; 16_501]).message_number().unwrap();
    let came = receive(pair.bed, &mut pair.alice, 1).remove(0);
    assert_eq!((came.is_reliable, came.payload.len(), came.number), (true, 16_501, 2));
    pass(pair.bed, Duration::from_millis(20));
    assert_eq!(take(&mut pair.alice, 10), []);
}
