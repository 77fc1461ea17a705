//! In which order the tiers of a curve's kernel add, and where a point meets itself or its negative.
//!
//! Where the private number is known, every point of a sum is a known multiple of the base point, and so is what has been added
//! up before it: the two are compared as numbers modulo the order, without a point.

use asap_accel::Tier;
use num_bigint::BigUint;

use crate::differential::chance::Chance;

/// The width of the base point's windows in both kernels.
pub(crate) const BASE_WIDTH: usize = 9;

/// Where a sum may meet what it adds, and how: one after the other, in the rounds of eight lanes, and where lanes are added.
pub(crate) const MEETINGS: [&str; 10] = [
    "one by one, the same",
    "one by one, opposite",
    "a lane, the same",
    "a lane, opposite",
    "lanes by 4, the same",
    "lanes by 4, opposite",
    "lanes by 2, the same",
    "lanes by 2, opposite",
    "lanes by 1, the same",
    "lanes by 1, opposite",
];

/// A sum of multiples of the base point and of a key, how often each, below the order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) base: BigUint,
    pub(crate) key: BigUint,
}

impl Term {
    pub(crate) fn of_base(base: BigUint) -> Self {
        Self {
            base,
            ..Self::default()
        }
    }

    pub(crate) fn of_key(key: BigUint) -> Self {
        Self {
            key,
            ..Self::default()
        }
    }

    fn plus(&self, other: &Self, order: &BigUint) -> Self {
        Self {
            base: (&self.base + &other.base) % order,
            key: (&self.key + &other.key) % order,
        }
    }

    fn minus(&self, other: &Self, order: &BigUint) -> Self {
        Self {
            base: (&self.base + order - &other.base) % order,
            key: (&self.key + order - &other.key) % order,
        }
    }

    /// As a multiple of the base point, if the private number is known.
    fn in_base(&self, private: Option<&BigUint>, order: &BigUint) -> Self {
        private.map_or_else(
            || self.clone(),
            |private| Self::of_base((&self.base + &self.key * private) % order),
        )
    }
}

/// What a tier adds to what, and the stage, as the index of its first name.
fn sums(tier: Tier, terms: &[Term], order: &BigUint) -> Vec<(Term, Term, usize)> {
    let mut sums = Vec::with_capacity(terms.len());
    let mut add = |sum: &mut Term, term: &Term, stage| {
        sums.push((sum.clone(), term.clone(), stage));
        *sum = sum.plus(term, order);
    };
    if tier == Tier::Scalar {
        let mut sum = terms[0].clone();
        for term in &terms[1..] {
            add(&mut sum, term, 0);
        }
        return sums;
    }
    let mut lanes = terms[..8].to_vec();
    for round in terms[8..].chunks(8) {
        for (lane, term) in lanes.iter_mut().zip(round) {
            add(lane, term, 2);
        }
    }
    for (by, stage) in [(4, 4), (2, 6), (1, 8)] {
        let (sums, others) = lanes.split_at_mut(by);
        for (sum, other) in sums.iter_mut().zip(others) {
            add(sum, other, stage);
        }
    }
    sums
}

/// The sums on the way, by name, that are of the same point twice or of opposite ones, in the order of the tier. With a private
/// number that nobody knows, what are other multiples of the two points is taken for another point.
pub(crate) fn meetings(
    tier: Tier,
    terms: &[Term],
    private: Option<&BigUint>,
    order: &BigUint,
) -> Vec<&'static str> {
    let nothing = Term::default();
    let met = |(sum, term, stage): (Term, Term, usize)| {
        let (sum, term) = (sum.in_base(private, order), term.in_base(private, order));
        if sum == nothing || term == nothing {
            None
        } else if sum == term {
            Some(MEETINGS[stage])
        } else {
            (sum.plus(&term, order) == nothing).then_some(MEETINGS[stage + 1])
        }
    };
    sums(tier, terms, order)
        .into_iter()
        .filter_map(met)
        .collect()
}

/// A private number with which one of the sums on the way, any of them, is of the same point twice, or of opposite ones. `None` if the
/// private number has no say in the one that was drawn.
pub(crate) fn private_for(
    tier: Tier,
    terms: &[Term],
    order: &BigUint,
    chance: &mut Chance,
) -> Option<BigUint> {
    let mut sums = sums(tier, terms, order);
    if tier != Tier::Scalar {
        // Each stage as often as the others, though there are few sums of lanes.
        let wanted = *chance.pick(&[2, 4, 6, 8]);
        sums.retain(|(.., stage)| *stage == wanted);
    }
    let (sum, term, _) = chance.pick(&sums);
    // sum = +- term: (sum.base -+ term.base) + private (sum.key -+ term.key) = 0.
    let zero = if chance.one_in(2) {
        sum.minus(term, order)
    } else {
        sum.plus(term, order)
    };
    if zero.base == BigUint::ZERO {
        return None;
    }
    Some(zero.key.modinv(order)? * (order - zero.base) % order)
}
