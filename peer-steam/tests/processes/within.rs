//! Two transports of one process that connect to each other: Steam allows no connection to oneself.

use bytes::Bytes;
use local_steam_harness::{Network, steam_id};
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, Lane, LaneConfig, Message as _, Outgoing, SendFlags,
    SendResult, SteamId, Token, Transport, TransportError, VirtualPort,
};
use peer_steam::{Steam, SteamTransport};

use crate::sharing::next_status;

const OWN: SteamId = SteamId(steam_id(1));
const PORT: VirtualPort = VirtualPort(0);
const LANES: [LaneConfig; 2] = [LaneConfig { priority: 0, weight: 1 }; 2];

/// Sends messages of these sizes, each filled with its place in the list.
fn send(
    from: &mut SteamTransport,
    on: ConnectionHandle,
    sizes: &[usize],
    flags: SendFlags,
) -> Vec<SendResult> {
    let filled =
        |(place, &size): (usize, &usize)| Bytes::from(vec![u8::try_from(place % 251).unwrap(); size]);
    let payloads: Vec<_> = sizes.iter().enumerate().map(filled).collect();
    let lane = Lane::new(1).unwrap();
    let message = |place: usize| Outgoing::new(on, u32::try_from(place).unwrap(), lane, flags);
    let messages: Vec<_> = (0..sizes.len()).map(message).collect();
    let mut results = Vec::new();
    from.send(Batch { payloads: &payloads, messages: &messages }, &mut results);
    results
}

/// What has come, as token, lane, number, size and first byte of each.
fn receive(at: &mut SteamTransport) -> Vec<(Token, u8, i64, usize, u8)> {
    let mut messages = Vec::new();
    at.receive(&mut messages, usize::MAX);
    let read = |message: &peer_steam::SteamMessage| {
        let payload = message.payload();
        (message.token(), message.lane(), message.number(), payload.len(), payload[0])
    };
    messages.iter().map(read).collect()
}

pub(crate) fn meets() {
    let mut steam = Steam::init().unwrap();
    let (mut host, mut client) = (SteamTransport::new(), SteamTransport::new());
    let refused = client.connect(OWN, PORT, Token(1));
    assert!(matches!(refused, Err(TransportError::Refused(_))), "nobody listens: {refused:?}");
    host.listen(PORT).unwrap();
    assert!(host.connect(OWN, PORT, Token(1)).is_err(), "not to itself");

    // A request that is refused, with the reason.
    let at_client = client.connect(OWN, PORT, Token(1)).unwrap();
    let request = next_status(&mut steam, &mut host, "a request");
    assert_eq!((request.state, request.remote), (ConnectionState::Requested, OWN));
    host.close(request.connection, EndReason::Full, "no room");
    let ended = next_status(&mut steam, &mut client, "the refusal");
    let state = ConnectionState::ClosedByPeer { reason: EndReason::Full, message: "no room".to_owned() };
    assert_eq!((ended.state, ended.token), (state, Token(1)));
    client.close(at_client, EndReason::Left, "");

    // One that is accepted. What was sent reliably before then arrives.
    let at_client = client.connect(OWN, PORT, Token(2)).unwrap();
    client.configure_lanes(at_client, &LANES).unwrap();
    assert_eq!(send(&mut client, at_client, &[10], SendFlags::RELIABLE), [SendResult(1)]);
    assert_eq!(send(&mut client, at_client, &[10], SendFlags::empty()), [SendResult(2)]);
    let at_host = next_status(&mut steam, &mut host, "a request").connection;
    host.accept(at_host, Token(7)).unwrap();
    for (side, token) in [(&mut host, Token(7)), (&mut client, Token(2))] {
        let connected = next_status(&mut steam, side, "Connected");
        assert_eq!((connected.state, connected.token), (ConnectionState::Connected, token));
    }
    assert_eq!(receive(&mut host), [(Token(7), 1, 1, 10, 0)]);

    // The buffer is as large as Steam's, and what it refuses goes in later.
    let results = send(&mut client, at_client, &[100_000; 8], SendFlags::RELIABLE);
    let taken = results.iter().filter(|result| result.message_number().is_some()).count();
    assert_eq!(taken, 5, "{results:?}");
    assert!(results[5..].iter().all(|result| result.is_worth_retrying()), "{results:?}");
    let pending = client.real_time_status(at_client, &mut []).unwrap().pending_reliable;
    assert!(pending >= 500_000, "{pending} bytes pending");
    assert_eq!(receive(&mut host).len(), 5);
    let longest = send(&mut client, at_client, &[524_288, 1, 524_289], SendFlags::RELIABLE);
    assert_eq!(longest, [SendResult(8), SendResult::LIMIT_EXCEEDED, SendResult::INVALID_PARAM]);
    assert_eq!(receive(&mut host), [(Token(7), 1, 8, 524_288, 0)]);

    // What was sent before the end arrives after it.
    send(&mut client, at_client, &[3], SendFlags::RELIABLE);
    client.close(at_client, EndReason::Left, "bye");
    let ended = next_status(&mut steam, &mut host, "the end");
    let state = ConnectionState::ClosedByPeer { reason: EndReason::Left, message: "bye".to_owned() };
    assert_eq!(ended.state, state);
    assert_eq!(send(&mut host, at_host, &[1], SendFlags::RELIABLE), [SendResult::INVALID_STATE]);
    host.configure_lanes(at_host, &LANES).unwrap();
    assert_eq!(receive(&mut host), [(Token(7), 1, 9, 3, 0)]);
    host.close(at_host, EndReason::Left, "");

    // A transport that goes ends what it has.
    let at_client = client.connect(OWN, PORT, Token(3)).unwrap();
    drop(host);
    let ended = next_status(&mut steam, &mut client, "the end");
    assert_eq!(ended.connection, at_client);
    drop((client, steam));
    assert!(!peer_steam::is_available());
    assert_eq!((peer_steam::live_messages(), peer_steam::payloads_in_flight()), (0, 0));
}

#[test]
fn a_process_connects_to_itself_through_memory() {
    Network::new().start("within::meets", 1).ends_well();
}
