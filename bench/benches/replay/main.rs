//! Insertions into the replay window: alone and half full, and at ten million live entries by one thread and by two.
//!
//! All in the steady state: tokens of 60 s, time going on with the insertions, so that each second as many entries expire
//! as come in. An insertion is `check_and_insert` whole, the keyed hash of an issuer of 16 bytes and a token id of 36
//! included, and making that token id (some 10 ns). "Prepared" is as the engine does it: the token's line was asked for
//! some tokens before (`ReplayLog::prepare`, whose own cost is included, another keyed hash).
//!
//! After the throughput, unless a filter leaves it out, comes the distribution of latencies, with what was allocated and
//! what page faults there were meanwhile.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that cannot measure what it says stops"
)]

mod client;
mod latency;

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use asap_engine::ReplayWindow;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use crate::client::Client;

const CAPACITY: usize = 10_000_000;

fn half_full(c: &mut Criterion) {
    let window = ReplayWindow::new(1_000_000).expect("memory");
    let mut client = Client::new(b'0', 500_000);
    client.send(&window, 1_000_000);
    let mut group = c.benchmark_group("replay/insert");
    group.throughput(Throughput::Elements(1));
    group.bench_function("1 thread, 500 000 of 1 000 000 live", |b| {
        b.iter(|| client.send(&window, 1));
    });
    group.finish();
}

fn ten_million(c: &mut Criterion) {
    let window = full_window();
    let mut clients = [b'a', b'b'].map(|name| Client::new(name, 10_000_000));
    let faults = minor_faults();
    Client::go_on(&mut clients, 2);
    send_together(&mut clients, 5_000_000, |client, count| {
        client.send(&window, count);
    });
    if let (Some(before), Some(after)) = (faults, minor_faults()) {
        let more = after.saturating_sub(before);
        eprintln!("page faults while it was filled: {more}");
    }
    let mut group = c.benchmark_group("replay/insert 10 000 000 live");
    group
        .throughput(Throughput::Elements(1))
        .sample_size(50)
        .measurement_time(Duration::from_secs(5));
    for threads in [1, 2] {
        for is_prepared in [false, true] {
            let name = if is_prepared { ", prepared" } else { "" };
            group.bench_function(format!("{threads} thread(s){name}"), |b| {
                b.iter_custom(|count| {
                    Client::go_on(&mut clients, threads);
                    let (clients, _) = clients.split_at_mut(threads);
                    let each = count.div_ceil(u64::try_from(threads).unwrap_or(1));
                    send_together(clients, each, |client, count| {
                        if is_prepared {
                            client.send_prepared(&window, count);
                        } else {
                            client.send(&window, count);
                        }
                    })
                });
            });
        }
    }
    group.finish();
    if std::env::args().any(|argument| argument == "--bench") {
        latency::report(&window, &mut clients);
    }
}

fn full_window() -> ReplayWindow {
    let start = Instant::now();
    let window = ReplayWindow::new(CAPACITY).expect("memory");
    let made_in = start.elapsed();
    let bytes = window.memory();
    let hundredths = bytes.saturating_mul(100).div_euclid(CAPACITY);
    eprintln!(
        "replay window of {CAPACITY}: {bytes} bytes, {}.{:02} an entry, made in {made_in:?}",
        hundredths.div_euclid(100),
        hundredths.rem_euclid(100),
    );
    window
}

/// Has each of the clients send `count` tokens on a thread of its own. Returns how long they took together.
fn send_together(
    clients: &mut [Client],
    count: u64,
    send: impl Fn(&mut Client, u64) + Sync,
) -> Duration {
    let ready = Barrier::new(clients.len().saturating_add(1));
    thread::scope(|scope| {
        let (ready, send) = (&ready, &send);
        let threads: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(move || {
                    ready.wait();
                    send(client, count);
                })
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        for thread in threads {
            thread.join().expect("a client that got through");
        }
        start.elapsed()
    })
}

/// How many pages this process has had to be given at their first use, on Linux.
fn minor_faults() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit(") ").next()?;
    after_name.split(' ').nth(7)?.parse().ok()
}

criterion_group!(benches, half_full, ten_million);
criterion_main!(benches);
