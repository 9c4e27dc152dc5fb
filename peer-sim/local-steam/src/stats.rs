//! Statistics and achievements of the accounts of one network, as a game stores them.
//!
//! Steam knows which ones a game has, from the game's page, and refuses other names. Nobody has told this library: every
//! name is taken, and one that was never set is 0, or not achieved.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::CString;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};

use crate::store::{self, Result};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS stat (
        app INTEGER NOT NULL,
        account INTEGER NOT NULL,
        name TEXT NOT NULL,
        is_float INTEGER NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (app, account, name)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS achievement (
        app INTEGER NOT NULL,
        account INTEGER NOT NULL,
        name TEXT NOT NULL,
        unlocked INTEGER NOT NULL,
        PRIMARY KEY (app, account, name)
    ) WITHOUT ROWID;
";

/// Steam's longest name, in bytes.
pub(crate) const LONGEST_NAME: usize = 127;

/// How many statistics, and how many achievements, an account may have; of how many other users they are remembered; how many
/// texts that were given to the game stay valid.
const MOST: usize = 4_096;
const MOST_USERS: usize = 64;
const MOST_ANSWERS: usize = 256;

/// A statistic: Steam's are of one type or the other, for good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// A whole number.
    Int(i32),
    /// Any number.
    Float(f32),
}

/// What one account has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    stats: BTreeMap<String, Value>,
    /// When each achievement was unlocked, in seconds since 1970; 0 if it is locked.
    achievements: BTreeMap<String, u32>,
}

impl Record {
    /// A whole number; `None` if it is not one.
    pub(crate) fn int(&self, name: &str) -> Option<i32> {
        match self.stats.get(name) {
            None => Some(0),
            Some(Value::Int(value)) => Some(*value),
            Some(Value::Float(_)) => None,
        }
    }

    /// A number; `None` if it is a whole one.
    pub(crate) fn float(&self, name: &str) -> Option<f32> {
        match self.stats.get(name) {
            None => Some(0.0),
            Some(Value::Float(value)) => Some(*value),
            Some(Value::Int(_)) => None,
        }
    }

    /// When an achievement was unlocked; 0 if it is locked.
    pub(crate) fn unlocked(&self, name: &str) -> u32 {
        self.achievements.get(name).copied().unwrap_or_default()
    }
}

/// The statistics of this process's account, and of others that were asked for.
pub(crate) struct Stats {
    db: Connection,
    app: u32,
    account: u32,
    own: Record,
    /// Achievements that were unlocked, and are not stored.
    new: BTreeSet<String>,
    others: BTreeMap<u32, Record>,
    answers: VecDeque<CString>,
}

impl Stats {
    /// Reads what is stored.
    pub(crate) fn open(dir: &Path, app: u32, account: u32) -> Result<Self> {
        let db = store::open(&dir.join("stats-1.sqlite"), SCHEMA)?;
        let own = load(&db, app, account)?;
        let (new, others, answers) = Default::default();
        Ok(Self { db, app, account, own, new, others, answers })
    }

    /// What an account has: this process's own, or that of another that was read by [`Stats::read`].
    pub(crate) fn record(&self, account: u32) -> Option<&Record> {
        if account == self.account { Some(&self.own) } else { self.others.get(&account) }
    }

    /// Reads what another account has stored; whether that is anything.
    pub(crate) fn read(&mut self, account: u32) -> Result<bool> {
        if account == self.account {
            return Ok(true);
        }
        let record = load(&self.db, self.app, account)?;
        if record == Record::default() {
            return Ok(false);
        }
        if self.others.len() >= MOST_USERS {
            self.others.pop_first();
        }
        self.others.insert(account, record);
        Ok(true)
    }

    /// Sets a statistic, until [`Stats::store`] in this process only. Not if it is of the other type.
    pub(crate) fn set(&mut self, name: &str, value: Value) -> bool {
        let is_room = self.own.stats.len() < MOST;
        let fits = match self.own.stats.get(name) {
            Some(old) => std::mem::discriminant(old) == std::mem::discriminant(&value),
            None => is_room && is_name(name),
        };
        if fits {
            self.own.stats.insert(name.to_owned(), value);
        }
        fits
    }

    /// Unlocks an achievement, or locks it again; until [`Stats::store`] in this process only.
    pub(crate) fn achieve(&mut self, name: &str, is_unlocked: bool) -> bool {
        let is_room = self.own.achievements.len() < MOST;
        if !is_name(name) || !(is_room || self.own.achievements.contains_key(name)) {
            return false;
        }
        let unlocked = self.own.achievements.entry(name.to_owned()).or_default();
        if !is_unlocked {
            *unlocked = 0;
            self.new.remove(name);
        } else if *unlocked == 0 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs());
            *unlocked = now as u32;
            self.new.insert(name.to_owned());
        }
        true
    }

    /// Forgets everything, until [`Stats::store`] in this process only.
    pub(crate) fn reset(&mut self, achievements_too: bool) {
        for value in self.own.stats.values_mut() {
            *value = match value {
                Value::Int(_) => Value::Int(0),
                Value::Float(_) => Value::Float(0.0),
            };
        }
        if achievements_too {
            self.own.achievements.values_mut().for_each(|unlocked| *unlocked = 0);
            self.new.clear();
        }
    }

    /// Stores everything; the achievements that are new.
    pub(crate) fn store(&mut self) -> Result<BTreeSet<String>> {
        let transaction = self.db.transaction()?;
        for (name, value) in &self.own.stats {
            let (is_float, value) = match *value {
                Value::Int(value) => (false, f64::from(value)),
                Value::Float(value) => (true, f64::from(value)),
            };
            transaction
                .prepare_cached("INSERT OR REPLACE INTO stat VALUES (?, ?, ?, ?, ?)")?
                .execute(params![self.app, self.account, name, is_float, value])?;
        }
        for (name, unlocked) in &self.own.achievements {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO achievement VALUES (?, ?, ?, ?)")?
                .execute(params![self.app, self.account, name, unlocked])?;
        }
        transaction.commit()?;
        Ok(std::mem::take(&mut self.new))
    }

    /// How many achievements this account has heard of.
    pub(crate) fn count(&self) -> usize {
        self.own.achievements.len()
    }

    /// The name of one of them, as a text that stays valid for a while.
    pub(crate) fn name(&mut self, index: usize) -> Option<&CString> {
        let name = CString::new(self.own.achievements.keys().nth(index)?.as_str()).ok()?;
        if self.answers.len() >= MOST_ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back(name);
        self.answers.back()
    }
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
}

fn load(db: &Connection, app: u32, account: u32) -> Result<Record> {
    let stats = db
        .prepare_cached("SELECT name, is_float, value FROM stat WHERE app = ? AND account = ?")?
        .query_map([app, account], |row| {
            let value: f64 = row.get(2)?;
            let value = if row.get(1)? { Value::Float(value as f32) } else { Value::Int(value as i32) };
            Ok((row.get(0)?, value))
        })?
        .collect::<Result<_>>()?;
    let achievements = db
        .prepare_cached("SELECT name, unlocked FROM achievement WHERE app = ? AND account = ?")?
        .query_map([app, account], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    Ok(Record { stats, achievements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_there_the_next_time_and_for_others() {
        let dir = tempfile::tempdir().unwrap();
        let mut stats = Stats::open(dir.path(), 480, 1).unwrap();
        assert!(stats.set("wins", Value::Int(i32::MIN)) && stats.set("accuracy", Value::Float(0.1)));
        assert!(!stats.set("wins", Value::Float(1.0)), "of another type");
        assert!(
            stats.achieve("FIRST", true) && stats.achieve("SECOND", true) && stats.achieve("SECOND", false)
        );
        assert!(!stats.achieve(&"x".repeat(LONGEST_NAME + 1), true));
        assert_eq!(stats.store().unwrap(), BTreeSet::from(["FIRST".to_owned()]));
        assert!(stats.store().unwrap().is_empty(), "told once");
        stats.set("wins", Value::Int(7));
        drop(stats);

        let stats = Stats::open(dir.path(), 480, 1).unwrap();
        let own = stats.record(1).unwrap();
        assert_eq!((own.int("wins"), own.float("accuracy")), (Some(i32::MIN), Some(0.1)), "7 was not stored");
        assert_eq!((own.float("wins"), own.int("never set")), (None, Some(0)));
        assert!(own.unlocked("FIRST") > 0 && own.unlocked("SECOND") == 0);

        let mut other = Stats::open(dir.path(), 480, 2).unwrap();
        assert!(!other.read(3).unwrap() && other.read(1).unwrap());
        assert!(other.record(1).unwrap().unlocked("FIRST") > 0 && other.record(3).is_none());
        assert!(!Stats::open(dir.path(), 481, 2).unwrap().read(1).unwrap(), "another game's");
    }
}
