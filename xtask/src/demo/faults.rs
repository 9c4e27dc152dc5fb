//! What the reports of all players add up to: a table, and everything that is wrong.

use std::collections::BTreeSet;

use super::report::{Mode, Report};
use crate::table::table;

/// Godot's id of the host.
const HOST: u32 = 1;

/// Calls of one transfer mode, as one player counts them: each call once for each receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Calls {
    sent: u64,
    received: u64,
    /// Sent to this player by the others, and not received.
    lost: u64,
}

/// One row a player.
pub(super) fn overview(reports: &[Report]) -> String {
    let header = [
        "player",
        "peers",
        "reliable sent/recv",
        "unreliable sent/recv",
        "ordered sent/recv",
        "lost (reliable)",
        "worst ping",
        "bytes in",
        "bytes out",
    ];
    let mut rows = vec![header.map(str::to_owned)];
    for report in reports {
        let [reliable, unreliable, ordered] = [Mode::Reliable, Mode::Unreliable, Mode::UnreliableOrdered]
            .map(|mode| calls(report, reports, mode));
        let lost = reliable.lost + unreliable.lost + ordered.lost;
        rows.push([
            label(report),
            report.peers.len().to_string(),
            format!("{}/{}", reliable.sent, reliable.received),
            format!("{}/{}", unreliable.sent, unreliable.received),
            format!("{}/{}", ordered.sent, ordered.received),
            format!("{lost} ({})", reliable.lost),
            format!("{:.0} ms", report.ping_ms.values().copied().fold(0.0, f64::max)),
            report.bytes_in.to_string(),
            report.bytes_out.to_string(),
        ]);
    }
    table(&rows)
}

/// How many unreliable calls were lost, of how many.
pub(super) fn lost_unreliable(reports: &[Report]) -> String {
    let modes = [Mode::Unreliable, Mode::UnreliableOrdered];
    let all = reports.iter().flat_map(|report| modes.map(|mode| calls(report, reports, mode)));
    let (lost, sent) = all.fold((0, 0), |(lost, sent), calls| (lost + calls.lost, sent + calls.sent));
    format!("{lost} of {sent}")
}

/// Everything that must not be, a line each. Unreliable calls may be lost, but those that are ordered stay in order.
pub(super) fn all(reports: &[Report]) -> Vec<String> {
    let everybody: BTreeSet<u32> = reports.iter().map(|report| report.id).collect();
    let mut faults = Vec::new();
    if everybody.len() != reports.len() || !everybody.contains(&HOST) {
        faults.push(format!("the peer ids {everybody:?} are not those of a host and its clients"));
    }
    for report in reports {
        let name = label(report);
        let mut others = everybody.clone();
        others.remove(&report.id);
        if report.peers != others {
            faults.push(format!("{name} is connected to {:?} instead of {others:?}", report.peers));
        }
        if report.squares != everybody {
            faults.push(format!("{name} has the squares of {:?} instead of {everybody:?}", report.squares));
        }
        if report.moved != others {
            faults.push(format!("{name} has seen {:?} move instead of {others:?}", report.moved));
        }
        for sender in reports.iter().filter(|sender| sender.id != report.id) {
            for (stream, &mode) in &sender.modes {
                let what = format!("{stream} from {} to {name}", label(sender));
                faults.extend(
                    stream_fault(sender, report, stream, mode).map(|fault| format!("{what}: {fault}")),
                );
            }
        }
    }
    faults
}

/// What is wrong with one stream from one player to another.
fn stream_fault(sender: &Report, receiver: &Report, stream: &str, mode: Mode) -> Option<String> {
    let sent = sender.sent.get(stream).copied().unwrap_or(0);
    if sent == 0 {
        return Some("never called".to_owned());
    }
    let Some(arrived) = receiver.received_from(sender.id, stream) else {
        return Some(format!("none of {sent} arrived"));
    };
    let (count, last, late) = (arrived.count, arrived.last, arrived.late);
    match mode {
        Mode::Reliable if (count, last, late) != (sent, sent, 0) => {
            Some(format!("{count} of {sent} arrived, the last is number {last}, {late} out of order"))
        }
        Mode::UnreliableOrdered if late > 0 => Some(format!("{late} of {count} out of order")),
        _ if count == 0 => Some(format!("none of {sent} arrived")),
        _ if count > sent || last > sent => Some(format!("{count} arrived, up to number {last}, of {sent}")),
        _ => None,
    }
}

fn calls(report: &Report, reports: &[Report], mode: Mode) -> Calls {
    let streams = |of: &Report| -> Vec<String> {
        of.modes.iter().filter(|&(_, &its)| its == mode).map(|(stream, _)| stream.clone()).collect()
    };
    let calls_of = |of: &Report, stream: &str| of.sent.get(stream).copied().unwrap_or(0);
    let others = reports.iter().filter(|other| other.id != report.id);
    let mut calls = Calls::default();
    for other in others {
        calls.sent += streams(report).iter().map(|stream| calls_of(report, stream)).sum::<u64>();
        for stream in streams(other) {
            let received = report.received_from(other.id, &stream).map_or(0, |received| received.count);
            calls.received += received;
            calls.lost += calls_of(other, &stream).saturating_sub(received);
        }
    }
    calls
}

fn label(report: &Report) -> String {
    if report.id == HOST { format!("{} (host)", report.name) } else { report.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::super::report::Received;
    use super::*;

    /// A game of three in which everything arrived, but one unreliable call from each to each.
    fn game() -> Vec<Report> {
        let streams = [
            ("chat", Mode::Reliable, 5),
            ("spark", Mode::Unreliable, 10),
            ("aim", Mode::UnreliableOrdered, 10),
        ];
        let ids = [1, 20, 30];
        let report = |id: u32| {
            let others: Vec<u32> = ids.into_iter().filter(|&other| other != id).collect();
            let received = |from: u32| {
                streams.map(|(stream, mode, sent)| Received {
                    from,
                    stream: stream.to_owned(),
                    count: if mode == Mode::Unreliable { sent - 1 } else { sent },
                    last: sent,
                    late: 0,
                })
            };
            Report {
                id,
                name: format!("p{id}"),
                peers: others.iter().copied().collect(),
                squares: ids.into(),
                moved: others.iter().copied().collect(),
                modes: streams.map(|(stream, mode, _)| (stream.to_owned(), mode)).into(),
                sent: streams.map(|(stream, _, sent)| (stream.to_owned(), sent)).into(),
                received: others.iter().flat_map(|&from| received(from)).collect(),
                ping_ms: others.iter().map(|&other| (other, f64::from(other))).collect(),
                bytes_in: 1_000,
                bytes_out: 2_000,
            }
        };
        ids.map(report).into()
    }

    fn stream<'a>(report: &'a mut Report, from: u32, stream: &str) -> &'a mut Received {
        let mut all = report.received.iter_mut();
        all.find(|received| received.from == from && received.stream == stream).unwrap()
    }

    #[test]
    fn the_table_counts_each_call_once_for_each_receiver() {
        let expected = "\
player     peers  reliable sent/recv  unreliable sent/recv  ordered sent/recv  lost (reliable)  worst ping  bytes in  bytes out
p1 (host)  2      10/10               20/18                 20/20              2 (0)            30 ms       1000      2000
p20        2      10/10               20/18                 20/20              2 (0)            30 ms       1000      2000
p30        2      10/10               20/18                 20/20              2 (0)            20 ms       1000      2000
";
        assert_eq!(overview(&game()), expected);
    }

    #[test]
    fn lost_unreliable_calls_are_counted_over_all_players() {
        assert_eq!(lost_unreliable(&game()), "6 of 120");
    }

    #[test]
    fn everything_that_must_not_be_is_named_and_unreliable_calls_may_be_lost_and_out_of_order() {
        type Case = (fn(&mut Vec<Report>), &'static [&'static str]);
        let cases: [Case; 10] = [
            (|_| (), &[]),
            (|game| stream(&mut game[0], 20, "spark").late = 1, &[]),
            (
                |game| stream(&mut game[1], 30, "chat").count = 4,
                &["chat from p30 to p20: 4 of 5 arrived, the last is number 5, 0 out of order"],
            ),
            (
                |game| stream(&mut game[0], 20, "chat").late = 1,
                &["chat from p20 to p1 (host): 5 of 5 arrived, the last is number 5, 1 out of order"],
            ),
            (
                |game| stream(&mut game[0], 20, "aim").late = 1,
                &["aim from p20 to p1 (host): 1 of 10 out of order"],
            ),
            (
                |game| stream(&mut game[2], 1, "spark").count = 0,
                &["spark from p1 (host) to p30: none of 10 arrived"],
            ),
            (
                |game| game[2].received.retain(|received| received.from != 1 || received.stream != "aim"),
                &["aim from p1 (host) to p30: none of 10 arrived"],
            ),
            (
                |game| *game[2].sent.get_mut("aim").unwrap() = 0,
                &["aim from p30 to p1 (host): never called", "aim from p30 to p20: never called"],
            ),
            (
                |game| stream(&mut game[0], 20, "spark").count = 11,
                &["spark from p20 to p1 (host): 11 arrived, up to number 10, of 10"],
            ),
            (
                |game| {
                    let Report { peers, squares, moved, .. } = &mut game[1];
                    for set in [peers, squares, moved] {
                        set.remove(&30);
                    }
                },
                &[
                    "p20 is connected to {1} instead of {1, 30}",
                    "p20 has the squares of {1, 20} instead of {1, 20, 30}",
                    "p20 has seen {1} move instead of {1, 30}",
                ],
            ),
        ];
        for (change, expected) in cases {
            let mut game = game();
            change(&mut game);
            assert_eq!(all(&game), expected);
        }
    }

    #[test]
    fn a_game_without_a_host_and_two_players_with_one_id_are_faults() {
        assert!(all(&game()[1..])[0].contains("{20, 30} are not those of a host"));
        let mut game = game();
        game[2].id = 20;
        assert!(all(&game)[0].contains("{1, 20}"), "{:?}", all(&game));
    }
}
