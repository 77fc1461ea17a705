//! The same arithmetic, one limb after the other: the definition of what the kernel computes, in the order in which one
//! would write it on paper. Every product is the same number, limb for limb, so tests can compare more than verdicts.

use super::key::{Digested, Key};
use super::number::{LIMB_BITS, LIMB_MASK, Number};

/// `a * b / 2^(52 * rows) mod n`, where b has `rows` limbs: below `a * b / 2^(52 * rows) + 2 * n`.
///
/// Each row but the last takes the lowest limb q off and adds q * M, where M = 2^-52 mod n. The last one adds that multiple of n
/// which makes the lowest limb zero, so that it adds n at most.
pub(super) fn product<const Z: usize>(
    key: &Key<Z>,
    a: &Number<Z>,
    b: impl Fn(usize) -> u64,
    rows: usize,
) -> Number<Z> {
    let mut total = Total::<Z>::new();
    for row in 0..rows {
        total.add(a, b(row));
        let lowest = total.lowest();
        if row + 1 < rows {
            total.shift();
            total.add(&key.inverse, lowest);
        } else {
            total.add(
                &key.modulus,
                lowest.wrapping_mul(key.negated_inverse) & LIMB_MASK,
            );
            total.shift();
        }
    }
    total.number()
}

fn amm<const Z: usize>(key: &Key<Z>, a: &Number<Z>, b: &Number<Z>) -> Number<Z> {
    product(key, a, |row| b.limb(row), Number::<Z>::LIMBS)
}

pub(super) fn squarings<const Z: usize>(key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
    (0..16).fold(*s, |power, _| amm(key, &power, &power))
}

pub(super) fn multiply<const Z: usize>(key: &Key<Z>, a: &Number<Z>, b: &Number<Z>) -> Number<Z> {
    amm(key, a, b)
}

pub(super) fn power<const Z: usize>(key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
    let masked = amm(key, &squarings(key, s), s);
    amm(key, &masked, &key.unmask)
}

pub(super) fn is_power_padded<const Z: usize>(
    key: &Key<Z>,
    s: &Number<Z>,
    digested: &Digested<Z>,
    digest: &[u64],
) -> bool {
    let power = amm(key, &squarings(key, s), s);
    let digest_part = product(key, &digested.factor, |row| digest[row], digest.len());
    // Each is reduced before they are added, and so is their sum.
    let digest_part = digest_part.reduced(&key.modulus);
    let mut sum = Total::new();
    sum.add(&digest_part, 1);
    sum.add(&digested.padding, 1);
    let sum = sum.number().reduced(&key.modulus);
    let power = power.reduced(&key.modulus);
    power == sum
}

/// A sum in the making: limbs below 2^52, and the one above those of a number.
struct Total<const Z: usize>([u64; 81]);

impl<const Z: usize> Total<Z> {
    const fn new() -> Self {
        Self([0; 81])
    }

    const fn lowest(&self) -> u64 {
        self.0[0]
    }

    /// Adds `number * factor`. What does not fit must not happen: the highest limb panics in a debug build.
    fn add(&mut self, number: &Number<Z>, factor: u64) {
        let mut carry = 0_u128;
        for k in 0..Number::<Z>::LIMBS {
            let limb =
                u128::from(self.0[k]) + u128::from(number.limb(k)) * u128::from(factor) + carry;
            self.0[k] = limb as u64 & LIMB_MASK;
            carry = limb >> LIMB_BITS;
        }
        for limb in &mut self.0[Number::<Z>::LIMBS..][..2] {
            let sum = u128::from(*limb) + carry;
            *limb = sum as u64 & LIMB_MASK;
            carry = sum >> LIMB_BITS;
        }
        debug_assert_eq!(carry, 0, "a sum is above its bound");
    }

    /// Takes the lowest limb off.
    fn shift(&mut self) {
        self.0.copy_within(1..Number::<Z>::LIMBS + 2, 0);
        self.0[Number::<Z>::LIMBS + 1] = 0;
    }

    fn number(&self) -> Number<Z> {
        let mut number = Number::ZERO;
        for k in 0..Number::<Z>::LIMBS {
            number.set_limb(k, self.0[k]);
        }
        debug_assert!(
            self.0[Number::<Z>::LIMBS..].iter().all(|limb| *limb == 0),
            "a product is above its bound"
        );
        number
    }
}
