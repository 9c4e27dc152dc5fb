//! Random plays: who does what, when, on what kind of network.

use std::time::Duration;

use peer_core::{PeerId, SendFlags, SteamId, Target, TransferMode, VirtualPort};
use peer_sim::{
    BatchPolicy, DuplicatePolicy, LinkSettings, NarrowLine, NetworkSettings, PendingRequestPolicy, RawPeer,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::world::{FOREIGN, Topology, World, plain_hello, steam_id};

/// One thing that happens. Players are taken modulo how many there are.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Put { who: usize, target: Aim, channel: u8, mode: TransferMode, len: usize },
    Burst { who: usize, channel: u8, mode: TransferMode, len: usize, count: usize },
    Run(u16),
    Join(usize),
    Leave(usize),
    Kill(usize),
    Kick { by: usize, whom: usize },
    Disconnect { by: usize, whom: usize, force: bool },
    Partition(usize, usize),
    Heal(usize, usize),
    Loss(u8),
    Attack { victim: usize, attack: Attack, in_lobby: bool },
}

/// A target, by player.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    All,
    Only(usize),
    AllBut(usize),
}

/// What a hostile peer does once it is connected.
#[derive(Clone, Debug)]
pub(crate) enum Attack {
    /// Says a hello with that claim, in one form or the other, then sends packets.
    Hello { claim: Claim, is_godot_steam: bool },
    /// Says anything at all.
    Noise { lane: u8, reliable: bool, bytes: Vec<u8> },
    /// Sends packets before any hello.
    Impatience { lane: u8, count: u16, len: u16 },
    /// Says a good hello, then breaks the rules.
    Treason { lane: u8, reliable: bool, bytes: Vec<u8> },
    /// Connects and says nothing.
    Silence,
}

/// Whose id a hello claims.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim {
    /// A new one, as it should be.
    Own(u32),
    Host,
    Player(usize),
    Zero,
    Negative,
}

/// A play, and the network it runs on.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) players: usize,
    pub(crate) topology: Topology,
    pub(crate) settings: NetworkSettings,
    pub(crate) link: LinkSettings,
    pub(crate) acts: Vec<Act>,
}

/// What may happen in a play.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// Players come, go, die, lose each other; packets of every kind.
    Rough,
    /// Players come and go in order, on a network that loses packets but no connection.
    Gentle,
    /// As rough, with hostile peers.
    Hostile,
}

fn mode() -> impl Strategy<Value = TransferMode> {
    prop::sample::select(TransferMode::ALL.to_vec())
}

fn channel() -> impl Strategy<Value = u8> {
    prop_oneof![6 => 0..4_u8, 1 => 4..=83_u8]
}

fn len() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 18..200_usize, 3 => 200..3000_usize, 1 => 16_400..16_600_usize, 1 => 20_000..80_000_usize]
}

fn aim() -> impl Strategy<Value = Aim> {
    prop_oneof![2 => Just(Aim::All), 2 => (0..8_usize).prop_map(Aim::Only), 1 => (0..8_usize).prop_map(Aim::AllBut)]
}

fn put() -> impl Strategy<Value = Act> {
    (0..8_usize, aim(), channel(), mode(), len()).prop_map(|(who, target, channel, mode, len)| Act::Put {
        who,
        target,
        channel,
        mode,
        len,
    })
}

fn burst() -> impl Strategy<Value = Act> {
    (0..8_usize, 0..3_u8, mode(), 18..2000_usize, 1..700_usize)
        .prop_map(|(who, channel, mode, len, count)| Act::Burst { who, channel, mode, len, count })
}

fn claim() -> impl Strategy<Value = Claim> {
    prop_oneof![
        2 => (2..=PeerId::MAX).prop_map(Claim::Own),
        2 => Just(Claim::Host),
        3 => (0..8_usize).prop_map(Claim::Player),
        1 => Just(Claim::Zero),
        1 => Just(Claim::Negative),
    ]
}

fn attack() -> impl Strategy<Value = Attack> {
    let bytes = || vec(any::<u8>(), 0..60);
    prop_oneof![
        5 => (claim(), any::<bool>()).prop_map(|(claim, is_godot_steam)| Attack::Hello { claim, is_godot_steam }),
        2 => (0..255_u8, any::<bool>(), bytes())
            .prop_map(|(lane, reliable, bytes)| Attack::Noise { lane, reliable, bytes }),
        2 => (0..8_u8, 1..300_u16, 1..2000_u16)
            .prop_map(|(lane, count, len)| Attack::Impatience { lane, count, len }),
        3 => (prop_oneof![Just(0_u8), 0..255_u8], any::<bool>(), bytes())
            .prop_map(|(lane, reliable, bytes)| Attack::Treason { lane, reliable, bytes }),
        1 => Just(Attack::Silence),
    ]
}

fn act(mood: Mood) -> BoxedStrategy<Act> {
    let who = || 0..8_usize;
    let gentle = prop_oneof![
        10 => put(),
        4 => burst(),
        8 => (1..3000_u16).prop_map(Act::Run),
        3 => who().prop_map(Act::Join),
        2 => (1..8_usize).prop_map(Act::Leave),
    ];
    let rough = prop_oneof![
        1 => who().prop_map(Act::Leave),
        2 => who().prop_map(Act::Kill),
        1 => (who(), who()).prop_map(|(by, whom)| Act::Kick { by, whom }),
        1 => (who(), who(), any::<bool>()).prop_map(|(by, whom, force)| Act::Disconnect { by, whom, force }),
        2 => (who(), who()).prop_map(|(a, b)| Act::Partition(a, b)),
        2 => (who(), who()).prop_map(|(a, b)| Act::Heal(a, b)),
        1 => (0..30_u8).prop_map(Act::Loss),
        2 => (5000..45_000_u16).prop_map(Act::Run),
    ];
    let hostile = (who(), attack(), any::<bool>()).prop_map(|(victim, attack, in_lobby)| Act::Attack {
        victim,
        attack,
        in_lobby,
    });
    match mood {
        Mood::Gentle => gentle.boxed(),
        Mood::Rough => prop_oneof![3 => gentle, 1 => rough].boxed(),
        Mood::Hostile => prop_oneof![6 => gentle, 1 => rough, 4 => hostile].boxed(),
    }
}

fn network() -> impl Strategy<Value = (NetworkSettings, LinkSettings)> {
    // Where Steam may do one thing or the other, both are played.
    let settings = (any::<[bool; 6]>(), 1..25_u64).prop_map(
        |(
            [silent_close, refuse_unknown_ports, delivered, batches, pending_requests, status_delay],
            millis,
        )| {
            let mut settings =
                NetworkSettings { silent_close, refuse_unknown_ports, ..NetworkSettings::kind() };
            if delivered {
                settings.duplicates = DuplicatePolicy::Delivered;
            }
            if batches {
                settings.batches = BatchPolicy::EachByItself;
            }
            if pending_requests {
                settings.pending_requests = PendingRequestPolicy::Fails;
            }
            if status_delay {
                settings.status_delay = Duration::from_millis(millis);
            }
            settings
        },
    );
    // On narrower lines, or with more losses on them, what a leaver owes takes longer than the 20 s that it has for that.
    let narrow = prop::option::weighted(0.1, (100_000..400_000_u64, 5_000..200_000_u64));
    let link = (1..150_u64, 0..60_u64, 0..20_u32, 0..10_u32, 0..20_u32, narrow).prop_map(
        |(latency, jitter, loss, duplication, reordering, narrow)| LinkSettings {
            narrow: narrow.filter(|_| loss <= 5).map(|(rate, queue)| NarrowLine { rate, queue }),
            jitter: Duration::from_millis(jitter),
            loss: f64::from(loss) / 100.0,
            duplication: f64::from(duplication) / 100.0,
            reordering: f64::from(reordering) / 100.0,
            ..LinkSettings::with_latency(Duration::from_millis(latency))
        },
    );
    (settings, link)
}

/// Random plays of that mood.
pub(crate) fn plan(mood: Mood) -> impl Strategy<Value = Plan> {
    let topology =
        prop_oneof![4 => Just(Topology::Lobby), 2 => Just(Topology::Direct), 1 => Just(Topology::Relay)];
    (any::<u64>(), 2..=8_usize, topology, network(), vec(act(mood), 5..50)).prop_map(
        |(seed, players, topology, (settings, link), acts)| Plan {
            seed,
            players,
            topology,
            settings,
            link,
            acts,
        },
    )
}

impl Plan {
    /// Plays it: everyone joins, the acts happen, and the network comes to rest.
    pub(crate) fn play(&self) -> World {
        let mut world = self.play_without_rest();
        world.settle(Duration::from_secs(75));
        world
    }

    pub(crate) fn play_without_rest(&self) -> World {
        let mut world = self.begin();
        self.perform_all(&mut world);
        world
    }

    pub(crate) fn begin(&self) -> World {
        World::new(self.seed, self.players, self.topology, self.settings.clone(), self.link.clone())
    }

    /// Everyone joins, and the acts happen.
    pub(crate) fn perform_all(&self, world: &mut World) {
        for player in 0..self.players {
            world.join(player);
        }
        world.run(Duration::from_secs(2));
        let mut hostiles = Vec::new();
        for act in &self.acts {
            self.perform(world, act, &mut hostiles);
        }
        for hostile in &mut hostiles {
            hostile.go_on(world);
        }
    }

    fn perform(&self, world: &mut World, act: &Act, hostiles: &mut Vec<Hostile>) {
        let who = |player: usize| player % self.players;
        match act {
            Act::Put { who: player, target, channel, mode, len } => {
                let Some(session) = world.session(who(*player)) else { return };
                let id = |player| session.peer_id_for_steam_id(steam_id(who(player)));
                let target = match *target {
                    Aim::All => Some(Target::All),
                    Aim::Only(player) => id(player).map(Target::Only),
                    Aim::AllBut(player) => id(player).map(Target::AllBut),
                };
                if let Some(target) = target {
                    world.put(who(*player), target, *channel, *mode, *len);
                }
            }
            Act::Burst { who: player, channel, mode, len, count } => {
                for _ in 0..*count {
                    world.put(who(*player), Target::All, *channel, *mode, *len);
                }
            }
            Act::Run(millis) => {
                world.run(Duration::from_millis(u64::from(*millis)));
                for hostile in hostiles {
                    hostile.go_on(world);
                }
            }
            Act::Join(player) => world.join(who(*player)),
            Act::Leave(player) => world.leave(who(*player)),
            Act::Kill(player) => world.kill(who(*player)),
            Act::Kick { by, whom } => world.kick(who(*by), who(*whom)),
            Act::Disconnect { by, whom, force } => world.disconnect(who(*by), who(*whom), *force),
            Act::Partition(a, b) => world.network.partition(steam_id(who(*a)), steam_id(who(*b))),
            Act::Heal(a, b) => world.network.heal(steam_id(who(*a)), steam_id(who(*b))),
            Act::Loss(percent) => {
                let link = LinkSettings { loss: f64::from(*percent) / 100.0, ..self.link.clone() };
                world.network.set_default_link(link);
            }
            Act::Attack { victim, attack, in_lobby } => {
                let number = hostiles.len();
                hostiles.push(Hostile::new(world, number, who(*victim), attack.clone(), *in_lobby));
            }
        }
    }
}

/// A hostile peer at work.
struct Hostile {
    raw: RawPeer,
    victim: usize,
    attack: Attack,
    connection: Option<peer_core::ConnectionHandle>,
    has_attacked: bool,
}

impl Hostile {
    fn new(world: &World, number: usize, victim: usize, attack: Attack, in_lobby: bool) -> Self {
        let own = SteamId(FOREIGN + number as u64);
        let mut raw = RawPeer::new(&world.network, own);
        if let Some(lobby) = world.lobby().filter(|_| in_lobby) {
            world.network.join_lobby(lobby, own);
        }
        let connection = raw.dial(steam_id(victim), VirtualPort(0)).ok();
        Self { raw, victim, attack, connection, has_attacked: false }
    }

    fn go_on(&mut self, world: &mut World) {
        let is_connected =
            self.raw.statuses().iter().any(|status| status.state == peer_core::ConnectionState::Connected);
        self.raw.messages();
        let Some(connection) = self.connection.filter(|_| is_connected && !self.has_attacked) else { return };
        self.has_attacked = true;
        let flags = |reliable| if reliable { SendFlags::RELIABLE } else { SendFlags::empty() };
        let mut send = |lane, reliable, bytes: Vec<u8>| {
            self.raw.send(connection, lane, flags(reliable), bytes);
        };
        let hello = |claim: u32, is_godot_steam| {
            let hello = plain_hello(claim);
            if is_godot_steam { hello.encode_godot_steam().to_vec() } else { hello.encode().to_vec() }
        };
        match &self.attack {
            Attack::Hello { claim, is_godot_steam } => {
                let claim = match *claim {
                    Claim::Own(id) => id,
                    Claim::Host => 1,
                    Claim::Player(player) => {
                        let player = player % world.len();
                        let id = world.session(player).and_then(|session| session.unique_id());
                        id.map_or(1, PeerId::get)
                    }
                    Claim::Zero => 0,
                    Claim::Negative => (-5_i32).cast_unsigned(),
                };
                send(0, true, hello(claim, *is_godot_steam));
                for number in 0..20 {
                    send(1 + number % 3, number % 3 == 0, vec![number; 30]);
                }
            }
            Attack::Noise { lane, reliable, bytes } => send(*lane, *reliable, bytes.clone()),
            Attack::Impatience { lane, count, len } => {
                for _ in 0..*count {
                    send(*lane, true, vec![9; usize::from(*len)]);
                }
            }
            Attack::Treason { lane, reliable, bytes } => {
                send(0, true, hello(7_000_000 + u32::try_from(self.victim).unwrap(), false));
                send(*lane, *reliable, bytes.clone());
            }
            Attack::Silence => {}
        }
    }
}
