//! A network of players, each a session driven frame by frame as a game would.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use peer_core::{
    Channel, EndReason, Event, Features, Hello, Lobby, LobbyId, PeerId, PutError, Session, Status, SteamId,
    Target, TransferMode, VirtualPort,
};
use peer_sim::{Asked, LinkSettings, LobbyChange, Network, NetworkSettings, SimTransport};

use crate::ledger::{Fate, Ledger};
use crate::packet::MIN_LEN;
use crate::wire::Wire;

/// A game's frame.
pub(crate) const FRAME: Duration = Duration::from_millis(16);
const PORT: VirtualPort = VirtualPort(0);
/// Steam ids from here on belong to peers that are not this project's.
pub(crate) const FOREIGN: u64 = 9000;

pub(crate) fn steam_id(player: usize) -> SteamId {
    SteamId(100 + player as u64)
}

/// A hello of a version that claims any id and does not name its match.
pub(crate) fn plain_hello(peer_id: u32) -> Hello {
    Hello { features: Features::empty(), peer_id, nonce: 7, match_id: None }
}

fn is_foreign(steam_id: SteamId) -> bool {
    steam_id.0 >= FOREIGN
}

/// How the players find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    /// Through a lobby: everyone with everyone.
    Lobby,
    /// Clients dial the host, and those before them.
    Direct,
    /// Through a lobby, with a host that relays: clients have the host alone.
    Relay,
}

struct Player {
    session: Session<SimTransport>,
    /// Its entry in the ledger, while it has a session.
    current: Option<usize>,
    /// Whom it took for its host when it joined.
    host: SteamId,
    lobby: Option<LobbyId>,
    last_status: Status,
    /// Reasons of connections that ended, until the peer's end is reported.
    reasons: BTreeMap<PeerId, EndReason>,
}

pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) ledger: Ledger,
    pub(crate) topology: Topology,
    /// Whether games call `migrate` when they are told that the host is gone.
    pub(crate) migrates: bool,
    /// Every connection that ended, by the player that heard of it: who, and why.
    pub(crate) endings: Vec<(usize, SteamId, EndReason)>,
    /// Every end of a migration: whose, and the state that it brought.
    pub(crate) migrations: Vec<(usize, Bytes)>,
    /// Pairs of sessions of which one disconnected the other.
    disconnected: BTreeSet<(usize, usize)>,
    wire: Rc<RefCell<Wire>>,
    players: Vec<Option<Player>>,
    lobby: Option<LobbyId>,
    seed: u64,
}

impl World {
    pub(crate) fn new(
        seed: u64,
        players: usize,
        topology: Topology,
        settings: NetworkSettings,
        link: LinkSettings,
    ) -> Self {
        let network = Network::with_settings(seed, settings);
        network.set_default_link(link);
        Self {
            network,
            ledger: Ledger::default(),
            topology,
            migrates: false,
            endings: Vec::new(),
            migrations: Vec::new(),
            disconnected: BTreeSet::new(),
            wire: Rc::default(),
            players: (0..players).map(|_| None).collect(),
            lobby: None,
            seed,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.players.len()
    }

    pub(crate) fn lobby(&self) -> Option<LobbyId> {
        self.lobby
    }

    /// How often anyone dialled.
    pub(crate) fn dials(&self) -> u64 {
        self.wire.borrow().dials
    }

    /// What everyone together has asked of the network: dials, acceptances, lanes, messages.
    pub(crate) fn asked(&self) -> u64 {
        self.wire.borrow().asked
    }

    pub(crate) fn session(&mut self, player: usize) -> Option<&mut Session<SimTransport>> {
        self.players[player].as_mut().map(|player| &mut player.session)
    }

    /// The player's session in the ledger, if it has one.
    pub(crate) fn current(&self, player: usize) -> Option<usize> {
        self.players[player].as_ref()?.current
    }

    fn process(&mut self, player: usize) -> &mut Player {
        if self.players[player].is_none() {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let wire = Rc::clone(&self.wire);
            let watch = move |asked: Asked<'_>| wire.borrow_mut().watch(&asked, is_foreign);
            let transport = self.network.endpoint(steam_id(player)).watched(watch);
            let mut session = Session::new(transport, self.seed);
            session.settings_mut().server_relay = (self.topology == Topology::Relay).then_some(true);
            self.players[player] = Some(Player {
                session,
                current: None,
                host: steam_id(0),
                lobby: None,
                last_status: Status::Disconnected,
                reasons: BTreeMap::new(),
            });
        }
        self.players[player].as_mut().unwrap()
    }

    /// Player 0 hosts, anyone else becomes a client. Does nothing if it is one already.
    pub(crate) fn join(&mut self, player: usize) {
        if self.current(player).is_some() {
            return;
        }
        let now = self.network.now();
        let own = steam_id(player);
        let with_lobby = self.topology != Topology::Direct;
        if with_lobby {
            if player == 0 {
                self.lobby = Some(self.network.create_lobby(own));
            } else if let Some(lobby) = self.lobby {
                self.network.join_lobby(lobby, own);
            }
        }
        let lobby = self.lobby.filter(|_| with_lobby).and_then(|id| {
            let members = self.network.lobby_roster(id, own);
            Some(Lobby { id, owner: self.network.lobby_owner(id, own)?, members })
        });
        let before: Vec<_> = (1..player).filter(|&other| self.current(other).is_some()).collect();
        let session = &mut self.process(player).session;
        let result = match &lobby {
            Some(lobby) if player == 0 => session.host_with_lobby(lobby, now),
            Some(lobby) => session.connect_to_lobby(lobby, now),
            None if with_lobby => return,
            None if player == 0 => session.create_host(PORT, now),
            None => session.create_client(steam_id(0), PORT, now),
        };
        if result.is_err() {
            return;
        }
        if !with_lobby && player != 0 {
            for other in before {
                let _ = session.add_peer(steam_id(other), PORT, now);
            }
        }
        let id = session.unique_id().expect("a session has an id");
        let current = self.ledger.begin(own, id);
        let player = self.players[player].as_mut().unwrap();
        player.current = Some(current);
        // Whoever the lobby has passed to, a hostile member even, is the host of those who join then.
        player.host = lobby.as_ref().map_or(steam_id(0), |lobby| lobby.owner);
        player.lobby = lobby.map(|lobby| lobby.id);
        self.watch_statuses();
    }

    /// Everyone joins, and has met everyone.
    pub(crate) fn assemble(&mut self) {
        for player in 0..self.len() {
            self.join(player);
        }
        // Loss may cost any of the handshakes a few rounds.
        for _ in 0..30 {
            self.run(Duration::from_secs(1));
            let all_connected =
                self.players.iter().flatten().all(|player| player.session.status() == Status::Connected);
            if all_connected && self.everyone_agrees() == Ok(()) {
                return;
            }
        }
        panic!("not everyone has met everyone in 30 s: {:?}", self.everyone_agrees());
    }

    pub(crate) fn leave(&mut self, player: usize) {
        let now = self.network.now();
        let Some(Player { session, current, lobby, .. }) = &mut self.players[player] else { return };
        session.close(now);
        if let Some(current) = current.take() {
            self.ledger.end(current, Fate::Closed);
        }
        if let Some(lobby) = lobby.take() {
            self.network.leave_lobby(lobby, steam_id(player));
        }
        self.watch_statuses();
    }

    pub(crate) fn kill(&mut self, player: usize) {
        self.network.kill(steam_id(player));
        if let Some(current) = self.players[player].take().and_then(|player| player.current) {
            self.ledger.end(current, Fate::Killed);
        }
    }

    fn note_disconnected(&mut self, by: usize, whom: usize) {
        if let (Some(by), Some(whom)) = (self.current(by), self.current(whom)) {
            self.disconnected.insert((by.min(whom), by.max(whom)));
        }
    }

    pub(crate) fn kick(&mut self, by: usize, whom: usize) {
        let now = self.network.now();
        let user = steam_id(whom);
        let Some(session) = self.session(by) else { return };
        // Our own id is no peer's.
        if let Some(id) = session.peer_id_for_steam_id(user)
            && session.kick(id, "out", now).is_ok()
        {
            self.note_disconnected(by, whom);
        }
    }

    pub(crate) fn disconnect(&mut self, by: usize, whom: usize, force: bool) {
        let now = self.network.now();
        let user = steam_id(whom);
        let Some(Player { session, current: Some(current), .. }) = &mut self.players[by] else { return };
        let Some(id) = session.peer_id_for_steam_id(user) else { return };
        if session.disconnect_peer(id, force, now).is_err() {
            return;
        }
        if force {
            self.ledger.disconnected(*current, id, EndReason::Left);
        }
        let is_over = session.status() == Status::Disconnected;
        self.note_disconnected(by, whom);
        if is_over {
            self.lost_session(by, Fate::Closed);
        }
        self.watch_statuses();
    }

    /// Puts a packet, and notes for whom it was. Returns what the session said of it.
    pub(crate) fn put(
        &mut self,
        player: usize,
        target: Target,
        channel: u8,
        mode: TransferMode,
        len: usize,
    ) -> Option<Result<(), PutError>> {
        let len = len.max(MIN_LEN);
        let Player { session, current: Some(current), .. } = self.players[player].as_mut()? else {
            return None;
        };
        let stamp = self.ledger.stamp(*current, channel, mode);
        let peers: Vec<_> = session.peers().iter().map(|peer| peer.id).collect();
        let to: Vec<_> = match target {
            Target::All => peers,
            Target::Only(id) => peers.into_iter().filter(|&peer| peer == id).collect(),
            Target::AllBut(id) => peers.into_iter().filter(|&peer| peer != id).collect(),
        };
        let result = session.put(target, Channel::new(channel.into()).unwrap(), mode, &stamp.packet(len));
        if result.is_ok() {
            self.ledger.sent(*current, stamp, len, &to);
        }
        Some(result)
    }

    /// One frame of everyone: poll, hear, read, flush.
    pub(crate) fn frame(&mut self) {
        for player in 0..self.players.len() {
            self.frame_of(player);
        }
        self.network.advance(FRAME);
    }

    pub(crate) fn run(&mut self, duration: Duration) {
        let until = self.network.now() + duration;
        while self.network.now() < until {
            self.frame();
        }
    }

    fn frame_of(&mut self, index: usize) {
        if self.network.is_blocked(steam_id(index)) {
            return;
        }
        let now = self.network.now();
        self.poll(index, |session| session.poll(now));
        let Some(player) = &mut self.players[index] else { return };
        if let Some(lobby) = player.lobby {
            while let Some(change) = self.network.next_lobby_change(lobby, steam_id(index)) {
                match change {
                    LobbyChange::Joined(member) => player.session.lobby_member_joined(lobby, member, now),
                    LobbyChange::Left(member) => player.session.lobby_member_left(lobby, member),
                }
            }
        }
        if let Some(lobby) = player.session.watched_lobby()
            && let Some(owner) = self.network.lobby_owner(lobby, steam_id(index))
        {
            player.session.lobby_owner_changed(lobby, owner, now);
        }
        while let Some(packet) = player.session.pop() {
            match player.current {
                Some(current) => {
                    let (from, channel, mode) = (packet.peer, packet.channel.get(), packet.mode);
                    self.ledger.heard(current, from, channel, mode, packet.payload());
                }
                None => self.ledger.offences.push("a packet without a session".to_owned()),
            }
        }
        player.session.flush();
    }

    /// Polls and takes the events; checks properties 5 and 6 after each.
    fn poll(&mut self, index: usize, poll: impl FnOnce(&mut Session<SimTransport>)) {
        let Some(player) = &mut self.players[index] else { return };
        poll(&mut player.session);
        loop {
            let Some(player) = &mut self.players[index] else { return };
            let Some(event) = player.session.next_event() else { break };
            let current = player.current;
            match event {
                Event::HostLost { .. } if self.migrates => self.migrate(index),
                Event::Migrated { state } => {
                    // Whoever becomes host has another id from here on.
                    let id = player.session.unique_id().expect("a session has an id");
                    self.ledger.records[current.expect("a session")].peer_id = id;
                    self.migrations.push((index, state));
                }
                Event::PeerConnected(id) => {
                    if id.is_host() && self.migrates {
                        player.host = player.session.steam_id_for_peer_id(id).expect("the host is known");
                    }
                    let steam_id = player.session.steam_id_for_peer_id(id).expect("a peer has a user");
                    self.ledger.connected(current.expect("a session"), id, steam_id);
                }
                Event::PeerDisconnected(id) => {
                    let reason = player.reasons.remove(&id).unwrap_or(EndReason::Left);
                    self.ledger.disconnected(current.expect("a session"), id, reason);
                }
                Event::ConnectionEnded { steam_id, peer, reason, .. } => {
                    self.endings.push((index, steam_id, reason));
                    if let Some(peer) = peer {
                        player.reasons.insert(peer, reason);
                    }
                }
                Event::HostLost { .. } | Event::RelayOverridden { .. } => {}
            }
            self.check_identities(index);
            self.watch_statuses();
        }
        if self.players[index].as_ref().is_some_and(|player| player.session.status() == Status::Disconnected)
        {
            self.lost_session(index, Fate::LostHost);
        }
        self.watch_statuses();
    }

    /// The game goes on in another record, where nothing of this one may arrive.
    fn migrate(&mut self, index: usize) {
        self.watch_statuses();
        let now = self.network.now();
        let Some(player) = &mut self.players[index] else { return };
        if let Some(current) = player.current.take() {
            self.ledger.end(current, Fate::LostHost);
        }
        player.session.migrate(now).expect("the match can go on");
        let id = player.session.unique_id().expect("a session has an id");
        player.current = Some(self.ledger.begin(steam_id(index), id));
        player.reasons.clear();
    }

    /// Who hosts.
    pub(crate) fn hosts(&self) -> Vec<usize> {
        let hosts = self.players.iter().enumerate();
        hosts
            .filter(|(_, player)| player.as_ref().is_some_and(|of| of.session.is_host()))
            .map(|(of, _)| of)
            .collect()
    }

    /// All who live and have a session are in one match, with one host.
    pub(crate) fn is_one_match(&self) -> Result<(), String> {
        self.everyone_agrees()?;
        let playing = self.players.iter().flatten().filter(|player| player.current.is_some());
        let waiting = playing.filter(|player| player.session.status() != Status::Connected).count();
        match (self.hosts().len(), waiting) {
            (1, 0) => Ok(()),
            _ => Err(format!("hosts {:?}, and {waiting} wait", self.hosts())),
        }
    }

    fn lost_session(&mut self, player: usize, fate: Fate) {
        let Some(Player { current, lobby, .. }) = &mut self.players[player] else { return };
        if let Some(current) = current.take() {
            self.ledger.end(current, fate);
        }
        if let Some(lobby) = lobby.take() {
            self.network.leave_lobby(lobby, steam_id(player));
        }
    }

    /// Property 5, for one observer.
    fn check_identities(&mut self, index: usize) {
        let Some(player) = &self.players[index] else { return };
        let session = &player.session;
        let peers = session.peers();
        for (place, peer) in peers.iter().enumerate() {
            let mut offend = |what: &str| self.ledger.offences.push(format!("{index} sees {peer:?}: {what}"));
            if Some(peer.id) == session.unique_id() {
                offend("our own id");
            }
            if peer.id.is_host() && peer.steam_id != player.host {
                offend("the host's id");
            }
            if peers[..place].iter().any(|other| other.id == peer.id) {
                offend("an id of two");
            }
            if peers[..place].iter().any(|other| other.steam_id == peer.steam_id) {
                offend("a user twice");
            }
        }
    }

    /// Property 6: which steps a status may take, and what it means.
    fn watch_statuses(&mut self) {
        for (index, player) in self.players.iter_mut().enumerate() {
            let Some(player) = player else { continue };
            let (before, after) = (player.last_status, player.session.status());
            player.last_status = after;
            let is_allowed = before == after
                || match (before, after) {
                    (Status::Disconnected, Status::Connected) => index == 0 || self.migrates,
                    (Status::Disconnected, Status::Connecting) | (Status::Connecting, Status::Connected) => {
                        index != 0 || self.migrates
                    }
                    (_, Status::Disconnected) => true,
                    _ => false,
                };
            let has_host = player.session.peer(PeerId::HOST).is_some() || player.session.is_host();
            let mut offend = |what: String| self.ledger.offences.push(format!("player {index}: {what}"));
            if !is_allowed {
                offend(format!("{before:?} became {after:?}"));
            }
            if after == Status::Connected && !has_host {
                offend("connected without a host".to_owned());
            }
            if after != Status::Connected && !player.session.peers().is_empty() {
                offend("peers without being connected".to_owned());
            }
        }
    }

    /// Heals everything and lets it come to rest.
    pub(crate) fn settle(&mut self, duration: Duration) {
        for a in 0..self.len() {
            for b in 0..a {
                self.network.heal(steam_id(a), steam_id(b));
            }
        }
        let link =
            LinkSettings { loss: 0.0, narrow: None, up: true, ..self.network.link(steam_id(0), steam_id(1)) };
        self.network.set_default_link(link);
        self.run(duration);
        let offences = std::mem::take(&mut self.wire.borrow_mut().offences);
        self.ledger.offences.extend(offences);
    }

    /// Property 7.
    pub(crate) fn everyone_agrees(&self) -> Result<(), String> {
        let living = || {
            let sessions = self.players.iter().enumerate().filter_map(|(index, player)| {
                let player = player.as_ref()?;
                Some((index, player.current?, &player.session))
            });
            sessions.filter(|(_, _, session)| session.status() == Status::Connected)
        };
        for (a, a_current, a_session) in living() {
            let own = a_session.peers().iter().filter(|peer| !is_foreign(peer.steam_id));
            if let Some(dead) =
                own.clone().find(|peer| !living().any(|(_, _, b)| b.unique_id() == Some(peer.id)))
            {
                return Err(format!("player {a} knows {dead:?}, who is not there"));
            }
            for (b, b_current, b_session) in living().filter(|&(b, ..)| b > a) {
                let knows = |session: &Session<SimTransport>, other: &Session<SimTransport>| {
                    session.peers().iter().any(|peer| Some(peer.id) == other.unique_id())
                };
                let (ab, ba) = (knows(a_session, b_session), knows(b_session, a_session));
                if ab != ba {
                    return Err(format!("players {a} and {b} do not agree: {ab}, {ba}"));
                }
                let pair = (a_current.min(b_current), a_current.max(b_current));
                let belong = match self.topology {
                    // Who was sent away while out of reach never heard of it, and may have come back.
                    Topology::Lobby if self.disconnected.contains(&pair) => continue,
                    Topology::Lobby => true,
                    Topology::Relay => a == 0,
                    Topology::Direct => continue,
                };
                if ab != belong {
                    return Err(format!("players {a} and {b} know each other: {ab}"));
                }
            }
        }
        Ok(())
    }

    /// Property 6, at rest: nobody is a client without a host, or still trying.
    pub(crate) fn nobody_waits_without_host(&self) -> Result<(), String> {
        let host = self.players[0].as_ref().filter(|player| player.session.status() == Status::Connected);
        for (index, player) in self.players.iter().enumerate().skip(1) {
            let Some(player) = player else { continue };
            match (player.session.status(), host.is_some()) {
                (Status::Disconnected, _) | (Status::Connected, true) => {}
                (status, _) => return Err(format!("player {index} is {status:?}, host: {}", host.is_some())),
            }
        }
        Ok(())
    }

    /// Property 10: everyone leaves, some with packets that they have not read, and nothing stays behind.
    pub(crate) fn close_everything(&mut self) -> Result<(), String> {
        for player in 0..self.len() {
            self.put(player, Target::All, 0, TransferMode::Reliable, 1000);
        }
        let now = self.network.now();
        for player in self.players.iter_mut().flatten() {
            player.session.flush();
        }
        self.network.advance(Duration::from_secs(1));
        for player in 0..self.len() {
            self.poll(player, |session| session.poll(now + Duration::from_secs(1)));
            self.leave(player);
        }
        for player in self.players.iter().flatten() {
            if player.session.available() > 0 {
                return Err("a closed session keeps packets".to_owned());
            }
        }
        self.run(Duration::from_secs(25));
        for player in self.players.iter().flatten() {
            if player.session.is_draining() {
                return Err("a closed session drains for ever".to_owned());
            }
        }
        self.rest_is_silence()?;
        self.players.clear();
        self.rest_is_silence()
    }

    fn rest_is_silence(&self) -> Result<(), String> {
        let counters = self.network.counters();
        if counters.is_empty() { Ok(()) } else { Err(format!("left behind: {counters:?}")) }
    }
}
