//! What a forger without the private key can make of a signature and a public key.

/// The order of P-256 (FIPS 186-5; SEC 2 section 2.4.2).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The other signature of the same message that every ES256 signature has: `s` becomes `n - s`.
#[must_use]
pub fn twin(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut other = P256_ORDER;
    let mut borrow = 0;
    for (digit, s) in other.iter_mut().zip(s).rev() {
        let difference = i16::from(*digit) - i16::from(*s) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    [r, &other].concat()
}

/// An ECDSA signature of fixed width as `ECDSA-Sig-Value` in DER (RFC 3279 section 2.2.3), which is what
/// libraries write and JWS does not take.
#[must_use]
pub fn der_signature(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    let body = [der_integer(r), der_integer(s)].concat();
    tlv(0x30, &body)
}

fn der_integer(digits: &[u8]) -> Vec<u8> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let mut digits = digits[zeros..].to_vec();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    tlv(2, &digits)
}

/// One DER element of less than 64 KiB.
#[must_use]
pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap();
    let head = match length.to_be_bytes() {
        [0, short @ 0..0x80] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [head, contents.to_vec()].concat()
}

/// HMAC with SHA-256, SHA-384 or SHA-512.
#[must_use]
pub fn hmac(bits: u16, key: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match bits {
        256 => aws_lc_rs::hmac::HMAC_SHA256,
        384 => aws_lc_rs::hmac::HMAC_SHA384,
        _ => aws_lc_rs::hmac::HMAC_SHA512,
    };
    let key = aws_lc_rs::hmac::Key::new(algorithm, key);
    aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
}
