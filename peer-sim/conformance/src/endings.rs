//! How connections end, and what is left of them.

use std::time::Duration;

use peer_core::{ConnectionState, EndReason, SendResult, Token, Transport};

use crate::pair::{Pair, asked};
use crate::tools::{
    PORT, RELIABLE, UNRELIABLE, closed_by_peer, connected, ending, even_lanes, pass, receive, request, send,
    status_change, take, until, until_acknowledged,
};
use crate::{ALICE, BOB, TestBed};

const SECOND: Duration = Duration::from_secs(1);

/// A close says nothing by itself, but answers whoever still sends.
pub fn a_kick_reaches_whoever_still_sends<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.alice.close(pair.at_alice, EndReason::Kicked, "bye");
    let Pair { bed, bob, at_bob, .. } = &mut pair;
    let before = bed.elapsed();
    let end = until(*bed, "word of the kick", || {
        let _ = send(bob, *at_bob, 0, UNRELIABLE, "still there?");
        bob.next_status()
    });
    assert_eq!((end.connection, end.token), (*at_bob, Token(2)));
    assert_eq!(end.state, closed_by_peer(EndReason::Kicked, "bye"));
    assert!(bed.elapsed().saturating_sub(before) < 4 * SECOND, "an answer, not a timeout");
    assert_eq!(pair.alice.next_status(), None);
}

/// As long as one side is not Connected, a close is reported.
pub fn a_kick_before_connected_arrives_by_itself<B: TestBed>(bed: &mut B) {
    let (mut alice, mut bob, at_bob, asked) = asked(bed, Token(4));
    alice.accept(asked, Token(0)).unwrap();
    alice.close(asked, EndReason::Kicked, "on second thoughts");
    let before = bed.elapsed();
    let end = loop {
        let change = status_change(bed, &mut bob, "the end");
        if change.state != ConnectionState::Connected {
            break change;
        }
    };
    assert_eq!((end.connection, end.token), (at_bob, Token(4)));
    assert_eq!(end.state, closed_by_peer(EndReason::Kicked, "on second thoughts"));
    assert!(bed.elapsed().saturating_sub(before) < 6 * SECOND, "closed by the peer, not timed out");
}

/// A connection that the other side has closed keeps its messages until this side closes it, too.
pub fn what_came_before_the_end_can_still_be_read<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.alice_sends(0, RELIABLE, "last").message_number().unwrap();
    until_acknowledged(pair.bed, &pair.alice, pair.at_alice);
    pair.alice.close(pair.at_alice, EndReason::Left, "");
    let Pair { bed, bob, at_bob, .. } = &mut pair;
    let end = until(*bed, "the end", || {
        let _ = send(bob, *at_bob, 0, UNRELIABLE, "still there?");
        bob.next_status()
    });
    assert_eq!(ending(&end).1, 1000);
    assert_eq!(take(bob, 10)[0].payload, "last");
    bob.close(*at_bob, EndReason::Left, "");
    assert_eq!(take(bob, 10), []);
}

/// No status change, no messages, no statistics; closing it again does nothing.
pub fn a_closed_connection_is_gone_at_once<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.alice_sends(0, RELIABLE, "unread").message_number().unwrap();
    until_acknowledged(pair.bed, &pair.alice, pair.at_alice);
    pair.bob.close(pair.at_bob, EndReason::Left, "");
    assert_eq!(take(&mut pair.bob, 10), []);
    assert_eq!(pair.bob.real_time_status(pair.at_bob, &mut []), None);
    assert!(pair.bob.configure_lanes(pair.at_bob, &even_lanes(4)).is_err());
    assert!(pair.bob.accept(pair.at_bob, Token(0)).is_err());
    pair.bob.detach(pair.at_bob);
    pair.bob.close(pair.at_bob, EndReason::Kicked, "again");
    pass(pair.bed, SECOND / 5);
    assert_eq!(pair.bob.next_status(), None);
}

/// Who says nothing to a connection that is closed over there learns of it by a timeout, of ten seconds since the first
/// thing that was not answered. (Soon after Connected, Steam itself has something to say, which is answered.)
pub fn a_silent_close_is_noticed_by_the_silence<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pass(pair.bed, 3 * SECOND);
    pair.bob.close(pair.at_bob, EndReason::Left, "");
    let before = pair.bed.elapsed();
    let end = status_change(pair.bed, &mut pair.alice, "the end");
    let took = pair.bed.elapsed().saturating_sub(before);
    assert_eq!((end.connection, end.token, end.remote), (pair.at_alice, Token(1), BOB));
    let (by_peer, code, _) = ending(&end);
    assert_eq!((by_peer, code), (false, 5003), "after {took:?}");
    assert!((9 * SECOND..25 * SECOND).contains(&took), "after {took:?}");
}

/// Both ways, until it is closed; and then that is reported as ever.
pub fn what_came_in_on_a_closed_port_lives_on<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.alice.close_listen(pair.listen);
    pass(pair.bed, SECOND / 2);
    pair.alice_sends(0, RELIABLE, "from Alice").message_number().unwrap();
    assert_eq!(receive(pair.bed, &mut pair.bob, 1)[0].payload, "from Alice");
    pair.bob_sends(0, RELIABLE, "from Bob").message_number().unwrap();
    let came = receive(pair.bed, &mut pair.alice, 1);
    assert_eq!((&came[0].payload[..], came[0].token), (&b"from Bob"[..], Token(1)));
    pair.alice.close(pair.at_alice, EndReason::Left, "");
    assert_eq!(pair.alice_sends(0, RELIABLE, "x"), SendResult::INVALID_PARAM);
    assert_eq!((pair.alice.next_status(), pair.bob.next_status()), (None, None));
    // With the last connection the socket has gone; the port is there for a new one.
    assert!(pair.alice.listen(PORT).is_ok());
}

/// A socket that one opens beside does not matter to one's dials.
pub fn what_was_dialled_survives_the_closing_of_ones_own_port<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    let listen = pair.bob.listen(PORT).unwrap();
    pair.bob.close_listen(listen);
    pair.bob_sends(0, RELIABLE, "x").message_number().unwrap();
    assert_eq!(receive(pair.bed, &mut pair.alice, 1)[0].payload, "x");
}

/// The socket is its own at the time, and what hangs on it is its sibling's.
pub fn a_transport_that_goes_leaves_its_sibling_alone<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    let mut sibling = pair.bed.sibling(&pair.alice);
    pair.alice.close_listen(pair.listen);
    sibling.listen(PORT).unwrap();
    drop(sibling);
    pass(pair.bed, SECOND / 5);
    pair.bob_sends(0, RELIABLE, "x").message_number().unwrap();
    assert_eq!(receive(pair.bed, &mut pair.alice, 1)[0].payload, "x");
    assert!(pair.alice.listen(PORT).is_ok());
}

/// By a timeout, of ten seconds since the first thing that was not answered.
pub fn a_killed_process_is_noticed<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    pair.bed.kill(BOB);
    let before = pair.bed.elapsed();
    assert_eq!(pair.bob.local_steam_id(), None);
    assert!(pair.bob.listen(PORT).is_err());
    assert_eq!((pair.bob.next_status(), take(&mut pair.bob, 1)), (None, vec![]));
    let end = status_change(pair.bed, &mut pair.alice, "the end");
    let took = pair.bed.elapsed().saturating_sub(before);
    assert_eq!((end.connection, end.token), (pair.at_alice, Token(1)));
    let (by_peer, code, _) = ending(&end);
    assert_eq!((by_peer, code), (false, 5003), "after {took:?}");
    assert!((9 * SECOND..25 * SECOND).contains(&took), "after {took:?}");
}

/// A new process of the same user gets in, at the latest once the old connection has ended.
pub fn a_killed_process_comes_back<B: TestBed>(bed: &mut B) {
    let Pair { bed, mut alice, bob, at_alice, .. } = Pair::new(bed);
    bed.kill(BOB);
    drop(bob);
    let mut bob = bed.endpoint(BOB);
    let mut dial = bob.connect(ALICE, PORT, Token(8)).unwrap();
    let mut old_ended = false;
    let asked = until(bed, "a request of the new process", || {
        if let Some(change) = alice.next_status() {
            if change.state == ConnectionState::Requested {
                return Some(change);
            }
            assert_eq!(change.connection, at_alice);
            old_ended = true;
            alice.close(at_alice, EndReason::Left, "");
        }
        // A dial that ends before the old connection does is made again.
        if let Some(change) = bob.next_status() {
            ending(&change);
            bob.close(dial, EndReason::Left, "");
            dial = bob.connect(ALICE, PORT, Token(8)).unwrap();
        }
        None
    });
    assert_eq!(asked.remote, BOB);
    assert_ne!(asked.connection, at_alice);
    alice.accept(asked.connection, Token(5)).unwrap();
    assert_eq!(connected(bed, &mut bob).connection, dial);
    let change = loop {
        let change = status_change(bed, &mut alice, "Connected");
        if change.connection != at_alice {
            break change;
        }
        assert!(!std::mem::replace(&mut old_ended, true), "ended twice");
    };
    assert_eq!((change.connection, change.state), (asked.connection, ConnectionState::Connected));
    send(&mut bob, dial, 0, RELIABLE, "here again").message_number().unwrap();
    assert_eq!(receive(bed, &mut alice, 1)[0].token, Token(5));
}

/// Applications have 1000 to 2999; what else they say becomes 1999.
pub fn reasons_are_changed_as_steam_does<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    alice.listen(PORT).unwrap();
    for (given, heard) in [(0, 1000), (999, 1999), (1005, 1005), (2999, 2999), (3000, 1999), (5003, 1999)] {
        let at_bob = bob.connect(ALICE, PORT, Token(0)).unwrap();
        let asked = request(bed, &mut alice).connection;
        alice.close(asked, EndReason::from_code(given), "");
        let end = status_change(bed, &mut bob, "the end of the dial");
        let (by_peer, code, _) = ending(&end);
        assert_eq!((by_peer, code), (true, heard), "for {given}");
        bob.close(at_bob, EndReason::Left, "");
    }
}

/// At 127 bytes, between characters.
pub fn a_long_close_message_is_cut<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    alice.listen(PORT).unwrap();
    bob.connect(ALICE, PORT, Token(0)).unwrap();
    let asked = request(bed, &mut alice).connection;
    alice.close(asked, EndReason::Kicked, &"ä".repeat(100));
    let end = status_change(bed, &mut bob, "the end of the dial");
    assert_eq!(end.state, closed_by_peer(EndReason::Kicked, &"ä".repeat(63)));
}

/// A connection that the other side has closed takes nothing more.
pub fn sending_on_an_ended_connection_fails<B: TestBed>(bed: &mut B) {
    let (mut alice, mut bob, at_bob, asked) = asked(bed, Token(0));
    alice.close(asked, EndReason::Kicked, "");
    status_change(bed, &mut bob, "the end of the dial");
    assert_eq!(send(&mut bob, at_bob, 0, RELIABLE, "x"), SendResult::NO_CONNECTION);
    bob.close(at_bob, EndReason::Left, "");
    assert_eq!(send(&mut bob, at_bob, 0, RELIABLE, "x"), SendResult::INVALID_PARAM);
}
