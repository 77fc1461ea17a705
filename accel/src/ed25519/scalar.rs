//! The sum of many points, one after the other, in words of 64 bits.

use super::field;
use super::point::{Addend, Sum};
use crate::modular::words::Words;

/// X, Y and Z of the sum of all points, each taken away where it says so, below p.
pub(super) fn sum(points: &[(&Addend, bool)]) -> [Words; 3] {
    let mut sum = Sum::neutral();
    for (point, negate) in points {
        sum.add(point, *negate);
    }
    [sum.x, sum.y, sum.z].map(|words| field::canonical(&words))
}
