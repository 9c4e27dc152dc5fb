//! The same seed and the same calls: the same network.

use super::*;
use crate::TraceEntry;

/// Five processes that dial each other, send, lose, are killed and come back.
fn rough_minute(seed: u64) -> Vec<TraceEntry> {
    let network = kind(seed);
    network.record_trace();
    network.set_default_link(LinkSettings {
        jitter: ms(30),
        loss: 0.1,
        duplication: 0.1,
        reordering: 0.1,
        ..LinkSettings::default()
    });
    let mut processes: Vec<_> = (1..=5).map(|id| network.endpoint(SteamId(id))).collect();
    let lobby = network.create_lobby(SteamId(1));
    for process in &mut processes {
        network.join_lobby(lobby, process.steam_id());
        process.listen(PORT).unwrap();
        for id in 1..=5 {
            let _ = process.connect(SteamId(id), PORT, Token(0));
        }
    }
    for round in 0..600_u32 {
        network.advance(ms(100));
        for process in &mut processes {
            while let Some(change) = process.next_status() {
                match change.state {
                    ConnectionState::Requested => drop(process.accept(change.connection, Token(0))),
                    ConnectionState::Connected => {
                        for payload in numbered(20, 700) {
                            send(process, change.connection, 0, SendFlags::RELIABLE, payload);
                        }
                        send(process, change.connection, 0, UNRELIABLE, vec![0; 5000]);
                    }
                    _ => process.close(change.connection, peer_core::EndReason::Left, ""),
                }
            }
            messages(process);
        }
        if round % 150 == 149 {
            network.kill(SteamId(3));
            processes[2] = network.endpoint(SteamId(3));
            for id in [1, 2, 4, 5] {
                processes[2].connect(SteamId(id), PORT, Token(0)).unwrap();
            }
        }
    }
    drop(processes);
    assert!(network.counters().is_empty());
    network.take_trace()
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_another() {
    let trace = rough_minute(5);
    assert!(trace.len() > 500, "{} entries", trace.len());
    assert_eq!(trace, rough_minute(5));
    assert_ne!(trace, rough_minute(6));
}
