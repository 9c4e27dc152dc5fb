//! Sessions over Steam's sockets, between two real processes on Local Steam, each beside a bare transport in the same
//! two processes that sends the same messages under the same options.
//!
//! `round_trip/session` is a packet of 64 bytes put, flushed, answered by the other session, and read;
//! `round_trip/raw_nagle` the same without sessions, sent with Steam's default of waiting for more to send.
//! `bulk/session` and `bulk/raw` are so many reliable messages of 1 KiB, until the last one is answered.
//!
//! Cargo puts Valve's own library in front of the loader's path, so this binary starts itself again with Local Steam's:
//! as the process that measures, and that one as the process that answers.

mod answers;
mod ends;
mod processes;

use std::cell::OnceCell;
use std::cell::RefCell;
use std::process::ExitCode;

use criterion::{Criterion, Throughput};

use crate::ends::Ends;

/// Messages of a bulk: several times what Steam's send buffer holds.
const BULK: u32 = 4_000;

fn main() -> ExitCode {
    match local_steam_harness::lines::role().as_deref() {
        None => processes::measure(),
        Some(processes::MEASURES) => {
            let mut criterion = Criterion::default().configure_from_args();
            // The processes meet when the first benchmark that is to run needs them.
            let ends = OnceCell::new();
            round_trip(&mut criterion, &ends);
            bulk(&mut criterion, &ends);
            criterion.final_summary();
            ExitCode::SUCCESS
        }
        Some(processes::ANSWERS) => {
            answers::run();
            ExitCode::SUCCESS
        }
        Some(role) => panic!("no such role: {role}"),
    }
}

type LazyEnds = OnceCell<RefCell<Ends>>;

fn ends(lazy: &LazyEnds) -> std::cell::RefMut<'_, Ends> {
    lazy.get_or_init(|| RefCell::new(Ends::meet())).borrow_mut()
}

fn round_trip(c: &mut Criterion, lazy: &LazyEnds) {
    let mut group = c.benchmark_group("round_trip");
    group.bench_function("session", |b| {
        let mut ends = ends(lazy);
        b.iter(|| ends.session_round_trip());
    });
    group.bench_function("raw_nagle", |b| {
        let mut ends = ends(lazy);
        b.iter(|| ends.raw_round_trip());
    });
    group.finish();
}

fn bulk(c: &mut Criterion, lazy: &LazyEnds) {
    let mut group = c.benchmark_group("bulk");
    group.throughput(Throughput::Elements(u64::from(BULK))).sample_size(20);
    group.bench_function("session", |b| {
        let mut ends = ends(lazy);
        b.iter(|| ends.session_bulk(BULK));
    });
    group.bench_function("raw", |b| {
        let mut ends = ends(lazy);
        b.iter(|| ends.raw_bulk(BULK));
    });
    group.finish();
}
