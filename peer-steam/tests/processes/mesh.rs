//! Games that meet in a lobby: everyone knows everyone, and what they send each other arrives.

use crate::member::{exchange, mesh, part};
use local_steam_harness::Network;

/// A line that loses a tenth of its packets each way and takes 50 ms. Between two such lines a fifth is lost, and a
/// round trip takes 200 ms.
const BAD_LINE: [(&str, &str); 2] = [("LOCAL_STEAM_LOSS", "10"), ("LOCAL_STEAM_LAG_MS", "50")];

fn members_meet(count: u32) {
    let network = Network::new();
    let mut members = mesh(&network, count, &[]);
    for (member, own) in members.iter_mut().zip(1..) {
        let others: Vec<_> =
            (1..=count).filter(|&other| other != own).map(|other| other.to_string()).collect();
        assert_eq!(member.peers(), others.join(" "));
        let mut said = member.rest().to_vec();
        // Whoever was in the lobby and did not listen yet refused a dial (5008). They dialled themselves then.
        said.retain(|line| !(line.starts_with("ended") && line.ends_with("Other(5008)")));
        said.sort_unstable();
        let connected: Vec<_> = others.iter().map(|other| format!("connected {other}")).collect();
        assert_eq!(said, connected, "nobody came twice, and nobody went");
    }
    exchange(&mut members, 10);
    part(members);
}

#[test]
fn two_members_of_a_lobby_meet() {
    members_meet(2);
}

#[test]
fn three_members_of_a_lobby_meet() {
    members_meet(3);
}

#[test]
fn eight_members_of_a_lobby_meet() {
    members_meet(8);
}

fn everything_arrives_over_bad_lines(count: u32, packets: u32) {
    let network = Network::new();
    let mut members = mesh(&network, count, &BAD_LINE);
    exchange(&mut members, packets);
    part(members);
}

#[test]
fn over_bad_lines_everything_arrives_once_and_in_order_among_three() {
    everything_arrives_over_bad_lines(3, 1_000);
}

#[test]
fn over_bad_lines_everything_arrives_once_and_in_order_among_eight() {
    everything_arrives_over_bad_lines(8, 1_000);
}
