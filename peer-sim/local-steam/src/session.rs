//! What is alive between init and shutdown.

use std::collections::VecDeque;
use std::ffi::{CString, c_int};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, JoinHandle};

use crate::callbacks::{Queue, StatusChanged, tail};
use crate::gns::types::{ConnectionInfo, Identity};
use crate::gns::{self, option};
use crate::line_rate;
use crate::liveness::{self, Claim, ClaimError};
use crate::lobbies::Lobbies;
use crate::mailbox::{Datagram, Kind, Mailbox};
use crate::names;
use crate::rendezvous::{self, Incoming};
use crate::settings::{Line, Settings, SettingsError};
use crate::stats::Stats;
use crate::steam_id;
use crate::store::{Run, ok_or_log};
use crate::strict;

/// A running Local Steam.
pub(crate) struct Session {
    /// Our Steam ID.
    pub steam_id: u64,
    /// Our name.
    pub persona: CString,
    /// The game.
    pub app_id: u32,
    /// What the game has not heard yet.
    pub queue: Arc<Queue>,
    lobbies: Mutex<Lobbies>,
    /// Read when they are first asked for.
    stats: Mutex<Option<Stats>>,
    dir: PathBuf,
    woken: Arc<AtomicBool>,
    mailbox: Arc<Mailbox>,
    reader: Mutex<Option<JoinHandle<()>>>,
    /// Last: the account is free once everything else is gone.
    _claim: Claim,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// The environment is at fault.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The account or the network's directory is.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The database cannot be used.
    #[error("the lobbies' database: {0}")]
    Store(#[from] rusqlite::Error),
    /// The mailbox or its thread cannot be made.
    #[error("the mailbox: {0}")]
    Mailbox(#[from] std::io::Error),
    /// The networking sockets refuse.
    #[error("the networking sockets: {0}")]
    Sockets(String),
}

static SESSION: Mutex<Option<Arc<Session>>> = Mutex::new(None);

/// Says once what this is.
static NOTICE: Once = Once::new();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The running session.
pub(crate) fn current() -> Option<Arc<Session>> {
    lock(&SESSION).clone()
}

/// Starts a session; if one runs, that is it.
pub(crate) fn init() -> Result<(), InitError> {
    let mut session = lock(&SESSION);
    if session.is_none() {
        *session = Some(Session::start()?);
    }
    Ok(())
}

/// Ends the session, if one runs.
pub(crate) fn shutdown() {
    // Taken out first: callbacks that run while it ends find none.
    let session = lock(&SESSION).take();
    if let Some(session) = session {
        session.stop();
    }
}

/// A number that nobody can guess or repeat.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl Session {
    fn start() -> Result<Arc<Self>, InitError> {
        let settings = Settings::from_environment()?;
        let dir = liveness::prepare_dir(&settings.dir)?;
        let claim = liveness::claim(&dir, settings.account)?;
        let account = claim.account;
        let run = Run { account, instance: random() };
        let mailbox = Arc::new(Mailbox::open(&dir, account, run.instance)?);
        let queue = Arc::new(Queue::default());
        let lobbies = Lobbies::open(
            run,
            settings.app_id,
            dir.clone(),
            Arc::clone(&mailbox),
            Arc::clone(&queue),
            settings.accepts_invitations,
        )?;

        settings.strict.apply();
        gns::start(&Identity::of(steam_id::user(account))).map_err(InitError::Sockets)?;
        if !(rendezvous::start(Arc::clone(&mailbox))
            && apply_line_faults(settings.line)
            && post_status_changes())
        {
            gns::stop();
            rendezvous::stop();
            return Err(InitError::Sockets("an option was refused".to_owned()));
        }

        let woken = Arc::new(AtomicBool::new(false));
        let reader = {
            let (mailbox, woken) = (Arc::clone(&mailbox), Arc::clone(&woken));
            thread::Builder::new()
                .name("local-steam".to_owned())
                .spawn(move || read_mailbox(&mailbox, &woken))
        };
        let reader = reader.inspect_err(|_| {
            gns::stop();
            rendezvous::stop();
        })?;

        NOTICE.call_once(|| {
            eprintln!(
                "Local Steam: a stand-in for development, not for release (account {account}, network {})",
                dir.display()
            );
        });
        Ok(Arc::new(Self {
            steam_id: steam_id::user(account),
            // Never contains NUL.
            persona: CString::new(names::of(account)).unwrap_or_default(),
            app_id: settings.app_id,
            queue,
            lobbies: Mutex::new(lobbies),
            stats: Mutex::new(None),
            dir,
            woken,
            mailbox,
            reader: Mutex::new(Some(reader)),
            _claim: claim,
        }))
    }

    fn stop(&self) {
        self.lobbies().close();
        self.mailbox.close();
        if let Some(reader) = lock(&self.reader).take() {
            let _ = reader.join();
        }
        gns::stop();
        rendezvous::stop();
    }

    /// Our view of the lobbies.
    pub(crate) fn lobbies(&self) -> MutexGuard<'_, Lobbies> {
        lock(&self.lobbies)
    }

    /// Runs `ask` on our statistics; `None` if they cannot be read.
    pub(crate) fn stats<T>(&self, ask: impl FnOnce(&mut Stats) -> T) -> Option<T> {
        let mut stats = lock(&self.stats);
        if stats.is_none() {
            let account = steam_id::account_of(self.steam_id)?;
            *stats = ok_or_log(Stats::open(&self.dir, self.app_id, account));
        }
        stats.as_mut().map(ask)
    }

    /// Does what is due once a frame.
    pub(crate) fn frame(&self) {
        let woken = self.woken.swap(false, Ordering::AcqRel);
        self.lobbies().frame(woken);
        self.queue.frame();
        if strict::dispatch_passes_on() {
            run_networking_callbacks();
        }
        // What our own callback has posted belongs to this frame.
        self.queue.frame();
    }
}

/// Reads datagrams until the mailbox is closed.
fn read_mailbox(mailbox: &Mailbox, woken: &AtomicBool) {
    // The kernel keeps about ten datagrams, and handing one on may wait for the sockets: so the box is emptied
    // first, every time.
    const MOST_WAITING: usize = 4_096;
    let mut waiting: VecDeque<Datagram> = VecDeque::new();
    let mut incoming = Incoming::default();
    loop {
        let next = if waiting.is_empty() { mailbox.receive() } else { None };
        if waiting.is_empty() && next.is_none() {
            return;
        }
        waiting.extend(next);
        while waiting.len() < MOST_WAITING
            && let Some(datagram) = mailbox.receive_now()
        {
            waiting.push_back(datagram);
        }
        let Some(datagram) = waiting.pop_front() else {
            continue;
        };
        match datagram.kind {
            Kind::Wake => woken.store(true, Ordering::Release),
            Kind::Signal => incoming.deliver(&datagram),
        }
    }
}

/// Passes on the changes of connections that are due: to the game's functions, or to our own below.
pub(crate) fn run_networking_callbacks() {
    if let Some(sockets) = gns::sockets().filter(|_| !strict::hold_back()) {
        // SAFETY: has no preconditions.
        unsafe { sockets.run_callbacks() };
    }
}

/// Asks the sockets for a bad line, in both directions.
fn apply_line_faults(line: Line) -> bool {
    /// The random delay is at most this many times its mean.
    const WORST_JITTER: f32 = 5.0;
    let Line { loss, lag_ms, jitter_ms, rate } = line;
    line_rate::set(rate);
    let jitter = jitter_ms as f32;
    (0..2).all(|way| {
        gns::set_global(option::LOSS[way], gns::TYPE_FLOAT, &loss)
            && gns::set_global(option::LAG[way], gns::TYPE_INT32, &lag_ms)
            && gns::set_global(option::JITTER_MEAN[way], gns::TYPE_FLOAT, &jitter)
            && gns::set_global(option::JITTER_MAX[way], gns::TYPE_FLOAT, &(jitter * WORST_JITTER))
            && gns::set_global(option::JITTER_PERCENT[way], gns::TYPE_FLOAT, &100.0_f32)
    })
}

/// Connections whose game has set no function post their changes as a Steam callback.
pub(crate) fn post_status_changes() -> bool {
    let function = on_status_changed as unsafe extern "C" fn(*const SteamStatusChanged) as usize;
    gns::set_global(option::STATUS_CHANGED, gns::TYPE_PTR, &function)
}

/// `SteamNetConnectionStatusChangedCallback_t`, as the sockets pass it.
#[cfg_attr(windows, repr(C, packed(8)))]
#[cfg_attr(not(windows), repr(C, packed(4)))]
struct SteamStatusChanged {
    connection: u32,
    info: ConnectionInfo,
    old_state: c_int,
}

const _: () = assert!(
    size_of::<SteamStatusChanged>() == size_of::<gns_sys::SteamNetConnectionStatusChangedCallback_t>()
);

unsafe extern "C" fn on_status_changed(change: *const SteamStatusChanged) {
    // SAFETY: the sockets pass a structure that lives until we return.
    let change = unsafe { &*change };
    if let Some(session) = current() {
        // SAFETY: both are 696 bytes without references, and every pattern is a `u32`.
        let info = unsafe { std::mem::transmute_copy::<ConnectionInfo, [u32; 174]>(&{ change.info }) };
        session.queue.post(StatusChanged {
            connection: change.connection,
            pad: tail(),
            info,
            old_state: change.old_state,
            tail: tail(),
        });
    }
}
