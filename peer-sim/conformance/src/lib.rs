//! What every transport must do, written once against the seam and run over each of them.
//!
//! A [`TestBed`] makes the processes that meet: in memory (`peer-sim`), or real ones over Local Steam (`peer-steam`). Each
//! scenario is a function of a fresh bed, and [`conformance_tests!`](crate::conformance_tests) makes a test of each.
//! Scenarios name no value that a network may choose freely, but their limits are those of the real thing.
//!
//! | module | what it is about |
//! |---|---|
//! | [`connecting`] | dials, requests, ports, and dials that cross |
//! | [`messages`] | what a message carries, order, tokens |
//! | [`lanes`] | lanes and their priorities |
//! | [`limits`] | what is not taken, and what `SendMessages` says then |
//! | [`endings`] | closes, kicks, kills, and what is left to read |
//! | [`statistics`] | of connections and lanes |
//!
//! # What the real thing taught
//! Where open GNS 1.6.0 behind Local Steam did otherwise than the network in memory, the latter follows, as far as
//! sessions can tell. What was found:
//!
//! - A dial that is given up before it is accepted does not take its request back. The other side hears nothing, can
//!   still accept, and learns of the end a moment later, with the dialler's reason and words. As long as the old request
//!   waits (10 s), another dial of the same user is not reported. In memory: `silent_close`.
//! - A connection that is not heard from any more ends with reason 5003, "Connection dropped"; 4001 is for relays.
//! - The time of that timeout counts from when the first thing should have been answered that is not. An idle connection asks
//!   by itself only ten seconds after it last heard anything, so that a silent close, or a kill, is noticed that much later. In
//!   memory: `idle_keep_alive`.
//! - A close is answered to Steam's own traffic, too, for 5 s: shortly after Connected it is reported within 0.25 s, though
//!   nobody sends anything. The network in memory has no such traffic, so that there only messages are answered.
//! - Closing a listen socket ends what was accepted on it, without a word, and ends the answers for what was closed
//!   before. So no transport closes one that anything hangs on.
//! - An acknowledgement waits up to 50 ms for something to go with, and never goes out if the connection is closed
//!   meanwhile. What is sent at once takes it along. In memory: `ack_delay`.
//! - Only the lower 16 bits of a connection's handle name it: with others in the upper half, `SendMessages` still sends.
//!   In memory a handle is one number, and used once.
//! - **Lanes from 8 up end the connection.** The sender of GNS (2021 to this day) leaves out the last byte of their
//!   number, and the receiver gives up: 5002, "msgnum underflow" or "invalid lane". So the scenarios use lanes 0 to 7. In
//!   memory: `lanes_past_seven_work`.
//!
//! The names are those of `NetworkSettings` in `peer-sim`.

pub mod connecting;
pub mod endings;
pub mod lanes;
pub mod limits;
pub mod messages;
mod pair;
pub mod statistics;
pub mod tools;

use std::time::Duration;

use peer_core::{SteamId, Transport};

/// Where processes meet.
pub trait TestBed {
    /// The transport of a process.
    type Transport: Transport;

    /// Starts a process of a user, of whom none is running. Dropping the last of its transports ends the process.
    fn endpoint(&mut self, user: SteamId) -> Self::Transport;

    /// A further transport of a process.
    fn sibling(&mut self, of: &Self::Transport) -> Self::Transport;

    /// Lets a little time pass, some milliseconds at the most, and everything happen that is due.
    fn advance(&mut self);

    /// How much time has passed for the processes since the bed was made.
    fn elapsed(&self) -> Duration;

    /// Kills the process of a user: nothing more runs in it.
    fn kill(&mut self, user: SteamId);
}

/// A user that scenarios have: an individual account of Steam's public universe, as the real thing insists on.
const fn user(account: u64) -> SteamId {
    SteamId(76_561_197_960_265_728 + account)
}

/// The users of the scenarios, in the order of their accounts.
pub const ALICE: SteamId = user(1);
/// See [`ALICE`].
pub const BOB: SteamId = user(2);
/// See [`ALICE`].
pub const CAROL: SteamId = user(3);

/// Makes a test of each scenario: `conformance_tests!(make_a_bed())`.
#[macro_export]
macro_rules! conformance_tests {
    ($bed:expr) => {
        $crate::conformance_tests! { @all $bed;
            connecting: a_dial_is_requested_accepted_and_connected
                a_port_is_taken_once
                a_port_on_which_nobody_listens_lets_nobody_in
                dialling_nobody_times_out
                a_refused_request_ends_the_dial_with_its_reason
                dials_that_cross_become_one_connection
                dialling_back_accepts_the_request_that_waits_or_ends_it
                dialling_someone_with_a_live_connection_is_refused
                a_dial_that_is_given_up_is_reported_to_who_accepts_it
                a_request_that_nobody_answers_times_out
                a_port_can_be_listened_on_again
                a_closed_port_refuses_whoever_asks
                a_closed_port_goes_to_the_next_who_listens
        }
        $crate::conformance_tests! { @all $bed;
            messages: a_message_carries_its_facts
                each_lane_counts_its_messages
                a_message_of_a_detached_connection_carries_no_token
                reliable_messages_arrive_in_order
                receive_takes_what_it_is_asked_for_in_order
                two_senders_are_told_apart
                what_comes_on_a_paused_connection_waits
                what_is_sent_while_connecting_goes_out_later
                an_empty_message_arrives
                a_large_unreliable_message_goes_reliable
        }
        $crate::conformance_tests! { @all $bed;
            lanes: lanes_grow_and_never_shrink
                the_first_eight_lanes_carry_messages
                lanes_that_make_no_sense_are_refused
                a_lane_of_a_higher_priority_overtakes
        }
        $crate::conformance_tests! { @all $bed;
            limits: what_cannot_be_taken_is_refused
                a_failure_in_a_batch_is_its_connections_alone
                a_full_send_buffer_takes_again_once_it_has_drained
                the_largest_message_fits_an_empty_buffer
        }
        $crate::conformance_tests! { @all $bed;
            endings: a_kick_reaches_whoever_still_sends
                a_kick_before_connected_arrives_by_itself
                what_came_before_the_end_can_still_be_read
                a_closed_connection_is_gone_at_once
                a_silent_close_is_noticed_by_the_silence
                what_came_in_on_a_closed_port_lives_on
                what_was_dialled_survives_the_closing_of_ones_own_port
                a_transport_that_goes_leaves_its_sibling_alone
                a_killed_process_is_noticed
                a_killed_process_comes_back
                reasons_are_changed_as_steam_does
                a_long_close_message_is_cut
                sending_on_an_ended_connection_fails
        }
        $crate::conformance_tests! { @all $bed;
            statistics: statistics_come_to_rest
                statistics_of_lanes_add_up
                statistics_of_what_is_not_there
        }
    };
    (@all $bed:expr; $module:ident: $($name:ident)*) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;

            $(
                #[test]
                fn $name() {
                    $crate::$module::$name(&mut $bed);
                }
            )*
        }
    };
}
