//! The P-256 kernel, all tiers of it: verdicts against aws-lc and against what the maker of a signature knows, and where it does not
//! decide against the order in which it adds.

pub(crate) mod case;
pub(crate) mod decisions;
pub(crate) mod digits;
pub(crate) mod exceptions;
pub(crate) mod keys;
pub(crate) mod made;
pub(crate) mod point;

use std::sync::LazyLock;

use num_bigint::BigUint;

use crate::differential::chance::Chance;
use crate::differential::report::Report;
use crate::order::MEETINGS;

/// The prime of the field.
pub(crate) static P: LazyLock<BigUint> =
    LazyLock::new(|| number("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"));
/// The order of the base point.
pub(crate) static N: LazyLock<BigUint> =
    LazyLock::new(|| number("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"));

/// What a run must have counted, by section and name, if all of the kernel was held.
const TAKEN: [(&str, &str); 13] = [
    ("good ones made", "r + n is x"),
    ("good ones made", "x below p - n"),
    ("good ones made", "digest of n and more"),
    ("good ones made", "digest 0 modulo n"),
    ("good ones made", "u1 and u2 chosen"),
    ("good ones made", "small s"),
    ("good ones made", "full words"),
    ("good ones", "s in the upper half"),
    ("good ones", "s in the lower half"),
    ("good ones by key", "the base point or its negative"),
    ("good ones by key", "any"),
    ("not good ones made", "x is r + n - p"),
    ("not good ones made", "the sum at infinity"),
];

/// What was never taken: of those, and of the cases that the formulas do not cover.
pub(crate) fn missing(report: &Report) -> Vec<String> {
    let exceptions = MEETINGS.map(|name| ("undecided, where", name));
    let names = TAKEN.into_iter().chain(exceptions);
    names
        .filter(|(section, name)| report.counted(section, name) == 0)
        .map(|(section, name)| format!("{section}: {name}"))
        .collect()
}

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hex")
}

pub(crate) fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u8) << exponent
}

/// A number below 2^256, the highest byte first.
pub(crate) fn to_bytes(number: &BigUint) -> [u8; 32] {
    let mut bytes = [0; 32];
    let digits = number.to_bytes_be();
    bytes[32 - digits.len()..].copy_from_slice(&digits);
    bytes
}

/// a - b modulo n, for b below n.
pub(crate) fn minus(a: &BigUint, b: &BigUint) -> BigUint {
    (a + &*N - b) % &*N
}

/// a / b modulo n, for b other than zero.
pub(crate) fn quotient(a: &BigUint, b: &BigUint) -> BigUint {
    a * b.modinv(&N).expect("n is a prime") % &*N
}

/// From 1 to n - 1.
pub(crate) fn scalar(chance: &mut Chance) -> BigUint {
    chance.number(256) % (&*N - 1_u8) + 1_u8
}

/// From 1 to n - 1, of few bits, near n, of one bit, of words that repeat, or any.
pub(crate) fn edge(chance: &mut Chance) -> BigUint {
    let mut small = BigUint::from(1 + (chance.word() >> (63 - chance.below(63))));
    if chance.one_in(3) {
        small = BigUint::from(1_u8);
    }
    match chance.below(7) {
        0 => small,
        1 => &*N - small,
        2 => power_of_two(chance.below(256)),
        3 => &*N - power_of_two(chance.below(255)),
        4 => {
            let word = chance.bytes(8);
            BigUint::from_bytes_be(&word.repeat(4)) % (&*N - 1_u8) + 1_u8
        }
        5 => quotient(&BigUint::from(1_u8), &small),
        _ => scalar(chance),
    }
}
