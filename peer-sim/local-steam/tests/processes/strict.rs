//! Where Steam may behave in two ways: the harder one, by its name in `LOCAL_STEAM_STRICT`.

use std::time::{Duration, Instant};

use local_steam_harness::{Network, steam_id, until};

use super::process::Process;

/// Steam's numbers for connection states.
const CONNECTED: u8 = 3;
const CLOSED_BY_PEER: u8 = 4;
const PROBLEM: u8 = 5;

fn start(network: &Network, account: u32, strict: &str) -> Process {
    Process::start(network, &[("LOCAL_STEAM_ID", &account.to_string()), ("LOCAL_STEAM_STRICT", strict)])
}

fn dial(process: &mut Process, account: u32, how: &str) -> u64 {
    process.number(&format!("dial {} {how}", steam_id(account)))
}

/// A host and a client, connected; the connection of each.
fn pair(network: &Network, strict: &str) -> (Process, Process, u64, u64) {
    let (mut host, mut client) = (start(network, 1, strict), start(network, 2, strict));
    host.ask("listen 0 symmetric");
    let dialled = dial(&mut client, 1, "0 symmetric");
    client.expect(&format!("status {dialled} {CONNECTED}"));
    let accepted = host.expect("accepted")[1].parse().unwrap();
    (host, client, accepted, dialled)
}

/// The dial fails after Steam's ten seconds, because nothing was heard.
fn times_out(process: &mut Process, dialled: u64, since: Instant) {
    let end = process.expect(&format!("status {dialled} {PROBLEM}")).join(" ");
    assert!(end.contains("reason 5003"), "{end}");
    assert!((9.0..15.0).contains(&since.elapsed().as_secs_f32()), "it took {:?}", since.elapsed());
}

#[test]
fn a_message_behind_a_refused_one_is_tried_or_not() {
    for (strict, third) in [("0", "0"), ("each-message", "2")] {
        let network = Network::new();
        let (mut host, mut client, _, dialled) = pair(&network, strict);
        let results = client.ask(&format!("send-sizes {dialled} 400000 400000 10"));
        assert_eq!(results, ["1", "-25", third], "LOCAL_STEAM_STRICT={strict}");
        let expected = if third == "0" { vec!["400000"] } else { vec!["400000", "10"] };
        for size in expected {
            assert_eq!(host.expect("message")[11], size);
        }
    }
}

#[test]
fn who_was_killed_waits_for_the_end_of_the_old_connection() {
    let network = Network::new();
    let (mut host, client, accepted, _) = pair(&network, "silent-duplicates");
    client.kill();
    let mut client = start(&network, 2, "silent-duplicates");
    let (dialled, since) = (dial(&mut client, 1, "0 symmetric"), Instant::now());
    times_out(&mut client, dialled, since);
    let end = host.expect(&format!("status {accepted} {PROBLEM}")).join(" ");
    assert!(end.contains("reason 5003"), "{end}");
    let dialled = dial(&mut client, 1, "0 symmetric");
    client.expect(&format!("status {dialled} {CONNECTED}"));
}

#[test]
fn a_port_on_which_nobody_listens_is_silent() {
    let network = Network::new();
    let (mut host, mut client) = (start(&network, 1, "silent-ports"), start(&network, 2, "silent-ports"));
    host.ask("listen 3 plain");
    let (dialled, since) = (dial(&mut client, 1, "4 plain"), Instant::now());
    times_out(&mut client, dialled, since);
    assert!(host.rest().iter().all(|event| event[0] != "status"), "the game must not see the request");
}

#[test]
fn a_dial_fails_while_a_request_of_that_user_waits() {
    let network = Network::new();
    let (mut host, mut client) = (start(&network, 1, "crossing-dials"), start(&network, 2, "crossing-dials"));
    for process in [&mut host, &mut client] {
        process.ask("listen 0 symmetric");
        process.ask("accepts no");
    }
    dial(&mut client, 1, "0 symmetric");
    host.expect("status");
    let back = dial(&mut host, 2, "0 symmetric");
    let end = host.expect(&format!("status {back} {CLOSED_BY_PEER}")).join(" ");
    assert!(end.contains("reason 4002"), "{end}");
}

/// A client that runs no callbacks of the sockets, with a dial that is Connected.
fn connected_without_callbacks(network: &Network, strict: &str) -> (Process, Process, u64) {
    let (mut host, mut client) =
        (start(network, 1, "0"), Process::idle(network, &[("LOCAL_STEAM_STRICT", strict)]));
    host.ask("listen 3 plain");
    client.ask("callbacks no");
    assert_eq!(client.ask("init")[0], "ok");
    let dialled = dial(&mut client, 1, "3 plain");
    until("Connected", || (client.ask(&format!("info {dialled}"))[0] == "3").then_some(()));
    (host, client, dialled)
}

#[test]
fn dispatch_alone_tells_a_function_of_no_change() {
    let network = Network::new();
    let (_host, mut client, dialled) = connected_without_callbacks(&network, "own-callbacks");
    client.ask("run-callbacks");
    assert_eq!(client.rest(), Vec::<Vec<String>>::new());
    client.ask("run-networking-callbacks");
    client.expect(&format!("status {dialled} {CONNECTED}"));
}

#[test]
fn a_change_may_be_told_a_frame_late() {
    let network = Network::new();
    let (_host, mut client, dialled) = connected_without_callbacks(&network, "own-callbacks,late-callbacks");
    client.ask("run-networking-callbacks");
    assert_eq!(client.rest(), Vec::<Vec<String>>::new());
    client.ask("run-networking-callbacks");
    client.expect(&format!("status {dialled} {CONNECTED}"));
}

#[test]
fn a_narrow_line_carries_no_more_than_asked() {
    const BYTES: u32 = 400_000;
    const RATE: u32 = 200_000;
    let network = Network::new();
    let mut host = Process::account(&network, 1);
    let narrow = [("LOCAL_STEAM_ID", "2"), ("LOCAL_STEAM_RATE", &RATE.to_string())];
    let mut client = Process::start(&network, &narrow);
    host.ask("listen 3 plain");
    let dialled = dial(&mut client, 1, "3 plain");
    client.expect(&format!("status {dialled} {CONNECTED}"));
    // Steam's options for the rate at which a connection sends: three times what the line carries.
    for option in [10, 11] {
        assert_eq!(client.ask(&format!("option {dialled} {option} {}", 3 * RATE)), ["true"]);
    }
    let started = Instant::now();
    client.ask(&format!("send-sizes {dialled} {BYTES}"));
    host.expect("message");
    let least = Duration::from_secs((BYTES / RATE).into());
    assert!(started.elapsed() > least.mul_f32(0.9), "it took {:?}", started.elapsed());
}
