//! The scenarios: what each has to show stands in its script.

use crate::game::{Game, play};

#[test]
fn a_host_and_a_client_of_a_lobby_call_each_other() {
    play("rpc", &["host", "client"]);
}

#[test]
fn the_classes_are_as_their_reference_says() {
    play("reference", &["alone"]);
}

#[test]
fn peers_and_packet_peers_tell_of_each_other_until_their_end() {
    play("peers", &["host", "alice", "bob"]);
}

#[test]
fn every_error_has_its_number_and_one_line() {
    play("errors", &["host", "client"]);
}

#[test]
fn a_lobby_lives_between_its_owner_and_a_guest() {
    play("lobbies", &["owner", "guest"]);
}

#[test]
fn a_peer_is_as_good_as_new_after_ways_to_join_that_fail() {
    play("lobby_failures", &["owner", "guest"]);
}

#[test]
fn the_next_peer_gets_the_port_of_one_that_winds_up() {
    play("next_peer", &["host", "client"]);
}

#[test]
fn a_client_may_leave_and_come_back_at_once() {
    play("rejoin", &["host", "client"]);
}

#[test]
fn a_client_may_come_back_with_a_new_peer() {
    play("rejoin", &["host", "client with new peers"]);
}

#[test]
fn a_handler_of_peer_connected_may_do_anything() {
    play("handlers", &["peer_connected", "client"]);
}

#[test]
fn a_handler_of_peer_disconnected_may_do_anything() {
    play("handlers", &["peer_disconnected", "client"]);
}

#[test]
fn a_handler_of_connection_ended_may_do_anything() {
    play("handlers", &["connection_ended", "client"]);
}

#[test]
fn a_handler_of_the_multiplayer_api_may_do_anything() {
    play("tree_handlers", &["host", "client"]);
}

#[test]
fn a_handler_of_the_steam_session_may_do_anything() {
    play("session_handlers", &["owner", "guest"]);
}

#[test]
fn monitors_are_there_while_a_session_is_on() {
    play("monitors", &["host", "client"]);
}

#[test]
fn without_a_steam_client_every_call_says_so() {
    let mut game = Game::without_steam("without_steam");
    game.start("no client");
    game.end();
}

#[test]
fn without_initialising_steam_every_call_says_so() {
    play("without_steam", &["never"]);
}

#[test]
fn a_process_may_end_in_the_midst_of_things() {
    play("exit", &["lobby", "host", "client"]);
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

#[test]
fn a_peer_may_be_made_held_and_freed_on_any_thread() {
    play("threads", &["alone"]);
}

/// Loggers of a game's own are new in Godot 4.5.
#[test]
fn a_logger_may_call_the_peer_that_prints() {
    play("loggers", &["host", "client"]);
}
