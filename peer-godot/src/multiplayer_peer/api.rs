//! What games call: sessions, peers, lobbies and options.

use godot::global::Error;
use godot::prelude::*;
use peer_core::{Channel, LaneConfig, Lobby, Peer, PeerId, Session, SessionError, VirtualPort};
use peer_steam::{ConfigValue, SteamTransport};

use super::SteamMultiplayerPeer;
use crate::debug;
use crate::entry::names;
use crate::errors::{self, BadArgument};
use crate::ids::{self, ToInt as _};
use crate::monitors::Monitors;
use crate::packet_peer::SteamPacketPeer;
use crate::runtime;

#[godot_api(secondary)]
impl SteamMultiplayerPeer {
    /// Starts hosting: listens for clients on [param virtual_port]. The peer has the id 1 and is connected at once.
    ///
    /// Returns [constant OK], [constant ERR_ALREADY_IN_USE] if the peer is not disconnected, [constant
    /// ERR_UNAVAILABLE] if Steam is not initialised, or [constant ERR_CANT_CREATE] if the port is taken.
    #[func]
    fn create_host(&mut self, #[opt(default = 0)] virtual_port: i32) -> Error {
        self.begin("create_host", |session| session.create_host(VirtualPort(virtual_port), runtime::now()))
    }

    /// Connects to the host [param steam_id], with a new random id. The peer is connecting until the host has answered.
    ///
    /// Returns [constant OK], [constant ERR_ALREADY_IN_USE] if the peer is not disconnected, [constant
    /// ERR_UNAVAILABLE] if Steam is not initialised, or [constant ERR_CANT_CREATE] if Steam cannot connect to that user.
    #[func]
    fn create_client(&mut self, steam_id: i64, #[opt(default = 0)] virtual_port: i32) -> Error {
        let (host, port) = (ids::steam_id(steam_id), VirtualPort(virtual_port));
        self.begin("create_client", |session| session.create_client(host, port, runtime::now()))
    }

    /// Connects to another member of the game. It is not needed in a lobby, whose members connect by themselves, nor for
    /// the host. Does nothing if they are connected already. Where [member server_relay] is not set, call it before the host
    /// has answered, on every client: then they are connected to each other, and the host relays nothing.
    ///
    /// Returns [constant OK], [constant ERR_UNCONFIGURED] before [method create_host] or [method create_client], or
    /// [constant ERR_CANT_CREATE] if Steam cannot connect to that user, or it is another client and the host relays.
    #[func]
    fn add_peer(&mut self, steam_id: i64, #[opt(default = 0)] virtual_port: i32) -> Error {
        let (user, port) = (ids::steam_id(steam_id), VirtualPort(virtual_port));
        let Some(session) = self.session("add_peer") else { return Error::ERR_UNAVAILABLE };
        let added = session.borrow_mut().add_peer(user, port, runtime::now());
        self.report("add_peer", added)
    }

    /// Starts hosting for the lobby [param lobby_id], which the local user must own: follows the lobby and connects to its
    /// members.
    ///
    /// Returns [constant OK], [constant ERR_ALREADY_IN_USE] if the peer is not disconnected, [constant
    /// ERR_UNAVAILABLE] if Steam is not initialised, or [constant ERR_CANT_CREATE] if the lobby has another owner.
    #[func]
    fn host_with_lobby(&mut self, lobby_id: i64) -> Error {
        self.begin("host_with_lobby", |session| match lobby_of(session, lobby_id)? {
            Some(lobby) => session.host_with_lobby(&lobby, runtime::now()),
            None => Err(SessionError::NotLobbyOwner(ids::lobby_id(lobby_id))),
        })
    }

    /// Joins the game of the lobby [param lobby_id], which the local user must be in: connects to its owner as the host,
    /// follows the lobby, and connects to its other members.
    ///
    /// Returns [constant OK], [constant ERR_ALREADY_IN_USE] if the peer is not disconnected, [constant
    /// ERR_UNAVAILABLE] if Steam is not initialised, or [constant ERR_CANT_CREATE] if the local user is not in the
    /// lobby, or owns it.
    #[func]
    fn connect_to_lobby(&mut self, lobby_id: i64) -> Error {
        self.begin("connect_to_lobby", |session| match lobby_of(session, lobby_id)? {
            Some(lobby) => session.connect_to_lobby(&lobby, runtime::now()),
            None => Err(SessionError::NotInLobby(ids::lobby_id(lobby_id))),
        })
    }

    /// Returns the peer [param peer_id], or [code]null[/code] if it is not connected.
    #[func]
    fn get_peer(&self, peer_id: i32) -> Option<Gd<SteamPacketPeer>> {
        let session = self.session("get_peer")?;
        let peer = session.borrow().peer(ids::peer_id(peer_id)?)?;
        Some(names::with_own_name(self.is_own_name, || SteamPacketPeer::new_gd(session, peer)))
    }

    /// Returns the id of the peer with the Steam id [param steam_id], this peer's own id for the local user, or 0 if there
    /// is none.
    #[func]
    fn get_peer_id_for_steam_id(&self, steam_id: i64) -> i32 {
        let Some(session) = self.session("get_peer_id_for_steam_id") else { return 0 };
        session.borrow().peer_id_for_steam_id(ids::steam_id(steam_id)).map_or(0, PeerId::to_godot)
    }

    /// Returns the Steam id of the peer [param peer_id], the local user's for this peer's own id, or 0 if there is none.
    #[func]
    fn get_steam_id_for_peer_id(&self, peer_id: i32) -> i64 {
        let Some(session) = self.session("get_steam_id_for_peer_id") else { return 0 };
        let steam_id = ids::peer_id(peer_id).and_then(|id| session.borrow().steam_id_for_peer_id(id));
        steam_id.map_or(0, ids::ToInt::to_int)
    }

    /// Returns the Steam ids of all connected peers, by peer id. The local user is not among them.
    #[func]
    fn get_peer_map(&self) -> VarDictionary {
        let Some(session) = self.session("get_peer_map") else { return VarDictionary::new() };
        let session = session.borrow();
        let entry = |peer: &Peer| (peer.id.to_godot().to_variant(), peer.steam_id.to_int().to_variant());
        session.peers().iter().map(entry).collect()
    }

    /// Goes on with a match whose host is gone. Call it in a handler of [signal host_lost] or of
    /// [signal MultiplayerAPI.server_disconnected], and leave the peer where it is assigned: the lobby's new owner becomes the
    /// host, with the id 1, the others connect to it and keep their ids, and [signal migrated] tells when it is done. Nothing
    /// that was sent before arrives after it. Without a new host in 30 seconds, [signal MultiplayerAPI.connection_failed] is
    /// emitted; members that do not follow in that time are disconnected.
    ///
    /// Returns [constant OK], [constant ERR_UNCONFIGURED] if no match of a lobby has lost its host, or
    /// [constant ERR_ALREADY_IN_USE] if the peer is not disconnected.
    #[func]
    fn migrate(&mut self) -> Error {
        let Some(session) = self.session("migrate") else { return Error::ERR_UNAVAILABLE };
        let checked = session.borrow().check_migrate();
        if checked.is_err() || !self.is_emitting {
            return if checked.is_err() { self.report("migrate", checked) } else { self.go_on() };
        }
        // The engine has yet to see that the peer is disconnected, and to emit `server_disconnected`.
        self.to_gd().run_deferred_gd(|mut this| {
            this.bind_mut().go_on();
        });
        Error::OK
    }

    /// Returns the id of the lobby that this peer follows, or 0.
    #[func]
    fn get_tracked_lobby(&self) -> i64 {
        let Some(session) = self.session("get_tracked_lobby") else { return 0 };
        session.borrow().tracked_lobby().map_or(0, ids::ToInt::to_int)
    }

    /// Disconnects a peer, which gets [constant END_REASON_KICKED] and [param message] (cut to 120 bytes of UTF-8) in its
    /// [signal connection_ended]. [signal MultiplayerPeer.peer_disconnected] follows on both sides.
    #[func]
    fn kick(&mut self, peer_id: i32, #[opt(default = &GString::new())] message: GString) {
        let message = message.to_string();
        let Some(session) = self.session("kick") else { return };
        let kicked = with_peer(peer_id, |id| session.borrow_mut().kick(id, &message, runtime::now()));
        self.report("kick", kicked);
    }

    /// Sets one of Steam's networking options for new connections: one of [enum NetworkingConfig], or another number that
    /// Steam knows. Steam must be initialised.
    ///
    /// Returns [constant OK], [constant ERR_UNAVAILABLE] if Steam is not initialised, or [constant
    /// ERR_INVALID_PARAMETER] if Steam does not know the option, it takes another type of value, the value would lose
    /// packets (see [enum NetworkingConfig]), or games may not set it.
    #[func]
    fn set_config(&mut self, option: i32, value: Variant) -> Error {
        let value = match value.get_type() {
            VariantType::BOOL => ConfigValue::Int(i64::from(value.to::<bool>())),
            VariantType::INT => ConfigValue::Int(value.to()),
            VariantType::FLOAT => ConfigValue::Float(value.to()),
            VariantType::STRING | VariantType::STRING_NAME => {
                ConfigValue::Text(value.stringify().to_string())
            }
            _ => {
                let error = BadArgument("the value must be an int, float or String");
                return self.report("set_config", Err(error));
            }
        };
        let Some(session) = self.session("set_config") else { return Error::ERR_UNAVAILABLE };
        let adopted = runtime::adopt();
        let set = session.borrow_mut().transport_mut().set_config(option, value);
        self.report("set_config", adopted);
        self.report("set_config", set)
    }

    /// Resets one of Steam's networking options to its default, for new connections.
    #[func]
    fn clear_config(&mut self, option: i32) {
        if let Some(session) = self.session("clear_config") {
            session.borrow_mut().transport_mut().clear_config(option);
        }
    }

    /// Sets how a channel shares a connection with the others. Channels with a lower [param priority] are sent first;
    /// channels of the same priority share the bandwidth in proportion to their [param weight]. By default every channel
    /// has priority 0 and weight 1. Within a channel, unreliable packets have eight times the weight of reliable ones.
    /// Channel 0 has lanes of its own; channels that share a lane have the priority of the most urgent of them.
    ///
    /// Returns [constant OK], or [constant ERR_INVALID_PARAMETER] for a channel outside 0 to 83, a negative priority, or
    /// a weight outside 1 to 65,535.
    #[func]
    fn set_channel_priority(&mut self, channel: i32, priority: i32, weight: i32) -> Error {
        let Some(session) = self.session("set_channel_priority") else { return Error::ERR_UNAVAILABLE };
        let set = match (Channel::new(channel), u16::try_from(weight)) {
            (Some(channel), Ok(weight)) => {
                session.borrow_mut().set_channel_priority(channel, LaneConfig { priority, weight })
            }
            _ => Err(SessionError::BadPriority),
        };
        self.report("set_channel_priority", set)
    }
}

impl SteamMultiplayerPeer {
    fn go_on(&mut self) -> Error {
        self.begin("migrate", |session| session.migrate(runtime::now()))
    }

    /// Starts a session, whichever way.
    fn begin(
        &mut self,
        call: &'static str,
        start: impl FnOnce(&mut Session<SteamTransport>) -> Result<(), SessionError>,
    ) -> Error {
        let direct = self.direct_connections;
        let Some(local) = self.local.get_mut() else { return errors::wrong_thread(call) };
        let adopted = runtime::adopt();
        runtime::release_others(&local.session);
        let started = {
            let session = &mut *local.session.borrow_mut();
            // Without Steam the start says so.
            let _ = direct.then(|| session.transport_mut().set_direct_connections(true));
            start(session)
        };
        if started.is_ok() {
            self.put_errors.clear();
            // The former ones first, whose names are then free.
            local.monitors.clear();
            local.monitors = Monitors::new(&local.session);
            debug::update_steam_log();
        }
        self.report(call, adopted);
        self.report(call, started)
    }
}

pub(super) fn with_peer(
    peer_id: i32,
    action: impl FnOnce(PeerId) -> Result<(), SessionError>,
) -> Result<(), SessionError> {
    action(ids::peer_id(peer_id).ok_or(SessionError::UnknownPeer(peer_id))?)
}

/// The lobby as Steam knows it now; `None` if the local user is not in it.
fn lobby_of(session: &Session<SteamTransport>, lobby_id: i64) -> Result<Option<Lobby>, SessionError> {
    if session.status() != peer_core::Status::Disconnected {
        return Err(SessionError::AlreadyInUse);
    }
    runtime::steam(|steam| steam.lobby(ids::lobby_id(lobby_id))).ok_or(SessionError::Unavailable)
}
