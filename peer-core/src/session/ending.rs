//! The end of connections and of the session: goodbyes, kicks, the loss of the host, and `peer_disconnected`.

use std::time::Duration;

use crate::control::{Goodbye, truncate};
use crate::error::SessionError;
use crate::event::{Event, Transition};
use crate::id::{PeerId, SteamId};
use crate::limits::{ANSWER_TIMEOUT, FIRST_REDIAL, LAST_WORDS_TIMEOUT, LINGER_TIMEOUT};
use crate::link::{Dial, End, Link, State};
use crate::outbound::Outbound;
use crate::reason::EndReason;
use crate::session::{Session, Status};
use crate::time::Time;
use crate::transport::Transport;

/// How the other side is told.
#[derive(Clone, Copy)]
pub(super) enum Farewell {
    /// Steam's close says it.
    Close,
    /// The other side has said goodbye, and what it announced is awaited no longer: it is answered.
    Answer,
    /// What was put before goes out, then a goodbye, and that may take so long.
    Goodbye(Duration),
}

impl<T: Transport> Session<T> {
    /// Ends the connection with a peer. What was put for it before still goes out. `peer_disconnected` comes from a
    /// later [`poll`](Self::poll), or not at all with `force`, and then the peer is forgotten at once.
    ///
    /// For a client, the connection with the host is the session.
    ///
    /// # Errors
    /// [`UnknownPeer`](SessionError::UnknownPeer).
    pub fn disconnect_peer(&mut self, id: PeerId, force: bool, now: Time) -> Result<(), SessionError> {
        self.dismiss(id, End::new(EndReason::Left, ""), now)?;
        if force {
            if id.is_host() {
                self.shut_down();
            } else if let Some(peer) = self.roster.get(id) {
                self.transitions.forget(peer.link);
                self.retired(peer.link, id);
            }
        }
        Ok(())
    }

    /// Ends the connection with a peer, which is told that it was kicked, and in what words.
    ///
    /// # Errors
    /// [`UnknownPeer`](SessionError::UnknownPeer).
    pub fn kick(&mut self, id: PeerId, message: &str, now: Time) -> Result<(), SessionError> {
        self.dismiss(id, End::new(EndReason::Kicked, truncate(message)), now)
    }

    /// Leaves: tells every peer, forgets them, and is disconnected at once. No event follows. What was put before still
    /// goes out as long as [`poll`](Self::poll) is called; see [`is_draining`](Self::is_draining).
    pub fn close(&mut self, now: Time) {
        self.now = now;
        self.shut_down();
    }

    fn dismiss(&mut self, id: PeerId, end: End, now: Time) -> Result<(), SessionError> {
        self.now = now;
        let peer = self.roster.get(id).ok_or(SessionError::UnknownPeer(id.to_godot()))?;
        if matches!(self.links[peer.link].state, State::Joined | State::Leaving { .. }) {
            self.flush();
            self.part(peer.link, end, Farewell::Goodbye(LINGER_TIMEOUT));
        }
        Ok(())
    }

    /// The other side has said goodbye.
    pub(super) fn said_goodbye(&mut self, key: u32, goodbye: Goodbye) {
        let link = &mut self.links[key];
        if matches!(link.state, State::Joined) {
            let until = self.now + LAST_WORDS_TIMEOUT;
            link.state = State::Leaving { until, goodbye: Box::new(goodbye) };
            self.links.watch(key);
        }
    }

    /// Ends a connection, whatever it has come to. A peer that was announced stays until its packets are read.
    pub(super) fn part(&mut self, key: u32, end: End, farewell: Farewell) {
        let now = self.now;
        self.release(key, &end, farewell);
        let steam_id = self.links[key].steam_id;
        let link = &mut self.links[key];
        if matches!(link.state, State::Joined | State::Leaving { .. }) {
            let dial = link.dial;
            link.state = State::Ended { until: now + LAST_WORDS_TIMEOUT, end: Box::new(end.clone()) };
            self.links.watch(key);
            if !end.reason.is_application() && self.belongs_to_mesh(steam_id) {
                let port = dial.map(|dial| dial.port).or(self.active.as_ref().map(|active| active.port));
                let mut link = Link::new(steam_id, State::Scheduled { at: now + FIRST_REDIAL });
                link.dial = Some(Dial { port: port.unwrap_or_default(), failures: 1 });
                self.links.insert(link);
            }
        } else if link.is_coming() {
            self.fail(key, end);
        }
    }

    /// A connection ended before its peer was announced.
    fn fail(&mut self, key: u32, end: End) {
        let link = &self.links[key];
        let (steam_id, peer) = (link.steam_id, link.peer_id);
        if self.reschedule(key, end.reason) {
            // Of a dial that is made over and over, the first failure is news.
            if self.links[key].dial.is_some_and(|dial| dial.failures == 1) {
                self.tell_end(steam_id, peer, end);
            }
            return;
        }
        self.links.remove(key);
        self.tell_end(steam_id, peer, end);
        let was_host = self.active.as_ref().is_some_and(|active| active.host == Some(steam_id));
        if was_host && !self.links.iter().any(|link| link.steam_id == steam_id) {
            self.take_leave("the host could not be reached");
            self.transitions.push(Transition::Close);
        }
    }

    /// Closes a connection that never became a peer's, without a word to the game.
    pub(super) fn discard(&mut self, key: u32, reason: EndReason) {
        self.release(key, &End::new(reason, reason.to_string()), Farewell::Close);
        self.links.remove(key);
    }

    /// The connection of an announced peer is over: once its packets are read, or time is up, the game is told.
    pub(super) fn retire_in_turn(&mut self, key: u32) {
        let now = self.now;
        let link = &mut self.links[key];
        let State::Ended { until, end } = &mut link.state else {
            return;
        };
        if link.inbound.waiting > 0 && now < *until {
            return;
        }
        let end = std::mem::replace(&mut **end, End::new(EndReason::Left, ""));
        link.state = State::Retired;
        let (steam_id, peer) = (link.steam_id, link.peer_id);
        if peer.is_some_and(PeerId::is_host) {
            self.take_leave("the host is gone");
        }
        self.retire(key, steam_id, peer, end);
    }

    fn retire(&mut self, key: u32, steam_id: SteamId, peer: Option<PeerId>, end: End) {
        self.purge(key);
        self.tell_end(steam_id, peer, end);
        if let Some(id) = peer {
            self.transitions.push(Transition::Retire(key, id));
        }
    }

    /// The game is being told that a peer is gone: from now on it is. For a client, the session is over with its host.
    pub(super) fn retired(&mut self, key: u32, id: PeerId) -> Event {
        self.purge(key);
        self.links.remove(key);
        self.roster.remove(id);
        if id.is_host() {
            self.shut_down();
        }
        Event::PeerDisconnected(id)
    }

    /// Drops the packets of a connection that wait to be read.
    fn purge(&mut self, key: u32) {
        let waiting = &mut self.links[key].inbound.waiting;
        if std::mem::take(waiting) > 0 {
            self.inbox.purge(key);
        }
    }

    /// A client has lost its host: it takes leave of everyone else, and the game is told of each peer. The end of the
    /// session follows.
    fn take_leave(&mut self, why: &str) {
        self.flush();
        for key in self.links.keys() {
            let link = &self.links[key];
            if link.is_announced() {
                self.release(key, &End::new(EndReason::Left, why), Farewell::Goodbye(LINGER_TIMEOUT));
                let link = &mut self.links[key];
                let end = match std::mem::replace(&mut link.state, State::Retired) {
                    State::Ended { end, .. } => *end,
                    _ => End::new(EndReason::Left, why),
                };
                let (steam_id, peer) = (link.steam_id, link.peer_id);
                self.retire(key, steam_id, peer, end);
            } else if link.is_coming() {
                self.release(key, &End::new(EndReason::Left, why), Farewell::Goodbye(LINGER_TIMEOUT));
                self.links.remove(key);
            }
        }
    }

    /// Lets go of a connection's handle: to the departures, or at once where nothing can or need be said.
    fn release(&mut self, key: u32, end: &End, farewell: Farewell) {
        let link = &mut self.links[key];
        let is_connected = link.is_connected();
        let Some(handle) = link.handle.take() else { return };
        // Whoever has said goodbye reads nothing any more, and waits for an answer.
        let farewell = match farewell {
            Farewell::Goodbye(_) if matches!(link.state, State::Leaving { .. }) => Farewell::Answer,
            other => other,
        };
        let outbound = std::mem::replace(&mut link.outbound, Outbound::new());
        if outbound.is_backlogged() {
            self.backlogged.retain(|&backlogged| backlogged != key);
        }
        match farewell {
            Farewell::Goodbye(limit) if is_connected => {
                let until = self.now + limit;
                self.departures.add(&mut self.transport, handle, link.steam_id, outbound, end.clone(), until);
            }
            Farewell::Answer if is_connected && !outbound.is_broken => {
                let until = self.now + ANSWER_TIMEOUT;
                self.departures.answer(&mut self.transport, handle, link.steam_id, outbound, until);
            }
            _ => self.transport.close(handle, end.reason, truncate(&end.message)),
        }
    }

    /// Disconnected from here on: takes leave of whoever is left and forgets everything but the departures.
    pub(super) fn shut_down(&mut self) {
        self.flush();
        for key in self.links.keys() {
            self.release(key, &End::new(EndReason::Left, ""), Farewell::Goodbye(LINGER_TIMEOUT));
        }
        self.links.clear();
        self.backlogged.clear();
        self.roster.clear();
        self.inbox.clear();
        self.transitions.clear();
        self.endings.clear();
        self.active = None;
        self.lobby = None;
        self.status = Status::Disconnected;
        if let Some(listen) = self.listening.take() {
            self.transport.close_listen(listen);
        }
    }
}
