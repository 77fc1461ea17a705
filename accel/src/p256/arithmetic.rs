//! A door for fuzz targets: arithmetic modulo both primes, on four words, the lowest first.

use super::curve::{N, P};
use crate::Operation;

/// Modulo the prime of the field.
#[must_use]
pub fn field(operation: Operation, a: &[u64; 4], b: &[u64; 4]) -> Option<[u64; 4]> {
    operation.compute::<P>(a, b)
}

/// Modulo the order.
#[must_use]
pub fn order(operation: Operation, a: &[u64; 4], b: &[u64; 4]) -> Option<[u64; 4]> {
    operation.compute::<N>(a, b)
}
