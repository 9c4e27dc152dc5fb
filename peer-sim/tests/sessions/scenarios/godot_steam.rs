//! GodotSteam's peers.

use super::*;

#[test]
fn a_godot_steam_peer_joins_sends_and_receives_with_lane_equal_to_channel() {
    let (network, mut host) = hosting();
    let (mut raw, connection) = raw_at(&network, &mut host, FOREIGN);
    raw.messages();
    raw.send(connection, 0, SendFlags::RELIABLE, hello(77).encode_godot_steam());
    raw.send(connection, 0, SendFlags::RELIABLE, &b"zero"[..]);
    run(&mut [&mut host], seconds(1));
    raw.send(connection, 3, SendFlags::empty(), &b"three"[..]);
    run(&mut [&mut host], seconds(1));
    let id = PeerId::new(77).unwrap();
    assert_eq!(
        host.read(),
        [
            (id, 0, TransferMode::Reliable, b"zero".to_vec()),
            (id, 3, TransferMode::Unreliable, b"three".to_vec())
        ]
    );
    let channel = Channel::new(2).unwrap();
    for mode in TransferMode::ALL {
        host.session.put(Target::Only(id), channel, mode, b"back").unwrap();
    }
    run(&mut [&mut host], seconds(1));
    let back = raw.messages();
    assert!(back.iter().all(|message| message.payload() == b"back"));
    let back: Vec<_> = back.iter().map(|message| (message.lane(), message.is_reliable())).collect();
    assert_eq!(back, [(2, true), (2, false), (2, true)], "unreliable ordered goes reliable");
    let far = host.session.put(Target::All, Channel::new(8).unwrap(), TransferMode::Unreliable, b"far");
    assert_eq!(far, Err(PutError::OutOfReach(8)));
    // A GodotSteam peer is sent nothing that it would take for a packet.
    host.session.kick(id, "bye", network.now()).unwrap();
    run(&mut [&mut host], seconds(1));
    assert!(raw.messages().is_empty());
    assert_eq!(host.session.peers().len(), 0);
}

#[test]
fn a_godot_steam_host_can_be_joined() {
    let client = client_of_raw_host(&hello(1).encode_godot_steam());
    assert_eq!(client.session.status(), Status::Connected);
    assert_eq!(client.events, [Event::PeerConnected(PeerId::HOST)]);
}
