//! The class `SteamPacketPeer`: one peer of a session.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use godot::classes::{IPacketPeerExtension, PacketPeerExtension};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::prelude::*;
use peer_core::{Channel, Peer, PutError, RealTimeStatus, Session, Target, TransferMode};
use peer_steam::SteamTransport;

use crate::errors::{self, AsError as _, PutErrors, outcome};
use crate::ids::ToInt as _;
use crate::main_thread::MainThread;
use crate::runtime::{self, SharedSession};

pub(crate) mod enums;

use enums::{PeerState, Statistic};

type WeakSession = Weak<RefCell<Session<SteamTransport>>>;

/// One peer of a [SteamMultiplayerPeer], from [method SteamMultiplayerPeer.get_peer]: who it is, and the state of its
/// connection.
///
/// Packets put here go to this peer only, reliably and on channel 0. What the peer sends is read from the
/// [SteamMultiplayerPeer].
#[derive(GodotClass)]
#[class(tool, no_init, base = PacketPeerExtension)]
pub(crate) struct SteamPacketPeer {
    session: MainThread<WeakSession>,
    peer: Peer,
    put_errors: PutErrors,
    base: Base<PacketPeerExtension>,
}

#[godot_api]
impl SteamPacketPeer {
    /// Returns the Steam id of the user.
    #[func]
    fn get_steam_id(&self) -> i64 {
        self.peer.steam_id.to_int()
    }

    /// Returns the peer's id.
    #[func]
    fn get_peer_id(&self) -> i32 {
        self.peer.id.to_godot()
    }

    /// Returns the state of the connection.
    #[func]
    fn get_state(&self) -> PeerState {
        let Some(session) = self.session("get_state") else { return PeerState::None };
        let (is_known, status) = {
            let session = session.borrow();
            (session.peer(self.peer.id).is_some(), session.real_time_status(self.peer.id))
        };
        match (is_known, status) {
            (true, Some(_)) => PeerState::Connected,
            // It has ended, and what it sent before is still to be read.
            (true, None) => PeerState::ClosedByPeer,
            (false, _) => PeerState::None,
        }
    }

    /// Returns a statistic of the connection, or 0 if it has ended.
    #[func]
    fn get_statistic(&self, statistic: Statistic) -> f64 {
        let Some(session) = self.session("get_statistic") else { return 0.0 };
        let session = session.borrow();
        if statistic == Statistic::BacklogBytes {
            let bytes = session.backlog_bytes(self.peer.id);
            // A backlog has less than 2^53 bytes.
            #[allow(clippy::cast_precision_loss)]
            return bytes.map_or(0.0, |bytes| bytes as f64);
        }
        session.real_time_status(self.peer.id).map_or(0.0, |status| value_of(&status, statistic))
    }

    /// Disconnects the peer; see [method MultiplayerPeer.disconnect_peer].
    #[func]
    fn disconnect_peer(&mut self, #[opt(default = false)] force: bool) {
        let Some(session) = self.session("disconnect_peer") else { return };
        let gone = session.borrow_mut().disconnect_peer(self.peer.id, force, runtime::now());
        runtime::drain(&session);
        if gone.is_err() {
            // A handler of the engine's log may call this object.
            let _free = self.base_mut();
            outcome("disconnect_peer", gone);
        }
    }
}

#[godot_api]
impl IPacketPeerExtension for SteamPacketPeer {
    #[allow(unsafe_code, reason = "the engine's signature")]
    unsafe fn get_packet_rawptr(
        &mut self,
        _r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        _r_buffer_size: RawPtr<*mut i32>,
    ) -> Error {
        Error::ERR_UNAVAILABLE
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
        let Some(session) = self.session.get() else { return errors::wrong_thread("put_packet") };
        match self.put(session, payload) {
            Ok(()) => {
                runtime::flush_at_end_of_frame();
                Error::OK
            }
            Err(error) if self.put_errors.is_new(error) => {
                let _free = self.base_mut();
                outcome("put_packet", Err(error))
            }
            Err(error) => error.code(),
        }
    }

    fn get_available_packet_count(&self) -> i32 {
        0
    }

    fn get_max_packet_size(&self) -> i32 {
        let Some(session) = self.session("get_max_packet_size") else { return 0 };
        i32::try_from(session.borrow().settings().max_packet_bytes).unwrap_or(i32::MAX)
    }
}

impl SteamPacketPeer {
    pub(crate) fn new_gd(session: &SharedSession, peer: Peer) -> Gd<Self> {
        let session = MainThread::with(Rc::downgrade(session));
        Gd::from_init_fn(|base| Self { session, peer, put_errors: PutErrors::default(), base })
    }

    /// The session, as long as there is one; on another thread than the main one `None`, and the error of that.
    fn session(&self, call: &'static str) -> Option<SharedSession> {
        let session = self.session.get();
        if session.is_none() {
            errors::wrong_thread(call);
        }
        session?.upgrade()
    }

    fn put(&self, session: &WeakSession, payload: &[u8]) -> Result<(), PutError> {
        let session = session.upgrade().ok_or(PutError::NotConnected)?;
        session.borrow_mut().put(Target::Only(self.peer.id), Channel::ZERO, TransferMode::Reliable, payload)
    }
}

fn value_of(status: &RealTimeStatus, statistic: Statistic) -> f64 {
    match statistic {
        Statistic::PingMs => status.ping_ms.into(),
        Statistic::QualityLocal => status.quality_local.into(),
        Statistic::QualityRemote => status.quality_remote.into(),
        Statistic::OutPacketsPerSec => status.out_packets_per_sec.into(),
        Statistic::OutBytesPerSec => status.out_bytes_per_sec.into(),
        Statistic::InPacketsPerSec => status.in_packets_per_sec.into(),
        Statistic::InBytesPerSec => status.in_bytes_per_sec.into(),
        Statistic::SendRate => status.send_rate_bytes_per_sec.into(),
        Statistic::PendingUnreliable => status.pending_unreliable.into(),
        Statistic::PendingReliable => status.pending_reliable.into(),
        Statistic::SentUnackedReliable => status.sent_unacked_reliable.into(),
        // A wait is far below 2^53 microseconds.
        #[allow(clippy::cast_precision_loss)]
        Statistic::QueueTimeUs => status.queue_time_us as f64,
        // The session has it, not Steam.
        Statistic::BacklogBytes => 0.0,
    }
}
