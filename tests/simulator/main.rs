//! A simulated world around the real client of key repositories and the real engine: clients, key servers, network,
//! time of day and chance come from one seed, and monotonic time is tokio's, paused.
//!
//! A seed draws a [`plan`]; [`run`] plays it; the [`servers`] of the [`world`] answer, with [`faults`]; [`clients`]
//! present tokens; [`model`] keeps [`books`] of what the servers said, and the [`oracle`] holds every answer against them.
//!
//! `ASAP_SEED=123 cargo test -p asap-tests --test simulator -- --nocapture` replays one seed and shows its events.
//! `ASAP_SEEDS` and `ASAP_FIRST_SEED` choose how many are tried, and from where on.

mod bodies;
mod books;
mod caching;
mod clients;
mod faults;
mod kid;
mod model;
mod oracle;
mod plan;
mod rates;
mod run;
mod servers;
mod supplies;
mod trace;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::run::{Outcome, run};

/// How many seeds are tried unless the environment says otherwise.
const SEEDS: u64 = 10_000;

/// How many threads try them.
const THREADS: usize = 2;

/// After so many failing seeds the rest is not tried.
const ENOUGH: usize = 10;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect(variable))
}

fn failure(seed: u64, outcome: &Outcome) -> Option<String> {
    let first = outcome.violations.first()?;
    Some(format!(
        "{first}\n    ASAP_SEED={seed} cargo test -p asap-tests --test simulator -- --nocapture"
    ))
}

#[test]
fn every_seed_keeps_the_invariants() {
    if let Some(seed) = number("ASAP_SEED") {
        let outcome = run(seed, true);
        println!("{outcome:#?}");
        assert_eq!(failure(seed, &outcome), None);
        return;
    }
    let first = number("ASAP_FIRST_SEED").unwrap_or(0);
    let seeds = number("ASAP_SEEDS").unwrap_or(SEEDS);
    let (next, start) = (AtomicU64::new(first), Instant::now());
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds || failures.lock().unwrap().len() >= ENOUGH {
                        break;
                    }
                    if let Some(failure) = failure(seed, &run(seed, false)) {
                        eprintln!("{failure}");
                        failures.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    println!("{seeds} seeds from {first} on in {:?}", start.elapsed());
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "seeds that fail: {failures:?}");
}

#[test]
fn a_seed_replays_exactly() {
    if number("ASAP_SEED").is_some() {
        return;
    }
    for seed in 0..200 {
        assert_eq!(run(seed, false), run(seed, false), "seed {seed}");
    }
}
