//! Arithmetic modulo an odd number of up to 256 bits, in Montgomery's form.
//!
//! a stands for a * R with R = 2^256, and is below the modulus. Nothing is secret, so times may depend on the numbers.

use super::inverse;
use super::words::{self, Words, multiply_add};

/// A modulus and its constants.
#[derive(Debug)]
pub(crate) struct Modulus {
    /// m itself.
    pub(crate) words: Words,
    /// -1/m mod 2^64.
    pub(crate) negated_inverse: u64,
    /// 1/m mod 2^62, for inversions.
    pub(crate) inverse_62: u64,
    /// R mod m, which is one.
    pub(crate) one: Words,
    /// R^2 mod m.
    pub(crate) r_squared: Words,
    /// R^3 mod m.
    pub(crate) r_cubed: Words,
}

impl Modulus {
    pub(crate) const fn new(words: Words) -> Self {
        let inverse = inverse_of_word(words[0]);
        let one = doubled([1, 0, 0, 0], 256, &words);
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
    pub(crate) fn add(&self, a: &Words, b: &Words) -> Words {
        let (sum, carry) = words::add(a, b);
        self.reduced(sum, carry)
    }

    #[inline]
    pub(crate) fn sub(&self, a: &Words, b: &Words) -> Words {
        let (difference, borrow) = words::sub(a, b);
        let mut addend = self.words;
        for word in &mut addend {
            *word &= u64::from(borrow).wrapping_neg();
        }
        words::add(&difference, &addend).0
    }

    #[inline]
    pub(crate) fn negate(&self, a: &Words) -> Words {
        self.sub(&[0; 4], a)
    }

    /// a * b / R.
    #[inline]
    pub(crate) fn multiply(&self, a: &Words, b: &Words) -> Words {
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
    pub(crate) fn square(&self, a: &Words) -> Words {
        self.multiply(a, a)
    }

    /// Brings a number below 2^256 into Montgomery's form.
    #[inline]
    pub(crate) fn enter(&self, a: &Words) -> Words {
        self.multiply(a, &self.r_squared)
    }

    /// Takes a number out of it.
    #[inline]
    pub(crate) fn leave(&self, a: &Words) -> Words {
        self.multiply(a, &[1, 0, 0, 0])
    }

    /// 1/a, in Montgomery's form as a is. `None` for zero.
    pub(crate) fn invert(&self, a: &Words) -> Option<Words> {
        // 1 / (a R), then times R^2.
        let inverse = inverse::inverse(a, self)?;
        Some(self.multiply(&inverse, &self.r_cubed))
    }

    /// The same number below the modulus, for one below twice the modulus.
    #[inline]
    pub(crate) fn canonical(&self, a: Words) -> Words {
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
