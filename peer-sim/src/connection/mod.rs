//! Connections: the two halves of each, and everything that happens to them.

mod closing;
pub(crate) mod half;
mod handshake;
pub(crate) mod receiver;
pub(crate) mod sender;
mod sleep;
mod transfer;

use peer_core::{ConnectionHandle, ConnectionState, LaneStatus, RealTimeStatus, StatusChange, Token};
use rustc_hash::FxHashMap;

use self::half::{Half, Stage};
use crate::env::Env;
use crate::event::ConnectionEvent;
use crate::process::{EndpointId, Processes};

/// `k_ESteamNetConnectionEnd_Remote_BadCrypt`: GNS 1.6.0 at a dial to someone whose request waits.
const BAD_CRYPT: u32 = 4002;
/// `k_ESteamNetConnectionEnd_Misc_InternalError`: what came in made no sense.
pub(crate) const INTERNAL_ERROR: u32 = 5002;
/// `k_ESteamNetConnectionEnd_Misc_Timeout`: the handshake did not finish, or nothing was heard for too long. (4001 is for
/// connections over relays.)
pub(crate) const TIMEOUT: u32 = 5003;
/// `k_ESteamNetConnectionEnd_Misc_P2P_Rendezvous`: no route was found, or nobody takes calls there.
pub(crate) const RENDEZVOUS: u32 = 5008;

/// Every half there is, by its handle.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    by_handle: FxHashMap<ConnectionHandle, Box<Half>>,
    last_handle: u32,
    send_calls: u64,
}

impl Halves {
    pub(crate) fn get(&self, handle: ConnectionHandle) -> Option<&Half> {
        self.by_handle.get(&handle).map(AsRef::as_ref)
    }

    pub(crate) fn get_mut(&mut self, handle: ConnectionHandle) -> Option<&mut Half> {
        self.by_handle.get_mut(&handle).map(AsMut::as_mut)
    }

    fn handles(&self) -> Vec<ConnectionHandle> {
        let mut handles: Vec<_> = self.by_handle.keys().copied().collect();
        handles.sort_unstable();
        handles
    }
}

/// The connections of a network, with what they run on and between whom, for the length of a call.
pub(crate) struct Connections<'a> {
    pub(crate) env: &'a mut Env,
    pub(crate) processes: &'a mut Processes,
    pub(crate) halves: &'a mut Halves,
}

impl Connections<'_> {
    pub(crate) fn happen(&mut self, event: ConnectionEvent) {
        use ConnectionEvent as E;
        if self.is_slept_through(&event) {
            return;
        }
        match event {
            E::Dial(handle) => self.dial(handle),
            E::Request(dialler) => self.request(dialler),
            E::Accepted { dialler, acceptor } => self.accepted(dialler, acceptor),
            E::AcceptorConnects(acceptor) => self.acceptor_connects(acceptor),
            E::Deadline(handle) => self.deadline(handle),
            E::BadCertificate(handle) => self.bad_certificate(handle),
            E::Silence { connection, epoch } => self.silence(connection, epoch),
            E::Tell(notice) => self.tell(notice),
            E::Closed(notice) => self.closed_by_peer(*notice),
            E::Wake(handle) => self.wake(handle),
            E::Arrive { connection, datagram } => self.arrive(connection, &datagram),
            E::SendAcks(handle) => self.send_acks_in_time(handle),
            E::Ack { connection, packet } => self.ack(connection, packet),
            E::Retransmit(handle) => self.retransmit(handle),
            E::Release(handle) => self.release(handle),
            E::Awake(process) => self.neighbours_changed(process),
        }
    }

    /// Puts a new half where its endpoint finds it.
    pub(crate) fn add_half(&mut self, half: Half) -> ConnectionHandle {
        self.halves.last_handle += 1;
        let handle = ConnectionHandle(self.halves.last_handle);
        let endpoint = &mut self.processes[half.endpoint];
        endpoint.connections.insert(handle);
        self.processes[half.process].by_remote.entry(half.remote).or_default().push(handle);
        self.halves.by_handle.insert(handle, Box::new(half));
        handle
    }

    /// Takes a half away, with all that waits on it. The other side does not hear of it, but may notice.
    pub(crate) fn remove_half(&mut self, handle: ConnectionHandle) -> Option<Box<Half>> {
        let mut half = self.halves.by_handle.remove(&handle)?;
        let endpoint = &mut self.processes[half.endpoint];
        endpoint.connections.remove(&handle);
        endpoint.unread -= half.receiver.unread();
        half.receiver.clear();
        if let Some(handles) = self.processes[half.process].by_remote.get_mut(&half.remote) {
            handles.retain(|&other| other != handle);
        }
        if let Some(peer) = half.peer {
            self.refresh_hearing(peer);
        }
        Some(half)
    }

    /// The half behind a handle that the application of `endpoint` may use.
    pub(crate) fn open_half(&mut self, endpoint: EndpointId, handle: ConnectionHandle) -> Option<&mut Half> {
        let half = self.halves.get_mut(handle)?;
        (half.endpoint == endpoint).then_some(half)
    }

    pub(crate) fn push_status(&mut self, handle: ConnectionHandle, state: ConnectionState) {
        let Some(half) = self.halves.get(handle) else { return };
        let token = if state == ConnectionState::Requested { Token::NONE } else { half.token };
        let (endpoint, remote) = (half.endpoint, half.remote);
        let reported_from = self.env.now + self.env.settings.status_delay;
        let change = StatusChange { connection: handle, token, remote, state };
        self.env.trace(|| format!("{change:?}"));
        self.processes[endpoint].statuses.push_back((reported_from, change));
    }

    pub(crate) fn real_time_status(
        &self,
        endpoint: EndpointId,
        handle: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        let half = self.halves.get(handle).filter(|half| half.endpoint == endpoint)?;
        let (out, back) =
            (self.env.links.get(half.local, half.remote), self.env.links.get(half.remote, half.local));
        let connected = half.stage == Stage::Connected;
        let send_rate = half.send_rate.unwrap_or(out.bandwidth);
        let total = half.sender.statistics(self.env.now, send_rate, connected, lanes)?;
        #[allow(clippy::cast_possible_truncation)] // A share.
        let quality = |loss: f64| if connected { (1.0 - loss) as f32 } else { -1.0 };
        let ping = self.env.links.round_trip(self.env.now, half.local, half.remote).as_millis();
        Some(RealTimeStatus {
            ping_ms: if connected { i32::try_from(ping).unwrap_or(i32::MAX) } else { -1 },
            quality_local: quality(back.loss),
            quality_remote: quality(out.loss),
            send_rate_bytes_per_sec: i32::try_from(send_rate).unwrap_or(i32::MAX),
            pending_unreliable: total.pending_unreliable,
            pending_reliable: total.pending_reliable,
            sent_unacked_reliable: total.sent_unacked_reliable,
            queue_time_us: total.queue_time_us,
            // Nobody asks for what is sent a second.
            ..RealTimeStatus::default()
        })
    }
}
