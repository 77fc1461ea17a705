//! The RSA kernel: its powers against the twin and num-bigint, its verdicts against the twin and aws-lc.

pub(crate) mod decisions;
pub(crate) mod encodings;
pub(crate) mod inputs;
pub(crate) mod keys;
pub(crate) mod moduli;
pub(crate) mod powers;
pub(crate) mod signed;
#[cfg(feature = "counters")]
pub(crate) mod ways;

use aws_lc_rs::digest;
use num_bigint::BigUint;

use asap_accel::rsa::Hash;

pub(crate) const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

/// The bits of a limb, which is where carries are.
pub(crate) const LIMB: usize = 52;

pub(crate) fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u8) << exponent
}

/// The number in `length` bytes, the highest first.
pub(crate) fn to_bytes(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; length - bytes.len()];
    padded.extend_from_slice(&bytes);
    padded
}

/// The hash function by aws-lc.
pub(crate) fn hash_function(hash: Hash) -> impl Fn(&[u8]) -> digest::Digest {
    let algorithm = algorithm(hash);
    move |data| digest::digest(algorithm, data)
}

fn algorithm(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        _ => &digest::SHA512,
    }
}
