//! What sessions promise, tried on random plays.
//!
//! A failing property prints the play that breaks it, shrunk as far as it goes, and keeps its seed in
//! `regressions.txt`, from where it is played again before any new one.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

use crate::plan::{Mood, plan};

/// So many cases, or as many as `PROPTEST_CASES` says.
pub(crate) fn config(cases: u32) -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    Config {
        cases,
        max_shrink_iters: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/sessions/regressions.txt"))),
        ..Config::default()
    }
}

/// The plays below are worth something only if much happens in them.
#[test]
fn plays_are_full_of_life() {
    let mut runner = TestRunner::deterministic();
    let (mut connected, mut heard, mut ended) = (0, 0, 0);
    for _ in 0..50 {
        let world = plan(Mood::Rough).new_tree(&mut runner).unwrap().current().play();
        for record in &world.ledger.records {
            connected += record.heard.len();
            heard +=
                record.heard.iter().flat_map(|period| period.heard.values()).map(Vec::len).sum::<usize>();
        }
        ended += world.endings.len();
    }
    println!("{connected} peers connected, {heard} packets heard, {ended} connections ended");
    assert!(connected > 500 && heard > 20_000 && ended > 100);
}

pub(crate) fn hold(result: Result<(), String>) -> Result<(), TestCaseError> {
    result.map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn reliable_packets_arrive_once_in_order_and_as_a_prefix(plan in plan(Mood::Rough)) {
        let world = plan.play();
        hold(world.ledger.reliable_arrives_once_and_in_order())?;
        hold(world.ledger.nothing_reliable_is_missing())?;
    }

    #[test]
    fn unreliable_packets_arrive_at_most_once_and_ordered_ones_never_go_back(plan in plan(Mood::Rough)) {
        hold(plan.play().ledger.unreliable_comes_at_most_once())?;
    }

    #[test]
    fn nothing_is_heard_before_connected_or_after_disconnected(plan in plan(Mood::Rough)) {
        hold(plan.play().ledger.no_offence())?;
    }

    #[test]
    fn what_was_put_before_a_close_arrives_before_the_leaver_is_gone(plan in plan(Mood::Gentle)) {
        let world = plan.play();
        hold(world.ledger.nothing_put_before_a_close_is_missing())?;
        hold(world.ledger.no_offence())?;
    }

    #[test]
    fn a_target_reaches_exactly_those_peers(plan in plan(Mood::Gentle)) {
        let world = plan.play();
        hold(world.ledger.only_targets_hear())?;
        hold(world.ledger.nothing_reliable_is_missing())?;
    }

    #[test]
    fn no_hello_takes_an_id_or_makes_a_user_twice(plan in plan(Mood::Hostile)) {
        let world = plan.play();
        hold(world.ledger.no_offence())?;
        hold(world.ledger.only_targets_hear())?;
        hold(world.ledger.reliable_arrives_once_and_in_order())?;
    }

    #[test]
    fn a_client_is_connected_only_with_its_host(plan in plan(Mood::Rough)) {
        let world = plan.play();
        hold(world.nobody_waits_without_host())?;
        hold(world.ledger.no_offence())?;
    }

    #[test]
    fn everyone_agrees_on_who_is_alive_once_the_network_heals(plan in plan(Mood::Rough)) {
        hold(plan.play().everyone_agrees())?;
    }

    #[test]
    fn after_close_nothing_is_left_open(plan in plan(Mood::Hostile)) {
        let mut world = plan.play_without_rest();
        hold(world.close_everything())?;
    }
}
