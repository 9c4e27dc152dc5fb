//! Starting, ending, and what the environment may say.

use local_steam_harness::{Network, steam_id};

use super::process::Process;

#[test]
fn it_says_once_what_it_is() {
    let network = Network::new();
    let mut process = Process::account(&network, 4);
    for _ in 0..3 {
        assert_eq!(process.ask("shutdown"), ["true"]);
        assert_eq!(process.ask("init")[0], "ok");
    }
    let errors = process.quit();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("Local Steam: a stand-in for development, not for release"), "{errors:?}");
}

#[test]
fn an_account_is_had_once() {
    let network = Network::new();
    let first = Process::account(&network, 1);
    let mut second = Process::idle(&network, &[("LOCAL_STEAM_ID", "1")]);
    let refusal = second.ask("init").join(" ");
    assert!(refusal.starts_with("error 1 Local Steam: LOCAL_STEAM_ID=1 is taken by process "), "{refusal}");
    // By itself it takes the first free one.
    let mut third = Process::start(&network, &[]);
    assert_eq!(third.number("whoami"), steam_id(2));
    first.kill();
    assert_eq!(second.ask("init"), ["ok", &steam_id(1).to_string()]);
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let network = Network::new();
    for (name, value, says) in [
        ("LOCAL_STEAM_ID", "zero", "LOCAL_STEAM_ID=zero makes no sense"),
        ("LOCAL_STEAM_LOSS", "200", "a percentage from 0 to 100"),
        ("LOCAL_STEAM_LAG_MS", "soon", "milliseconds"),
        ("SteamAppId", "", "no app id"),
        ("LOCAL_STEAM_DIR", "/proc/nowhere", "/proc/nowhere"),
    ] {
        let mut process = Process::idle(&network, &[(name, value)]);
        let refusal = process.ask("init").join(" ");
        assert!(refusal.starts_with("error 1 Local Steam: ") && refusal.contains(says), "{refusal}");
    }
}

/// Where a socket's path would be too long.
#[test]
fn a_network_may_be_deep_in_the_file_system() {
    let network = Network::new();
    let deep = Network::in_folder(network.folder().join("a-long-name-".repeat(12)));
    let (mut host, mut client) = (Process::account(&deep, 1), Process::account(&deep, 2));
    host.ask("listen 3 plain");
    let dialled = client.number(&format!("dial {} 3 plain", steam_id(1)));
    client.expect(&format!("status {dialled} 3"));
}

#[test]
fn networks_do_not_see_each_other() {
    let (here, there) = (Network::new(), Network::new());
    let (mut alice, mut bob) = (Process::start(&here, &[]), Process::start(&there, &[]));
    // The same account in both.
    assert_eq!(alice.number("whoami"), bob.number("whoami"));
    for process in [&mut alice, &mut bob] {
        process.ask("create 2 4");
        process.expect("created 1");
        process.ask("list");
        process.expect("found 1");
        process.ask("listen 3 plain");
    }
    // Each network's second account reaches its own first one.
    for (network, host) in [(&here, &mut alice), (&there, &mut bob)] {
        let mut client = Process::start(network, &[]);
        let dialled = client.number(&format!("dial {} 3 plain", steam_id(1)));
        client.expect(&format!("status {dialled} 3"));
        host.expect("accepted");
        assert_eq!(host.rest().iter().filter(|event| event[0] == "accepted").count(), 0);
    }
}

/// A library without a session answers, and does nothing.
#[test]
fn without_a_session_nothing_works_and_nothing_breaks() {
    let network = Network::new();
    let mut process = Process::idle(&network, &[]);
    for _ in 0..2 {
        assert_eq!(process.ask("listen 3 plain"), ["0"]);
        assert_eq!(process.ask(&format!("dial {} 3 plain", steam_id(1))), ["0"]);
        assert_eq!(process.ask("send 1 0 8 10 2"), ["-3", "-3"]);
        assert_eq!(process.ask("close 1 0 no"), ["false"]);
        assert_eq!(process.ask("create 2 4"), ["false"]);
        assert_eq!(process.ask("members 1"), [""]);
        assert_eq!(process.ask("get 1 key"), ["<>"]);
        process.ask("run-callbacks");
        process.ask("run-networking-callbacks");
        assert_eq!(process.ask("init")[0], "ok");
        process.ask("shutdown");
    }
}

/// Ends and begins with connections and lobbies open.
#[test]
fn a_session_can_be_begun_again() {
    let network = Network::new();
    let (mut host, mut client) = (Process::account(&network, 1), Process::account(&network, 2));
    for _ in 0..3 {
        host.ask("listen 3 plain");
        host.ask("create 2 4");
        let lobby = host.expect("created 1")[2].clone();
        client.ask(&format!("join {lobby}"));
        client.expect(&format!("entered {lobby} 1"));
        let dialled = client.number(&format!("dial {} 3 plain", steam_id(1)));
        client.expect(&format!("status {dialled} 3"));
        host.ask("shutdown");
        client.expect(&format!("member {lobby} {} 4", steam_id(1)));
        assert_eq!(client.number(&format!("owner {lobby}")), steam_id(2));
        client.ask(&format!("leave {lobby}"));
        assert_eq!(host.ask("init")[0], "ok");
    }
}
