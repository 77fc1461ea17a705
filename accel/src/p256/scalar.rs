//! The sum of many points in words of 64 bits: for processors without wide multiplications.
//!
//! First each point of one half is added to one of the other, all of them with one inversion, which makes six products of an
//! addition instead of ten; then the sums are added one after the other. For a second round of halves the inversion would cost what it saves.

use super::MAX_POINTS;
use super::curve::P;
use super::point::{Affine, Sum};
use super::table::on_line;
use crate::modular::modulus::Modulus;
use crate::modular::words::{self, Words};

/// x and zz of the sum of all points, each negated where it says so. There are four points at least. zz is zero if a sum on
/// the way met a case that the formulas do not cover.
pub(super) fn sum(points: &[(&Affine, bool)]) -> (Words, Words) {
    let undecided = ([0; 4], [0; 4]);
    let (pairs, alone) = points.as_chunks::<2>();
    let mut sums = [const { Affine::ZERO }; MAX_POINTS / 2];
    let Some(sums) = sums.get_mut(..pairs.len()) else {
        return undecided;
    };
    let Some(()) = add_pairs(pairs, sums) else {
        return undecided;
    };
    let [first, second, rest @ ..] = &*sums else {
        return undecided;
    };
    let mut sum = Sum::of(first, second);
    for point in rest {
        sum.add(point);
    }
    for (point, negate) in alone {
        sum.add(&negated(point, *negate));
    }
    (sum.x, sum.zz)
}

/// The sum of each pair. `None` if the two of one have the same x: then they are the same point, or each other's negative.
fn add_pairs(pairs: &[[(&Affine, bool); 2]], sums: &mut [Affine]) -> Option<()> {
    let difference = |[(one, _), (other, _)]: &[(&Affine, bool); 2]| P::sub(&other.x, &one.x);
    // In place of each sum the product of all differences before it.
    let mut product = P::ONE;
    for (pair, sum) in pairs.iter().zip(&mut *sums) {
        sum.x = product;
        sum.y = difference(pair);
        product = P::multiply(&product, &sum.y);
    }
    if words::is_zero(&product) {
        return None;
    }
    let mut inverse = P::invert(&product)?;
    for (pair, sum) in pairs.iter().zip(sums).rev() {
        let inverse_of_this = P::multiply(&sum.x, &inverse);
        inverse = P::multiply(&inverse, &sum.y);
        let [(one, negate_one), (other, negate_other)] = pair;
        let (one, other) = (negated(one, *negate_one), negated(other, *negate_other));
        let slope = P::multiply(&P::sub(&other.y, &one.y), &inverse_of_this);
        *sum = on_line(&one, &other.x, &slope);
    }
    Some(())
}

#[inline]
fn negated(point: &Affine, negate: bool) -> Affine {
    let y = if negate { P::negate(&point.y) } else { point.y };
    Affine { x: point.x, y }
}
