//! In which order the tiers add, and where that meets what their formulas do not cover: a point with itself, or with its negative.
//!
//! Where the private number is known, every point of a sum is a known multiple of the base point, and so is what has been added
//! up before it; the two are compared as numbers, without a point. The digits are those of `accel/src/p256/digits.rs`, from their
//! definition.

use asap_accel::Tier;
use num_bigint::BigUint;

use super::{N, minus, power_of_two};
use crate::differential::chance::Chance;

/// The width of the base point's windows in the kernel.
const BASE_WIDTH: usize = 9;

/// A sum of multiples of the base point and of a key: how often each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) base: BigUint,
    pub(crate) key: BigUint,
}

impl Term {
    fn plus(&self, other: &Self) -> Self {
        Self {
            base: (&self.base + &other.base) % &*N,
            key: (&self.key + &other.key) % &*N,
        }
    }

    /// As a multiple of the base point, if the private number is known.
    fn in_base(&self, private: Option<&BigUint>) -> Self {
        let Some(private) = private else {
            return self.clone();
        };
        Self {
            base: (&self.base + &self.key * private) % &*N,
            key: BigUint::ZERO,
        }
    }
}

/// The points of u1 G + u2 Q, modulo n, in their order.
pub(crate) fn terms(u1: &BigUint, u2: &BigUint, width: usize) -> Vec<Term> {
    let mut terms = Vec::new();
    digits(u1, BASE_WIDTH, |base| {
        terms.push(Term {
            base,
            ..Term::default()
        });
    });
    digits(u2, width, |key| {
        terms.push(Term {
            key,
            ..Term::default()
        });
    });
    terms
}

/// Each window's digit times its power of two, modulo n.
fn digits(u: &BigUint, width: usize, mut digit: impl FnMut(BigUint)) {
    let is_even = !u.bit(0);
    let odd = if is_even { &*N - u } else { u.clone() };
    let v: BigUint = (odd >> 1) + power_of_two(255);
    for at in (0..256).step_by(width) {
        let bits = width.min(256 - at);
        let field = (&v >> at) % power_of_two(bits);
        // 2 c + 1 - 2^w.
        let (twice, offset) = ((field << 1) + 1_u8, power_of_two(bits));
        let is_negative = twice < offset;
        let size = if is_negative {
            offset - twice
        } else {
            twice - offset
        };
        let size = (size << at) % &*N;
        digit(if is_negative == is_even {
            size
        } else {
            &*N - size
        });
    }
}

/// Calls `meet` with what is added to what, and at which stage, and stops where it says so.
fn in_order(
    tier: Tier,
    terms: &[Term],
    mut meet: impl FnMut(&Term, &Term, [&'static str; 2]) -> bool,
) {
    if tier == Tier::Scalar {
        let mut sum = terms[0].clone();
        for term in &terms[1..] {
            if meet(&sum, term, ["one by one, the same", "one by one, opposite"]) {
                return;
            }
            sum = sum.plus(term);
        }
        return;
    }
    let mut lanes = terms[..8].to_vec();
    for round in terms[8..].chunks(8) {
        for (lane, term) in lanes.iter_mut().zip(round) {
            if meet(lane, term, ["a lane, the same", "a lane, opposite"]) {
                return;
            }
            *lane = lane.plus(term);
        }
    }
    for (by, names) in [
        (4, ["lanes by 4, the same", "lanes by 4, opposite"]),
        (2, ["lanes by 2, the same", "lanes by 2, opposite"]),
        (1, ["lanes by 1, the same", "lanes by 1, opposite"]),
    ] {
        for lane in 0..by {
            if meet(&lanes[lane], &lanes[lane + by], names) {
                return;
            }
            lanes[lane] = lanes[lane].plus(&lanes[lane + by]);
        }
    }
}

/// The first sum on the way that the formulas do not cover. With a private number that nobody knows, what are other multiples of the
/// two points is taken for another point.
pub(crate) fn exception(
    tier: Tier,
    terms: &[Term],
    private: Option<&BigUint>,
) -> Option<&'static str> {
    let mut found = None;
    in_order(tier, terms, |sum, term, [same, opposite]| {
        let (sum, term) = (sum.in_base(private), term.in_base(private));
        if sum == term {
            found = Some(same);
        } else if sum.plus(&term) == Term::default() {
            found = Some(opposite);
        }
        found.is_some()
    });
    found
}

/// A private number with which one of the sums on the way, any of them, is of the same point twice, or of opposite ones. `None` if the
/// private number has no say in the sum that was drawn.
pub(crate) fn private_for(tier: Tier, terms: &[Term], chance: &mut Chance) -> Option<BigUint> {
    let mut sums = Vec::new();
    in_order(tier, terms, |sum, term, names| {
        sums.push((sum.clone(), term.clone(), names[0]));
        false
    });
    // Each stage as often as the others, though lanes are joined seldom.
    let stages = [
        "a lane, the same",
        "lanes by 4, the same",
        "lanes by 2, the same",
        "lanes by 1, the same",
    ];
    if tier != Tier::Scalar {
        let stage = *chance.pick(&stages);
        sums.retain(|(.., name)| *name == stage);
    }
    let (sum, term, _) = chance.pick(&sums);
    // sum = +- term: sum.base -+ term.base + d (sum.key -+ term.key) = 0.
    let (base, key) = if chance.one_in(2) {
        (minus(&sum.base, &term.base), minus(&sum.key, &term.key))
    } else {
        let both = sum.plus(term);
        (both.base, both.key)
    };
    if base == BigUint::ZERO || key == BigUint::ZERO {
        return None;
    }
    Some(super::quotient(&(&*N - base), &key))
}
