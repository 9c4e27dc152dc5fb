//! What the engine calls: a peer as `SceneMultiplayer` and any other `MultiplayerAPI` know it.

use godot::classes::multiplayer_peer::{ConnectionStatus, TransferMode as GodotMode};
use godot::classes::{IMultiplayerPeerExtension, MultiplayerPeerExtension};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::prelude::*;
use peer_core::limits::MAX_PACKET_BYTES;
use peer_core::{Channel, Event, PeerId, PutError, Status, Target, TransferMode};

use super::SteamMultiplayerPeer;
use super::api::with_peer;
use super::enums::DebugLevel;
use crate::errors::{PutErrors, outcome};
use crate::ids::ToInt as _;
use crate::monitors::Monitors;
use crate::{debug, runtime};

#[godot_api]
impl IMultiplayerPeerExtension for SteamMultiplayerPeer {
    fn init(base: Base<MultiplayerPeerExtension>) -> Self {
        Self {
            debug_level: DebugLevel::None,
            no_delay: PhantomVar::default(),
            no_nagle: PhantomVar::default(),
            server_relay: PhantomVar::default(),
            lobby_members_only: PhantomVar::default(),
            max_backlog_bytes: PhantomVar::default(),
            adaptive_send_rate: PhantomVar::default(),
            max_send_rate: PhantomVar::default(),
            direct_connections: false,
            session: runtime::new_session(),
            current: None,
            target: 0,
            channel: 0,
            mode: TransferMode::Reliable,
            put_errors: PutErrors::default(),
            monitors: Monitors::default(),
            base,
        }
    }

    fn poll(&mut self) {
        runtime::pump();
        self.current = None;
        self.session.borrow_mut().poll(runtime::now());
        let this = self.emit_events();
        self.drain_if_closed();
        if let Some(mut this) = this
            && this.get_reference_count() == 1
        {
            this.run_deferred_gd(drop);
        }
    }

    fn close(&mut self) {
        self.session.borrow_mut().close(runtime::now());
        self.drain_if_closed();
    }

    fn disconnect_peer(&mut self, peer_id: i32, force: bool) {
        let gone =
            with_peer(peer_id, |id| self.session.borrow_mut().disconnect_peer(id, force, runtime::now()));
        outcome("disconnect_peer", gone);
        self.drain_if_closed();
    }

    fn get_available_packet_count(&self) -> i32 {
        i32::try_from(self.session.borrow().available()).unwrap_or(i32::MAX)
    }

    fn get_max_packet_size(&self) -> i32 {
        i32::try_from(MAX_PACKET_BYTES).unwrap_or(i32::MAX)
    }

    fn get_packet_peer(&self) -> i32 {
        self.session.borrow().front().map_or(0, |packet| packet.peer.to_godot())
    }

    fn get_packet_channel(&self) -> i32 {
        self.session.borrow().front().map_or(0, |packet| i32::from(packet.channel.get()))
    }

    fn get_packet_mode(&self) -> GodotMode {
        self.session.borrow().front().map_or(GodotMode::RELIABLE, |packet| to_godot(packet.mode))
    }

    #[allow(unsafe_code, reason = "Godot reads Steam's memory, and says where")]
    unsafe fn get_packet_rawptr(
        &mut self,
        r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        r_buffer_size: RawPtr<*mut i32>,
    ) -> Error {
        let packet = self.session.borrow_mut().pop();
        let Some(packet) = packet else { return Error::ERR_UNAVAILABLE };
        let payload = self.current.insert(packet).payload();
        // SAFETY: Godot passes the addresses of two variables of its own, which live until this returns. What the first
        // then points to is the message in `current`: that stays where it is until the next packet or poll, and Godot
        // documents that it reads no longer than that.
        unsafe {
            *r_buffer.ptr() = RawPtr::new(payload.as_ptr());
            // A packet has at most 512 KiB.
            *r_buffer_size.ptr() = i32::try_from(payload.len()).unwrap_or(0);
        }
        Error::OK
    }

    #[allow(unsafe_code, reason = "Godot says where the packet is")]
    unsafe fn put_packet_rawptr(&mut self, p_buffer: RawPtr<*const u8>, p_buffer_size: i32) -> Error {
        let (buffer, len) = (p_buffer.ptr(), usize::try_from(p_buffer_size).unwrap_or(0));
        let payload = if buffer.is_null() || len == 0 {
            &[]
        } else {
            // SAFETY: Godot passes so many bytes of its own, and keeps them until this returns.
            unsafe { std::slice::from_raw_parts(buffer, len) }
        };
        match self.put(payload) {
            Ok(()) => {
                runtime::flush_at_end_of_frame();
                Error::OK
            }
            Err(error) => self.put_errors.report(error),
        }
    }

    fn set_transfer_channel(&mut self, channel: i32) {
        self.channel = channel;
    }

    fn get_transfer_channel(&self) -> i32 {
        self.channel
    }

    fn set_transfer_mode(&mut self, mode: GodotMode) {
        self.mode = match mode {
            GodotMode::UNRELIABLE => TransferMode::Unreliable,
            GodotMode::UNRELIABLE_ORDERED => TransferMode::UnreliableOrdered,
            _ => TransferMode::Reliable,
        };
    }

    fn get_transfer_mode(&self) -> GodotMode {
        to_godot(self.mode)
    }

    fn set_target_peer(&mut self, peer_id: i32) {
        self.target = peer_id;
    }

    fn is_server(&self) -> bool {
        self.session.borrow().is_host()
    }

    fn get_unique_id(&self) -> i32 {
        self.session.borrow().unique_id().map_or(0, PeerId::to_godot)
    }

    fn set_refuse_new_connections(&mut self, enable: bool) {
        self.session.borrow_mut().settings_mut().refuse_new_connections = enable;
    }

    fn is_refusing_new_connections(&self) -> bool {
        self.session.borrow().settings().refuse_new_connections
    }

    fn is_server_relay_supported(&self) -> bool {
        self.session.borrow().settings().server_relay
    }

    fn get_connection_status(&self) -> ConnectionStatus {
        match self.session.borrow().status() {
            Status::Disconnected => ConnectionStatus::DISCONNECTED,
            Status::Connecting => ConnectionStatus::CONNECTING,
            Status::Connected => ConnectionStatus::CONNECTED,
        }
    }
}

impl SteamMultiplayerPeer {
    fn put(&self, payload: &[u8]) -> Result<(), PutError> {
        let (target, channel) = (Target::try_from(self.target)?, Channel::try_from(self.channel)?);
        self.session.borrow_mut().put(target, channel, self.mode, payload)
    }

    /// Tells the game what has happened. The session and this object are free while a handler runs.
    ///
    /// A handler may let go of the last reference to this object while the engine is still inside of it: so if there was
    /// anything to tell, another reference is returned.
    fn emit_events(&mut self) -> Option<Gd<Self>> {
        let mut this = None;
        loop {
            let event = self.session.borrow_mut().next_event();
            let Some(event) = event else { return this };
            this.get_or_insert_with(|| self.to_gd());
            if self.debug_level != DebugLevel::None {
                debug::print_event(&self.session.borrow(), &event);
            }
            match event {
                Event::PeerConnected(id) => self.signals().peer_connected().emit(id.to_int()),
                Event::PeerDisconnected(id) => self.signals().peer_disconnected().emit(id.to_int()),
                Event::ConnectionEnded { steam_id, peer, reason, message } => {
                    let peer = peer.map_or(0, PeerId::to_int);
                    let (steam_id, reason) = (steam_id.to_int(), i64::from(reason.code()));
                    self.signals().connection_ended().emit(steam_id, peer, reason, &GString::from(&message));
                }
            }
        }
    }

    /// The session may be over for the game; what was put before still goes out.
    fn drain_if_closed(&mut self) {
        if self.session.borrow().status() == Status::Disconnected {
            self.current = None;
            self.monitors.clear();
            runtime::drain(&self.session);
        }
    }
}

impl Drop for SteamMultiplayerPeer {
    fn drop(&mut self) {
        self.session.borrow_mut().close(runtime::now());
        self.drain_if_closed();
    }
}

fn to_godot(mode: TransferMode) -> GodotMode {
    match mode {
        TransferMode::Unreliable => GodotMode::UNRELIABLE,
        TransferMode::UnreliableOrdered => GodotMode::UNRELIABLE_ORDERED,
        TransferMode::Reliable => GodotMode::RELIABLE,
    }
}
