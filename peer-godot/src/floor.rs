//! The floor of the benchmarks in the engine: the least that a peer over Steam can cost with this binding. It puts packets
//! into one batch and gives it to Steam when it is polled, and takes in what Steam has; it has no session, promises nothing,
//! and is in no release.

use std::collections::VecDeque;

use bytes::Bytes;
use godot::classes::multiplayer_peer::{ConnectionStatus, TransferMode};
use godot::classes::{IMultiplayerPeerExtension, MultiplayerPeerExtension};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::prelude::*;
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, Lane, Message as _, Outgoing, SendFlags, SendResult, SteamId,
    Token, Transport as _, VirtualPort,
};
use peer_steam::{SteamMessage, SteamTransport};

/// Not the one that `SteamMultiplayerPeer` has by default.
const PORT: VirtualPort = VirtualPort(7);

const HOST: i32 = 1;

/// A client's id on every side but its own, where it counts for nothing: this and its place among the connections.
const FIRST_CLIENT: i32 = 2;

#[derive(GodotClass)]
#[class(tool, init, base = MultiplayerPeerExtension)]
pub(crate) struct FloorPeer {
    transport: SteamTransport,
    is_host: bool,
    is_connected: bool,
    /// By place: that of id 2, or of the host.
    connections: Vec<ConnectionHandle>,
    payloads: Vec<Bytes>,
    messages: Vec<Outgoing>,
    results: Vec<SendResult>,
    arrivals: Vec<SteamMessage>,
    inbox: VecDeque<SteamMessage>,
    current: Option<SteamMessage>,
    target: i32,
    channel: i32,
    flags: i32,
    base: Base<MultiplayerPeerExtension>,
}

#[godot_api]
impl FloorPeer {
    #[func]
    fn create_host(&mut self) -> bool {
        self.is_host = true;
        self.is_connected = true;
        self.transport.listen(PORT).is_ok()
    }

    #[func]
    fn create_client(&mut self, host: i64) -> bool {
        let host = SteamId(host.cast_unsigned());
        // A symmetric connection has to be listened for on both sides.
        self.transport.listen(PORT).is_ok() && self.transport.connect(host, PORT, Token(0)).is_ok()
    }

    fn send(&mut self) {
        let Self { transport, payloads, messages, results, .. } = self;
        if let Some(last) = messages.last_mut() {
            last.flags |= SendFlags::NO_NAGLE;
            transport.send(Batch { payloads, messages }, results);
        }
        payloads.clear();
        messages.clear();
        results.clear();
    }
}

#[godot_api]
impl IMultiplayerPeerExtension for FloorPeer {
    fn poll(&mut self) {
        self.current = None;
        self.send();
        while let Some(change) = self.transport.next_status() {
            match change.state {
                ConnectionState::Requested => {
                    let place = u32::try_from(self.connections.len()).unwrap_or(u32::MAX);
                    if self.transport.accept(change.connection, Token(place)).is_err() {
                        godot_error!("FloorPeer: a request is gone");
                    }
                }
                ConnectionState::Connected => {
                    self.connections.push(change.connection);
                    self.is_connected = true;
                    let place = i32::try_from(self.connections.len()).unwrap_or(i32::MAX) - 1;
                    let id = if self.is_host { FIRST_CLIENT + place } else { HOST };
                    self.signals().peer_connected().emit(i64::from(id));
                }
                _ => {}
            }
        }
        let Self { transport, arrivals, inbox, .. } = self;
        while transport.receive(arrivals, 512) == 512 {}
        inbox.extend(arrivals.drain(..));
    }

    fn get_available_packet_count(&self) -> i32 {
        i32::try_from(self.inbox.len()).unwrap_or(i32::MAX)
    }

    fn get_packet_peer(&self) -> i32 {
        let place = self.inbox.front().map_or(0, |message| message.token().0);
        if self.is_host { FIRST_CLIENT + place.cast_signed() } else { HOST }
    }

    fn get_packet_channel(&self) -> i32 {
        0
    }

    fn get_packet_mode(&self) -> TransferMode {
        TransferMode::RELIABLE
    }

    #[allow(unsafe_code, reason = "Godot reads Steam's memory, and says where")]
    unsafe fn get_packet_rawptr(
        &mut self,
        r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        r_buffer_size: RawPtr<*mut i32>,
    ) -> Error {
        let Some(message) = self.inbox.pop_front() else { return Error::ERR_UNAVAILABLE };
        let payload = self.current.insert(message).payload();
        // SAFETY: Godot passes the addresses of two variables of its own, and reads the message until the next call.
        unsafe {
            *r_buffer.ptr() = RawPtr::new(payload.as_ptr());
            *r_buffer_size.ptr() = i32::try_from(payload.len()).unwrap_or(0);
        }
        Error::OK
    }

    #[allow(unsafe_code, reason = "Godot says where the packet is")]
    unsafe fn put_packet_rawptr(&mut self, p_buffer: RawPtr<*const u8>, p_buffer_size: i32) -> Error {
        let len = usize::try_from(p_buffer_size).unwrap_or(0);
        // SAFETY: Godot passes so many bytes of its own, and keeps them until this returns.
        let packet = unsafe { std::slice::from_raw_parts(p_buffer.ptr(), len) };
        let place = if self.is_host { self.target - FIRST_CLIENT } else { 0 };
        let Some(&to) = usize::try_from(place).ok().and_then(|place| self.connections.get(place)) else {
            return Error::ERR_INVALID_PARAMETER;
        };
        let payload = u32::try_from(self.payloads.len()).unwrap_or(u32::MAX);
        self.payloads.push(Bytes::copy_from_slice(packet));
        let flags = if self.flags == 0 { SendFlags::RELIABLE } else { SendFlags::empty() };
        self.messages.push(Outgoing::new(to, payload, Lane::CONTROL, flags));
        Error::OK
    }

    fn set_transfer_channel(&mut self, channel: i32) {
        self.channel = channel;
    }

    fn get_transfer_channel(&self) -> i32 {
        self.channel
    }

    fn set_transfer_mode(&mut self, mode: TransferMode) {
        self.flags = i32::from(mode != TransferMode::RELIABLE);
    }

    fn get_transfer_mode(&self) -> TransferMode {
        if self.flags == 0 { TransferMode::RELIABLE } else { TransferMode::UNRELIABLE }
    }

    fn set_target_peer(&mut self, peer_id: i32) {
        self.target = peer_id;
    }

    fn get_max_packet_size(&self) -> i32 {
        1 << 19
    }

    fn close(&mut self) {}

    fn disconnect_peer(&mut self, _: i32, _: bool) {}

    fn is_server(&self) -> bool {
        self.is_host
    }

    fn get_unique_id(&self) -> i32 {
        if self.is_host { HOST } else { FIRST_CLIENT }
    }

    fn set_refuse_new_connections(&mut self, _: bool) {}

    fn is_refusing_new_connections(&self) -> bool {
        false
    }

    fn is_server_relay_supported(&self) -> bool {
        false
    }

    fn get_connection_status(&self) -> ConnectionStatus {
        if self.is_connected { ConnectionStatus::CONNECTED } else { ConnectionStatus::CONNECTING }
    }
}
