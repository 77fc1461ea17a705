//! The lanes with AVX-512.

#[path = "../lanes/field.rs"]
mod field;
#[path = "../../lanes/product.rs"]
mod product;
#[cfg(test)]
#[path = "../lanes/steps.rs"]
mod steps;
#[path = "../lanes/sum.rs"]
mod sum;

use super::point::Addend;
use crate::lanes::{over_registers as lanes, registers as vector};
use crate::processor;

pub(super) fn sum(points: &[(&Addend, bool)]) -> [[u64; 5]; 3] {
    assert!(processor::has_wide_multiplications_and_shifts());
    // SAFETY: the processor has the features that the function asks for.
    unsafe { sum_with_avx512(points) }
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
fn sum_with_avx512(points: &[(&Addend, bool)]) -> [[u64; 5]; 3] {
    sum::sum(points)
}

#[cfg(test)]
pub(super) fn steps(a: &steps::Limbs, b: &steps::Limbs) -> [steps::Limbs; 3] {
    assert!(processor::has_wide_multiplications_and_shifts());
    // SAFETY: the processor has the features that the function asks for.
    unsafe { steps::all(a, b) }
}
