//! Connections within the process: a user's own client of a user's own host. Steam allows none to oneself.
//!
//! They behave as Steam's do: a request that is accepted or refused, lanes that number their messages, a send buffer that
//! can be full, an end with a reason, and what was sent before can still be received. Nothing is lost on them, and a
//! message is the shared payload itself.

use std::collections::{HashMap, VecDeque};
use std::ffi::CStr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use peer_core::{
    ConnectionHandle, ConnectionState, EndReason, Lane, LaneStatus, ListenHandle, Outgoing, RealTimeStatus,
    SendFlags, SendResult, SteamId, Token,
};

use crate::ffi::library::Hold;
use crate::ffi::receive::SteamMessage;
use crate::status_queue::{self, Delivery, RawStatusChange};
use crate::user_data::{TransportId, pack};

/// What one side may have sent that the other has not received, in bytes: Steam's default send buffer. A message of that
/// size goes into an empty one.
const BUFFER: usize = 512 * 1024;

/// What each message in it counts beside its bytes.
const OVERHEAD: usize = 64;

/// The longest message that Steam takes, in bytes.
const LONGEST: usize = 512 * 1024;

/// Requests that no transport has taken up yet.
static REQUESTS: LazyLock<Mutex<HashMap<ConnectionHandle, LocalConnection>>> = LazyLock::new(Mutex::default);

/// The last handle, without its lower half.
static LAST_HANDLE: Mutex<u16> = Mutex::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A message under way.
#[derive(Debug)]
struct Parcel {
    payload: Bytes,
    lane: Lane,
    number: i64,
    flags: SendFlags,
}

/// What one side has of a connection.
#[derive(Debug)]
struct Side {
    handle: ConnectionHandle,
    transport: TransportId,
    token: Token,
    /// How many lanes it sends on, and the number of the last message on each.
    numbers: Vec<i64>,
    inbox: VecDeque<Parcel>,
    inbox_bytes: usize,
    is_closed: bool,
}

impl Side {
    fn new(handle: ConnectionHandle, transport: TransportId, token: Token) -> Self {
        let (inbox, inbox_bytes) = (VecDeque::new(), 0);
        Self { handle, transport, token, numbers: vec![0], inbox, inbox_bytes, is_closed: false }
    }

    fn status_change(&self, remote: SteamId, state: ConnectionState) -> RawStatusChange {
        let user_data = pack(self.transport, self.token);
        RawStatusChange { connection: self.handle, listen: None, user_data, remote, state }
    }
}

#[derive(Debug)]
struct Pair {
    sides: [Side; 2],
    user: SteamId,
    is_accepted: bool,
}

/// One side of a connection within the process. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct LocalConnection {
    pair: Arc<Mutex<Pair>>,
    side: usize,
    handle: ConnectionHandle,
}

/// A handle that is none of Steam's, whose lower half is never 0.
fn new_handle() -> ConnectionHandle {
    let mut last = lock(&LAST_HANDLE);
    *last = last.checked_add(1).unwrap_or(1);
    ConnectionHandle(u32::from(*last) << 16)
}

/// Asks the transport that listens for a connection; `None` if it takes no more requests.
pub(crate) fn connect(
    user: SteamId,
    (transport, token): (TransportId, Token),
    (listener, listen): (TransportId, ListenHandle),
) -> Option<LocalConnection> {
    let sides = [Side::new(new_handle(), transport, token), Side::new(new_handle(), listener, Token::NONE)];
    let handles = [sides[0].handle, sides[1].handle];
    let pair = Arc::new(Mutex::new(Pair { sides, user, is_accepted: false }));
    let [ours, theirs] =
        [0, 1].map(|side| LocalConnection { pair: Arc::clone(&pair), side, handle: handles[side] });
    lock(&REQUESTS).insert(handles[1], theirs);
    let request = RawStatusChange {
        connection: handles[1],
        listen: Some(listen),
        user_data: pack(listener, Token::NONE),
        remote: user,
        state: ConnectionState::Requested,
    };
    if let Delivery::Reject(..) = status_queue::deliver(request) {
        drop(take_request(handles[1]));
        return None;
    }
    Some(ours)
}

/// The listener's side of a request; `None` if it is none of this process's own.
pub(crate) fn take_request(handle: ConnectionHandle) -> Option<LocalConnection> {
    lock(&REQUESTS).remove(&handle)
}

impl LocalConnection {
    pub(crate) fn handle(&self) -> ConnectionHandle {
        self.handle
    }

    /// Sets the token that its messages and status changes carry from now on.
    pub(crate) fn set_token(&self, token: Token) {
        lock(&self.pair).sides[self.side].token = token;
    }

    /// Accepts the request; `false` if the other side has closed it.
    pub(crate) fn accept(&self) -> bool {
        let mut pair = lock(&self.pair);
        if pair.sides[1 - self.side].is_closed {
            return false;
        }
        if !std::mem::replace(&mut pair.is_accepted, true) {
            for side in &pair.sides {
                let _ = status_queue::deliver(side.status_change(pair.user, ConnectionState::Connected));
            }
        }
        true
    }

    /// Sets how many lanes this side sends on; `false` if they are fewer than before.
    pub(crate) fn configure_lanes(&self, count: usize) -> bool {
        let numbers = &mut lock(&self.pair).sides[self.side].numbers;
        let is_fine = count >= numbers.len();
        numbers.resize(count.max(numbers.len()), 0);
        is_fine
    }

    /// Sends a message; what became of it, as Steam says it.
    pub(crate) fn send(&self, outgoing: &Outgoing, payload: &Bytes) -> SendResult {
        let mut pair = lock(&self.pair);
        let is_accepted = pair.is_accepted;
        let [own, other] = pair.sides_from(self.side);
        if own.is_closed || other.is_closed {
            return SendResult::INVALID_STATE;
        }
        let Some(number) = own.numbers.get_mut(usize::from(outgoing.lane.get())) else {
            return SendResult::INVALID_PARAM;
        };
        if payload.len() > LONGEST {
            return SendResult::INVALID_PARAM;
        }
        if !other.inbox.is_empty() && other.inbox_bytes + payload.len() + OVERHEAD > BUFFER {
            return SendResult::LIMIT_EXCEEDED;
        }
        *number += 1;
        let number = *number;
        // As with Steam, unreliable messages do not wait for the other side to accept.
        if is_accepted || outgoing.flags.contains(SendFlags::RELIABLE) {
            other.inbox_bytes += payload.len() + OVERHEAD;
            let (lane, flags) = (outgoing.lane, outgoing.flags);
            other.inbox.push_back(Parcel { payload: payload.clone(), lane, number, flags });
        }
        SendResult(number)
    }

    /// Appends at most `max` messages that have come; returns how many.
    pub(crate) fn receive(&self, hold: &Hold, messages: &mut Vec<SteamMessage>, max: usize) -> usize {
        let mut pair = lock(&self.pair);
        let side = &mut pair.sides[self.side];
        let user_data = pack(side.transport, side.token);
        let mut count = 0;
        while count < max
            && let Some(parcel) = side.inbox.front()
        {
            let Parcel { payload, lane, number, flags } = parcel;
            let made = SteamMessage::within(hold, payload, (self.handle, user_data), *lane, *number, *flags);
            // Steam has no memory left: later.
            let Some(message) = made else { break };
            messages.push(message);
            side.inbox_bytes -= payload.len() + OVERHEAD;
            side.inbox.pop_front();
            count += 1;
        }
        count
    }

    /// What waits on the other side. There is no line in between.
    pub(crate) fn real_time_status(&self, lanes: &mut [LaneStatus]) -> Option<RealTimeStatus> {
        let mut pair = lock(&self.pair);
        let [own, other] = pair.sides_from(self.side);
        if own.is_closed || other.is_closed || own.numbers.len() < lanes.len() {
            return None;
        }
        lanes.fill(LaneStatus::default());
        Some(RealTimeStatus {
            quality_local: 1.0,
            quality_remote: 1.0,
            pending_reliable: i32::try_from(other.inbox_bytes).unwrap_or(i32::MAX),
            send_rate_bytes_per_sec: i32::MAX,
            ..RealTimeStatus::default()
        })
    }

    /// Closes it, with an end reason and a message for the other side.
    pub(crate) fn close(self, reason: u32, message: &CStr) {
        self.end(reason, &message.to_string_lossy());
    }

    fn end(&self, reason: u32, message: &str) {
        let mut pair = lock(&self.pair);
        let user = pair.user;
        let [own, other] = pair.sides_from(self.side);
        if std::mem::replace(&mut own.is_closed, true) {
            return;
        }
        own.inbox.clear();
        own.inbox_bytes = 0;
        if !other.is_closed {
            let state = ConnectionState::ClosedByPeer {
                reason: EndReason::from_code(reason),
                message: message.to_owned(),
            };
            let _ = status_queue::deliver(other.status_change(user, state));
        }
    }
}

impl Drop for LocalConnection {
    fn drop(&mut self) {
        self.end(0, "");
    }
}

impl Pair {
    /// This side, and the other.
    fn sides_from(&mut self, side: usize) -> [&mut Side; 2] {
        let [first, second] = &mut self.sides;
        if side == 0 { [first, second] } else { [second, first] }
    }
}
