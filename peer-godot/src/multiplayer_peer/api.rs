//! What games call: sessions, peers, lobbies and options.

use godot::global::Error;
use godot::prelude::*;
use peer_core::{Channel, LaneConfig, Lobby, Peer, PeerId, Session, SessionError, VirtualPort};
use peer_steam::{ConfigValue, SteamTransport};

use super::SteamMultiplayerPeer;
use crate::debug;
use crate::errors::{BadArgument, outcome};
use crate::ids::{self, ToInt as _};
use crate::monitors::Monitors;
use crate::packet_peer::SteamPacketPeer;
use crate::runtime;

#[godot_api(secondary)]
impl SteamMultiplayerPeer {
    /// Becomes a host: listens for clients on [param virtual_port], with the id 1, connected at once.
    ///
    /// Returns [constant OK], [constant ERR_ALREADY_IN_USE] if the peer is not disconnected, [constant
    /// ERR_UNAVAILABLE] if Steam is not initialised, or [constant ERR_CANT_CREATE] if the port is taken.
    #[func]
    fn create_host(&mut self, #[opt(default = 0)] virtual_port: i32) -> Error {
        self.begin("create_host", |session| session.create_host(VirtualPort(virtual_port), runtime::now()))
    }

    /// Becomes a client of the host [param steam_id], under a new random id: connecting at once, connected when the host
    /// has answered.
    ///
    /// Returns [constant OK], [constant ERR_ALREADY_IN_USE] if the peer is not disconnected, [constant
    /// ERR_UNAVAILABLE] if Steam is not initialised, or [constant ERR_CANT_CREATE] if Steam cannot connect to that user.
    #[func]
    fn create_client(&mut self, steam_id: i64, #[opt(default = 0)] virtual_port: i32) -> Error {
        let (host, port) = (ids::steam_id(steam_id), VirtualPort(virtual_port));
        self.begin("create_client", |session| session.create_client(host, port, runtime::now()))
    }

    /// Connects to another member of the game. Not needed with a lobby, which brings members together by itself, nor for
    /// a client's host. Harmless if the connection exists.
    ///
    /// Returns [constant OK], [constant ERR_UNCONFIGURED] before [method create_host] or [method create_client], or
    /// [constant ERR_CANT_CREATE] if Steam cannot connect to that user.
    #[func]
    fn add_peer(&mut self, steam_id: i64, #[opt(default = 0)] virtual_port: i32) -> Error {
        let added = self.session.borrow_mut().add_peer(
            ids::steam_id(steam_id),
            VirtualPort(virtual_port),
            runtime::now(),
        );
        outcome("add_peer", added)
    }

    /// Hosts the lobby [param lobby_id], which must be the local user's own: becomes a host, follows the lobby, and
    /// connects to its members.
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

    /// Joins the game of the lobby [param lobby_id], which the local user must be in: becomes a client of its owner,
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

    /// The peer [param peer_id] by itself, or [code]null[/code] if it is not connected.
    #[func]
    fn get_peer(&self, peer_id: i32) -> Option<Gd<SteamPacketPeer>> {
        let peer = self.session.borrow().peer(ids::peer_id(peer_id)?)?;
        Some(SteamPacketPeer::new_gd(&self.session, peer))
    }

    /// The id of the peer with that Steam id, the own id for the local user, or 0 if there is none.
    #[func]
    fn get_peer_id_for_steam_id(&self, steam_id: i64) -> i32 {
        self.session.borrow().peer_id_for_steam_id(ids::steam_id(steam_id)).map_or(0, PeerId::to_godot)
    }

    /// The Steam id of the peer [param peer_id], the local user's for the own id, or 0 if there is none.
    #[func]
    fn get_steam_id_for_peer_id(&self, peer_id: i32) -> i64 {
        let steam_id = ids::peer_id(peer_id).and_then(|id| self.session.borrow().steam_id_for_peer_id(id));
        steam_id.map_or(0, ids::ToInt::to_int)
    }

    /// Every peer's id, and its Steam id as the value. The own id is not among them.
    #[func]
    fn get_peer_map(&self) -> VarDictionary {
        let session = self.session.borrow();
        let entry = |peer: &Peer| (peer.id.to_godot().to_variant(), peer.steam_id.to_int().to_variant());
        session.peers().iter().map(entry).collect()
    }

    /// The lobby that the game goes with, or 0.
    #[func]
    fn get_tracked_lobby(&self) -> i64 {
        self.session.borrow().tracked_lobby().map_or(0, ids::ToInt::to_int)
    }

    /// Ends the connection with a peer, which learns that it was kicked, and reads [param message] (up to 120 bytes of UTF-8) in
    /// its [signal connection_ended]. [signal MultiplayerPeer.peer_disconnected] follows on both sides.
    #[func]
    fn kick(&mut self, peer_id: i32, #[opt(default = &GString::new())] message: GString) {
        let message = message.to_string();
        let kicked = with_peer(peer_id, |id| self.session.borrow_mut().kick(id, &message, runtime::now()));
        outcome("kick", kicked);
    }

    /// Sets one of Steam's networking options for the connections to come: one of [enum NetworkingConfig], or another
    /// number that Steam knows. Steam must be initialised.
    ///
    /// Returns [constant OK], [constant ERR_UNAVAILABLE] if Steam is not initialised, or [constant
    /// ERR_INVALID_PARAMETER] if Steam does not know the option, or it takes another type of value, or games may not
    /// set it.
    #[func]
    fn set_config(&mut self, option: i32, value: Variant) -> Error {
        let value = match value.get_type() {
            VariantType::BOOL => ConfigValue::Int(i64::from(value.to::<bool>())),
            VariantType::INT => ConfigValue::Int(value.to()),
            VariantType::FLOAT => ConfigValue::Float(value.to()),
            VariantType::STRING | VariantType::STRING_NAME => {
                ConfigValue::Text(value.stringify().to_string())
            }
            _ => return outcome("set_config", Err(BadArgument("the value must be an int, float or String"))),
        };
        runtime::adopt();
        outcome("set_config", self.session.borrow_mut().transport_mut().set_config(option, value))
    }

    /// Sets a networking option back to what it is if nothing is said, for the connections to come.
    #[func]
    fn clear_config(&mut self, option: i32) {
        self.session.borrow_mut().transport_mut().clear_config(option);
    }

    /// Says how a channel shares a connection with the others. A channel with a lower [param priority] goes before all
    /// with a higher one; those with the same share by [param weight]. Without it every channel has priority 0 and
    /// weight 1. Within a channel, unreliable packets have eight times the weight of reliable ones. Channel 0 has lanes of its own; channels that share a lane go with the most urgent of them.
    ///
    /// Returns [constant OK], or [constant ERR_INVALID_PARAMETER] for a channel outside 0 to 83, a negative priority, or
    /// a weight outside 1 to 65,535.
    #[func]
    fn set_channel_priority(&mut self, channel: i32, priority: i32, weight: i32) -> Error {
        let set = match (Channel::new(channel), u16::try_from(weight)) {
            (Some(channel), Ok(weight)) => {
                self.session.borrow_mut().set_channel_priority(channel, LaneConfig { priority, weight })
            }
            _ => Err(SessionError::BadPriority),
        };
        outcome("set_channel_priority", set)
    }
}

impl SteamMultiplayerPeer {
    /// Starts a session, whichever way.
    fn begin(
        &mut self,
        call: &str,
        start: impl FnOnce(&mut Session<SteamTransport>) -> Result<(), SessionError>,
    ) -> Error {
        runtime::adopt();
        let started = {
            let session = &mut *self.session.borrow_mut();
            let direct = self.direct_connections;
            // Without Steam the start says so.
            let _ = direct.then(|| session.transport_mut().set_direct_connections(true));
            start(session)
        };
        if started.is_ok() {
            self.put_errors.clear();
            // The former ones first, whose names are then free.
            self.monitors.clear();
            self.monitors = Monitors::new(&self.session);
            debug::set_steam_log_level(self.debug_level);
        }
        outcome(call, started)
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
