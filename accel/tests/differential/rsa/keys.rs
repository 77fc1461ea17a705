//! Keys with which this process can sign whatever it wants: random ones and ones whose moduli have rare shapes.

use std::sync::LazyLock;

use num_bigint::BigUint;

/// A modulus and its private exponent, made by `make_rsa_keys.py`.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) bits: usize,
    pub(crate) modulus: BigUint,
    private_exponent: BigUint,
}

pub(crate) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    include_str!("../../rsa_keys.txt")
        .lines()
        .map(Key::from_line)
        .collect()
});

impl Key {
    fn from_line(line: &'static str) -> Self {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("a name and two numbers");
        let name = word();
        let mut number = || BigUint::parse_bytes(word().as_bytes(), 16).expect("hex");
        let modulus = number();
        Self {
            name,
            bits: usize::try_from(modulus.bits()).unwrap(),
            modulus,
            private_exponent: number(),
        }
    }

    /// The length of a signature, in bytes.
    pub(crate) const fn length(&self) -> usize {
        self.bits / 8
    }

    /// RSASP1 (RFC 8017 section 5.2.1) of any encoded message below the modulus, good or not.
    pub(crate) fn sign(&self, encoded: &[u8]) -> Option<Vec<u8>> {
        let encoded = BigUint::from_bytes_be(encoded);
        (encoded < self.modulus).then(|| {
            let signature = encoded.modpow(&self.private_exponent, &self.modulus);
            super::to_bytes(&signature, self.length())
        })
    }
}
