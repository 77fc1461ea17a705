//! Arithmetic modulo an odd number of 256 bits, in Montgomery's form: the field of the curve and the numbers modulo its order.
//!
//! a stands for a * R with R = 2^256, and is below the modulus. Nothing is secret, so times may depend on the numbers.

use super::inverse;
use super::words::{self, Words, multiply_add};

/// A modulus and its constants.
#[derive(Debug)]
pub(super) struct Modulus {
    /// m itself.
    pub(super) words: Words,
    /// -1/m mod 2^64.
    pub(super) negated_inverse: u64,
    /// 1/m mod 2^62, for inversions.
    pub(super) inverse_62: u64,
    /// R mod m, which is one.
    pub(super) one: Words,
    /// R^2 mod m.
    pub(super) r_squared: Words,
    /// R^3 mod m.
    pub(super) r_cubed: Words,
}

impl Modulus {
    pub(super) const fn new(words: Words) -> Self {
        let inverse = inverse_of_word(words[0]);
        let one = {
            // R mod m = R - m, since m has its highest bit set.
            let mut one = [0; 4];
            let mut carry = 1_u64;
            let mut k = 0;
            while k < 4 {
                let (sum, overflow) = (!words[k]).overflowing_add(carry);
                one[k] = sum;
                carry = overflow as u64;
                k += 1;
            }
            one
        };
        let r_squared = doubled(one, 256, &words);
        let r_cubed = doubled(r_squared, 256, &words);
        Self {
            words,
            negated_inverse: inverse.wrapping_neg(),
            inverse_62: inverse & (u64::MAX >> 2),
            one,
            r_squared,
            r_cubed,
        }
    }

    #[inline]
    pub(super) fn add(&self, a: &Words, b: &Words) -> Words {
        let (sum, carry) = words::add(a, b);
        self.reduced(sum, carry)
    }

    #[inline]
    pub(super) fn sub(&self, a: &Words, b: &Words) -> Words {
        let (difference, borrow) = words::sub(a, b);
        let mut addend = self.words;
        for word in &mut addend {
            *word &= u64::from(borrow).wrapping_neg();
        }
        words::add(&difference, &addend).0
    }

    #[inline]
    pub(super) fn negate(&self, a: &Words) -> Words {
        self.sub(&[0; 4], a)
    }

    /// a * b / R.
    #[inline]
    pub(super) fn multiply(&self, a: &Words, b: &Words) -> Words {
        let mut total = [0_u64; 4];
        let mut above = 0_u64;
        for word in b {
            let mut carry = 0;
            for k in 0..4 {
                (total[k], carry) = multiply_add(a[k], *word, total[k], carry);
            }
            let (next, overflow) = above.overflowing_add(carry);

            // The multiple of m that makes the lowest word zero, which falls out.
            let multiple = total[0].wrapping_mul(self.negated_inverse);
            let (_, mut carry) = multiply_add(multiple, self.words[0], total[0], 0);
            for k in 1..4 {
                (total[k - 1], carry) = multiply_add(multiple, self.words[k], total[k], carry);
            }
            let (highest, carried) = next.overflowing_add(carry);
            total[3] = highest;
            above = u64::from(overflow) + u64::from(carried);
        }
        self.reduced(total, above != 0)
    }

    #[inline]
    pub(super) fn square(&self, a: &Words) -> Words {
        self.multiply(a, a)
    }

    /// Brings a number below 2^256 into Montgomery's form.
    #[inline]
    pub(super) fn enter(&self, a: &Words) -> Words {
        self.multiply(a, &self.r_squared)
    }

    /// 1/a, in Montgomery's form as a is. `None` for zero.
    pub(super) fn invert(&self, a: &Words) -> Option<Words> {
        // 1 / (a R), then times R^2.
        let inverse = inverse::inverse(a, self)?;
        Some(self.multiply(&inverse, &self.r_cubed))
    }

    /// The same number below the modulus, for any of four words.
    #[inline]
    pub(super) fn canonical(&self, a: Words) -> Words {
        self.reduced(a, false)
    }

    /// The number of four words and a carry, below twice the modulus, less the modulus unless it is below.
    #[inline]
    fn reduced(&self, a: Words, carry: bool) -> Words {
        let (less, borrow) = words::sub(&a, &self.words);
        if borrow && !carry { a } else { less }
    }
}

/// 1/word mod 2^64, for an odd word.
const fn inverse_of_word(word: u64) -> u64 {
    let mut inverse = word;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(word.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

/// a * 2^times mod m.
const fn doubled(mut a: Words, times: usize, m: &Words) -> Words {
    let mut time = 0;
    while time < times {
        let mut twice = [0; 4];
        let mut carry = 0;
        let mut k = 0;
        while k < 4 {
            twice[k] = a[k] << 1 | carry;
            carry = a[k] >> 63;
            k += 1;
        }
        let mut less = [0; 4];
        let mut borrow = 0_u64;
        k = 0;
        while k < 4 {
            let wide = (twice[k] as i128) - (m[k] as i128) - (borrow as i128);
            less[k] = wide as u64;
            borrow = (wide < 0) as u64;
            k += 1;
        }
        a = if carry == 1 || borrow == 0 {
            less
        } else {
            twice
        };
        time += 1;
    }
    a
}

/// The prime of the field (FIPS 186-5, SP 800-186 section 3.2.1.3).
pub(super) static P: Modulus = Modulus::new([
    0xffff_ffff_ffff_ffff,
    0x0000_0000_ffff_ffff,
    0x0000_0000_0000_0000,
    0xffff_ffff_0000_0001,
]);

/// The order of the group, prime too.
pub(super) static N: Modulus = Modulus::new([
    0xf3b9_cac2_fc63_2551,
    0xbce6_faad_a717_9e84,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_0000_0000,
]);
