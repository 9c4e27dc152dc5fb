//! Several matches in one lobby: a host that was given up, and the next one.

use proptest::prelude::*;

use super::*;
use crate::properties::config;

/// Players in a lobby, of whom some have one host and some another, as they saw its owner when they joined.
struct Matches {
    players: Vec<Solo>,
    /// By player: the number of its host.
    hosts: Vec<usize>,
}

fn user(player: usize) -> SteamId {
    SteamId(10 + player as u64)
}

impl Matches {
    fn new(network: &Network, hosts: Vec<usize>) -> Self {
        let players = (0..hosts.len()).map(|player| Solo::new(network, user(player))).collect();
        Self { players, hosts }
    }

    fn join(&mut self, player: usize) {
        let members = (0..self.hosts.len()).map(user).collect();
        let host = self.hosts[player];
        let lobby = Lobby { id: peer_core::LobbyId(1), owner: user(host), members };
        let Solo { session, network, .. } = &mut self.players[player];
        let now = network.now();
        let joined = if host == player {
            session.host_with_lobby(&lobby, now)
        } else {
            session.connect_to_lobby(&lobby, now)
        };
        joined.unwrap();
    }

    fn run(&mut self, duration: Duration) {
        run(&mut self.players.iter_mut().collect::<Vec<_>>(), duration);
    }

    /// Nobody was ever told of a player with another host; and in the end each knows all of its own match.
    fn check(&self) -> Result<(), TestCaseError> {
        for (player, solo) in self.players.iter().enumerate() {
            let is_of = |other: usize| other != player && self.hosts[other] == self.hosts[player];
            for event in &solo.events {
                prop_assert!(!matches!(event, Event::PeerDisconnected(_)), "player {player}: {event:?}");
                let Event::PeerConnected(id) = event else { continue };
                let other = solo.session.peer(*id).unwrap().steam_id;
                prop_assert!(
                    (0..self.hosts.len()).any(|of| user(of) == other && is_of(of)),
                    "player {player}: {other}"
                );
            }
            let all = (0..self.hosts.len()).filter(|&other| is_of(other)).count();
            prop_assert_eq!(solo.session.peers().len(), all, "player {}", player);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn members_with_different_hosts_never_meet_and_those_with_the_same_do(
        seed in any::<u64>(),
        clients in proptest::collection::vec((0..2_usize, 0..800_u64), 0..6),
        latency in 1..120_u64,
        loss in 0.0..0.1_f64,
    ) {
        let network = Network::new(seed);
        network.set_default_link(LinkSettings { loss, ..LinkSettings::with_latency(Duration::from_millis(latency)) });
        let hosts = [0, 1].into_iter().chain(clients.iter().map(|&(host, _)| host)).collect();
        let mut matches = Matches::new(&network, hosts);
        matches.join(0);
        matches.join(1);
        for (client, &(_, wait)) in clients.iter().enumerate() {
            matches.run(Duration::from_millis(wait));
            matches.join(client + 2);
        }
        matches.run(seconds(40));
        matches.check()?;
    }
}

#[test]
fn a_member_with_another_host_is_told_so() {
    let mut matches = Matches::new(&Network::new(1), vec![0, 1, 0, 1]);
    (0..4).for_each(|player| matches.join(player));
    matches.run(seconds(5));
    matches.check().unwrap();
    for (player, other) in [(2, 3), (0, 3), (0, 1)] {
        let reasons = [(player, other), (other, player)].map(|(a, b)| matches.players[a].reason_of(user(b)));
        assert!(reasons.contains(&Some(EndReason::OtherMatch)), "{player} and {other}: {reasons:?}");
    }
}

/// A client that learns whom it follows after it was greeted by one who follows an earlier session of the same host.
#[test]
fn a_member_of_an_earlier_session_of_the_host_is_not_announced() {
    let network = Network::new(1);
    // The host's hello comes after the other member's.
    network.set_link_both(user(0), user(1), &LinkSettings::with_latency(Duration::from_millis(200)));
    let mut matches = Matches::new(&network, vec![0, 0, 0]);
    matches.players.pop();
    matches.hosts[2] = 7;
    let mut old = RawPeer::new(&network, user(2));
    old.listen(PORT).unwrap();
    matches.join(0);
    matches.join(1);
    let nonce = 77;
    let says = Hello {
        features: Features::DERIVED_ID,
        peer_id: PeerId::derived(user(2), nonce).get(),
        nonce,
        match_id: Some(MatchId { host: user(0), nonce }),
    };
    for _ in 0..200 {
        run(&mut matches.players.iter_mut().collect::<Vec<_>>(), FRAME);
        for status in old.accept_all() {
            if status.state == ConnectionState::Connected {
                old.send(status.connection, 0, SendFlags::RELIABLE, says.encode());
            }
        }
    }
    assert_eq!(
        matches.players[1].events.iter().filter(|event| matches!(event, Event::PeerConnected(_))).count(),
        1
    );
    for player in &matches.players {
        assert_eq!(player.reason_of(user(2)), Some(EndReason::OtherMatch));
    }
}
