//! What members of a lobby say of themselves and to each other, and invitations to it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{Result, Store, touch};
use crate::steam_id;

/// How many messages a lobby keeps for members that have not looked since.
const MESSAGES: i64 = 256;

/// How many invitations wait for one account; the oldest are dropped.
const INVITATIONS: i64 = 16;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS member_data (
        lobby INTEGER NOT NULL,
        account INTEGER NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (lobby, account, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS message (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        lobby INTEGER NOT NULL,
        account INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS message_in ON message (lobby);
    CREATE TABLE IF NOT EXISTS invitation (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        account INTEGER NOT NULL,
        lobby INTEGER NOT NULL,
        inviter INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS invitation_of ON invitation (account);
";

/// The keys and values of each member of a lobby that has any.
pub(crate) type MemberData = BTreeMap<u32, BTreeMap<String, String>>;

/// A message to the members of a lobby.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Grows with each message of the network.
    pub number: i64,
    /// Who sent it.
    pub account: u32,
    /// What it says.
    pub body: Vec<u8>,
}

/// An invitation to a lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invitation {
    /// Grows with each invitation of the network.
    pub number: i64,
    /// Where to.
    pub lobby: u64,
    /// By whom.
    pub inviter: u32,
}

impl Store {
    /// Sets a key of a member, or removes it. Whether the account is a member.
    pub(crate) fn set_member_data(
        &mut self,
        account: u32,
        lobby: u64,
        key: &str,
        value: Option<&str>,
    ) -> Result<bool> {
        self.as_member(account, lobby, |db, number| {
            let changed = match value {
                Some(value) => db.execute(
                    "INSERT INTO member_data (lobby, account, key, value) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET value = ?4 WHERE value <> ?4",
                    params![number, account, key, value],
                )?,
                None => db.execute(
                    "DELETE FROM member_data WHERE lobby = ? AND account = ? AND key = ?",
                    params![number, account, key],
                )?,
            };
            if changed > 0 { touch(db, number, false) } else { Ok(()) }
        })
    }

    /// Tells the members of a lobby something. Whether the account is one of them.
    pub(crate) fn send_message(&mut self, account: u32, lobby: u64, body: &[u8]) -> Result<bool> {
        self.as_member(account, lobby, |db, number| {
            db.execute(
                "INSERT INTO message (lobby, account, body) VALUES (?, ?, ?)",
                params![number, account, body],
            )?;
            db.execute(
                "DELETE FROM message WHERE lobby = ?1 AND number NOT IN
                     (SELECT number FROM message WHERE lobby = ?1 ORDER BY number DESC LIMIT ?2)",
                params![number, MESSAGES],
            )?;
            touch(db, number, false)
        })
    }

    /// The messages to a lobby after the one with a number, oldest first.
    pub(crate) fn messages_after(&self, lobby: u64, after: i64) -> Result<Vec<Message>> {
        self.db
            .prepare_cached(
                "SELECT number, account, body FROM message WHERE lobby = ? AND number > ? ORDER BY number",
            )?
            .query_map(params![steam_id::lobby_number(lobby), after], |row| {
                Ok(Message { number: row.get(0)?, account: row.get(1)?, body: row.get(2)? })
            })?
            .collect()
    }

    /// Invites an account to a lobby. Whether the one who invites is a member.
    pub(crate) fn invite(&mut self, inviter: u32, lobby: u64, account: u32) -> Result<bool> {
        self.as_member(inviter, lobby, |db, number| {
            db.execute("DELETE FROM invitation WHERE account = ? AND lobby = ?", params![account, number])?;
            db.execute(
                "INSERT INTO invitation (account, lobby, inviter) VALUES (?, ?, ?)",
                params![account, number, inviter],
            )?;
            db.execute(
                "DELETE FROM invitation WHERE account = ?1 AND number NOT IN
                     (SELECT number FROM invitation WHERE account = ?1 ORDER BY number DESC LIMIT ?2)",
                params![account, INVITATIONS],
            )?;
            Ok(())
        })
    }

    /// The invitations of an account to lobbies of a game after the one with a number, oldest first.
    pub(crate) fn invitations_after(&self, account: u32, app: u32, after: i64) -> Result<Vec<Invitation>> {
        self.db
            .prepare_cached(
                "SELECT invitation.number, invitation.lobby, inviter FROM invitation
                 JOIN lobby ON lobby.number = invitation.lobby
                 WHERE account = ? AND app = ? AND invitation.number > ? ORDER BY invitation.number",
            )?
            .query_map(params![account, app, after], |row| {
                let lobby = steam_id::lobby(row.get(1)?);
                Ok(Invitation { number: row.get(0)?, lobby, inviter: row.get(2)? })
            })?
            .collect()
    }

    /// Removes an invitation.
    pub(crate) fn remove_invitation(&mut self, number: i64) -> Result<()> {
        self.db.execute("DELETE FROM invitation WHERE number = ?", [number]).map(drop)
    }

    /// Does something that members may do.
    fn as_member(
        &mut self,
        account: u32,
        lobby: u64,
        action: impl FnOnce(&Transaction<'_>, u32) -> Result<()>,
    ) -> Result<bool> {
        let Some(number) = steam_id::lobby_number(lobby) else {
            return Ok(false);
        };
        self.change(|db| {
            let found = db
                .query_row(
                    "SELECT 1 FROM member WHERE lobby = ? AND account = ?",
                    params![number, account],
                    |_| Ok(()),
                )
                .optional()?;
            match found {
                Some(()) => action(db, number).map(|()| true),
                None => Ok(false),
            }
        })
    }
}

/// The members' data of a lobby.
pub(super) fn member_data(db: &Connection, number: u32) -> Result<MemberData> {
    let mut data = MemberData::new();
    let mut query = db.prepare_cached("SELECT account, key, value FROM member_data WHERE lobby = ?")?;
    let mut rows = query.query([number])?;
    while let Some(row) = rows.next()? {
        data.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    Ok(data)
}

/// The number of the latest message to a lobby, 0 before the first.
pub(super) fn last_message(db: &Connection, number: u32) -> Result<i64> {
    db.prepare_cached("SELECT ifnull(max(number), 0) FROM message WHERE lobby = ?")?
        .query_row([number], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::super::{Run, Store};
    use super::*;

    const ALICE: Run = Run { account: 1, instance: 11 };
    const BOB: Run = Run { account: 2, instance: 12 };

    #[test]
    fn messages_and_invitations_are_bounded_and_go_with_the_lobby() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let lobby = store.create(ALICE, 480, 2, 4).unwrap();
        assert!(!store.send_message(2, lobby, b"no member").unwrap());
        for number in 0..MESSAGES + 10 {
            assert!(store.send_message(1, lobby, &number.to_le_bytes()).unwrap());
        }
        let messages = store.messages_after(lobby, 0).unwrap();
        assert_eq!(messages.len() as i64, MESSAGES);
        assert_eq!(messages[0].body, 10_i64.to_le_bytes());
        assert_eq!(store.lobby(lobby).unwrap().unwrap().last_message, messages.last().unwrap().number);

        let lobbies: Vec<_> = (0..INVITATIONS + 4).map(|_| store.create(BOB, 480, 2, 4).unwrap()).collect();
        for &lobby in lobbies.iter().chain(&lobbies[..1]) {
            assert!(store.invite(2, lobby, 3).unwrap());
        }
        let invitations = store.invitations_after(3, 480, 0).unwrap();
        assert_eq!(invitations.len() as i64, INVITATIONS);
        assert_eq!(invitations.last().unwrap().lobby, lobbies[0]);
        assert_eq!(store.invitations_after(3, 481, 0).unwrap(), []);
        store.leave(2, lobbies[0]).unwrap();
        assert_eq!(store.invitations_after(3, 480, 0).unwrap().len() as i64, INVITATIONS - 1);
    }
}
