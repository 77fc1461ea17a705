//! Moduli: what a key may have, in shapes that random ones never take, and what no key may have.

use num_bigint::BigUint;

use super::{LIMB, power_of_two, to_bytes};
use crate::differential::chance::Chance;

/// Limbs in which carries and comparisons go wrong if they can.
pub(crate) const LIMBS: [u64; 8] = [
    0,
    1,
    (1 << 52) - 1,
    (1 << 52) - 2,
    1 << 51,
    (1 << 51) - 1,
    (1 << 52) - 1,
    0,
];

/// A number of at most `bits` bits whose limbs are those above, and now and then a random one.
pub(crate) fn of_limbs(bits: usize, chance: &mut Chance) -> BigUint {
    let random = chance.below(4) + 2;
    let mut number = BigUint::ZERO;
    for _ in 0..=bits / LIMB {
        let limb = if chance.one_in(random) {
            chance.word() >> 12
        } else {
            *chance.pick(&LIMBS)
        };
        number = (number << LIMB) + limb;
    }
    number & (power_of_two(bits) - 1_u8)
}

/// Runs of zeros and ones of random lengths.
pub(crate) fn runs(bits: usize, chance: &mut Chance) -> BigUint {
    let mut number = BigUint::ZERO;
    let mut length = 0;
    while length < bits {
        let run = 1 + chance.below(*chance.clone().pick(&[8, 64, 400, 2000]));
        number <<= run;
        if chance.one_in(2) {
            number += power_of_two(run) - 1_u8;
        }
        length += run;
    }
    number & (power_of_two(bits) - 1_u8)
}

/// An odd modulus of exactly `bits` bits.
pub(crate) fn valid(bits: usize, chance: &mut Chance) -> (&'static str, BigUint) {
    let (full, half) = (power_of_two(bits), power_of_two(bits - 1));
    let somewhere = 1 + chance.below(bits - 2);
    let small = BigUint::from(chance.word() >> chance.below(64));
    let (kind, modulus) = match chance.below(14) {
        0 => ("2^k - 1", full - 1_u8),
        1 => ("2^(k-1) + 1", half),
        2 => ("2^k - 1 - 2^j", full - 1_u8 - power_of_two(somewhere)),
        3 => ("2^(k-1) + 2^j + 1", half | power_of_two(somewhere)),
        4 => {
            let mut sparse = half;
            for _ in 0..chance.below(6) {
                sparse |= power_of_two(chance.below(bits));
            }
            ("sparse", sparse)
        }
        5 => ("runs", runs(bits, chance)),
        6 => ("edge limbs", of_limbs(bits, chance)),
        7 => {
            let ones = power_of_two(LIMB) - 1_u8;
            let first = chance.below(2);
            let limbs = (first..=bits / LIMB).step_by(2);
            let alternating = limbs.fold(BigUint::ZERO, |number, k| number | (&ones << (k * LIMB)));
            ("alternating limbs", alternating & (full - 1_u8))
        }
        8 => ("below 2^k", full - 1_u8 - small),
        9 => ("above 2^(k-1)", half + small),
        10 => ("1/2^52 is all ones", of_full_inverse(bits, chance)),
        _ => ("random", chance.number(bits)),
    };
    (kind, modulus | power_of_two(bits - 1) | BigUint::from(1_u8))
}

/// A modulus n for which 2^-52 mod n, by which every row is reduced, is ones but for its lowest limb: with an odd c below 2^52,
/// n = (2^52 * M - 1) / c, where c divides.
fn of_full_inverse(bits: usize, chance: &mut Chance) -> BigUint {
    let c = BigUint::from((chance.word() >> 12) | 1 | 1 << 51) - 2_u8;
    let all_ones = power_of_two(bits - 1) - 1_u8;
    let wanted = power_of_two(LIMB).modinv(&c).unwrap();
    let inverse = &all_ones - (&all_ones + &c - wanted) % &c;
    let product = (inverse << LIMB) - 1_u8;
    assert_eq!(&product % &c, BigUint::ZERO);
    product / c
}

/// What is no modulus of a key.
pub(crate) fn refused(bits: usize, chance: &mut Chance) -> (&'static str, Vec<u8>) {
    let length = bits / 8;
    let good = to_bytes(&valid(bits, chance).1, length);
    match chance.below(10) {
        0 => ("even", {
            let mut even = good;
            even[length - 1] &= 0xfe;
            even
        }),
        1 => ("zero", vec![0; length]),
        2 => ("one", to_bytes(&BigUint::from(1_u8), length)),
        3 => ("leading zero bit", {
            let mut short = good;
            short[0] &= 0x7f;
            short
        }),
        4 => ("leading zero byte", [&[0], &good[..]].concat()),
        5 => ("leading zero byte, length kept", {
            let mut short = good;
            short[0] = 0;
            short
        }),
        6 => ("a byte short", good[1..].to_vec()),
        7 => ("a byte long", [&good[..], &[1]].concat()),
        8 => ("no size", {
            let other = *chance.pick(&[0, 1, 2, 8, 64, 128, 192, 255, 257, 320, 640, 768, 1024]);
            let mut odd = chance.bytes(other);
            odd.first_mut().into_iter().for_each(|byte| *byte |= 0x80);
            odd.last_mut().into_iter().for_each(|byte| *byte |= 1);
            odd
        }),
        _ => ("power of two", to_bytes(&power_of_two(bits - 1), length)),
    }
}
