//! Connecting, sending, ending.

use std::time::Instant;

use local_steam_harness::{Network, steam_id};

use super::process::Process;

/// Steam's numbers for connection states.
const CONNECTED: u8 = 3;
const CLOSED_BY_PEER: u8 = 4;

/// Steam's send flags.
const NO_NAGLE: u8 = 1;
const RELIABLE: u8 = 8;

fn two(network: &Network) -> (Process, Process) {
    (Process::account(network, 1), Process::account(network, 2))
}

/// A host that listens on port 3, a client that is connected to it, and each one's connection.
fn pair(network: &Network) -> (Process, Process, u64, u64) {
    let (mut host, mut client) = two(network);
    host.ask("listen 3 plain");
    let dialled = client.number(&format!("dial {} 3 plain", steam_id(1)));
    client.expect(&format!("status {dialled} {CONNECTED}"));
    let accepted = accepted(&mut host);
    host.expect(&format!("status {accepted} {CONNECTED}"));
    (host, client, accepted, dialled)
}

/// The connection that came in and was accepted.
fn accepted(host: &mut Process) -> u64 {
    let accepted = host.expect("accepted");
    assert_eq!(accepted[2], "1", "{accepted:?}");
    accepted[1].parse().unwrap()
}

#[test]
pub(crate) fn a_client_connects_and_both_know_who_it_is() {
    let network = Network::new();
    let (mut host, mut client, accepted, dialled) = pair(&network);
    assert_eq!(
        host.ask("whoami")[..3],
        [steam_id(1).to_string(), format!("steamid:{}", steam_id(1)), "480".into()]
    );
    // The listen socket's user data for one, the dial's for the other; both may be changed.
    assert_eq!(host.number(&format!("user {accepted}")), 5);
    assert_eq!(client.number(&format!("user {dialled}")), 7);
    assert_eq!(host.ask(&format!("set-user {accepted} 99")), ["true"]);
    client.ask(&format!("send-one {dialled} {} 100", RELIABLE | NO_NAGLE));
    host.expect(&format!("message {accepted} lane 0 number 1 flags 8 user 99 size 100 first 1"));
    assert_eq!(host.ask(&format!("info {accepted}")), ["3", "0", "[127,", "0,", "0,", "1]"]);
    let details = host.ask(&format!("details {accepted}"));
    assert!(details[0].contains("connected"), "{details:?}");
    assert_eq!(host.ask(&format!("ping {accepted}"))[0], "1");
}

#[test]
fn a_port_that_nobody_listens_on_is_refused() {
    let network = Network::new();
    let (mut host, mut client) = two(&network);
    host.ask("listen 3 plain");
    let started = Instant::now();
    // Several at once, so that their refusals must not be mixed up.
    let dialled: Vec<u64> =
        (4..8).map(|port| client.number(&format!("dial {} {port} plain", steam_id(1)))).collect();
    for connection in dialled {
        let end = client.expect(&format!("status {connection} {CLOSED_BY_PEER}"));
        assert!(end.join(" ").contains("reason 5008 Nobody listens on this port"), "{end:?}");
    }
    assert!(started.elapsed().as_secs() < 5, "it took {:?}", started.elapsed());
    assert!(host.rest().iter().all(|event| event[0] != "status"), "the game must not see these");
    // Also after the port was closed again.
    let socket = host.ask("listen 9 plain")[0].clone();
    assert_eq!(host.ask(&format!("unlisten {socket}")), ["true"]);
    let connection = client.number(&format!("dial {} 9 plain", steam_id(1)));
    client.expect(&format!("status {connection} {CLOSED_BY_PEER}"));
}

/// Changes of connections whose game set no function come as Steam's callback.
#[test]
fn without_a_function_status_changes_are_queued() {
    let network = Network::new();
    let (mut host, mut client) = two(&network);
    host.ask("listen-plain 3");
    let dialled = client.number(&format!("dial {} 3 plain", steam_id(1)));
    let incoming = host.expect("queued-status");
    assert_eq!(incoming[2..], ["0", "1"]);
    assert_eq!(host.ask(&format!("accept {}", incoming[1])), ["1"]);
    host.expect(&format!("queued-status {} 2 3", incoming[1]));
    client.expect(&format!("status {dialled} {CONNECTED}"));
    host.ask("relay");
    host.expect("relay 100");
}

/// Turning direct routes off, as a game may that wants Steam's relays only, changes nothing here.
#[test]
fn the_choice_of_routes_does_not_matter() {
    let network = Network::new();
    let (mut host, mut client) = two(&network);
    assert_eq!(host.ask("option 0 104 0"), ["true"]);
    host.ask("listen 3 plain");
    let dialled = client.number(&format!("dial {} 3 plain", steam_id(1)));
    assert_eq!(client.ask(&format!("option {dialled} 104 -1")), ["true"]);
    client.expect(&format!("status {dialled} {CONNECTED}"));
}
