//! Lobbies as Steam keeps them.

use local_steam_harness::{Network, steam_id};

use super::process::Process;

/// Steam's lobby types.
const PRIVATE: u8 = 0;
const FRIENDS: u8 = 1;
const PUBLIC: u8 = 2;
const INVISIBLE: u8 = 3;

/// Steam's answers to those who want to enter.
const SUCCESS: u8 = 1;
const GONE: u8 = 2;
const NOT_ALLOWED: u8 = 3;
const FULL: u8 = 4;

/// Steam's changes of members.
const ENTERED: u8 = 1;
const LEFT: u8 = 2;
const DISCONNECTED: u8 = 4;

fn create(process: &mut Process, kind: u8, limit: u32) -> u64 {
    assert_eq!(process.ask(&format!("create {kind} {limit}")), ["true"]);
    // The call result, the callback of the same content, and then the entering, which is nobody's result.
    process.expect("completed 513 true false");
    let lobby = process.expect("created 1")[2].parse().unwrap();
    process.expect(&format!("entered {lobby} {SUCCESS}"));
    process.expect(&format!("data {lobby} {lobby} 1"));
    lobby
}

fn join(process: &mut Process, lobby: u64, response: u8) {
    assert_eq!(process.ask(&format!("join {lobby}")), ["true"]);
    process.expect("completed 504 true false");
    process.expect(&format!("entered {lobby} {response}"));
}

fn members(process: &mut Process, lobby: u64) -> Vec<u64> {
    process.ask(&format!("members {lobby}")).iter().filter_map(|member| member.parse().ok()).collect()
}

/// The accounts 1 to `count` of a network.
fn processes<const COUNT: usize>(network: &Network) -> [Process; COUNT] {
    std::array::from_fn(|index| Process::account(network, index as u32 + 1))
}

#[test]
fn members_come_and_go_and_everyone_is_told() {
    let network = Network::new();
    let [mut alice, mut bob, mut carol] = processes(&network);
    let lobby = create(&mut alice, PUBLIC, 4);
    for process in [&mut bob, &mut carol] {
        join(process, lobby, SUCCESS);
    }
    alice.expect(&format!("member {lobby} {} {ENTERED}", steam_id(2)));
    alice.expect(&format!("member {lobby} {} {ENTERED}", steam_id(3)));
    bob.expect(&format!("member {lobby} {} {ENTERED}", steam_id(3)));
    for process in [&mut alice, &mut bob, &mut carol] {
        assert_eq!(members(process, lobby), [steam_id(1), steam_id(2), steam_id(3)]);
        assert_eq!(process.number(&format!("owner {lobby}")), steam_id(1));
        assert_eq!(process.number(&format!("limit {lobby}")), 4);
    }
    // To join again changes nothing.
    join(&mut bob, lobby, SUCCESS);
    // Who leaves gets no callback, and knows nothing any more.
    bob.ask(&format!("leave {lobby}"));
    assert_eq!(members(&mut bob, lobby), []);
    for process in [&mut alice, &mut carol] {
        process.expect(&format!("member {lobby} {} {LEFT}", steam_id(2)));
        assert_eq!(members(process, lobby), [steam_id(1), steam_id(3)]);
    }
    // Returning makes one the newest member.
    join(&mut bob, lobby, SUCCESS);
    alice.expect(&format!("member {lobby} {} {ENTERED}", steam_id(2)));
    assert_eq!(members(&mut alice, lobby), [steam_id(1), steam_id(3), steam_id(2)]);
}

#[test]
fn those_who_cannot_enter_learn_why() {
    let network = Network::new();
    let [mut alice, mut bob, mut carol] = processes(&network);
    let lobby = create(&mut alice, PUBLIC, 2);
    join(&mut bob, lobby, SUCCESS);
    join(&mut carol, lobby, FULL);
    assert_eq!(alice.ask(&format!("set-limit {lobby} 3")), ["true"]);
    assert_eq!(alice.ask(&format!("joinable {lobby} no")), ["true"]);
    join(&mut carol, lobby, NOT_ALLOWED);
    assert_eq!(alice.ask(&format!("joinable {lobby} yes")), ["true"]);
    join(&mut carol, lobby, SUCCESS);
    for process in [&mut alice, &mut bob, &mut carol] {
        process.ask(&format!("leave {lobby}"));
    }
    join(&mut carol, lobby, GONE);
    join(&mut carol, 12345, GONE);
    // Another game's.
    let lobby = create(&mut alice, PUBLIC, 2);
    let mut other = Process::start(&network, &[("SteamAppId", "999"), ("LOCAL_STEAM_ID", "9")]);
    join(&mut other, lobby, GONE);
    // What cannot be made.
    for impossible in ["create 4 4", "create 2 0"] {
        alice.ask(impossible);
        alice.expect("created 8 0");
    }
}

#[test]
fn the_owner_sets_and_the_others_see() {
    let network = Network::new();
    let [mut alice, mut bob] = processes(&network);
    let lobby = create(&mut alice, PUBLIC, 4);
    assert_eq!(alice.ask(&format!("set {lobby} map dunes")), ["true"]);
    alice.expect(&format!("data {lobby} {lobby} 1"));
    join(&mut bob, lobby, SUCCESS);
    // There from the start.
    bob.expect(&format!("data {lobby} {lobby} 1"));
    assert_eq!(bob.ask(&format!("get {lobby} map")), ["<dunes>"]);
    assert_eq!(bob.ask(&format!("get {lobby} mode")), ["<>"]);
    assert_eq!(bob.ask(&format!("set {lobby} map caves")), ["false"]);
    assert_eq!(bob.ask(&format!("set-limit {lobby} 9")), ["false"]);
    assert_eq!(bob.ask(&format!("joinable {lobby} no")), ["false"]);
    alice.ask(&format!("set {lobby} mode race"));
    bob.expect(&format!("data {lobby} {lobby} 1"));
    assert_eq!(bob.ask(&format!("all-data {lobby}")), ["map=dunes", "mode=race"]);
    // The same again is no change.
    bob.rest();
    assert_eq!(alice.ask(&format!("set {lobby} mode race")), ["true"]);
    assert_eq!(alice.ask(&format!("delete {lobby} map")), ["true"]);
    bob.expect(&format!("data {lobby} {lobby} 1"));
    assert_eq!(bob.ask(&format!("all-data {lobby}")), ["mode=race"]);
    assert_eq!(bob.rest(), Vec::<Vec<String>>::new());
    alice.ask(&format!("set {lobby} mode "));
    bob.expect(&format!("data {lobby} {lobby} 1"));
    assert_eq!(bob.ask(&format!("all-data {lobby}")), [""]);
    // Bounds of keys and values.
    assert_eq!(alice.ask(&format!("set {lobby} {} v", "k".repeat(256))), ["false"]);
    assert_eq!(alice.ask(&format!("set {lobby} k {}", "v".repeat(8193))), ["false"]);
    assert_eq!(alice.ask(&format!("set {lobby} {} {}", "k".repeat(255), "v".repeat(8192))), ["true"]);
}

#[test]
fn a_lobby_changes_hands() {
    let network = Network::new();
    let [mut alice, mut bob, mut carol] = processes(&network);
    let lobby = create(&mut alice, PRIVATE, 4);
    for process in [&mut bob, &mut carol] {
        join(process, lobby, SUCCESS);
        process.expect(&format!("data {lobby} {lobby} 1"));
    }
    alice.expect(&format!("member {lobby} {} {ENTERED}", steam_id(3)));
    assert_eq!(bob.ask(&format!("set-owner {lobby} {}", steam_id(2))), ["false"]);
    assert_eq!(alice.ask(&format!("set-owner {lobby} {}", steam_id(9))), ["false"]);
    assert_eq!(alice.ask(&format!("set-owner {lobby} {}", steam_id(3))), ["true"]);
    bob.expect(&format!("data {lobby} {lobby} 1"));
    for process in [&mut alice, &mut bob] {
        assert_eq!(process.number(&format!("owner {lobby}")), steam_id(3));
    }
    // When the owner leaves, who has been there longest inherits.
    carol.expect(&format!("data {lobby} {lobby} 1"));
    carol.ask(&format!("leave {lobby}"));
    bob.expect(&format!("member {lobby} {} {LEFT}", steam_id(3)));
    bob.expect(&format!("data {lobby} {lobby} 1"));
    assert_eq!(bob.number(&format!("owner {lobby}")), steam_id(1));
    // When it dies, too.
    alice.kill();
    bob.expect(&format!("member {lobby} {} {DISCONNECTED}", steam_id(1)));
    bob.expect(&format!("data {lobby} {lobby} 1"));
    assert_eq!(bob.number(&format!("owner {lobby}")), steam_id(2));
    assert_eq!(bob.ask(&format!("set {lobby} now mine")), ["true"]);
}

#[test]
fn a_search_finds_what_it_asks_for() {
    let network = Network::new();
    let [mut alice, mut bob, mut seeker] = processes(&network);
    let dunes = create(&mut alice, PUBLIC, 4);
    alice.ask(&format!("set {dunes} map dunes"));
    alice.ask(&format!("set {dunes} level 3"));
    let caves = create(&mut bob, INVISIBLE, 8);
    bob.ask(&format!("set {caves} map caves"));
    bob.ask(&format!("set {caves} level 10"));
    // Never found: private, for friends, closed, full, another game's, a dead one's.
    create(&mut alice, PRIVATE, 4);
    create(&mut alice, FRIENDS, 4);
    create(&mut alice, PUBLIC, 1);
    let closed = create(&mut bob, PUBLIC, 4);
    bob.ask(&format!("joinable {closed} no"));
    let mut other = Process::start(&network, &[("SteamAppId", "999"), ("LOCAL_STEAM_ID", "9")]);
    create(&mut other, PUBLIC, 4);
    let mut doomed = Process::account(&network, 8);
    create(&mut doomed, PUBLIC, 4);
    doomed.kill();

    let mut search = |filters: &[&str]| {
        for filter in filters {
            seeker.ask(filter);
        }
        seeker.ask("list");
        seeker.expect("completed 510 true false");
        let count: u64 = seeker.expect("found")[1].parse().unwrap();
        let found: Vec<u64> = (0..count).map(|index| seeker.number(&format!("found {index}"))).collect();
        assert_eq!(seeker.number(&format!("found {count}")), 0);
        found
    };
    assert_eq!(search(&[]), [dunes, caves]);
    assert_eq!(search(&["filter-text map caves 0"]), [caves]);
    assert_eq!(search(&[]), [dunes, caves], "filters hold for one search");
    assert_eq!(search(&["filter-text map caves 3", "filter-far"]), [dunes]);
    assert_eq!(search(&["filter-number level 3 1"]), [caves]);
    assert_eq!(search(&["filter-number level 3 2"]), [dunes, caves]);
    assert_eq!(search(&["filter-places 5"]), [caves]);
    assert_eq!(search(&["filter-most 1"]), [dunes]);
    // What was found can be read without being a member, but not who is in it.
    assert_eq!(seeker.ask(&format!("get {dunes} map")), ["<dunes>"]);
    assert_eq!(seeker.number(&format!("limit {caves}")), 8);
    assert_eq!(seeker.ask(&format!("members {dunes}")), ["0"]);
    assert_eq!(seeker.number(&format!("owner {dunes}")), 0);
    // And be read again.
    alice.ask(&format!("set {dunes} map peaks"));
    assert_eq!(seeker.ask(&format!("request-data {dunes}")), ["true"]);
    seeker.expect(&format!("data {dunes} {dunes} 1"));
    assert_eq!(seeker.ask(&format!("get {dunes} map")), ["<peaks>"]);
    seeker.ask("request-data 12345");
    seeker.expect("data 12345 12345 0");
    // Another type takes it off the list.
    assert_eq!(alice.ask(&format!("kind {dunes} {PRIVATE}")), ["true"]);
    seeker.ask("list");
    seeker.expect("found 1");
}
