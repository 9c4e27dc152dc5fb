//! The class `SteamMultiplayerPeer`: its properties and its signal. What games call is in `api`, what the engine calls
//! in `extension`.

use godot::classes::MultiplayerPeerExtension;
use godot::global::Error;
use godot::prelude::*;
use peer_core::limits::{MAX_PACKET_BYTES, MAX_STEAM_SEND_RATE, MIN_SEND_RATE};
use peer_core::{MAX_UNRELIABLE_BYTES, Packet, Status, TransferMode};
use peer_steam::SteamMessage;

use crate::debug::SteamLog;
use crate::errors::{self, AsError, PutErrors, outcome};
use crate::main_thread::MainThread;
use crate::monitors::Monitors;
use crate::runtime::{self, SharedSession};

pub(crate) mod enums;

use enums::DebugLevel;

/// A [MultiplayerPeer] over Steam's networking sockets: assign it to [member MultiplayerAPI.multiplayer_peer], and
/// [code]@rpc[/code] travels over Steam: no ports to open, and Steam authenticates every player.
///
/// Players meet in a lobby: one creates it with [method SteamSession.create_lobby] and calls
/// [method host_with_lobby], the others join it with [method SteamSession.join_lobby] and call
/// [method connect_to_lobby]. Every member then connects to every other (a full mesh). Without a lobby,
/// [method create_host] and [method create_client] take a Steam id, and the host passes on what clients send to each other,
/// as with ENet; see [member server_relay]. A host has the id 1, a client one that follows from its Steam id and a random
/// number, new for each session.
///
/// Steam must be initialised before: by [method SteamSession.initialize], or by another addon, whose session is then
/// used. Signals are emitted while the peer is polled, which the [SceneTree] does each frame, and a handler may call any
/// method of the peer.
///
/// A peer may be created, held and freed on any thread, for example in a scene that is loaded in the background. Call its
/// methods on the main thread only: elsewhere they do nothing, print an error and return [constant ERR_UNAVAILABLE] or an
/// empty value.
#[derive(GodotClass)]
#[class(tool, base = MultiplayerPeerExtension)]
pub(crate) struct SteamMultiplayerPeer {
    /// How much the peer prints.
    #[var(get = get_debug_level, set = set_debug_level, usage_flags = [DEFAULT])]
    debug_level: DebugLevel,
    /// If [code]true[/code], unreliable packets that cannot be sent at once are dropped rather than queued. It never
    /// applies to reliable packets.
    #[var(get = get_no_delay, set = set_no_delay, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    no_delay: PhantomVar<bool>,
    /// If [code]true[/code], every packet is sent at once. If [code]false[/code], the packets of a frame are sent together
    /// at its end, which delays them by a frame at most and costs a fraction of the CPU time. Steam's own delay (Nagle's
    /// algorithm) applies in neither case.
    #[var(get = get_no_nagle, set = set_no_nagle, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    no_nagle: PhantomVar<bool>,
    /// If [code]true[/code], clients connect to the host alone, and [SceneMultiplayer] relays what they send to each
    /// other through it. If [code]false[/code], everyone is connected to everyone.
    ///
    /// Unless it is set, it is [code]false[/code] with a lobby, and [code]true[/code] without one, where a game that calls
    /// [method add_peer] before the host has answered makes a mesh. Set it before hosting or connecting, and on the host: where a client has set
    /// it otherwise, the host's setting holds, and the client prints a warning.
    #[var(get = get_server_relay, set = set_server_relay, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    server_relay: PhantomVar<bool>,
    /// If [code]true[/code], only members of the lobby given to [method host_with_lobby] or [method connect_to_lobby]
    /// may connect. Without a lobby it has no effect.
    #[var(get = get_lobby_members_only, set = set_lobby_members_only, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    lobby_members_only: PhantomVar<bool>,
    /// How many clients a host takes; the next one is refused with [constant END_REASON_FULL]. [code]0[/code] means no limit.
    #[var(get = get_max_clients, set = set_max_clients, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    max_clients: PhantomVar<i64>,
    /// How many bytes of reliable packets may wait for one peer that does not keep up. With a packet beyond that the peer is
    /// disconnected, on both sides with reason 1006 (too far behind), and [constant ERR_OUT_OF_MEMORY] is returned: no
    /// packet is ever missing among those that arrive. Each packet counts with 64 bytes of overhead.
    #[var(get = get_max_backlog_bytes, set = set_max_backlog_bytes, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    max_backlog_bytes: PhantomVar<i64>,
    /// The largest packet, in bytes. Larger ones are refused with [constant ERR_INVALID_PARAMETER], and end the connection if
    /// they arrive, so set it to the same on every side. Packets of more than 16,500 bytes travel in pieces, which leave
    /// others their turn. Players with GodotSteam's peer get 524,288 bytes at most.
    #[var(get = get_max_packet_bytes, set = set_max_packet_bytes, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    max_packet_bytes: PhantomVar<i64>,
    /// If [code]true[/code], a connection that has more to send than Steam's default rate allows (256 KiB per second) adapts
    /// its send rate to the line: the rate rises as long as the other side receives at that rate and the ping does not
    /// grow, and falls otherwise. If [code]false[/code], every connection keeps to Steam's rate. Steam's options for the
    /// send rate (k_ESteamNetworkingConfig_SendRateMin and SendRateMax, 10 and 11), once set by [method set_config], take
    /// precedence.
    #[var(get = get_adaptive_send_rate, set = set_adaptive_send_rate, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    adaptive_send_rate: PhantomVar<bool>,
    /// The highest rate that [member adaptive_send_rate] may choose, in bytes per second. Steam's limit is 104,857,600
    /// (100 MiB per second). Above the default, small reliable packets become slower rather than faster.
    #[var(get = get_max_send_rate, set = set_max_send_rate, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    max_send_rate: PhantomVar<i64>,
    /// If [code]true[/code], new connections may also take direct routes, which reveal the players' IP addresses to each
    /// other. If [code]false[/code], Steam decides; by default it uses Valve's relays.
    #[var(get = get_direct_connections, set = set_direct_connections, usage_flags = [DEFAULT])]
    direct_connections: bool,

    /// What [signal migrated] brings to everyone once the host is gone: what the next host needs to go on, for example by
    /// [method @GlobalScope.var_to_bytes]. The host sets it as often as it likes, and everyone is handed it as it is set; it
    /// can have at most 524,224 bytes.
    #[var(get = get_migration_state, set = set_migration_state, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    migration_state: PhantomVar<PackedByteArray>,

    local: MainThread<Local>,
    /// Signals of a poll are being emitted.
    is_emitting: bool,
    // What `MultiplayerPeer` keeps for the packets to come.
    target: i32,
    channel: i32,
    mode: TransferMode,

    /// Whether the object is of the class's second name, as its packet peers then are.
    is_own_name: bool,
    put_errors: PutErrors,
    base: Base<MultiplayerPeerExtension>,
}

/// The part of a peer that belongs to the main thread.
#[derive(Debug)]
struct Local {
    session: SharedSession,
    /// The packet that the engine reads: Steam's memory, kept until the next `get_packet` or `poll`, whatever a handler does
    /// in the middle of it.
    current: Option<Packet<SteamMessage>>,
    monitors: Monitors,
    steam_log: Option<SteamLog>,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            session: runtime::new_session(),
            current: None,
            monitors: Monitors::default(),
            steam_log: None,
        }
    }
}

impl Local {
    /// If the session is over for the game: what was put before still goes out.
    fn drain_if_closed(&mut self) {
        if self.session.borrow().status() == Status::Disconnected {
            self.monitors.clear();
            runtime::drain(&self.session);
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.session.borrow_mut().close(runtime::now());
        self.drain_if_closed();
        if let Some(packet) = self.current.take() {
            runtime::keep_until_next_frame(packet);
        }
    }
}

impl SteamMultiplayerPeer {
    /// The session; on another thread than the main one `None`, and the error of that.
    fn session(&self, call: &'static str) -> Option<&SharedSession> {
        let local = self.local.get();
        if local.is_none() {
            errors::wrong_thread(call);
        }
        local.map(|local| &local.session)
    }

    /// The outcome of a call for the game. This object is free while its error is printed: a handler of the engine's log
    /// may call it.
    fn report<E: AsError>(&mut self, call: &str, result: Result<(), E>) -> Error {
        if result.is_ok() {
            return Error::OK;
        }
        let _free = self.base_mut();
        outcome(call, result)
    }
}

#[godot_api]
impl SteamMultiplayerPeer {
    /// Emitted when a connection has ended or could not be made. [param reason] is one of [enum EndReason], or a number that
    /// another application chose; [param message] is meant for logs. [param peer_id] is 0 if the other user never became a
    /// peer; otherwise [signal MultiplayerPeer.peer_disconnected] follows.
    #[signal]
    fn connection_ended(steam_id: i64, peer_id: i64, reason: i64, message: GString);

    /// Emitted when the host of a lobby's match is gone, right before [signal MultiplayerAPI.server_disconnected]. Call
    /// [method migrate] in its handler to go on. [param new_host_steam_id] is the lobby's new owner, or 0 if Steam has not named
    /// it yet.
    #[signal]
    fn host_lost(new_host_steam_id: i64);

    /// Emitted when the match goes on after [method migrate]: on the new host, whose id is 1 from now on, and on everyone else
    /// once it is connected to it. [param state] is the last [member migration_state] that the former host had set.
    #[signal]
    fn migrated(state: PackedByteArray);

    /// Returns [member migration_state].
    #[func]
    fn get_migration_state(&self) -> PackedByteArray {
        let Some(session) = self.session("get_migration_state") else { return PackedByteArray::new() };
        PackedByteArray::from(&session.borrow().migration_state()[..])
    }

    /// Sets [member migration_state]. Prints an error on a client, or if it is too large.
    #[func]
    fn set_migration_state(&mut self, migration_state: PackedByteArray) {
        let Some(session) = self.session("set_migration_state") else { return };
        let set = session.borrow_mut().set_migration_state(migration_state.to_vec().into());
        self.report("set_migration_state", set);
    }

    /// Returns [member debug_level].
    #[func]
    fn get_debug_level(&self) -> DebugLevel {
        self.debug_level
    }

    /// Sets [member debug_level].
    #[func]
    fn set_debug_level(&mut self, debug_level: DebugLevel) {
        let Some(local) = self.local.get_mut() else {
            errors::wrong_thread("set_debug_level");
            return;
        };
        self.debug_level = debug_level;
        local.steam_log = (debug_level == DebugLevel::Steam).then(SteamLog::request);
    }

    /// Returns [member no_delay].
    #[func]
    fn get_no_delay(&self) -> bool {
        self.session("get_no_delay").is_some_and(|session| session.borrow().settings().no_delay)
    }

    /// Sets [member no_delay].
    #[func]
    fn set_no_delay(&mut self, no_delay: bool) {
        if let Some(session) = self.session("set_no_delay") {
            session.borrow_mut().settings_mut().no_delay = no_delay;
        }
    }

    /// Returns [member no_nagle].
    #[func]
    fn get_no_nagle(&self) -> bool {
        self.session("get_no_nagle").is_some_and(|session| session.borrow().settings().no_nagle)
    }

    /// Sets [member no_nagle].
    #[func]
    fn set_no_nagle(&mut self, no_nagle: bool) {
        if let Some(session) = self.session("set_no_nagle") {
            session.borrow_mut().settings_mut().no_nagle = no_nagle;
        }
    }

    /// Returns [member server_relay].
    #[func]
    fn get_server_relay(&self) -> bool {
        self.session("get_server_relay").is_some_and(|session| {
            let session = session.borrow();
            session.settings().server_relay.unwrap_or_else(|| session.is_server_relay())
        })
    }

    /// Sets [member server_relay].
    #[func]
    fn set_server_relay(&mut self, server_relay: bool) {
        if let Some(session) = self.session("set_server_relay") {
            session.borrow_mut().settings_mut().server_relay = Some(server_relay);
        }
    }

    /// Returns [member max_clients].
    #[func]
    fn get_max_clients(&self) -> i64 {
        let max = self.session("get_max_clients").map(|session| session.borrow().settings().max_clients);
        max.map_or(0, |max| i64::try_from(max).unwrap_or(i64::MAX))
    }

    /// Sets [member max_clients]. Negative values count as 0. Those who are connected stay.
    #[func]
    fn set_max_clients(&mut self, max_clients: i64) {
        if let Some(session) = self.session("set_max_clients") {
            session.borrow_mut().settings_mut().max_clients = usize::try_from(max_clients).unwrap_or(0);
        }
    }

    /// Returns [member lobby_members_only].
    #[func]
    fn get_lobby_members_only(&self) -> bool {
        self.session("get_lobby_members_only")
            .is_some_and(|session| session.borrow().settings().lobby_members_only)
    }

    /// Sets [member lobby_members_only].
    #[func]
    fn set_lobby_members_only(&mut self, lobby_members_only: bool) {
        if let Some(session) = self.session("set_lobby_members_only") {
            session.borrow_mut().settings_mut().lobby_members_only = lobby_members_only;
        }
    }

    /// Returns [member max_backlog_bytes].
    #[func]
    fn get_max_backlog_bytes(&self) -> i64 {
        let bytes = self
            .session("get_max_backlog_bytes")
            .map(|session| session.borrow().settings().max_backlog_bytes);
        bytes.map_or(0, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
    }

    /// Sets [member max_backlog_bytes]. Negative values count as 0. A connection on which nothing
    /// waits takes any packet.
    #[func]
    fn set_max_backlog_bytes(&mut self, max_backlog_bytes: i64) {
        let bytes = usize::try_from(max_backlog_bytes.max(0)).unwrap_or(usize::MAX);
        if let Some(session) = self.session("set_max_backlog_bytes") {
            session.borrow_mut().settings_mut().max_backlog_bytes = bytes;
        }
    }

    /// Returns [member max_packet_bytes].
    #[func]
    fn get_max_packet_bytes(&self) -> i64 {
        let bytes =
            self.session("get_max_packet_bytes").map(|session| session.borrow().settings().max_packet_bytes);
        bytes.map_or(0, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
    }

    /// Sets [member max_packet_bytes]. Less than 16,500 counts as that, more than 1,073,741,824 as that.
    #[func]
    fn set_max_packet_bytes(&mut self, max_packet_bytes: i64) {
        let bytes = usize::try_from(max_packet_bytes.max(0)).unwrap_or(usize::MAX);
        if let Some(session) = self.session("set_max_packet_bytes") {
            session.borrow_mut().settings_mut().max_packet_bytes =
                bytes.clamp(MAX_UNRELIABLE_BYTES, MAX_PACKET_BYTES);
        }
    }

    /// Returns [member adaptive_send_rate].
    #[func]
    fn get_adaptive_send_rate(&self) -> bool {
        self.session("get_adaptive_send_rate")
            .is_some_and(|session| session.borrow().settings().adaptive_send_rate)
    }

    /// Sets [member adaptive_send_rate].
    #[func]
    fn set_adaptive_send_rate(&mut self, adaptive_send_rate: bool) {
        if let Some(session) = self.session("set_adaptive_send_rate") {
            session.borrow_mut().settings_mut().adaptive_send_rate = adaptive_send_rate;
        }
    }

    /// Returns [member max_send_rate].
    #[func]
    fn get_max_send_rate(&self) -> i64 {
        let rate = self.session("get_max_send_rate").map(|session| session.borrow().settings().max_send_rate);
        rate.map_or(0, |rate| i64::try_from(rate).unwrap_or(i64::MAX))
    }

    /// Sets [member max_send_rate], clamped to 16,384 to 104,857,600.
    #[func]
    fn set_max_send_rate(&mut self, max_send_rate: i64) {
        let rate = usize::try_from(max_send_rate.max(0)).unwrap_or(usize::MAX);
        if let Some(session) = self.session("set_max_send_rate") {
            session.borrow_mut().settings_mut().max_send_rate =
                rate.clamp(MIN_SEND_RATE, MAX_STEAM_SEND_RATE);
        }
    }

    /// Returns [member direct_connections].
    #[func]
    fn get_direct_connections(&self) -> bool {
        self.direct_connections
    }

    /// Sets [member direct_connections].
    #[func]
    fn set_direct_connections(&mut self, direct_connections: bool) {
        let Some(session) = self.session("set_direct_connections") else { return };
        let set = if peer_steam::is_available() {
            session.borrow_mut().transport_mut().set_direct_connections(direct_connections)
        } else {
            Ok(())
        };
        self.direct_connections = direct_connections;
        self.report("set_direct_connections", set);
    }
}

// After the class: the macros in them look for what its declaration made.
mod api;
mod extension;
