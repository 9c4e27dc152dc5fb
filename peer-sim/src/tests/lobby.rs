//! Lobbies as their members see them.

use super::*;
use crate::LobbyChange::{Joined, Left};

const CAROL: SteamId = SteamId(3);

#[test]
fn a_member_is_reported_of_joins_and_leaves_in_time_and_a_newcomer_sees_all_at_once() {
    let network = kind(1);
    let lobby = network.create_lobby(ALICE);
    assert!(network.join_lobby(lobby, BOB));
    assert!(!network.join_lobby(lobby, BOB));
    assert_eq!(network.lobby_roster(lobby, BOB), [ALICE, BOB]);
    assert_eq!(network.lobby_roster(lobby, ALICE), [ALICE]);
    network.advance(ms(100));
    assert_eq!(network.lobby_roster(lobby, ALICE), [ALICE, BOB]);
    assert_eq!(network.next_lobby_change(lobby, ALICE), Some(Joined(BOB)));
    assert_eq!(network.next_lobby_change(lobby, ALICE), None);
    assert_eq!(network.next_lobby_change(lobby, BOB), None);
    assert!(network.leave_lobby(lobby, BOB));
    assert!(!network.leave_lobby(lobby, BOB));
    assert_eq!(network.lobby_roster(lobby, BOB), []);
    network.advance(ms(100));
    assert_eq!(network.next_lobby_change(lobby, ALICE), Some(Left(BOB)));
}

#[test]
fn members_are_told_each_at_its_own_moment_and_in_order() {
    let network = kind(1);
    let lobby = network.create_lobby(ALICE);
    for member in 2..=20 {
        network.join_lobby(lobby, SteamId(member));
    }
    network.advance(secs(1));
    while network.next_lobby_change(lobby, ALICE).is_some() || network.next_lobby_change(lobby, BOB).is_some()
    {
    }
    let mut apart = false;
    for _ in 0..20 {
        network.leave_lobby(lobby, SteamId(20));
        network.join_lobby(lobby, SteamId(20));
        for _ in 0..200 {
            network.advance(ms(1));
            apart |= network.lobby_roster(lobby, ALICE) != network.lobby_roster(lobby, BOB);
        }
        for member in [ALICE, BOB] {
            let changes =
                [network.next_lobby_change(lobby, member), network.next_lobby_change(lobby, member)];
            assert_eq!(changes, [Some(Left(SteamId(20))), Some(Joined(SteamId(20)))]);
        }
    }
    assert!(apart);
}

#[test]
fn the_owner_hands_over_to_the_one_longest_in_the_lobby() {
    let network = kind(1);
    let lobby = network.create_lobby(ALICE);
    network.join_lobby(lobby, BOB);
    network.join_lobby(lobby, CAROL);
    network.advance(secs(1));
    network.leave_lobby(lobby, ALICE);
    assert_eq!(network.lobby_owner(lobby, BOB), Some(ALICE));
    network.advance(secs(1));
    assert_eq!(network.lobby_owner(lobby, BOB), Some(BOB));
    assert_eq!(network.lobby_owner(lobby, CAROL), Some(BOB));
    assert_eq!(network.lobby_owner(lobby, ALICE), None);
}

#[test]
fn a_killed_member_is_removed_once_steam_notices() {
    let network = kind(1);
    let lobby = network.create_lobby(ALICE);
    let bob = network.endpoint(BOB);
    network.join_lobby(lobby, BOB);
    network.advance(secs(1));
    assert_eq!(network.next_lobby_change(lobby, ALICE), Some(Joined(BOB)));
    network.kill(BOB);
    drop(bob);
    assert_eq!(network.lobby_roster(lobby, BOB), []);
    network.advance(secs(4));
    assert_eq!(network.next_lobby_change(lobby, ALICE), None);
    network.advance(secs(2));
    assert_eq!(network.next_lobby_change(lobby, ALICE), Some(Left(BOB)));
}

#[test]
fn a_killed_member_that_comes_back_has_left_and_joined() {
    let network = kind(1);
    let lobby = network.create_lobby(ALICE);
    let bob = network.endpoint(BOB);
    network.join_lobby(lobby, BOB);
    network.advance(secs(1));
    drop(bob);
    let _bob = network.endpoint(BOB);
    assert!(network.join_lobby(lobby, BOB));
    network.advance(secs(10));
    let changes: Vec<_> = std::iter::from_fn(|| network.next_lobby_change(lobby, ALICE)).collect();
    assert_eq!(changes, [Joined(BOB), Left(BOB), Joined(BOB)]);
    assert_eq!(network.lobby_roster(lobby, ALICE), [ALICE, BOB]);
}
