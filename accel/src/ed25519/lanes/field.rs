//! Eight numbers modulo p = 2^255 - 19 at once, each in five limbs of 52 bits.
//!
//! Every result is below 2^256 + 2^215, whatever the operands, which have limbs below 2^52. Since 2^256 = 38 and 2^260 = 608 modulo
//! p, what is above is folded onto the bottom.

use super::lanes;
use super::product::product;
use super::vector::{
    Vector, add as add_lanes, all, and, assert_at_most, high, low, pick, right, right_signed,
    sub as sub_lanes,
};
use crate::lanes::LIMB;

/// Limbs below 2^52.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field(pub(super) [Vector; 5]);

/// 64 p, in limbs that are above those of any number: (2^261 - 1216) with a bit borrowed by each limb from the one above.
const BIAS: [u64; 5] = [
    (1 << 53) - 1216,
    (1 << 53) - 2,
    (1 << 53) - 2,
    (1 << 53) - 2,
    (1 << 53) - 2,
];

lanes! {
    /// The number of limbs below 2^62.
    fn carried(mut limbs: [Vector; 5]) -> Field {
        assert_at_most(&limbs, (1 << 62) - 1);
        let mask = all(LIMB);
        // First what is above 2^256, so that nothing is left to carry out of the highest limb.
        let above = right::<48>(limbs[4]);
        limbs[4] = and(limbs[4], all((1 << 48) - 1));
        limbs[0] = low(limbs[0], above, all(38));
        for k in 0..4 {
            let carry = right_signed::<52>(limbs[k]);
            limbs[k] = and(limbs[k], mask);
            limbs[k + 1] = add_lanes(limbs[k + 1], carry);
        }
        assert_at_most(&limbs[..4], LIMB);
        // (2^256 + 2^215) / 2^208.
        assert_at_most(&limbs[4..], (1 << 48) + (1 << 7));
        Field(limbs)
    }

    pub(super) fn multiply(a: &Field, b: &Field) -> Field {
        let (a, b) = (&a.0, &b.0);
        assert_at_most(a, LIMB);
        assert_at_most(b, LIMB);
        folded(product(a, b))
    }

    /// Ten limbs below 2^57.
    fn folded(mut total: [Vector; 10]) -> Field {
        assert_at_most(&total, (1 << 57) - 1);
        let factor = all(608);
        // Of each limb k + 5 the low 52 bits go to k and k + 1, and the carry above them to k + 1.
        let mut beyond = all(0);
        for k in 0..5 {
            let limb = total[k + 5];
            let carry = right::<52>(limb);
            total[k] = low(total[k], limb, factor);
            if k < 4 {
                total[k + 1] = low(high(total[k + 1], limb, factor), carry, factor);
            } else {
                beyond = low(high(beyond, limb, factor), carry, factor);
            }
        }
        total[0] = low(total[0], beyond, factor);
        carried([total[0], total[1], total[2], total[3], total[4]])
    }

    pub(super) fn add(a: &Field, b: &Field) -> Field {
        let mut limbs = a.0;
        for k in 0..5 {
            limbs[k] = add_lanes(limbs[k], b.0[k]);
        }
        carried(limbs)
    }

    pub(super) fn subtract(a: &Field, b: &Field) -> Field {
        let mut limbs = a.0;
        assert_at_most(&b.0, LIMB);
        for k in 0..5 {
            limbs[k] = sub_lanes(add_lanes(limbs[k], all(BIAS[k])), b.0[k]);
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
