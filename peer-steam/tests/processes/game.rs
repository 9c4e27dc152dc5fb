//! A game in a process of its own: a session over Steam that follows its lobby.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use local_steam_harness::{steam_id, until};
use peer_core::{Event, Packet, PeerId, Session, SteamId, Time};
use peer_steam::{ConfigValue, LobbyEvent, Steam, SteamMessage, SteamTransport};

/// How long a game that exits waits for its goodbyes to be heard.
pub(crate) const LONGEST_EXIT: Duration = Duration::from_millis(500);

/// Steam's options for the rate at which a connection sends.
const SEND_RATE_MIN: i32 = 10;
const SEND_RATE_MAX: i32 = 11;

/// The number of an account among those of Local Steam, which scenarios name users by.
pub(crate) fn account(user: SteamId) -> u64 {
    user.0 - steam_id(0)
}

/// The user with that number.
pub(crate) fn user(account: u32) -> SteamId {
    SteamId(steam_id(account))
}

/// A game and its frames.
pub(crate) struct Game {
    // Before Steam, which goes last.
    pub(crate) session: Session<SteamTransport>,
    pub(crate) steam: Steam,
    /// Lobby events that are not for the session.
    pub(crate) lobby_events: VecDeque<LobbyEvent>,
    started: Instant,
}

impl Game {
    pub(crate) fn start() -> Self {
        let steam = Steam::init().unwrap();
        let session = Session::new(SteamTransport::new(), seed());
        Self { session, steam, lobby_events: VecDeque::new(), started: Instant::now() }
    }

    pub(crate) fn now(&self) -> Time {
        Time::ZERO + self.started.elapsed()
    }

    /// Runs a frame without reading packets; the events in it.
    pub(crate) fn frame(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        self.frame_with(|_, event| events.push(event));
        events
    }

    /// The same; `hear` sees the session as each event has left it.
    pub(crate) fn frame_with(&mut self, mut hear: impl FnMut(&Session<SteamTransport>, Event)) {
        let now = self.now();
        self.steam.run_callbacks();
        while let Some(event) = self.steam.next_lobby_event() {
            match event {
                LobbyEvent::MemberJoined { lobby, member } => {
                    self.session.lobby_member_joined(lobby, member, now);
                }
                LobbyEvent::MemberLeft { lobby, member } => self.session.lobby_member_left(lobby, member),
                event => self.lobby_events.push_back(event),
            }
        }
        self.session.poll(now);
        while let Some(event) = self.session.next_event() {
            hear(&self.session, event);
        }
    }

    /// Runs frames until a lobby event is the one looked for. Others are dropped.
    pub(crate) fn until_lobby<R>(&mut self, what: &str, found: impl Fn(LobbyEvent) -> Option<R>) -> R {
        until(what, || {
            self.frame();
            std::iter::from_fn(|| self.lobby_events.pop_front()).find_map(&found)
        })
    }

    /// Runs frames until a peer is connected.
    pub(crate) fn until_peer(&mut self) -> PeerId {
        until("a peer", || {
            self.frame().into_iter().find_map(|event| match event {
                Event::PeerConnected(id) => Some(id),
                _ => None,
            })
        })
    }

    /// Has Steam send at a rate, in bytes a second.
    pub(crate) fn set_send_rate(&mut self, rate: i64) {
        for option in [SEND_RATE_MIN, SEND_RATE_MAX] {
            self.session.transport_mut().set_config(option, ConfigValue::Int(rate)).unwrap();
        }
    }

    /// Runs frames until a packet comes.
    pub(crate) fn until_packet(&mut self, what: &str) -> Packet<SteamMessage> {
        until(what, || {
            self.frame();
            self.session.pop()
        })
    }

    /// Leaves, and stays until every goodbye was heard.
    pub(crate) fn ends(mut self) {
        self.session.close(self.now());
        until("the goodbyes to be heard", || {
            self.frame();
            (!self.session.is_draining()).then_some(())
        });
        self.goes();
    }

    /// Leaves as a game does that exits: without waiting for long.
    pub(crate) fn exits(mut self) {
        self.session.close(self.now());
        let closed = Instant::now();
        until("the goodbyes to be heard", || {
            self.frame();
            (!self.session.is_draining() || closed.elapsed() >= LONGEST_EXIT).then_some(())
        });
        self.goes();
    }

    fn goes(self) {
        drop(self);
        assert!(!peer_steam::is_available());
        assert_eq!((peer_steam::live_messages(), peer_steam::payloads_in_flight()), (0, 0));
    }
}

/// Different in every process, so that an account that comes back is another peer.
pub(crate) fn seed() -> u64 {
    u64::from(std::process::id())
}
