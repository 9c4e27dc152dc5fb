//! Sending: Steam's messages point into the shared payload, and a node keeps it until Steam is done with all of them.
//!
//! A node belongs to a payload, not to a message: however many connections a payload goes to, it is cloned once. Steam
//! gives messages back on any thread, one by one; the last one puts the node on a list, from where the next batch takes
//! it. So in steady state sending allocates nothing here.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use peer_core::{Batch, SendResult};
use steamworks_sys as sys;

use super::library::{Hold, NetworkingUtils, Sockets};
use super::to_int;

/// Nodes kept for use again; beyond, they are freed. A full send buffer of 64-byte packets is 8,192.
const MAX_IDLE: usize = 16_384;

/// Keeps a payload until the last of its messages is given back.
struct Node {
    /// Written only by the thread that owns the node: the sender before it is shared, and whoever took the last share.
    payload: Bytes,
    /// Messages that point into the payload, and one more while the sender still makes them.
    shares: AtomicU32,
    /// The next node on the list of those that are done.
    next: *mut Node,
}

/// Nodes that are done with, pushed by any thread and taken all at once (so that no node is ever taken from the
/// middle of a change).
static DONE: AtomicPtr<Node> = AtomicPtr::new(std::ptr::null_mut());

/// Nodes ready for use.
static IDLE: Mutex<IdleNodes> = Mutex::new(IdleNodes(Vec::new()));

/// Payloads that Steam still has messages of.
static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);

/// How many payloads Steam still has messages of, over the whole process.
pub(crate) fn payloads_in_flight() -> usize {
    IN_FLIGHT.load(Ordering::Relaxed)
}

struct IdleNodes(Vec<NonNull<Node>>);

// SAFETY: an idle node is shared with nobody, and `Bytes` may go to another thread.
unsafe impl Send for IdleNodes {}

impl IdleNodes {
    /// Takes in the nodes that are done.
    fn collect(&mut self) {
        let mut next = DONE.swap(std::ptr::null_mut(), Ordering::Acquire);
        while let Some(node) = NonNull::new(next) {
            // SAFETY: a node on the list is shared with nobody, and the swap has made the list ours.
            next = unsafe { (*node.as_ptr()).next };
            if self.0.len() < MAX_IDLE {
                self.0.push(node);
            } else {
                // SAFETY: the node came from `Box::into_raw`, and is known to nobody else.
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
            // SAFETY: an idle node is shared with nobody.
            let idle = unsafe { &mut *node.as_ptr() };
            idle.payload = payload;
            *idle.shares.get_mut() = 1;
            return node;
        }
        let node = Box::new(Node { payload, shares: AtomicU32::new(1), next: std::ptr::null_mut() });
        NonNull::from(Box::leak(node))
    }
}

/// Ends one share of a node; the last one lets go of the payload.
///
/// # Safety
/// The share was the caller's.
unsafe fn end_share(node: NonNull<Node>) {
    // SAFETY: the node is there as long as a share is.
    if unsafe { (*node.as_ptr()).shares.fetch_sub(1, Ordering::AcqRel) } != 1 {
        return;
    }
    // SAFETY: that was the last share, so that nobody else knows the node.
    drop(unsafe { std::mem::take(&mut (*node.as_ptr()).payload) });
    IN_FLIGHT.fetch_sub(1, Ordering::Relaxed);
    let mut head = DONE.load(Ordering::Relaxed);
    loop {
        // SAFETY: as above, until the exchange has put it on the list.
        unsafe { (*node.as_ptr()).next = head };
        match DONE.compare_exchange_weak(head, node.as_ptr(), Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => head = now,
        }
    }
}

/// What Steam calls when it is done with a message, sent or not: on any thread, and with its locks held, so that
/// nothing of Steam may be called here.
unsafe extern "C" fn free_payload(message: *mut sys::SteamNetworkingMessage_t) {
    // SAFETY: Steam passes a message that we sent, in which the user data is as we set it: a node of which the
    // message has a share.
    unsafe {
        let address = usize::try_from((*message).m_nUserData.cast_unsigned()).unwrap_or(0);
        let node = std::ptr::with_exposed_provenance_mut::<Node>(address);
        if let Some(node) = NonNull::new(node) {
            end_share(node);
        }
    }
}

/// Buffers of the send call, kept between calls.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: Vec<*mut sys::SteamNetworkingMessage_t>,
    nodes: Vec<NonNull<Node>>,
    results: Vec<i64>,
}

impl Outbox {
    /// Sends a batch in one call, and appends what became of each message to `results`, in order.
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
        // SAFETY: as many messages as is said, each ours and filled in, and room for as many results. Steam owns the
        // messages from here on, and frees those that it does not send.
        unsafe {
            sys::SteamAPI_ISteamNetworkingSockets_SendMessages(
                sockets.as_ptr(),
                to_int(self.messages.len()),
                self.messages.as_ptr(),
                self.results.as_mut_ptr(),
            );
        }
        self.messages.clear();
        for node in self.nodes.drain(..) {
            // SAFETY: the share that each node was made with.
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

    /// Fills in a message of Steam's for each of the batch. Steam having none left (it never has) ends the batch there.
    fn make_messages(&mut self, utils: NetworkingUtils<'_>, batch: &Batch<'_>) {
        self.messages.clear();
        self.messages.reserve(batch.messages.len());
        for outgoing in batch.messages {
            let node = self.nodes[outgoing.payload as usize];
            let payload = batch.payload(outgoing);
            // SAFETY: the interface is valid; without a size the message has no buffer of its own.
            let message = unsafe { sys::SteamAPI_ISteamNetworkingUtils_AllocateMessage(utils.as_ptr(), 0) };
            if message.is_null() {
                break;
            }
            // SAFETY: the message is ours and cleared. The payload stays where it is as long as the node has a share,
            // and Steam only reads it. The node is there: the batch's own share has not ended.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_keeps_its_payload_until_the_last_share_ends_on_any_thread() {
        let payload = Bytes::from(vec![7; 100]);
        let node = IDLE.lock().unwrap().node(payload.clone());
        // SAFETY: the node has the share of its making.
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
        // SAFETY: the share of its making.
        unsafe { end_share(node) };
        assert!(payload.is_unique());
    }
}
