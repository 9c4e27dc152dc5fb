//! Two connected processes.

use bytes::Bytes;
use peer_core::{ConnectionHandle, ListenHandle, SendFlags, SendResult, Token, Transport};

use crate::tools::{PORT, connected, even_lanes, request, send};
use crate::{ALICE, BOB, TestBed};

/// Alice listened, Bob dialled; both are Connected, with four lanes each way.
pub(crate) struct Pair<'b, B: TestBed> {
    pub(crate) bed: &'b mut B,
    pub(crate) alice: B::Transport,
    pub(crate) bob: B::Transport,
    /// Alice's handle, with token 1.
    pub(crate) at_alice: ConnectionHandle,
    /// Bob's handle, with token 2.
    pub(crate) at_bob: ConnectionHandle,
    pub(crate) listen: ListenHandle,
}

impl<'b, B: TestBed> Pair<'b, B> {
    pub(crate) fn new(bed: &'b mut B) -> Self {
        let mut alice = bed.endpoint(ALICE);
        let mut bob = bed.endpoint(BOB);
        let listen = alice.listen(PORT).expect("a free port");
        let at_bob = bob.connect(ALICE, PORT, Token(2)).expect("a dial");
        let at_alice = request(bed, &mut alice).connection;
        alice.accept(at_alice, Token(1)).expect("a request that waits");
        assert_eq!(connected(bed, &mut bob).connection, at_bob);
        assert_eq!(connected(bed, &mut alice).connection, at_alice);
        alice.configure_lanes(at_alice, &even_lanes(4)).expect("four lanes");
        bob.configure_lanes(at_bob, &even_lanes(4)).expect("four lanes");
        Self { bed, alice, bob, at_alice, at_bob, listen }
    }

    pub(crate) fn bob_sends(&mut self, lane: u8, flags: SendFlags, payload: impl Into<Bytes>) -> SendResult {
        send(&mut self.bob, self.at_bob, lane, flags, payload)
    }

    pub(crate) fn alice_sends(
        &mut self,
        lane: u8,
        flags: SendFlags,
        payload: impl Into<Bytes>,
    ) -> SendResult {
        send(&mut self.alice, self.at_alice, lane, flags, payload)
    }
}

/// Alice listens, Bob has dialled, and Alice is asked: the two, Bob's handle, and the request's.
pub(crate) fn asked<B: TestBed>(
    bed: &mut B,
    token: Token,
) -> (B::Transport, B::Transport, ConnectionHandle, ConnectionHandle) {
    let mut alice = bed.endpoint(ALICE);
    let mut bob = bed.endpoint(BOB);
    alice.listen(PORT).expect("a free port");
    let at_bob = bob.connect(ALICE, PORT, token).expect("a dial");
    let request = request(bed, &mut alice).connection;
    (alice, bob, at_bob, request)
}
