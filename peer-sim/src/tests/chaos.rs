//! Anything in any order: nothing panics, what is reliable comes as sent, and nothing is left over.

use super::*;
use crate::{DuplicatePolicy, RawPeer};
use peer_core::EndReason;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustc_hash::FxHashMap;

/// What has come on a connection, by lane: the reliable messages, in the order of their coming.
type Came = FxHashMap<(ConnectionHandle, u8), Vec<i64>>;

fn settings(rng: &mut StdRng) -> NetworkSettings {
    NetworkSettings {
        silent_close: rng.random(),
        refuse_unknown_ports: rng.random(),
        duplicates: if rng.random() { DuplicatePolicy::Ignored } else { DuplicatePolicy::Delivered },
        receive_buffer_messages: rng.random_range(5..500),
        ..NetworkSettings::kind()
    }
}

fn link(rng: &mut StdRng) -> LinkSettings {
    LinkSettings {
        latency: ms(rng.random_range(0..200)),
        jitter: ms(rng.random_range(0..100)),
        loss: rng.random_range(0.0..0.4),
        duplication: rng.random_range(0.0..0.4),
        reordering: rng.random_range(0.0..0.4),
        bandwidth: 1 << rng.random_range(14..28),
        send_buffer: 1 << rng.random_range(12..20),
        up: rng.random_bool(0.98),
        ..LinkSettings::default()
    }
}

/// Returns how many reliable messages came.
fn run(seed: u64) -> usize {
    const USERS: u64 = 4;
    let rng = &mut StdRng::seed_from_u64(seed);
    let network = Network::with_settings(seed, settings(rng));
    let user = |rng: &mut StdRng| SteamId(rng.random_range(1..=USERS));
    let mut peers: Vec<_> = (1..=USERS).map(|id| RawPeer::new(&network, SteamId(id))).collect();
    let mut handles: Vec<Vec<ConnectionHandle>> = vec![Vec::new(); peers.len()];
    let mut listens = vec![None; peers.len()];
    let mut came = Came::default();
    for _ in 0..400 {
        let (a, b, index) = (user(rng), user(rng), rng.random_range(0..peers.len()));
        let peer = &mut peers[index];
        let known = handles[index].len();
        let handle = if known == 0 { None } else { Some(handles[index][rng.random_range(0..known)]) };
        match (rng.random_range(0..20), handle) {
            (0, _) if rng.random_bool(0.2) => network.kill(a),
            (1, _) if rng.random_bool(0.2) => network.partition(a, b),
            (2, _) => network.heal(a, b),
            (3, _) => network.set_link(a, b, link(rng)),
            (4, _) => network.set_default_link(link(rng)),
            (5, _) => listens[index] = peer.transport.listen(PORT).ok().or(listens[index]),
            (6, _) => {
                if let Some(listen) = listens[index].filter(|_| rng.random_bool(0.1)) {
                    peer.transport.close_listen(listen);
                }
            }
            (7 | 8, _) => handles[index].extend(peer.dial(a, PORT)),
            (9, Some(handle)) if rng.random_bool(0.3) => {
                peer.transport.close(handle, EndReason::Left, "");
            }
            (10..15, Some(handle)) => {
                let flags = SendFlags::from_bits_retain(rng.random_range(0..16));
                let magnitude = rng.random_range(1..16);
                let size = rng.random_range(0..1_usize << magnitude);
                for _ in 0..rng.random_range(1..30) {
                    peer.send(handle, rng.random_range(0..5), flags, vec![0; size]);
                }
            }
            (15, Some(handle)) => {
                let config = || LaneConfig { priority: 3, weight: 2 };
                let _ = peer.transport.configure_lanes(handle, &[config(); 255]);
            }
            _ => network.advance(ms(rng.random_range(0..1000))),
        }
        for (index, peer) in peers.iter_mut().enumerate() {
            if !peer.transport.is_alive() {
                *peer = RawPeer::new(&network, peer.steam_id());
                handles[index].clear();
                listens[index] = None;
            }
            handles[index].extend(peer.accept_all().iter().map(|change| change.connection));
            for message in peer.messages().iter().filter(|message| message.is_reliable()) {
                came.entry((message.connection(), message.lane())).or_default().push(message.number());
            }
        }
    }
    for ((connection, lane), numbers) in &came {
        let rises = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(rises, "seed {seed}: {connection:?} lane {lane}: {numbers:?}");
    }
    for (peer, handles) in peers.iter_mut().zip(&handles) {
        for &handle in handles {
            peer.transport.close(handle, EndReason::Left, "");
        }
    }
    network.advance(secs(60));
    for (peer, listen) in peers.iter_mut().zip(listens) {
        for change in peer.statuses() {
            peer.close(change.connection, 1000, "");
        }
        if let Some(listen) = listen {
            peer.transport.close_listen(listen);
        }
    }
    assert!(network.counters().is_empty(), "seed {seed}: {:?}", network.counters());
    network.advance(secs(60));
    assert_eq!(network.next_event_time(), None, "seed {seed}");
    came.values().map(Vec::len).sum()
}

#[test]
fn anything_in_any_order_leaves_nothing_over() {
    let came: usize = (0..200).map(run).sum();
    assert!(came > 10_000, "only {came} reliable messages came");
}
