//! Sending: messages point into the shared payload, and a node keeps the payload alive until Steam has freed them all.
//!
//! A node belongs to a payload, not to a message: however many connections a payload goes to, it is cloned once. Steam
//! frees messages one by one, on any thread; the last one puts the node on a free list, from which a later batch takes
//! it. So in steady state, sending allocates nothing here.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use peer_core::{Batch, SendResult};
use steamworks_sys as sys;

use super::library::{Hold, NetworkingUtils, Sockets};
use super::{call, to_int};

/// The most nodes that are kept for reuse. A full send buffer of 64-byte packets takes 8,192.
const MAX_IDLE: usize = 16_384;

/// Keeps a payload alive until the last of its messages is freed.
struct Node {
    /// Written only while the node is not shared: by the sender before, and by whoever ends the last share.
    payload: Bytes,
    /// Messages that point into the payload, and one more while the sender is still making them.
    shares: AtomicU32,
    /// The next node on the list of finished ones.
    next: *mut Node,
}

/// Finished nodes: pushed one by one by any thread, taken all at once by the sender. (Taking single nodes would have the
/// ABA problem.)
static DONE: AtomicPtr<Node> = AtomicPtr::new(std::ptr::null_mut());

/// Nodes ready for use.
static IDLE: Mutex<IdleNodes> = Mutex::new(IdleNodes(Vec::new()));

/// Payloads that have messages in Steam.
static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);

/// How many payloads of the whole process have messages in Steam.
pub(crate) fn payloads_in_flight() -> usize {
    IN_FLIGHT.load(Ordering::Relaxed)
}

struct IdleNodes(Vec<NonNull<Node>>);

// SAFETY: an idle node is not shared, and `Bytes` may move to another thread.
unsafe impl Send for IdleNodes {}

impl IdleNodes {
    /// Collects the finished nodes.
    fn collect(&mut self) {
        let mut next = DONE.swap(std::ptr::null_mut(), Ordering::Acquire);
        while let Some(node) = NonNull::new(next) {
            // SAFETY: a node on the list is not shared, and the swap has taken the whole list.
            next = unsafe { (*node.as_ptr()).next };
            if self.0.len() < MAX_IDLE {
                self.0.push(node);
            } else {
                // SAFETY: the node came from `Box::leak`, and there is no other pointer to it.
                drop(unsafe { Box::from_raw(node.as_ptr()) });
            }
        }
    }

    /// A node with one share, the caller's.
    fn node(&mut self, payload: Bytes) -> NonNull<Node> {
        if self.0.is_empty() {
            self.collect();
        }
        IN_FLIGHT.fetch_add(1, Ordering::Relaxed);
        if let Some(node) = self.0.pop() {
            // SAFETY: an idle node is not shared.
            let idle = unsafe { &mut *node.as_ptr() };
            idle.payload = payload;
            *idle.shares.get_mut() = 1;
            return node;
        }
        let node = Box::new(Node { payload, shares: AtomicU32::new(1), next: std::ptr::null_mut() });
        NonNull::from(Box::leak(node))
    }
}

/// Ends one share of a node; the last one drops the payload.
///
/// # Safety
/// The share was the caller's.
unsafe fn end_share(node: NonNull<Node>) {
    // SAFETY: the node lives as long as it has a share.
    if unsafe { (*node.as_ptr()).shares.fetch_sub(1, Ordering::AcqRel) } != 1 {
        return;
    }
    // SAFETY: that was the last share, so nobody else reads the node.
    drop(unsafe { std::mem::take(&mut (*node.as_ptr()).payload) });
    IN_FLIGHT.fetch_sub(1, Ordering::Relaxed);
    let mut head = DONE.load(Ordering::Relaxed);
    loop {
        // SAFETY: as above, until the exchange puts it on the list.
        unsafe { (*node.as_ptr()).next = head };
        match DONE.compare_exchange_weak(head, node.as_ptr(), Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => head = now,
        }
    }
}

/// Called by Steam when it frees a message, sent or not: on any thread and with its locks held, so this must not call
/// Steam.
unsafe extern "C" fn free_payload(message: *mut sys::SteamNetworkingMessage_t) {
    // SAFETY: Steam passes a message that was sent here, whose user data is still the node in which it has a share.
    unsafe {
        let address = usize::try_from((*message).m_nUserData.cast_unsigned()).unwrap_or(0);
        let node = std::ptr::with_exposed_provenance_mut::<Node>(address);
        if let Some(node) = NonNull::new(node) {
            end_share(node);
        }
    }
}

/// The buffers of the send call, kept between calls.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: Vec<*mut sys::SteamNetworkingMessage_t>,
    nodes: Vec<NonNull<Node>>,
    results: Vec<i64>,
}

impl Outbox {
    /// Sends a batch in one call into Steam, and appends each message's result to `results`, in order.
    pub(crate) fn send(&mut self, hold: &Hold, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let count = batch.messages.len();
        let interfaces = Sockets::of(hold).zip(NetworkingUtils::of(hold));
        let Some((sockets, utils)) = interfaces.filter(|_| count > 0) else {
            results.extend(std::iter::repeat_n(SendResult::NO_CONNECTION, count));
            return;
        };
        self.make_nodes(&batch);
        self.make_messages(utils, &batch);
        self.results.clear();
        self.results.resize(self.messages.len(), 0);
        // SAFETY: that many messages, each allocated and filled in here, and room for as many results. Steam owns the
        // messages from here on, and frees those that it does not send.
        unsafe {
            call!(sockets.SteamAPI_ISteamNetworkingSockets_SendMessages(
                to_int(self.messages.len()),
                self.messages.as_ptr(),
                self.results.as_mut_ptr(),
            ));
        }
        self.messages.clear();
        for node in self.nodes.drain(..) {
            // SAFETY: the sender's own share.
            unsafe { end_share(node) };
        }
        results.extend(self.results.iter().map(|&result| SendResult(result)));
        results.extend(std::iter::repeat_n(SendResult::NOT_TRIED, count - self.results.len()));
    }

    fn make_nodes(&mut self, batch: &Batch<'_>) {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        self.nodes.clear();
        self.nodes.extend(batch.payloads.iter().map(|payload| idle.node(payload.clone())));
    }

    /// Allocates and fills in a message of Steam's for each of the batch. Should Steam ever have none left, the batch ends
    /// there.
    fn make_messages(&mut self, utils: NetworkingUtils<'_>, batch: &Batch<'_>) {
        self.messages.clear();
        self.messages.reserve(batch.messages.len());
        for outgoing in batch.messages {
            let node = self.nodes[outgoing.payload as usize];
            let payload = batch.payload(outgoing);
            // SAFETY: the interface is valid; with size 0 the message has no buffer of its own.
            let message = unsafe { call!(utils.SteamAPI_ISteamNetworkingUtils_AllocateMessage(0)) };
            if message.is_null() {
                break;
            }
            // SAFETY: the message is new and cleared. The payload does not move while the node has a share, and Steam
            // only reads it. The node is alive: the sender's own share has not ended.
            unsafe {
                (*node.as_ptr()).shares.fetch_add(1, Ordering::Relaxed);
                (*message).m_pData = payload.as_ptr().cast_mut().cast();
                (*message).m_cbSize = to_int(payload.len());
                (*message).m_conn = outgoing.connection.0;
                (*message).m_nFlags = i32::from(outgoing.flags.bits());
                (*message).m_idxLane = u16::from(outgoing.lane.get());
                (*message).m_nUserData = (node.as_ptr().expose_provenance() as u64).cast_signed();
                (*message).m_pfnFreeData = Some(free_payload);
            }
            self.messages.push(message);
        }
    }
}

/// A message of Steam's over a shared payload, as if it had been received: for this process itself. `None` if Steam has none
/// left.
pub(super) fn message_over(
    utils: NetworkingUtils<'_>,
    payload: &Bytes,
) -> Option<NonNull<sys::SteamNetworkingMessage_t>> {
    // SAFETY: the interface is valid; with size 0 the message has no buffer of its own.
    let message = unsafe { call!(utils.SteamAPI_ISteamNetworkingUtils_AllocateMessage(0)) };
    let message = NonNull::new(message)?;
    let node = IDLE.lock().unwrap_or_else(PoisonError::into_inner).node(payload.clone());
    let fields = message.as_ptr();
    // SAFETY: the message is new and cleared. The node's one share is the message's, so that the payload stays.
    unsafe {
        (*fields).m_pData = payload.as_ptr().cast_mut().cast();
        (*fields).m_cbSize = to_int(payload.len());
        (*fields).m_nUserData = (node.as_ptr().expose_provenance() as u64).cast_signed();
        (*fields).m_pfnFreeData = Some(free_payload);
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_keeps_its_payload_until_its_last_share_ends_on_any_thread() {
        let payload = Bytes::from(vec![7; 100]);
        let node = IDLE.lock().unwrap().node(payload.clone());
        // SAFETY: the node still has the sender's share.
        unsafe { (*node.as_ptr()).shares.fetch_add(8, Ordering::Relaxed) };
        let address = node.as_ptr().expose_provenance();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(move || {
                    let node = std::ptr::with_exposed_provenance_mut::<Node>(address);
                    // SAFETY: one of the eight shares.
                    unsafe { end_share(NonNull::new(node).unwrap()) };
                });
            }
        });
        assert!(!payload.is_unique());
        // SAFETY: the sender's share.
        unsafe { end_share(node) };
        assert!(payload.is_unique());
    }
}
