//! What the engine calls: a peer as `SceneMultiplayer` and any other `MultiplayerAPI` know it.

use std::rc::Rc;

use godot::classes::multiplayer_peer::{ConnectionStatus, TransferMode as GodotMode};
use godot::classes::{IMultiplayerPeerExtension, MultiplayerPeerExtension};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::prelude::*;
use peer_core::{Channel, Event, PeerId, PutError, Status, SteamId, Target, TransferMode};

use super::SteamMultiplayerPeer;
use super::api::with_peer;
use super::enums::DebugLevel;
use crate::debug;
use crate::entry::names;
use crate::errors::{self, AsError as _, PutErrors};
use crate::ids::ToInt as _;
use crate::main_thread::MainThread;
use crate::runtime::{self, SharedSession};

#[godot_api]
impl IMultiplayerPeerExtension for SteamMultiplayerPeer {
    fn init(base: Base<MultiplayerPeerExtension>) -> Self {
        Self {
            debug_level: DebugLevel::None,
            no_delay: PhantomVar::default(),
            no_nagle: PhantomVar::default(),
            server_relay: PhantomVar::default(),
            max_clients: PhantomVar::default(),
            lobby_members_only: PhantomVar::default(),
            max_packet_bytes: PhantomVar::default(),
            max_backlog_bytes: PhantomVar::default(),
            adaptive_send_rate: PhantomVar::default(),
            max_send_rate: PhantomVar::default(),
            direct_connections: false,
            migration_state: PhantomVar::default(),
            local: MainThread::new(),
            is_emitting: false,
            target: 0,
            channel: 0,
            mode: TransferMode::Reliable,
            is_own_name: names::is_own_name(),
            put_errors: PutErrors::default(),
            base,
        }
    }

    fn poll(&mut self) {
        let Some(local) = self.local.get_mut() else {
            errors::wrong_thread("poll");
            return;
        };
        local.current = None;
        runtime::pump();
        local.session.borrow_mut().poll(runtime::now());
        let session = Rc::clone(&local.session);
        self.is_emitting = true;
        let this = self.emit_events(&session);
        self.is_emitting = false;
        if let Some(local) = self.local.get_mut() {
            local.drain_if_closed();
        }
        // A handler may have let go of the last other reference, and the engine is still inside of this object.
        if let Some(mut this) = this
            && this.get_reference_count() == 1
        {
            this.run_deferred_gd(drop);
        }
    }

    fn close(&mut self) {
        let Some(local) = self.local.get_mut() else {
            errors::wrong_thread("close");
            return;
        };
        local.session.borrow_mut().close(runtime::now());
        local.drain_if_closed();
    }

    fn disconnect_peer(&mut self, peer_id: i32, force: bool) {
        let Some(local) = self.local.get_mut() else {
            errors::wrong_thread("disconnect_peer");
            return;
        };
        let gone =
            with_peer(peer_id, |id| local.session.borrow_mut().disconnect_peer(id, force, runtime::now()));
        local.drain_if_closed();
        self.report("disconnect_peer", gone);
    }

    fn get_available_packet_count(&self) -> i32 {
        let Some(session) = self.session("get_available_packet_count") else { return 0 };
        i32::try_from(session.borrow().available()).unwrap_or(i32::MAX)
    }

    fn get_max_packet_size(&self) -> i32 {
        let Some(session) = self.session("get_max_packet_size") else { return 0 };
        i32::try_from(session.borrow().settings().max_packet_bytes).unwrap_or(i32::MAX)
    }

    fn get_packet_peer(&self) -> i32 {
        let Some(session) = self.session("get_packet_peer") else { return 0 };
        session.borrow().front().map_or(0, |packet| packet.peer.to_godot())
    }

    fn get_packet_channel(&self) -> i32 {
        let Some(session) = self.session("get_packet_channel") else { return 0 };
        session.borrow().front().map_or(0, |packet| i32::from(packet.channel.get()))
    }

    fn get_packet_mode(&self) -> GodotMode {
        let Some(session) = self.session("get_packet_mode") else { return GodotMode::RELIABLE };
        session.borrow().front().map_or(GodotMode::RELIABLE, |packet| to_godot(packet.mode))
    }

    #[allow(unsafe_code, reason = "Godot reads Steam's memory, and says where")]
    unsafe fn get_packet_rawptr(
        &mut self,
        r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        r_buffer_size: RawPtr<*mut i32>,
    ) -> Error {
        let Some(local) = self.local.get_mut() else { return errors::wrong_thread("get_packet") };
        let packet = local.session.borrow_mut().pop();
        let Some(packet) = packet else { return Error::ERR_UNAVAILABLE };
        let payload = local.current.insert(packet).payload();
        // SAFETY: Godot passes the addresses of two variables of its own, which live until this returns. What the first
        // then points to is the message in `current`, which stays where it is until the next packet or poll, or if this object
        // is freed before, until the next frame. Godot documents that it reads no longer than that.
        unsafe {
            *r_buffer.ptr() = RawPtr::new(payload.as_ptr());
            // A packet has at most 1 GiB.
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
        let Some(local) = self.local.get() else { return errors::wrong_thread("put_packet") };
        match self.put(&local.session, payload) {
            Ok(()) => {
                runtime::flush_at_end_of_frame();
                Error::OK
            }
            Err(error) if self.put_errors.is_new(error) => self.report("put_packet", Err(error)),
            Err(error) => error.code(),
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
        self.session("is_server").is_some_and(|session| session.borrow().is_host())
    }

    fn get_unique_id(&self) -> i32 {
        let Some(session) = self.session("get_unique_id") else { return 0 };
        session.borrow().unique_id().map_or(0, PeerId::to_godot)
    }

    fn set_refuse_new_connections(&mut self, enable: bool) {
        if let Some(session) = self.session("set_refuse_new_connections") {
            session.borrow_mut().settings_mut().refuse_new_connections = enable;
        }
    }

    fn is_refusing_new_connections(&self) -> bool {
        let session = self.session("is_refusing_new_connections");
        session.is_some_and(|session| session.borrow().settings().refuse_new_connections)
    }

    fn is_server_relay_supported(&self) -> bool {
        let session = self.session("is_server_relay_supported");
        session.is_some_and(|session| session.borrow().is_server_relay())
    }

    fn get_connection_status(&self) -> ConnectionStatus {
        let Some(session) = self.session("get_connection_status") else {
            return ConnectionStatus::DISCONNECTED;
        };
        match session.borrow().status() {
            Status::Disconnected => ConnectionStatus::DISCONNECTED,
            Status::Connecting => ConnectionStatus::CONNECTING,
            Status::Connected => ConnectionStatus::CONNECTED,
        }
    }
}

impl SteamMultiplayerPeer {
    fn put(&self, session: &SharedSession, payload: &[u8]) -> Result<(), PutError> {
        let (target, channel) = (Target::try_from(self.target)?, Channel::try_from(self.channel)?);
        session.borrow_mut().put(target, channel, self.mode, payload)
    }

    /// Emits the signals of what has happened. The session and this object are free while a handler runs, or while a line is
    /// printed.
    ///
    /// Returns another reference to this object if there was anything to emit: a handler may let go of the last one.
    fn emit_events(&mut self, session: &SharedSession) -> Option<Gd<Self>> {
        let mut this = None;
        loop {
            let event = session.borrow_mut().next_event();
            let Some(event) = event else { return this };
            this.get_or_insert_with(|| self.to_gd());
            if self.debug_level != DebugLevel::None {
                let own = session.borrow().unique_id();
                let _free = self.base_mut();
                debug::print_event(own, &event);
            }
            match event {
                Event::PeerConnected(id) => self.signals().peer_connected().emit(id.to_int()),
                Event::PeerDisconnected(id) => self.signals().peer_disconnected().emit(id.to_int()),
                Event::ConnectionEnded { steam_id, peer, reason, message } => {
                    let peer = peer.map_or(0, PeerId::to_int);
                    let (steam_id, reason) = (steam_id.to_int(), i64::from(reason.code()));
                    self.signals().connection_ended().emit(steam_id, peer, reason, &GString::from(&message));
                }
                Event::HostLost { new_host } => {
                    self.signals().host_lost().emit(new_host.map_or(0, SteamId::to_int));
                }
                Event::Migrated { state } => {
                    self.signals().migrated().emit(&PackedByteArray::from(&state[..]));
                }
                Event::RelayOverridden { server_relay } => {
                    let _free = self.base_mut();
                    godot_warn!(
                        "SteamMultiplayerPeer: server_relay is {} here and {server_relay} on the host, whose setting holds: \
                         set it to the same on every side.",
                        !server_relay
                    );
                }
            }
        }
    }
}

fn to_godot(mode: TransferMode) -> GodotMode {
    match mode {
        TransferMode::Unreliable => GodotMode::UNRELIABLE,
        TransferMode::UnreliableOrdered => GodotMode::UNRELIABLE_ORDERED,
        TransferMode::Reliable => GodotMode::RELIABLE,
    }
}
