//! The RSA kernel: its powers against the twin and num-bigint, its verdicts against the twin and aws-lc.

pub mod decisions;
pub mod encodings;
pub mod inputs;
pub mod keys;
pub mod moduli;
pub mod powers;
pub mod signed;
#[cfg(feature = "counters")]
pub mod ways;

use aws_lc_rs::digest;
use num_bigint::BigUint;

use asap_accel::rsa::Hash;

/// The bits of the moduli.
pub const SIZES: [usize; 3] = [2048, 3072, 4096];

pub const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

/// The bits of a limb, which is where carries are.
pub const LIMB: usize = 52;

pub fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u8) << exponent
}

/// The number in `length` bytes, the highest first.
pub fn to_bytes(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; length - bytes.len()];
    padded.extend_from_slice(&bytes);
    padded
}

/// The hash function by aws-lc.
pub fn hash_function(hash: Hash) -> impl Fn(&[u8]) -> digest::Digest {
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
