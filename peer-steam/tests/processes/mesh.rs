//! Games that meet in a lobby: everyone knows everyone, and what they send each other arrives.

use crate::member::{all_exit, exchange, mesh};
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
    all_exit(members);
}

#[test]
fn members_of_a_lobby_meet() {
    for count in [2, 3, 8] {
        members_meet(count);
    }
}

#[test]
fn over_bad_lines_everything_arrives_once_and_in_order() {
    for count in [3, 8] {
        let network = Network::new();
        let mut members = mesh(&network, count, &BAD_LINE);
        exchange(&mut members, 1_000);
        all_exit(members);
    }
}
