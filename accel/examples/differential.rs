//! Holds the kernels against other ways to the same answer for as many cases as told, prints how many there were of each kind,
//! and exits 1 at a difference or at a rare way that was never taken.
//!
//! ```text
//! cargo run --release -p asap-accel --features counters --example differential -- --kernel all --cases 10000000 [--seed N]
//! ```
//!
//! Of RSA every other case is a power, against the twin, and one in four of those against num-bigint; the others are verdicts,
//! against aws-lc, and one in sixteen of those against the twin. Of a curve every case is a verdict of the lanes and of the scalar tier
//! against aws-lc, and a share of those goes to the slow sides; one in a hundred is crafted so that a point meets itself or its negative.

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
#[path = "../tests/differential/ed25519/mod.rs"]
mod ed25519;
#[path = "../tests/differential/order.rs"]
mod order;
#[path = "../tests/differential/p256/mod.rs"]
mod p256;
#[path = "../tests/differential/rsa/mod.rs"]
mod rsa;
#[path = "../tests/differential/tiers.rs"]
mod tiers;

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use differential::chance::Chance;
use differential::report::Report;
use differential::{Held, run};

/// Most RSA keys in use have 2048 bits, and five of its cases take as long as one of 4096.
const SIZES: [usize; 8] = [2048, 2048, 2048, 2048, 2048, 3072, 3072, 4096];

/// Cases between two lines of progress.
const SLICE: u64 = 300_000;

const USAGE: &str = "usage: differential [--kernel rsa|p256|ed25519|all] [--cases N] [--seed N]";

/// A kernel's cases of two kinds.
struct Kernel {
    name: &'static str,
    /// One case of so many is of the second kind.
    second: u64,
    kinds: [Box<dyn Held>; 2],
    /// What the making of the kinds has counted.
    report: Report,
    /// What a report lacks.
    missing: fn(&mut Report) -> Vec<String>,
}

fn main() -> ExitCode {
    let Some((kernel, cases, seed)) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let kernels: Vec<fn(&mut Chance) -> Kernel> = match &*kernel {
        "rsa" => vec![of_rsa],
        "p256" => vec![of_p256],
        "ed25519" => vec![of_ed25519],
        "all" => vec![of_rsa, of_p256, of_ed25519],
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut all_held = true;
    for kernel in kernels {
        let mut chance = Chance::new(seed);
        all_held &= hold(kernel(&mut chance), &mut chance, cases, seed);
    }
    if all_held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether nothing differed and nothing was left out.
fn hold(kernel: Kernel, chance: &mut Chance, cases: u64, seed: u64) -> bool {
    let Kernel {
        name,
        second,
        kinds: [mut one, mut other],
        mut report,
        missing,
    } = kernel;
    println!("{name}, cases: {cases}, seed: {seed}");
    let start = Instant::now();
    let mut left = cases;
    while left > 0 {
        let slice = left.min(SLICE);
        report.merge(run(&mut *other, chance, slice / second));
        report.merge(run(&mut *one, chance, slice - slice / second));
        left -= slice;
        println!(
            "{:>10} cases, {} differences, {} s",
            cases - left,
            report.differing(),
            start.elapsed().as_secs()
        );
    }
    let missing = missing(&mut report);
    println!("{report}");
    for name in &missing {
        println!("never taken: {name}");
    }
    report.differing() == 0 && missing.is_empty()
}

fn of_rsa(chance: &mut Chance) -> Kernel {
    use rsa::decisions::Decisions;
    use rsa::keys::KEYS;
    use rsa::powers::Powers;
    let mut report = Report::default();
    let decisions = Decisions::new(KEYS.iter(), 16, chance);
    decisions.hold_all_unchanged(&mut report);
    Kernel {
        name: if asap_accel::rsa::is_available() {
            "RSA"
        } else {
            "RSA without the kernel, the twin alone"
        },
        second: 2,
        kinds: [Box::new(decisions), Box::new(Powers::new(&SIZES, 64, 4))],
        report,
        missing: missing_of_rsa,
    }
}

/// The ways that the kernel can take and did not.
#[cfg(feature = "counters")]
fn missing_of_rsa(report: &mut Report) -> Vec<String> {
    use rsa::ways::{CAN_BE_TAKEN, Taken};
    let start = Taken::default();
    start.until_now().count("ways", report);
    if !asap_accel::rsa::is_available() {
        return Vec::new();
    }
    let never = |way: &&str| report.counted("ways", way) == 0;
    let ways = CAN_BE_TAKEN.into_iter().filter(never);
    ways.map(str::to_owned).collect()
}

#[cfg(not(feature = "counters"))]
fn missing_of_rsa(_: &mut Report) -> Vec<String> {
    println!("ways: not counted, for want of --features counters");
    Vec::new()
}

fn of_p256(chance: &mut Chance) -> Kernel {
    use p256::case::Shares;
    let shares = Shares {
        model: 64,
        order: 64,
        reference: 4096,
    };
    Kernel {
        name: "P-256",
        second: 100,
        kinds: [
            Box::new(p256::decisions::Decisions::new(200, shares, chance)),
            Box::new(p256::exceptions::Exceptions {
                shares: Shares { model: 1, ..shares },
            }),
        ],
        report: Report::default(),
        missing: |report| p256::missing(report),
    }
}

fn of_ed25519(chance: &mut Chance) -> Kernel {
    use ed25519::case::Shares;
    let shares = Shares {
        model: 64,
        order: 512,
        reference: 1024,
    };
    Kernel {
        name: "Ed25519",
        second: 100,
        kinds: [
            Box::new(ed25519::decisions::Decisions::new(200, shares, chance)),
            Box::new(ed25519::meetings::Meetings {
                shares: Shares { model: 1, ..shares },
            }),
        ],
        report: Report::default(),
        missing: |report| ed25519::missing(report),
    }
}

fn arguments() -> Option<(String, u64, u64)> {
    let (mut kernel, mut cases, mut seed) = ("all".to_owned(), 1_000_000, 1);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next()?;
        match &*word {
            "--kernel" => kernel = value,
            "--cases" => cases = value.parse().ok()?,
            "--seed" => seed = value.parse().ok()?,
            _ => return None,
        }
    }
    Some((kernel, cases, seed))
}
