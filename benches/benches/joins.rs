//! What it costs a host that members join, transport excluded.

use benches::host_with_peers;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// `joins/PEERS`: time for each of so many members that join at once, hello included.
fn joins(c: &mut Criterion) {
    let mut group = c.benchmark_group("joins");
    for peers in [50, 250] {
        group.throughput(Throughput::Elements(u64::from(peers)));
        group.bench_function(BenchmarkId::from_parameter(peers), |b| b.iter(|| host_with_peers(peers)));
    }
    group.finish();
}

criterion_group!(benches, joins);
criterion_main!(benches);
