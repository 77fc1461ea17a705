//! For tests: the steps of the lanes by themselves, on numbers that are given.

use super::field::{Field, add, multiply, subtract};
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

    /// a b, a + b and a - b.
    pub(crate) fn all(a: &Limbs, b: &Limbs) -> [Limbs; 3] {
        let (a, b) = (field(a), field(b));
        [limbs(&multiply(&a, &b)), limbs(&add(&a, &b)), limbs(&subtract(&a, &b))]
    }
}
