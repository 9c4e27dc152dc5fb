//! A session over a transport that may say anything at any time, driven by a game that may call anything at any time.
//!
//! Promised, whatever the input:
//! - Nothing panics, and nothing waits for ever.
//! - The status takes only the allowed steps; a client is connected exactly while it has its host.
//! - Peers are those that were announced: unique by id and by Steam id, never ourselves, id 1 only for the host that
//!   was dialled. Connected and disconnected alternate for each, with a reason before the second; the host comes
//!   first. Once the events are taken, packets come only from peers.
//! - A put succeeds only as a whole, to peers that there are; what is sent fits Steam's limits and configured lanes.
//!   Reliable packets go out once and in order, those that Steam refused for a while as well, and a goodbye after them.
//! - No handle is used after it was closed. In the end every message was dropped, and every connection and listen
//!   socket that the session was given was closed, whether it was closed itself or only dropped. What arrives and is
//!   not read stays bounded.
#![no_main]

mod game;
mod input;
mod order;
mod transport;

use libfuzzer_sys::fuzz_target;

use crate::game::Game;
use crate::input::Input;

fuzz_target!(|input: Input| {
    let mut game = Game::new(input.seed);
    for step in input.steps {
        game.step(step);
    }
    game.finish(input.closes);
});
