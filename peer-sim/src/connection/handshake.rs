//! How two processes find each other: requests, their answers, and dials that cross.

use std::time::Duration;

use peer_core::{
    ConnectionHandle, ConnectionState, EndReason, ListenHandle, STEAM_BAD_CERTIFICATE, SteamId, Token,
    TransportError, VirtualPort,
};

use super::half::{Half, Notice, Stage};
use super::{BAD_CRYPT, Connections, RENDEZVOUS, TIMEOUT};
use crate::event::ConnectionEvent;
use crate::faults::up_to;
use crate::process::{Endpoint, EndpointId, ProcessId, Socket};
use crate::settings::{DuplicatePolicy, PendingRequestPolicy};

/// How often a request is repeated until it is answered.
const DIAL_AGAIN: Duration = Duration::from_millis(500);
/// How long after the dialler the acceptor is Connected at the most, beside the latency (measured: about 50 ms).
const ROUTE_CONFIRMATION: Duration = Duration::from_millis(50);
/// How often an acceptor looks for its route while the link is down.
const ROUTE_AGAIN: Duration = Duration::from_millis(100);

fn refused(text: &str) -> TransportError {
    TransportError::Refused(text.to_owned())
}

impl Connections<'_> {
    /// A transport takes no more requests on its socket: those that wait are refused.
    pub(crate) fn close_listen(&mut self, endpoint: EndpointId, listen: ListenHandle) {
        let process = self.processes[endpoint].process;
        let sockets = &mut self.processes[process].sockets;
        let owned = Some(endpoint);
        let Some(socket) =
            sockets.values_mut().find(|socket| socket.handle == listen && socket.owner == owned)
        else {
            return;
        };
        socket.owner = None;
        let halves = &self.halves;
        let waits = |handle: &&ConnectionHandle| {
            halves
                .get(**handle)
                .is_some_and(|half| half.listen == Some(listen) && half.stage == Stage::Pending)
        };
        let waiting: Vec<_> = self.processes[endpoint].connections.iter().filter(waits).copied().collect();
        self.processes[endpoint].statuses.retain(|(_, change)| !waiting.contains(&change.connection));
        for request in waiting {
            let reason = EndReason::Refused;
            self.close(endpoint, request, reason, &reason.to_string());
        }
        self.close_socket_if_done(process, listen);
    }

    pub(crate) fn connect(
        &mut self,
        endpoint: EndpointId,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let Endpoint { process, steam_id: local, .. } = self.processes[endpoint];
        if peer == local {
            return Err(refused("a user cannot connect to themselves"));
        }
        if let Some(request) = self.find_half(process, peer, port, |stage| stage == Stage::Pending) {
            self.hand_over(request, endpoint);
            self.accept(endpoint, request, token)?;
            if self.env.settings.pending_requests == PendingRequestPolicy::Fails {
                self.fail(request, BAD_CRYPT, "the other side's handshake does not fit a dial");
            }
            return Ok(request);
        }
        if let Some(live) = self.find_half(process, peer, port, Stage::is_live) {
            let is_detached = self.halves.get(live).is_some_and(|half| half.token == Token::NONE);
            return Err(if is_detached {
                TransportError::Draining
            } else {
                refused("only one symmetric connection to a peer can be active at a time")
            });
        }
        let deadline = self.env.now + self.env.settings.timeout_initial;
        let mut half = Half::new(process, endpoint, local, peer, port, Stage::Dialling, deadline);
        half.token = token;
        half.doomed = self.env.links.take_bad_certificate(local, peer);
        let doomed = half.doomed;
        let handle = self.add_half(half);
        if doomed {
            let round_trip = self.env.links.round_trip(self.env.now, local, peer);
            self.env.schedule(self.env.now + round_trip, ConnectionEvent::BadCertificate(handle));
        } else {
            self.env.schedule(deadline, ConnectionEvent::Deadline(handle));
            self.dial(handle);
        }
        Ok(handle)
    }

    pub(crate) fn accept(
        &mut self,
        endpoint: EndpointId,
        handle: ConnectionHandle,
        token: Token,
    ) -> Result<(), TransportError> {
        let deadline = self.env.now + self.env.settings.timeout_initial;
        let Some(half) = self.open_half(endpoint, handle) else {
            return Err(refused("no such connection"));
        };
        match half.stage {
            Stage::Pending => {
                half.stage = Stage::Accepted;
                half.token = token;
                half.deadline = deadline;
                let given_up = half.answer.take();
                self.env.schedule(deadline, ConnectionEvent::Deadline(handle));
                self.answer(handle);
                if let Some(notice) = given_up.filter(|notice| self.env.now < notice.until) {
                    self.tell(notice);
                }
                Ok(())
            }
            Stage::Accepted | Stage::Connected => {
                half.token = token;
                Ok(())
            }
            Stage::Dialling => Err(refused("a dial cannot be accepted by the side that dials")),
            Stage::ClosedByPeer => Err(refused("the other side has already given up")),
            Stage::Failed => Err(refused("the request has timed out")),
        }
    }

    /// Makes a request that waits another transport's of the same process.
    fn hand_over(&mut self, request: ConnectionHandle, to: EndpointId) {
        let Some(half) = self.halves.get_mut(request) else { return };
        let from = std::mem::replace(&mut half.endpoint, to);
        if from != to {
            self.processes[from].connections.remove(&request);
            self.processes[from].statuses.retain(|(_, change)| change.connection != request);
            self.processes[to].connections.insert(request);
        }
    }

    /// The process's oldest half to `remote` on `port` whose stage is right.
    fn find_half(
        &self,
        process: ProcessId,
        remote: SteamId,
        port: VirtualPort,
        is_right: impl Fn(Stage) -> bool,
    ) -> Option<ConnectionHandle> {
        let handles = self.processes[process].by_remote.get(&remote)?;
        let found = handles.iter().find(|handle| {
            self.halves.get(**handle).is_some_and(|half| half.port == port && is_right(half.stage))
        });
        found.copied()
    }

    pub(crate) fn bad_certificate(&mut self, handle: ConnectionHandle) {
        self.fail(handle, STEAM_BAD_CERTIFICATE, "the certificate could not be verified");
    }

    /// Sends a dialler's request, and sees to it that it is sent again.
    pub(crate) fn dial(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get(handle).filter(|half| half.stage == Stage::Dialling) else {
            return;
        };
        if let Some(delay) = self.env.links.signal_delay(&mut self.env.rng, half.local, half.remote) {
            self.env.schedule(self.env.now + delay, ConnectionEvent::Request(handle));
        }
        if self.env.now + DIAL_AGAIN < half.deadline {
            self.env.schedule(self.env.now + DIAL_AGAIN, ConnectionEvent::Dial(handle));
        }
    }

    /// A request has arrived, perhaps not for the first time.
    pub(crate) fn request(&mut self, dialler: ConnectionHandle) {
        let Some(dial) = self.halves.get(dialler).filter(|half| half.stage == Stage::Dialling) else {
            return;
        };
        let (caller, port) = (dial.local, dial.port);
        let Some(process) = self.processes.of(dial.remote) else { return };
        let refusal = dial.refused_by.as_ref().filter(|refusal| refusal.from == process);
        if let Some(refusal) = refusal.filter(|refusal| self.can_tell(refusal)).cloned() {
            self.tell(refusal);
            return;
        }
        let known = dial.peer.and_then(|known| self.halves.get(known).map(|half| (known, half)));
        if let Some((known, half)) = known.filter(|(_, half)| half.process == process) {
            if matches!(half.stage, Stage::Accepted | Stage::Connected) {
                self.answer(known);
            }
            return;
        }
        if let Some(own) = self.find_half(process, caller, port, Stage::is_live) {
            let own_half = self.halves.get(own);
            if own_half.is_some_and(|half| half.stage == Stage::Dialling && !half.doomed) {
                self.cross(dialler, own);
                return;
            }
            if self.env.settings.duplicates == DuplicatePolicy::Ignored {
                return;
            }
        }
        self.admit(dialler, process);
    }

    /// Two dials have met. The user with the lower Steam id stays the caller (GNS compares connection ids, which are
    /// as arbitrary); the other side accepts.
    fn cross(&mut self, dialler: ConnectionHandle, own: ConnectionHandle) {
        let deadline = self.env.now + self.env.settings.timeout_initial;
        let Some(caller) = self.halves.get(dialler).map(|half| half.local) else { return };
        let Some(half) = self.halves.get_mut(own).filter(|half| caller < half.local) else { return };
        half.stage = Stage::Accepted;
        half.peer = Some(dialler);
        half.deadline = deadline;
        self.env.schedule(deadline, ConnectionEvent::Deadline(own));
        if let Some(dial) = self.halves.get_mut(dialler) {
            dial.peer = Some(own);
        }
        self.answer(own);
    }

    /// Tells the application of a request, or turns it down if nobody listens.
    fn admit(&mut self, dialler: ConnectionHandle, process: ProcessId) {
        let deadline = self.env.now + self.env.settings.timeout_initial;
        let Some(dial) = self.halves.get_mut(dialler) else { return };
        let (caller, local, port) = (dial.local, dial.remote, dial.port);
        let (reason, message) = match self.processes[process].sockets.get(&port) {
            Some(&Socket { handle: listen, owner: Some(endpoint) }) => {
                let mut half = Half::new(process, endpoint, local, caller, port, Stage::Pending, deadline);
                half.listen = Some(listen);
                half.peer = Some(dialler);
                let request = self.add_half(half);
                if let Some(dial) = self.halves.get_mut(dialler) {
                    dial.peer = Some(request);
                }
                self.env.schedule(deadline, ConnectionEvent::Deadline(request));
                return self.push_status(request, ConnectionState::Requested);
            }
            // Steam would ask; so it is the transport that turns it down.
            Some(_) => (EndReason::Refused, EndReason::Refused.to_string()),
            None if self.env.settings.refuse_unknown_ports => {
                (EndReason::from_code(RENDEZVOUS), format!("nobody listens on port {}", port.0))
            }
            None => return,
        };
        let notice = Box::new(Notice {
            from: process,
            from_id: local,
            listen: None,
            to_id: caller,
            to: dialler,
            reason,
            message,
            until: self.env.now,
        });
        dial.refused_by = Some(notice.clone());
        self.tell(notice);
    }

    /// Tells the dialler of `acceptor` that it is accepted. If that gets lost, the repeated request asks again.
    fn answer(&mut self, acceptor: ConnectionHandle) {
        let Some(half) = self.halves.get(acceptor) else { return };
        let Some(dialler) = half.peer else { return };
        if let Some(delay) = self.env.links.signal_delay(&mut self.env.rng, half.local, half.remote) {
            self.env.schedule(self.env.now + delay, ConnectionEvent::Accepted { dialler, acceptor });
        }
    }

    pub(crate) fn accepted(&mut self, dialler: ConnectionHandle, acceptor: ConnectionHandle) {
        if self.halves.get(acceptor).is_none_or(|half| half.stage != Stage::Accepted) {
            return;
        }
        let Some(half) = self.halves.get_mut(dialler) else { return };
        if half.stage != Stage::Dialling || half.peer != Some(acceptor) {
            return;
        }
        let (local, remote) = (half.local, half.remote);
        self.connected(dialler);
        let delay = self.env.links.get(local, remote).latency + up_to(&mut self.env.rng, ROUTE_CONFIRMATION);
        self.env.schedule(self.env.now + delay, ConnectionEvent::AcceptorConnects(acceptor));
    }

    pub(crate) fn acceptor_connects(&mut self, acceptor: ConnectionHandle) {
        let Some(half) = self.halves.get(acceptor).filter(|half| half.stage == Stage::Accepted) else {
            return;
        };
        let dialler = half.peer.and_then(|dialler| self.halves.get(dialler));
        if !dialler.is_some_and(|dialler| dialler.stage.sends_data()) {
            return;
        }
        if self.env.links.is_up(half.remote, half.local) {
            self.connected(acceptor);
        } else {
            self.env.schedule(self.env.now + ROUTE_AGAIN, ConnectionEvent::AcceptorConnects(acceptor));
        }
    }

    fn connected(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get_mut(handle) else { return };
        half.stage = Stage::Connected;
        self.push_status(handle, ConnectionState::Connected);
        self.refresh_hearing(handle);
        self.pump(handle);
    }

    /// A connection should be Connected by now.
    pub(crate) fn deadline(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get(handle) else { return };
        if !half.stage.is_connecting() || self.env.now < half.deadline {
            return;
        }
        match half.stage {
            Stage::Dialling => self.fail(handle, TIMEOUT, "Timed out attempting to connect"),
            Stage::Pending => {
                self.fail(handle, TIMEOUT, "App didn't accept or close incoming connection in time.");
            }
            _ => self.fail(handle, RENDEZVOUS, "Timed out attempting to negotiate rendezvous"),
        }
    }
}
