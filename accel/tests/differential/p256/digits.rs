//! The points of a sum, as `accel/src/p256/digits.rs` defines them.

use asap_accel::Tier;
use num_bigint::BigUint;

use super::{N, power_of_two};
use crate::order::{Order, Term};

/// In which order this tier adds them.
pub(crate) const fn order(tier: Tier) -> Order {
    Order {
        tier,
        pairs_first: true,
    }
}

/// Those of u1 G + u2 Q, in the order in which they are added.
pub(crate) fn terms(order: Order, u1: &BigUint, u2: &BigUint, width: usize) -> Vec<Term> {
    let base = digits(u1, order.base_width())
        .into_iter()
        .map(Term::of_base);
    let key = digits(u2, width).into_iter().map(Term::of_key);
    base.chain(key).collect()
}

/// Each window's digit times its power of two, modulo n.
fn digits(u: &BigUint, width: usize) -> Vec<BigUint> {
    let is_even = !u.bit(0);
    let odd = if is_even { &*N - u } else { u.clone() };
    let v: BigUint = (odd >> 1) + power_of_two(255);
    let digit = |at: usize| {
        let bits = width.min(256 - at);
        // 2 c + 1 - 2^w.
        let twice = (((&v >> at) % power_of_two(bits)) << 1) + 1_u8;
        let offset = power_of_two(bits);
        let is_negative = twice < offset;
        let size = if is_negative {
            offset - twice
        } else {
            twice - offset
        };
        let size = (size << at) % &*N;
        if is_negative == is_even {
            size
        } else {
            &*N - size
        }
    };
    (0..256).step_by(width).map(digit).collect()
}
