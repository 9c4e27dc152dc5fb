//! Packets larger than a message.

use peer_core::{Features, MAX_UNRELIABLE_BYTES};

use super::*;

/// The largest packet by default.
const LARGEST: usize = 16 * 1024 * 1024;

fn packet(len: usize, number: u8) -> Vec<u8> {
    (0..len).map(|place| (place as u64).wrapping_mul(31).to_le_bytes()[0].wrapping_add(number)).collect()
}

fn put(from: &mut Solo, channel: u8, mode: TransferMode, packet: &[u8]) -> Result<(), PutError> {
    from.session.put(Target::All, Channel::new(channel.into()).unwrap(), mode, packet)
}

/// Lets both play until the client has read so many packets.
fn read_all(host: &mut Solo, client: &mut Solo, count: usize) -> Vec<(PeerId, u8, TransferMode, Vec<u8>)> {
    let mut read = Vec::new();
    for _ in 0..60 * 60 {
        run(&mut [host, client], FRAME);
        read.extend(client.read());
        if read.len() >= count {
            break;
        }
    }
    read
}

#[test]
fn packets_of_any_size_arrive_whole_and_in_order_with_those_around_them() {
    let (_network, mut host, mut client) = host_and_client();
    let mut other = client_of(&mut host, 3);
    let mut sent = Vec::new();
    for (number, len) in
        [16_499, 16_500, 16_501, 33_000, 524_288, 524_289, 3_000_000, LARGEST].into_iter().enumerate()
    {
        for channel in [0, 5] {
            let number = u8::try_from(number).unwrap();
            for packet in [packet(100, number), packet(len, number)] {
                let mode = if channel == 5 && len > 20_000 {
                    TransferMode::Unreliable
                } else {
                    TransferMode::Reliable
                };
                let mode = if packet.len() == 100 { TransferMode::Reliable } else { mode };
                put(&mut host, channel, mode, &packet).unwrap();
                sent.push((channel, packet));
            }
        }
    }
    assert_eq!(
        put(&mut host, 0, TransferMode::Reliable, &packet(LARGEST + 1, 0)),
        Err(PutError::TooLarge(LARGEST + 1, LARGEST))
    );
    let mut read = Vec::new();
    let mut read_by_other = 0;
    for _ in 0..60 * 60 {
        run(&mut [&mut host, &mut client, &mut other], FRAME);
        read.extend(client.read());
        read_by_other += other.read().len();
        if read.len() == sent.len() && read_by_other == sent.len() {
            break;
        }
    }
    assert_eq!(read_by_other, sent.len());
    for channel in [0, 5] {
        let sent = sent.iter().filter(|(of, _)| *of == channel).map(|(_, packet)| packet);
        let read = read.iter().filter(|(_, of, ..)| *of == channel).map(|(.., packet)| packet);
        assert!(sent.eq(read), "channel {channel}");
    }
}

#[test]
fn a_large_packet_before_a_goodbye_arrives_and_a_small_one_of_another_channel_passes_it() {
    let (_network, mut host, mut client) = host_and_client();
    put(&mut host, 1, TransferMode::Reliable, &packet(3_000_000, 1)).unwrap();
    put(&mut host, 3, TransferMode::Reliable, &packet(100, 2)).unwrap();
    host.session.close(host.now());
    let read = read_all(&mut host, &mut client, 2);
    assert_eq!(read.iter().map(|(_, channel, ..)| *channel).collect::<Vec<_>>(), [3, 1]);
    run(&mut [&mut host, &mut client], seconds(1));
    assert_eq!(client.reason_of(HOST), Some(EndReason::Left));
}

#[test]
fn a_piece_larger_than_the_send_window_finds_its_turn_beside_a_stream_of_unreliable_packets() {
    let (_network, mut host, mut client) = host_and_client();
    host.session.settings_mut().adaptive_send_rate = false;
    put(&mut host, 0, TransferMode::Reliable, &packet(300_000, 1)).unwrap();
    let mut has_come = false;
    for _ in 0..3 * 60 {
        for _ in 0..2 {
            put(&mut host, 0, TransferMode::Unreliable, &packet(500, 2)).unwrap();
        }
        run(&mut [&mut host, &mut client], FRAME);
        has_come |= client.read().iter().any(|(_, _, mode, _)| mode.is_reliable());
    }
    assert!(has_come);
}

#[test]
fn an_unreliable_ordered_packet_that_went_reliably_does_not_go_back() {
    let (_network, mut host, mut client) = host_and_client();
    let ordered = TransferMode::UnreliableOrdered;
    for (number, len) in [(1, 100), (2, 300_000), (3, 100), (4, 20_000)] {
        put(&mut host, 2, ordered, &packet(len, number)).unwrap();
    }
    run(&mut [&mut host, &mut client], seconds(10));
    let read = client.read();
    assert!(read.iter().all(|(_, _, mode, _)| *mode == ordered));
    // What is first in its stream is first, and the large one is late: the third was there before it.
    let read: Vec<_> = read.into_iter().map(|(.., packet)| packet).collect();
    assert_eq!(read, [packet(100, 1), packet(100, 3), packet(20_000, 4)]);
    assert_eq!(client.session.counters().late, 1);
}

#[test]
fn a_peer_that_does_not_know_pieces_gets_packets_whole_or_not_at_all() {
    let (network, mut host) = hosting();
    let (mut raw, connection) = raw_at(&network, &mut host, 2);
    raw.send(connection, 0, SendFlags::RELIABLE, hello(77).encode());
    run(&mut [&mut host], seconds(1));
    raw.messages();
    for (channel, most) in [(0, 524_288), (1, 524_287)] {
        let result = put(&mut host, channel, TransferMode::Reliable, &packet(most + 1, 1));
        assert_eq!(result, Err(PutError::TooLarge(most + 1, most)));
        put(&mut host, channel, TransferMode::Reliable, &packet(most, 1)).unwrap();
    }
    run(&mut [&mut host], seconds(10));
    let came: Vec<_> =
        raw.messages().iter().filter(|of| of.lane() != 0).map(|message| message.payload().len()).collect();
    assert_eq!(came, [524_288, 524_288]);
}

#[test]
fn pieces_that_make_no_packet_end_the_connection() {
    let piece = |trailer: &[u8]| [&vec![0; MAX_UNRELIABLE_BYTES][..], trailer].concat();
    let first = |total: u32| piece(&[&total.to_le_bytes()[..], &[1]].concat());
    let next = || piece(&[0]);
    let cases = [
        ("no kind", vec![(1, piece(&[9]))]),
        ("no first one", vec![(1, next())]),
        ("too large", vec![(1, first(u32::try_from(LARGEST).unwrap() + 1))]),
        ("another first one", vec![(1, first(100_000)), (1, first(100_000))]),
        ("more than it has", vec![(1, first(20_000)), (1, next())]),
        (
            "too many at a time",
            (1..=5_u8).map(|channel| (5 - channel % 2, [first(100_000), vec![channel]].concat())).collect(),
        ),
    ];
    for (what, messages) in cases {
        let (network, mut host) = hosting();
        let (mut raw, connection) = raw_at(&network, &mut host, 2);
        let hello = Hello { features: Features::PIECES, ..hello(77) };
        raw.send(connection, 0, SendFlags::RELIABLE, hello.encode());
        run(&mut [&mut host], seconds(1));
        for (lane, message) in messages {
            raw.send(connection, lane, SendFlags::RELIABLE, message);
        }
        run(&mut [&mut host], seconds(2));
        assert_eq!(host.reason_of(SteamId(2)), Some(EndReason::ProtocolViolation), "{what}");
        assert_eq!(network.counters_of(HOST).live_messages, 0, "{what}");
    }
}

#[test]
fn packets_that_are_never_finished_cost_a_bound_and_nobody_else() {
    let network = Network::new(1);
    network.set_default_link(LinkSettings { bandwidth: 50_000_000, ..LinkSettings::default() });
    let mut host = Solo::host(&network);
    let mut client = client_of(&mut host, 2);
    let mut hostiles: Vec<_> = (0..6).map(|number| raw_at(&network, &mut host, FOREIGN + number)).collect();
    for (number, (raw, connection)) in hostiles.iter_mut().enumerate() {
        let claim = 50 + u32::try_from(number).unwrap();
        let hello = Hello { features: Features::PIECES, ..hello(claim) };
        raw.send(*connection, 0, SendFlags::RELIABLE, hello.encode());
    }
    run(&mut [&mut host, &mut client], seconds(1));
    let largest = u32::try_from(LARGEST).unwrap().to_le_bytes();
    let message = |channel: u8, trailer: &[u8]| {
        bytes::Bytes::from([&vec![0; 500_000][..], trailer, &[channel]].concat())
    };
    let channels = [2, 4, 6, 8];
    let first = channels.map(|channel| message(channel, &[&largest[..], &[1]].concat()));
    let next = channels.map(|channel| message(channel, &[0]));
    let mut most = 0;
    for round in 0..LARGEST / 500_000 {
        for (raw, connection) in &mut hostiles {
            for message in if round == 0 { &first } else { &next } {
                raw.send(*connection, 5, SendFlags::RELIABLE, message.clone());
                run(&mut [&mut host, &mut client], FRAME);
            }
        }
        most = most.max(network.counters_of(HOST).live_messages * 500_000);
    }
    assert!(most <= peer_core::limits::MAX_HELD_BYTES + 20_000_000, "{most} bytes at once");
    let ended =
        (0..6).filter(|number| host.reason_of(SteamId(FOREIGN + number)) == Some(EndReason::TooFarBehind));
    assert!((1..6).contains(&ended.count()));
    put(&mut host, 0, TransferMode::Reliable, b"still there").unwrap();
    assert_eq!(read_all(&mut host, &mut client, 1).len(), 1);
}
