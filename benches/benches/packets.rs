//! The hot path, transport excluded: what a packet costs from `put` to the transport, and from the transport to `pop`.

use std::hint::black_box;

use benches::{Arrivals, host_with_peers};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use peer_core::{
    Channel, Control, Dialect, Features, Hello, Target, Time, TransferMode, effective_mode, send_flags,
};

/// Packets a frame, so that the cost of the flush itself is shared as in a game with much to say.
const PUTS: u32 = 100;
const ARRIVALS: usize = 1000;

fn lanes(c: &mut Criterion) {
    let packets: Vec<_> = (0..=255_u8)
        .map(|i| {
            let channel = Channel::new(i32::from(i) % 84).unwrap();
            (channel, TransferMode::ALL[usize::from(i) % 3], usize::from(i) * 100)
        })
        .collect();
    let mut group = c.benchmark_group("select");
    group.throughput(Throughput::Elements(packets.len() as u64));
    group.bench_function("lane_and_flags", |b| {
        b.iter(|| {
            for &(channel, mode, len) in black_box(&packets) {
                let mode = effective_mode(Dialect::Native, mode, len);
                black_box((Dialect::Native.lane(channel, mode), send_flags(mode, true)));
            }
        });
    });
    group.bench_function("route", |b| {
        b.iter(|| {
            for lane in 0..=255 {
                black_box(Dialect::Native.route(black_box(lane), lane % 3 == 1));
            }
        });
    });
    group.finish();
}

/// One broadcast after the other: `put_flush/BYTES/PEERS`, time for each packet put.
fn put_flush(c: &mut Criterion) {
    let mut group = c.benchmark_group("put_flush");
    group.throughput(Throughput::Elements(u64::from(PUTS)));
    for len in [64, 1200, 65_536] {
        let payload = vec![7; len];
        for peers in [1, 8, 32, 250] {
            let mut session = host_with_peers(peers);
            group.bench_function(BenchmarkId::new(len.to_string(), peers), |b| {
                b.iter(|| {
                    for _ in 0..PUTS {
                        session.put(Target::All, Channel::ZERO, TransferMode::Unreliable, &payload).unwrap();
                    }
                    session.flush();
                });
            });
        }
    }
    group.finish();
}

/// As Godot's `SceneMultiplayer` sends: each peer in turn. `put_each/MODE/PEERS`, time for each packet put.
fn put_each(c: &mut Criterion) {
    let mut group = c.benchmark_group("put_each");
    for (name, mode) in [("reliable", TransferMode::Reliable), ("unreliable", TransferMode::Unreliable)] {
        for peers in [1, 8, 250] {
            let mut session = host_with_peers(peers);
            let ids: Vec<_> = session.peers().iter().map(|peer| peer.id).collect();
            let rounds = 250 / peers;
            group.throughput(Throughput::Elements(u64::from(rounds * peers)));
            group.bench_function(BenchmarkId::new(name, peers), |b| {
                b.iter(|| {
                    for _ in 0..rounds {
                        for &id in &ids {
                            session.put(Target::Only(id), Channel::ZERO, mode, &[7; 64]).unwrap();
                        }
                    }
                    session.flush();
                });
            });
        }
    }
    group.finish();
}

/// `receive_pop/PEERS`: time for each packet that is polled and read.
fn receive_pop(c: &mut Criterion) {
    let mut group = c.benchmark_group("receive_pop");
    group.throughput(Throughput::Elements(ARRIVALS as u64));
    for peers in [1, 32, 250] {
        let mut session = host_with_peers(peers);
        let mut arrivals = Arrivals::new(&session, peers, ARRIVALS, &[7; 64], 3);
        group.bench_function(BenchmarkId::from_parameter(peers), |b| {
            b.iter_batched(
                || arrivals.arrive(),
                |()| {
                    session.poll(Time::from_micros(10));
                    while let Some(packet) = session.pop() {
                        black_box(packet.payload());
                    }
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn hello(c: &mut Criterion) {
    let bytes = Hello { features: Features::empty(), peer_id: 77, nonce: 99, match_id: None }.encode();
    c.bench_function("hello/decode", |b| b.iter(|| Control::decode(black_box(&bytes))));
}

criterion_group!(benches, lanes, put_flush, put_each, receive_pop, hello);
criterion_main!(benches);
