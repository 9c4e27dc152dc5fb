//! The engine singleton `SteamSession`: Steam itself, and lobbies.

use godot::classes::Os;
use godot::global::Error;
use godot::init::is_main_thread;
use godot::prelude::*;
use peer_steam::{LobbyError, LobbyEvent, Steam};

use crate::errors::{self, AsError, BadArgument, outcome};
use crate::ids::{self, ToInt as _};
use crate::{debug, runtime};

pub(crate) mod enums;
#[allow(unsafe_code, reason = "an optional argument of a type for which the binding has none")]
mod filters;
pub(crate) mod frame;
mod launch;
mod members;

use enums::LobbyType;
use filters::Filters;

/// Steam in this process: initialisation, the local user, and lobbies.
///
/// Call [method initialize] once, before anything else of Steam. Steam's callbacks then run every frame. If
/// another addon has initialised Steam, its session is used, and every signal
/// is emitted all the same. Both addons hear of what
/// happens, whichever of them runs callbacks.
///
/// Methods may be called on any thread, except [method initialize] and [method shutdown]. Signals are emitted on the main
/// thread, once a frame.
#[derive(GodotClass)]
#[class(singleton, tool, init, base = Object)]
pub(crate) struct SteamSession {
    base: Base<Object>,
}

#[godot_api]
impl SteamSession {
    /// Emitted in answer to [method create_lobby]. [param result] is one of [enum Result]; with [constant RESULT_OK] the lobby
    /// exists, and the local user is in it and owns it. Otherwise [param lobby_id] is 0.
    #[signal]
    fn lobby_created(result: i64, lobby_id: i64);

    /// Emitted in answer to [method join_lobby]. [param response] is one of [enum ChatRoomEnterResponse]; with [constant
    /// CHAT_ROOM_ENTER_RESPONSE_SUCCESS] the local user is in the lobby.
    #[signal]
    fn lobby_joined(lobby_id: i64, response: i64);

    /// Emitted in answer to [method request_lobby_list], with the nearest lobbies first; empty if none was found.
    #[signal]
    fn lobby_list_received(lobby_ids: PackedInt64Array);

    /// Emitted when a user has joined a lobby that the local user is in.
    #[signal]
    fn lobby_member_joined(lobby_id: i64, steam_id: i64);

    /// Emitted when a user has left a lobby that the local user is in, or has lost the connection to it.
    #[signal]
    fn lobby_member_left(lobby_id: i64, steam_id: i64);

    /// Emitted when the data of a lobby, or those of one of its members, have changed, and in answer to [method
    /// request_lobby_data]. There is no telling which: read what is shown again.
    #[signal]
    fn lobby_data_changed(lobby_id: i64);

    /// Emitted when a lobby that the local user is in has another owner: because of [method set_lobby_owner], or because
    /// the owner has left and Steam has chosen another member.
    #[signal]
    fn lobby_owner_changed(lobby_id: i64, steam_id: i64);

    /// Emitted when a member of a lobby has sent a message with [method send_lobby_message]; for one's own, too.
    #[signal]
    fn lobby_message_received(lobby_id: i64, steam_id: i64, message: GString);

    /// Emitted when Steam has learnt the name of a user, or when a user has changed it: see [method get_friend_name].
    #[signal]
    fn friend_name_changed(steam_id: i64);

    /// Emitted when the local user chose in Steam to join a friend's lobby, or accepted an invitation, while the game
    /// runs. Call [method join_lobby] to do so. If the game was closed, Steam starts it: see [method get_launch_lobby].
    #[signal]
    fn join_requested(lobby_id: i64, friend_id: i64);

    /// Initialises Steam for the game with that id ([code]480[/code] is Valve's example game). With 0, the id is taken
    /// from the file [code]steam_appid.txt[/code], or from Steam if Steam has started the game. Does nothing if it has been
    /// done.
    ///
    /// Returns [constant OK], [constant ERR_INVALID_PARAMETER] if [param app_id] cannot be an id, or [constant
    /// ERR_UNAVAILABLE] if Steam is not available: its library is missing, it is not running, not installed or too old, or the
    /// account does not own the game. The line that is printed says which.
    #[func]
    fn initialize(&self, app_id: i64) -> Error {
        if !is_main_thread() {
            return errors::wrong_thread("initialize");
        }
        let Ok(app_id) = u32::try_from(app_id) else {
            return outcome("initialize", Err(BadArgument("the app id must be 0 to 4294967295")));
        };
        if app_id > 0 {
            let os = Os::singleton();
            for name in ["SteamAppId", "SteamGameId"] {
                os.set_environment(name, &app_id.to_string());
            }
        }
        frame::attach();
        outcome("initialize", runtime::initialize())
    }

    /// Returns [code]true[/code] if Steam is initialised.
    #[func]
    fn is_initialized(&self) -> bool {
        runtime::steam(|_| ()).is_some()
    }

    /// Closes every [SteamMultiplayerPeer], waits up to half a second for what they still have to send, and leaves
    /// Steam, with it every lobby. It happens by itself when the game exits. A session of another addon is left as it
    /// is.
    #[func]
    fn shutdown(&self) {
        if is_main_thread() {
            runtime::shut_down();
            debug::forget_steam_log();
        } else {
            errors::wrong_thread("shutdown");
        }
    }

    /// Returns the Steam id of the local user, or 0 before [method initialize].
    #[func]
    fn get_steam_id(&self) -> i64 {
        runtime::steam(|steam| steam.steam_id()).flatten().map_or(0, ids::ToInt::to_int)
    }

    /// Returns the name of the local user, empty before [method initialize].
    #[func]
    fn get_persona_name(&self) -> GString {
        read(|steam| GString::from(&steam.persona_name()))
    }

    /// Creates a lobby for up to [param max_members] (1 to 250) players, the local user among them. [signal lobby_created]
    /// answers.
    ///
    /// Returns [constant OK], [constant ERR_UNAVAILABLE] before [method initialize], or [constant
    /// ERR_INVALID_PARAMETER] if [param max_members] is out of range.
    #[func]
    fn create_lobby(&self, lobby_type: LobbyType, #[opt(default = 32)] max_members: i32) -> Error {
        ask("create_lobby", |steam| steam.create_lobby(to_steam(lobby_type), max_members))
    }

    /// Joins a lobby. [signal lobby_joined] answers.
    ///
    /// Returns [constant OK], or [constant ERR_UNAVAILABLE] before [method initialize].
    #[func]
    fn join_lobby(&self, lobby_id: i64) -> Error {
        ask("join_lobby", |steam| steam.join_lobby(ids::lobby_id(lobby_id)))
    }

    /// Leaves a lobby at once. Connections of a [SteamMultiplayerPeer] are not affected.
    #[func]
    fn leave_lobby(&self, lobby_id: i64) {
        runtime::steam(|steam| steam.leave_lobby(ids::lobby_id(lobby_id)));
    }

    /// Returns the Steam id of a lobby's owner, or 0 if the local user is not in the lobby.
    #[func]
    fn get_lobby_owner(&self, lobby_id: i64) -> i64 {
        runtime::steam(|steam| steam.lobby_owner(ids::lobby_id(lobby_id)))
            .flatten()
            .map_or(0, ids::ToInt::to_int)
    }

    /// Returns the Steam ids of the members of a lobby that the local user is in, the local user's included.
    #[func]
    fn get_lobby_members(&self, lobby_id: i64) -> PackedInt64Array {
        read(|steam| {
            steam.lobby_members(ids::lobby_id(lobby_id)).into_iter().map(ids::ToInt::to_int).collect()
        })
    }

    /// Returns how many members a lobby may have, or 0 if Steam does not know the lobby.
    #[func]
    fn get_lobby_member_limit(&self, lobby_id: i64) -> i32 {
        read(|steam| steam.lobby_member_limit(ids::lobby_id(lobby_id)))
    }

    /// Returns the value of [param key] of a lobby that was listed or joined, empty if there is none.
    #[func]
    fn get_lobby_data(&self, lobby_id: i64, key: GString) -> GString {
        read(|steam| GString::from(&steam.lobby_data(ids::lobby_id(lobby_id), &key.to_string())))
    }

    /// Returns all keys of a lobby with their values.
    #[func]
    fn get_all_lobby_data(&self, lobby_id: i64) -> VarDictionary {
        let data = read(|steam| steam.all_lobby_data(ids::lobby_id(lobby_id)));
        data.iter().map(|(key, value)| (key.to_variant(), value.to_variant())).collect()
    }

    /// Sets the value of [param key] of a lobby. Returns [code]false[/code] if the local user is not the owner, the key is
    /// longer than 255 bytes, or there is no room (8,192 bytes in all).
    #[func]
    fn set_lobby_data(&self, lobby_id: i64, key: GString, value: GString) -> bool {
        read(|steam| steam.set_lobby_data(ids::lobby_id(lobby_id), &key.to_string(), &value.to_string()))
    }

    /// Sets whether more players may join a lobby. Returns [code]false[/code] if the local user is not the owner.
    #[func]
    fn set_lobby_joinable(&self, lobby_id: i64, joinable: bool) -> bool {
        read(|steam| steam.set_lobby_joinable(ids::lobby_id(lobby_id), joinable))
    }

    /// Asks Steam for public lobbies. [signal lobby_list_received] answers.
    ///
    /// Every entry of [param filters] must hold for a lobby. The keys [code]"slots_available"[/code] (at least so many
    /// free places), [code]"distance"[/code] (one of [enum LobbyDistanceFilter]) and [code]"max_results"[/code] take an
    /// int. Any other key is one of the lobby's data: with a [String] or an int as the value it must be the same;
    /// [code][value, comparison][/code] compares it as one of [enum LobbyComparison] says.
    ///
    /// Returns [constant OK], [constant ERR_UNAVAILABLE] before [method initialize], or [constant
    /// ERR_INVALID_PARAMETER] if a filter is none of these.
    #[func]
    fn request_lobby_list(&self, #[opt(default = Filters::default())] filters: Filters) -> Error {
        match filters.to_steam() {
            Ok(filters) => ask("request_lobby_list", |steam| steam.request_lobby_list(&filters)),
            Err(error) => outcome("request_lobby_list", Err(error)),
        }
    }

    /// Opens the dialog of Steam's overlay to invite friends to a lobby.
    #[func]
    fn open_invite_dialog(&self, lobby_id: i64) {
        runtime::steam(|steam| steam.open_invite_dialog(ids::lobby_id(lobby_id)));
    }
}

impl SteamSession {
    /// Tells the game what has happened. A handler may call any method.
    fn emit(event: LobbyEvent) {
        let this = Self::singleton();
        let mut signals = this.signals();
        match event {
            LobbyEvent::LobbyCreated { result, lobby } => {
                signals.lobby_created().emit(i64::from(result), lobby.to_int());
            }
            LobbyEvent::LobbyJoined { lobby, response } => {
                signals.lobby_joined().emit(lobby.to_int(), i64::from(response));
            }
            LobbyEvent::MemberJoined { lobby, member } => {
                signals.lobby_member_joined().emit(lobby.to_int(), member.to_int());
            }
            LobbyEvent::MemberLeft { lobby, member } => {
                signals.lobby_member_left().emit(lobby.to_int(), member.to_int());
            }
            LobbyEvent::DataChanged { lobby } => signals.lobby_data_changed().emit(lobby.to_int()),
            LobbyEvent::OwnerChanged { lobby, owner } => {
                signals.lobby_owner_changed().emit(lobby.to_int(), owner.to_int());
            }
            LobbyEvent::MessageReceived { lobby, member, message } => {
                let message = GString::from(&message);
                signals.lobby_message_received().emit(lobby.to_int(), member.to_int(), &message);
            }
            LobbyEvent::NameChanged { user } => signals.friend_name_changed().emit(user.to_int()),
            LobbyEvent::ListReceived { lobbies } => {
                let lobbies: PackedInt64Array = lobbies.into_iter().map(ids::ToInt::to_int).collect();
                signals.lobby_list_received().emit(&lobbies);
            }
            LobbyEvent::JoinRequested { lobby, friend } => {
                signals.join_requested().emit(lobby.to_int(), friend.to_int());
            }
        }
    }
}

/// What Steam answers; the default before it is initialised.
fn read<R: Default>(action: impl FnOnce(&mut Steam) -> R) -> R {
    runtime::steam(action).unwrap_or_default()
}

/// A request that a signal answers.
fn ask(call: &str, request: impl FnOnce(&mut Steam) -> Result<(), LobbyError>) -> Error {
    match runtime::steam(request) {
        Some(result) => outcome(call, result),
        None => outcome(call, Err(NotInitialized)),
    }
}

/// Steam has not been initialised.
#[derive(Debug)]
struct NotInitialized;

impl std::fmt::Display for NotInitialized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Steam is not initialised: call SteamSession.initialize first")
    }
}

impl AsError for NotInitialized {
    fn code(&self) -> Error {
        Error::ERR_UNAVAILABLE
    }
}

fn to_steam(kind: LobbyType) -> peer_steam::LobbyType {
    match kind {
        LobbyType::Private => peer_steam::LobbyType::Private,
        LobbyType::FriendsOnly => peer_steam::LobbyType::FriendsOnly,
        LobbyType::Public => peer_steam::LobbyType::Public,
        LobbyType::Invisible => peer_steam::LobbyType::Invisible,
    }
}
