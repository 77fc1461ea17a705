//! Inverses modulo an odd number, by the binary greatest common divisor, many steps at a time (Pornin, "Optimized binary GCD for
//! modular inversion", 2020), in a variant whose time depends on the numbers.
//!
//! a and b start as the number and the modulus. A step halves a, after taking the smaller of the two from the larger where a is odd.
//! Which of the two is smaller shows in their highest bits, nearly always, and whether a is odd in the lowest: so 31 steps are made on
//! words of 33 bits from the top and 31 from the bottom, and what they did, a matrix of four numbers, is then applied to a and b. A
//! wrong guess makes one of them negative, and it is negated. d and e follow a and b modulo m, 62 steps at a time: d * x = a
//! and e * x = b. When a is zero, b is 1, and e is the inverse.

use super::modulus::Modulus;
use super::words::{self, Words};

/// The bits of a limb of d and e.
const BITS: u32 = 62;
const MASK: i64 = i64::MAX >> 1;
/// The steps on one pair of words.
const STEPS: u32 = 31;

/// A number with a sign, in limbs of 62 bits of which the highest carries the sign.
type Signed = [i64; 5];

/// Steps as a matrix: (a, b) becomes (u a + v b, q a + r b) / 2^steps. Each row's sizes sum up to 2^steps at most.
#[derive(Debug, Clone, Copy)]
struct Steps {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// 1/x modulo m, neither in Montgomery's form. `None` if there is none.
pub(crate) fn inverse<M: Modulus>(x: &Words) -> Option<Words> {
    let m = signed(&M::WORDS);
    let (mut a, mut b) = (*x, M::WORDS);
    let (mut d, mut e) = ([1, 0, 0, 0, 0], [0; 5]);
    // 511 steps are enough for two numbers of 256 bits (the paper, section 2.1).
    for _ in 0..9 {
        let first = steps(&mut a, &mut b);
        let second = steps(&mut a, &mut b);
        (d, e) = apply_modulo(&d, &e, second.after(first), &m, M::INVERSE_62);
        if words::is_zero(&a) {
            return (b == [1, 0, 0, 0]).then(|| positive(e, &m));
        }
    }
    None
}

impl Steps {
    /// Both, `first` before this one.
    fn after(self, first: Self) -> Self {
        Self {
            u: self.u * first.u + self.v * first.q,
            v: self.u * first.v + self.v * first.r,
            q: self.q * first.u + self.r * first.q,
            r: self.q * first.v + self.r * first.r,
        }
    }
}

/// Makes 31 steps.
#[inline]
fn steps(a: &mut Words, b: &mut Words) -> Steps {
    let (high_a, high_b) = highest(a, b);
    let mut steps = steps_of_words(
        high_a << STEPS | a[0] & ((1 << STEPS) - 1),
        high_b << STEPS | b[0] & ((1 << STEPS) - 1),
    );
    let (next_a, is_negative) = combined(a, b, steps.u, steps.v);
    if is_negative {
        (steps.u, steps.v) = (-steps.u, -steps.v);
    }
    let (next_b, is_negative) = combined(a, b, steps.q, steps.r);
    if is_negative {
        (steps.q, steps.r) = (-steps.q, -steps.r);
    }
    (*a, *b) = (next_a, next_b);
    steps
}

/// The 33 highest bits of both, counted from the highest of the larger one, or whatever is above the 31 lowest.
#[inline]
fn highest(a: &Words, b: &Words) -> (u64, u64) {
    let mut top = 3;
    while top > 0 && a[top] | b[top] == 0 {
        top -= 1;
    }
    if top == 0 {
        // All of 64 bits: the larger has its own highest place.
        return (a[0] >> STEPS, b[0] >> STEPS);
    }
    let zeros = (a[top] | b[top]).leading_zeros();
    let pick = |n: &Words| {
        let pair = u128::from(n[top]) << 64 | u128::from(n[top - 1]);
        ((pair << zeros) >> (128 - 33)) as u64
    };
    (pick(a), pick(b))
}

/// 31 steps on words. The two factors of each row are packed into one: u + v * 2^32.
#[inline]
fn steps_of_words(mut a: u64, mut b: u64) -> Steps {
    let (mut row_a, mut row_b) = (1_u64, 1_u64 << 32);
    let mut left = STEPS;
    loop {
        // All halvings at once: of a by halving, of b's factors by doubling.
        let zeros = (a | 1 << left).trailing_zeros();
        a >>= zeros;
        row_b <<= zeros;
        left -= zeros;
        if left == 0 {
            break;
        }
        let is_below = a < b;
        let (larger, smaller) = if is_below { (b, a) } else { (a, b) };
        let (row_larger, row_smaller) = if is_below {
            (row_b, row_a)
        } else {
            (row_a, row_b)
        };
        (a, b) = (larger - smaller, smaller);
        (row_a, row_b) = (row_larger.wrapping_sub(row_smaller), row_smaller);
    }
    // -2^31 < factor <= 2^31.
    const BIAS: u64 = 0x7fff_ffff;
    let unpack = |row: u64| {
        let row = row.wrapping_add(BIAS | BIAS << 32);
        let part = |part: u64| part.cast_signed() - BIAS.cast_signed();
        (part(row & 0xffff_ffff), part(row >> 32))
    };
    let ((u, v), (q, r)) = (unpack(row_a), unpack(row_b));
    Steps { u, v, q, r }
}

/// |u a + v b| / 2^31, and whether it is negative. It is below 2^256 before the division by 2^31 makes it so.
#[inline]
fn combined(a: &Words, b: &Words, u: i64, v: i64) -> (Words, bool) {
    let mut sum = [0_u64; 5];
    let mut carry = 0_i128;
    for k in 0..4 {
        // The factors have 32 bits, so two products and a carry fit.
        carry += i128::from(u) * i128::from(a[k]) + i128::from(v) * i128::from(b[k]);
        sum[k] = carry as u64;
        carry >>= 64;
    }
    sum[4] = carry as u64;
    let is_negative = carry < 0;
    let sign = u64::from(is_negative).wrapping_neg();
    let mut carry = is_negative;
    for word in &mut sum {
        (*word, carry) = (*word ^ sign).overflowing_add(u64::from(carry));
    }
    let mut words = [0; 4];
    for k in 0..4 {
        words[k] = sum[k] >> STEPS | sum[k + 1] << (64 - STEPS);
    }
    (words, is_negative)
}

fn signed(a: &Words) -> Signed {
    let limb = |low: u64, high: u64, shift: u32| {
        (((u128::from(high) << 64 | u128::from(low)) >> shift) as u64 & MASK.cast_unsigned())
            .cast_signed()
    };
    [
        limb(a[0], 0, 0),
        limb(a[0], a[1], 62),
        limb(a[1], a[2], 60),
        limb(a[2], a[3], 58),
        limb(a[3], 0, 56),
    ]
}

/// The same modulo m: a multiple of m makes the sums divisible by 2^62. d and e stay between -2m and m.
#[inline]
fn apply_modulo(
    d: &Signed,
    e: &Signed,
    steps: Steps,
    m: &Signed,
    inverse_62: u64,
) -> (Signed, Signed) {
    let Steps { u, v, q, r } = steps;
    let wide = |a: i64, b: i64| i128::from(a) * i128::from(b);
    // One m for each factor of a negative number, so that the sums do not sink.
    let (sign_d, sign_e) = (d[4] >> 63, e[4] >> 63);
    let mut multiple_d = (u & sign_d) + (v & sign_e);
    let mut multiple_e = (q & sign_d) + (r & sign_e);
    let mut sum_d = wide(u, d[0]) + wide(v, e[0]);
    let mut sum_e = wide(q, d[0]) + wide(r, e[0]);
    let fix = |sum: i128, multiple: i64| {
        let low = inverse_62
            .wrapping_mul(sum as u64)
            .wrapping_add(multiple.cast_unsigned());
        multiple - (low.cast_signed() & MASK)
    };
    multiple_d = fix(sum_d, multiple_d);
    multiple_e = fix(sum_e, multiple_e);
    sum_d = (sum_d + wide(m[0], multiple_d)) >> BITS;
    sum_e = (sum_e + wide(m[0], multiple_e)) >> BITS;
    let (mut next_d, mut next_e) = ([0; 5], [0; 5]);
    for k in 1..5 {
        sum_d += wide(u, d[k]) + wide(v, e[k]) + wide(m[k], multiple_d);
        sum_e += wide(q, d[k]) + wide(r, e[k]) + wide(m[k], multiple_e);
        next_d[k - 1] = sum_d as i64 & MASK;
        next_e[k - 1] = sum_e as i64 & MASK;
        sum_d >>= BITS;
        sum_e >>= BITS;
    }
    next_d[4] = sum_d as i64;
    next_e[4] = sum_e as i64;
    (next_d, next_e)
}

/// A number between -2m and 2m as one from 0 to m - 1.
fn positive(mut d: Signed, m: &Signed) -> Words {
    while d[4] < 0 {
        for (limb, m) in d.iter_mut().zip(m) {
            *limb += m;
        }
        d = carried(d);
    }
    loop {
        let mut less = d;
        for (limb, m) in less.iter_mut().zip(m) {
            *limb -= m;
        }
        let less = carried(less);
        if less[4] < 0 {
            break;
        }
        d = less;
    }
    let limb = |k: usize| d[k].cast_unsigned();
    [
        limb(0) | limb(1) << 62,
        limb(1) >> 2 | limb(2) << 60,
        limb(2) >> 4 | limb(3) << 58,
        limb(3) >> 6 | limb(4) << 56,
    ]
}

fn carried(mut d: Signed) -> Signed {
    for k in 0..4 {
        d[k + 1] += d[k] >> BITS;
        d[k] &= MASK;
    }
    d
}
