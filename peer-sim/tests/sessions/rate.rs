//! Sessions that send more than Steam's own rate carries, through narrow lines.

use std::time::Duration;

use peer_core::{Channel, Session, SteamId, Target, TransferMode, VirtualPort};
use peer_sim::{LinkSettings, NarrowLine, Network, SimTransport};

const FRAME: Duration = Duration::from_micros(16_667);
const HOST: SteamId = SteamId(1);
const CLIENT: SteamId = SteamId(2);
const PACKET: [u8; 1_000] = [7; 1_000];
const MB: u64 = 1_000_000;
/// What the host has waiting while it sends bulk, in bytes.
const BULK: usize = 4_000_000;

/// A host and a client, with connections of their own on a line that they all share.
struct Match {
    host: Session<SimTransport>,
    client: Session<SimTransport>,
    /// Bytes that the client has read.
    received: u64,
    put: u64,
    /// Whether the host always has something to send.
    is_bulk: bool,
}

impl Match {
    fn put_bulk(&mut self) {
        let Some(peer) = self.host.peers().first().copied() else { return };
        while self.is_bulk && self.host.backlog_bytes(peer.id).unwrap() < BULK {
            self.put(TransferMode::Reliable, &PACKET);
            self.host.flush();
        }
    }

    fn put(&mut self, mode: TransferMode, packet: &[u8]) {
        self.host.put(Target::All, Channel::ZERO, mode, packet).unwrap();
        self.put += packet.len() as u64;
    }
}

/// Matches between the same two users, each on a port of its own.
struct Crowd {
    network: Network,
    matches: Vec<Match>,
}

fn link(latency_ms: u64, narrow: impl Into<Option<NarrowLine>>) -> LinkSettings {
    LinkSettings { narrow: narrow.into(), ..LinkSettings::with_latency(Duration::from_millis(latency_ms)) }
}

/// With a queue of 100 ms.
fn narrow(rate: u64) -> NarrowLine {
    NarrowLine { rate, queue: rate / 10 }
}

impl Crowd {
    fn new(count: i32, link: LinkSettings) -> Self {
        let network = Network::new(1);
        network.set_default_link(link);
        let (host, client) = (network.endpoint(HOST), network.endpoint(CLIENT));
        let matches = (0..count).map(|port| {
            let mut host = Session::new(host.sibling(), 1);
            let mut client = Session::new(client.sibling(), 2 + u64::from(port.unsigned_abs()));
            host.create_host(VirtualPort(port), network.now()).unwrap();
            client.create_client(HOST, VirtualPort(port), network.now()).unwrap();
            Match { host, client, received: 0, put: 0, is_bulk: false }
        });
        let mut crowd = Self { matches: matches.collect(), network };
        crowd.run(1_000);
        assert!(crowd.matches.iter().all(|one| one.host.peers().len() == 1));
        crowd
    }

    fn frame(&mut self) {
        self.network.advance(FRAME);
        let now = self.network.now();
        for Match { host, client, received, .. } in &mut self.matches {
            host.poll(now);
            while host.next_event().is_some() {}
            client.poll(now);
            while client.next_event().is_some() {}
            while let Some(packet) = client.pop() {
                *received += packet.payload().len() as u64;
            }
        }
        self.matches.iter_mut().for_each(Match::put_bulk);
        for one in &mut self.matches {
            one.host.flush();
        }
    }

    /// Runs, and returns the bytes a second that each client read, and the longest ping.
    fn run(&mut self, ms: u64) -> (Vec<u64>, i32) {
        let before: Vec<_> = self.matches.iter().map(|one| one.received).collect();
        let end = self.network.now() + Duration::from_millis(ms);
        let mut longest = 0;
        while self.network.now() < end {
            self.frame();
            for Match { host, .. } in &self.matches {
                let status = host.peers().first().and_then(|peer| host.real_time_status(peer.id));
                longest = longest.max(status.map_or(0, |status| status.ping_ms));
            }
        }
        let rates = self.matches.iter().zip(before).map(|(one, before)| (one.received - before) * 1_000 / ms);
        (rates.collect(), longest)
    }
}

#[test]
fn bulk_goes_as_fast_as_the_line_and_all_of_it_arrives() {
    for latency in [1, 25] {
        let mut crowd = Crowd::new(1, LinkSettings { loss: 0.02, ..link(latency, None) });
        let one = &mut crowd.matches[0];
        for _ in 0..3_000 {
            one.put(TransferMode::Reliable, &PACKET);
        }
        one.host.flush();
        crowd.run(1_500);
        let Match { put, received, .. } = crowd.matches[0];
        assert_eq!(received, put, "{latency} ms");
    }
}

#[test]
fn a_narrow_line_is_filled_and_its_queue_stays_short() {
    let mut crowd = Crowd::new(1, link(25, narrow(MB)));
    crowd.matches[0].is_bulk = true;
    crowd.run(3_000);
    let (rates, ping) = crowd.run(20_000);
    assert!(rates[0] >= MB * 85 / 100, "{rates:?}");
    assert!(ping <= 50 + 80, "{ping} ms");
}

#[test]
fn a_line_that_becomes_ten_times_slower_and_recovers_is_followed_within_two_seconds() {
    let mut crowd = Crowd::new(1, link(25, narrow(MB)));
    crowd.matches[0].is_bulk = true;
    crowd.run(5_000);
    let slow = NarrowLine { rate: MB / 10, queue: MB / 10 };
    crowd.network.set_default_link(link(25, slow));
    crowd.run(2_000);
    let (_, ping) = crowd.run(2_000);
    assert!(ping <= 50 + 300, "{ping} ms");
    crowd.network.set_default_link(link(25, narrow(MB)));
    crowd.run(2_000);
    let (rates, _) = crowd.run(3_000);
    assert!(rates[0] >= MB * 6 / 10, "{rates:?}");
}

#[test]
fn connections_through_one_line_share_it() {
    let mut crowd = Crowd::new(2, link(25, narrow(MB)));
    for first in [true, false] {
        crowd.matches[usize::from(!first)].is_bulk = true;
        crowd.run(5_000);
    }
    let (rates, _) = crowd.run(30_000);
    let total: u64 = rates.iter().sum();
    assert!(total >= MB * 8 / 10, "{rates:?}");
    assert!(rates.iter().all(|rate| *rate >= total / 3), "{rates:?}");
}

#[test]
fn the_games_bound_and_its_wish_for_steams_own_rate_are_kept() {
    let rate = |crowd: &Crowd| {
        let host = &crowd.matches[0].host;
        host.real_time_status(host.peers()[0].id).unwrap().send_rate_bytes_per_sec
    };
    let mut crowd = Crowd::new(1, link(1, None));
    crowd.matches[0].host.settings_mut().max_send_rate = 500_000;
    crowd.matches[0].is_bulk = true;
    crowd.run(2_000);
    assert_eq!(rate(&crowd), 500_000);
    crowd.matches[0].host.settings_mut().adaptive_send_rate = false;
    crowd.run(500);
    assert_eq!(rate(&crowd), 262_144);
}

#[test]
fn a_state_stream_past_steams_own_rate_is_not_held_up() {
    let mut crowd = Crowd::new(1, link(1, None));
    for frame in 0..120 {
        for _ in 0..10 {
            crowd.matches[0].put(TransferMode::Unreliable, &PACKET);
        }
        crowd.frame();
        let host = &crowd.matches[0].host;
        let status = host.real_time_status(host.peers()[0].id).unwrap();
        // After the first ten frames less than a frame's worth waits at its end.
        assert!(frame < 10 || status.pending_unreliable <= 10_000, "frame {frame}: {status:?}");
    }
}

/// What waits beside bulk on channel 1: the 95th percentile for a packet of 64 bytes a frame on each of [`SMALL`], beyond
/// what the line itself takes. Bulk is sent until the client has read so many bytes, after so many frames to begin with.
fn small_beside_bulk(latency: u64, bulk: usize, warm_up: u32, bytes: u64) -> [Duration; SMALL.len()] {
    let mut crowd = Crowd::new(1, link(latency, narrow(MB)));
    let bulk = vec![7; bulk];
    let mut waits = [const { Vec::new() }; SMALL.len()];
    let (mut sent, mut read, mut frame) = (Vec::new(), 0, 0_u32);
    while read < bytes {
        let Match { host, client, .. } = &mut crowd.matches[0];
        let peer = host.peers()[0].id;
        while host.backlog_bytes(peer).unwrap() < 500_000 {
            host.put(Target::All, Channel::new(1).unwrap(), TransferMode::Reliable, &bulk).unwrap();
            host.flush();
        }
        sent.push(crowd.network.now());
        for (channel, mode) in SMALL {
            let mut packet = [0; 64];
            packet[..4].copy_from_slice(&frame.to_le_bytes());
            host.put(Target::All, Channel::new(channel).unwrap(), mode, &packet).unwrap();
        }
        host.flush();
        frame += 1;
        crowd.network.advance(FRAME);
        let now = crowd.network.now();
        for session in [host, &mut *client] {
            session.poll(now);
            while session.next_event().is_some() {}
        }
        while let Some(packet) = client.pop() {
            let of = (i32::from(packet.channel.get()), packet.mode);
            match SMALL.iter().position(|small| *small == of) {
                Some(place) => {
                    let number = u32::from_le_bytes(packet.payload()[..4].try_into().unwrap());
                    if number >= warm_up {
                        waits[place].push(now - sent[number as usize]);
                    }
                }
                None => read += if frame < warm_up { 0 } else { packet.payload().len() as u64 },
            }
        }
    }
    waits.map(|mut waits| {
        waits.sort_unstable();
        assert!(waits.len() > (frame - warm_up) as usize * 9 / 10, "{} of {frame} arrived", waits.len());
        waits[waits.len() * 95 / 100].saturating_sub(Duration::from_millis(latency))
    })
}

/// An unreliable packet on channel 0, and reliable ones on channels of their own. Channel 3 shares its lane with the bulk.
const SMALL: [(i32, TransferMode); 4] = [
    (0, TransferMode::Unreliable),
    (0, TransferMode::Reliable),
    (2, TransferMode::Reliable),
    (3, TransferMode::Reliable),
];

#[test]
fn small_packets_do_not_wait_behind_bulk() {
    let ms = Duration::from_millis;
    // From the first packet of 3 MB on, and when all has settled.
    for (latency, bulk, warm_up, bytes) in [
        (50, 1_000, 0, 3 * MB),
        (50, 3_000_000, 0, 3 * MB),
        (25, 1_000, 180, 8 * MB),
        (50, 1_000, 180, 8 * MB),
    ] {
        let waits = small_beside_bulk(latency, bulk, warm_up, bytes);
        assert!(waits[..3].iter().all(|wait| *wait <= ms(40)), "{latency} ms, {bulk} bytes: {waits:?}");
        // What Steam has of the bulk goes before it, two frames' worth and a little.
        assert!(warm_up == 0 || waits[3] <= ms(40 + 45), "{latency} ms, {bulk} bytes: {waits:?}");
    }
}
