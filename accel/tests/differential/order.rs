//! In which order the tiers of a curve's kernel add, and where a point meets itself or its negative.
//!
//! Where the private number is known, every point of a sum is a known multiple of the base point, and so is what has been added
//! up before it: the two are compared as numbers modulo the order, without a point.

use asap_accel::Tier;
use num_bigint::BigUint;

use crate::differential::chance::Chance;

/// In which order a kernel adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) tier: Tier,
    /// Whether, one by one, each is added to its neighbour first. Neighbours are of one table, so they are never the same point or
    /// opposite ones: the windows of the base point are even in number.
    pub(crate) pairs_first: bool,
}

impl Order {
    /// The width of the base point's windows.
    pub(crate) fn base_width(self) -> usize {
        match self.tier {
            Tier::Scalar => 10,
            _ => 9,
        }
    }
}

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

/// What is added to what, and the stage, as the index of its first name.
fn sums(order: Order, terms: &[Term], modulus: &BigUint) -> Vec<(Term, Term, usize)> {
    let mut sums = Vec::with_capacity(terms.len());
    let mut add = |sum: &mut Term, term: &Term, stage| {
        sums.push((sum.clone(), term.clone(), stage));
        *sum = sum.plus(term, modulus);
    };
    if order.tier == Tier::Scalar {
        let together = if order.pairs_first { 2 } else { 1 };
        let pair = |pair: &[Term]| {
            let rest = pair[1..].iter();
            rest.fold(pair[0].clone(), |sum, term| sum.plus(term, modulus))
        };
        let mut pairs = terms.chunks(together).map(pair);
        let mut sum = pairs.next().unwrap();
        pairs.for_each(|term| add(&mut sum, &term, 0));
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

/// The sums on the way, by name, that are of the same point twice or of opposite ones, in this order. With a private
/// number that nobody knows, what are other multiples of the two points is taken for another point.
pub(crate) fn meetings(
    order: Order,
    terms: &[Term],
    private: Option<&BigUint>,
    modulus: &BigUint,
) -> Vec<&'static str> {
    let nothing = Term::default();
    let met = |(sum, term, stage): (Term, Term, usize)| {
        let (sum, term) = (
            sum.in_base(private, modulus),
            term.in_base(private, modulus),
        );
        if sum == nothing || term == nothing {
            None
        } else if sum == term {
            Some(MEETINGS[stage])
        } else {
            (sum.plus(&term, modulus) == nothing).then_some(MEETINGS[stage + 1])
        }
    };
    sums(order, terms, modulus)
        .into_iter()
        .filter_map(met)
        .collect()
}

/// A private number with which one of the sums on the way, any of them, is of the same point twice, or of opposite ones. `None` if the
/// private number has no say in the one that was drawn.
pub(crate) fn private_for(
    order: Order,
    terms: &[Term],
    modulus: &BigUint,
    chance: &mut Chance,
) -> Option<BigUint> {
    let mut sums = sums(order, terms, modulus);
    if order.tier != Tier::Scalar {
        // Each stage as often as the others, though there are few sums of lanes.
        let wanted = *chance.pick(&[2, 4, 6, 8]);
        sums.retain(|(.., stage)| *stage == wanted);
    }
    let (sum, term, _) = chance.pick(&sums);
    // sum = +- term: (sum.base -+ term.base) + private (sum.key -+ term.key) = 0.
    let zero = if chance.one_in(2) {
        sum.minus(term, modulus)
    } else {
        sum.plus(term, modulus)
    };
    if zero.base == BigUint::ZERO {
        return None;
    }
    Some(zero.key.modinv(modulus)? * (modulus - zero.base) % modulus)
}
