//! The sum of many points, one after the other, in words of 64 bits: for processors without wide multiplications.

use super::curve::P;
use super::point::{Affine, Sum};
use crate::modular::modulus::Modulus;
use crate::modular::words::Words;

/// x and zz of the sum of all points, each negated where it says so. There are two points at least. zz is zero if a sum on
/// the way met a case that the formulas do not cover.
pub(super) fn sum(points: &[(&Affine, bool)]) -> (Words, Words) {
    let negated = |(point, negate): &(&Affine, bool)| {
        let y = if *negate {
            P::negate(&point.y)
        } else {
            point.y
        };
        Affine { x: point.x, y }
    };
    let [first, second, rest @ ..] = points else {
        return ([0; 4], [0; 4]);
    };
    let mut sum = Sum::of(&negated(first), &negated(second));
    for point in rest {
        sum.add(&negated(point));
    }
    (sum.x, sum.zz)
}
