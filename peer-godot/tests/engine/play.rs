//! Games in play: several processes with the engine's multiplayer on top of the peer.

use crate::game::{Game, play};

#[test]
fn clients_leave_in_every_order_and_the_host_last() {
    play("leaving", &["host", "a", "b", "c"]);
}

#[test]
fn the_host_leaves_before_its_clients() {
    play("host_leaves", &["host", "a", "b", "c"]);
}

#[test]
fn peers_authenticate_each_other_or_are_sent_away() {
    play("authentication", &["host", "good", "wrong", "silent"]);
}

#[test]
fn bytes_go_by_every_mode_and_channel() {
    play("bytes", &["host", "a", "b"]);
}

#[test]
fn calls_reach_whom_they_are_for() {
    play("calls", &["host", "a", "b", "c"]);
}

#[test]
fn with_a_relay_clients_know_the_host_alone() {
    play("relay", &["host", "a", "b", "c"]);
}

#[test]
fn the_hosts_relay_setting_holds_for_all() {
    play("relay_mix", &["host", "a", "b", "c"]);
}

#[test]
fn without_a_relay_everyone_knows_everyone() {
    play("mesh", &["host", "a", "b", "c"]);
}

#[test]
fn spawned_nodes_and_their_state_are_the_same_everywhere() {
    play("replication", &["host", "early", "late"]);
}

/// The measure of what a game may expect: the peer that comes with the engine.
#[test]
fn a_game_sees_what_it_sees_over_enet() {
    let roles = ["host", "a", "b"];
    let traces = ["enet", "steam"].map(|transport| {
        let mut game = Game::new("baseline");
        for role in roles {
            game.start_with(role, &[("GAME_TRANSPORT", transport)]);
        }
        let traces = roles.map(|role| game.hear(&format!("trace of {role}")));
        game.end();
        traces
    });
    for (role, (enet, steam)) in roles.iter().zip(traces[0].iter().zip(&traces[1])) {
        assert!(enet.len() > 1000, "a trace of {role} that says little: {enet}");
        assert_eq!(enet, steam, "what {role} sees over ENet, and over Steam");
    }
}

#[test]
fn ordered_packets_of_a_bad_network_never_go_back() {
    let mut game = Game::new("ordered");
    game.start("receiver");
    let bad = [("LOCAL_STEAM_LOSS", "15"), ("LOCAL_STEAM_JITTER_MS", "40")];
    game.start_with("sender", &bad);
    game.end();
}

#[test]
fn every_channel_keeps_its_order() {
    play("channels", &["host", "client"]);
}

#[test]
fn a_burst_past_steams_buffer_arrives_whole() {
    play("burst", &["host", "client"]);
}

#[test]
fn only_members_of_the_lobby_get_in() {
    play("stranger", &["host", "member", "stranger"]);
}

#[test]
fn last_words_arrive_before_the_leave() {
    play("last_words", &["host", "client"]);
}

#[test]
fn nobody_is_connected_before_the_host_is() {
    play("slow_host", &["host", "a", "b"]);
}

#[test]
fn a_player_who_crashed_comes_back_as_one_peer() {
    let mut game = Game::new("crash");
    game.start("host");
    game.start("player");
    game.hear("playing");
    game.kill("player");
    game.start_with("again", &[("LOCAL_STEAM_ID", "2")]);
    game.end();
}

#[test]
fn a_game_hosts_again_and_again() {
    play("host_again", &["host", "client"]);
}

#[test]
fn a_kick_ends_with_its_message() {
    play("kick", &["host", "a", "b"]);
}

#[test]
fn a_host_that_refuses_says_so() {
    play("refusal", &["host", "a", "b"]);
}

/// Over `ENet`, over Steam with a relay, and in a lobby, with the same script.
fn play_bomber(scenario: &str) {
    for transport in ["enet", "relay", "lobby"] {
        let mut game = Game::new(scenario);
        for role in ["host", "a", "b"] {
            game.start_with(role, &[("GAME_TRANSPORT", transport)]);
        }
        game.end();
    }
}

#[test]
fn a_game_made_for_enet_plays_over_steam() {
    play_bomber("bomber");
}

#[test]
fn a_player_leaves_a_game_without_a_noise() {
    play_bomber("bomber_leave");
}
