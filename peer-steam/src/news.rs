//! News of connections, from whichever thread Steam brings them to the transport that they are for.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use peer_core::{ConnectionHandle, ConnectionState, EndReason, ListenHandle, SteamId, Token};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::listens;
use crate::user_data::{Slot, slot_of, token_of};

/// News that may wait for a transport before further requests are turned down. What else comes is about connections
/// that the transport has, a few of each.
const MAX_WAITING: usize = 16_384;

/// What Steam has told of a connection.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) connection: ConnectionHandle,
    /// The listen socket that it came in on.
    pub(crate) listen: Option<ListenHandle>,
    pub(crate) user_data: i64,
    pub(crate) remote: SteamId,
    pub(crate) state: ConnectionState,
}

/// What is to become of a connection that there is news of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its transport will see to it, or it is none of ours.
    Leave,
    /// Nobody has it, or takes it.
    Close(ConnectionHandle, EndReason),
}

/// News that wait for a transport.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<VecDeque<News>>);

impl Inbox {
    /// The oldest.
    pub(crate) fn pop(&self) -> Option<News> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The requests on a listen socket.
    pub(crate) fn take_requests(&self, listen: ListenHandle) -> VecDeque<News> {
        let is_meant = |news: &News| news.state == ConnectionState::Requested && news.listen == Some(listen);
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, others) = std::mem::take(&mut *waiting).into_iter().partition(is_meant);
        *waiting = others;
        requests
    }

    fn push(&self, news: News) -> Verdict {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if news.state == ConnectionState::Requested && waiting.len() >= MAX_WAITING {
            return Verdict::Close(news.connection, EndReason::Full);
        }
        waiting.push_back(news);
        Verdict::Leave
    }
}

/// The inboxes of all transports that there are.
static INBOXES: RwLock<FxHashMap<Slot, Arc<Inbox>>> = RwLock::new(HashMap::with_hasher(FxBuildHasher));

/// The last slot that was given out.
static LAST_SLOT: AtomicU32 = AtomicU32::new(0);

/// A slot and an inbox for a new transport.
///
/// # Panics
/// After 2,147,483,647 transports in one process: a slot is never used twice.
pub(crate) fn open() -> (Slot, Arc<Inbox>) {
    let slot = Slot::new(LAST_SLOT.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
    let slot = slot.expect("no process has so many transports");
    let inbox = Arc::new(Inbox::default());
    INBOXES.write().unwrap_or_else(PoisonError::into_inner).insert(slot, Arc::clone(&inbox));
    (slot, inbox)
}

/// The transport of a slot is gone: no news reaches it any more.
pub(crate) fn close(slot: Slot) {
    let mut inboxes = INBOXES.write().unwrap_or_else(PoisonError::into_inner);
    inboxes.remove(&slot);
    if inboxes.is_empty() {
        // Nothing is left behind by a process that has used none of this for a while, or ends.
        *inboxes = HashMap::with_hasher(FxBuildHasher);
    }
}

/// Brings news to the transport that it is for.
pub(crate) fn deliver(news: News) -> Verdict {
    // A request has the user data of the socket that it came in on, which may have changed hands since.
    let is_request = token_of(news.user_data) == Token::NONE;
    let owner = match news.listen.filter(|_| is_request).and_then(listens::owner_of) {
        Some(owner) => owner,
        None => slot_of(news.user_data),
    };
    let inbox = owner
        .and_then(|slot| INBOXES.read().unwrap_or_else(PoisonError::into_inner).get(&slot).map(Arc::clone));
    match inbox {
        Some(inbox) => inbox.push(news),
        None if news.state == ConnectionState::Connected => Verdict::Leave,
        // A request is refused, and what has ended must be closed by somebody to be gone.
        None => Verdict::Close(news.connection, EndReason::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_data::pack;

    fn request(user_data: i64) -> News {
        News {
            connection: ConnectionHandle(5),
            listen: Some(ListenHandle(u32::MAX)),
            user_data,
            remote: SteamId(1),
            state: ConnectionState::Requested,
        }
    }

    #[test]
    fn news_reaches_its_transport_and_no_later_one() {
        let (slot, inbox) = open();
        assert_eq!(deliver(request(pack(slot, Token::NONE))), Verdict::Leave);
        assert_eq!(inbox.pop().map(|news| news.connection), Some(ConnectionHandle(5)));
        close(slot);
        let (newer, newer_inbox) = open();
        assert_ne!(slot, newer);
        let verdict = deliver(request(pack(slot, Token::NONE)));
        assert_eq!(verdict, Verdict::Close(ConnectionHandle(5), EndReason::Refused));
        assert_eq!(deliver(News { state: ConnectionState::Connected, ..request(-1) }), Verdict::Leave);
        assert!(newer_inbox.pop().is_none());
        close(newer);
    }

    #[test]
    fn a_flood_of_requests_is_turned_down_and_other_news_still_comes() {
        let (slot, inbox) = open();
        let user_data = pack(slot, Token::NONE);
        for _ in 0..MAX_WAITING {
            assert_eq!(deliver(request(user_data)), Verdict::Leave);
        }
        let verdict = deliver(request(user_data));
        assert_eq!(verdict, Verdict::Close(ConnectionHandle(5), EndReason::Full));
        let other = News { state: ConnectionState::Connected, ..request(pack(slot, Token(1))) };
        assert_eq!(deliver(other), Verdict::Leave);
        let waiting = std::iter::from_fn(|| inbox.pop()).count();
        assert_eq!(waiting, MAX_WAITING + 1);
        close(slot);
    }
}
