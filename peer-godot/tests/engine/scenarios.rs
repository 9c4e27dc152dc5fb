//! The scenarios: what each has to show is in its script.

use crate::game::{Game, play};
use crate::project;

/// Makes a test of each line: its name, the scenario, and the roles, which all start at once.
macro_rules! scenarios {
    ($($name:ident: $scenario:literal, $roles:expr;)*) => {
        $(
            #[test]
            fn $name() {
                play($scenario, &$roles);
            }
        )*
    };
}

scenarios! {
    a_host_and_a_client_of_a_lobby_call_each_other: "rpc", ["host", "client"];
    the_classes_are_as_their_reference_says: "reference", ["alone"];
    peers_and_packet_peers_tell_of_each_other_until_their_end: "peers", ["host", "alice", "bob"];
    every_error_has_its_number_and_one_line: "errors", ["host", "client"];
    packets_of_any_size_arrive: "large", ["host", "client"];
    a_lobby_lives_between_its_owner_and_a_guest: "lobbies", ["owner", "guest"];
    members_of_a_lobby_tell_each_other_more_than_those_outside: "members", ["owner", "guest", "outside"];
    one_process_is_a_client_of_two_hosts: "one_process", ["first host", "second host", "two clients"];
    one_process_is_a_host_and_its_own_client: "one_process", ["host and client", "guest"];
    the_classes_have_a_second_name: "second_names", ["host", "client"];
    a_peer_is_as_good_as_new_after_ways_to_join_that_fail: "lobby_failures", ["owner", "guest"];
    a_host_that_does_not_host_is_dialled_for_half_a_minute: "no_host", ["nobody", "client"];
    a_host_that_nobody_polls_leaves: "unpolled", ["host", "client"];
    the_next_peer_gets_the_port_of_one_that_drains: "next_peer", ["host", "client"];
    a_client_may_leave_and_come_back_at_once: "rejoin", ["host", "client"];
    a_client_may_come_back_with_a_new_peer: "rejoin", ["host", "client with new peers"];
    a_handler_of_peer_connected_may_do_anything: "handlers", ["peer_connected", "client"];
    a_handler_of_peer_disconnected_may_do_anything: "handlers", ["peer_disconnected", "client"];
    a_handler_of_connection_ended_may_do_anything: "handlers", ["connection_ended", "client"];
    a_handler_of_the_multiplayer_api_may_do_anything: "tree_handlers", ["host", "client"];
    a_handler_of_the_steam_session_may_do_anything: "session_handlers", ["owner", "guest"];
    monitors_are_there_while_a_session_is_on: "monitors", ["host", "client"];
    without_initialising_steam_every_call_says_so: "without_steam", ["never"];
    a_process_may_end_in_the_midst_of_things: "exit", ["lobby", "host", "client"];
    a_peer_may_be_made_held_and_freed_on_any_thread: "threads", ["alone"];
    // Loggers of a game's own are new in Godot 4.5.
    a_logger_may_call_the_peer_that_prints: "loggers", ["host", "client"];
    clients_leave_in_every_order_and_the_host_last: "leaving", ["host", "a", "b", "c"];
    the_host_leaves_before_its_clients: "host_leaves", ["host", "a", "b", "c"];
    peers_authenticate_each_other_or_are_sent_away: "authentication", ["host", "good", "wrong", "silent"];
    bytes_go_by_every_mode_and_channel: "bytes", ["host", "a", "b"];
    calls_reach_whom_they_are_for: "calls", ["host", "a", "b", "c"];
    with_a_relay_clients_know_the_host_alone: "relay", ["host", "a", "b", "c"];
    the_hosts_relay_setting_holds_for_all: "relay_mix", ["host", "a", "b", "c"];
    without_a_relay_everyone_knows_everyone: "mesh", ["host", "a", "b", "c"];
    the_others_go_on_when_the_host_leaves: "migrate", ["host", "a", "b"];
    spawned_nodes_and_their_state_are_the_same_everywhere: "replication", ["host", "early", "late"];
    every_channel_keeps_its_order: "channels", ["host", "client"];
    a_burst_past_steams_buffer_arrives_whole: "burst", ["host", "client"];
    only_members_of_the_lobby_get_in: "stranger", ["host", "member", "stranger"];
    packets_put_before_the_close_arrive_before_the_leave: "final_packets", ["host", "client"];
    nobody_is_connected_before_the_host_is: "slow_host", ["host", "a", "b"];
    a_game_hosts_again_and_again: "host_again", ["host", "client"];
    a_kick_ends_with_its_message: "kick", ["host", "a", "b"];
    a_host_that_refuses_says_so: "refusal", ["host", "a", "b"];
}

#[test]
fn without_a_steam_client_every_call_says_so() {
    let mut game = Game::without_steam("without_steam");
    game.start("no client");
    game.end();
}

#[test]
fn the_editors_help_describes_everything() {
    let mut game = Game::new("help");
    // The engine shows no descriptions of extensions before its second start.
    game.start_editor("first");
    game.wait();
    game.start_editor("reader");
    game.end();
}

#[test]
fn a_killed_host_ends_its_client() {
    let mut game = Game::new("killed_host");
    game.start("host");
    game.start("client");
    game.hear("connected");
    game.kill("host");
    game.say("killed", "true");
    game.end();
}

/// Memory that is freed is overwritten at once, so that whoever reads it finds something else.
#[cfg(target_os = "linux")]
#[test]
fn a_packet_stays_readable_whatever_its_handlers_do() {
    let mut game = Game::new("packet_memory");
    game.start("host");
    let overwrite = [("MALLOC_PERTURB_", "165"), ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")];
    game.start_with("client", &overwrite);
    game.end();
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
fn a_player_who_crashed_comes_back_as_one_peer() {
    let mut game = Game::new("crash");
    game.start("host");
    game.start("player");
    game.hear("playing");
    game.kill("player");
    game.start_with("again", &[("LOCAL_STEAM_ID", "2")]);
    game.end();
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

#[test]
fn an_invitation_is_accepted_while_the_game_runs_or_is_closed() {
    let mut game = Game::new("launch");
    let accept = [("LOCAL_STEAM_ACCEPT_INVITES", "1")];
    game.start("host");
    game.start_with("2", &accept);
    game.start("3");
    let lobby = game.hear("lobby");
    game.start_with("4", &accept);
    game.start_by_steam("5", &["+connect_lobby", &lobby]);
    game.end();
}

#[test]
fn a_game_that_steam_has_not_started_comes_back_from_steam() {
    let mut game = Game::new("launch");
    game.start_with("restarted", &[("SteamAppId", "")]);
    game.hear("started by Steam");
    game.end();
}

#[test]
fn beside_an_addon_with_the_same_names_the_second_ones_are_ours() {
    for (role, is_first) in [("first", true), ("later", false)] {
        let mut game = Game::new("same_names");
        project::add_other_addon(&game.project(), is_first);
        game.start(&format!("host, the other {role}"));
        game.start(&format!("client, the other {role}"));
        game.end();
    }
}

#[test]
fn a_player_who_crashed_finds_the_lobby_again_and_is_known_by_steam_id() {
    let mut game = Game::new("comes_back");
    game.start("host");
    game.start("player");
    game.hear("go");
    game.kill("player");
    game.start_with("again", &[("LOCAL_STEAM_ID", "2")]);
    game.end();
}
