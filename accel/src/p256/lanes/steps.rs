//! For tests: the steps of the lanes by themselves, on numbers that are given.

use super::field::{Field, multiply, negate_some, reduced, square, subtract, subtract_two};
use super::lanes;
use super::vector::{lanes_of, load};

/// Five limbs of eight numbers.
pub(crate) type Limbs = [[u64; 8]; 5];

lanes! {
    fn field(a: &Limbs) -> Field {
        Field([load(&a[0]), load(&a[1]), load(&a[2]), load(&a[3]), load(&a[4])])
    }

    fn limbs(a: &Field) -> Limbs {
        let [b, c, d, e, f] = a.0;
        [lanes_of(b), lanes_of(c), lanes_of(d), lanes_of(e), lanes_of(f)]
    }

    /// a b, a^2, a - b and a - c - 2 c, all of them divided or offset as said there, a less multiples of p, and p - c in every other lane.
    pub(crate) fn all(a: &Limbs, b: &Limbs, c: &Limbs) -> [Limbs; 6] {
        let (a, b, c) = (field(a), field(b), field(c));
        [
            limbs(&multiply(&a, &b)),
            limbs(&square(&a)),
            limbs(&subtract::<5>(&a, &b)),
            limbs(&subtract_two(&a, &c, &c)),
            limbs(&reduced(&a)),
            limbs(&negate_some(&c, 0b1010_1010)),
        ]
    }
}
