//! Connection status changes, from whichever thread Steam reports them on to the transport that they are for.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use peer_core::{ConnectionHandle, ConnectionState, EndReason, ListenHandle, SteamId, Token};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::listen_sockets;
use crate::user_data::{TransportId, token_of, transport_of};

/// Status changes that may wait for a transport before further requests are rejected. All others are about connections
/// that the transport has already: a few for each.
const MAX_WAITING: usize = 16_384;

/// A status change as Steam reports it.
#[derive(Debug)]
pub(crate) struct RawStatusChange {
    pub(crate) connection: ConnectionHandle,
    /// The listen socket that the connection came in on.
    pub(crate) listen: Option<ListenHandle>,
    pub(crate) user_data: i64,
    pub(crate) remote: SteamId,
    pub(crate) state: ConnectionState,
}

/// What has become of a status change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It waits for its transport, or needs no reaction.
    Queued,
    /// No transport has the connection or takes it: close it.
    Reject(ConnectionHandle, EndReason),
}

/// The status changes that wait for a transport.
#[derive(Debug, Default)]
pub(crate) struct StatusQueue(Mutex<VecDeque<RawStatusChange>>);

impl StatusQueue {
    /// Removes the oldest.
    pub(crate) fn pop(&self) -> Option<RawStatusChange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Removes all requests on a listen socket.
    pub(crate) fn take_requests(&self, listen: ListenHandle) -> VecDeque<RawStatusChange> {
        let is_request = |change: &RawStatusChange| {
            change.state == ConnectionState::Requested && change.listen == Some(listen)
        };
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, others) = std::mem::take(&mut *waiting).into_iter().partition(is_request);
        *waiting = others;
        requests
    }

    fn push(&self, change: RawStatusChange) -> Delivery {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if change.state == ConnectionState::Requested && waiting.len() >= MAX_WAITING {
            return Delivery::Reject(change.connection, EndReason::Full);
        }
        waiting.push_back(change);
        Delivery::Queued
    }
}

/// The queues of all live transports.
static QUEUES: RwLock<FxHashMap<TransportId, Arc<StatusQueue>>> =
    RwLock::new(HashMap::with_hasher(FxBuildHasher));

/// The last id that was given out.
static LAST_ID: AtomicU32 = AtomicU32::new(0);

/// An id and a queue for a new transport.
///
/// # Panics
/// After 2,147,483,647 transports in one process: no id is used twice.
pub(crate) fn register() -> (TransportId, Arc<StatusQueue>) {
    let id = TransportId::new(LAST_ID.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
    let id = id.expect("no process has so many transports");
    let queue = Arc::new(StatusQueue::default());
    QUEUES.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&queue));
    (id, queue)
}

/// Removes a transport's queue: no status change reaches it any more.
pub(crate) fn unregister(id: TransportId) {
    let mut queues = QUEUES.write().unwrap_or_else(PoisonError::into_inner);
    queues.remove(&id);
    if queues.is_empty() {
        // Frees the table, so that a process without transports holds no memory.
        *queues = HashMap::with_hasher(FxBuildHasher);
    }
}

/// Queues a status change for the transport that it is for.
pub(crate) fn deliver(change: RawStatusChange) -> Delivery {
    // A request inherits the user data of its listen socket, which may have changed hands since.
    let is_request = token_of(change.user_data) == Token::NONE;
    let owner = match change.listen.filter(|_| is_request).and_then(listen_sockets::owner_of) {
        Some(owner) => owner,
        None => transport_of(change.user_data),
    };
    let queue =
        owner.and_then(|id| QUEUES.read().unwrap_or_else(PoisonError::into_inner).get(&id).map(Arc::clone));
    match queue {
        Some(queue) => queue.push(change),
        None if change.state == ConnectionState::Connected => Delivery::Queued,
        // A request is rejected; a connection that has ended stays in Steam until somebody closes it.
        None => Delivery::Reject(change.connection, EndReason::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_data::pack;

    fn request(user_data: i64) -> RawStatusChange {
        RawStatusChange {
            connection: ConnectionHandle(5),
            listen: Some(ListenHandle(u32::MAX)),
            user_data,
            remote: SteamId(1),
            state: ConnectionState::Requested,
        }
    }

    #[test]
    fn a_status_change_reaches_its_transport_and_no_later_one() {
        let (id, queue) = register();
        assert_eq!(deliver(request(pack(id, Token::NONE))), Delivery::Queued);
        assert_eq!(queue.pop().map(|change| change.connection), Some(ConnectionHandle(5)));
        unregister(id);
        let (newer, newer_queue) = register();
        assert_ne!(id, newer);
        let delivery = deliver(request(pack(id, Token::NONE)));
        assert_eq!(delivery, Delivery::Reject(ConnectionHandle(5), EndReason::Refused));
        let connected = RawStatusChange { state: ConnectionState::Connected, ..request(-1) };
        assert_eq!(deliver(connected), Delivery::Queued);
        assert!(newer_queue.pop().is_none());
        unregister(newer);
    }

    #[test]
    fn a_flood_of_requests_is_rejected_and_other_changes_still_arrive() {
        let (id, queue) = register();
        let user_data = pack(id, Token::NONE);
        for _ in 0..MAX_WAITING {
            assert_eq!(deliver(request(user_data)), Delivery::Queued);
        }
        let delivery = deliver(request(user_data));
        assert_eq!(delivery, Delivery::Reject(ConnectionHandle(5), EndReason::Full));
        let connected = RawStatusChange { state: ConnectionState::Connected, ..request(pack(id, Token(1))) };
        assert_eq!(deliver(connected), Delivery::Queued);
        let waiting = std::iter::from_fn(|| queue.pop()).count();
        assert_eq!(waiting, MAX_WAITING + 1);
        unregister(id);
    }
}
