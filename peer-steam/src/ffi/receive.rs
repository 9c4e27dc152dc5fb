//! Receiving: messages in Steam's own memory.

use std::fmt;
use std::ptr::NonNull;

use bytes::Bytes;
use peer_core::{ConnectionHandle, Lane, Message, SendFlags, Token};
use steamworks_sys as sys;

use super::call;
use super::library::{Hold, NetworkingUtils};
use super::sockets::PollGroup;

/// `k_nSteamNetworkingSend_Reliable`: the only flag that is valid in a received message.
const RELIABLE: i32 = 8;

/// The most messages received in one call into Steam.
const BATCH: usize = 512;

/// A received message, in Steam's own memory. Dropping it gives that memory back.
#[repr(transparent)]
pub struct SteamMessage(NonNull<sys::SteamNetworkingMessage_t>);

impl SteamMessage {
    /// A message that comes from this process itself, on the connection with this handle and user data; `None` if Steam has
    /// no memory left.
    pub(crate) fn within(
        hold: &Hold,
        payload: &Bytes,
        (connection, user_data): (ConnectionHandle, i64),
        lane: Lane,
        number: i64,
        flags: SendFlags,
    ) -> Option<Self> {
        let message = super::send::message_over(NetworkingUtils::of(hold)?, payload)?;
        let fields = message.as_ptr();
        // SAFETY: the message is new, and of this value from here on.
        unsafe {
            (*fields).m_conn = connection.0;
            (*fields).m_nConnUserData = user_data;
            (*fields).m_idxLane = u16::from(lane.get());
            (*fields).m_nMessageNumber = number;
            (*fields).m_nFlags = i32::from(flags.bits());
        }
        Hold::of_messages(hold, 1);
        Some(Self(message))
    }

    #[inline]
    fn get(&self) -> *const sys::SteamNetworkingMessage_t {
        self.0.as_ptr()
    }
}

impl Message for SteamMessage {
    #[inline]
    fn connection(&self) -> ConnectionHandle {
        // SAFETY: the message is owned by this value, and Steam has filled it in.
        ConnectionHandle(unsafe { (*self.get()).m_conn })
    }

    #[inline]
    fn token(&self) -> Token {
        // SAFETY: as above.
        crate::user_data::token_of(unsafe { (*self.get()).m_nConnUserData })
    }

    #[inline]
    fn lane(&self) -> u8 {
        // SAFETY: as above.
        let lane = unsafe { (*self.get()).m_idxLane };
        // Steam has 255 lanes, numbered from 0. Should it ever have more, this crate uses none of them.
        u8::try_from(lane).unwrap_or(u8::MAX)
    }

    #[inline]
    fn number(&self) -> i64 {
        // SAFETY: as above.
        unsafe { (*self.get()).m_nMessageNumber }
    }

    #[inline]
    fn is_reliable(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.get()).m_nFlags & RELIABLE != 0 }
    }

    #[inline]
    fn payload(&self) -> &[u8] {
        // SAFETY: as above.
        let (data, size) = unsafe { ((*self.get()).m_pData, (*self.get()).m_cbSize) };
        match usize::try_from(size) {
            // SAFETY: the data are that many bytes, and do not change until the message is released.
            Ok(size) if size > 0 && !data.is_null() => unsafe {
                std::slice::from_raw_parts(data.cast::<u8>(), size)
            },
            _ => &[],
        }
    }
}

impl Drop for SteamMessage {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the message is owned by this value and released once, and Steam is up, because each message holds it. Its
        // function is what `SteamAPI_SteamNetworkingMessage_t_Release` calls.
        unsafe {
            if let Some(release) = (*self.get()).m_pfnRelease {
                release(self.0.as_ptr());
            }
        }
        Hold::end_of_message();
    }
}

impl fmt::Debug for SteamMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SteamMessage")
            .field("connection", &self.connection())
            .field("token", &self.token())
            .field("lane", &self.lane())
            .field("number", &self.number())
            .field("is_reliable", &self.is_reliable())
            .field("bytes", &self.payload().len())
            .finish()
    }
}

impl PollGroup {
    /// Appends at most `max` messages; returns how many. Fewer than `max` means that no more are waiting.
    pub(crate) fn receive(&self, messages: &mut Vec<SteamMessage>, max: usize) -> usize {
        let Some(sockets) = self.sockets() else { return 0 };
        let mut received = 0;
        while received < max {
            let asked = BATCH.min(max - received);
            messages.reserve(asked);
            let room = messages.spare_capacity_mut();
            // SAFETY: there is room for `asked` messages, each of which is one pointer (`layout`), and Steam writes
            // pointers to messages, whose ownership it hands over.
            let count = unsafe {
                call!(sockets.SteamAPI_ISteamNetworkingSockets_ReceiveMessagesOnPollGroup(
                    self.handle(),
                    room.as_mut_ptr().cast(),
                    super::to_int(asked),
                ))
            };
            // -1: no such poll group.
            let count = usize::try_from(count).unwrap_or(0).min(asked);
            // SAFETY: Steam has written that many, none of them null.
            unsafe { messages.set_len(messages.len() + count) };
            Hold::of_messages(self.hold(), count);
            received += count;
            if count < asked {
                break;
            }
        }
        received
    }
}
