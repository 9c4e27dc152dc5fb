//! The packet path makes no allocation of its own once it has run for a while. (Steam's own are in its library, with an
//! allocator of theirs.)

use bytes::Bytes;
use local_steam_harness::{Network, steam_id, until};
use peer_core::{Batch, ConnectionState, Lane, Outgoing, SendFlags, Token, Transport, VirtualPort};
use peer_steam::{Steam, SteamTransport};

use crate::sharing::{guest, next_status};

const PACKETS: u32 = 200;

pub(crate) fn sends() {
    let mut steam = Steam::init().unwrap();
    let mut transport = SteamTransport::new();
    let mut guest = guest(2);
    guest.listen(VirtualPort(0)).unwrap();
    let peer = peer_core::SteamId(steam_id(2));
    let connection = transport.connect(peer, VirtualPort(0), Token(0)).unwrap();
    let request = until("a request", || guest.next_status());
    guest.accept(request.connection, Token(0)).unwrap();
    assert_eq!(next_status(&mut steam, &mut transport, "Connected").state, ConnectionState::Connected);

    let payloads: Vec<_> = (0..PACKETS).map(|i| Bytes::from(i.to_le_bytes().repeat(16))).collect();
    let flags = SendFlags::RELIABLE | SendFlags::NO_NAGLE;
    let messages: Vec<_> =
        (0..PACKETS).map(|index| Outgoing::new(connection, index, Lane::CONTROL, flags)).collect();
    let mut results = Vec::new();
    let mut allocations = 0;
    for round in 0..20 {
        results.clear();
        let batch = Batch { payloads: &payloads, messages: &messages };
        let sent = allocation_counter::measure(|| transport.send(batch, &mut results));
        assert!(results.iter().all(|result| result.message_number().is_some()));
        let statistics = || transport.real_time_status(connection, &mut []);
        until("everything to be acknowledged", || {
            steam.run_callbacks();
            let status = statistics()?;
            (status.pending_reliable + status.sent_unacked_reliable == 0).then_some(())
        });
        until("every payload to be given back", || (peer_steam::payloads_in_flight() == 0).then_some(()));
        assert!(payloads.iter().all(Bytes::is_unique));
        if round >= 3 {
            allocations += sent.count_total;
        }
    }
    assert_eq!(allocations, 0);
}

#[test]
fn sending_allocates_nothing_once_it_has_run_for_a_while() {
    let network = Network::new();
    network.start("allocations::sends", 1).ends_well();
}
