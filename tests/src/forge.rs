//! What a forger without the private key can make of a signature and a public key.

/// The order of P-256, P-384 or P-521 (SEC 2 sections 2.4.2, 2.5.1 and 2.6.1), as wide as R and S are.
#[must_use]
pub fn order(width: usize) -> Vec<u8> {
    hex(match width {
        32 => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        48 => concat!(
            "ffffffffffffffffffffffffffffffffffffffffffffffff",
            "c7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        ),
        66 => concat!(
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa",
            "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
        ),
        _ => panic!("no curve of {width} bytes"),
    })
}

/// The bytes that these digits are.
#[must_use]
pub fn hex(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// The other signature of the same message that every ECDSA signature has: `s` becomes `n - s`.
#[must_use]
pub fn twin(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let mut other = order(s.len());
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

/// A DER `INTEGER` that is not negative, of big-endian digits.
#[must_use]
pub fn der_integer(digits: &[u8]) -> Vec<u8> {
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
    [&head, contents].concat()
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
