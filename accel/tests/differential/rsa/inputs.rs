//! What may stand where a signature stands.

use num_bigint::BigUint;

use super::moduli::{of_limbs, runs};
use super::{LIMB, power_of_two, to_bytes};
use crate::differential::chance::Chance;

/// Bytes under a modulus of `bits` bits: most have its length, most are below it.
pub(crate) fn input(
    modulus: &BigUint,
    bits: usize,
    chance: &mut Chance,
) -> (&'static str, Vec<u8>) {
    let length = bits / 8;
    let full = power_of_two(bits);
    let somewhere = chance.below(bits);
    let (kind, number) = match chance.below(26) {
        0 => ("0", BigUint::ZERO),
        1 => ("1", BigUint::from(1_u8)),
        2 => ("2", BigUint::from(2_u8)),
        3 => ("n - 1", modulus - 1_u8),
        4 => ("n - 2", modulus - 2_u8),
        5 => ("n", modulus.clone()),
        6 => ("n + 1", (modulus + 1_u8).min(&full - 1_u8)),
        7 => ("2^k - 1", full - 1_u8),
        8 => ("2^j", power_of_two(somewhere)),
        9 => ("2^j - 1", power_of_two(somewhere) - 1_u8),
        10 => ("n - 2^j", modulus - power_of_two(chance.below(bits - 1))),
        11 => ("n / 2", modulus >> 1),
        12 => {
            // Whole limbs of ones, down to the lowest or not.
            let lower = chance.below(bits / LIMB) * LIMB;
            let upper = (lower + (1 + chance.below(bits / LIMB)) * LIMB).min(bits - 1);
            ("limbs of ones", power_of_two(upper) - power_of_two(lower))
        }
        13 => ("small", BigUint::from(chance.word() >> chance.below(64))),
        14 => ("edge limbs", of_limbs(bits, chance)),
        15 => ("edge limbs below n", of_limbs(bits, chance) % modulus),
        16 => ("runs below n", runs(bits, chance) % modulus),
        17 => ("random bytes", chance.number(bits)),
        18 if chance.one_in(4) => {
            let other = *chance.pick(&[0, 1, length - 1, length + 1, length + 8, 256, 384, 512]);
            if other != length {
                return ("another length", chance.bytes(other));
            }
            ("random below n", chance.number(bits) % modulus)
        }
        19 if chance.one_in(4) => {
            let below = to_bytes(&(chance.number(bits) % modulus), length);
            return ("a zero byte before", [&[0], &below[..]].concat());
        }
        _ => ("random below n", chance.number(bits) % modulus),
    };
    (kind, to_bytes(&number, length))
}
