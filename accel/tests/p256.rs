//! The P-256 kernel, all its tiers, against aws-lc and num-bigint. `examples/differential.rs` does the same for longer.

// A panic is what a test is for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

#[path = "differential/cases.rs"]
mod cases;
mod differential;
#[path = "differential/order.rs"]
mod order;
#[path = "differential/p256/mod.rs"]
mod p256;
#[path = "differential/tiers.rs"]
mod tiers;

use asap_accel::Tier;

use cases::{cases, is_without_kernel};
use differential::chance::Chance;
use differential::run;
use p256::case::Shares;
use p256::decisions::Decisions;
use p256::exceptions::Exceptions;
use p256::missing;

/// How few cases the slow sides see.
const SHARES: Shares = Shares {
    model: 16,
    order: 32,
    reference: 200,
};

#[test]
fn verdicts_are_those_of_aws_lc_and_every_exception_is_met() {
    let mut chance = Chance::new(1);
    let mut decisions = Decisions::new(60, SHARES, &mut chance);
    let mut report = run(&mut decisions, &mut chance, cases(2_500));
    let shares = Shares { model: 1, ..SHARES };
    report.merge(run(&mut Exceptions { shares }, &mut chance, cases(300)));
    assert_eq!(report.differing(), 0, "{report}");
    assert!(!is_without_kernel() || Tier::best() == Tier::Scalar);
    if cases(2_500) < 2_500 {
        return;
    }
    assert_eq!(missing(&report), Vec::<String>::new(), "{report}");
    for oracle in ["num-bigint: verdict", "the order of sums: undecided"] {
        assert!(report.counted("compared with", oracle) > 0, "{report}");
    }
    let lanes = report.counted("verdicts", "lanes: valid") > 500;
    assert_eq!(lanes, Tier::best() == Tier::Lanes, "{report}");
}
