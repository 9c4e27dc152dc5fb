//! Machines that sleep: nothing arrives at them, and their timers stand still.

use peer_core::{ConnectionHandle, Time};

use super::Connections;
use crate::event::{ConnectionEvent, Event};
use crate::process::ProcessId;

impl Connections<'_> {
    /// Puts a process to sleep. Its timers go on from where they are once it wakes.
    pub(crate) fn sleep(&mut self, process: ProcessId, until: Time) {
        let from = self.env.now.max(self.processes[process].asleep_until);
        if until <= from {
            return;
        }
        let by = until - from;
        self.processes[process].asleep_until = until;
        for half in self.halves.by_handle.values_mut().filter(|half| half.process == process) {
            half.put_off(by);
        }
        let halves = &*self.halves;
        let is_own = |handle| halves.get(handle).is_some_and(|half| half.process == process);
        self.env.events.postpone(by, |event| match event {
            Event::Connection(event) => match event {
                ConnectionEvent::Tell(notice) => notice.from == process,
                event => event.timer().is_some_and(is_own),
            },
            Event::Lobby(_) => false,
        });
        self.neighbours_changed(process);
        self.env.schedule(until, ConnectionEvent::Awake(process));
    }

    /// Whoever is connected to a process may hear it no more, or again.
    pub(crate) fn neighbours_changed(&mut self, process: ProcessId) {
        let own = self.processes[process].by_remote.values().flatten();
        let mut peers: Vec<_> = own.filter_map(|&own| self.halves.get(own)?.peer).collect();
        peers.sort_unstable();
        for peer in peers {
            self.refresh_hearing(peer);
        }
    }

    /// Whether something arrives at a process that sleeps: nobody is there to take it.
    pub(crate) fn is_slept_through(&self, event: &ConnectionEvent) -> bool {
        let of = |handle: ConnectionHandle| self.halves.get(handle).map(|half| half.process);
        let process = match event {
            ConnectionEvent::Request(dialler) => {
                self.halves.get(*dialler).and_then(|half| self.processes.of(half.remote))
            }
            ConnectionEvent::Closed(notice) => of(notice.to),
            ConnectionEvent::Accepted { dialler: at, .. }
            | ConnectionEvent::Arrive { connection: at, .. }
            | ConnectionEvent::Ack { connection: at, .. } => of(*at),
            _ => None,
        };
        process.is_some_and(|process| self.processes[process].is_asleep(self.env.now))
    }
}
