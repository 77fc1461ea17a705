//! Insertions into the replay window: alone and half full, and by two threads at ten million live entries.
//!
//! Both in the steady state: tokens of 60 s, time going on with the insertions, so that each second as many
//! entries expire as come in. An insertion is `check_and_insert` whole, the keyed hash of an issuer of 16
//! bytes and a token id of 36 included, and making that token id (some 10 ns).

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that cannot measure what it says stops"
)]

use std::hint::black_box;
use std::str::from_utf8;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use asap_engine::{ReplayLog, ReplayWindow, UnixTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ISSUER: &str = "services/billing";
const START: i64 = 1_700_000_000;

/// The life of a token, in seconds. It is remembered through its last second, hence in 61 of them.
const LIFE: i64 = 60;
const SECONDS_REMEMBERED: u64 = 61;

/// A client that sends tokens, so many a second, each with an id of its own.
struct Client {
    token_id: [u8; 36],
    sent: u64,
    per_second: u64,
}

impl Client {
    /// The client whose token ids begin with `name`, and of whose tokens `live` are live at any time.
    fn new(name: u8, live: u64) -> Self {
        let mut token_id = *b"00000000-0000-4000-8000-000000000000";
        if let Some(first) = token_id.first_mut() {
            *first = name;
        }
        let per_second = live.div_euclid(SECONDS_REMEMBERED);
        Self {
            token_id,
            sent: 0,
            per_second,
        }
    }

    /// Counts in the digits of the token id, from its end.
    fn next_token_id(&mut self) -> &str {
        for digit in self.token_id.iter_mut().rev().take(12) {
            if *digit < b'9' {
                *digit = digit.saturating_add(1);
                break;
            }
            *digit = b'0';
        }
        from_utf8(&self.token_id).expect("digits")
    }

    /// Sends `count` tokens, all of which are new and for all of which there is room.
    fn send(&mut self, window: &ReplayWindow, count: u64) {
        for _ in 0..count {
            let second = i64::try_from(self.sent.div_euclid(self.per_second)).expect("seconds");
            let now = START.saturating_add(second);
            let (keep_until, now) = (
                UnixTime::from_secs(now.saturating_add(LIFE)),
                UnixTime::from_secs(now),
            );
            self.sent = self.sent.saturating_add(1);
            let token_id = self.next_token_id();
            if let Err(error) =
                black_box(window.check_and_insert(ISSUER, token_id, keep_until, now))
            {
                panic!("a new token was refused: {error}");
            }
        }
    }
}

fn one_thread(c: &mut Criterion) {
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

fn two_threads(c: &mut Criterion) {
    const CAPACITY: usize = 10_000_000;
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
    let mut clients = [Client::new(b'a', 5_000_000), Client::new(b'b', 5_000_000)];
    let faults = minor_faults();
    send_together(&window, &mut clients, 10_000_000);
    if let (Some(before), Some(after)) = (faults, minor_faults()) {
        eprintln!(
            "page faults while it was filled: {}",
            after.saturating_sub(before)
        );
    }
    let mut group = c.benchmark_group("replay/insert");
    group
        .throughput(Throughput::Elements(1))
        .measurement_time(Duration::from_secs(10));
    let (mut sent, mut on_cpu) = (0_u64, Duration::ZERO);
    group.bench_function("2 threads, 10 000 000 of 10 000 000 live", |b| {
        b.iter_custom(|count| {
            let took = send_together(&window, &mut clients, count);
            sent = sent.saturating_add(count);
            on_cpu = on_cpu.saturating_add(took.on_cpu);
            took.elapsed
        });
    });
    group.finish();
    let each = on_cpu.as_nanos().checked_div(sent.into()).unwrap_or(0);
    eprintln!("on-CPU time of an insertion, whatever else ran: {each} ns");
}

/// How long the clients took together.
struct Took {
    elapsed: Duration,
    /// The time that their threads were running, added up: on a busy machine, less than they were there for.
    on_cpu: Duration,
}

/// Sends `count` tokens, half of them from a thread of each client.
fn send_together(window: &ReplayWindow, clients: &mut [Client; 2], count: u64) -> Took {
    let ready = Barrier::new(3);
    thread::scope(|scope| {
        let threads = clients.each_mut().map(|client| {
            let ready = &ready;
            scope.spawn(move || {
                ready.wait();
                client.send(window, count.div_ceil(2));
                thread_on_cpu()
            })
        });
        ready.wait();
        let start = Instant::now();
        let on_cpu = threads.map(|thread| thread.join().expect("a client that got through"));
        Took {
            elapsed: start.elapsed(),
            on_cpu: on_cpu.into_iter().sum(),
        }
    })
}

/// How long this thread has been running so far, on Linux; zero elsewhere.
fn thread_on_cpu() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = statistics
        .split(' ')
        .next()
        .and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// How many pages this process has had to be given at their first use, on Linux.
fn minor_faults() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit(") ").next()?;
    after_name.split(' ').nth(7)?.parse().ok()
}

criterion_group!(benches, one_thread, two_threads);
criterion_main!(benches);
