//! Lobbies as their members see them: Steam tells each of joins and leaves, and not all at the same moment.

use std::collections::{BTreeMap, VecDeque};

use peer_core::{LobbyId, SteamId, Time};

use crate::env::Env;
use crate::event::{LobbyChange, LobbyEvent};
use crate::faults::up_to;

/// One member, and what it knows.
#[derive(Debug)]
struct Member {
    epoch: u64,
    /// Its process has died, and Steam has not noticed.
    dead: bool,
    roster: Vec<SteamId>,
    owner: SteamId,
    changes: VecDeque<LobbyChange>,
    /// Changes keep their order: the next arrives no sooner than this.
    next_change_at: Time,
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

impl Lobbies {
    pub(crate) fn create(&mut self, env: &mut Env, owner: SteamId) -> LobbyId {
        // Lobby ids of Steam begin here (account type 8, instance flags of a lobby).
        const FIRST: u64 = 109_775_240_000_000_000;
        self.last_lobby += 1;
        let id = LobbyId(FIRST + self.last_lobby);
        self.open.insert(id, Lobby::default());
        self.join(env, id, owner);
        id
    }

    pub(crate) fn join(&mut self, env: &mut Env, id: LobbyId, steam_id: SteamId) -> bool {
        let Some(lobby) = self.open.get(&id) else { return false };
        if lobby.member(steam_id).is_some_and(|member| !member.dead) {
            return false;
        }
        // A user has one membership: a new process ends that of a dead one. If it was alone, the lobby stays.
        let was_member = lobby.member(steam_id).is_some();
        self.last_epoch += 1;
        let epoch = self.last_epoch;
        if was_member {
            self.remove_member(env, id, steam_id);
        }
        let lobby = self.open.entry(id).or_default();
        let mut roster: Vec<_> = lobby.members.iter().map(|(id, _)| *id).collect();
        roster.push(steam_id);
        let owner = roster[0];
        let changes = VecDeque::new();
        let member = Member { epoch, dead: false, roster, owner, changes, next_change_at: env.now };
        lobby.members.push((steam_id, member));
        self.spread(env, id, LobbyChange::Joined(steam_id), Some(steam_id));
        true
    }

    pub(crate) fn leave(&mut self, env: &mut Env, id: LobbyId, steam_id: SteamId) -> bool {
        let is_member = self.open.get(&id).is_some_and(|lobby| lobby.member(steam_id).is_some());
        if is_member {
            self.remove_member(env, id, steam_id);
        }
        is_member
    }

    fn remove_member(&mut self, env: &mut Env, id: LobbyId, steam_id: SteamId) {
        let Some(lobby) = self.open.get_mut(&id) else { return };
        lobby.members.retain(|(member, _)| *member != steam_id);
        if lobby.members.is_empty() {
            self.open.remove(&id);
        } else {
            self.spread(env, id, LobbyChange::Left(steam_id), None);
        }
    }

    /// Tells every member but one.
    fn spread(&mut self, env: &mut Env, id: LobbyId, change: LobbyChange, but: Option<SteamId>) {
        let Some(lobby) = self.open.get_mut(&id) else { return };
        let Some(&(owner, _)) = lobby.members.first() else { return };
        for (member, state) in lobby.members.iter_mut().filter(|(member, _)| Some(*member) != but) {
            let delay = env.settings.lobby_latency + up_to(&mut env.rng, env.settings.lobby_jitter);
            let at = state.next_change_at.max(env.now + delay);
            state.next_change_at = at;
            let (member, epoch) = (*member, state.epoch);
            env.schedule(at, LobbyEvent::Change { lobby: id, member, epoch, change, owner });
        }
    }

    pub(crate) fn happen(&mut self, env: &mut Env, event: LobbyEvent) {
        match event {
            LobbyEvent::Change { lobby, member, epoch, change, owner } => {
                let member_state = self.open.get_mut(&lobby).and_then(|lobby| lobby.member_mut(member));
                let Some(state) = member_state.filter(|state| state.epoch == epoch && !state.dead) else {
                    return;
                };
                state.owner = owner;
                match change {
                    LobbyChange::Joined(steam_id) => state.roster.push(steam_id),
                    LobbyChange::Left(steam_id) => state.roster.retain(|&other| other != steam_id),
                }
                state.changes.push_back(change);
            }
            LobbyEvent::Removal { lobby, member, epoch } => {
                let state = self.open.get(&lobby).and_then(|lobby| lobby.member(member));
                if state.is_some_and(|state| state.epoch == epoch) {
                    self.remove_member(env, lobby, member);
                }
            }
        }
    }

    /// A user's process has died: Steam removes it from its lobbies once it notices.
    pub(crate) fn orphan_memberships(&mut self, env: &mut Env, steam_id: SteamId) {
        let at = env.now + env.settings.lobby_kill_delay;
        for (&lobby, state) in &mut self.open {
            if let Some(member) = state.member_mut(steam_id).filter(|member| !member.dead) {
                member.dead = true;
                let removal = LobbyEvent::Removal { lobby, member: steam_id, epoch: member.epoch };
                env.schedule(at, removal);
            }
        }
    }

    fn living_member(&self, id: LobbyId, steam_id: SteamId) -> Option<&Member> {
        let member = self.open.get(&id)?.member(steam_id)?;
        (!member.dead).then_some(member)
    }

    pub(crate) fn roster(&self, id: LobbyId, seen_by: SteamId) -> Vec<SteamId> {
        self.living_member(id, seen_by).map(|member| member.roster.clone()).unwrap_or_default()
    }

    pub(crate) fn owner(&self, id: LobbyId, seen_by: SteamId) -> Option<SteamId> {
        self.living_member(id, seen_by).map(|member| member.owner)
    }

    pub(crate) fn next_change(&mut self, id: LobbyId, member: SteamId) -> Option<LobbyChange> {
        let member = self.open.get_mut(&id)?.member_mut(member)?;
        if member.dead { None } else { member.changes.pop_front() }
    }
}
