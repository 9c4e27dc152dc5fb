//! Control messages: any bytes at all on lane 0.
//!
//! Promised: reading never panics, what is read has the documented bounds, and what is written again is read as the
//! same.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peer_core::{Control, ControlError, encode_state, Features, Hello, Lane, MAX_HELLO_BYTES, MAX_MESSAGE_BYTES, PROTOCOL_VERSION};

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // The same behind the magic number, so that most inputs get past it.
    let magic = Hello { features: Features::empty(), peer_id: 0, nonce: 0, match_id: None }.encode().slice(..4);
    read(&[&magic, bytes].concat());
});

fn read(bytes: &[u8]) {
    match Control::decode(bytes) {
        Ok(control) => {
            check(&control, bytes);
            assert_eq!(Control::decode(&encode(&control)), Ok(control));
        }
        Err(ControlError::Version(version)) => assert_ne!(version, PROTOCOL_VERSION),
        Err(ControlError::Malformed) => assert_ne!(bytes.len(), 4, "four bytes are always a hello"),
    }
}

fn check(control: &Control, bytes: &[u8]) {
    match control {
        Control::Hello(_) => assert!(bytes.len() <= MAX_HELLO_BYTES),
        Control::KeepAlive => assert_eq!(bytes.len(), 5),
        Control::State(_) => assert!(bytes.len() >= 5),
        Control::NewMatch(new_match) => {
            assert!(new_match.match_id.nonce != 0 && new_match.last_numbers.len() < Lane::COUNT);
            assert_eq!(new_match.encode(), bytes);
        }
        Control::GodotSteamHello(id) => assert_eq!(id.to_le_bytes(), bytes),
        Control::Goodbye(goodbye) => {
            assert!(goodbye.reason.is_application());
            assert!(goodbye.message.len() <= MAX_MESSAGE_BYTES);
            assert!(goodbye.last_numbers.len() <= Lane::COUNT);
            assert!(goodbye.last_numbers.is_sorted_by(|(lower, _), (higher, _)| lower < higher));
            assert!(goodbye.last_numbers.iter().all(|&(_, number)| number > 0));
            // There is one way to write a goodbye, so nothing in it went unread.
            assert_eq!(goodbye.encode(), bytes);
        }
    }
}

fn encode(control: &Control) -> Bytes {
    match control {
        Control::Hello(hello) => hello.encode(),
        Control::NewMatch(new_match) => new_match.encode(),
        Control::State(state) => encode_state(state),
        Control::GodotSteamHello(peer_id) => Bytes::copy_from_slice(&peer_id.to_le_bytes()),
        Control::KeepAlive => Bytes::from_static(b"GdP\x01\x03"),
        Control::Goodbye(goodbye) => goodbye.encode(),
    }
}
