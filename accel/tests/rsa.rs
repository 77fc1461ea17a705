//! The RSA kernel against its twin, num-bigint and aws-lc. `examples/differential.rs` does the same for longer.
//!
//! Under a processor without the kernel's instructions, which valgrind plays, the twin is what all others are compared with;
//! `ASAP_CASES` makes it few cases there.

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
#[path = "differential/rsa/mod.rs"]
mod rsa;

use asap_accel::rsa::is_available;

use cases::{cases, is_without_kernel};
use differential::chance::Chance;
use differential::report::Report;
use differential::run;
use rsa::decisions::Decisions;
use rsa::keys::KEYS;
use rsa::powers::Powers;

/// The bits of the moduli.
const SIZES: [usize; 3] = [2048, 3072, 4096];

#[test]
fn powers_are_those_of_the_twin_and_of_num_bigint() {
    let mut chance = Chance::new(1);
    let mut powers = Powers::new(&SIZES, 8, 4);
    let report = run(&mut powers, &mut chance, cases(800));
    assert_eq!(report.differing(), 0, "{report}");
    assert!(report.counted("compared with", "num-bigint: power") > 0);
    if cases(800) >= 800 {
        for bits in SIZES {
            assert!(report.counted("powers by size", &bits.to_string()) > 100);
        }
        for input in ["0", "n", "n - 1", "2^k - 1", "another length"] {
            assert!(report.counted("inputs", input) > 0, "{input}");
        }
    }
}

/// Every broken encoding under two keys of a size, and signatures that were changed afterwards.
fn verdicts_are_those_of_aws_lc(bits: usize, names: [&str; 2]) {
    let mut chance = Chance::new(bits as u64);
    let named = |name: &&str| {
        let name = format!("{name}_{bits}");
        KEYS.iter().find(|key| key.name == name).unwrap()
    };
    let few = cases(2);
    let keys = names.iter().take(usize::try_from(few).unwrap().clamp(1, 2));
    let mut decisions = Decisions::new(keys.map(named), 4, &mut chance);
    let mut report = Report::default();
    decisions.hold_all_unchanged(&mut report);
    report.merge(run(&mut decisions, &mut chance, cases(600)));
    assert_eq!(report.differing(), 0, "{report}");
    assert!(report.counted("verdicts", "good") >= 6, "{report}");
    assert!(report.counted("verdicts", "not good") >= 40, "{report}");
}

#[test]
fn verdicts_under_2048_bits_are_those_of_aws_lc() {
    verdicts_are_those_of_aws_lc(2048, ["random0", "below_power_of_two"]);
}

#[test]
fn verdicts_under_3072_bits_are_those_of_aws_lc() {
    verdicts_are_those_of_aws_lc(3072, ["even_limbs_ones", "random0"]);
}

#[test]
fn verdicts_under_4096_bits_are_those_of_aws_lc() {
    verdicts_are_those_of_aws_lc(4096, ["above_power_of_two", "lower_ones"]);
}

/// The file holds what it says: without a modulus of each shape, the other tests would say less than they seem to.
#[test]
fn there_are_ten_keys_of_each_size() {
    for bits in SIZES {
        let of_size = KEYS.iter().filter(|key| key.bits == bits);
        assert_eq!(of_size.count(), 10);
    }
    let ones = |name: &str| {
        let key = KEYS.iter().find(|key| key.name == name).unwrap();
        key.modulus
            .to_bytes_be()
            .iter()
            .filter(|byte| **byte == 0xff)
            .count()
    };
    assert!(ones("below_power_of_two_2048") >= 252);
    assert!(ones("upper_ones_3072") >= 180);
    assert!(ones("lower_ones_4096") >= 250);
}

#[test]
fn the_kernel_is_there_unless_it_must_not_be() {
    assert!(!is_without_kernel() || !is_available());
}

/// Other tests of this process count too, which does no harm.
#[cfg(feature = "counters")]
#[test]
fn the_rare_ways_are_taken() {
    use rsa::ways::{CAN_BE_TAKEN, Taken};
    if !is_available() {
        return;
    }
    let before = Taken::now();
    let mut chance = Chance::new(3);
    let mut report = run(&mut Powers::new(&SIZES, 32, 1000), &mut chance, 800);
    before.until_now().count("ways", &mut report);
    for way in CAN_BE_TAKEN {
        assert!(report.counted("ways", way) > 0, "{way}: {report}");
    }
}
