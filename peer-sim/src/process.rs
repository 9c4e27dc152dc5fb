//! Processes: one a user at a time, with the listen sockets that its transports share one after the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::{Index, IndexMut};
use std::rc::Rc;

use peer_core::{ConnectionHandle, ListenHandle, StatusChange, SteamId, Time, TransportError, VirtualPort};
use rustc_hash::FxHashMap;

use crate::counters::{Counters, LiveCount};

/// One process among all that ever were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProcessId(pub(crate) usize);

/// What the transports of a process have in common.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) steam_id: SteamId,
    /// Whether it runs: until it is killed, or the last of its transports goes.
    pub(crate) alive: bool,
    /// Until when its application does nothing: its main thread is blocked, or it sleeps.
    pub(crate) blocked_until: Time,
    /// Until when its machine sleeps: nothing arrives, and its timers stand still.
    pub(crate) asleep_until: Time,
    pub(crate) sockets: BTreeMap<VirtualPort, Socket>,
    pub(crate) by_remote: FxHashMap<SteamId, Vec<ConnectionHandle>>,
    /// Those that have not gone.
    pub(crate) transports: Vec<EndpointId>,
}

impl Process {
    pub(crate) fn is_asleep(&self, now: Time) -> bool {
        now < self.asleep_until
    }
}

/// A listen socket. It stays as long as a transport takes requests on it, or anything that came in on it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Socket {
    pub(crate) handle: ListenHandle,
    /// Whose the requests are; `None` once it is closed.
    pub(crate) owner: Option<EndpointId>,
}

/// One transport among all that ever were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndpointId(pub(crate) usize);

/// What a transport holds.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) process: ProcessId,
    pub(crate) steam_id: SteamId,
    pub(crate) alive: bool,
    pub(crate) connections: BTreeSet<ConnectionHandle>,
    /// Each with the moment from which it can be reported.
    pub(crate) statuses: VecDeque<(Time, StatusChange)>,
    /// One entry a message, in the order of their coming: the connection on which the oldest unread one waits.
    pub(crate) inbox: VecDeque<ConnectionHandle>,
    pub(crate) unread: usize,
    pub(crate) live: Rc<LiveCount>,
}

impl Endpoint {
    pub(crate) fn new(process: ProcessId, steam_id: SteamId, alive: bool) -> Self {
        Self {
            process,
            steam_id,
            alive,
            connections: BTreeSet::new(),
            statuses: VecDeque::new(),
            inbox: VecDeque::new(),
            unread: 0,
            live: Rc::default(),
        }
    }

    /// It is gone, and nothing waits for it any more.
    pub(crate) fn end(&mut self) {
        self.alive = false;
        self.statuses.clear();
        self.inbox.clear();
    }
}

/// Every process there ever was.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    all: Vec<Process>,
    endpoints: Vec<Endpoint>,
    living: FxHashMap<SteamId, ProcessId>,
    last_listen: u32,
}

impl Index<ProcessId> for Processes {
    type Output = Process;

    fn index(&self, id: ProcessId) -> &Process {
        &self.all[id.0]
    }
}

impl IndexMut<ProcessId> for Processes {
    fn index_mut(&mut self, id: ProcessId) -> &mut Process {
        &mut self.all[id.0]
    }
}

impl Index<EndpointId> for Processes {
    type Output = Endpoint;

    fn index(&self, id: EndpointId) -> &Endpoint {
        &self.endpoints[id.0]
    }
}

impl IndexMut<EndpointId> for Processes {
    fn index_mut(&mut self, id: EndpointId) -> &mut Endpoint {
        &mut self.endpoints[id.0]
    }
}

impl Processes {
    /// The running process of a user.
    pub(crate) fn of(&self, user: SteamId) -> Option<ProcessId> {
        self.living.get(&user).copied()
    }

    /// A process with one transport.
    pub(crate) fn start(&mut self, steam_id: SteamId) -> EndpointId {
        let id = ProcessId(self.all.len());
        let before = self.living.insert(steam_id, id);
        assert!(before.is_none(), "user {steam_id} already has a process; kill or drop it first");
        self.all.push(Process {
            steam_id,
            alive: true,
            blocked_until: Time::ZERO,
            asleep_until: Time::ZERO,
            sockets: BTreeMap::new(),
            by_remote: FxHashMap::default(),
            transports: Vec::new(),
        });
        self.add_endpoint(id)
    }

    /// A further transport of a process.
    pub(crate) fn add_endpoint(&mut self, process: ProcessId) -> EndpointId {
        let id = EndpointId(self.endpoints.len());
        let Process { steam_id, alive, transports, .. } = &mut self.all[process.0];
        transports.push(id);
        self.endpoints.push(Endpoint::new(process, *steam_id, *alive));
        id
    }

    /// Opens a socket, or takes over a closed one.
    pub(crate) fn listen(
        &mut self,
        endpoint: EndpointId,
        port: VirtualPort,
    ) -> Result<ListenHandle, TransportError> {
        let next = ListenHandle(self.last_listen + 1);
        let sockets = &mut self.all[self.endpoints[endpoint.0].process.0].sockets;
        let socket = sockets.entry(port).or_insert(Socket { handle: next, owner: None });
        if socket.owner.is_some() {
            return Err(TransportError::Refused(format!("already listening on port {}", port.0)));
        }
        socket.owner = Some(endpoint);
        let handle = socket.handle;
        self.last_listen = self.last_listen.max(handle.0);
        Ok(handle)
    }

    /// Ends a process: its transports are without Steam, and its sockets are gone. What hung on it is returned.
    pub(crate) fn end(&mut self, id: ProcessId) -> Option<Vec<ConnectionHandle>> {
        let process = self.all.get_mut(id.0).filter(|process| process.alive)?;
        process.alive = false;
        process.sockets.clear();
        self.living.remove(&process.steam_id);
        for transport in std::mem::take(&mut process.transports) {
            self.endpoints[transport.0].end();
        }
        let mut handles: Vec<_> = process.by_remote.values().flatten().copied().collect();
        handles.sort_unstable();
        Some(handles)
    }

    /// What the processes of certain users hold together.
    pub(crate) fn counters_of(&self, is_meant: impl Fn(SteamId) -> bool) -> Counters {
        let mut sum = Counters::default();
        for process in self.all.iter().filter(|process| is_meant(process.steam_id)) {
            sum.listen_sockets += process.sockets.len();
        }
        for endpoint in self.endpoints.iter().filter(|endpoint| is_meant(endpoint.steam_id)) {
            sum.live_messages += endpoint.live.get();
            sum.unread_messages += endpoint.unread;
            sum.open_connections += endpoint.connections.len();
        }
        sum
    }
}
