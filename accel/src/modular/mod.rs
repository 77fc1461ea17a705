//! Arithmetic modulo odd numbers of up to 256 bits, in words of 64. Nothing here is secret: times depend on the numbers.

pub(crate) mod inverse;
pub(crate) mod modulus;
pub(crate) mod words;
