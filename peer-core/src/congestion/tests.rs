use super::model::{Flow, Line, World};
use super::*;

/// More than any test sends, in bytes.
const ENDLESS: usize = usize::MAX / 2;
/// Megabytes a second.
const MB: f64 = 1e6;

/// A line of `rate` bytes a second, with a queue of `queue_ms` at that rate.
fn line(rate: f64, delay_ms: u64, queue_ms: f64, loss: f64) -> Line {
    Line { rate, delay: delay_ms * 1_000, queue: rate * queue_ms / 1e3, loss }
}

fn bulk(line: Line) -> World {
    World::new(line, vec![Flow::new(0, ENDLESS, 2 * line.delay / 1_000)])
}

/// Bytes acknowledged a second for each flow during `ms`, and the longest wait in the line's queue, in milliseconds.
fn measure(world: &mut World, ms: u64) -> (Vec<f64>, f64) {
    let before: Vec<_> = world.flows.iter().map(Flow::delivered).collect();
    let longest = world.run(ms);
    let rate = |(flow, before): (&Flow, usize)| (flow.delivered() as f64 - before as f64) / ms as f64 * 1e3;
    (world.flows.iter().zip(before).map(rate).collect(), longest)
}

#[test]
fn a_fast_line_without_delay_is_filled_within_three_tenths_of_a_second() {
    let mut world = bulk(line(100.0 * MB, 0, 100.0, 0.0));
    world.run(300);
    let (rates, queue) = measure(&mut world, 1_000);
    assert!(rates[0] > 20.0 * MB, "{} bytes a second", rates[0]);
    assert!(queue < 5.0, "{queue} ms");
}

#[test]
fn loss_at_random_is_not_taken_for_a_full_line() {
    let mut world = bulk(line(100.0 * MB, 25, 100.0, 0.02));
    world.run(800);
    let delivered = world.flows[0].delivered();
    assert!(delivered > 3_000_000, "{delivered} bytes in the first 800 ms");
    let (rates, _) = measure(&mut world, 3_000);
    assert!(rates[0] > 20.0 * MB, "{} bytes a second", rates[0]);
}

#[test]
fn a_narrow_line_is_nearly_filled_and_its_queue_is_short() {
    for (rate, delay) in [(1.0 * MB, 25), (1.0 * MB, 50), (5.0 * MB, 10), (0.2 * MB, 25)] {
        let mut world = bulk(line(rate, delay, 500.0, 0.0));
        world.run(3_000);
        let (rates, queue) = measure(&mut world, 20_000);
        // The model's line takes 1,200 bytes for 1,150.
        let share = rates[0] * 1_200.0 / 1_150.0 / rate;
        assert!(share >= 0.9, "{share} of {rate} bytes a second");
        let bound = if rate < 0.5 * MB { 300.0 } else { 80.0 };
        assert!(queue <= bound, "{queue} ms at {rate} bytes a second");
    }
}

#[test]
fn a_line_that_drops_rather_than_queues_is_not_overrun() {
    let mut world = bulk(line(1.0 * MB, 25, 8.0, 0.0));
    world.run(2_000);
    for _ in 0..100 {
        let (rates, _) = measure(&mut world, 100);
        let rate = world.flows[0].controller.rate() as f64;
        assert!(rate < 1.3 * MB, "{rate} bytes a second");
        assert!(rates[0] > 0.5 * MB, "{} bytes a second", rates[0]);
    }
}

/// A flow whose controller has found `rate` on another line.
fn flow_at(rate: f64, backlog: usize) -> Flow {
    let mut flow = Flow::new(0, backlog, 100);
    flow.controller = RateController { rate, phase: Phase::Steady, ..RateController::default() };
    flow
}

#[test]
fn a_burst_after_a_pause_does_not_raise_the_rate_before_it_is_known_what_arrives() {
    let mut world = World::new(line(1.0 * MB, 50, 8.0, 0.0), vec![flow_at(2.0 * MB, 3_000_000)]);
    for _ in 0..40 {
        world.run(50);
        let rate = world.flows[0].controller.rate() as f64;
        assert!(rate <= 2.0 * MB, "{rate} bytes a second");
    }
}

/// All of it goes out at once, and again and again, at a rate that holds nothing back.
#[test]
fn a_rate_at_which_little_arrives_is_lowered_although_nothing_waits_for_it() {
    let mut controller = flow_at(30.0 * MB, 0).controller;
    for tick in 0..20 {
        let unacked = 2_500_000 - tick * 50_000;
        let status =
            RealTimeStatus { ping_ms: 100, sent_unacked_reliable: unacked, ..RealTimeStatus::default() };
        let now = Time::from_micros(u64::try_from(tick).unwrap() * 100_000);
        controller
            .update(&Sample { now, put_bytes: 2_500_000, is_backlogged: false, status: &status }, 32 << 20);
    }
    assert!(controller.rate() < 5_000_000, "{} bytes a second", controller.rate());
}

#[test]
fn a_line_that_becomes_ten_times_slower_and_recovers_is_followed_within_two_seconds() {
    let mut world = bulk(line(1.0 * MB, 25, 100.0, 0.0));
    world.run(5_000);
    world.line.rate = 0.1 * MB;
    world.run(2_000);
    let (_, queue) = measure(&mut world, 1_000);
    assert!(world.flows[0].controller.rate() < 130_000, "{}", world.flows[0].controller.rate());
    assert!(queue < 250.0, "{queue} ms");
    world.line.rate = 1.0 * MB;
    world.run(2_000);
    let (rates, _) = measure(&mut world, 3_000);
    assert!(rates[0] > 0.7 * MB, "{} bytes a second", rates[0]);
}

#[test]
fn connections_that_share_a_line_get_a_third_each_at_least_whoever_came_first() {
    for second_start in [0, 5_000_000] {
        let flows = vec![Flow::new(0, ENDLESS, 50), Flow::new(second_start, ENDLESS, 50)];
        let mut world = World::new(line(1.0 * MB, 25, 200.0, 0.0), flows);
        world.run(10_000);
        let (rates, queue) = measure(&mut world, 30_000);
        let total: f64 = rates.iter().sum();
        assert!(total > 0.8 * MB, "{rates:?}");
        assert!(rates.iter().all(|rate| *rate > total / 3.0), "{rates:?}");
        assert!(queue < 120.0, "{queue} ms");
    }
}

#[test]
fn the_games_bound_is_kept() {
    let mut world = bulk(line(100.0 * MB, 0, 100.0, 0.0));
    for bound in [100_000, 500_000, 100_000] {
        world.max_rate = bound;
        world.run(200);
        for _ in 0..50 {
            world.run(20);
            assert!(world.flows[0].controller.rate() <= bound);
        }
        assert!(world.flows[0].controller.rate() > bound * 8 / 10);
    }
}

#[test]
fn who_has_nothing_to_send_for_long_is_back_at_steams_default() {
    let mut world = World::new(line(100.0 * MB, 0, 100.0, 0.0), vec![Flow::new(0, 4_000 * 1_150, 0)]);
    world.run(1_000);
    let rate = world.flows[0].controller.rate();
    assert!(rate > 10_000_000, "{rate}");
    world.run(5_000);
    assert_eq!(world.flows[0].controller.rate(), rate, "a pause is no reason to begin anew");
    world.run(6_000);
    assert_eq!(world.flows[0].controller.rate(), DEFAULT_SEND_RATE);
    assert!(!world.flows[0].controller.is_active());
}

#[test]
fn a_game_that_sends_little_stays_at_steams_default() {
    let mut controller = RateController::default();
    for tick in 0..100 {
        let status = RealTimeStatus { ping_ms: 40, sent_unacked_reliable: 900, ..RealTimeStatus::default() };
        let now = Time::from_micros(tick * 100_000);
        let sample = Sample { now, put_bytes: 1_000 * tick, is_backlogged: false, status: &status };
        controller.update(&sample, MAX_STEAM_SEND_RATE);
        assert_eq!(controller.rate(), DEFAULT_SEND_RATE);
    }
    assert_eq!(send_window(1_000_000, Duration::from_millis(16)), 1_000 * 42);
    assert_eq!(send_window(0, Duration::ZERO), 16 * 1024);
}
