//! The promise that a seed decides everything.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::plan::{Mood, plan};

#[test]
fn the_same_seed_gives_the_same_events_twice() {
    for (mood, seed) in [Mood::Rough, Mood::Gentle, Mood::Hostile].into_iter().flat_map(|m| [(m, 1), (m, 2)])
    {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let plan = plan(mood).new_tree(&mut runner).expect("a plan").current();
        let run = || {
            let mut world = plan.begin();
            world.network.record_trace();
            plan.perform_all(&mut world);
            (world.network.take_trace(), format!("{:?}", world.ledger.records))
        };
        let (first, second) = (run(), run());
        assert!(!first.0.is_empty());
        assert!(first == second, "seed {seed} played differently the second time");
    }
}
