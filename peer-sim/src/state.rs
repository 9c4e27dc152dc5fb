//! Everything there is on a network, and how it moves on.

use peer_core::{EndReason, Time};

use crate::connection::{Connections, Halves};
use crate::env::Env;
use crate::event::{Event, LobbyEvent};
use crate::lobby::Lobbies;
use crate::process::{EndpointId, ProcessId, Processes};
use crate::settings::NetworkSettings;

pub(crate) struct State {
    pub(crate) env: Env,
    pub(crate) processes: Processes,
    pub(crate) halves: Halves,
    pub(crate) lobbies: Lobbies,
}

impl State {
    pub(crate) fn new(seed: u64, settings: NetworkSettings) -> Self {
        Self {
            env: Env::new(seed, settings),
            processes: Processes::default(),
            halves: Halves::default(),
            lobbies: Lobbies::default(),
        }
    }

    pub(crate) fn connections(&mut self) -> Connections<'_> {
        Connections { env: &mut self.env, processes: &mut self.processes, halves: &mut self.halves }
    }

    pub(crate) fn advance_to(&mut self, until: Time) {
        while let Some((at, event)) = self.env.events.pop(until) {
            self.env.now = self.env.now.max(at);
            self.env.trace(|| format!("{event:?}"));
            match event {
                Event::Connection(event) => self.connections().happen(event),
                Event::Lobby(event) => match self.asleep_until(event) {
                    Some(until) => self.env.schedule(until, event),
                    None => self.lobbies.happen(&mut self.env, event),
                },
            }
        }
        self.env.now = self.env.now.max(until);
    }

    /// Until when the member sleeps whom this tells of a change.
    fn asleep_until(&self, event: LobbyEvent) -> Option<Time> {
        let LobbyEvent::Change { member, .. } = event else { return None };
        let process = &self.processes[self.processes.of(member)?];
        process.is_asleep(self.env.now).then_some(process.asleep_until)
    }

    /// A transport goes. With the last one goes the process; otherwise what is open is closed, as Steam does it.
    pub(crate) fn end_transport(&mut self, id: EndpointId) {
        let process = self.processes[id].process;
        if !self.processes[id].alive {
            return;
        }
        if self.processes[process].transports == [id] {
            return self.end_process(process);
        }
        let owned = self.processes[process].sockets.values().filter(|socket| socket.owner == Some(id));
        for listen in owned.map(|socket| socket.handle).collect::<Vec<_>>() {
            self.connections().close_listen(id, listen);
        }
        for handle in self.processes[id].connections.clone() {
            self.connections().close(id, handle, EndReason::Left, "");
        }
        self.processes[id].end();
        self.processes[process].transports.retain(|&transport| transport != id);
    }

    /// A process dies or exits: all that it held is gone, and nobody hears of it.
    pub(crate) fn end_process(&mut self, id: ProcessId) {
        let Some(handles) = self.processes.end(id) else { return };
        let steam_id = self.processes[id].steam_id;
        for handle in handles {
            self.connections().remove_half(handle);
        }
        self.lobbies.orphan_memberships(&mut self.env, steam_id);
    }
}
