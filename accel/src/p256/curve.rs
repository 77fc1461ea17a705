//! The two primes of the curve.

use crate::modular::modulus::Modulus;
use crate::modular::words::Words;

/// The prime of the field (FIPS 186-5, SP 800-186 section 3.2.1.3).
#[derive(Debug)]
pub(super) struct P;

impl Modulus for P {
    const WORDS: Words = [
        0xffff_ffff_ffff_ffff,
        0x0000_0000_ffff_ffff,
        0x0000_0000_0000_0000,
        0xffff_ffff_0000_0001,
    ];
}

/// The order of the group, prime too.
#[derive(Debug)]
pub(super) struct N;

impl Modulus for N {
    const WORDS: Words = [
        0xf3b9_cac2_fc63_2551,
        0xbce6_faad_a717_9e84,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_0000_0000,
    ];
}
