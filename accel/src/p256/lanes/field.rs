//! Eight numbers modulo p at once, each in five limbs of 52 bits, in Montgomery's form with R = 2^260.
//!
//! Every function says how large its results are, as a multiple of p; all are far below 2^260, which is 16 p.

use super::lanes;
use super::product::product;
use super::vector::{
    Vector, add as add_lanes, all, and, assert_at_most, assert_below, assert_product,
    assert_signed, high, left, low, pick, right, right_signed, sub as sub_lanes,
};

use crate::lanes::LIMB;

/// Limbs below 2^52.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field(pub(super) [Vector; 5]);

/// p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
const P: [u64; 5] = [LIMB, (1 << 44) - 1, 0, 1 << 36, (1 << 48) - (1 << 16)];

lanes! {
    /// The sums of limbs of up to 2^63 with a sign, of a number that is not negative and below 2^260.
    fn carried(mut limbs: [Vector; 5]) -> Field {
        assert_signed(&limbs);
        let mask = all(LIMB);
        for k in 0..4 {
            let carry = right_signed::<52>(limbs[k]);
            limbs[k] = and(limbs[k], mask);
            limbs[k + 1] = add_lanes(limbs[k + 1], carry);
        }
        assert_at_most(&limbs, LIMB);
        Field(limbs)
    }

    /// Asserts what is said of a number's size, in multiples of p.
    pub(super) fn hold_below(a: &Field, times: f64) {
        assert_below(&a.0, &P, times);
    }

    /// a * b / R, below (A B / 16 + 1.1) p for a < A p, b < B p.
    pub(super) fn multiply(a: &Field, b: &Field) -> Field {
        let (a, b) = (&a.0, &b.0);
        let quotient = divide(product(a, b));
        assert_product(&quotient.0, a, b, &P);
        quotient
    }

    /// a^2 / R, below (A^2 / 16 + 1.1) p.
    pub(super) fn square(a: &Field) -> Field {
        let zero = all(0);
        let a = &a.0;
        let mut lows = [zero; 10];
        let mut highs = [zero; 10];
        for i in 0..5 {
            for j in i + 1..5 {
                lows[i + j] = low(lows[i + j], a[i], a[j]);
                highs[i + j + 1] = high(highs[i + j + 1], a[i], a[j]);
            }
        }
        let mut total = [zero; 10];
        for k in 0..10 {
            let both = add_lanes(lows[k], highs[k]);
            total[k] = add_lanes(both, both);
        }
        for i in 0..5 {
            total[2 * i] = low(total[2 * i], a[i], a[i]);
            total[2 * i + 1] = high(total[2 * i + 1], a[i], a[i]);
        }
        let product = divide(total);
        assert_product(&product.0, a, a, &P);
        product
    }

    /// A sum of ten limbs divided by R, row by row: T -> T / 2^52 + q * M, where q is the lowest limb and
    /// M = 2^-52 mod p = (p + 1) / 2^52 = 2^204 - 2^172 + 2^140 + 2^44.
    fn divide(mut total: [Vector; 10]) -> Field {
        assert_at_most(&total, (1 << 57) - 1);
        let (m0, m2, m3) = (all(1 << 44), all(1 << 36), all((1 << 48) - (1 << 16)));
        for k in 0..5 {
            let q = total[k];
            total[k + 1] = add_lanes(total[k + 1], right::<52>(q));
            total[k + 1] = low(total[k + 1], q, m0);
            total[k + 2] = high(total[k + 2], q, m0);
            total[k + 3] = low(total[k + 3], q, m2);
            total[k + 4] = high(total[k + 4], q, m2);
            total[k + 4] = low(total[k + 4], q, m3);
            total[k + 5] = high(total[k + 5], q, m3);
        }
        carried([total[5], total[6], total[7], total[8], total[9]])
    }

    /// a - b + TIMES p, where b is below TIMES p.
    pub(super) fn subtract<const TIMES: u64>(a: &Field, b: &Field) -> Field {
        hold_below(b, TIMES as f64);
        let mut limbs = a.0;
        for k in 0..5 {
            limbs[k] = add_lanes(sub_lanes(limbs[k], b.0[k]), all(P[k] * TIMES));
        }
        carried(limbs)
    }

    /// a - b - 2 c + 4 p, reduced to below 1.01 p: for b + 2 c < 4 p.
    pub(super) fn subtract_two(a: &Field, b: &Field, c: &Field) -> Field {
        let mut limbs = a.0;
        let mut taken = b.0;
        for k in 0..5 {
            taken[k] = add_lanes(add_lanes(c.0[k], c.0[k]), taken[k]);
            limbs[k] = add_lanes(sub_lanes(limbs[k], taken[k]), all(P[k] * 4));
        }
        assert_below(&taken, &P, 4.0);
        reduced(&carried(limbs))
    }

    /// The same modulo p, below 1.01 p: takes off p as often as 2^256 is contained.
    pub(super) fn reduced(a: &Field) -> Field {
        let mut limbs = a.0;
        let times = right::<48>(limbs[4]);
        limbs[0] = add_lanes(limbs[0], times);
        limbs[1] = sub_lanes(limbs[1], left::<44>(times));
        limbs[3] = sub_lanes(limbs[3], left::<36>(times));
        limbs[4] = add_lanes(sub_lanes(limbs[4], left::<48>(times)), left::<16>(times));
        let less = carried(limbs);
        hold_below(&less, 1.01);
        less
    }

    /// p - a in the lanes of the mask, for a < p.
    pub(super) fn negate_some(a: &Field, mask: u8) -> Field {
        hold_below(a, 1.0);
        let mut limbs = a.0;
        for k in 0..5 {
            limbs[k] = pick(mask, limbs[k], sub_lanes(all(P[k]), limbs[k]));
        }
        carried(limbs)
    }

    pub(super) fn pick_field(mask: u8, a: &Field, b: &Field) -> Field {
        let mut limbs = a.0;
        for k in 0..5 {
            limbs[k] = pick(mask, limbs[k], b.0[k]);
        }
        Field(limbs)
    }
}
