//! Members of lobbies: who they are, what they say of themselves and to each other, and invitations.

use peer_core::{LobbyId, SteamId};

use super::{LobbyError, text};
use crate::ffi::matchmaking::{MAX_KEY, MAX_VALUE};
use crate::ffi::{dispatch, identity, matchmaking};
use crate::steam::Steam;

impl Steam {
    /// How many members a lobby has that was listed, requested or joined; 0 if Steam does not know it.
    pub fn lobby_member_count(&self, lobby: LobbyId) -> i32 {
        matchmaking::of(&self.hold).map_or(0, |matchmaking| matchmaking.member_count(lobby))
    }

    /// The name of a user; `None` if Steam does not know it. It is then asked for, and
    /// [`LobbyEvent::NameChanged`](super::LobbyEvent::NameChanged) follows.
    pub fn friend_name(&mut self, user: SteamId) -> Option<String> {
        if self.steam_id() == Some(user) {
            return Some(self.persona_name());
        }
        let name = identity::friend_name(&self.hold, user);
        if name.is_none() && self.lobbies.ask_for_name(user) {
            identity::request_name(&self.hold, user);
        }
        name
    }

    /// Hands a lobby to another member; `false` if the local user is not the owner, or the other is no member.
    /// [`LobbyEvent::OwnerChanged`](super::LobbyEvent::OwnerChanged) follows for all members.
    pub fn set_lobby_owner(&mut self, lobby: LobbyId, owner: SteamId) -> bool {
        let is_set =
            matchmaking::of(&self.hold).is_some_and(|matchmaking| matchmaking.set_owner(lobby, owner));
        // Now, because the new owner may have handed it back by the next look.
        self.lobbies.check_owners(&self.hold);
        is_set
    }

    /// The value of a member's key; empty if it is not set, or the local user is not in the lobby.
    pub fn lobby_member_data(&self, lobby: LobbyId, member: SteamId, key: &str) -> String {
        let data = matchmaking::of(&self.hold).zip(text(key).ok());
        data.map(|(matchmaking, key)| matchmaking.member_data(lobby, member, &key)).unwrap_or_default()
    }

    /// Sets the value of a key of the local user; `false` if the local user is not in the lobby, a string contains a NUL
    /// character, the key is empty or longer than 255 bytes, or the value longer than 8,192 bytes. Steam does not tell
    /// whether it set it.
    pub fn set_lobby_member_data(&self, lobby: LobbyId, key: &str, value: &str) -> bool {
        let is_fine = (1..MAX_KEY).contains(&key.len()) && value.len() <= MAX_VALUE;
        let (Some(matchmaking), Ok(key), Ok(value)) = (matchmaking::of(&self.hold), text(key), text(value))
        else {
            return false;
        };
        let is_fine = is_fine && matchmaking.owner(lobby).is_some();
        if is_fine {
            matchmaking.set_member_data(lobby, &key, &value);
        }
        is_fine
    }

    /// Sends a message to all members of a lobby, the local user included:
    /// [`LobbyEvent::MessageReceived`](super::LobbyEvent::MessageReceived) follows for everyone. `false` if the local user
    /// is not in the lobby, the message is longer than 4,095 bytes or contains a NUL character, or Steam refuses, as it
    /// may when they come too fast.
    pub fn send_lobby_message(&self, lobby: LobbyId, message: &str) -> bool {
        let (Some(matchmaking), Ok(message)) = (matchmaking::of(&self.hold), text(message)) else {
            return false;
        };
        message.as_bytes_with_nul().len() <= dispatch::MAX_MESSAGE
            && matchmaking.send_message(lobby, &message)
    }

    /// Asks for the data and the number of members of a lobby that the local user is not in.
    /// [`LobbyEvent::DataChanged`](super::LobbyEvent::DataChanged) follows.
    ///
    /// # Errors
    /// [`LobbyError::Unavailable`] if Steam refuses.
    pub fn request_lobby_data(&self, lobby: LobbyId) -> Result<(), LobbyError> {
        let is_asked = matchmaking::of(&self.hold).is_some_and(|matchmaking| matchmaking.request_data(lobby));
        is_asked.then_some(()).ok_or(LobbyError::Unavailable)
    }

    /// Invites a user to a lobby that the local user is in; `false` if Steam refuses. `true` does not say that the user
    /// has been told.
    pub fn invite_to_lobby(&self, lobby: LobbyId, user: SteamId) -> bool {
        matchmaking::of(&self.hold).is_some_and(|matchmaking| matchmaking.invite(lobby, user))
    }
}
