//! How connections come about.

use std::time::Duration;

use peer_core::{ConnectionState, EndReason, Token, Transport, TransportError, VirtualPort};

use crate::pair::{Pair, asked};
use crate::tools::{
    PORT, RELIABLE, TIMEOUT, closed_by_peer, connected, ending, pass, receive, request, send, status_change,
    until,
};
use crate::{ALICE, BOB, CAROL, TestBed};

/// The listener is asked, and after it has accepted, both hear of it, with their tokens.
pub fn a_dial_is_requested_accepted_and_connected<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    assert_eq!((alice.local_steam_id(), bob.local_steam_id()), (Some(ALICE), Some(BOB)));
    alice.listen(PORT).unwrap();
    let at_bob = bob.connect(ALICE, PORT, Token(5)).unwrap();
    let asked = request(bed, &mut alice);
    assert_eq!((asked.remote, asked.token), (BOB, Token::NONE));
    pass(bed, Duration::from_millis(100));
    assert_eq!((alice.next_status(), bob.next_status()), (None, None));
    alice.accept(asked.connection, Token(9)).unwrap();
    let at_dialler = connected(bed, &mut bob);
    assert_eq!((at_dialler.connection, at_dialler.token, at_dialler.remote), (at_bob, Token(5), ALICE));
    let at_listener = connected(bed, &mut alice);
    assert_eq!((at_listener.connection, at_listener.token), (asked.connection, Token(9)));
    assert_eq!(at_listener.remote, BOB);
    assert_eq!((alice.next_status(), bob.next_status()), (None, None));
}

/// One socket a port, whoever of the process wants it, and closing one twice does nothing.
pub fn a_port_is_taken_once<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let listen = alice.listen(PORT).unwrap();
    assert!(matches!(alice.listen(PORT), Err(TransportError::Refused(_))));
    assert!(alice.listen(VirtualPort(1)).is_ok());
    let mut sibling = bed.sibling(&alice);
    assert!(matches!(sibling.listen(PORT), Err(TransportError::Refused(_))));
    alice.close_listen(listen);
    alice.close_listen(listen);
    assert!(sibling.listen(PORT).is_ok());
    alice.close_listen(listen);
    assert!(matches!(alice.listen(PORT), Err(TransportError::Refused(_))));
}

/// A port can be opened again and again, and each time takes requests.
pub fn a_port_can_be_listened_on_again<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    for round in 0..5 {
        let listen = alice.listen(PORT).unwrap();
        let at_bob = bob.connect(ALICE, PORT, Token(round)).unwrap();
        let asked = request(bed, &mut alice).connection;
        alice.accept(asked, Token(round)).unwrap();
        assert_eq!(connected(bed, &mut bob).connection, at_bob);
        assert_eq!(connected(bed, &mut alice).connection, asked);
        bob.close(at_bob, EndReason::Left, "");
        alice.close(asked, EndReason::Left, "");
        alice.close_listen(listen);
    }
}

/// Whoever asked and was not accepted, whether the application knows of it or not, and whoever asks afterwards.
pub fn a_closed_port_refuses_whoever_asks<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    let Pair { bed, alice, bob, listen, .. } = &mut pair;
    let mut carol = bed.endpoint(CAROL);
    for is_reported in [true, false] {
        // Long enough for the request to wait.
        let at_carol = carol.connect(ALICE, PORT, Token(3)).unwrap();
        if is_reported {
            request(*bed, alice);
        } else {
            pass(*bed, Duration::from_millis(300));
        }
        alice.close_listen(*listen);
        let end = status_change(*bed, &mut carol, "the end of the dial");
        assert_eq!((end.connection, ending(&end).0, ending(&end).1), (at_carol, true, 1002));
        carol.close(at_carol, EndReason::Left, "");
        assert_eq!(alice.next_status(), None, "nobody hears of what is refused");
        // Bob's connection keeps the socket open, and still nobody takes requests.
        let at_carol = carol.connect(ALICE, PORT, Token(4)).unwrap();
        let end = status_change(*bed, &mut carol, "the end of the dial");
        assert_eq!((end.connection, ending(&end).0, ending(&end).1), (at_carol, true, 1002));
        carol.close(at_carol, EndReason::Left, "");
        assert_eq!((alice.next_status(), bob.next_status()), (None, None));
        *listen = alice.listen(PORT).unwrap();
    }
}

/// To the transport that had it, and to another of the process, while connections hang on it from before: each has
/// its own.
pub fn a_closed_port_goes_to_the_next_who_listens<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    let Pair { bed, alice, bob, at_alice, at_bob, listen } = &mut pair;
    let mut sibling = bed.sibling(alice);
    let mut carol = bed.endpoint(CAROL);
    alice.close_listen(*listen);
    *listen = alice.listen(PORT).expect("a port that was closed");
    for (round, next) in [&mut *alice, &mut sibling].into_iter().enumerate() {
        if round > 0 {
            *listen = next.listen(PORT).expect("a port that was closed");
        }
        let at_carol = carol.connect(ALICE, PORT, Token(3)).unwrap();
        let asked = request(*bed, next);
        assert_eq!((asked.remote, asked.token), (CAROL, Token::NONE));
        next.accept(asked.connection, Token(1)).unwrap();
        assert_eq!(connected(*bed, &mut carol).connection, at_carol);
        assert_eq!(connected(*bed, next).connection, asked.connection);
        send(&mut carol, at_carol, 0, RELIABLE, "new").message_number().unwrap();
        let came = receive(*bed, next, 1);
        assert_eq!((came[0].connection, came[0].token), (asked.connection, Token(1)));
        next.close_listen(*listen);
        carol.close(at_carol, EndReason::Left, "");
        next.close(asked.connection, EndReason::Left, "");
    }
    assert_eq!((alice.next_status(), sibling.next_status()), (None, None));
    send(bob, *at_bob, 0, RELIABLE, "old").message_number().unwrap();
    let came = receive(*bed, alice, 1);
    assert_eq!((came[0].connection, came[0].token), (*at_alice, Token(1)));
}

/// A process that is there, and does not listen on that port: it refuses, or says nothing.
pub fn a_port_on_which_nobody_listens_lets_nobody_in<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    alice.listen(PORT).unwrap();
    let at_bob = bob.connect(ALICE, VirtualPort(9), Token(0)).unwrap();
    let end = status_change(bed, &mut bob, "the end of the dial");
    assert_eq!(end.connection, at_bob);
    let (by_peer, code, _) = ending(&end);
    let is_quick = bed.elapsed() < Duration::from_secs(8);
    assert_eq!((by_peer, code), if is_quick { (true, 5008) } else { (false, 5003) });
    assert_eq!(alice.next_status(), None);
}

/// A user who is not there.
pub fn dialling_nobody_times_out<B: TestBed>(bed: &mut B) {
    let mut bob = bed.endpoint(BOB);
    let before = bed.elapsed();
    let at_bob = bob.connect(CAROL, PORT, Token(3)).unwrap();
    let end = status_change(bed, &mut bob, "the end of the dial");
    assert_eq!((end.connection, end.token, end.remote), (at_bob, Token(3), CAROL));
    let (by_peer, code, _) = ending(&end);
    assert_eq!((by_peer, code), (false, 5003));
    let took = bed.elapsed().saturating_sub(before);
    assert!((Duration::from_millis(9_900)..Duration::from_secs(13)).contains(&took), "after {took:?}");
}

/// The dialler gets the words of who refused, who hears no more of it.
pub fn a_refused_request_ends_the_dial_with_its_reason<B: TestBed>(bed: &mut B) {
    let (mut alice, mut bob, at_bob, asked) = asked(bed, Token(4));
    alice.close(asked, EndReason::Full, "no room");
    let end = status_change(bed, &mut bob, "the end of the dial");
    assert_eq!((end.connection, end.token), (at_bob, Token(4)));
    assert_eq!(end.state, closed_by_peer(EndReason::Full, "no room"));
    assert!(alice.accept(asked, Token(0)).is_err());
    // The way is free for another one.
    bob.close(at_bob, EndReason::Left, "");
    let again = bob.connect(ALICE, PORT, Token(5)).unwrap();
    assert_ne!(again, at_bob);
    let asked = request(bed, &mut alice).connection;
    alice.accept(asked, Token(0)).unwrap();
    assert_eq!(connected(bed, &mut bob).connection, again);
}

/// Both dial at the same moment, again and again, and each time one connection comes of it.
pub fn dials_that_cross_become_one_connection<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    alice.listen(PORT).unwrap();
    bob.listen(PORT).unwrap();
    for round in 0..6_u32 {
        let (first, second) = if round % 2 == 0 { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        let (to_second, to_first) = if round % 2 == 0 { (BOB, ALICE) } else { (ALICE, BOB) };
        let at_first = first.connect(to_second, PORT, Token(10 + round)).unwrap();
        let at_second = second.connect(to_first, PORT, Token(20 + round)).unwrap();
        for (transport, handle, token) in
            [(&mut *first, at_first, Token(10 + round)), (&mut *second, at_second, Token(20 + round))]
        {
            loop {
                let change = status_change(bed, transport, "Connected");
                assert_eq!(change.connection, handle, "{change:?}");
                if change.state == ConnectionState::Requested {
                    // The other's dial was faster than ours, which has accepted it.
                    transport.accept(handle, token).unwrap();
                } else {
                    assert_eq!((change.state, change.token), (ConnectionState::Connected, token));
                    break;
                }
            }
        }
        send(first, at_first, 0, RELIABLE, "from first").message_number().unwrap();
        send(second, at_second, 0, RELIABLE, "from second").message_number().unwrap();
        for (transport, handle, token, payload) in [
            (&mut *first, at_first, Token(10 + round), "from second"),
            (&mut *second, at_second, Token(20 + round), "from first"),
        ] {
            let came = receive(bed, transport, 1);
            assert_eq!((came[0].connection, came[0].token), (handle, token));
            assert_eq!(came[0].payload, payload);
        }
        first.close(at_first, EndReason::Left, "");
        second.close(at_second, EndReason::Left, "");
        // Steam may still tell the one that closed later of a request or an end, but of nothing that is closed.
        pass(bed, Duration::from_millis(200));
        assert_eq!((alice.next_status(), bob.next_status()), (None, None));
    }
}

/// Dialling a user whose request waits accepts that request, or ends it on both sides (4002: GNS 1.6.0).
pub fn dialling_back_accepts_the_request_that_waits_or_ends_it<B: TestBed>(bed: &mut B) {
    for is_reported_before in [true, false] {
        let mut alice = bed.endpoint(ALICE);
        let mut bob = bed.endpoint(BOB);
        alice.listen(PORT).unwrap();
        let at_bob = bob.connect(ALICE, PORT, Token(2)).unwrap();
        let handle = if is_reported_before {
            let asked = request(bed, &mut alice).connection;
            assert_eq!(alice.connect(BOB, PORT, Token(3)), Ok(asked));
            asked
        } else {
            // Long enough for the request to wait, and for its status change to be made.
            pass(bed, Duration::from_millis(300));
            let handle = alice.connect(BOB, PORT, Token(3)).unwrap();
            let asked = request(bed, &mut alice);
            assert_eq!((asked.connection, asked.token), (handle, Token::NONE));
            handle
        };
        if alice.accept(handle, Token(3)).is_err() {
            for (transport, own) in [(&mut alice, handle), (&mut bob, at_bob)] {
                let end = status_change(bed, transport, "the end of both dials");
                assert_eq!((end.connection, ending(&end).1), (own, 4002));
                transport.close(own, EndReason::Left, "");
            }
            continue;
        }
        assert_eq!(connected(bed, &mut bob).connection, at_bob);
        let at_alice = connected(bed, &mut alice);
        assert_eq!((at_alice.connection, at_alice.token), (handle, Token(3)));
        send(&mut bob, at_bob, 0, RELIABLE, "x").message_number().unwrap();
        assert_eq!(receive(bed, &mut alice, 1)[0].token, Token(3));
        alice.close(handle, EndReason::Left, "");
        bob.close(at_bob, EndReason::Left, "");
    }
}

/// One connection to a user on a port; nobody dials themselves.
pub fn dialling_someone_with_a_live_connection_is_refused<B: TestBed>(bed: &mut B) {
    let mut pair = Pair::new(bed);
    assert!(matches!(pair.bob.connect(ALICE, PORT, Token(0)), Err(TransportError::Refused(_))));
    assert!(matches!(pair.alice.connect(BOB, PORT, Token(0)), Err(TransportError::Refused(_))));
    assert!(matches!(pair.bob.connect(BOB, PORT, Token(0)), Err(TransportError::Refused(_))));
    // Someone listens there, so the dial is still under way when the next one is tried.
    pair.alice.listen(VirtualPort(1)).unwrap();
    assert!(pair.bob.connect(ALICE, VirtualPort(1), Token(0)).is_ok());
    assert!(matches!(pair.bob.connect(ALICE, VirtualPort(1), Token(0)), Err(TransportError::Refused(_))));
    // The connection does not mind.
    pair.bob_sends(0, RELIABLE, "x").message_number().unwrap();
    assert_eq!(receive(pair.bed, &mut pair.alice, 1)[0].payload, "x");
}

/// The dialler closes before it is accepted: the other side learns of it when it accepts.
pub fn a_dial_that_is_given_up_is_reported_to_who_accepts_it<B: TestBed>(bed: &mut B) {
    let (mut alice, mut bob, at_bob, asked) = asked(bed, Token(0));
    bob.close(at_bob, EndReason::Left, "changed my mind");
    pass(bed, Duration::from_secs(1));
    assert_eq!((alice.next_status(), bob.next_status()), (None, None));
    alice.accept(asked, Token(6)).unwrap();
    let before = bed.elapsed();
    let end = status_change(bed, &mut alice, "the end of the request");
    assert_eq!((end.connection, end.token), (asked, Token(6)));
    assert_eq!(end.state, closed_by_peer(EndReason::Left, "changed my mind"));
    assert!(
        bed.elapsed().saturating_sub(before) < Duration::from_secs(3),
        "closed by the peer, not timed out"
    );
    assert_eq!(bob.next_status(), None);
}

/// Both sides hear of it when nobody accepts.
pub fn a_request_that_nobody_answers_times_out<B: TestBed>(bed: &mut B) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    alice.listen(PORT).unwrap();
    let before = bed.elapsed();
    let at_bob = bob.connect(ALICE, PORT, Token(0)).unwrap();
    let asked = request(bed, &mut alice).connection;
    let end = status_change(bed, &mut bob, "the end of the dial");
    let took = bed.elapsed().saturating_sub(before);
    assert_eq!(end.connection, at_bob);
    assert!((Duration::from_millis(9_900)..Duration::from_secs(13)).contains(&took), "after {took:?}");
    let (_, code, _) = ending(&end);
    assert_eq!(code, 5003);
    let end = until(bed, "the end of the request", || alice.next_status());
    assert!(bed.elapsed().saturating_sub(before) < TIMEOUT);
    assert_eq!(end.connection, asked);
    let (_, code, _) = ending(&end);
    assert_eq!(code, 5003);
    assert!(alice.accept(asked, Token(0)).is_err());
}
