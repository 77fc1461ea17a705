//! What the tests of several kernels need.

use num_bigint::BigUint;

use crate::Tier;
use crate::modular::words::Words;

/// The tiers that this processor has.
pub(crate) fn tiers() -> Vec<Tier> {
    let mut tiers = vec![Tier::Model, Tier::Scalar];
    if Tier::best() == Tier::Lanes {
        tiers.push(Tier::Lanes);
    }
    tiers
}

/// A generator that repeats (xorshift), good enough to spread cases.
pub(crate) struct Spread(pub(crate) u64);

impl Spread {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn words(&mut self) -> Words {
        [self.next(), self.next(), self.next(), self.next()]
    }

    /// A number of so many bits at most.
    pub(crate) fn number(&mut self, bits: u64) -> BigUint {
        let words = (0..=bits / 64).map(|_| self.next().to_le_bytes());
        let bytes: Vec<u8> = words.flatten().collect();
        BigUint::from_bytes_le(&bytes) & ((BigUint::from(1_u8) << bits) - 1_u8)
    }

    pub(crate) fn below(&mut self, end: &BigUint) -> BigUint {
        self.number(end.bits() + 64) % end
    }
}

pub(crate) fn value(words: &Words) -> BigUint {
    words
        .iter()
        .rev()
        .fold(BigUint::ZERO, |value, word| (value << 64) + *word)
}

/// The four lowest words.
pub(crate) fn words_of(value: &BigUint) -> Words {
    let mut words = [0; 4];
    for (word, digit) in words.iter_mut().zip(value.iter_u64_digits()) {
        *word = digit;
    }
    words
}
