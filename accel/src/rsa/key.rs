//! What is prepared once for each key, and how it is checked.
//!
//! R is 2^52 to the power of the number of limbs. The kernel itself makes the constants that hold a power of 1/R; those that hold
//! a power of R come from the crate num-bigint, and each constant is checked by an identity in which num-bigint computes
//! both sides. A constant that does not hold means no key.

use num_bigint::BigUint;

use super::number::{LIMB_BITS, LIMB_MASK, Number};
use super::{Hash, Way, pkcs1};

/// A modulus and what follows from it.
#[derive(Debug)]
pub(super) struct Key<const Z: usize> {
    /// n, odd, with the highest bit of its length set.
    pub(super) modulus: Number<Z>,
    /// n, the highest byte first.
    pub(super) modulus_bytes: Box<[u8]>,
    /// M = 2^-52 mod n.
    pub(super) inverse: Number<Z>,
    /// -1/n mod 2^52.
    pub(super) negated_inverse: u64,
    /// R^65537 mod n, which takes off the power of 1/R that a result carries.
    pub(super) unmask: Number<Z>,
    /// The two highest limbs of n.
    pub(super) highest: f64,
    digested: [Digested<Z>; Hash::ALL.len()],
}

/// The two parts of a padded digest h, both times R^-65536 as the power of a signature is.
#[derive(Debug)]
pub(super) struct Digested<const Z: usize> {
    /// The padding with zeros for h: P * R^-65536 mod n.
    pub(super) padding: Number<Z>,
    /// What h is multiplied by, in as many rows as h has limbs: R^-65536 * 2^(52 * limbs of h) mod n.
    pub(super) factor: Number<Z>,
}

impl<const Z: usize> Key<Z> {
    /// 2^52.
    pub(super) const LIMB: f64 = (LIMB_MASK + 1) as f64;

    /// Prepares a modulus of `Number::<Z>::BYTES` bytes. `None` if it is even or too small, or if a constant does not hold.
    pub(super) fn new(modulus_bytes: &[u8], way: Way) -> Option<Self> {
        let modulus = Number::from_bytes(modulus_bytes)?;
        let is_odd = modulus.limb(0) & 1 == 1;
        let is_full = modulus_bytes.first()? >> 7 == 1;
        if !is_odd || !is_full {
            return None;
        }
        let limbs = Number::<Z>::LIMBS;
        let n = BigUint::from_bytes_be(modulus_bytes);
        let r = (BigUint::from(1_u8) << (limbs * LIMB_BITS)) % &n;

        let negated_inverse = negated_inverse(modulus.limb(0));
        // n * (-1/n mod 2^52) + 1 is a multiple of 2^52, and below 2^52 * n.
        let inverse = (&n * negated_inverse + 1_u8) >> LIMB_BITS;
        let unmask = (0..16).fold(r.clone(), |power, _| &power * &power % &n) * &r % &n;
        let mut key = Self {
            modulus,
            modulus_bytes: modulus_bytes.into(),
            inverse: number(&inverse)?,
            negated_inverse,
            unmask: number(&unmask)?,
            highest: modulus.limb(limbs - 1) as f64 * Self::LIMB + modulus.limb(limbs - 2) as f64,
            digested: Hash::ALL.map(|_| Digested {
                padding: Number::ZERO,
                factor: Number::ZERO,
            }),
        };
        if (&inverse << LIMB_BITS) % &n != BigUint::from(1_u8) {
            return None;
        }

        // R^-65535, then R^-65536: what is left of 1 after the squarings, and after one more product with 1.
        let one = Number::small(1);
        let left = way.squarings(&key, &one);
        let mask = bigint(&way.multiply(&key, &left, &one).reduced(&modulus));
        if &mask * &unmask % &n != r {
            return None;
        }
        for hash in Hash::ALL {
            let padded = BigUint::from_bytes_be(&pkcs1::padding(hash, Number::<Z>::BYTES));
            let padding = way
                .multiply(&key, &left, &number(&padded)?)
                .reduced(&modulus);
            if bigint(&padding) * &unmask % &n != &padded * &r % &n {
                return None;
            }
            let factor = (&mask << (hash.limbs() * LIMB_BITS)) % &n;
            *key.digested.get_mut(hash.index())? = Digested {
                padding,
                factor: number(&factor)?,
            };
        }
        Some(key)
    }

    pub(super) const fn digested(&self, hash: Hash) -> &Digested<Z> {
        &self.digested[hash.index()]
    }
}

/// -1/n mod 2^52 for an odd n: each step doubles the bits that hold, and n itself is its inverse in the lowest three.
const fn negated_inverse(n: u64) -> u64 {
    let mut inverse = n;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg() & LIMB_MASK
}

fn number<const Z: usize>(value: &BigUint) -> Option<Number<Z>> {
    let bytes = value.to_bytes_be();
    let mut padded = vec![0; Number::<Z>::BYTES.checked_sub(bytes.len())?];
    padded.extend_from_slice(&bytes);
    Number::from_bytes(&padded)
}

fn bigint<const Z: usize>(number: &Number<Z>) -> BigUint {
    let mut bytes = vec![0; Number::<Z>::BYTES];
    number.to_bytes(&mut bytes);
    BigUint::from_bytes_be(&bytes)
}
