//! In steady state the packet path allocates nothing: shown by counting, not by timing.

use allocation_counter::measure;
use benches::{Arrivals, host_with_peers};
use peer_core::{Channel, Target, Time, TransferMode};

/// Frames before the count: buffers grow to their size, slabs of payloads come round.
const WARM_UP: usize = 200;
const FRAMES: usize = 200;

fn allocations_of_frames(mut frame: impl FnMut()) -> u64 {
    for _ in 0..WARM_UP {
        frame();
    }
    measure(|| {
        for _ in 0..FRAMES {
            frame();
        }
    })
    .count_total
}

#[test]
fn putting_and_flushing_allocates_nothing() {
    for (peers, len) in [(1, 64), (8, 64), (250, 64), (8, 1200), (8, 65_536)] {
        let mut session = host_with_peers(peers);
        let ids: Vec<_> = session.peers().iter().map(|peer| peer.id).collect();
        let payload = vec![7; len];
        let count = allocations_of_frames(|| {
            for mode in TransferMode::ALL {
                session.put(Target::All, Channel::ZERO, mode, &payload).unwrap();
                for &id in &ids {
                    session.put(Target::Only(id), Channel::ZERO, mode, &payload).unwrap();
                }
            }
            session.flush();
        });
        assert_eq!(count, 0, "{peers} peers, {len} bytes");
        assert_ne!(session.transport().sent(), 0);
    }
}

#[test]
fn receiving_and_reading_allocates_nothing() {
    for peers in [1, 250] {
        for lane in 1..=3 {
            let mut session = host_with_peers(peers);
            let mut arrivals = Arrivals::new(&session, peers, 1000, &[7; 64], lane);
            let mut read = 0;
            let count = allocations_of_frames(|| {
                arrivals.arrive();
                session.poll(Time::from_micros(10));
                while session.pop().is_some() {
                    read += 1;
                }
            });
            assert_eq!(count, 0, "{peers} peers, lane {lane}");
            assert_eq!(read, (WARM_UP + FRAMES) * 1000);
        }
    }
}
