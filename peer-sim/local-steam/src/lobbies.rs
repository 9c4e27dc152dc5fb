//! One process's view of its lobbies: what the game asks about, and the callbacks that it gets.
//!
//! The view is read from the store when a datagram says that something changed, and now and then besides, since
//! datagrams may get lost and the dead write none. The difference to the view before becomes Steam's callbacks.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::CString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::callbacks::{
    LobbyChatUpdate, LobbyCreated, LobbyDataUpdate, LobbyEnter, LobbyMatchList, Queue, tail,
};
use crate::lobby_search::Search;
use crate::mailbox::{Kind, Mailbox};
use crate::names::Names;
use crate::store::{self, Change, Joined, Lobby, Run, Store, ok_or_log};
use crate::{liveness, steam_id};

mod social;

use self::social::Social;

/// How often the view is checked without a reason: this soon the dead are noticed.
const CHECK_EVERY: Duration = Duration::from_millis(500);

/// Steam's own limits.
const MOST_MEMBERS: i32 = 250;
const LONGEST_KEY: usize = 255;
const LONGEST_VALUE: usize = 8_192;

/// How many keys a lobby may have, how many lobbies one process may be in, how many that it is not in it
/// remembers, and how many answers to `GetLobbyData` stay valid.
const MOST_KEYS: usize = 256;
const MOST_JOINED: usize = 64;
const MOST_KNOWN: usize = 256;
const MOST_ANSWERS: usize = 256;

/// Steam's `EResult`.
const OK: i32 = 1;
const FAIL: i32 = 2;
const INVALID_PARAM: i32 = 8;
const LIMIT_EXCEEDED: i32 = 25;

/// Steam's `EChatMemberStateChange`.
const ENTERED: u32 = 1;
const LEFT: u32 = 2;
const DISCONNECTED: u32 = 4;

/// Steam's `ELobbyType`: private, friends only, public, invisible. The fifth is made by Steam's web API alone.
const KINDS: std::ops::RangeInclusive<i32> = 0..=3;

/// The lobbies of this process.
pub(crate) struct Lobbies {
    run: Run,
    app: u32,
    dir: PathBuf,
    store: Store,
    mailbox: Arc<Mailbox>,
    queue: Arc<Queue>,
    /// Those it is a member of.
    joined: HashMap<u64, Lobby>,
    /// Those it has heard of by a search or a request, newest last.
    known: VecDeque<Lobby>,
    /// The last search's results.
    found: Vec<u64>,
    /// What the next search asks for.
    pub search: Search,
    answers: VecDeque<CString>,
    checked: Instant,
    social: Social,
    /// Whose names this process knows.
    pub names: Names,
}

impl Lobbies {
    /// Begins with no lobby; what an earlier run of this account left behind is removed.
    pub(crate) fn open(
        run: Run,
        app: u32,
        dir: PathBuf,
        mailbox: Arc<Mailbox>,
        queue: Arc<Queue>,
        accepts_invitations: bool,
    ) -> store::Result<Self> {
        let mut store = Store::open(&dir)?;
        let others = store.runs(None)?;
        if others.iter().any(|other| other.account == run.account) {
            store.reap_predecessors(run)?;
            wake(&mailbox, run, others.iter().map(|other| other.account));
        }
        let social = Social::open(&mut store, run, app, accepts_invitations)?;
        Ok(Self {
            run,
            app,
            dir,
            store,
            mailbox,
            queue,
            joined: HashMap::new(),
            known: VecDeque::new(),
            found: Vec::new(),
            search: Search::default(),
            answers: VecDeque::new(),
            checked: Instant::now(),
            social,
            names: Names::new(run.account),
        })
    }

    /// Once a frame: looks at the store if `woken`, or if it is time.
    pub(crate) fn frame(&mut self, woken: bool) {
        self.names.frame(&self.queue);
        let due = self.checked.elapsed() >= CHECK_EVERY;
        if !woken && !due {
            return;
        }
        if due {
            self.checked = Instant::now();
            if !self.joined.is_empty() {
                self.reap_dead(None);
            }
        }
        self.take_invitations();
        for lobby in self.joined.keys().copied().collect::<Vec<_>>() {
            let seen = self.joined.get(&lobby).map(|view| view.revision);
            // A database that is busy for seconds is asked again in the next frame.
            if ok_or_log(self.store.revision(lobby)).is_some_and(|revision| revision != seen) {
                self.refresh(lobby);
            }
        }
    }

    /// Leaves everything without a word, as a process that ends does.
    pub(crate) fn close(&mut self) {
        let members = self.joined.values().flat_map(|lobby| &lobby.members).map(|member| member.account);
        let members: HashSet<u32> = members.collect();
        if !self.joined.is_empty() && ok_or_log(self.store.reap(self.run)).is_some() {
            wake(&self.mailbox, self.run, members);
        }
        self.joined.clear();
    }

    /// `CreateLobby`
    pub(crate) fn create(&mut self, kind: i32, limit: i32) -> u64 {
        let refused = if !KINDS.contains(&kind) || limit < 1 {
            Some(INVALID_PARAM)
        } else if self.joined.len() >= MOST_JOINED {
            Some(LIMIT_EXCEEDED)
        } else {
            None
        };
        let limit = limit.min(MOST_MEMBERS);
        let created = match refused {
            Some(result) => Err(result),
            None => ok_or_log(self.store.create(self.run, self.app, kind, limit))
                .filter(|&lobby| self.adopt(lobby))
                .ok_or(FAIL),
        };
        match created {
            Ok(lobby) => {
                let call = self.queue.complete(LobbyCreated { result: OK, pad: tail(), lobby });
                self.queue.post(entered(lobby, Joined::Success));
                self.tell_data(lobby, true);
                call
            }
            Err(result) => self.queue.complete(LobbyCreated { result, pad: tail(), lobby: 0 }),
        }
    }

    /// `JoinLobby`
    pub(crate) fn join(&mut self, lobby: u64) -> u64 {
        self.reap_dead(Some(lobby));
        let response = if self.joined.len() >= MOST_JOINED && !self.joined.contains_key(&lobby) {
            Joined::Error
        } else {
            ok_or_log(self.store.join(self.run, self.app, lobby)).unwrap_or(Joined::Error)
        };
        let response = match response {
            Joined::Success if !self.adopt(lobby) => Joined::Error,
            response => response,
        };
        let call = self.queue.complete(entered(lobby, response));
        if response == Joined::Success {
            self.tell_data(lobby, true);
            self.wake_members(lobby);
        }
        call
    }

    /// `LeaveLobby`
    pub(crate) fn leave(&mut self, lobby: u64) {
        let Some(view) = self.joined.remove(&lobby) else {
            return;
        };
        // If the database cannot be written now, the others notice once we end.
        ok_or_log(self.store.leave(self.run.account, lobby));
        wake(&self.mailbox, self.run, view.members.iter().map(|member| member.account));
    }

    /// Changes a lobby that we own.
    pub(crate) fn alter(&mut self, lobby: u64, change: Change<'_>) -> bool {
        let Some(view) = self.joined.get(&lobby) else {
            return false;
        };
        let allowed = match change {
            Change::Data(key, value) => {
                !key.is_empty()
                    && key.len() <= LONGEST_KEY
                    && value.is_none_or(|value| value.len() <= LONGEST_VALUE)
                    && (view.data.contains_key(key) || view.data.len() < MOST_KEYS)
            }
            Change::Limit(limit) => (1..=MOST_MEMBERS).contains(&limit),
            Change::Kind(kind) => KINDS.contains(&kind),
            Change::Owner(_) | Change::Joinable(_) => true,
        };
        if !allowed || !ok_or_log(self.store.alter(self.run.account, lobby, change)).unwrap_or(false) {
            return false;
        }
        self.refresh(lobby);
        self.wake_members(lobby);
        true
    }

    /// `RequestLobbyList`
    pub(crate) fn request_list(&mut self) -> u64 {
        self.reap_dead(None);
        let search = std::mem::take(&mut self.search);
        let lobbies = search.pick(ok_or_log(self.store.open_lobbies(self.app)).unwrap_or_default());
        self.found = lobbies.iter().map(|lobby| lobby.id).collect();
        for lobby in lobbies {
            self.remember(lobby);
        }
        self.queue.complete(LobbyMatchList { count: self.found.len() as u32 })
    }

    /// `GetLobbyByIndex`
    pub(crate) fn found(&self, index: i32) -> u64 {
        usize::try_from(index).ok().and_then(|index| self.found.get(index)).copied().unwrap_or(0)
    }

    /// `RequestLobbyData`
    pub(crate) fn request_data(&mut self, lobby: u64) -> bool {
        self.reap_dead(Some(lobby));
        let Some(read) = ok_or_log(self.store.lobby(lobby)) else {
            return false;
        };
        let read = read.filter(|read| read.app == self.app);
        self.tell_data(lobby, read.is_some());
        if let Some(read) = read
            && !self.joined.contains_key(&lobby)
        {
            self.remember(read);
        }
        true
    }

    /// A lobby that we are in.
    pub(crate) fn joined(&self, lobby: u64) -> Option<&Lobby> {
        self.joined.get(&lobby)
    }

    /// A lobby that we are in, or have heard of.
    pub(crate) fn known(&self, lobby: u64) -> Option<&Lobby> {
        self.joined.get(&lobby).or_else(|| self.known.iter().find(|known| known.id == lobby))
    }

    /// The value of a key as a C string, "" if there is none. It stays valid for the next couple of hundred calls.
    pub(crate) fn answer(&mut self, lobby: u64, key: &str) -> *const std::ffi::c_char {
        let value = self.known(lobby).and_then(|lobby| lobby.data.get(key)).cloned();
        self.lend(value)
    }

    /// A text as a C string that stays valid for the next couple of hundred calls, "" for none.
    fn lend(&mut self, text: Option<String>) -> *const std::ffi::c_char {
        let Some(answer) = text.and_then(|text| CString::new(text).ok()) else {
            return c"".as_ptr();
        };
        if self.answers.len() >= MOST_ANSWERS {
            self.answers.pop_front();
        }
        let pointer = answer.as_ptr();
        self.answers.push_back(answer);
        pointer
    }

    /// Becomes a member in our own view too; if that cannot be, in none.
    fn adopt(&mut self, lobby: u64) -> bool {
        let Some(view) = ok_or_log(self.store.lobby(lobby)).flatten() else {
            ok_or_log(self.store.leave(self.run.account, lobby));
            return false;
        };
        self.known.retain(|known| known.id != lobby);
        self.names.learn(view.members.iter().map(|member| member.account));
        self.joined.insert(lobby, view);
        true
    }

    fn remember(&mut self, lobby: Lobby) {
        self.known.retain(|known| known.id != lobby.id);
        if self.known.len() >= MOST_KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(lobby);
    }

    /// Reads a lobby that we are in again, and tells the game what is different.
    fn refresh(&mut self, lobby: u64) {
        let Some(now) = ok_or_log(self.store.lobby(lobby)) else {
            return;
        };
        // Nobody but ourselves removes us while we live, so this is a directory that was emptied under us.
        let Some(now) = now.filter(|now| now.has(self.run.account)) else {
            self.joined.remove(&lobby);
            return;
        };
        let Some(before) = self.joined.get(&lobby) else {
            return;
        };
        for gone in before.members.iter().filter(|member| !now.members.contains(member)) {
            let by_choice =
                now.departed.iter().any(|departed| departed.member == *gone && departed.by_choice);
            self.queue.post(changed(lobby, gone.account, departure(by_choice)));
        }
        // Who came and went since the last look is seen to do both, as on Steam.
        let seen = before.last_entry();
        for guest in now.departed.iter().filter(|departed| departed.member.entry > seen) {
            self.queue.post(changed(lobby, guest.member.account, ENTERED));
            self.queue.post(changed(lobby, guest.member.account, departure(guest.by_choice)));
        }
        for new in now.members.iter().filter(|member| !before.members.contains(member)) {
            self.queue.post(changed(lobby, new.account, ENTERED));
        }
        if before.data_revision != now.data_revision {
            self.tell_data(lobby, true);
        }
        for member in social::changed_members(before, &now) {
            self.queue.post(data_update(lobby, steam_id::user(member), true));
        }
        let said_before = before.last_message;
        self.names.learn(now.members.iter().map(|member| member.account));
        if said_before != now.last_message {
            self.take_messages(lobby, said_before);
        }
        self.joined.insert(lobby, now);
    }

    /// Removes the memberships of runs that are over: of one lobby, or of all.
    fn reap_dead(&mut self, lobby: Option<u64>) {
        let runs = ok_or_log(self.store.runs(lobby)).unwrap_or_default();
        let dead: Vec<_> = runs
            .iter()
            .filter(|run| run.account != self.run.account && !liveness::is_alive(&self.dir, run.account))
            .collect();
        for run in &dead {
            ok_or_log(self.store.reap(**run));
        }
        if !dead.is_empty() {
            wake(&self.mailbox, self.run, runs.iter().map(|run| run.account));
        }
    }

    fn tell_data(&self, lobby: u64, success: bool) {
        self.queue.post(data_update(lobby, lobby, success));
    }

    fn wake_members(&self, lobby: u64) {
        if let Some(view) = self.joined.get(&lobby) {
            wake(&self.mailbox, self.run, view.members.iter().map(|member| member.account));
        }
    }
}

fn wake(mailbox: &Mailbox, run: Run, accounts: impl IntoIterator<Item = u32>) {
    for account in accounts {
        if account != run.account {
            mailbox.send(account, Kind::Wake, &[]);
        }
    }
}

fn entered(lobby: u64, response: Joined) -> LobbyEnter {
    LobbyEnter { lobby, permissions: 0, locked: 0, pad: [0; 3], response: response as u32, tail: tail() }
}

/// The data of a lobby, or of a member of it, have changed.
fn data_update(lobby: u64, member: u64, success: bool) -> LobbyDataUpdate {
    LobbyDataUpdate { lobby, member, success: success.into(), pad: [0; 3], tail: tail() }
}

fn changed(lobby: u64, account: u32, change: u32) -> LobbyChatUpdate {
    let changed = steam_id::user(account);
    LobbyChatUpdate { lobby, changed, making_change: changed, change, tail: tail() }
}

/// How the others see a departure.
fn departure(by_choice: bool) -> u32 {
    if by_choice { LEFT } else { DISCONNECTED }
}
