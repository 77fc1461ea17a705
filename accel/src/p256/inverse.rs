//! Inverses modulo an odd number, by Bernstein's and Yang's division steps ("Fast constant-time gcd computation and modular
//! inversion", 2019), 62 at a time, in the variant whose time depends on the numbers.
//!
//! f and g start as the modulus and the number; each step halves g, after adding f to it where it is odd, and swaps the two where
//! that keeps them shrinking. 62 steps depend on the lowest 62 bits alone, so they are made on single words, and what they did, a
//! matrix of four numbers, is then applied to f and g, and to d and e, which follow them modulo m: d * a = f, e * a = g. When g is
//! zero, f is 1 or -1, and d or -d is the inverse.

use super::modulus::Modulus;
use super::words::{self, Words};

/// The bits of a limb. With a sign, five of them hold any number on the way.
const BITS: u32 = 62;
const MASK: i64 = i64::MAX >> 1;

/// A number with a sign, in limbs of 62 bits of which the highest carries the sign.
type Signed = [i64; 5];

/// 62 steps: (f, g) becomes (u f + v g, q f + r g) / 2^62.
#[derive(Debug, Clone, Copy)]
struct Steps {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// 1/a modulo m, neither in Montgomery's form. `None` if there is none.
pub(super) fn inverse(a: &Words, modulus: &Modulus) -> Option<Words> {
    if words::is_zero(a) {
        return None;
    }
    let m = signed(&modulus.words);
    let (mut f, mut g) = (m, signed(a));
    let (mut d, mut e) = ([0; 5], [1, 0, 0, 0, 0]);
    let mut eta = -1;
    // 590 steps are enough for numbers of 256 bits (the paper, theorem 11.2).
    for _ in 0..10 {
        let steps;
        (eta, steps) = steps_of(eta, f[0], g[0]);
        (d, e) = apply_modulo(&d, &e, steps, &m, modulus.inverse_62);
        (f, g) = apply(&f, &g, steps);
        if g == [0; 5] {
            return is_one(&f).map(|is_negative| positive(d, is_negative, &m));
        }
    }
    None
}

fn signed(a: &Words) -> Signed {
    let limb = |low: u64, high: u64, shift: u32| {
        (((u128::from(high) << 64 | u128::from(low)) >> shift) as u64 & MASK.cast_unsigned()).cast_signed()
    };
    [
        limb(a[0], 0, 0),
        limb(a[0], a[1], 62),
        limb(a[1], a[2], 60),
        limb(a[2], a[3], 58),
        limb(a[3], 0, 56),
    ]
}

/// Whether it is 1 (then `false`) or -1 (`true`).
fn is_one(f: &Signed) -> Option<bool> {
    match f {
        [1, 0, 0, 0, 0] => Some(false),
        [MASK, MASK, MASK, MASK, -1] => Some(true),
        _ => None,
    }
}

/// 62 steps on the lowest limbs. `eta` is how far f may still shrink before they swap.
fn steps_of(mut eta: i64, f: i64, g: i64) -> (i64, Steps) {
    let (mut f, mut g) = (f.cast_unsigned(), g.cast_unsigned());
    let (mut u, mut v, mut q, mut r) = (1_u64, 0_u64, 0_u64, 1_u64);
    let mut left = BITS;
    loop {
        // All halvings at once.
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= i64::from(zeros);
        left -= zeros;
        if left == 0 {
            break;
        }
        if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
        }
        // As many multiples of f as make the low bits of g zero, and no further than the next swap or the last step.
        let bits = (eta + 1).min(i64::from(left)).min(6) as u32;
        // -g/f mod 2^6, from f * (2 - f^2) = 1/f mod 2^6.
        let multiple = f
            .wrapping_mul(g)
            .wrapping_mul(f.wrapping_mul(f).wrapping_sub(2))
            & (u64::MAX >> (64 - bits));
        g = g.wrapping_add(f.wrapping_mul(multiple));
        q = q.wrapping_add(u.wrapping_mul(multiple));
        r = r.wrapping_add(v.wrapping_mul(multiple));
    }
    let steps = Steps {
        u: u.cast_signed(),
        v: v.cast_signed(),
        q: q.cast_signed(),
        r: r.cast_signed(),
    };
    (eta, steps)
}

fn apply(f: &Signed, g: &Signed, steps: Steps) -> (Signed, Signed) {
    let Steps { u, v, q, r } = steps;
    let wide = |a: i64, b: i64| i128::from(a) * i128::from(b);
    let (mut next_f, mut next_g) = ([0; 5], [0; 5]);
    let mut carry_f = (wide(u, f[0]) + wide(v, g[0])) >> BITS;
    let mut carry_g = (wide(q, f[0]) + wide(r, g[0])) >> BITS;
    for k in 1..5 {
        carry_f += wide(u, f[k]) + wide(v, g[k]);
        carry_g += wide(q, f[k]) + wide(r, g[k]);
        next_f[k - 1] = carry_f as i64 & MASK;
        next_g[k - 1] = carry_g as i64 & MASK;
        carry_f >>= BITS;
        carry_g >>= BITS;
    }
    next_f[4] = carry_f as i64;
    next_g[4] = carry_g as i64;
    (next_f, next_g)
}

/// The same modulo m: a multiple of m makes the sums divisible by 2^62. d and e stay between -2m and m.
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

/// d or -d, between -2m and 2m, as a number from 0 to m - 1.
fn positive(mut d: Signed, negate: bool, m: &Signed) -> Words {
    if negate {
        d = carried(d.map(|limb| -limb));
    }
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
