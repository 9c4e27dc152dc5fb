//! The scenarios: what each has to show stands in its script.

use crate::game::{Game, play};

#[test]
fn a_host_and_a_client_of_a_lobby_call_each_other() {
    play("rpc", &["host", "client"]);
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
