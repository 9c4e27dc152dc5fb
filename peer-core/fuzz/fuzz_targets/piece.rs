//! Pieces of packets: any bytes at all.
//!
//! Promised: reading never panics, and what is read lies within the message and the packet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peer_core::Piece;

fuzz_target!(|bytes: &[u8]| {
    if let Some(Piece { len, first }) = Piece::decode(bytes) {
        assert!((1..bytes.len()).contains(&len));
        if let Some(first) = first {
            assert!(len <= first.total);
            assert!(first.after.is_none_or(|after| after >= 0));
        }
    }
});
