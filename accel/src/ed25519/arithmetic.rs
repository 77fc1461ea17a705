//! A door for fuzz targets: arithmetic modulo both primes, on four words, the lowest first.

use super::curve::{L, P};
use super::field;
use crate::Operation;

/// Modulo 2^255 - 19.
#[must_use]
pub fn field(operation: Operation, a: &[u64; 4], b: &[u64; 4]) -> Option<[u64; 4]> {
    operation.compute::<P>(a, b)
}

/// The same in the form of the scalar tier, in which any four words are a number and a product is not divided; made canonical.
#[must_use]
pub fn loose_field(operation: Operation, a: &[u64; 4], b: &[u64; 4]) -> Option<[u64; 4]> {
    let result = match operation {
        Operation::Add => field::add(a, b),
        Operation::Subtract => field::sub(a, b),
        Operation::Multiply => field::multiply(a, b),
        Operation::Invert => field::invert(a)?,
    };
    Some(field::canonical(&result))
}

/// Modulo the order.
#[must_use]
pub fn order(operation: Operation, a: &[u64; 4], b: &[u64; 4]) -> Option<[u64; 4]> {
    operation.compute::<L>(a, b)
}

/// A hash modulo the order.
#[must_use]
pub fn reduced(hash: &[u8; 64]) -> [u64; 4] {
    super::reduced(hash)
}
