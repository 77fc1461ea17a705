//! Public keys in forms that no honest tool writes: `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) put together
//! element by element.

use crate::forge::tlv;
use crate::keys::{der_of, key, pem};
use asap_engine::Algorithm;

/// rsaEncryption (RFC 3279 section 2.3.1), as an element.
pub const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// id-RSASSA-PSS (RFC 4055 section 3.1).
pub const RSASSA_PSS: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
/// id-ecPublicKey (RFC 5480 section 2.1.1).
pub const EC: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// secp256r1 (RFC 5480 section 2.1.1.1).
pub const P256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// secp384r1.
pub const P384: &[u8] = &[6, 5, 0x2b, 0x81, 4, 0, 34];
/// secp521r1.
pub const P521: &[u8] = &[6, 5, 0x2b, 0x81, 4, 0, 35];
/// secp256k1, which no `alg` of ours uses.
pub const SECP256K1: &[u8] = &[6, 5, 0x2b, 0x81, 4, 0, 10];
/// id-Ed25519 (RFC 8410 section 3).
pub const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];
/// NULL.
pub const NULL: &[u8] = &[5, 0];

/// A key of this algorithm identifier, its elements in a row, and of these bits.
#[must_use]
pub fn spki(algorithm: &[&[u8]], bits: &[u8]) -> Vec<u8> {
    spki_with_unused_bits(algorithm, 0, bits)
}

/// As [`spki`], with a bit string that says how many of its last bits do not count.
#[must_use]
pub fn spki_with_unused_bits(algorithm: &[&[u8]], unused: u8, bits: &[u8]) -> Vec<u8> {
    let bit_string = tlv(3, &[&[unused], bits].concat());
    tlv(0x30, &[tlv(0x30, &algorithm.concat()), bit_string].concat())
}

/// A positive INTEGER of these big-endian digits.
#[must_use]
pub fn integer(digits: &[u8]) -> Vec<u8> {
    let sign: &[u8] = match digits.first() {
        Some(0x80..) => &[0],
        _ => &[],
    };
    tlv(2, &[sign, digits].concat())
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1) of these two elements, in its `SubjectPublicKeyInfo`.
#[must_use]
pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    spki(&[RSA, NULL], &tlv(0x30, &[modulus, exponent].concat()))
}

/// The contents of the bit string of the client's key of `algorithm`: a point, or an `RSAPublicKey`.
#[must_use]
pub fn bits_of(algorithm: Algorithm) -> Vec<u8> {
    let der = der_of(key(algorithm).public_key_pem());
    let length = match algorithm {
        Algorithm::Es256 => 65,
        Algorithm::Es384 => 97,
        Algorithm::Es512 => 133,
        Algorithm::EdDsa => 32,
        _ => 270,
    };
    der[der.len() - length..].to_vec()
}

/// The modulus of the client's RSA key of 2048 bits, big-endian.
#[must_use]
pub fn modulus() -> Vec<u8> {
    // SEQUENCE and its length in four bytes, INTEGER and its length in four, a zero byte for the sign.
    bits_of(Algorithm::Rs256)[9..265].to_vec()
}

/// `der` as a section `PUBLIC KEY`.
#[must_use]
pub fn public_pem(der: &[u8]) -> String {
    pem("PUBLIC KEY", der)
}
