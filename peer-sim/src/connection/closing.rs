//! How a connection ends: by its applications, by silence, or by nonsense; and who hears of it.

use std::time::Duration;

use peer_core::{ConnectionHandle, ConnectionState, EndReason, ListenHandle, SteamId, Time};

use super::half::{Ended, Half, Hearing, Notice, Stage};
use super::{Connections, TIMEOUT};
use crate::event::ConnectionEvent;
use crate::faults::up_to;
use crate::process::{EndpointId, ProcessId};

/// How long a closed connection goes on answering for itself (GNS 1.6.0: `FinWait`, measured as 5 s).
const FIN_WAIT: Duration = Duration::from_secs(5);
/// How long after a lost word of a close it is said again.
const TELL_AGAIN: Duration = Duration::from_millis(500);
/// After how long an answer is due, beside two round trips, and at most (GNS 1.6.0: `CalcConservativeTimeout`).
const MIN_ANSWER_DUE: Duration = Duration::from_millis(250);
const MAX_ANSWER_DUE: Duration = Duration::from_millis(1_250);
/// What word of a close weighs on the wire, roughly.
const CLOSE_BYTES: u32 = 100;
/// The longest close message: 128 bytes with its terminator (`k_cchSteamNetworkingMaxConnectionCloseReason`).
const MAX_CLOSE_MESSAGE: usize = 127;

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

impl Connections<'_> {
    pub(crate) fn close(
        &mut self,
        endpoint: EndpointId,
        handle: ConnectionHandle,
        reason: EndReason,
        message: &str,
    ) {
        if self.open_half(endpoint, handle).is_none() {
            return;
        }
        let (reason, message) = words_of(reason, message);
        self.end_half(handle, reason, message);
    }

    /// Takes a half away and tells the other side, as far as Steam does.
    fn end_half(&mut self, handle: ConnectionHandle, reason: EndReason, message: String) {
        let Some(half) = self.remove_half(handle) else { return };
        let ended = half.ended();
        if ended.stage == Stage::Accepted && self.env.settings.silent_close {
            self.answer_if_asked(ended, reason, message);
        } else {
            self.tell_peer(ended, reason, message);
        }
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
        let Some(half) = self.halves.get_mut(handle).filter(|half| half.stage.is_live()) else { return };
        let ended = half.ended();
        half.stage = Stage::Failed;
        half.sender.stop();
        half.receiver.stop();
        let reason = EndReason::from_code(code);
        let state = ConnectionState::ProblemDetectedLocally { reason, message: message.to_owned() };
        self.push_status(handle, state);
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
            return; // The other side ended it, or has heard of it already.
        }
        let Some(peer) = self.halves.get_mut(to).filter(|peer| peer.stage.is_live()) else { return };
        let until = self.env.now + FIN_WAIT;
        let notice = Box::new(Notice { from, from_id, listen, to_id, to, reason, message, until });
        if peer.stage == Stage::Dialling {
            peer.refused_by = Some(notice.clone());
        }
        let gives_up = stage == Stage::Dialling && peer.stage == Stage::Pending;
        if gives_up && self.env.settings.silent_close {
            peer.answer = Some(notice);
        } else if stage.is_connecting() || peer.stage.is_connecting() || !self.env.settings.silent_close {
            self.tell(notice);
        } else if peer.stage == Stage::Connected {
            peer.answer = Some(notice);
        }
    }

    /// An application closes what it has accepted before it is up: open GNS only answers what the other side still sends, and only
    /// as long as the listen socket is open.
    fn answer_if_asked(&mut self, ended: Ended, reason: EndReason, message: String) {
        let Ended { from, from_id, listen, to_id, to: Some(to), .. } = ended else { return };
        let Some(peer) = self.halves.get_mut(to).filter(|peer| peer.stage.is_live()) else { return };
        let until = self.env.now + FIN_WAIT;
        let notice = Box::new(Notice { from, from_id, listen, to_id, to, reason, message, until });
        if peer.stage == Stage::Dialling {
            peer.refused_by = Some(notice);
        } else {
            peer.answer = Some(notice);
        }
    }

    /// Whether there is still someone to say it.
    pub(crate) fn can_tell(&self, notice: &Notice) -> bool {
        let process = &self.processes[notice.from];
        let is_open = |listen| process.sockets.values().any(|socket| socket.handle == listen);
        process.alive && notice.listen.is_none_or(is_open)
    }

    /// Says it, now and again until it gets through.
    pub(crate) fn tell(&mut self, notice: Box<Notice>) {
        if !self.can_tell(&notice) {
            return;
        }
        let connecting = self.halves.get(notice.to).is_some_and(|half| half.stage.is_connecting());
        let (from, to) = (notice.from_id, notice.to_id);
        let delay = if connecting {
            self.env.links.signal_delay(&mut self.env.rng, from, to)
        } else {
            self.env.datagram_delay(CLOSE_BYTES, from, to)
        };
        if let Some(delay) = delay {
            self.env.schedule(self.env.now + delay, ConnectionEvent::Closed(notice));
        } else if self.env.now + TELL_AGAIN < notice.until {
            self.env.schedule(self.env.now + TELL_AGAIN, ConnectionEvent::Tell(notice));
        }
    }

    /// Word of a close has arrived.
    pub(crate) fn closed_by_peer(&mut self, notice: Notice) {
        let Some(half) = self.halves.get_mut(notice.to).filter(|half| half.stage.is_live()) else { return };
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
        let Some(half) = self.halves.get(handle).filter(|half| half.stage.sends_data()) else { return };
        let peer = half.peer.and_then(|peer| self.halves.get(peer));
        let speaks = |peer: &Half| {
            let is_open = (Stage::Accepted..=Stage::Connected).contains(&peer.stage);
            is_open && !self.processes[peer.process].is_asleep(self.env.now)
        };
        let hears = peer.is_some_and(speaks) && self.env.links.is_up(half.remote, half.local);
        if hears == (half.hearing == Hearing::Hears) {
            return;
        }
        let Some(half) = self.halves.get_mut(handle) else { return };
        if hears {
            half.hearing = Hearing::Hears;
            half.hearing_epoch += 1;
        } else {
            // Steam's own keep-alive asks at last.
            let asks_at = self.env.now + up_to(&mut self.env.rng, self.env.settings.idle_keep_alive);
            self.expect_silence(handle, asks_at);
        }
    }

    /// Something is sent that the other side should acknowledge.
    pub(crate) fn ask(&mut self, handle: ConnectionHandle) {
        let Some(half) = self.halves.get(handle) else { return };
        if matches!(half.hearing, Hearing::Deaf { asks_at } if asks_at > self.env.now) {
            self.expect_silence(handle, self.env.now);
        }
    }

    /// A half hears nothing, asks, and gives up if it still hears nothing when the time for an answer is up.
    fn expect_silence(&mut self, handle: ConnectionHandle, asks_at: Time) {
        let Some(half) = self.halves.get_mut(handle) else { return };
        half.hearing = Hearing::Deaf { asks_at };
        half.hearing_epoch += 1;
        let event = ConnectionEvent::Silence { connection: handle, epoch: half.hearing_epoch };
        // Who sleeps counts no time.
        let from = asks_at.max(self.processes[half.process].asleep_until);
        let round_trip = self.env.links.round_trip(self.env.now, half.local, half.remote);
        let answer = MAX_ANSWER_DUE.min(MIN_ANSWER_DUE + 2 * round_trip);
        let timeout =
            self.env.settings.timeout_connected + up_to(&mut self.env.rng, self.env.settings.timeout_slack);
        self.env.schedule(from + answer + timeout, event);
    }

    pub(crate) fn silence(&mut self, handle: ConnectionHandle, epoch: u32) {
        if self
            .halves
            .get(handle)
            .is_some_and(|half| half.hearing != Hearing::Hears && half.hearing_epoch == epoch)
        {
            self.fail(handle, TIMEOUT, "Connection dropped");
        }
    }

    /// The link from `from` to `to` may have changed.
    pub(crate) fn link_changed(&mut self, from: SteamId, to: SteamId) {
        let Some(process) = self.processes.of(to) else { return };
        let halves = self.processes[process].by_remote.get(&from).cloned().unwrap_or_default();
        for handle in halves {
            self.refresh_hearing(handle);
        }
    }

    /// Closes a socket that nobody takes requests on, if nothing that came in on it is there any more. With it end the
    /// answers for connections that were closed before.
    pub(crate) fn close_socket_if_done(&mut self, process: ProcessId, listen: ListenHandle) {
        let halves = &self.halves;
        let process = &mut self.processes[process];
        let mut sockets = process.sockets.iter();
        let closed = sockets.find(|(_, socket)| socket.handle == listen && socket.owner.is_none());
        let Some((&port, _)) = closed else { return };
        let is_of_socket =
            |&handle: &ConnectionHandle| halves.get(handle).is_some_and(|half| half.listen == Some(listen));
        if !process.by_remote.values().flatten().any(is_of_socket) {
            process.sockets.remove(&port);
        }
    }

    /// Every link may have changed.
    pub(crate) fn all_links_changed(&mut self) {
        for handle in self.halves.handles() {
            self.refresh_hearing(handle);
        }
    }
}
