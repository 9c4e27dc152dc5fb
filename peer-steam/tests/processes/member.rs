//! Members of a lobby who play together: each a process with a session that takes requests line by line, and reports line by
//! line what it sees. Users go by the numbers of their accounts; the first one hosts.
//!
//! | request | what it does |
//! |---|---|
//! | `put 3 0 hello` | puts a reliable packet for account 3 on channel 0 |
//! | `exchange 1000` | puts so many numbered reliable packets for everyone on each of three channels; says `exchanged` when as many have come from everyone, each once and in order |
//! | `peers` | says `peers 1 2 4`: the accounts of its peers, in order |
//! | `roll` | says `roll 1:1 2:4711`: everyone whom it knows, itself too, and their peer ids |
//! | `stream` | from now on puts numbered reliable packets for each peer on each of three channels, from 0 for each that comes |
//! | `stop` | puts no more of them |
//! | `streamed` | says `streamed 2:30/27 3:30/30`: how many it has put for each peer, and got from it |
//! | `block 1500` | runs no frame for so many milliseconds, like a game that loads a level |
//! | `memory` | says `memory 5120`: its resident memory in KiB |
//! | `leave` | puts a packet `good game` for everyone and exits |
//! | the end of its input | exits |
//!
//! Unasked it says `connected 3`, `disconnected 3`, `ended 3 Left`, `packet 3 0 hello`, and `over` when its session is.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use local_steam_harness::{Network, Process, TIMEOUT, say, until};
use peer_core::{Channel, Event, LobbyId, PeerId, Status, SteamId, Target, Time, TransferMode};
use peer_steam::{Comparison, LobbyEvent, LobbyFilters, LobbyType};

use crate::game::{Game, account, user};

const CHANNELS: [i32; 3] = [0, 1, 2];

/// Numbered packets begin with it; others are text.
const NUMBERED: u8 = 0;

/// How often a streaming member puts a packet for each peer on each channel.
const STREAM_INTERVAL: Duration = Duration::from_millis(20);

/// How many numbered packets are put on each channel in a frame.
const IN_A_FRAME: u32 = 25;

/// A test's end of a member.
pub(crate) struct Member {
    process: Process,
    /// What it said and nobody asked for yet.
    said: Vec<String>,
}

impl Member {
    pub(crate) fn start(network: &Network, account: u32, env: &[(&str, &str)]) -> Self {
        let role = if account == 1 { "member::hosts" } else { "member::joins" };
        Self { process: network.start_with(role, account, env), said: Vec::new() }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        self.process.tell(line);
    }

    /// Waits until it says that. What it says before that is kept.
    pub(crate) fn hear(&mut self, line: &str) {
        self.hear_in_order(&[line]);
    }

    /// Waits until it has said those in that order, whatever else between them.
    pub(crate) fn hear_in_order(&mut self, lines: &[&str]) {
        let mut place = 0;
        for line in lines {
            loop {
                if place >= self.said.len() {
                    self.listen(line);
                }
                if self.said[place] == *line {
                    self.said.remove(place);
                    break;
                }
                place += 1;
            }
        }
    }

    /// Keeps the next thing that it says.
    fn listen(&mut self, awaited: &str) {
        let line = self.process.line_within(TIMEOUT).unwrap_or_else(|silence| {
            self.process.fail(&format!("{awaited:?}, after {:?}", self.said), silence)
        });
        self.said.push(line);
    }

    /// What it has said until now and nobody asked for.
    pub(crate) fn rest(&mut self) -> &[String] {
        self.said.extend(self.process.lines_so_far());
        &self.said
    }

    /// What it has said until now and nobody asked for, which is forgotten.
    pub(crate) fn take_rest(&mut self) -> Vec<String> {
        self.rest();
        std::mem::take(&mut self.said)
    }

    /// The accounts of its peers.
    pub(crate) fn peers(&mut self) -> String {
        self.ask("peers")
    }

    /// What it answers to a question; the answer begins with it.
    pub(crate) fn ask(&mut self, question: &str) -> String {
        self.tell(question);
        loop {
            self.listen(question);
            if let Some(answer) = self.said.pop_if(|line| line.starts_with(question)) {
                return answer[question.len()..].trim_start().to_owned();
            }
        }
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    pub(crate) fn ends_well(mut self) {
        self.process.ends_well();
    }
}

/// A mesh of that many members in one lobby, complete: everyone knows everyone, by the same id.
pub(crate) fn mesh(network: &Network, count: u32, env: &[(&str, &str)]) -> Vec<Member> {
    let mut members: Vec<_> = (1..=count).map(|account| Member::start(network, account, env)).collect();
    until("everyone to know everyone", || {
        let rolls: Vec<_> = members.iter_mut().map(|member| member.ask("roll")).collect();
        let complete = rolls[0].split(' ').count() == count as usize;
        (complete && rolls.iter().all(|roll| *roll == rolls[0])).then_some(())
    });
    members
}

/// Everyone puts numbered packets for everyone, and gets all of everyone else's.
pub(crate) fn exchange(members: &mut [Member], packets: u32) {
    for member in &mut *members {
        member.tell(&format!("exchange {packets}"));
    }
    for member in members {
        member.hear("exchanged");
    }
}

/// Everyone exits. A process that does not end well is a fault.
pub(crate) fn all_exit(mut members: Vec<Member>) {
    for member in &mut members {
        member.process.end_input();
    }
    for member in members {
        member.ends_well();
    }
}

pub(crate) fn hosts() {
    let mut game = Game::start();
    game.steam.create_lobby(LobbyType::Public, 16).unwrap();
    let lobby = game.until_lobby("a lobby", |event| match event {
        LobbyEvent::LobbyCreated { result: 1, lobby } => Some(lobby),
        _ => None,
    });
    let described = game.steam.lobby(lobby).unwrap();
    game.session.host_with_lobby(&described, game.now()).unwrap();
    // Only now is there anybody to connect to.
    assert!(game.steam.set_lobby_data(lobby, "hosted", "yes"));
    Play::new(game).run();
}

pub(crate) fn joins() {
    let mut game = Game::start();
    let hosted = ("hosted".into(), "yes".into(), Comparison::Equal);
    let filters = LobbyFilters { texts: vec![hosted], ..LobbyFilters::default() };
    let found = loop {
        game.steam.request_lobby_list(&filters).unwrap();
        let found = game.until_lobby("a list", |event| match event {
            LobbyEvent::ListReceived { lobbies } => Some(lobbies),
            _ => None,
        });
        if let &[lobby] = found.as_slice() {
            break lobby;
        }
    };
    game.steam.join_lobby(found).unwrap();
    game.until_lobby("an answer", |event| match event {
        LobbyEvent::LobbyJoined { lobby, response: 1 } if lobby == found => Some(()),
        _ => None,
    });
    let mut play = Play::new(game);
    // On bad lines one connection in two hundred fails: Steam's sockets look for a route with five packets, and if each
    // or its answer is lost they look no more. A session dials other clients again; the host is for the game to retry.
    while play.game.session.status() != Status::Connected {
        play.connect(found);
        until("the host, or that it cannot be reached", || {
            play.frame();
            assert!(play.handle_next().is_continue(), "asked to exit before it was there");
            (play.game.session.status() != Status::Connecting).then_some(())
        });
    }
    play.run();
}

/// A member at play.
struct Play {
    game: Game,
    requests: Receiver<String>,
    /// Everyone it has ever met. A peer that ends is no peer any more.
    met: BTreeMap<PeerId, SteamId>,
    /// Numbered packets that are put on each channel, and how many that shall be.
    put: u32,
    to_put: u32,
    is_exchanging: bool,
    /// The number that comes next, of each peer and channel.
    next: BTreeMap<(PeerId, Channel), u32>,
    /// While it streams: when the next packets are due.
    stream: Option<Time>,
    /// The number of the next packet that is streamed to each peer.
    streamed: BTreeMap<PeerId, u32>,
}

impl Play {
    fn new(game: Game) -> Self {
        Self {
            game,
            requests: local_steam_harness::requests(),
            met: BTreeMap::new(),
            put: 0,
            to_put: 0,
            is_exchanging: false,
            next: BTreeMap::new(),
            stream: None,
            streamed: BTreeMap::new(),
        }
    }

    fn connect(&mut self, lobby: LobbyId) {
        let described = self.game.steam.lobby(lobby).unwrap();
        let now = self.game.now();
        self.game.session.connect_to_lobby(&described, now).unwrap();
    }

    fn run(mut self) {
        let mut has_ended = false;
        loop {
            self.frame();
            if self.game.session.status() == Status::Disconnected && !std::mem::replace(&mut has_ended, true)
            {
                say!("over");
            }
            match self.handle_next() {
                ControlFlow::Continue(()) => std::thread::park_timeout(Duration::from_millis(1)),
                ControlFlow::Break(()) => return self.game.exits(),
            }
        }
    }

    /// Handles a request. Breaks if it is to exit.
    fn handle_next(&mut self) -> ControlFlow<()> {
        match self.requests.try_recv() {
            Ok(request) if request == "leave" => {
                self.put(Target::All, Channel::ZERO, b"good game");
                ControlFlow::Break(())
            }
            Ok(request) => {
                self.handle(&request);
                ControlFlow::Continue(())
            }
            Err(TryRecvError::Empty) => ControlFlow::Continue(()),
            Err(TryRecvError::Disconnected) => ControlFlow::Break(()),
        }
    }

    fn frame(&mut self) {
        let (met, next, streamed) = (&mut self.met, &mut self.next, &mut self.streamed);
        self.game.frame_with(|session, event| match event {
            Event::PeerConnected(id) => {
                let steam_id = session.steam_id_for_peer_id(id).unwrap();
                let before = met.insert(id, steam_id);
                assert!(before.is_none_or(|before| before == steam_id), "an id is one user's");
                // A user who comes back with its id has another connection, whose numbers begin anew.
                next.retain(|(peer, _), _| *peer != id);
                streamed.insert(id, 0);
                say!("connected {}", account(steam_id));
            }
            Event::PeerDisconnected(id) => {
                streamed.remove(&id);
                say!("disconnected {}", account(met[&id]));
            }
            Event::ConnectionEnded { steam_id, reason, .. } => say!("ended {} {reason:?}", account(steam_id)),
            Event::RelayOverridden { .. } | Event::HostLost { .. } | Event::Migrated { .. } => {}
        });
        while let Some(packet) = self.game.session.pop() {
            assert_eq!(packet.mode, TransferMode::Reliable);
            match packet.payload() {
                [NUMBERED, number @ ..] => {
                    let next = self.next.entry((packet.peer, packet.channel)).or_default();
                    assert_eq!(number, next.to_le_bytes(), "from {}, {:?}", packet.peer, packet.channel);
                    *next += 1;
                }
                text => {
                    let from = account(self.met[&packet.peer]);
                    say!("packet {from} {} {}", packet.channel.get(), String::from_utf8_lossy(text));
                }
            }
        }
        self.exchange();
        self.stream();
    }

    fn stream(&mut self) {
        let now = self.game.now();
        if self.stream.is_none_or(|due| now < due) {
            return;
        }
        self.stream = Some(now + STREAM_INTERVAL);
        for (&peer, number) in &mut self.streamed {
            let mut packet = vec![NUMBERED];
            packet.extend(number.to_le_bytes());
            *number += 1;
            for channel in CHANNELS {
                let channel = Channel::new(channel).unwrap();
                let put = self.game.session.put(Target::Only(peer), channel, TransferMode::Reliable, &packet);
                put.expect("a packet for a peer");
            }
        }
    }

    fn exchange(&mut self) {
        if !self.is_exchanging {
            return;
        }
        let channels = CHANNELS.map(|channel| Channel::new(channel).unwrap());
        for _ in 0..IN_A_FRAME.min(self.to_put - self.put) {
            let mut packet = vec![NUMBERED];
            packet.extend(self.put.to_le_bytes());
            for channel in channels {
                self.put(Target::All, channel, &packet);
            }
            self.put += 1;
        }
        let peers = self.game.session.peers();
        let has_come = |peer, channel| self.next.get(&(peer, channel)) == Some(&self.to_put);
        if self.put == self.to_put
            && peers.iter().all(|peer| channels.iter().all(|&channel| has_come(peer.id, channel)))
        {
            self.is_exchanging = false;
            say!("exchanged");
        }
    }

    fn handle(&mut self, request: &str) {
        match *request.splitn(4, ' ').collect::<Vec<_>>().as_slice() {
            ["put", to, channel, text] => {
                let to = self.game.session.peer_id_for_steam_id(user(to.parse().unwrap())).expect("a peer");
                let channel = Channel::new(channel.parse().unwrap()).unwrap();
                self.put(Target::Only(to), channel, text.as_bytes());
            }
            ["exchange", packets] => {
                self.to_put = packets.parse().unwrap();
                self.is_exchanging = true;
            }
            ["peers"] => {
                let mut peers: Vec<_> =
                    self.game.session.peers().iter().map(|peer| account(peer.steam_id)).collect();
                peers.sort_unstable();
                say!("peers {}", peers.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
            }
            ["roll"] => {
                let session = &self.game.session;
                let own = session.local_steam_id().map(account).zip(session.unique_id());
                let peers = session.peers().iter().map(|peer| (account(peer.steam_id), peer.id));
                let mut roll: Vec<_> = peers.chain(own).collect();
                roll.sort_unstable();
                let roll: Vec<_> = roll.iter().map(|(account, id)| format!("{account}:{id}")).collect();
                say!("roll {}", roll.join(" "));
            }
            ["stream"] => self.stream = Some(self.game.now()),
            ["stop"] => self.stream = None,
            ["streamed"] => {
                let came = |peer| {
                    CHANNELS.map(|channel| {
                        self.next.get(&(peer, Channel::new(channel).unwrap())).copied().unwrap_or(0)
                    })
                };
                let one = |(&peer, &put): (&PeerId, &u32)| {
                    let came = came(peer).into_iter().min().unwrap_or(0);
                    format!("{}:{put}/{came}", account(self.met[&peer]))
                };
                say!("streamed {}", self.streamed.iter().map(one).collect::<Vec<_>>().join(" "));
            }
            // The thread does nothing at all: that is what is played here.
            ["block", milliseconds] => {
                std::thread::sleep(Duration::from_millis(milliseconds.parse().unwrap()));
            }
            ["memory"] => {
                let status = std::fs::read_to_string("/proc/self/status").unwrap();
                let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
                say!("memory {}", resident.trim().trim_end_matches(" kB"));
            }
            _ => panic!("no such request: {request}"),
        }
    }

    fn put(&mut self, target: Target, channel: Channel, packet: &[u8]) {
        self.game.session.put(target, channel, TransferMode::Reliable, packet).unwrap();
    }
}
