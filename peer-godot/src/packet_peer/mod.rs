//! The class `SteamPacketPeer`: one peer of a session.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use godot::classes::{IPacketPeerExtension, PacketPeerExtension};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::prelude::*;
use peer_core::limits::MAX_PACKET_BYTES;
use peer_core::{Channel, Peer, PutError, RealTimeStatus, Session, Target, TransferMode};
use peer_steam::SteamTransport;

use crate::errors::{PutErrors, outcome};
use crate::ids::ToInt as _;
use crate::runtime::{self, SharedSession};

pub(crate) mod enums;

use enums::{PeerState, Statistic};

/// One peer of a [SteamMultiplayerPeer], from [method SteamMultiplayerPeer.get_peer]: who it is, and how its connection
/// does.
///
/// Packets put here go to that peer alone, reliable and on channel 0. What the peer sends is read from the
/// [SteamMultiplayerPeer].
#[derive(GodotClass)]
#[class(tool, no_init, base = PacketPeerExtension)]
pub(crate) struct SteamPacketPeer {
    session: Weak<RefCell<Session<SteamTransport>>>,
    peer: Peer,
    put_errors: PutErrors,
    base: Base<PacketPeerExtension>,
}

#[godot_api]
impl SteamPacketPeer {
    /// The Steam id of the user.
    #[func]
    fn get_steam_id(&self) -> i64 {
        self.peer.steam_id.to_int()
    }

    /// The peer's id.
    #[func]
    fn get_peer_id(&self) -> i32 {
        self.peer.id.to_godot()
    }

    /// What the connection has come to.
    #[func]
    fn get_state(&self) -> PeerState {
        match (self.is_known(), self.status()) {
            (true, Some(_)) => PeerState::Connected,
            // It has ended, and what it sent before is still to be read.
            (true, None) => PeerState::ClosedByPeer,
            (false, _) => PeerState::None,
        }
    }

    /// A figure of the connection as it is now; 0 if there is no connection any more.
    #[func]
    fn get_statistic(&self, statistic: Statistic) -> f64 {
        if statistic == Statistic::BacklogBytes {
            let session = self.session.upgrade();
            let bytes = session.and_then(|session| session.borrow().backlog_bytes(self.peer.id));
            // A backlog has less than 2^53 bytes.
            #[allow(clippy::cast_precision_loss)]
            return bytes.map_or(0.0, |bytes| bytes as f64);
        }
        self.status().map_or(0.0, |status| figure(&status, statistic))
    }

    /// Ends the connection with the peer; see [method MultiplayerPeer.disconnect_peer].
    #[func]
    fn disconnect_peer(&mut self, #[opt(default = false)] force: bool) {
        if let Some(session) = self.session.upgrade() {
            let gone = session.borrow_mut().disconnect_peer(self.peer.id, force, runtime::now());
            outcome("disconnect_peer", gone);
            runtime::drain(&session);
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
        match self.put(payload) {
            Ok(()) => {
                runtime::flush_at_end_of_frame();
                Error::OK
            }
            Err(error) => self.put_errors.report(error),
        }
    }

    fn get_available_packet_count(&self) -> i32 {
        0
    }

    fn get_max_packet_size(&self) -> i32 {
        i32::try_from(MAX_PACKET_BYTES).unwrap_or(i32::MAX)
    }
}

impl SteamPacketPeer {
    pub(crate) fn new_gd(session: &SharedSession, peer: Peer) -> Gd<Self> {
        let session = Rc::downgrade(session);
        Gd::from_init_fn(|base| Self { session, peer, put_errors: PutErrors::default(), base })
    }

    fn is_known(&self) -> bool {
        self.session.upgrade().is_some_and(|session| session.borrow().peer(self.peer.id).is_some())
    }

    fn status(&self) -> Option<RealTimeStatus> {
        self.session.upgrade()?.borrow().real_time_status(self.peer.id)
    }

    fn put(&self, payload: &[u8]) -> Result<(), PutError> {
        let session = self.session.upgrade().ok_or(PutError::NotConnected)?;
        session.borrow_mut().put(Target::Only(self.peer.id), Channel::ZERO, TransferMode::Reliable, payload)
    }
}

fn figure(status: &RealTimeStatus, statistic: Statistic) -> f64 {
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
