//! The points of a sum, as `accel/src/ed25519/digits.rs` defines them.

use asap_accel::Tier;
use num_bigint::BigUint;

use super::{L, power_of_two};
use crate::order::{Order, Term};

/// In which order this tier adds them.
pub(crate) const fn order(tier: Tier) -> Order {
    Order {
        tier,
        pairs_first: false,
    }
}

/// Those of s B + h (-A), in the order in which they are added; those of digits that are zero are zero.
pub(crate) fn terms(order: Order, s: &BigUint, h: &BigUint, width: usize) -> Vec<Term> {
    let base = digits(s, order.base_width()).into_iter().map(Term::of_base);
    let key = digits(h, width).into_iter().map(Term::of_key);
    base.chain(key).collect()
}

/// Each window's digit, from -2^(w-1) to 2^(w-1) - 1, times its power of two, modulo L.
fn digits(u: &BigUint, width: usize) -> Vec<BigUint> {
    let half = power_of_two(width - 1);
    let places = (0..253).step_by(width);
    let raised: BigUint = u + places.clone().map(|at| &half << at).sum::<BigUint>();
    let digit = |at: usize| {
        let field = (&raised >> at) % power_of_two(width);
        if field < half {
            &*L - (((&half - field) << at) % &*L)
        } else {
            ((field - &half) << at) % &*L
        }
    };
    places.map(digit).collect()
}
