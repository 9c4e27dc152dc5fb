//! Process-wide state: Steam, and every session, those included that are draining.
//!
//! Steam may be asked on any thread; everything else belongs to the main thread. No signal is emitted, no line printed and
//! no game code run while anything is borrowed or locked: a handler of the engine's log may call any method.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use godot::prelude::*;
use peer_core::{Packet, Session, Status, Time};
use peer_steam::{InitError, LobbyEvent, Steam, SteamMessage, SteamTransport};

use crate::main_thread;

/// A session, shared by the peer that owns it, its packet peers, and this module while it drains.
pub(crate) type SharedSession = Rc<RefCell<Session<SteamTransport>>>;

/// How long a process that exits waits for what was put before.
const EXIT_DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

/// How long it sleeps between two polls of that.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Lobby events that may wait for the frame that tells the game; the oldest go then.
const MAX_EVENTS: usize = 16_384;

/// How long a session may go unpolled while frames go on, before it leaves: nobody plays in it any more.
const UNPOLLED_TIMEOUT: Duration = Duration::from_secs(9);

/// What a frame counts towards that at most: a blocked main thread does not.
const MAX_FRAME: Duration = Duration::from_millis(250);

/// A session that there is, and how long it has not been polled.
struct Watched {
    session: Weak<RefCell<Session<SteamTransport>>>,
    last_poll: Time,
    unpolled: Duration,
}

#[derive(Default)]
struct Runtime {
    /// Every session there is.
    sessions: Vec<Watched>,
    last_frame: Time,
    /// Those that no peer polls any more and that still have something to send.
    draining: Vec<SharedSession>,
    /// What `SteamSession` has not emitted yet.
    lobby_events: VecDeque<LobbyEvent>,
    /// Packets that the engine may still read although their peer is gone.
    unread: Vec<Packet<SteamMessage>>,
    is_flush_due: bool,
}

/// Steam, once it is initialised.
static STEAM: Mutex<Option<Steam>> = Mutex::new(None);

thread_local! {
    static RUNTIME: RefCell<Runtime> = RefCell::default();
    static START: Instant = Instant::now();
    /// Whether the engine calls [`frame`] at the beginning of each frame.
    pub(crate) static HAS_FRAMES: Cell<bool> = const { Cell::new(false) };
}

fn with<R>(action: impl FnOnce(&mut Runtime) -> R) -> R {
    RUNTIME.with_borrow_mut(action)
}

/// The time, for sessions.
pub(crate) fn now() -> Time {
    let micros = START.with(Instant::elapsed).as_micros();
    Time::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// A new session, disconnected.
pub(crate) fn new_session() -> SharedSession {
    let session = Rc::new(RefCell::new(Session::new(SteamTransport::new(), rand::random())));
    with(|runtime| {
        runtime.sessions.retain(|watched| watched.session.strong_count() > 0);
        let session = Rc::downgrade(&session);
        runtime.sessions.push(Watched { session, last_poll: Time::ZERO, unpolled: Duration::ZERO });
    });
    session
}

/// Every session there is.
fn sessions() -> Vec<SharedSession> {
    with(|runtime| runtime.sessions.iter().filter_map(|watched| watched.session.upgrade()).collect())
}

/// A session is about to begin: what others keep of a match that has lost its host would be in its way.
pub(crate) fn release_others(but: &SharedSession) {
    for session in sessions().iter().filter(|session| !Rc::ptr_eq(session, but)) {
        session.borrow_mut().release();
    }
}

fn lock_steam() -> MutexGuard<'static, Option<Steam>> {
    STEAM.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Initialises Steam for the process. Harmless if that has been done.
pub(crate) fn initialize() -> Result<(), InitError> {
    let mut steam = lock_steam();
    // Another addon may have shut it down in the meantime.
    if steam.is_none() || !peer_steam::is_available() {
        *steam = None;
        let fresh = Steam::init()?;
        fresh.start_relay_network();
        *steam = Some(fresh);
    }
    Ok(())
}

/// Makes lobbies and callbacks work if another addon has initialised Steam. An error is for the caller to print.
pub(crate) fn adopt() -> Result<(), InitError> {
    let is_needed = lock_steam().is_none() && peer_steam::is_available();
    if is_needed { initialize() } else { Ok(()) }
}

/// An answer of Steam, on any thread; `None` before it is initialised.
pub(crate) fn steam<R>(action: impl FnOnce(&mut Steam) -> R) -> Option<R> {
    lock_steam().as_mut().map(action)
}

/// Has Steam report status changes for a session that is about to be polled. Other callbacks wait for the frame, where no
/// object is borrowed: those of other addons may run code of the game. Without frames they run here.
pub(crate) fn pump() {
    if HAS_FRAMES.get() {
        if lock_steam().is_some() {
            peer_steam::run_networking_callbacks();
        }
    } else {
        run_callbacks();
    }
}

/// Runs Steam's callbacks, and passes what happened in lobbies on to the sessions.
fn run_callbacks() {
    if lock_steam().is_none() {
        return;
    }
    // Handlers of other addons run in here, and may call back: nothing is locked or borrowed.
    peer_steam::run_callbacks();
    let events = steam(|steam| {
        steam.update();
        std::iter::from_fn(|| steam.next_lobby_event()).collect::<Vec<_>>()
    });
    let mut events = events.unwrap_or_default();
    for session in sessions() {
        pass_lobby_owner(&mut session.borrow_mut());
    }
    if events.is_empty() {
        return;
    }
    for session in sessions() {
        pass_lobby_events(&mut session.borrow_mut(), &events);
    }
    with(|runtime| {
        runtime.lobby_events.extend(events.drain(..));
        let excess = runtime.lobby_events.len().saturating_sub(MAX_EVENTS);
        runtime.lobby_events.drain(..excess);
    });
}

/// Steam does not always report another owner.
fn pass_lobby_owner(session: &mut Session<SteamTransport>) {
    let Some(lobby) = session.watched_lobby() else { return };
    if let Some(owner) = steam(|steam| steam.lobby_owner(lobby)).flatten() {
        session.lobby_owner_changed(lobby, owner, now());
    }
}

fn pass_lobby_events(session: &mut Session<SteamTransport>, events: &[LobbyEvent]) {
    for event in events {
        match *event {
            LobbyEvent::MemberJoined { lobby, member } => session.lobby_member_joined(lobby, member, now()),
            LobbyEvent::MemberLeft { lobby, member } => session.lobby_member_left(lobby, member),
            _ => {}
        }
    }
}

/// Sends what has been put, at the end of the frame.
pub(crate) fn flush_at_end_of_frame() {
    let is_scheduled = with(|runtime| std::mem::replace(&mut runtime.is_flush_due, true));
    if !is_scheduled {
        Callable::from_fn("SteamMultiplayerPeer flush", |_| flush()).call_deferred(&[]);
    }
}

fn flush() {
    with(|runtime| runtime.is_flush_due = false);
    for session in sessions() {
        session.borrow_mut().flush();
    }
}

/// Goes on polling a session that its peer does not poll any more, as long as it has something to send.
pub(crate) fn drain(session: &SharedSession) {
    let is_wanted = {
        let session = session.borrow();
        session.status() == Status::Disconnected && session.is_draining()
    };
    if is_wanted {
        with(|runtime| {
            if !runtime.draining.iter().any(|draining| Rc::ptr_eq(draining, session)) {
                runtime.draining.push(Rc::clone(session));
            }
        });
    }
}

/// Polls the sessions that are draining; returns whether any is left.
fn poll_draining() -> bool {
    let mut draining = with(|runtime| std::mem::take(&mut runtime.draining));
    draining.retain(|session| {
        let mut session = session.borrow_mut();
        // One that has begun anew is polled by its peer again.
        if session.status() == Status::Disconnected {
            session.poll(now());
        }
        session.status() == Status::Disconnected && session.is_draining()
    });
    with(|runtime| {
        runtime.draining.append(&mut draining);
        !runtime.draining.is_empty()
    })
}

/// Keeps the memory of a packet that the engine may be reading until the next frame.
pub(crate) fn keep_until_next_frame(packet: Packet<SteamMessage>) {
    with(|runtime| runtime.unread.push(packet));
}

/// What a frame brings whether or not a peer is polled in it.
pub(crate) fn frame() {
    main_thread::drop_left();
    drop(with(|runtime| std::mem::take(&mut runtime.unread)));
    run_callbacks();
    close_unpolled();
    poll_draining();
}

/// Closes the sessions that the game does not poll any more although frames go on, as one that only sets `multiplayer_peer` to
/// null: their peers would wait for ever.
fn close_unpolled() {
    let now = now();
    let unpolled: Vec<_> = with(|runtime| {
        let frame = MAX_FRAME.min(now - std::mem::replace(&mut runtime.last_frame, now));
        let watched = runtime.sessions.iter_mut().filter_map(|watched| {
            let session = watched.session.upgrade()?;
            let last_poll = session.borrow().last_poll();
            let is_polled = std::mem::replace(&mut watched.last_poll, last_poll) != last_poll;
            let is_on = session.borrow().status() != Status::Disconnected;
            watched.unpolled = if is_on && !is_polled { watched.unpolled + frame } else { Duration::ZERO };
            (watched.unpolled >= UNPOLLED_TIMEOUT).then_some(session)
        });
        watched.collect()
    });
    for session in unpolled {
        session.borrow_mut().close(now);
        drain(&session);
        godot_warn!(
            "SteamMultiplayerPeer: nobody has polled it for {} s, so it has left",
            UNPOLLED_TIMEOUT.as_secs()
        );
    }
}

/// What has happened in lobbies and has not been emitted, oldest first.
pub(crate) fn next_lobby_event() -> Option<LobbyEvent> {
    with(|runtime| runtime.lobby_events.pop_front())
}

/// Closes every session, gives what was put before a moment to go out, and shuts Steam down.
pub(crate) fn shut_down() {
    main_thread::drop_left();
    for session in sessions() {
        session.borrow_mut().close(now());
        drain(&session);
    }
    let deadline = Instant::now() + EXIT_DRAIN_TIMEOUT;
    while poll_draining() && Instant::now() < deadline {
        peer_steam::run_networking_callbacks();
        std::thread::sleep(EXIT_POLL_INTERVAL);
    }
    let draining = with(|runtime| {
        runtime.lobby_events.clear();
        std::mem::take(&mut runtime.draining)
    });
    drop(draining);
    let steam = lock_steam().take();
    drop(steam);
}
