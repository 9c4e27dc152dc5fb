//! The lobbies of one network: a small database that all its processes read and write.
//!
//! `SQLite` in write-ahead mode: each change is a transaction, so a process that is killed in the middle of one
//! leaves nothing half done. What a process leaves behind when it dies are its memberships; each names the run
//! that made it, and whoever notices that the run is over removes them ([`Store::reap`]).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::steam_id;

mod social;

pub(crate) use self::social::{MemberData, Message};

/// How long a change waits for another process's. Changes take about a millisecond.
const BUSY: Duration = Duration::from_secs(5);

/// How many departures are remembered per lobby, for members that have not looked since.
const DEPARTURES: i64 = 64;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS lobby (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        app INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        member_limit INTEGER NOT NULL,
        joinable INTEGER NOT NULL,
        owner INTEGER NOT NULL,
        revision INTEGER NOT NULL DEFAULT 1,
        data_revision INTEGER NOT NULL DEFAULT 1
    );
    CREATE TABLE IF NOT EXISTS member (
        entry INTEGER PRIMARY KEY AUTOINCREMENT,
        lobby INTEGER NOT NULL,
        account INTEGER NOT NULL,
        instance INTEGER NOT NULL,
        UNIQUE (lobby, account)
    );
    CREATE TABLE IF NOT EXISTS departed (
        entry INTEGER PRIMARY KEY,
        lobby INTEGER NOT NULL,
        account INTEGER NOT NULL,
        by_choice INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS departed_from ON departed (lobby);
    CREATE TABLE IF NOT EXISTS data (
        lobby INTEGER NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (lobby, key)
    ) WITHOUT ROWID;
";

/// Results of the database.
pub(crate) type Result<T> = rusqlite::Result<T>;

/// A lobby, as it was when it was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lobby {
    /// Its Steam ID.
    pub id: u64,
    /// The game it belongs to.
    pub app: u32,
    /// Steam's `ELobbyType`.
    pub kind: i32,
    /// Most members it takes.
    pub limit: i32,
    /// Whether anyone may join.
    pub joinable: bool,
    /// Account of its owner.
    pub owner: u32,
    /// Grows with every change.
    pub revision: i64,
    /// Grows with every change that Steam reports as one of the lobby's data: owner, type, limit and joinable too.
    pub data_revision: i64,
    /// Its members in the order they came.
    pub members: Vec<Member>,
    /// The last to have left, in the order they had come.
    pub departed: Vec<Departed>,
    /// The game's own keys and values.
    pub data: BTreeMap<String, String>,
    /// Those of its members.
    pub member_data: MemberData,
    /// Number of the latest message to its members.
    pub last_message: i64,
}

impl Lobby {
    /// Number of the latest stay that is known of.
    pub(crate) fn last_entry(&self) -> i64 {
        let member = self.members.last().map_or(0, |member| member.entry);
        let departed = self.departed.last().map_or(0, |departed| departed.member.entry);
        member.max(departed)
    }

    /// Whether an account is a member.
    pub(crate) fn has(&self, account: u32) -> bool {
        self.members.iter().any(|member| member.account == account)
    }
}

/// One stay of someone in a lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    /// Number of the stay: someone who leaves and returns has another.
    pub entry: i64,
    /// Who.
    pub account: u32,
}

/// A stay that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Departed {
    /// The stay.
    pub member: Member,
    /// Whether it ended by the member's own word.
    pub by_choice: bool,
}

/// How an attempt to join ended, with Steam's `EChatRoomEnterResponse` as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Joined {
    /// In, or was in already.
    Success = 1,
    /// There is no such lobby, or it is another game's.
    DoesntExist = 2,
    /// It does not take anyone now.
    NotAllowed = 3,
    /// It has as many members as it takes.
    Full = 4,
    /// The database failed.
    Error = 5,
}

/// A process of the network: an account, and which run of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// The account.
    pub account: u32,
    /// Another number each time the account's process starts.
    pub instance: u64,
}

/// A change of a lobby that its owner asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// Sets a key, or removes it.
    Data(&'a str, Option<&'a str>),
    /// Hands the lobby to another member.
    Owner(u32),
    /// Sets the most members it takes.
    Limit(i32),
    /// Opens or closes it.
    Joinable(bool),
    /// Sets its type.
    Kind(i32),
}

/// Opens a database that several processes use, creating it if need be.
pub(crate) fn open(file: &Path, schema: &str) -> Result<Connection> {
    let db = Connection::open(file)?;
    db.busy_timeout(BUSY)?;
    // The first process to open it switches the journal, for which it needs the file to itself. SQLite
    // answers "busy" at once where waiting could deadlock, as it could when two begin together.
    retry(|| db.pragma_update(None, "journal_mode", "WAL"))?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    retry(|| db.execute_batch(&format!("BEGIN IMMEDIATE; {schema} COMMIT;")))?;
    Ok(db)
}

/// An open database.
pub(crate) struct Store {
    db: Connection,
}

impl Store {
    /// Opens the network's database, creating it if need be.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        // The layout is part of the name: two versions of this library do not share lobbies, and do not fail.
        Ok(Self { db: open(&dir.join("lobbies-2.sqlite"), &format!("{SCHEMA} {}", social::SCHEMA))? })
    }

    fn change<T>(&mut self, change: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = change(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Creates a lobby with one member, who owns it.
    pub(crate) fn create(&mut self, run: Run, app: u32, kind: i32, limit: i32) -> Result<u64> {
        self.change(|db| {
            db.execute(
                "INSERT INTO lobby (app, kind, member_limit, joinable, owner) VALUES (?, ?, ?, 1, ?)",
                params![app, kind, limit, run.account],
            )?;
            let number = u32::try_from(db.last_insert_rowid())
                .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, i64::MAX))?;
            add_member(db, number, run)?;
            Ok(steam_id::lobby(number))
        })
    }

    /// Lets someone in, if the lobby is there, open and not full.
    pub(crate) fn join(&mut self, run: Run, app: u32, lobby: u64) -> Result<Joined> {
        let Some(number) = steam_id::lobby_number(lobby) else {
            return Ok(Joined::DoesntExist);
        };
        self.change(|db| {
            let Some((joinable, limit)) = db
                .query_row(
                    "SELECT joinable, member_limit FROM lobby WHERE number = ? AND app = ?",
                    params![number, app],
                    |row| Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?)),
                )
                .optional()?
            else {
                return Ok(Joined::DoesntExist);
            };
            let (count, present): (i64, bool) = db.query_row(
                "SELECT count(*), ifnull(max(account = ?), 0) FROM member WHERE lobby = ?",
                params![run.account, number],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if present {
                return Ok(Joined::Success);
            }
            if !joinable {
                return Ok(Joined::NotAllowed);
            }
            if count >= limit {
                return Ok(Joined::Full);
            }
            add_member(db, number, run)?;
            touch(db, number, false)?;
            Ok(Joined::Success)
        })
    }

    /// Removes a member who says so.
    pub(crate) fn leave(&mut self, account: u32, lobby: u64) -> Result<()> {
        let Some(number) = steam_id::lobby_number(lobby) else {
            return Ok(());
        };
        self.change(|db| {
            let entry = db
                .query_row(
                    "SELECT entry FROM member WHERE lobby = ? AND account = ?",
                    params![number, account],
                    |row| row.get::<_, i64>(0),
                )
                .optional()?;
            let Some(entry) = entry else {
                return Ok(());
            };
            remove_member(db, number, Member { entry, account }, true)
        })
    }

    /// Removes every membership of a run, without a word to the others: they see a disconnect.
    pub(crate) fn reap(&mut self, run: Run) -> Result<()> {
        self.remove_memberships(run.account, |instance| instance == run.instance)
    }

    /// Removes memberships that earlier runs of an account left behind.
    pub(crate) fn reap_predecessors(&mut self, run: Run) -> Result<()> {
        self.remove_memberships(run.account, |instance| instance != run.instance)
    }

    fn remove_memberships(&mut self, account: u32, of: impl Fn(u64) -> bool) -> Result<()> {
        self.change(|db| {
            let mut query =
                db.prepare_cached("SELECT lobby, entry, instance FROM member WHERE account = ?")?;
            let rows = query
                .query_map([account], |row| {
                    Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
                })?
                .collect::<Result<Vec<_>>>()?;
            for (number, entry, instance) in rows {
                if of(instance.cast_unsigned()) {
                    remove_member(db, number, Member { entry, account }, false)?;
                }
            }
            Ok(())
        })
    }

    /// Changes a lobby, if `owner` owns it (and, for a new owner, that is a member). Whether it did, or there was
    /// nothing to change.
    pub(crate) fn alter(&mut self, owner: u32, lobby: u64, change: Change<'_>) -> Result<bool> {
        let Some(number) = steam_id::lobby_number(lobby) else {
            return Ok(false);
        };
        self.change(|db| {
            let owns = db
                .query_row(
                    "SELECT 1 FROM lobby WHERE number = ? AND owner = ?",
                    params![number, owner],
                    |_| Ok(()),
                )
                .optional()?
                .is_some();
            if !owns {
                return Ok(false);
            }
            let changed = match change {
                Change::Data(key, Some(value)) => db.execute(
                    "INSERT INTO data (lobby, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET value = ?3 WHERE value <> ?3",
                    params![number, key, value],
                )?,
                Change::Data(key, None) => {
                    db.execute("DELETE FROM data WHERE lobby = ? AND key = ?", params![number, key])?
                }
                Change::Owner(account) => {
                    let member = db
                        .query_row(
                            "SELECT 1 FROM member WHERE lobby = ? AND account = ?",
                            params![number, account],
                            |_| Ok(()),
                        )
                        .optional()?
                        .is_some();
                    if !member {
                        return Ok(false);
                    }
                    db.execute(
                        "UPDATE lobby SET owner = ?1 WHERE number = ?2 AND owner <> ?1",
                        params![account, number],
                    )?
                }
                Change::Limit(limit) => db.execute(
                    "UPDATE lobby SET member_limit = ?1 WHERE number = ?2 AND member_limit <> ?1",
                    params![limit, number],
                )?,
                Change::Joinable(joinable) => db.execute(
                    "UPDATE lobby SET joinable = ?1 WHERE number = ?2 AND joinable <> ?1",
                    params![joinable, number],
                )?,
                Change::Kind(kind) => db.execute(
                    "UPDATE lobby SET kind = ?1 WHERE number = ?2 AND kind <> ?1",
                    params![kind, number],
                )?,
            };
            if changed > 0 {
                touch(db, number, true)?;
            }
            Ok(true)
        })
    }

    /// A lobby with everything in it.
    pub(crate) fn lobby(&self, lobby: u64) -> Result<Option<Lobby>> {
        let Some(number) = steam_id::lobby_number(lobby) else {
            return Ok(None);
        };
        // One read transaction, so that the parts belong together.
        let db = self.db.unchecked_transaction()?;
        let found = db
            .prepare_cached(
                "SELECT app, kind, member_limit, joinable, owner, revision, data_revision
                 FROM lobby WHERE number = ?",
            )?
            .query_row([number], |row| {
                Ok(Lobby {
                    id: lobby,
                    app: row.get(0)?,
                    kind: row.get(1)?,
                    limit: row.get(2)?,
                    joinable: row.get(3)?,
                    owner: row.get(4)?,
                    revision: row.get(5)?,
                    data_revision: row.get(6)?,
                    members: Vec::new(),
                    departed: Vec::new(),
                    data: BTreeMap::new(),
                    member_data: MemberData::new(),
                    last_message: 0,
                })
            })
            .optional()?;
        let Some(mut found) = found else {
            return Ok(None);
        };
        found.members = db
            .prepare_cached("SELECT entry, account FROM member WHERE lobby = ? ORDER BY entry")?
            .query_map([number], |row| Ok(Member { entry: row.get(0)?, account: row.get(1)? }))?
            .collect::<Result<_>>()?;
        found.departed = db
            .prepare_cached("SELECT entry, account, by_choice FROM departed WHERE lobby = ? ORDER BY entry")?
            .query_map([number], |row| {
                let member = Member { entry: row.get(0)?, account: row.get(1)? };
                Ok(Departed { member, by_choice: row.get(2)? })
            })?
            .collect::<Result<_>>()?;
        found.data = db
            .prepare_cached("SELECT key, value FROM data WHERE lobby = ?")?
            .query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_>>()?;
        found.member_data = social::member_data(&db, number)?;
        found.last_message = social::last_message(&db, number)?;
        Ok(Some(found))
    }

    /// The revision of a lobby, if it is there.
    pub(crate) fn revision(&self, lobby: u64) -> Result<Option<i64>> {
        self.db
            .prepare_cached("SELECT revision FROM lobby WHERE number = ?")?
            .query_row([steam_id::lobby_number(lobby)], |row| row.get(0))
            .optional()
    }

    /// A game's lobbies that are open, not full and of a type that searches find, oldest first.
    pub(crate) fn open_lobbies(&self, app: u32) -> Result<Vec<Lobby>> {
        let numbers = self
            .db
            .prepare_cached(
                "SELECT number FROM lobby
                 WHERE app = ? AND joinable AND kind IN (2, 3)
                     AND member_limit > (SELECT count(*) FROM member WHERE member.lobby = number)
                 ORDER BY number",
            )?
            .query_map([app], |row| row.get::<_, u32>(0))?
            .collect::<Result<Vec<_>>>()?;
        let lobbies = numbers.into_iter().map(|number| self.lobby(steam_id::lobby(number)));
        Ok(lobbies.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Every run that is a member somewhere: of one lobby, or of any.
    pub(crate) fn runs(&self, lobby: Option<u64>) -> Result<Vec<Run>> {
        self.db
            .prepare_cached("SELECT DISTINCT account, instance FROM member WHERE lobby = ?1 OR ?1 IS NULL")?
            .query_map([lobby.map(|lobby| steam_id::lobby_number(lobby).unwrap_or(0))], |row| {
                Ok(Run { account: row.get(0)?, instance: row.get::<_, i64>(1)?.cast_unsigned() })
            })?
            .collect()
    }
}

/// A result, or a line on stderr: the game only learns that something failed, not what.
pub(crate) fn ok_or_log<T>(result: Result<T>) -> Option<T> {
    /// Enough to see what is wrong.
    const MOST_LINES: u32 = 20;
    static LINES: AtomicU32 = AtomicU32::new(0);
    result
        .inspect_err(|error| {
            if LINES.fetch_add(1, Ordering::Relaxed) < MOST_LINES {
                eprintln!("Local Steam: the lobbies' database: {error}");
            }
        })
        .ok()
}

/// Repeats what `SQLite` calls busy without having waited.
fn retry<T>(attempt: impl Fn() -> Result<T>) -> Result<T> {
    let deadline = std::time::Instant::now() + BUSY;
    loop {
        match attempt() {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if matches!(
                    error.code,
                    rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked
                ) && std::time::Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

fn add_member(db: &Transaction<'_>, number: u32, run: Run) -> Result<()> {
    db.execute(
        "INSERT INTO member (lobby, account, instance) VALUES (?, ?, ?)",
        params![number, run.account, run.instance.cast_signed()],
    )?;
    Ok(())
}

/// Removes a stay; the longest-standing member inherits a lobby from its owner, and an empty lobby is gone.
fn remove_member(db: &Transaction<'_>, number: u32, member: Member, by_choice: bool) -> Result<()> {
    let Member { entry, account } = member;
    db.execute("DELETE FROM member WHERE entry = ?", [entry])?;
    db.execute("DELETE FROM member_data WHERE lobby = ? AND account = ?", params![number, account])?;
    db.execute(
        "INSERT INTO departed (entry, lobby, account, by_choice) VALUES (?, ?, ?, ?)",
        params![entry, number, account, by_choice],
    )?;
    db.execute(
        "DELETE FROM departed WHERE lobby = ?1 AND entry NOT IN
             (SELECT entry FROM departed WHERE lobby = ?1 ORDER BY entry DESC LIMIT ?2)",
        params![number, DEPARTURES],
    )?;
    let heir = db
        .query_row("SELECT account FROM member WHERE lobby = ? ORDER BY entry LIMIT 1", [number], |row| {
            row.get::<_, u32>(0)
        })
        .optional()?;
    let Some(heir) = heir else {
        for statement in [
            "DELETE FROM lobby WHERE number = ?",
            "DELETE FROM data WHERE lobby = ?",
            "DELETE FROM departed WHERE lobby = ?",
            "DELETE FROM message WHERE lobby = ?",
            "DELETE FROM invitation WHERE lobby = ?",
        ] {
            db.execute(statement, [number])?;
        }
        return Ok(());
    };
    let inherited = db.execute(
        "UPDATE lobby SET owner = ? WHERE number = ? AND owner = ?",
        params![heir, number, account],
    )?;
    touch(db, number, inherited > 0)
}

fn touch(db: &Transaction<'_>, number: u32, data: bool) -> Result<()> {
    db.execute(
        "UPDATE lobby SET revision = revision + 1, data_revision = data_revision + ? WHERE number = ?",
        params![data, number],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Run = Run { account: 1, instance: 11 };
    const BOB: Run = Run { account: 2, instance: u64::MAX };

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        (dir, store)
    }

    #[test]
    fn a_stay_is_ended_by_its_own_run_only() {
        let (_dir, mut store) = store();
        let lobby = store.create(ALICE, 480, 2, 4).unwrap();
        store.join(BOB, 480, lobby).unwrap();
        assert_eq!(store.runs(None).unwrap(), [ALICE, BOB]);
        store.reap(Run { instance: 7, ..BOB }).unwrap();
        assert!(store.lobby(lobby).unwrap().unwrap().has(2));
        store.reap(BOB).unwrap();
        let read = store.lobby(lobby).unwrap().unwrap();
        assert!(!read.has(2));
        assert!(!read.departed[0].by_choice);
        store.reap_predecessors(ALICE).unwrap();
        assert!(store.lobby(lobby).unwrap().is_some());
        store.reap_predecessors(Run { instance: 12, ..ALICE }).unwrap();
        assert_eq!(store.lobby(lobby).unwrap(), None);
    }

    #[test]
    fn an_empty_lobby_leaves_nothing_behind() {
        let (_dir, mut store) = store();
        let lobby = store.create(ALICE, 480, 2, 4).unwrap();
        assert!(store.alter(1, lobby, Change::Data("key", Some("value"))).unwrap());
        assert!(store.set_member_data(1, lobby, "key", Some("value")).unwrap());
        assert!(store.send_message(1, lobby, b"hello").unwrap());
        assert!(store.invite(1, lobby, 2).unwrap());
        store.leave(1, lobby).unwrap();
        for table in ["lobby", "member", "departed", "data", "member_data", "message", "invitation"] {
            let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            let rows = store.db.query_row(&format!("SELECT count(*) FROM {table}"), [], count).unwrap();
            assert_eq!(rows, 0, "{table}");
        }
        // Its number is not given out again.
        assert_ne!(store.create(ALICE, 480, 2, 4).unwrap(), lobby);
    }

    #[test]
    fn departures_are_remembered_up_to_a_bound() {
        let (_dir, mut store) = store();
        let lobby = store.create(ALICE, 480, 2, 4).unwrap();
        for _ in 0..DEPARTURES + 10 {
            assert_eq!(store.join(BOB, 480, lobby).unwrap(), Joined::Success);
            store.leave(2, lobby).unwrap();
        }
        assert_eq!(store.lobby(lobby).unwrap().unwrap().departed.len() as i64, DEPARTURES);
    }

    #[test]
    fn many_may_open_it_at_once() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for account in 1..=16 {
                let dir = dir.path();
                scope.spawn(move || {
                    let mut store = Store::open(dir).unwrap();
                    store.create(Run { account, instance: 1 }, 480, 2, 4).unwrap();
                });
            }
        });
        assert_eq!(Store::open(dir.path()).unwrap().open_lobbies(480).unwrap().len(), 16);
    }
}
