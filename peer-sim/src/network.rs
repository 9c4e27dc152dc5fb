//! The network, as a test holds it: its clock, its faults, and who is on it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use peer_core::{LobbyId, SteamId, Time};

use crate::counters::Counters;
use crate::event::LobbyChange;
use crate::faults::LinkSettings;
use crate::settings::NetworkSettings;
use crate::state::State;
use crate::transport::SimTransport;

/// A network in memory. Cloning it gives another handle to the same one.
///
/// Nothing happens by itself: processes act when their [`SimTransport`] is called, everything else in
/// [`advance`](Self::advance).
#[derive(Clone)]
pub struct Network {
    state: Rc<RefCell<State>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Network {
    /// An empty network with default settings, whose chance all comes from `seed`.
    pub fn new(seed: u64) -> Self {
        Self::with_settings(seed, NetworkSettings::default())
    }

    /// An empty network.
    pub fn with_settings(seed: u64, settings: NetworkSettings) -> Self {
        Self { state: Rc::new(RefCell::new(State::new(seed, settings))) }
    }

    /// The settings.
    pub fn settings(&self) -> NetworkSettings {
        self.state.borrow().env.settings.clone()
    }

    /// The moment it is.
    pub fn now(&self) -> Time {
        self.state.borrow().env.now
    }

    /// Lets time pass, and everything happen that is due.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state.borrow_mut();
        let until = state.env.now + duration;
        state.advance_to(until);
    }

    /// When something is next due, so that a test may skip the idle time before; `None` if nothing ever is.
    pub fn next_event_time(&self) -> Option<Time> {
        self.state.borrow().env.events.next_time()
    }

    /// Starts a process of the user `steam_id`.
    ///
    /// # Panics
    /// If one is running: Steam allows a user one process of a game.
    pub fn endpoint(&self, steam_id: SteamId) -> SimTransport {
        let mut state = self.state.borrow_mut();
        let id = state.processes.start(steam_id);
        drop(state);
        SimTransport::new(Rc::clone(&self.state), id, steam_id)
    }

    /// Kills the process of `steam_id`: no goodbye, everything of it is gone. A new one may start at once. Does nothing
    /// if none is running.
    pub fn kill(&self, steam_id: SteamId) {
        let mut state = self.state.borrow_mut();
        if let Some(id) = state.processes.of(steam_id) {
            state.end_process(id);
        }
    }

    /// Blocks the main thread of a user's process, as loading a level does: what its sockets do by themselves goes on (keep-alives,
    /// acknowledgements, receive buffers), but its application does nothing. Whoever drives the application asks
    /// [`is_blocked`](Self::is_blocked). Does nothing if no process is running.
    pub fn block(&self, steam_id: SteamId, duration: Duration) {
        let mut state = self.state.borrow_mut();
        let until = state.env.now + duration;
        if let Some(id) = state.processes.of(steam_id) {
            let process = &mut state.processes[id];
            process.blocked_until = process.blocked_until.max(until);
        }
    }

    /// Puts a user's machine to sleep, as closing a laptop does: its application is blocked, nothing arrives at it, nothing
    /// goes out, and its timers stand still. Does nothing if no process is running.
    pub fn sleep(&self, steam_id: SteamId, duration: Duration) {
        self.block(steam_id, duration);
        let mut state = self.state.borrow_mut();
        let until = state.env.now + duration;
        if let Some(id) = state.processes.of(steam_id) {
            state.connections().sleep(id, until);
        }
    }

    /// Whether a user's process is blocked or asleep, and must not be driven.
    pub fn is_blocked(&self, steam_id: SteamId) -> bool {
        let state = self.state.borrow();
        state.processes.of(steam_id).is_some_and(|id| state.env.now < state.processes[id].blocked_until)
    }

    /// The link from one user to another.
    pub fn link(&self, from: SteamId, to: SteamId) -> LinkSettings {
        self.state.borrow().env.links.get(from, to).clone()
    }

    /// Sets the link from one user to another; the way back keeps its own.
    ///
    /// # Panics
    /// If a share is not from 0 to 1, or the bandwidth is 0.
    pub fn set_link(&self, from: SteamId, to: SteamId, settings: LinkSettings) {
        let mut state = self.state.borrow_mut();
        state.env.links.set(from, to, settings);
        state.connections().link_changed(from, to);
    }

    /// Sets the link between two users, both ways.
    ///
    /// # Panics
    /// As [`set_link`](Self::set_link).
    pub fn set_link_both(&self, a: SteamId, b: SteamId, settings: &LinkSettings) {
        self.set_link(a, b, settings.clone());
        self.set_link(b, a, settings.clone());
    }

    /// Sets every link that has no settings of its own.
    ///
    /// # Panics
    /// As [`set_link`](Self::set_link).
    pub fn set_default_link(&self, settings: LinkSettings) {
        let mut state = self.state.borrow_mut();
        let changes = state.env.links.get_default().up != settings.up;
        state.env.links.set_default(settings);
        if changes {
            state.connections().all_links_changed();
        }
    }

    /// Cuts what goes from one user to the other; the way back stays.
    pub fn cut(&self, from: SteamId, to: SteamId) {
        self.set_cut(from, to, true);
    }

    /// Undoes [`cut`](Self::cut).
    pub fn mend(&self, from: SteamId, to: SteamId) {
        self.set_cut(from, to, false);
    }

    /// Cuts two users from each other, signals included. What lobbies tell is not affected: it comes from Steam's servers.
    pub fn partition(&self, a: SteamId, b: SteamId) {
        self.cut(a, b);
        self.cut(b, a);
    }

    /// Undoes [`partition`](Self::partition).
    pub fn heal(&self, a: SteamId, b: SteamId) {
        self.mend(a, b);
        self.mend(b, a);
    }

    fn set_cut(&self, from: SteamId, to: SteamId, cut: bool) {
        let mut state = self.state.borrow_mut();
        state.env.links.set_cut(from, to, cut);
        state.connections().link_changed(from, to);
    }

    /// Makes the next `dials` between two users, in either direction, end with reason 4003.
    pub fn bad_certificates(&self, a: SteamId, b: SteamId, dials: u32) {
        self.state.borrow_mut().env.links.set_bad_certificates(a, b, dials);
    }

    /// What all processes hold together, dead ones included.
    pub fn counters(&self) -> Counters {
        self.state.borrow().processes.counters_of(|_| true)
    }

    /// What all processes that a user ever had hold.
    pub fn counters_of(&self, steam_id: SteamId) -> Counters {
        self.state.borrow().processes.counters_of(|user| user == steam_id)
    }

    /// Notes from now on what happens.
    pub fn record_trace(&self) {
        self.state.borrow_mut().env.trace.get_or_insert_default();
    }

    /// Takes what was noted since the last call. Empty without [`record_trace`](Self::record_trace).
    pub fn take_trace(&self) -> Vec<(Time, String)> {
        self.state.borrow_mut().env.trace.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Creates a lobby with one member, its owner.
    pub fn create_lobby(&self, owner: SteamId) -> LobbyId {
        let state = &mut *self.state.borrow_mut();
        state.lobbies.create(&mut state.env, owner)
    }

    /// Joins a lobby, and sees at once who is in it; the others hear of it. `false` if there is no such lobby or the
    /// user is in it already.
    pub fn join_lobby(&self, lobby: LobbyId, steam_id: SteamId) -> bool {
        let state = &mut *self.state.borrow_mut();
        state.lobbies.join(&mut state.env, lobby, steam_id)
    }

    /// Leaves a lobby; the others hear of it, and the one longest in it becomes the owner. `false` if the user was not in
    /// it.
    pub fn leave_lobby(&self, lobby: LobbyId, steam_id: SteamId) -> bool {
        let state = &mut *self.state.borrow_mut();
        state.lobbies.leave(&mut state.env, lobby, steam_id)
    }

    /// The members as one of them sees it at the moment; empty if that one is none.
    pub fn lobby_roster(&self, lobby: LobbyId, seen_by: SteamId) -> Vec<SteamId> {
        self.state.borrow().lobbies.roster(lobby, seen_by)
    }

    /// The owner as a member sees it at the moment.
    pub fn lobby_owner(&self, lobby: LobbyId, seen_by: SteamId) -> Option<SteamId> {
        self.state.borrow().lobbies.owner(lobby, seen_by)
    }

    /// The next change that a member hears of, oldest first, once each. The roster already has it.
    pub fn next_lobby_change(&self, lobby: LobbyId, member: SteamId) -> Option<LobbyChange> {
        self.state.borrow_mut().lobbies.next_change(lobby, member)
    }
}
