//! The class `SteamMultiplayerPeer`: its properties and its signal. What games call is in `api`, what the engine calls
//! in `extension`.

use godot::classes::MultiplayerPeerExtension;
use godot::prelude::*;
use peer_core::limits::{MAX_STEAM_SEND_RATE, MIN_SEND_RATE};
use peer_core::{Packet, TransferMode};
use peer_steam::SteamMessage;

use crate::debug;
use crate::errors::{PutErrors, outcome};
use crate::monitors::Monitors;
use crate::runtime::SharedSession;

pub(crate) mod enums;

use enums::DebugLevel;

/// A [MultiplayerPeer] over Steam's networking sockets: assign it to [member MultiplayerAPI.multiplayer_peer], and
/// [code]@rpc[/code] travels over Steam, with no ports to open and with players that Steam vouches for.
///
/// Every member of a game listens and connects to every other (a full mesh). A host has the id 1, clients have random
/// ids. A lobby gathers the players: one makes it with [method SteamSession.create_lobby] and calls
/// [method host_with_lobby], the others join it with [method SteamSession.join_lobby] and call
/// [method connect_to_lobby]. Without a lobby, [method create_host] and [method create_client] do the same by Steam id.
///
/// Steam must be initialised before: by [method SteamSession.initialize], or by another addon, whose session is then
/// used. Every signal is emitted while the peer is polled, which the [SceneTree] does each frame, and a handler may
/// call any method of the peer.
#[derive(GodotClass)]
#[class(tool, base = MultiplayerPeerExtension)]
pub(crate) struct SteamMultiplayerPeer {
    /// How much is printed.
    #[var(get = get_debug_level, set = set_debug_level, usage_flags = [DEFAULT])]
    debug_level: DebugLevel,
    /// If [code]true[/code], unreliable packets that cannot be sent at once are dropped rather than queued. It never
    /// applies to reliable packets.
    #[var(get = get_no_delay, set = set_no_delay, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    no_delay: PhantomVar<bool>,
    /// If [code]true[/code], every packet is sent at once. If [code]false[/code], the packets of a frame go out together
    /// at its end, which takes no longer than a frame and costs a fraction; Steam's own wait for more packets does not
    /// apply either way.
    #[var(get = get_no_nagle, set = set_no_nagle, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    no_nagle: PhantomVar<bool>,
    /// If [code]true[/code], clients connect to the host alone, and [SceneMultiplayer] relays what they send to each
    /// other through it. If [code]false[/code], everyone is connected to everyone. Set it to the same on every side,
    /// before connecting.
    #[var(get = get_server_relay, set = set_server_relay, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    server_relay: PhantomVar<bool>,
    /// If [code]true[/code], only members of the lobby given to [method host_with_lobby] or [method connect_to_lobby]
    /// may connect. Without a lobby it has no effect.
    #[var(get = get_lobby_members_only, set = set_lobby_members_only, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    lobby_members_only: PhantomVar<bool>,
    /// How many bytes of reliable packets may wait for one peer once Steam's send buffer (512 KiB) is full. A packet past
    /// that is refused with [constant ERR_OUT_OF_MEMORY]; none is ever lost. Each packet counts 64 bytes more than it
    /// has.
    #[var(get = get_max_backlog_bytes, set = set_max_backlog_bytes, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    max_backlog_bytes: PhantomVar<i64>,
    /// If [code]true[/code], a connection that has more to send than Steam's own rate carries (256 KiB a second) sends as
    /// fast as the line takes it: faster as long as what arrives keeps up and the ping does not grow, slower when not.
    /// If [code]false[/code], every connection keeps to Steam's rate. Steam's options for the send rate
    /// (k_ESteamNetworkingConfig_SendRateMin and SendRateMax, 10 and 11), once set by [method set_config], have the last
    /// word.
    #[var(get = get_adaptive_send_rate, set = set_adaptive_send_rate, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    adaptive_send_rate: PhantomVar<bool>,
    /// How many bytes a second [member adaptive_send_rate] lets a connection send at most. Steam takes no more than
    /// 104,857,600 (100 MiB), and at more than the default small reliable packets become slower rather than faster.
    #[var(get = get_max_send_rate, set = set_max_send_rate, usage_flags = [DEFAULT])]
    #[allow(dead_code, reason = "the session has the value")]
    max_send_rate: PhantomVar<i64>,
    /// If [code]true[/code], connections to come may also take direct routes, by which players can learn each other's
    /// network addresses. If [code]false[/code], it is Steam's own choice, which is to use Valve's relays.
    #[var(get = get_direct_connections, set = set_direct_connections, usage_flags = [DEFAULT])]
    direct_connections: bool,

    session: SharedSession,
    /// The packet that Godot reads: Steam's memory, kept until the next one.
    current: Option<Packet<SteamMessage>>,
    // What `MultiplayerPeer` keeps for the packets to come.
    target: i32,
    channel: i32,
    mode: TransferMode,

    put_errors: PutErrors,
    monitors: Monitors,
    base: Base<MultiplayerPeerExtension>,
}

#[godot_api]
impl SteamMultiplayerPeer {
    /// A connection has ended, or could not be made. [param reason] is one of [enum EndReason], or a number of another
    /// application; [param message] is for people to read. [param peer_id] is 0 if the user on the other side never
    /// became a peer; otherwise [signal MultiplayerPeer.peer_disconnected] follows.
    #[signal]
    fn connection_ended(steam_id: i64, peer_id: i64, reason: i64, message: GString);

    /// Returns [member debug_level].
    #[func]
    fn get_debug_level(&self) -> DebugLevel {
        self.debug_level
    }

    /// Sets [member debug_level].
    #[func]
    fn set_debug_level(&mut self, debug_level: DebugLevel) {
        self.debug_level = debug_level;
        debug::set_steam_log_level(debug_level);
    }

    /// Returns [member no_delay].
    #[func]
    fn get_no_delay(&self) -> bool {
        self.session.borrow().settings().no_delay
    }

    /// Sets [member no_delay].
    #[func]
    fn set_no_delay(&mut self, no_delay: bool) {
        self.session.borrow_mut().settings_mut().no_delay = no_delay;
    }

    /// Returns [member no_nagle].
    #[func]
    fn get_no_nagle(&self) -> bool {
        self.session.borrow().settings().no_nagle
    }

    /// Sets [member no_nagle].
    #[func]
    fn set_no_nagle(&mut self, no_nagle: bool) {
        self.session.borrow_mut().settings_mut().no_nagle = no_nagle;
    }

    /// Returns [member server_relay].
    #[func]
    fn get_server_relay(&self) -> bool {
        self.session.borrow().settings().server_relay
    }

    /// Sets [member server_relay].
    #[func]
    fn set_server_relay(&mut self, server_relay: bool) {
        self.session.borrow_mut().settings_mut().server_relay = server_relay;
    }

    /// Returns [member lobby_members_only].
    #[func]
    fn get_lobby_members_only(&self) -> bool {
        self.session.borrow().settings().lobby_members_only
    }

    /// Sets [member lobby_members_only].
    #[func]
    fn set_lobby_members_only(&mut self, lobby_members_only: bool) {
        self.session.borrow_mut().settings_mut().lobby_members_only = lobby_members_only;
    }

    /// Returns [member max_backlog_bytes].
    #[func]
    fn get_max_backlog_bytes(&self) -> i64 {
        i64::try_from(self.session.borrow().settings().max_backlog_bytes).unwrap_or(i64::MAX)
    }

    /// Sets [member max_backlog_bytes]. A negative number counts as 0, and less than one packet's worth (524,288) as
    /// that.
    #[func]
    fn set_max_backlog_bytes(&mut self, max_backlog_bytes: i64) {
        let bytes = usize::try_from(max_backlog_bytes.max(0)).unwrap_or(usize::MAX);
        self.session.borrow_mut().settings_mut().max_backlog_bytes = bytes;
    }

    /// Returns [member adaptive_send_rate].
    #[func]
    fn get_adaptive_send_rate(&self) -> bool {
        self.session.borrow().settings().adaptive_send_rate
    }

    /// Sets [member adaptive_send_rate].
    #[func]
    fn set_adaptive_send_rate(&mut self, adaptive_send_rate: bool) {
        self.session.borrow_mut().settings_mut().adaptive_send_rate = adaptive_send_rate;
    }

    /// Returns [member max_send_rate].
    #[func]
    fn get_max_send_rate(&self) -> i64 {
        i64::try_from(self.session.borrow().settings().max_send_rate).unwrap_or(i64::MAX)
    }

    /// Sets [member max_send_rate]. Less than 16,384 counts as that, more than 104,857,600 as that.
    #[func]
    fn set_max_send_rate(&mut self, max_send_rate: i64) {
        let rate = usize::try_from(max_send_rate.max(0)).unwrap_or(usize::MAX);
        let rate = rate.clamp(MIN_SEND_RATE, MAX_STEAM_SEND_RATE);
        self.session.borrow_mut().settings_mut().max_send_rate = rate;
    }

    /// Returns [member direct_connections].
    #[func]
    fn get_direct_connections(&self) -> bool {
        self.direct_connections
    }

    /// Sets [member direct_connections].
    #[func]
    fn set_direct_connections(&mut self, direct_connections: bool) {
        self.direct_connections = direct_connections;
        if peer_steam::is_available() {
            let set = self.session.borrow_mut().transport_mut().set_direct_connections(direct_connections);
            outcome("set_direct_connections", set);
        }
    }
}

// After the class: the macros in them look for what its declaration made.
mod api;
mod extension;
