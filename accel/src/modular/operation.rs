//! A door for fuzz targets, which hold the arithmetic against num-bigint.

use super::inverse;
use super::modulus::Modulus;
use super::words::Words;

/// What to compute of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// a + b, both below the modulus.
    Add,
    /// a - b, both below the modulus.
    Subtract,
    /// a * b / 2^256, b below the modulus.
    Multiply,
    /// 1/a, a below the modulus. There is none of zero.
    Invert,
}

impl Operation {
    pub(crate) fn compute<M: Modulus>(self, a: &Words, b: &Words) -> Option<Words> {
        match self {
            Self::Add => Some(M::add(a, b)),
            Self::Subtract => Some(M::sub(a, b)),
            Self::Multiply => Some(M::multiply(a, b)),
            Self::Invert => inverse::inverse::<M>(a),
        }
    }
}
