//! Chat, members' data and invitations, in one process's view.

use std::collections::VecDeque;
use std::ffi::c_char;
use std::time::{Duration, Instant};

use super::{LONGEST_KEY, LONGEST_VALUE, Lobbies, MOST_KEYS, wake};
use crate::callbacks::{JoinRequested, LobbyChatMessage, LobbyInvite};
use crate::store::{self, Lobby, Message, Run, Store, ok_or_log};
use crate::strict::{self, Behaviour};
use crate::{names, steam_id};

/// "Up to 4k", Steam says.
const LONGEST_MESSAGE: usize = 4_096;

/// How many messages the game may still read.
const MOST_MESSAGES: usize = 256;

/// How long a message is refused after another, where chat is slow.
const MESSAGE_INTERVAL: Duration = Duration::from_secs(1);

/// `k_EChatEntryTypeChatMsg`
const CHAT_MESSAGE: u8 = 1;

/// What this process has heard, and whether it accepts invitations.
pub(super) struct Social {
    messages: VecDeque<(u64, Message)>,
    last_sent: Option<Instant>,
    accepts_invitations: bool,
    /// Number of the latest invitation that it knows of.
    last_invitation: i64,
    /// What Steam passes to a game that it starts.
    command_line: String,
}

impl Social {
    /// A session starts. An invitation that came before and is accepted is the reason why.
    pub(super) fn open(
        store: &mut Store,
        run: Run,
        app: u32,
        accepts_invitations: bool,
    ) -> store::Result<Self> {
        let latest = store.invitations_after(run.account, app, 0)?.pop();
        let mut command_line = String::new();
        if let Some(latest) = latest.filter(|_| accepts_invitations) {
            command_line = format!("+connect_lobby {}", latest.lobby);
            store.remove_invitation(latest.number)?;
        }
        Ok(Self {
            messages: VecDeque::new(),
            last_sent: None,
            accepts_invitations,
            last_invitation: latest.map_or(0, |latest| latest.number),
            command_line,
        })
    }
}

impl Lobbies {
    /// `GetLobbyMemberData`; as with [`Lobbies::answer`].
    pub(crate) fn member_answer(&mut self, lobby: u64, account: u32, key: &str) -> *const c_char {
        let data = self.joined(lobby).and_then(|lobby| lobby.member_data.get(&account));
        let value = data.and_then(|data| data.get(key)).cloned();
        self.lend(value)
    }

    /// `SetLobbyMemberData`, which tells nobody whether it did.
    pub(crate) fn set_member_data(&mut self, lobby: u64, key: &str, value: &str) {
        let account = self.run.account;
        let Some(view) = self.joined(lobby) else {
            return;
        };
        let has_room = view
            .member_data
            .get(&account)
            .is_none_or(|data| data.contains_key(key) || data.len() < MOST_KEYS);
        let is_allowed =
            has_room && !key.is_empty() && key.len() <= LONGEST_KEY && value.len() <= LONGEST_VALUE;
        let value = Some(value).filter(|value| !value.is_empty());
        if is_allowed && ok_or_log(self.store.set_member_data(account, lobby, key, value)) == Some(true) {
            self.refresh(lobby);
            self.wake_members(lobby);
        }
    }

    /// `SendLobbyChatMsg`
    pub(crate) fn send_message(&mut self, lobby: u64, body: &[u8]) -> bool {
        let is_too_soon = strict::is(Behaviour::SlowChat)
            && self.social.last_sent.is_some_and(|sent| sent.elapsed() < MESSAGE_INTERVAL);
        let is_allowed = !body.is_empty() && body.len() <= LONGEST_MESSAGE && !is_too_soon;
        if !is_allowed
            || self.joined(lobby).is_none()
            || ok_or_log(self.store.send_message(self.run.account, lobby, body)) != Some(true)
        {
            return false;
        }
        self.social.last_sent = Some(Instant::now());
        self.refresh(lobby);
        self.wake_members(lobby);
        true
    }

    /// Reads messages that have come, and tells the game.
    pub(super) fn take_messages(&mut self, lobby: u64, after: i64) {
        for message in ok_or_log(self.store.messages_after(lobby, after)).unwrap_or_default() {
            self.queue.post(LobbyChatMessage {
                lobby,
                user: steam_id::user(message.account),
                kind: CHAT_MESSAGE,
                pad: [0; 3],
                number: message.number as u32,
            });
            if self.social.messages.len() >= MOST_MESSAGES {
                self.social.messages.pop_front();
            }
            self.social.messages.push_back((lobby, message));
        }
    }

    /// A message that the game has been told of.
    pub(crate) fn message(&self, lobby: u64, number: i32) -> Option<&Message> {
        let mut messages = self.social.messages.iter();
        let found = messages.find(|(of, message)| *of == lobby && message.number as i32 == number);
        found.map(|(_, message)| message)
    }

    /// `InviteUserToLobby`
    pub(crate) fn invite(&mut self, lobby: u64, account: u32) -> bool {
        let is_sent = self.joined(lobby).is_some()
            && ok_or_log(self.store.invite(self.run.account, lobby, account)) == Some(true);
        if is_sent {
            wake(&self.mailbox, self.run, [account]);
        }
        is_sent
    }

    /// Reads invitations that have come.
    pub(super) fn take_invitations(&mut self) {
        let account = self.run.account;
        let read = self.store.invitations_after(account, self.app, self.social.last_invitation);
        for invitation in ok_or_log(read).unwrap_or_default() {
            let (lobby, friend) = (invitation.lobby, steam_id::user(invitation.inviter));
            self.social.last_invitation = invitation.number;
            self.queue.post(LobbyInvite { user: friend, lobby, game: self.app.into() });
            if self.social.accepts_invitations {
                ok_or_log(self.store.remove_invitation(invitation.number));
                self.queue.post(JoinRequested { lobby, friend });
            } else {
                eprintln!(
                    "Local Steam: {} invites account {account} to lobby {lobby}; with LOCAL_STEAM_ACCEPT_INVITES=1 it \
                     accepts, or start it with +connect_lobby {lobby}",
                    names::of(invitation.inviter)
                );
            }
        }
    }

    /// `GetLaunchCommandLine`
    pub(crate) fn command_line(&self) -> &str {
        &self.social.command_line
    }
}

/// The members who stayed, or are new, and whose data are different.
pub(super) fn changed_members(before: &Lobby, now: &Lobby) -> Vec<u32> {
    let accounts = now.members.iter().map(|member| member.account);
    accounts.filter(|account| before.member_data.get(account) != now.member_data.get(account)).collect()
}
