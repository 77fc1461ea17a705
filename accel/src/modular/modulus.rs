//! Arithmetic modulo an odd number of up to 256 bits, in Montgomery's form.
//!
//! a stands for a * R with R = 2^256, and is below the modulus. Nothing is secret, so times may depend on the numbers.

use super::inverse;
use super::words::{self, Words, multiply_add};

/// A modulus: a type, so that all that follows from it is constant where it is used.
pub(crate) trait Modulus {
    /// m itself.
    const WORDS: Words;

    /// -1/m mod 2^64.
    const NEGATED_INVERSE: u64 = inverse_of_word(Self::WORDS[0]).wrapping_neg();
    /// 1/m mod 2^62, for inversions.
    const INVERSE_62: u64 = inverse_of_word(Self::WORDS[0]) & (u64::MAX >> 2);
    /// R mod m, which is one.
    const ONE: Words = doubled([1, 0, 0, 0], 256, &Self::WORDS);
    /// R^2 mod m.
    const R_SQUARED: Words = doubled(Self::ONE, 256, &Self::WORDS);
    /// R^3 mod m.
    const R_CUBED: Words = doubled(Self::R_SQUARED, 256, &Self::WORDS);

    #[inline]
    fn add(a: &Words, b: &Words) -> Words {
        let (sum, carry) = words::add(a, b);
        Self::reduced(sum, carry)
    }

    #[inline]
    fn sub(a: &Words, b: &Words) -> Words {
        let (difference, borrow) = words::sub(a, b);
        let mut addend = Self::WORDS;
        for word in &mut addend {
            *word &= u64::from(borrow).wrapping_neg();
        }
        words::add(&difference, &addend).0
    }

    #[inline]
    fn negate(a: &Words) -> Words {
        Self::sub(&[0; 4], a)
    }

    /// a * b / R.
    #[inline]
    fn multiply(a: &Words, b: &Words) -> Words {
        let mut total = [0_u64; 4];
        let mut above = 0_u64;
        for word in b {
            let mut carry = 0;
            for k in 0..4 {
                (total[k], carry) = multiply_add(a[k], *word, total[k], carry);
            }
            let (next, overflow) = above.overflowing_add(carry);

            // The multiple of m that makes the lowest word zero, which falls out.
            let multiple = total[0].wrapping_mul(Self::NEGATED_INVERSE);
            let (_, mut carry) = multiply_add(multiple, Self::WORDS[0], total[0], 0);
            for k in 1..4 {
                (total[k - 1], carry) = multiply_add(multiple, Self::WORDS[k], total[k], carry);
            }
            let (highest, carried) = next.overflowing_add(carry);
            total[3] = highest;
            above = u64::from(overflow) + u64::from(carried);
        }
        Self::reduced(total, above != 0)
    }

    #[inline]
    fn square(a: &Words) -> Words {
        Self::multiply(a, a)
    }

    /// Brings a number below 2^256 into Montgomery's form.
    #[inline]
    fn enter(a: &Words) -> Words {
        Self::multiply(a, &Self::R_SQUARED)
    }

    /// Takes a number out of it.
    #[inline]
    fn leave(a: &Words) -> Words {
        Self::multiply(a, &[1, 0, 0, 0])
    }

    /// 1/a, in Montgomery's form as a is. `None` for zero.
    fn invert(a: &Words) -> Option<Words>
    where
        Self: Sized,
    {
        // 1 / (a R), then times R^2.
        let inverse = inverse::inverse::<Self>(a)?;
        Some(Self::multiply(&inverse, &Self::R_CUBED))
    }

    /// The same number below the modulus, for one below twice the modulus.
    #[inline]
    fn canonical(a: Words) -> Words {
        Self::reduced(a, false)
    }

    /// The number of four words and a carry, below twice the modulus, less the modulus unless it is below.
    #[inline]
    fn reduced(a: Words, carry: bool) -> Words {
        let (less, borrow) = words::sub(&a, &Self::WORDS);
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
