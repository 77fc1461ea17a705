//! How long single insertions take, and what else they cost.

use std::array::from_fn;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use asap_engine::ReplayWindow;
use hdrhistogram::Histogram;

use crate::client::{Client, TokenId, UNDER_WAY, slot};
use crate::minor_faults;

/// How many insertions of each thread are timed.
const INSERTIONS: u64 = 3_000_000;

/// Prints the distribution of single insertions by as many threads as there are clients, plain and prepared. Reading the
/// clock twice is in each of them, and printed beside.
pub(crate) fn report(window: &ReplayWindow, clients: &mut [Client]) {
    eprintln!(
        "\nsingle insertions by {} threads, ns:        p50    p99  p99.9 p99.99        max",
        clients.len()
    );
    print("the clock alone", &clock_alone());
    for (name, is_prepared) in [
        ("insertion", false),
        ("prepared", true),
        ("insertion", false),
        ("prepared", true),
    ] {
        let faults = minor_faults();
        let (times, allocations) = time(window, clients, is_prepared);
        print(name, &times);
        if let (Some(before), Some(after)) = (faults, minor_faults()) {
            let faults = after.saturating_sub(before);
            eprintln!(
                "    allocations: {allocations}; page faults of the process, starting the threads included: {faults}"
            );
        }
    }
}

fn times() -> Histogram<u64> {
    // A fixed range, all of it made at once: recording allocates nothing.
    let mut times = Histogram::new_with_bounds(1, 1_000_000_000, 3).expect("bounds");
    for exponent in 0..30 {
        times.saturating_record(1 << exponent);
    }
    times.reset();
    times
}

fn clock_alone() -> Histogram<u64> {
    let mut times = times();
    for _ in 0..INSERTIONS {
        let start = Instant::now();
        record(&mut times, start.elapsed());
    }
    times
}

fn time(window: &ReplayWindow, clients: &mut [Client], is_prepared: bool) -> (Histogram<u64>, u64) {
    Client::go_on(clients, clients.len());
    let all = Mutex::new((times(), 0_u64));
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| {
                let mut times = times();
                let allocated = allocation_counter::measure(|| {
                    send_timed(client, window, is_prepared, &mut times);
                });
                let mut all = all.lock().expect("no thread failed");
                all.0.add(&times).expect("the same bounds");
                all.1 = all.1.saturating_add(allocated.count_total);
            });
        }
    });
    all.into_inner().expect("no thread failed")
}

fn send_timed(
    client: &mut Client,
    window: &ReplayWindow,
    is_prepared: bool,
    times: &mut Histogram<u64>,
) {
    let mut under_way: [TokenId; UNDER_WAY] = from_fn(|_| client.next_token_id());
    for number in 0..INSERTIONS {
        let slot = slot(&mut under_way, number);
        let due = *slot;
        let start = Instant::now();
        client.insert(window, &due);
        record(times, start.elapsed());
        *slot = client.next_token_id();
        if is_prepared {
            Client::prepare(window, slot);
        }
    }
}

fn record(times: &mut Histogram<u64>, took: Duration) {
    times.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
}

fn print(name: &str, times: &Histogram<u64>) {
    let at = |quantile| times.value_at_quantile(quantile);
    eprintln!(
        "{name:>36} {:>8} {:>6} {:>6} {:>6} {:>10}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(0.9999),
        times.max()
    );
}
