//! The Ed25519 kernel, all its tiers, against aws-lc and num-bigint. `examples/differential.rs` does the same for longer.

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
#[path = "differential/ed25519/mod.rs"]
mod ed25519;
#[path = "differential/order.rs"]
mod order;
#[path = "differential/tiers.rs"]
mod tiers;

use asap_accel::Tier;

use cases::{cases, is_without_kernel};
use differential::chance::Chance;
use differential::run;
use ed25519::case::Shares;
use ed25519::decisions::Decisions;
use ed25519::meetings::Meetings;
use ed25519::missing;

/// How few cases the slow sides see.
const SHARES: Shares = Shares {
    model: 16,
    order: 64,
    reference: 100,
};

#[test]
fn verdicts_are_those_of_aws_lc_and_every_meeting_is_summed() {
    let mut chance = Chance::new(1);
    let mut decisions = Decisions::new(60, SHARES, &mut chance);
    let mut report = run(&mut decisions, &mut chance, cases(2_000));
    let shares = Shares { model: 1, ..SHARES };
    report.merge(run(&mut Meetings { shares }, &mut chance, cases(200)));
    assert_eq!(report.differing(), 0, "{report}");
    assert!(!is_without_kernel() || Tier::best() == Tier::Scalar);
    if cases(2_000) < 2_000 {
        return;
    }
    assert_eq!(missing(&report), Vec::<String>::new(), "{report}");
    assert!(report.counted("compared with", "num-bigint: verdict") > 10);
    let lanes = report.counted("verdicts", "lanes: valid") > 500;
    assert_eq!(lanes, Tier::best() == Tier::Lanes, "{report}");
}
