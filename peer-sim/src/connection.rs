//! Both halves of a connection: what each side knows, and how it ends.

use std::time::Duration;

use peer_core::{
    ConnectionHandle, ConnectionState, EndReason, ListenHandle, SteamId, Time, Token, VirtualPort,
};

use crate::endpoint::EndpointId;
use crate::event::Event;
use crate::link::up_to;
use crate::network::State;
use crate::process::ProcessId;
use crate::receiver::Receiver;
use crate::sender::Sender;
use crate::status::RateMeter;
use crate::trace::TraceEvent;

/// `k_ESteamNetConnectionEnd_Misc_InternalError`: what came in made no sense.
pub(crate) const INTERNAL_ERROR: u32 = 5002;
/// `k_ESteamNetConnectionEnd_Misc_Timeout`: the handshake did not finish, or nothing was heard for too long. (4001 is for
/// connections over relays.)
pub(crate) const TIMEOUT: u32 = 5003;
/// `k_ESteamNetConnectionEnd_Misc_P2P_Rendezvous`: no route was found, or nobody takes calls there.
pub(crate) const RENDEZVOUS: u32 = 5008;

/// How long a closed connection goes on answering for itself (GNS 1.6.0: `FinWait`, measured as 5 s).
const FIN_WAIT: Duration = Duration::from_secs(5);
/// How long after a lost word of a close it is said again.
const TELL_AGAIN: Duration = Duration::from_millis(500);
/// The longest close message: 128 bytes with its terminator (`k_cchSteamNetworkingMaxConnectionCloseReason`).
const MAX_CLOSE_MESSAGE: usize = 127;

/// Where a half stands. It only moves down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// This side dials.
    Dialling,
    /// The other side dials, and this one has not answered.
    Pending,
    /// This side has accepted, and sees no route yet.
    Accepted,
    /// Data flows.
    Connected,
    /// The other side has closed it.
    ClosedByPeer,
    /// The network has given it up.
    Failed,
}

impl Stage {
    pub(crate) fn is_connecting(self) -> bool {
        self <= Self::Accepted
    }

    pub(crate) fn is_live(self) -> bool {
        self <= Self::Connected
    }

    pub(crate) fn sends_data(self) -> bool {
        self == Self::Connected
    }
}

/// Word of a close, for the other side.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) from: ProcessId,
    pub(crate) from_id: SteamId,
    /// The socket that the closed half came in on. Once it is closed, too, nobody answers any more.
    pub(crate) listen: Option<ListenHandle>,
    pub(crate) to_id: SteamId,
    pub(crate) to: ConnectionHandle,
    pub(crate) reason: EndReason,
    pub(crate) message: String,
    /// When it is no longer said again.
    pub(crate) until: Time,
}

/// Whose half has ended, and what it had come to: enough to tell the other side.
#[derive(Clone, Copy, Debug)]
struct Ended {
    from: ProcessId,
    from_id: SteamId,
    listen: Option<ListenHandle>,
    to_id: SteamId,
    to: Option<ConnectionHandle>,
    stage: Stage,
}

/// One side of a connection.
#[derive(Debug)]
pub(crate) struct Half {
    pub(crate) process: ProcessId,
    pub(crate) endpoint: EndpointId,
    pub(crate) local: SteamId,
    pub(crate) remote: SteamId,
    pub(crate) port: VirtualPort,
    pub(crate) token: Token,
    pub(crate) stage: Stage,
    /// The socket that it came in on.
    pub(crate) listen: Option<ListenHandle>,
    /// The other side, once a request has found one.
    pub(crate) peer: Option<ConnectionHandle>,
    /// When it must be Connected.
    pub(crate) deadline: Time,
    /// A dial that only meets a bad certificate.
    pub(crate) doomed: bool,
    /// Who has turned this dial down, to say so again when the request is repeated.
    pub(crate) refused_by: Option<Box<Notice>>,
    /// Hears nothing, and for how many such spells.
    deaf: bool,
    pub(crate) deaf_epoch: u32,
    /// What the other side answers if it is still spoken to, having closed without a word; or when its request is
    /// accepted, having given it up.
    pub(crate) answer: Option<Box<Notice>>,
    pub(crate) sender: Sender,
    pub(crate) receiver: Receiver,
    /// The moments of the events that count; earlier-made ones for other moments are stale.
    pub(crate) wake: Option<Time>,
    pub(crate) retransmit: Option<Time>,
    pub(crate) acks_due: Option<Time>,
    /// Packets that have come in, and not been acknowledged.
    pub(crate) acks: Vec<u64>,
    pub(crate) releasing: bool,
    /// The send calls that touched it last, and in which one of its messages failed last.
    pub(crate) touched_in: u64,
    pub(crate) failed_in: u64,
    pub(crate) sent: RateMeter,
    pub(crate) received: RateMeter,
}

impl Half {
    pub(crate) fn new(
        process: ProcessId,
        endpoint: EndpointId,
        local: SteamId,
        remote: SteamId,
        port: VirtualPort,
        stage: Stage,
        deadline: Time,
    ) -> Self {
        Self {
            process,
            endpoint,
            local,
            remote,
            port,
            token: Token::NONE,
            stage,
            listen: None,
            peer: None,
            deadline,
            doomed: false,
            refused_by: None,
            deaf: false,
            deaf_epoch: 0,
            answer: None,
            sender: Sender::default(),
            receiver: Receiver::default(),
            wake: None,
            retransmit: None,
            acks_due: None,
            acks: Vec::new(),
            releasing: false,
            touched_in: 0,
            failed_in: 0,
            sent: RateMeter::default(),
            received: RateMeter::default(),
        }
    }

    fn ended(&self) -> Ended {
        let Self { process: from, local: from_id, listen, remote: to_id, peer: to, stage, .. } = *self;
        Ended { from, from_id, listen, to_id, to, stage }
    }
}

/// What GNS makes of a reason and message that an application gives: reasons outside of 1000..=2999 become 1999
/// (`APICloseConnection`).
fn words_of(reason: EndReason, message: &str) -> (EndReason, String) {
    let code = reason.code();
    let (code, message) = match code {
        0 => (1000, message),
        1000..=2999 => (code, message),
        _ => (1999, "Invalid numeric reason code"),
    };
    let message = match message {
        "" if code >= 2000 => "Application closed connection in an unusual way",
        "" => "Application closed connection",
        message => message,
    };
    let end = message.floor_char_boundary(MAX_CLOSE_MESSAGE);
    (EndReason::from_code(code), message[..end].to_owned())
}

impl State {
    /// Puts a new half where its endpoint finds it.
    pub(crate) fn add_half(&mut self, half: Half) -> ConnectionHandle {
        self.last_connection += 1;
        let handle = ConnectionHandle(self.last_connection);
        let endpoint = &mut self.endpoints[half.endpoint.0];
        endpoint.connections.insert(handle);
        self.processes[half.process.0].by_remote.entry(half.remote).or_default().push(handle);
        self.halves.insert(handle, Box::new(half));
        handle
    }

    /// Takes a half away, with all that waits on it. The other side is not told, but may notice.
    pub(crate) fn remove_half(&mut self, handle: ConnectionHandle) -> Option<Box<Half>> {
        let mut half = self.halves.remove(&handle)?;
        let endpoint = &mut self.endpoints[half.endpoint.0];
        endpoint.connections.remove(&handle);
        endpoint.unread -= half.receiver.unread();
        half.receiver.clear();
        if let Some(handles) = self.processes[half.process.0].by_remote.get_mut(&half.remote) {
            handles.retain(|&other| other != handle);
        }
        if let Some(peer) = half.peer {
            self.refresh_hearing(peer);
        }
        Some(half)
    }

    /// The half behind a handle that the application of `endpoint` may use.
    pub(crate) fn open_half(&mut self, endpoint: EndpointId, handle: ConnectionHandle) -> Option<&mut Half> {
        let half = self.halves.get_mut(&handle)?;
        (half.endpoint == endpoint).then_some(half)
    }

    pub(crate) fn close(
        &mut self,
        endpoint: EndpointId,
        handle: ConnectionHandle,
        reason: EndReason,
        message: &str,
    ) {
        let Some(half) = self.open_half(endpoint, handle) else { return };
        let (reason, message) = words_of(reason, message);
        let by = half.local;
        self.trace(|| TraceEvent::Closed { by, connection: handle, reason });
        self.end_half(handle, reason, message);
    }

    /// Takes a half away and tells the other side, as far as Steam does.
    fn end_half(&mut self, handle: ConnectionHandle, reason: EndReason, message: String) {
        let Some(half) = self.remove_half(handle) else { return };
        self.tell_peer(half.ended(), reason, message);
        self.let_go_of_socket(&half);
    }

    /// A half is gone that may have been the last of its socket.
    fn let_go_of_socket(&mut self, half: &Half) {
        if let Some(listen) = half.listen {
            self.close_socket_if_done(half.process, listen);
        }
    }

    /// Gives a connection up.
    pub(crate) fn fail(&mut self, handle: ConnectionHandle, code: u32, message: &str) {
        let Some(half) = self.halves.get_mut(&handle).filter(|half| half.stage.is_live()) else { return };
        let ended = half.ended();
        half.stage = Stage::Failed;
        half.sender.stop();
        half.receiver.stop();
        let reason = EndReason::from_code(code);
        let news = ConnectionState::ProblemDetectedLocally { reason, message: message.to_owned() };
        self.push_status(handle, news);
        if let Some(peer) = ended.to {
            self.refresh_hearing(peer);
        }
        self.tell_peer(ended, reason, message.to_owned());
    }

    /// Tells the other side that a half has ended. Open GNS tells of an end while one side still connects, but does not
    /// take a request back that nobody has answered: it answers when that is accepted. Later it only answers
    /// what it is still sent.
    fn tell_peer(&mut self, ended: Ended, reason: EndReason, message: String) {
        let Ended { from, from_id, listen, to_id, to: Some(to), stage } = ended else { return };
        if !stage.is_live() {
            return; // The other side ended it, or has been told already.
        }
        let Some(peer) = self.halves.get_mut(&to).filter(|peer| peer.stage.is_live()) else { return };
        let until = self.now + FIN_WAIT;
        let notice = Box::new(Notice { from, from_id, listen, to_id, to, reason, message, until });
        if peer.stage == Stage::Dialling {
            peer.refused_by = Some(notice.clone());
        }
        let gives_up = stage == Stage::Dialling && peer.stage == Stage::Pending;
        if gives_up && self.settings.silent_close {
            peer.answer = Some(notice);
        } else if stage.is_connecting() || peer.stage.is_connecting() || !self.settings.silent_close {
            self.tell(notice);
        } else if peer.stage == Stage::Connected {
            peer.answer = Some(notice);
        }
    }

    /// Whether there is still someone to say it.
    pub(crate) fn can_tell(&self, notice: &Notice) -> bool {
        let process = &self.processes[notice.from.0];
        let is_open = |listen| process.sockets.values().any(|socket| socket.handle == listen);
        process.alive && notice.listen.is_none_or(is_open)
    }

    /// Says it, now and again until it gets through.
    pub(crate) fn tell(&mut self, notice: Box<Notice>) {
        if !self.can_tell(&notice) {
            return;
        }
        let connecting = self.halves.get(&notice.to).is_some_and(|half| half.stage.is_connecting());
        let (from, to) = (notice.from_id, notice.to_id);
        let delay = if connecting {
            self.links.signal_delay(&mut self.rng, from, to)
        } else {
            self.links.datagram_delay(&mut self.rng, from, to)
        };
        if let Some(delay) = delay {
            self.events.schedule(self.now + delay, Event::Closed(notice));
        } else if self.now + TELL_AGAIN < notice.until {
            self.events.schedule(self.now + TELL_AGAIN, Event::Tell(notice));
        }
    }

    /// Word of a close has arrived.
    pub(crate) fn closed_by_peer(&mut self, notice: Notice) {
        let Some(half) = self.halves.get_mut(&notice.to).filter(|half| half.stage.is_live()) else { return };
        half.stage = Stage::ClosedByPeer;
        half.sender.stop();
        half.receiver.stop();
        let peer = half.peer;
        let Notice { to, reason, message, .. } = notice;
        self.push_status(to, ConnectionState::ClosedByPeer { reason, message });
        if let Some(peer) = peer {
            self.refresh_hearing(peer);
        }
    }

    /// Works out anew whether a half hears its other side. Nothing is sent for it: keep-alives only matter when they
    /// stop, and they stop when the other half is gone or the link is down.
    pub(crate) fn refresh_hearing(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get(&handle).filter(|half| half.stage.sends_data()) else { return };
        let peer = half.peer.and_then(|peer| self.halves.get(&peer));
        let hears = peer.is_some_and(|peer| (Stage::Accepted..=Stage::Connected).contains(&peer.stage))
            && self.links.is_up(half.remote, half.local);
        if hears != half.deaf {
            return;
        }
        if let Some(half) = self.halves.get_mut(&handle) {
            half.deaf = !hears;
            half.deaf_epoch += 1;
            if half.deaf {
                let patience =
                    self.settings.timeout_connected + up_to(&mut self.rng, self.settings.timeout_slack);
                let event = Event::Silence { connection: handle, epoch: half.deaf_epoch };
                self.events.schedule(self.now + patience, event);
            }
        }
    }

    pub(crate) fn silence(&mut self, handle: ConnectionHandle, epoch: u32) {
        if self.halves.get(&handle).is_some_and(|half| half.deaf && half.deaf_epoch == epoch) {
            self.fail(handle, TIMEOUT, "Connection dropped");
        }
    }

    /// The link from `from` to `to` may have changed.
    pub(crate) fn link_changed(&mut self, from: SteamId, to: SteamId) {
        let up = self.links.is_up(from, to);
        self.trace(|| TraceEvent::Link { from, to, up });
        let Some(&process) = self.living.get(&to) else { return };
        let halves = self.processes[process.0].by_remote.get(&from).cloned().unwrap_or_default();
        for handle in halves {
            self.refresh_hearing(handle);
        }
    }
}
