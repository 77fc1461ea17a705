//! What two threads get done beside what one does, case by case: the factor is 2 where they share nothing.
//!
//! Rounds of one thread and of two alternate, some 5 ms each, so that whatever else the machine does meets both alike. A
//! round of two threads takes as long as the slower of them. "Best" compares the shortest rounds, the machine at its
//! quietest; "median" the middle ones. The first case shares nothing at all: no case can do better than it on this
//! machine, in this run.
//!
//! `cargo bench --bench scaling`, with the number of rounds as argument if not 400, and parts of names of cases.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that cannot measure what it says stops"
)]

mod cases;
#[path = "../replay/client.rs"]
mod client;
#[path = "../key_lookup/key_server.rs"]
mod key_server;

use std::env;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::cases::Case;

/// How long one round takes.
const ROUND: Duration = Duration::from_millis(5);

fn main() {
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    // `cargo test` runs benches too, to see that they run.
    let is_bench = env::args().any(|argument| argument == "--bench");
    let rounds = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(if is_bench { 400 } else { 1 });
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|argument| argument.parse::<usize>().is_err())
        .collect();
    println!(
        "{:<44} {:>12} {:>12} {:>8} {:>8}",
        "case (ns each: one thread, one of two)", "1 thread", "2 threads", "best", "median"
    );
    for case in cases::all() {
        if wanted.is_empty() || wanted.iter().any(|part| case.name.contains(part.as_str())) {
            measure(&case, rounds);
        }
    }
}

fn measure(case: &Case<'_>, rounds: usize) {
    let count = calibrate(case);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (threads, times) in (1..).zip(&mut times) {
            times.push(round(case, threads, count));
        }
    }
    for times in &mut times {
        times.sort_unstable();
    }
    let [one, two] = times;
    let quantile = |part: usize| {
        let index = part.checked_mul(rounds).map_or(0, |product| product / 100);
        (nanos(one.get(index)), nanos(two.get(index)))
    };
    let (best, median) = (quantile(0), quantile(50));
    let each = |round: f64| round / f64::from(count);
    println!(
        "{:<44} {:>12.1} {:>12.1} {:>8.3} {:>8.3}",
        case.name,
        each(best.0),
        each(best.1),
        2.0 * best.0 / best.1,
        2.0 * median.0 / median.1
    );
}

fn nanos(round: Option<&Duration>) -> f64 {
    round.map_or(f64::NAN, Duration::as_secs_f64) * 1e9
}

/// How often the case is done in a round: as often as one thread does it in the time of a round.
fn calibrate(case: &Case<'_>) -> u32 {
    let mut count: u32 = 16;
    loop {
        let took = round(case, 1, count);
        if took.saturating_mul(4) >= ROUND {
            let rounds = ROUND.as_secs_f64() / took.as_secs_f64();
            return number(f64::from(count) * rounds).max(1);
        }
        count = count.saturating_mul(2);
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that fits, and saturates if not"
)]
fn number(count: f64) -> u32 {
    count as u32
}

/// Has each thread do the case `count` times. Returns how long the slowest took.
fn round(case: &Case<'_>, threads: usize, count: u32) -> Duration {
    (case.before)(threads);
    let ready = Barrier::new(threads);
    let work = &case.work;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    let start = Instant::now();
                    work(thread, count);
                    start.elapsed()
                })
            })
            .collect();
        let times = running
            .into_iter()
            .map(|thread| thread.join().expect("a round"));
        times.max().unwrap_or_default()
    })
}
