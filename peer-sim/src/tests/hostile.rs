//! Peers that follow no protocol.

use super::*;
use crate::RawPeer;

fn raw_pair() -> (Network, SimTransport, ConnectionHandle, RawPeer, ConnectionHandle) {
    let network = kind(1);
    network.set_default_link(fast());
    let mut alice = network.endpoint(ALICE);
    let mut mallory = RawPeer::new(&network, BOB);
    alice.listen(PORT).unwrap();
    let at_mallory = mallory.dial(ALICE, PORT).unwrap();
    network.advance(ms(30));
    let at_alice = alice.next_status().unwrap().connection;
    alice.accept(at_alice, Token(1)).unwrap();
    network.advance(ms(200));
    changes(&mut alice);
    mallory.statuses();
    (network, alice, at_alice, mallory, at_mallory)
}

#[test]
fn anything_can_be_sent_on_any_lane_before_connected() {
    let settings = NetworkSettings { lanes_past_seven_work: true, ..NetworkSettings::kind() };
    let network = Network::with_settings(1, settings);
    let mut alice = network.endpoint(ALICE);
    let mut mallory = RawPeer::new(&network, BOB);
    alice.listen(PORT).unwrap();
    let dial = mallory.dial(ALICE, PORT).unwrap();
    for lane in [0, 77, 254] {
        assert_eq!(mallory.send(dial, lane, RELIABLE, "early"), SendResult(1));
    }
    network.advance(ms(30));
    let request = alice.next_status().unwrap().connection;
    alice.accept(request, Token(1)).unwrap();
    network.advance(ms(200));
    let mut came: Vec<_> = messages(&mut alice).iter().map(Message::lane).collect();
    came.sort_unstable();
    assert_eq!(came, [0, 77, 254]);
}

#[test]
fn too_many_lost_numbers_end_an_honest_connection_too() {
    let (network, mut alice, _, mut mallory, at_mallory) = raw_pair();
    network.set_link(BOB, ALICE, LinkSettings { loss: 1.0, ..fast() });
    for _ in 0..32_768 {
        assert!(mallory.send(at_mallory, 0, UNRELIABLE, "").message_number().is_some());
    }
    network.advance(ms(1000));
    network.set_link(BOB, ALICE, fast());
    mallory.send(at_mallory, 1, UNRELIABLE, "fine");
    network.advance(ms(30));
    assert_eq!(payloads(&mut alice), ["fine"]);
    assert_eq!(mallory.send(at_mallory, 0, UNRELIABLE, "too far"), SendResult(32_769));
    network.advance(ms(30));
    assert_eq!(only_end(&mut alice), ("problem", 5002));
}

#[test]
fn handles_that_are_nobodys_or_anothers_do_nothing() {
    let mut pair = Pair::new();
    for strange in [ConnectionHandle(0), ConnectionHandle(u32::MAX), pair.at_alice] {
        let bob = &mut pair.bob;
        assert_eq!(
            send_all(bob, strange, 0, RELIABLE, &numbered(2, 4)),
            [SendResult::INVALID_PARAM, SendResult::NOT_TRIED]
        );
        assert!(bob.accept(strange, Token(0)).is_err());
        assert!(bob.configure_lanes(strange, &even_lanes(9)).is_err());
        assert_eq!(bob.real_time_status(strange, &mut []), None);
        bob.detach(strange);
        bob.close(strange, peer_core::EndReason::Left, "");
        bob.close_listen(pair.listen);
    }
    pair.bob_sends(0, RELIABLE, "x");
    pair.network.advance(ms(30));
    assert_eq!(messages(&mut pair.alice)[0].token(), Token(1));
}
