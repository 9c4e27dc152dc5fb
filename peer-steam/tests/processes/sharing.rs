//! Two transports in one process, and the socket that they share one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use local_steam_harness::{Network, steam_id, until};
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, Lane, Message as _, Outgoing, SendFlags,
    StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};
use peer_steam::{ConfigError, ConfigValue, Steam, SteamTransport};

use crate::other_addon;
use crate::remote::RemoteTransport;

const HOST: SteamId = SteamId(steam_id(1));
const PORT: VirtualPort = VirtualPort(0);

pub(crate) fn guest(account: u32) -> RemoteTransport {
    RemoteTransport::start(&Network::of_this_process(), account)
}

pub(crate) fn next_status(steam: &mut Steam, of: &mut SteamTransport, what: &str) -> StatusChange {
    until(what, || {
        steam.run_callbacks();
        of.next_status()
    })
}

/// A guest dials, and a transport accepts.
fn meet(
    steam: &mut Steam,
    host: &mut SteamTransport,
    guest: &mut RemoteTransport,
    token: Token,
) -> (ConnectionHandle, ConnectionHandle) {
    let at_guest = guest.connect(HOST, PORT, Token(0)).unwrap();
    let request = next_status(steam, host, "a request");
    assert_eq!((request.state, request.token), (ConnectionState::Requested, Token::NONE));
    host.accept(request.connection, token).unwrap();
    let connected = next_status(steam, host, "Connected");
    assert_eq!((connected.state, connected.token), (ConnectionState::Connected, token));
    (request.connection, at_guest)
}

fn says(from: &mut impl Transport, on: ConnectionHandle, payload: &'static str) {
    let payloads = [Bytes::from_static(payload.as_bytes())];
    let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
    let messages = [Outgoing::new(on, 0, Lane::CONTROL, flags)];
    let mut results = Vec::new();
    from.send(Batch { payloads: &payloads, messages: &messages }, &mut results);
    assert!(results[0].message_number().is_some(), "{results:?}");
}

fn hears(steam: &mut Steam, transport: &mut SteamTransport) -> (Token, Vec<u8>) {
    until("a message", || {
        steam.run_callbacks();
        let mut messages = Vec::new();
        transport.receive(&mut messages, 1);
        messages.pop().map(|message| (message.token(), message.payload().to_vec()))
    })
}

pub(crate) fn hosts() {
    let mut steam = Steam::init().unwrap();
    let (mut old, mut new) = (SteamTransport::new(), SteamTransport::new());
    let listen = old.listen(PORT).unwrap();
    assert!(matches!(new.listen(PORT), Err(TransportError::Refused(_))), "it is the other's");
    let mut first = guest(2);
    let (at_old, at_first) = meet(&mut steam, &mut old, &mut first, Token(7));

    // The old one takes no more requests; the new one gets its socket, and the next request.
    old.close_listen(listen);
    assert_eq!(new.listen(PORT), Ok(listen));
    assert!(matches!(old.listen(PORT), Err(TransportError::Refused(_))), "it is the other's by now");
    let mut second = guest(3);
    let (at_new, at_second) = meet(&mut steam, &mut new, &mut second, Token(7));
    assert_eq!(old.next_status(), None);

    // Each hears its own, under the same token.
    says(&mut first, at_first, "to the old one");
    says(&mut second, at_second, "to the new one");
    assert_eq!(hears(&mut steam, &mut old), (Token(7), b"to the old one".to_vec()));
    assert_eq!(hears(&mut steam, &mut new), (Token(7), b"to the new one".to_vec()));

    // The new one goes while a connection of the old one hangs on the socket: that stays.
    new.close(at_new, EndReason::Left, "");
    drop(new);
    says(&mut first, at_first, "still there");
    assert_eq!(hears(&mut steam, &mut old), (Token(7), b"still there".to_vec()));

    // Nobody takes requests now: they are refused, not left to wait.
    let mut third = guest(4);
    third.connect(HOST, PORT, Token(0)).unwrap();
    let refused = until("a refusal", || {
        steam.run_callbacks();
        third.next_status()
    });
    let ConnectionState::ClosedByPeer { reason, .. } = refused.state else { panic!("{refused:?}") };
    assert_eq!(reason, EndReason::Refused);

    // Who dials that user has to wait until the old one's connection is gone, which is worth it if it is on its way out.
    let (user, mut dialler) = (SteamId(steam_id(2)), SteamTransport::new());
    assert!(matches!(dialler.connect(user, PORT, Token(0)), Err(TransportError::Refused(_))));
    old.detach(at_old);
    assert_eq!(dialler.connect(user, PORT, Token(0)), Err(TransportError::Draining));

    // With the last connection the socket goes, and the port is free for a new one.
    old.close(at_old, EndReason::Left, "");
    let mut newest = SteamTransport::new();
    assert!(newest.listen(PORT).is_ok());
    meet(&mut steam, &mut newest, &mut guest(5), Token(1));
    assert!(dialler.connect(user, PORT, Token(0)).is_ok());
    drop((old, newest, dialler));

    options();
    drop(steam);
    assert!(!peer_steam::is_available());
}

/// Options are checked before Steam gets them.
fn options() {
    const TIMEOUT_CONNECTED: i32 = 25;
    const SYMMETRIC: i32 = 37;
    const FAKE_LOSS: i32 = 2;
    let mut transport = SteamTransport::new();
    transport.set_config(TIMEOUT_CONNECTED, ConfigValue::Int(20_000)).unwrap();
    transport.listen(PORT).unwrap();
    transport.set_config(TIMEOUT_CONNECTED, ConfigValue::Int(30_000)).unwrap();
    transport.clear_config(TIMEOUT_CONNECTED);
    transport.set_direct_connections(true).unwrap();
    transport.set_direct_connections(false).unwrap();
    let wrong = transport.set_config(TIMEOUT_CONNECTED, ConfigValue::Text("long".into()));
    assert!(matches!(wrong, Err(ConfigError::WrongKind { .. })), "{wrong:?}");
    let wrong = transport.set_config(TIMEOUT_CONNECTED, ConfigValue::Int(1 << 40));
    assert_eq!(wrong, Err(ConfigError::OutOfRange(TIMEOUT_CONNECTED)));
    assert_eq!(transport.set_config(-5, ConfigValue::Int(1)), Err(ConfigError::Unknown(-5)));
    let reserved = transport.set_config(SYMMETRIC, ConfigValue::Int(0));
    assert_eq!(reserved, Err(ConfigError::Reserved(SYMMETRIC)));
    let global = transport.set_config(FAKE_LOSS, ConfigValue::Float(1.0));
    assert_eq!(global, Err(ConfigError::NotOfConnections(FAKE_LOSS)));
}

/// A worker in which Steam belongs to another addon, which runs callbacks on a thread of its own.
pub(crate) fn hosts_by_another_addon() {
    other_addon::init();
    let ends = Arc::new(AtomicBool::new(false));
    let thread = std::thread::spawn({
        let ends = Arc::clone(&ends);
        move || {
            while !ends.load(Ordering::Relaxed) {
                other_addon::run_callbacks();
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
    });
    // Without a session of ours at all.
    let mut host = SteamTransport::new();
    assert_eq!(host.local_steam_id(), Some(HOST));
    host.listen(PORT).unwrap();
    let mut guest = guest(2);
    for round in 0..3 {
        let at_guest = guest.connect(HOST, PORT, Token(0)).unwrap();
        let request = until("a request", || host.next_status());
        host.accept(request.connection, Token(round)).unwrap();
        let connected = until("Connected", || host.next_status());
        assert_eq!((connected.state, connected.token), (ConnectionState::Connected, Token(round)));
        says(&mut guest, at_guest, "hello");
        until("a message", || (host.receive(&mut Vec::new(), 1) == 1).then_some(()));
        guest.close(at_guest, EndReason::Left, "");
        host.close(request.connection, EndReason::Left, "");
    }
    drop(host);
    assert!(peer_steam::is_available(), "it is not ours to shut down");
    ends.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    other_addon::shutdown();
}

#[test]
fn connections_work_in_a_session_of_another_addon() {
    let network = Network::new();
    network.start("sharing::hosts_by_another_addon", 1).ends_well();
}

#[test]
fn a_new_transport_takes_over_the_socket_of_an_old_one() {
    let network = Network::new();
    network.start("sharing::hosts", 1).ends_well();
}
