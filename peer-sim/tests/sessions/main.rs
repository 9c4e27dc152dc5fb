//! Sessions over the simulated network: properties on random plays, scenarios by name, bursts and floods.
//!
//! # Do these tests see a fault?
//!
//! Each of these was put into `peer-core` by hand, alone, and turned the property behind it red (with others beside
//! it; scenarios are not named where a property saw it too).
//!
//! | fault | what turned red |
//! |---|---|
//! | accept any id that a hello claims | `no_hello_takes…`, `everyone_agrees…` |
//! | believe a hello that claims the host's id | `no_hello_takes…` |
//! | drop what overtakes a hello instead of holding it | `a_burst_within…`, `everyone_agrees…`, `reliable_packets…` |
//! | announce a client before the host | `a_client_is_connected_only…`, `nothing_is_heard_before…`, `what_was_put_before…` |
//! | announce a user's newer connection before the older one's end | `no_hello_takes…`, `nothing_is_heard_before…` |
//! | report a peer's end while its packets wait to be read | `nothing_is_heard_before…`, `what_was_put_before…`, `a_target_reaches…` |
//! | lose the tail of a failed batch | `a_burst_within…` |
//! | send past a backlog instead of queueing behind it | `a_burst_within…` |
//! | deliver ordered packets that come late | `unreliable_packets…` |
//! | do not wait for the packets that a goodbye announces | `what_was_put_before…` |
//! | say no goodbye | `everyone_agrees…` |
//! | close a connection that was left without waiting for acknowledgements | `what_was_put_before…` |
//! | send to the peer that a target excludes | `a_target_reaches…`, `reliable_packets…` |
//! | end with the host without reporting the other peers | `a_client_is_connected_only…`, `what_was_put_before…` |
//! | never dial a lobby member again | `everyone_agrees…` |
//! | put ordered packets on the lane of unordered ones | `a_client_is_connected_only…`, `a_target_reaches…` (the wire is watched) |
//! | send a large unreliable packet on its own lane | `nothing_is_heard_before…`, `what_was_put_before…` |
//! | flush with every message | `nothing_is_heard_before…`, `what_was_put_before…` (the wire is watched) |
//! | leave refused connections open | `after_close_nothing_is_left_open` |
//! | keep the messages of a closed session | `after_close_nothing_is_left_open` |
//! | take in without a bound | `a_flood_fills_the_inbox…` |
//! | let in who is not in the lobby | `strangers_who_dial…`, `with_a_lobby_tracked…` (scenarios) |
//! | refuse at once whom the lobby has not announced | `everyone_agrees…`, `a_burst_within…` |

mod bounds;
mod ledger;
mod outages;
mod packet;
mod plan;
mod properties;
mod rate;
mod scenarios;
mod seeds;
mod wire;
mod world;
