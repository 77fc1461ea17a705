//! Arithmetic modulo odd numbers of up to 256 bits, in words of 64. Nothing here is secret: times depend on the numbers.

// Every index is a constant, or the counter of a loop over an array whose size is a constant. What could overflow is bounded where
// it stands, panics in a test, and is meant where it says `wrapping`. The conversions cut words off.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::needless_range_loop
)]

pub(crate) mod inverse;
pub(crate) mod modulus;
mod operation;
pub(crate) mod words;

pub use operation::Operation;
