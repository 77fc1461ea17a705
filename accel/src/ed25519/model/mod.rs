//! The lanes one by one: the same functions over arrays, for tests and for processors without AVX-512.

macro_rules! lanes {
    ($($item:item)*) => { $( $item )* };
}

#[path = "../lanes/field.rs"]
mod field;
#[cfg(test)]
#[path = "../lanes/steps.rs"]
pub(super) mod steps;
#[path = "../lanes/sum.rs"]
mod sum;

use super::point::Addend;
use crate::lanes::arrays as vector;

pub(super) fn sum(points: &[(&Addend, bool)]) -> [[u64; 5]; 3] {
    sum::sum(points)
}
