//! How games hear of the end of others: by a goodbye, or by silence.

use std::time::{Duration, Instant};

use crate::member::{Member, all_exit, exchange, mesh};
use local_steam_harness::Network;

/// Steam gives up on a silent connection after 10 s, and asks again before it does.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// A goodbye is heard within this, on a good line.
const LONGEST_GOODBYE: Duration = Duration::from_secs(1);

#[test]
fn of_two_that_were_killed_one_is_gone_and_the_other_comes_back_at_once() {
    let network = Network::new();
    let mut members = mesh(&network, 4, &[]);
    let killed = Instant::now();
    let (mut fourth, mut third) = (members.pop().unwrap(), members.pop().unwrap());
    third.kill();
    fourth.kill();
    // Nobody has noticed yet.
    let mut third = Member::start(&network, 3, &[]);
    for own in ["1", "2"] {
        third.hear(&format!("connected {own}"));
    }
    for (member, own) in members.iter_mut().zip(["1", "2"]) {
        member.hear_in_order(&["disconnected 3", "connected 3"]);
        member.tell(&format!("put 3 0 from {own}"));
        third.hear(&format!("packet {own} 0 from {own}"));
        third.tell(&format!("put {own} 1 welcome"));
        member.hear("packet 3 1 welcome");
    }
    let back = killed.elapsed();
    assert!(back < Duration::from_secs(8), "{back:?}: not before the others' connections timed out");
    // By the time that Steam gives up on the fourth, it would have given up on the third one's old connection.
    for member in &mut members {
        member.hear("disconnected 4");
    }
    let noticed = killed.elapsed();
    assert!(noticed < LONGEST_SILENCE, "{noticed:?}");
    println!("back after {back:?}, gone after {noticed:?}");
    members.push(third);
    for (member, others) in members.iter_mut().zip(["2 3", "1 3", "1 2"]) {
        assert_eq!(member.peers(), others);
        let gone = member.rest().iter().any(|line| line.starts_with("disconnected"));
        assert!(!gone, "{:?}", member.rest());
    }
    exchange(&mut members, 10);
    all_exit(members);
}

#[test]
fn a_killed_host_ends_every_client() {
    let network = Network::new();
    let mut members = mesh(&network, 4, &[]);
    let killed = Instant::now();
    members.remove(0).kill();
    for (member, others) in members.iter_mut().zip([[1, 3, 4], [1, 2, 4], [1, 2, 3]]) {
        for other in others {
            member.hear(&format!("disconnected {other}"));
        }
        member.hear("over");
        assert_eq!(member.peers(), "");
    }
    let noticed = killed.elapsed();
    assert!(noticed < LONGEST_SILENCE, "{noticed:?}");
    println!("over after {noticed:?}");
    all_exit(members);
}

/// One puts a packet and exits; the others get it, then hear of its end, soon.
fn leaves(mut leaver: Member, account: u32, others: &mut [Member]) {
    let asked = Instant::now();
    leaver.tell("leave");
    for other in &mut *others {
        other.hear_in_order(&[
            &format!("packet {account} 0 good game"),
            &format!("ended {account} Left"),
            &format!("disconnected {account}"),
        ]);
    }
    let heard = asked.elapsed();
    assert!(heard < LONGEST_GOODBYE, "{heard:?}");
    println!("{account}: heard after {heard:?}");
    leaver.ends_well();
}

#[test]
fn a_packet_put_at_the_end_arrives_though_the_process_exits() {
    let network = Network::new();
    let mut members = mesh(&network, 4, &[]);
    leaves(members.pop().unwrap(), 4, &mut members);
    for (member, others) in members.iter_mut().zip(["2 3", "1 3", "1 2"]) {
        assert_eq!(member.peers(), others);
    }
    // With the host the session is over for everyone.
    leaves(members.remove(0), 1, &mut members);
    for member in &mut members {
        member.hear("over");
    }
    all_exit(members);
}
