//! Large and long runs stay cheap.

use super::*;

#[test]
fn an_idle_hour_costs_nothing() {
    let pair = Pair::new();
    pair.network.advance(secs(20));
    assert_eq!(pair.network.next_event_time(), None);
    pair.network.advance(secs(3600));
}

#[test]
fn a_mesh_of_250_connects_and_each_hears_from_each() {
    const COUNT: u64 = 250;
    let network = kind(1);
    let mut processes: Vec<_> = (1..=COUNT).map(|id| network.endpoint(SteamId(id))).collect();
    for process in &mut processes {
        process.listen(PORT).unwrap();
    }
    for process in &mut processes {
        for other in 1..process.steam_id().0 {
            process.connect(SteamId(other), PORT, Token(0)).unwrap();
        }
    }
    let mut connected = 0;
    for _ in 0..6 {
        network.advance(ms(50));
        for process in &mut processes {
            while let Some(change) = process.next_status() {
                if change.state == ConnectionState::Requested {
                    process.accept(change.connection, Token(0)).unwrap();
                    process.configure_lanes(change.connection, &even_lanes(13)).unwrap();
                } else {
                    connected += 1;
                    send(process, change.connection, 0, RELIABLE, "hello");
                }
            }
        }
    }
    assert_eq!(connected, COUNT * (COUNT - 1));
    network.advance(ms(100));
    for process in &mut processes {
        assert_eq!(messages(process).len() as u64, COUNT - 1);
    }
    network.advance(secs(1000));
    network.kill(SteamId(1));
    network.advance(secs(11));
    for process in &mut processes[1..] {
        assert_eq!(only_end(process), ("problem", 5003));
    }
}
