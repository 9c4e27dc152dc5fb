//! A game with GodotSteam's peer, which knows nothing of this project: its hello is its peer id in 4 bytes, little
//! endian, its lanes are its channels, and ordered packets travel reliably.

use std::collections::BTreeSet;

use bytes::Bytes;
use local_steam_harness::{Network, say, until};
use peer_core::{
    Batch, Channel, ConnectionHandle, ConnectionState, EndReason, Event, Lane, LaneConfig, Message as _,
    Outgoing, PeerId, SendFlags, Target, Token, TransferMode, Transport, VirtualPort,
};
use peer_steam::{Steam, SteamTransport};

use crate::game::{Game, user};

const PORT: VirtualPort = VirtualPort(0);
const CHANNELS: u8 = 4;
const GUEST: u32 = 123_456;

/// A packet that says on which channel and in which mode it was put.
fn packet(channel: u8, mode: TransferMode) -> Vec<u8> {
    vec![b'p', channel, mode as u8]
}

pub(crate) fn hosts() {
    let mut game = Game::start();
    game.session.create_host(PORT, game.now()).unwrap();
    say!("listening");
    let guest = PeerId::new(GUEST).unwrap();
    until("the guest", || game.frame().contains(&Event::PeerConnected(guest)).then_some(()));
    assert_eq!(game.session.steam_id_for_peer_id(guest), Some(user(2)));
    for channel in 0..CHANNELS {
        for mode in TransferMode::ALL {
            let on = Channel::new(channel.into()).unwrap();
            game.session.put(Target::Only(guest), on, mode, &packet(channel, mode)).unwrap();
        }
    }
    let mut awaited: BTreeSet<_> = (0..CHANNELS).flat_map(|lane| [(lane, true), (lane, false)]).collect();
    while !awaited.is_empty() {
        let came = game.until_packet("the guest's packets");
        let (channel, is_reliable) = (came.channel.get(), came.mode.is_reliable());
        assert_eq!((came.peer, came.payload()), (guest, packet(channel, came.mode).as_slice()));
        assert!(awaited.remove(&(channel, is_reliable)), "{came:?} came twice");
    }
    game.session.put(Target::All, Channel::ZERO, TransferMode::Reliable, b"that is all").unwrap();
    let mut events = Vec::new();
    until("the guest to leave", || {
        // Steam's close is heard by those who send.
        if game.session.peer(guest).is_some() {
            game.session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, b"still there?").unwrap();
        }
        events.extend(game.frame());
        events.contains(&Event::PeerDisconnected(guest)).then_some(())
    });
    let left = |event: &Event| matches!(event, Event::ConnectionEnded { reason: EndReason::Left, .. });
    assert!(left(&events[0]), "{events:?}");
    game.ends();
}

/// The other game: calls of Steam's sockets, and no more.
struct Other {
    steam: Steam,
    transport: SteamTransport,
    host: ConnectionHandle,
}

impl Other {
    fn send(&mut self, lane: u8, flags: SendFlags, payload: Vec<u8>) {
        let payloads = [Bytes::from(payload)];
        let messages = [Outgoing::new(self.host, 0, Lane::new(lane).unwrap(), flags)];
        let mut results = Vec::new();
        self.transport.send(Batch { payloads: &payloads, messages: &messages }, &mut results);
        assert!(results[0].message_number().is_some(), "{results:?}");
    }

    fn hear(&mut self) -> (u8, bool, Vec<u8>) {
        let mut messages = Vec::new();
        until("a message", || {
            self.steam.run_callbacks();
            self.transport.receive(&mut messages, 1);
            let message = messages.pop()?;
            Some((message.lane(), message.is_reliable(), message.payload().to_vec()))
        })
    }
}

pub(crate) fn joins() {
    let (steam, mut transport) = (Steam::init().unwrap(), SteamTransport::new());
    let host = transport.connect(user(1), PORT, Token(0)).unwrap();
    let mut other = Other { steam, transport, host };
    let connected = until("Connected", || {
        other.steam.run_callbacks();
        other.transport.next_status()
    });
    assert_eq!(connected.state, ConnectionState::Connected);
    let lanes = [LaneConfig { priority: 0, weight: 1 }; CHANNELS as usize];
    other.transport.configure_lanes(host, &lanes).unwrap();
    other.send(0, SendFlags::RELIABLE, GUEST.to_le_bytes().to_vec());

    // What is not 4 bytes long is no hello to it.
    let hello = until("a hello", || Some(other.hear().2).filter(|payload| payload.len() == 4));
    assert_eq!(hello, 1_u32.to_le_bytes());
    for lane in 0..CHANNELS {
        other.send(lane, SendFlags::RELIABLE, packet(lane, TransferMode::Reliable));
        other.send(lane, SendFlags::empty(), packet(lane, TransferMode::Unreliable));
    }
    let each = (0..CHANNELS).flat_map(|lane| TransferMode::ALL.map(|mode| (lane, packet(lane, mode))));
    let mut awaited: BTreeSet<_> = each.collect();
    loop {
        let (lane, is_reliable, payload) = other.hear();
        if payload == b"that is all" {
            break;
        }
        assert_eq!(is_reliable, payload[2] != TransferMode::Unreliable as u8, "{payload:?}");
        assert!(awaited.remove(&(lane, payload.clone())), "{payload:?} on lane {lane}");
    }
    // The last message may overtake those of the other lanes.
    while !awaited.is_empty() {
        let (lane, _, payload) = other.hear();
        assert!(awaited.remove(&(lane, payload.clone())), "{payload:?} on lane {lane}");
    }
    other.transport.close(host, EndReason::Left, "");
    say!("left");
    // It says so to who still sends, as long as it is there.
    assert_eq!(std::io::stdin().lines().count(), 0);
}

#[test]
fn a_godot_steam_game_joins_and_plays_on_its_channels() {
    let network = Network::new();
    let mut host = network.start("godot_steam::hosts", 1);
    assert_eq!(host.line("a report"), "listening");
    let mut guest = network.start("godot_steam::joins", 2);
    assert_eq!(guest.line("a report"), "left");
    host.ends_well();
    guest.ends_well();
}
