//! A long game on bad lines, in which players block, crash and come back, in random order. It runs by hand, by
//! `cargo xtask soak`, and prints a table.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;
use std::time::{Duration, Instant};

use local_steam_harness::Network;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::member::{Member, mesh};

/// Who of the players is never killed, the host among them: their memory tells of the whole game.
const NEVER_KILLED: usize = 3;

/// How long the others of a mesh may take to meet after a crash, a return and blocks, on bad lines.
const MEET_TIMEOUT: Duration = Duration::from_secs(90);

/// The longest time without a frame.
const LONGEST_BLOCK_MS: u32 = 12_000;

/// How much more memory than in the second quarter of the game may be in use in the last: a part of it, and that much.
const GROWTH: f64 = 0.05;
const GROWTH_KIB: f64 = 1_024.0;

/// How a soak is set: by an environment variable, or else so.
fn setting<T: FromStr<Err: Debug>>(name: &str, default: &str) -> T {
    std::env::var(name).as_deref().unwrap_or(default).parse().unwrap()
}

/// A player, also while its process is killed.
struct Player {
    account: u32,
    member: Option<Member>,
    blocks: u32,
    kills: u32,
    /// In KiB, after each round, with the time since the game's start.
    memory: Vec<(Duration, f64)>,
}

struct Soak {
    network: Network,
    loss: String,
    players: Vec<Player>,
    start: Instant,
    length: Duration,
    random: StdRng,
    /// How often connections ended for which reason.
    endings: BTreeMap<String, u32>,
    faults: Vec<String>,
}

impl Soak {
    fn start(seed: u64) -> Self {
        let network = Network::new();
        let loss: String = setting("SOAK_LOSS", "5");
        let members = mesh(&network, setting("SOAK_PLAYERS", "8"), &[("LOCAL_STEAM_LOSS", &loss)]);
        let player = |(account, mut member): (u32, Member)| {
            member.tell("stream");
            Player { account, member: Some(member), blocks: 0, kills: 0, memory: Vec::new() }
        };
        Self {
            network,
            loss,
            players: (1..).zip(members).map(player).collect(),
            start: Instant::now(),
            length: Duration::from_secs(setting("SOAK_SECONDS", "60")),
            random: StdRng::seed_from_u64(seed),
            endings: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    /// Blocks or kills one to three players. Whoever was killed before comes back first.
    fn disturb(&mut self) {
        let mut done = Vec::new();
        for _ in 0..self.random.random_range(1..=3) {
            let index = self.random.random_range(0..self.players.len());
            let player = &mut self.players[index];
            let Some(member) = &mut player.member else { continue };
            let account = player.account;
            if index < NEVER_KILLED || self.random.random_bool(0.6) {
                let milliseconds = self.random.random_range(500..=LONGEST_BLOCK_MS);
                member.tell(&format!("block {milliseconds}"));
                player.blocks += 1;
                done.push(format!("{account} blocks {milliseconds} ms"));
            } else {
                member.kill();
                player.member = None;
                player.kills += 1;
                // At once, or when the others have missed it.
                let is_back = self.random.random_bool(0.5);
                done.push(format!("{account} is killed{}", if is_back { ", comes back" } else { "" }));
                if is_back {
                    self.rejoin(index);
                }
            }
        }
        println!("{:>6.0} s  {}", self.start.elapsed().as_secs_f64(), done.join("; "));
    }

    fn rejoin(&mut self, index: usize) {
        let player = &mut self.players[index];
        if player.member.is_none() {
            let env = [("LOCAL_STEAM_LOSS", self.loss.as_str())];
            let mut member = Member::start(&self.network, player.account, &env);
            member.tell("stream");
            player.member = Some(member);
        }
    }

    fn members(&mut self) -> impl Iterator<Item = (u32, &mut Member)> {
        self.players.iter_mut().filter_map(|player| Some((player.account, player.member.as_mut()?)))
    }

    /// Waits until all who play know each other by the same ids. A hole that stays is a fault.
    fn meet(&mut self) -> bool {
        let deadline = Instant::now() + MEET_TIMEOUT;
        loop {
            let rolls: Vec<_> = self.members().map(|(_, member)| member.ask("roll")).collect();
            if rolls.iter().all(|roll| *roll == rolls[0] && roll.split(' ').count() == rolls.len()) {
                return true;
            }
            if Instant::now() > deadline {
                self.faults.push(format!("a hole in the mesh after {MEET_TIMEOUT:?}: {rolls:?}"));
                return false;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Takes in what everyone has said, and how much memory it uses.
    fn sample(&mut self) {
        let age = self.start.elapsed();
        for player in &mut self.players {
            let Some(member) = &mut player.member else { continue };
            for line in member.take_rest() {
                if line == "over" {
                    self.faults.push(format!("{}: its session is over", player.account));
                } else if let Some(ending) = line.strip_prefix("ended ") {
                    let reason = ending.split_once(' ').map_or(ending, |(_, reason)| reason);
                    *self.endings.entry(reason.to_owned()).or_default() += 1;
                }
            }
            player.memory.push((age, member.ask("memory").parse().unwrap()));
        }
    }

    /// Lets everyone stop, and everything arrive that was put for those who are still there.
    fn settle(&mut self) {
        for (_, member) in self.members() {
            member.tell("stop");
        }
        let deadline = Instant::now() + MEET_TIMEOUT;
        loop {
            let missing = self.missing();
            if missing.is_empty() {
                return;
            }
            if Instant::now() > deadline {
                self.faults.extend(missing);
                return;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// The pairs between whom packets are missing. That none is lost, repeated or out of order before the last that has
    /// come, the players check themselves.
    fn missing(&mut self) -> Vec<String> {
        let mut counts = BTreeMap::new();
        for (account, member) in self.members() {
            for count in member.ask("streamed").split_whitespace() {
                let (peer, count) = count.split_once(':').expect("a peer's counts");
                let (put, got) = count.split_once('/').expect("two counts");
                counts.insert((account.to_string(), peer.to_owned()), (put.to_owned(), got.to_owned()));
            }
        }
        let fault = |((from, to), (put, _)): (&(String, String), &(String, String))| {
            let got = counts.get(&(to.clone(), from.clone())).map(|(_, got)| got);
            (got != Some(put))
                .then(|| format!("{put} packets on each channel from {from} to {to}, {got:?} arrived"))
        };
        counts.iter().filter_map(fault).collect()
    }

    /// The median of memory in use between two parts of the game.
    fn memory(&self, player: &Player, part: std::ops::Range<f64>) -> Option<f64> {
        let [from, to] = [part.start, part.end].map(|part| self.length.mul_f64(part));
        let samples = player.memory.iter().filter(|(age, _)| (from..to).contains(age));
        let mut samples: Vec<_> = samples.map(|&(_, memory)| memory).collect();
        samples.sort_by(f64::total_cmp);
        samples.get(samples.len() / 2).copied()
    }

    /// Prints a row for each player, and judges the memory of those who were there all the time.
    fn report(&mut self) {
        println!("\nplayer  blocks  kills  memory 2nd quarter  last quarter  growth");
        let mut faults = Vec::new();
        for (index, player) in self.players.iter().enumerate() {
            let Player { account, blocks, kills, .. } = player;
            let before = self.memory(player, 0.25..0.5);
            let after = self.memory(player, 0.75..f64::from(u16::MAX));
            let show = |memory: Option<f64>| memory.map_or("-".to_owned(), |kib| format!("{kib:.0} KiB"));
            let growth = before.zip(after).map(|(before, after)| after - before);
            println!(
                "{account:<6}  {blocks:<6}  {kills:<5}  {:<18}  {:<12}  {}",
                show(before),
                show(after),
                show(growth)
            );
            if index >= NEVER_KILLED {
                continue;
            }
            match before.zip(growth) {
                Some((before, growth)) if growth > before * GROWTH + GROWTH_KIB => {
                    faults.push(format!("{account}: its memory grows by {growth:.0} KiB"));
                }
                Some(_) => {}
                None => faults.push(format!("{account}: the game was too short to judge its memory")),
            }
        }
        self.faults.extend(faults);
        println!("\nconnections ended: {:?}", self.endings);
    }
}

#[test]
#[ignore = "takes as long as is asked for: run by `cargo xtask soak`"]
fn players_block_crash_and_come_back() {
    let seed = setting("SOAK_SEED", "1");
    let mut soak = Soak::start(seed);
    while soak.start.elapsed() < soak.length {
        soak.disturb();
        let whole = soak.meet();
        soak.sample();
        if !whole || !soak.faults.is_empty() {
            break;
        }
        (0..soak.players.len()).for_each(|index| soak.rejoin(index));
    }
    if soak.faults.is_empty() {
        if soak.meet() {
            soak.settle();
        }
        soak.sample();
    }
    soak.report();
    assert!(soak.faults.is_empty(), "seed {seed}: {:#?}", soak.faults);
    println!("No hole in the mesh, no reliable packet lost, memory flat.");
}
