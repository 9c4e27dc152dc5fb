//! Waiting, sending and receiving, as scenarios do it.

use std::time::Duration;

use bytes::Bytes;
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, Lane, LaneConfig, Message, Outgoing, SendFlags,
    SendResult, StatusChange, Token, Transport, VirtualPort,
};

use crate::TestBed;

/// The port that scenarios use.
pub const PORT: VirtualPort = VirtualPort(0);
/// Reliable, at once.
pub const RELIABLE: SendFlags = SendFlags::RELIABLE.union(SendFlags::NO_NAGLE);
/// Unreliable, at once.
pub const UNRELIABLE: SendFlags = SendFlags::NO_NAGLE;

/// Longer than anything takes that happens at all, however busy the machine is.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(45);

/// Lets time pass until `happened` says what it waited for.
pub(crate) fn until<B: TestBed, R>(bed: &mut B, what: &str, mut happened: impl FnMut() -> Option<R>) -> R {
    let deadline = bed.elapsed() + TIMEOUT;
    loop {
        if let Some(result) = happened() {
            return result;
        }
        assert!(bed.elapsed() < deadline, "{what}: not within {TIMEOUT:?}");
        bed.advance();
    }
}

/// Waits until everything sent on a connection is acknowledged.
pub(crate) fn until_acknowledged<B: TestBed>(
    bed: &mut B,
    sender: &B::Transport,
    connection: ConnectionHandle,
) {
    until(bed, "an acknowledgement", || {
        let status = sender.real_time_status(connection, &mut [])?;
        (status.pending_reliable == 0 && status.sent_unacked_reliable == 0).then_some(())
    });
}

/// Lets so much time pass.
pub(crate) fn pass(bed: &mut impl TestBed, time: Duration) {
    let end = bed.elapsed() + time;
    while bed.elapsed() < end {
        bed.advance();
    }
}

/// The next status change.
pub(crate) fn status_change<B: TestBed>(bed: &mut B, of: &mut B::Transport, what: &str) -> StatusChange {
    until(bed, what, || of.next_status())
}

/// The next status change, which must be a request.
pub(crate) fn request<B: TestBed>(bed: &mut B, of: &mut B::Transport) -> StatusChange {
    let change = status_change(bed, of, "a request");
    assert_eq!(change.state, ConnectionState::Requested);
    change
}

/// The next status change, which must be Connected.
pub(crate) fn connected<B: TestBed>(bed: &mut B, of: &mut B::Transport) -> StatusChange {
    let change = status_change(bed, of, "Connected");
    assert_eq!(change.state, ConnectionState::Connected);
    change
}

/// How a connection ended: by the other side or not, with what code and text.
pub(crate) fn ending(change: &StatusChange) -> (bool, u32, &str) {
    match &change.state {
        ConnectionState::ClosedByPeer { reason, message } => (true, reason.code(), message),
        ConnectionState::ProblemDetectedLocally { reason, message } => (false, reason.code(), message),
        state => panic!("not an end: {state:?}"),
    }
}

/// That a connection was closed by the other side, for this reason and with these words.
pub(crate) fn closed_by_peer(reason: EndReason, message: &str) -> ConnectionState {
    ConnectionState::ClosedByPeer { reason, message: message.to_owned() }
}

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) connection: ConnectionHandle,
    pub(crate) token: Token,
    pub(crate) lane: u8,
    pub(crate) number: i64,
    pub(crate) is_reliable: bool,
    pub(crate) payload: Bytes,
}

/// What has come in, at most `max` messages.
pub(crate) fn take<T: Transport>(transport: &mut T, max: usize) -> Vec<Came> {
    let mut messages = Vec::new();
    let count = transport.receive(&mut messages, max);
    assert_eq!(count, messages.len());
    let came = |message: &T::Message| Came {
        connection: message.connection(),
        token: message.token(),
        lane: message.lane(),
        number: message.number(),
        is_reliable: message.is_reliable(),
        payload: Bytes::copy_from_slice(message.payload()),
    };
    messages.iter().map(came).collect()
}

/// Waits until so many messages have come, and no fewer nor more at once.
pub(crate) fn receive<B: TestBed>(bed: &mut B, transport: &mut B::Transport, count: usize) -> Vec<Came> {
    let mut all = Vec::new();
    until(bed, &format!("{count} messages"), || {
        all.extend(take(transport, 1_000));
        (all.len() >= count).then_some(())
    });
    assert_eq!(all.len(), count);
    all
}

/// Sends one message.
///
/// # Panics
/// If Steam has no such lane.
pub fn send(
    transport: &mut impl Transport,
    connection: ConnectionHandle,
    lane: u8,
    flags: SendFlags,
    payload: impl Into<Bytes>,
) -> SendResult {
    send_all(transport, connection, lane, flags, &[payload.into()])[0]
}

/// Sends payloads in one call.
///
/// # Panics
/// If Steam has no such lane.
pub fn send_all(
    transport: &mut impl Transport,
    connection: ConnectionHandle,
    lane: u8,
    flags: SendFlags,
    payloads: &[Bytes],
) -> Vec<SendResult> {
    let lane = Lane::new(lane).expect("a lane");
    let indices = 0..u32::try_from(payloads.len()).expect("a batch");
    let messages: Vec<_> = indices.map(|index| Outgoing::new(connection, index, lane, flags)).collect();
    send_batch(transport, Batch { payloads, messages: &messages })
}

/// Sends a batch in one call.
pub(crate) fn send_batch(transport: &mut impl Transport, batch: Batch<'_>) -> Vec<SendResult> {
    let mut results = Vec::new();
    transport.send(batch, &mut results);
    assert_eq!(results.len(), batch.messages.len(), "a result for each message");
    results
}

/// Payloads of `size` bytes that begin with their number.
pub fn numbered(count: u32, size: usize) -> Vec<Bytes> {
    (0..count)
        .map(|index| {
            let mut payload = index.to_le_bytes().to_vec();
            payload.resize(size.max(4), 0);
            Bytes::from(payload)
        })
        .collect()
}

/// The number that a payload begins with.
///
/// # Panics
/// If it is shorter than that.
pub fn number_of(payload: &[u8]) -> u32 {
    u32::from_le_bytes(payload[..4].try_into().expect("a numbered payload"))
}

/// So many lanes that share evenly.
pub fn even_lanes(count: usize) -> Vec<LaneConfig> {
    vec![LaneConfig { priority: 0, weight: 1 }; count]
}
