//! Processes: one a user at a time, with the listen sockets that its transports share one after the other.

use std::collections::BTreeMap;

use peer_core::{ConnectionHandle, EndReason, ListenHandle, SteamId, TransportError, VirtualPort};
use rustc_hash::FxHashMap;

use crate::connection::Stage;
use crate::endpoint::{Endpoint, EndpointId};
use crate::network::State;
use crate::trace::TraceEvent;

/// One process among all that ever were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProcessId(pub(crate) usize);

/// What the transports of a process have in common.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) steam_id: SteamId,
    /// Whether it runs: until it is killed, or the last of its transports goes.
    pub(crate) alive: bool,
    pub(crate) sockets: BTreeMap<VirtualPort, Socket>,
    pub(crate) by_remote: FxHashMap<SteamId, Vec<ConnectionHandle>>,
    /// Those that have not gone.
    transports: Vec<EndpointId>,
}

/// A listen socket. It stays as long as a transport takes requests on it, or anything that came in on it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Socket {
    pub(crate) handle: ListenHandle,
    /// Whose the requests are; `None` once it is retired.
    pub(crate) owner: Option<EndpointId>,
}

impl State {
    /// A process with one transport.
    pub(crate) fn start_process(&mut self, steam_id: SteamId) -> EndpointId {
        let id = ProcessId(self.processes.len());
        let before = self.living.insert(steam_id, id);
        assert!(before.is_none(), "user {steam_id} already has a process; kill or drop it first");
        self.processes.push(Process {
            steam_id,
            alive: true,
            sockets: BTreeMap::new(),
            by_remote: FxHashMap::default(),
            transports: Vec::new(),
        });
        self.add_transport(id)
    }

    /// A further transport of a process.
    pub(crate) fn add_transport(&mut self, process: ProcessId) -> EndpointId {
        let id = EndpointId(self.endpoints.len());
        let Process { steam_id, alive, transports, .. } = &mut self.processes[process.0];
        transports.push(id);
        self.endpoints.push(Endpoint::new(process, *steam_id, *alive));
        id
    }

    fn process_of_mut(&mut self, endpoint: EndpointId) -> &mut Process {
        &mut self.processes[self.endpoints[endpoint.0].process.0]
    }

    /// Opens a socket, or takes over a retired one.
    pub(crate) fn listen(
        &mut self,
        endpoint: EndpointId,
        port: VirtualPort,
    ) -> Result<ListenHandle, TransportError> {
        let next = ListenHandle(self.last_listen + 1);
        let sockets = &mut self.process_of_mut(endpoint).sockets;
        let socket = sockets.entry(port).or_insert(Socket { handle: next, owner: None });
        if socket.owner.is_some() {
            return Err(TransportError::Refused(format!("already listening on port {}", port.0)));
        }
        socket.owner = Some(endpoint);
        let handle = socket.handle;
        self.last_listen = self.last_listen.max(handle.0);
        Ok(handle)
    }

    /// A transport takes no more requests on its socket: those that wait are refused.
    pub(crate) fn close_listen(&mut self, endpoint: EndpointId, listen: ListenHandle) {
        let sockets = &mut self.process_of_mut(endpoint).sockets;
        let owned = Some(endpoint);
        let Some(socket) =
            sockets.values_mut().find(|socket| socket.handle == listen && socket.owner == owned)
        else {
            return;
        };
        socket.owner = None;
        let halves = &self.halves;
        let waits = |handle: &&ConnectionHandle| {
            halves.get(handle).is_some_and(|half| half.listen == Some(listen) && half.stage == Stage::Pending)
        };
        let waiting: Vec<_> = self.endpoints[endpoint.0].connections.iter().filter(waits).copied().collect();
        self.endpoints[endpoint.0].statuses.retain(|change| !waiting.contains(&change.connection));
        for request in waiting {
            let reason = EndReason::Refused;
            self.close(endpoint, request, reason, &reason.to_string());
        }
        self.close_socket_if_done(self.endpoints[endpoint.0].process, listen);
    }

    /// Closes a socket that nobody takes requests on, if nothing that came in on it is there any more. With it end the
    /// answers for connections that were closed before.
    pub(crate) fn close_socket_if_done(&mut self, process: ProcessId, listen: ListenHandle) {
        let halves = &self.halves;
        let process = &mut self.processes[process.0];
        let mut sockets = process.sockets.iter();
        let retired = sockets.find(|(_, socket)| socket.handle == listen && socket.owner.is_none());
        let Some((&port, _)) = retired else { return };
        let is_of_socket = |handle| halves.get(handle).is_some_and(|half| half.listen == Some(listen));
        if !process.by_remote.values().flatten().any(is_of_socket) {
            process.sockets.remove(&port);
        }
    }

    /// A transport goes. With the last one goes the process; otherwise what is open is closed, as Steam does it.
    pub(crate) fn end_transport(&mut self, id: EndpointId) {
        let process = self.endpoints[id.0].process;
        if !self.endpoints[id.0].alive {
            return;
        }
        if self.processes[process.0].transports == [id] {
            return self.end_process(process);
        }
        let owned = self.processes[process.0].sockets.values().filter(|socket| socket.owner == Some(id));
        for listen in owned.map(|socket| socket.handle).collect::<Vec<_>>() {
            self.close_listen(id, listen);
        }
        for handle in self.endpoints[id.0].connections.clone() {
            self.close(id, handle, EndReason::Left, "");
        }
        self.endpoints[id.0].end();
        self.processes[process.0].transports.retain(|&transport| transport != id);
    }

    /// A process dies or exits: all that it held is gone, and nobody is told.
    pub(crate) fn end_process(&mut self, id: ProcessId) {
        let process = &mut self.processes[id.0];
        if !process.alive {
            return;
        }
        process.alive = false;
        process.sockets.clear();
        let (steam_id, transports) = (process.steam_id, std::mem::take(&mut process.transports));
        let mut handles: Vec<_> = process.by_remote.values().flatten().copied().collect();
        self.living.remove(&steam_id);
        self.trace(|| TraceEvent::Ended(steam_id));
        for transport in transports {
            self.endpoints[transport.0].end();
        }
        handles.sort_unstable();
        for handle in handles {
            self.remove_half(handle);
        }
        self.orphan_memberships(steam_id);
    }
}
