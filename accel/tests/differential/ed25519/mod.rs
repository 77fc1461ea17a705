//! The Ed25519 kernel, all tiers of it: verdicts against aws-lc and against what the maker of a signature knows. A hash that is chosen
//! is for the kernel alone, since aws-lc hashes by itself: there num-bigint is the other side.

pub(crate) mod case;
pub(crate) mod decisions;
pub(crate) mod digits;
pub(crate) mod keys;
pub(crate) mod made;
pub(crate) mod meetings;
pub(crate) mod point;

use std::sync::LazyLock;

use num_bigint::BigUint;

use crate::differential::chance::Chance;
use crate::differential::report::Report;
use crate::order::MEETINGS;

/// The prime of the field.
pub(crate) static P: LazyLock<BigUint> = LazyLock::new(|| power_of_two(255) - 19_u8);
/// The order of the base point.
pub(crate) static L: LazyLock<BigUint> = LazyLock::new(|| {
    let above = BigUint::from(27_742_317_777_372_353_535_851_937_790_883_648_493_u128);
    power_of_two(252) + above
});

/// What a run must have counted, by section and name, if all of the kernel was held.
const TAKEN: [(&str, &str); 14] = [
    ("good ones made", "random"),
    ("good ones made", "R of small order"),
    ("good ones made", "R with a part of small order"),
    ("good ones made", "R a special multiple"),
    ("good ones made", "any hash"),
    ("good ones made", "a special hash"),
    ("good ones by key", "random"),
    ("good ones by key", "special"),
    ("good ones by key", "with a part of small order"),
    ("good ones by key", "of small order"),
    ("not good ones made", "R of small order in another spelling"),
    ("not good ones made", "R with a part of small order"),
    ("changes", "s + k L"),
    ("changes", "a special R"),
];

/// What was never taken: of those, and of the sums that are special though the formulas hold for them.
pub(crate) fn missing(report: &Report) -> Vec<String> {
    let meetings = MEETINGS.map(|name| ("sums that meet", name));
    let names = TAKEN.into_iter().chain(meetings);
    names
        .filter(|(section, name)| report.counted(section, name) == 0)
        .map(|(section, name)| format!("{section}: {name}"))
        .collect()
}

pub(crate) fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u8) << exponent
}

/// A number that fits, the lowest byte first.
pub(crate) fn to_bytes<const LENGTH: usize>(number: &BigUint) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let digits = number.to_bytes_le();
    bytes[..digits.len()].copy_from_slice(&digits);
    bytes
}

/// From 1 to L - 1.
pub(crate) fn scalar(chance: &mut Chance) -> BigUint {
    chance.number(256) % (&*L - 1_u8) + 1_u8
}

/// From 0 to L - 1: zero, of few bits, near L, of one bit, of words that repeat, or any.
pub(crate) fn edge(chance: &mut Chance) -> BigUint {
    let small = BigUint::from(1 + (chance.word() >> (63 - chance.below(63))));
    match chance.below(8) {
        0 => BigUint::ZERO,
        1 => small,
        2 => &*L - small,
        3 => power_of_two(chance.below(253)),
        4 => &*L - power_of_two(chance.below(252)),
        5 => {
            let word = chance.bytes(8);
            BigUint::from_bytes_be(&word.repeat(4)) % &*L
        }
        6 => power_of_two(chance.below(252)) - 1_u8,
        _ => scalar(chance),
    }
}
