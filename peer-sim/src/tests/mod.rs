//! Scenarios of the network itself, driven through `Transport` as a session drives it.

mod chaos;
mod endings;
mod hostile;
mod lobby;
mod rendezvous;
mod strict;
mod traffic;

use std::time::Duration;

use bytes::Bytes;
use conformance::tools::{RELIABLE, UNRELIABLE, even_lanes, number_of, numbered, send, send_all};
use peer_core::{
    ConnectionHandle, ConnectionState, LaneConfig, Message, RealTimeStatus, SendFlags, SendResult, SteamId,
    Token, Transport, VirtualPort,
};

use crate::{LinkSettings, Network, NetworkSettings, SimMessage, SimTransport};

const ALICE: SteamId = SteamId(1);
const BOB: SteamId = SteamId(2);
const PORT: VirtualPort = VirtualPort(0);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// What open GNS 1.6.0 does behind Local Steam, on connections where something is always sent, as by sessions.
fn busy() -> NetworkSettings {
    NetworkSettings { idle_keep_alive: Duration::ZERO, ..NetworkSettings::kind() }
}

/// A network that does so.
fn kind(seed: u64) -> Network {
    Network::with_settings(seed, busy())
}

fn fast() -> LinkSettings {
    LinkSettings { bandwidth: 100_000_000, ..LinkSettings::default() }
}

/// All status changes, as handles and states.
fn changes(transport: &mut SimTransport) -> Vec<(ConnectionHandle, ConnectionState)> {
    std::iter::from_fn(|| transport.next_status()).map(|change| (change.connection, change.state)).collect()
}

/// The code of the end that is the only status change.
fn only_end(transport: &mut SimTransport) -> (&'static str, u32) {
    match changes(transport).as_slice() {
        [(_, ConnectionState::ClosedByPeer { reason, .. })] => ("closed by peer", reason.code()),
        [(_, ConnectionState::ProblemDetectedLocally { reason, .. })] => ("problem", reason.code()),
        other => panic!("one end expected, not {other:?}"),
    }
}

fn messages(transport: &mut SimTransport) -> Vec<SimMessage> {
    let mut messages = Vec::new();
    transport.receive(&mut messages, usize::MAX);
    messages
}

fn payloads(transport: &mut SimTransport) -> Vec<Bytes> {
    messages(transport).iter().map(SimMessage::bytes).collect()
}

/// Alice listens, and Bob has dialled: the two, and Bob's handle.
fn dialled(network: &Network) -> (SimTransport, SimTransport, ConnectionHandle) {
    let (mut alice, mut bob) = (network.endpoint(ALICE), network.endpoint(BOB));
    alice.listen(PORT).unwrap();
    let at_bob = bob.connect(ALICE, PORT, Token(0)).unwrap();
    (alice, bob, at_bob)
}

/// The same, and Alice is asked: the handle of the request, too.
fn asked(network: &Network) -> (SimTransport, SimTransport, ConnectionHandle, ConnectionHandle) {
    let (mut alice, bob, at_bob) = dialled(network);
    network.advance(ms(30));
    let request = alice.next_status().unwrap().connection;
    (alice, bob, at_bob, request)
}

/// Two connected processes: Alice listened, Bob dialled. Four lanes each way.
struct Pair {
    network: Network,
    alice: SimTransport,
    bob: SimTransport,
    /// Alice's handle.
    at_alice: ConnectionHandle,
    /// Bob's handle.
    at_bob: ConnectionHandle,
    listen: peer_core::ListenHandle,
}

impl Pair {
    fn new() -> Self {
        Self::on(kind(7))
    }

    fn with_settings(settings: NetworkSettings) -> Self {
        Self::on(Network::with_settings(7, settings))
    }

    fn with_link(link: &LinkSettings) -> Self {
        let pair = Self::new();
        pair.network.set_link_both(ALICE, BOB, link);
        pair
    }

    fn on(network: Network) -> Self {
        let mut alice = network.endpoint(ALICE);
        let mut bob = network.endpoint(BOB);
        let listen = alice.listen(PORT).unwrap();
        let at_bob = bob.connect(ALICE, PORT, Token(2)).unwrap();
        network.advance(ms(30) + network.settings().status_delay);
        let at_alice = alice.next_status().unwrap().connection;
        alice.accept(at_alice, Token(1)).unwrap();
        network.advance(ms(500));
        assert_eq!(changes(&mut alice), [(at_alice, ConnectionState::Connected)]);
        assert_eq!(changes(&mut bob), [(at_bob, ConnectionState::Connected)]);
        alice.configure_lanes(at_alice, &even_lanes(4)).unwrap();
        bob.configure_lanes(at_bob, &even_lanes(4)).unwrap();
        Self { network, alice, bob, at_alice, at_bob, listen }
    }

    fn bob_sends(&mut self, lane: u8, flags: SendFlags, payload: impl Into<Bytes>) -> SendResult {
        send(&mut self.bob, self.at_bob, lane, flags, payload)
    }

    fn bobs_status(&self) -> RealTimeStatus {
        self.bob.real_time_status(self.at_bob, &mut []).unwrap()
    }
}
