//! Lobbies as their members see them: Steam tells each of joins and leaves, and not all at the same moment.

use std::collections::{BTreeMap, VecDeque};

use peer_core::{LobbyId, SteamId, Time};

use crate::event::Event;
use crate::link::up_to;
use crate::network::State;
use crate::trace::TraceEvent;

/// What a lobby member is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LobbyNews {
    /// Someone has joined.
    Joined(SteamId),
    /// Someone has left, or their process has died.
    Left(SteamId),
}

/// News for one member, under way.
#[derive(Clone, Debug)]
pub(crate) struct NewsUnderWay {
    lobby: LobbyId,
    member: SteamId,
    /// The membership that it is for: one that ended and began anew does not get the old one's news.
    epoch: u64,
    news: LobbyNews,
    /// The owner after it.
    owner: SteamId,
}

/// One member, and what it knows.
#[derive(Debug)]
struct Member {
    epoch: u64,
    /// Its process has died, and Steam has not noticed.
    dead: bool,
    roster: Vec<SteamId>,
    owner: SteamId,
    news: VecDeque<LobbyNews>,
    /// News keeps its order: the next arrives no sooner than this.
    told_until: Time,
}

/// A lobby as Steam's servers see it. In the order of joining; the first is the owner.
#[derive(Debug, Default)]
pub(crate) struct Lobby {
    members: Vec<(SteamId, Member)>,
}

impl Lobby {
    fn member(&self, steam_id: SteamId) -> Option<&Member> {
        self.members.iter().find(|(id, _)| *id == steam_id).map(|(_, member)| member)
    }

    fn member_mut(&mut self, steam_id: SteamId) -> Option<&mut Member> {
        self.members.iter_mut().find(|(id, _)| *id == steam_id).map(|(_, member)| member)
    }
}

/// Every lobby of a network.
#[derive(Debug, Default)]
pub(crate) struct Lobbies {
    open: BTreeMap<LobbyId, Lobby>,
    last_lobby: u64,
    last_epoch: u64,
}

impl State {
    pub(crate) fn create_lobby(&mut self, owner: SteamId) -> LobbyId {
        // Lobby ids of Steam begin here (account type 8, instance flags of a lobby).
        const FIRST: u64 = 109_775_240_000_000_000;
        self.lobbies.last_lobby += 1;
        let id = LobbyId(FIRST + self.lobbies.last_lobby);
        self.lobbies.open.insert(id, Lobby::default());
        self.join_lobby(id, owner);
        id
    }

    pub(crate) fn join_lobby(&mut self, id: LobbyId, steam_id: SteamId) -> bool {
        let Some(lobby) = self.lobbies.open.get(&id) else { return false };
        if lobby.member(steam_id).is_some_and(|member| !member.dead) {
            return false;
        }
        // A user has one membership: a new process ends that of a dead one. If it was alone, the lobby stays.
        let was_member = lobby.member(steam_id).is_some();
        self.lobbies.last_epoch += 1;
        let epoch = self.lobbies.last_epoch;
        if was_member {
            self.remove_member(id, steam_id);
        }
        let lobby = self.lobbies.open.entry(id).or_default();
        let mut roster: Vec<_> = lobby.members.iter().map(|(id, _)| *id).collect();
        roster.push(steam_id);
        let owner = roster[0];
        let news = VecDeque::new();
        let member = Member { epoch, dead: false, roster, owner, news, told_until: self.now };
        lobby.members.push((steam_id, member));
        self.spread(id, LobbyNews::Joined(steam_id), Some(steam_id));
        true
    }

    pub(crate) fn leave_lobby(&mut self, id: LobbyId, steam_id: SteamId) -> bool {
        let is_member = self.lobbies.open.get(&id).is_some_and(|lobby| lobby.member(steam_id).is_some());
        if is_member {
            self.remove_member(id, steam_id);
        }
        is_member
    }

    fn remove_member(&mut self, id: LobbyId, steam_id: SteamId) {
        let Some(lobby) = self.lobbies.open.get_mut(&id) else { return };
        lobby.members.retain(|(member, _)| *member != steam_id);
        if lobby.members.is_empty() {
            self.lobbies.open.remove(&id);
        } else {
            self.spread(id, LobbyNews::Left(steam_id), None);
        }
    }

    /// Sends news to every member but one.
    fn spread(&mut self, id: LobbyId, news: LobbyNews, but: Option<SteamId>) {
        let Some(lobby) = self.lobbies.open.get_mut(&id) else { return };
        let Some(&(owner, _)) = lobby.members.first() else { return };
        for (member, state) in lobby.members.iter_mut().filter(|(member, _)| Some(*member) != but) {
            let delay = self.settings.lobby_latency + up_to(&mut self.rng, self.settings.lobby_jitter);
            let at = state.told_until.max(self.now + delay);
            state.told_until = at;
            let under_way = NewsUnderWay { lobby: id, member: *member, epoch: state.epoch, news, owner };
            self.events.schedule(at, Event::LobbyNews(Box::new(under_way)));
        }
    }

    pub(crate) fn lobby_news(&mut self, under_way: &NewsUnderWay) {
        let NewsUnderWay { lobby: id, member: told, epoch, news, owner } = *under_way;
        let lobby = self.lobbies.open.get_mut(&id);
        let member = lobby.and_then(|lobby| lobby.member_mut(told));
        let Some(member) = member.filter(|member| member.epoch == epoch && !member.dead) else { return };
        member.owner = owner;
        match news {
            LobbyNews::Joined(steam_id) => member.roster.push(steam_id),
            LobbyNews::Left(steam_id) => member.roster.retain(|&member| member != steam_id),
        }
        member.news.push_back(news);
        self.trace(|| TraceEvent::Lobby { lobby: id, told, news });
    }

    /// A user's process has died: Steam removes it from its lobbies once it notices.
    pub(crate) fn orphan_memberships(&mut self, steam_id: SteamId) {
        let at = self.now + self.settings.lobby_kill_delay;
        for (&lobby, state) in &mut self.lobbies.open {
            if let Some(member) = state.member_mut(steam_id).filter(|member| !member.dead) {
                member.dead = true;
                let removal = Event::LobbyRemoval { lobby, member: steam_id, epoch: member.epoch };
                self.events.schedule(at, removal);
            }
        }
    }

    pub(crate) fn lobby_removal(&mut self, id: LobbyId, steam_id: SteamId, epoch: u64) {
        let lobby = self.lobbies.open.get(&id);
        if lobby.and_then(|lobby| lobby.member(steam_id)).is_some_and(|member| member.epoch == epoch) {
            self.remove_member(id, steam_id);
        }
    }

    fn living_member(&self, id: LobbyId, steam_id: SteamId) -> Option<&Member> {
        let member = self.lobbies.open.get(&id)?.member(steam_id)?;
        (!member.dead).then_some(member)
    }

    pub(crate) fn lobby_roster(&self, id: LobbyId, seen_by: SteamId) -> Vec<SteamId> {
        self.living_member(id, seen_by).map(|member| member.roster.clone()).unwrap_or_default()
    }

    pub(crate) fn lobby_owner(&self, id: LobbyId, seen_by: SteamId) -> Option<SteamId> {
        self.living_member(id, seen_by).map(|member| member.owner)
    }

    pub(crate) fn next_lobby_news(&mut self, id: LobbyId, member: SteamId) -> Option<LobbyNews> {
        let member = self.lobbies.open.get_mut(&id)?.member_mut(member)?;
        if member.dead { None } else { member.news.pop_front() }
    }
}
