//! What the specification says in so many words, a test each.

mod calls;
mod godot_steam;
mod gone;
mod hello;
mod joining;
mod leaving;
mod matches;
mod migration;
mod pieces;
mod relay;
mod returning;
mod strict;

use std::time::Duration;

use peer_core::{
    Channel, ConnectionHandle, ConnectionState, Control, EndReason, Event, Features, Hello, Lane, LaneConfig,
    Lobby, MatchId, Message, PeerId, PutError, SendFlags, Session, SessionError, Status, SteamId, Target,
    Time, TransferMode, Transport, VirtualPort,
};
use peer_sim::{DuplicatePolicy, LinkSettings, Network, NetworkSettings, RawPeer, SimTransport};

use crate::world::{FOREIGN, FRAME, Topology, World, plain_hello, steam_id};

const PORT: VirtualPort = VirtualPort(0);
const HOST: SteamId = SteamId(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn world(players: usize, topology: Topology) -> World {
    world_with(players, topology, NetworkSettings::default(), 0.0)
}

fn world_with(players: usize, topology: Topology, settings: NetworkSettings, loss: f64) -> World {
    let link = LinkSettings { loss, ..LinkSettings::with_latency(Duration::from_millis(25)) };
    World::new(1, players, topology, settings, link)
}

/// A session, driven by hand.
struct Solo {
    network: Network,
    session: Session<SimTransport>,
    events: Vec<Event>,
}

impl Solo {
    fn new(network: &Network, steam_id: SteamId) -> Self {
        let session = Session::new(network.endpoint(steam_id), steam_id.0);
        Self { network: network.clone(), session, events: Vec::new() }
    }

    fn host(network: &Network) -> Self {
        let mut solo = Self::new(network, HOST);
        solo.session.create_host(PORT, network.now()).unwrap();
        solo
    }

    fn now(&self) -> Time {
        self.network.now()
    }

    fn frame(&mut self) {
        self.session.poll(self.now());
        self.events.extend(std::iter::from_fn(|| self.session.next_event()));
    }

    fn reason_of(&self, steam_id: SteamId) -> Option<EndReason> {
        self.events.iter().rev().find_map(|event| match event {
            Event::ConnectionEnded { steam_id: ended, reason, .. } if *ended == steam_id => Some(*reason),
            _ => None,
        })
    }

    fn read(&mut self) -> Vec<(PeerId, u8, TransferMode, Vec<u8>)> {
        std::iter::from_fn(|| self.session.pop())
            .map(|packet| (packet.peer, packet.channel.get(), packet.mode, packet.payload().to_vec()))
            .collect()
    }
}

/// Lets everyone take part for a while.
fn run(solos: &mut [&mut Solo], duration: Duration) {
    let network = solos[0].network.clone();
    let until = network.now() + duration;
    while network.now() < until {
        for solo in solos.iter_mut() {
            solo.frame();
            solo.session.flush();
        }
        network.advance(FRAME);
    }
}

/// A raw peer, connected to the host as far as Steam goes.
fn raw_at(network: &Network, host: &mut Solo, steam_id: u64) -> (RawPeer, ConnectionHandle) {
    let mut raw = RawPeer::new(network, SteamId(steam_id));
    let connection = raw.dial(HOST, PORT).unwrap();
    run(&mut [host], seconds(1));
    assert!(raw.statuses().iter().any(|status| status.state == ConnectionState::Connected));
    (raw, connection)
}

/// A hello of a version that claims any id and does not name its match.
fn hello(peer_id: u32) -> Hello {
    plain_hello(peer_id)
}

fn hosting() -> (Network, Solo) {
    let network = Network::new(1);
    let host = Solo::host(&network);
    (network, host)
}

fn host_and_client() -> (Network, Solo, Solo) {
    let (network, mut host) = hosting();
    let client = client_of(&mut host, 2);
    (network, host, client)
}

fn client_of(host: &mut Solo, steam_id: u64) -> Solo {
    let mut client = Solo::new(&host.network, SteamId(steam_id));
    client.session.create_client(HOST, PORT, host.now()).unwrap();
    run(&mut [host, &mut client], seconds(1));
    assert_eq!(client.session.status(), Status::Connected);
    client
}

/// A client, a second after it dialled a host that says `hello` and nothing else.
fn client_of_raw_host(hello: &bytes::Bytes) -> Solo {
    let network = Network::new(1);
    let mut raw = RawPeer::new(&network, HOST);
    raw.listen(PORT).unwrap();
    let mut client = Solo::new(&network, SteamId(2));
    client.session.create_client(HOST, PORT, network.now()).unwrap();
    for _ in 0..60 {
        run(&mut [&mut client], FRAME);
        for status in raw.accept_all() {
            if status.state == ConnectionState::Connected {
                raw.send(status.connection, 0, SendFlags::RELIABLE, hello.clone());
            }
        }
    }
    client
}
