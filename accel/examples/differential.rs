//! Holds the kernels against other ways to the same answer for as many cases as told, prints how many there were of each kind,
//! and exits 1 at a difference or at a rare way that was never taken.
//!
//! ```text
//! cargo run --release -p asap-accel --features counters --example differential -- --cases 10000000 [--seed N]
//! ```
//!
//! Every other case is a power, against the twin, and one in four of those against num-bigint; the others are verdicts, against
//! aws-lc, and one in sixteen of those against the twin.

// A panic is what a test is for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

#[path = "../tests/differential/mod.rs"]
mod differential;
#[path = "../tests/differential/rsa/mod.rs"]
mod rsa;

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use differential::chance::Chance;
use differential::report::Report;
use differential::run;
use rsa::decisions::Decisions;
use rsa::keys::KEYS;
use rsa::powers::Powers;

/// Most keys in use have 2048 bits, and five of its cases take as long as one of 4096.
const SIZES: [usize; 8] = [2048, 2048, 2048, 2048, 2048, 3072, 3072, 4096];

/// Cases between two lines of progress.
const SLICE: u64 = 300_000;

fn main() -> ExitCode {
    let Some((cases, seed)) = arguments() else {
        eprintln!("usage: differential [--cases N] [--seed N]");
        return ExitCode::from(2);
    };
    println!(
        "kernel: {}, cases: {cases}, seed: {seed}",
        if asap_accel::rsa::is_available() {
            "yes"
        } else {
            "no, the twin alone"
        }
    );
    let start = Instant::now();
    let mut chance = Chance::new(seed);
    let mut decisions = Decisions::new(KEYS.iter(), 16, &mut chance);
    let mut powers = Powers::new(&SIZES, 64, 4);
    let mut report = Report::default();
    decisions.hold_all_unchanged(&mut report);
    println!(
        "keys and signatures made in {} s",
        start.elapsed().as_secs()
    );

    let mut left = cases;
    while left > 0 {
        let slice = left.min(SLICE);
        report.merge(run(&mut powers, &mut chance, slice / 2));
        report.merge(run(&mut decisions, &mut chance, slice - slice / 2));
        left -= slice;
        println!(
            "{:>10} cases, {} differences, {} s",
            cases - left,
            report.differing(),
            start.elapsed().as_secs()
        );
    }
    let all_ways = count_ways(&mut report);
    println!("{report}");
    if report.differing() == 0 && all_ways {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether the kernel took each way that it can take.
#[cfg(feature = "counters")]
fn count_ways(report: &mut Report) -> bool {
    use rsa::ways::{CAN_BE_TAKEN, Taken};
    let start = Taken::default();
    start.until_now().count("ways", report);
    let mut all = true;
    if asap_accel::rsa::is_available() {
        for way in CAN_BE_TAKEN {
            if report.counted("ways", way) == 0 {
                println!("never taken: {way}");
                all = false;
            }
        }
    }
    all
}

#[cfg(not(feature = "counters"))]
fn count_ways(_: &mut Report) -> bool {
    println!("ways: not counted, for want of --features counters");
    true
}

fn arguments() -> Option<(u64, u64)> {
    let (mut cases, mut seed) = (1_000_000, 1);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next()?.parse().ok()?;
        match &*word {
            "--cases" => cases = number,
            "--seed" => seed = number,
            _ => return None,
        }
    }
    Some((cases, seed))
}
