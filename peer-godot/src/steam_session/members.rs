//! Members of lobbies: who they are, what they say of themselves and to each other, and invitations.

use godot::global::Error;
use godot::prelude::*;

use super::{SteamSession, ask, read};
use crate::ids;

#[godot_api(secondary)]
impl SteamSession {
    /// Returns how many members a lobby has that was listed, requested or joined, or 0 if Steam does not know the lobby.
    /// Who they are is told to members alone: see [method get_lobby_members].
    #[func]
    fn get_lobby_member_count(&self, lobby_id: i64) -> i32 {
        read(|steam| steam.lobby_member_count(ids::lobby_id(lobby_id)))
    }

    /// Returns the Steam name of a user, empty if Steam does not know it. That is so for a moment after meeting strangers
    /// in a lobby: the name is then asked for, and [signal friend_name_changed] says when it is there.
    #[func]
    fn get_friend_name(&self, steam_id: i64) -> GString {
        read(|steam| GString::from(&steam.friend_name(ids::steam_id(steam_id)).unwrap_or_default()))
    }

    /// Hands a lobby to another member. Returns [code]false[/code] if the local user is not the owner, or the other is not
    /// a member. The host of a game stays the same.
    #[func]
    fn set_lobby_owner(&self, lobby_id: i64, steam_id: i64) -> bool {
        read(|steam| steam.set_lobby_owner(ids::lobby_id(lobby_id), ids::steam_id(steam_id)))
    }

    /// Returns the value of [param key] of a member, empty if there is none, or if the local user is not in the lobby.
    #[func]
    fn get_lobby_member_data(&self, lobby_id: i64, steam_id: i64, key: GString) -> GString {
        read(|steam| {
            let (lobby, member) = (ids::lobby_id(lobby_id), ids::steam_id(steam_id));
            GString::from(&steam.lobby_member_data(lobby, member, &key.to_string()))
        })
    }

    /// Sets the value of [param key] of the local user for everyone in a lobby; an empty value removes it. It goes when the
    /// user leaves. Returns [code]false[/code] if the local user is not in the lobby, the key is empty or longer than 255
    /// bytes, or the value longer than 8,192 bytes.
    #[func]
    fn set_lobby_member_data(&self, lobby_id: i64, key: GString, value: GString) -> bool {
        read(|steam| {
            steam.set_lobby_member_data(ids::lobby_id(lobby_id), &key.to_string(), &value.to_string())
        })
    }

    /// Sends a message to everyone in a lobby, through Steam's servers: [signal lobby_message_received] brings it to all,
    /// the local user included. Returns [code]false[/code] if the local user is not in the lobby, the message is longer
    /// than 4,095 bytes, or Steam refuses it, as it may do when messages come in quick succession. For more than chat, use
    /// RPCs.
    #[func]
    fn send_lobby_message(&self, lobby_id: i64, message: GString) -> bool {
        read(|steam| steam.send_lobby_message(ids::lobby_id(lobby_id), &message.to_string()))
    }

    /// Asks Steam for the data and the number of members of a lobby that the local user is not in. [signal
    /// lobby_data_changed] answers, also for a lobby that does not exist.
    ///
    /// Returns [constant OK], or [constant ERR_UNAVAILABLE] before [method initialize] or without a connection to Steam.
    #[func]
    fn request_lobby_data(&self, lobby_id: i64) -> Error {
        ask("request_lobby_data", |steam| steam.request_lobby_data(ids::lobby_id(lobby_id)))
    }

    /// Invites a user to a lobby that the local user is in, without a dialog. Whoever accepts gets [signal join_requested]
    /// if the game runs there; otherwise Steam starts it (see [method get_launch_lobby]).
    ///
    /// Returns [code]false[/code] if Steam refuses. [code]true[/code] does not say that the user has seen it.
    #[func]
    fn invite_to_lobby(&self, lobby_id: i64, steam_id: i64) -> bool {
        read(|steam| steam.invite_to_lobby(ids::lobby_id(lobby_id), ids::steam_id(steam_id)))
    }
}
