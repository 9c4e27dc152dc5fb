//! Processes that die, lines that lose, and many at once.

use std::time::{Duration, Instant};

use local_steam_harness::{Network, steam_id};

use super::process::Process;

fn host_with_client(network: &Network) -> (Process, Process, u64, u64) {
    let (mut host, mut client) = (Process::account(network, 1), Process::account(network, 2));
    host.ask("listen 0 symmetric");
    client.ask("listen 0 symmetric");
    let dialled = client.number(&format!("dial {} 0 symmetric", steam_id(1)));
    client.expect(&format!("status {dialled} 3"));
    let accepted = host.expect("accepted")[1].parse().unwrap();
    host.expect(&format!("status {accepted} 3"));
    (host, client, accepted, dialled)
}

#[test]
fn who_was_killed_can_return_at_once() {
    let network = Network::new();
    let (mut host, mut client, mut accepted, _) = host_with_client(&network);
    host.ask("create 2 4");
    let lobby = host.expect("created 1")[2].clone();
    for _ in 0..3 {
        client.ask(&format!("join {lobby}"));
        host.expect(&format!("member {lobby} {} 1", steam_id(2)));
        client.kill();
        let died = Instant::now();
        client = Process::account(&network, 2);
        host.expect(&format!("member {lobby} {} 4", steam_id(2)));
        assert_eq!(host.ask(&format!("members {lobby}")), [steam_id(1).to_string()]);
        assert!(died.elapsed() < Duration::from_secs(3), "the lobby took {:?}", died.elapsed());
        client.ask("listen 0 symmetric");
        let dialled = client.number(&format!("dial {} 0 symmetric", steam_id(1)));
        // The new run knows nothing of the old connection, and the host learns that.
        let end = host.expect(&format!("status {accepted} 4"));
        assert!(end.join(" ").contains("reason 5010"), "{end:?}");
        client.expect(&format!("status {dialled} 3"));
        accepted = host.expect("accepted")[1].parse().unwrap();
        host.expect(&format!("status {accepted} 3"));
        assert!(died.elapsed() < Duration::from_secs(5), "it took {:?}", died.elapsed());
        client.ask(&format!("send-one {dialled} 8 10"));
        host.expect(&format!("message {accepted} lane 0 number 1"));
    }
}

/// The one who stays may be the one who dialled, or who dials again.
#[test]
fn a_killed_host_can_be_dialled_again_at_once() {
    let network = Network::new();
    let (host, mut client, _, dialled) = host_with_client(&network);
    host.kill();
    let mut host = Process::account(&network, 1);
    host.ask("listen 0 symmetric");
    // The host dials whom it knows from before.
    let back = host.number(&format!("dial {} 0 symmetric", steam_id(2)));
    host.expect(&format!("status {back} 3"));
    let end = client.expect(&format!("status {dialled} 4"));
    assert!(end.join(" ").contains("reason 5010"), "{end:?}");
}

/// Killed before the request was accepted, while the host thinks about it.
#[test]
fn who_was_killed_while_waiting_can_return() {
    let network = Network::new();
    let (mut host, mut client) = (Process::account(&network, 1), Process::account(&network, 2));
    host.ask("listen 0 symmetric");
    host.ask("accepts no");
    client.ask(&format!("dial {} 0 symmetric", steam_id(1)));
    let waiting = host.expect("status")[1].clone();
    client.kill();
    host.ask("accepts yes");
    let mut client = Process::account(&network, 2);
    let dialled = client.number(&format!("dial {} 0 symmetric", steam_id(1)));
    host.expect(&format!("status {waiting} 4"));
    client.expect(&format!("status {dialled} 3"));
}

/// Everything arrives once and in order on a line that loses and delays; both directions are as bad as asked.
#[test]
fn a_bad_line_is_bad_and_reliable_messages_arrive() {
    let network = Network::new();
    let mut host = Process::account(&network, 1);
    let bad = [
        ("LOCAL_STEAM_ID", "2"),
        ("LOCAL_STEAM_LOSS", "10"),
        ("LOCAL_STEAM_LAG_MS", "50"),
        ("LOCAL_STEAM_JITTER_MS", "5"),
    ];
    let mut client = Process::start(&network, &bad);
    host.ask("listen 3 plain");
    let dialled = client.number(&format!("dial {} 3 plain", steam_id(1)));
    client.expect(&format!("status {dialled} 3"));
    let accepted = host.expect("accepted")[1].clone();
    client.ask(&format!("send {dialled} 0 8 200 500"));
    for number in 1..=500 {
        let next = host.expect("message");
        assert_eq!(next[5], number.to_string());
        assert_eq!(next[13], ((number - 1) % 256).to_string());
    }
    let ping: u32 = host.ask(&format!("ping {accepted}"))[1].parse().unwrap();
    assert!((95..400).contains(&ping), "a ping of {ping} ms");
    // Unreliable ones do not all arrive.
    client.ask(&format!("send {dialled} 0 0 1000 200"));
    client.ask(&format!("send {dialled} 0 8 10 1"));
    host.expect(&format!("message {accepted} lane 0 number 701"));
    let arrived = host.rest().iter().filter(|event| event[0] == "message").count();
    assert!((100..199).contains(&arrived), "{arrived} of 200 arrived");
}

/// Killed in the middle of changing lobbies, again and again: what is left is whole.
#[test]
fn a_kill_at_any_moment_leaves_the_lobbies_whole() {
    let network = Network::new();
    let mut witness = Process::account(&network, 1);
    witness.ask("create 2 250");
    let lobby = witness.expect("created 1")[2].clone();
    for round in 0..20 {
        let mut victim = Process::account(&network, 2);
        let id = steam_id(2);
        victim.send_ahead(&format!("join {lobby}"));
        for step in 0..50 {
            victim.send_ahead("create 2 4");
            victim.send_ahead(&format!("leave {lobby}"));
            victim.send_ahead(&format!("join {lobby}"));
            victim.send_ahead(&format!("request-data {}", step + round));
        }
        // Somewhere in the middle, another place each time.
        for _ in 0..=round * 2 {
            let entered = victim.expect("entered");
            assert_eq!(entered[2], "1", "{entered:?}");
        }
        victim.kill();
        witness.expect(&format!("member {lobby} {id} 1"));
        let deadline = Instant::now() + local_steam_harness::TIMEOUT;
        while witness.ask(&format!("members {lobby}")) != [steam_id(1).to_string()] {
            assert!(Instant::now() < deadline, "a dead member stays");
        }
        witness.rest();
    }
    // Only the witness's own lobby is left, and it works.
    witness.ask("list");
    witness.expect("found 1");
    assert_eq!(witness.ask(&format!("set {lobby} still here")), ["true"]);
}
