//! The lanes one by one: the same functions over arrays, for tests and for processors without AVX-512.

#[path = "../lanes/field.rs"]
mod field;
#[path = "../../lanes/product.rs"]
mod product;
#[cfg(test)]
#[path = "../lanes/steps.rs"]
pub(super) mod steps;
#[path = "../lanes/sum.rs"]
mod sum;

use super::point::Affine;
use crate::lanes::{arrays as vector, over_arrays as lanes};
use crate::modular::words::Words;

pub(super) fn sum(points: &[(&Affine, bool)]) -> (Words, Words) {
    sum::sum(points)
}
