//! Public keys as `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), read strictly: DER with nothing after it,
//! no unused bits, the parameters that the algorithm has and no others, sizes in range, points uncompressed, and of
//! Ed25519 neither a second spelling of a point nor a point of small order.
//!
//! Whether a point lies on its curve is the library's check; all else is decided here, the same for each of them.

use spki::der::asn1::UintRef;
use spki::der::{AnyRef, Decode, Reader, SliceReader};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::Algorithm;
use crate::error::KeyRejected;
use crate::limits::{RSA_MAX_EXPONENT_BITS, RSA_MODULUS_BITS};

/// RFC 3279 section 2.3.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480 section 2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
/// RFC 8410 section 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What kind of key it is, which decides what it verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa { modulus_length: usize },
    P256,
    P384,
    P521,
    Ed25519,
}

impl KeyKind {
    /// Whether a signature of `algorithm` can come from a key of this kind.
    pub(crate) const fn verifies(self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match self {
            Self::Rsa { .. } => matches!(
                algorithm,
                A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512
            ),
            Self::P256 => matches!(algorithm, A::Es256),
            Self::P384 => matches!(algorithm, A::Es384),
            Self::P521 => matches!(algorithm, A::Es512),
            Self::Ed25519 => matches!(algorithm, A::EdDsa),
        }
    }

    /// The one length that a signature of such a key has, in bytes (RFC 8017 section 8, RFC 7518 section 3.4,
    /// RFC 8032 section 5.1.6).
    pub(crate) const fn signature_length(self) -> usize {
        match self {
            Self::Rsa { modulus_length } => modulus_length,
            Self::P256 | Self::Ed25519 => 64,
            Self::P384 => 96,
            Self::P521 => 132,
        }
    }
}

/// A key that was read, and what its bytes are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicKey<'a> {
    pub(crate) kind: KeyKind,
    /// The contents of the bit string: `RSAPublicKey` in DER, an uncompressed point, or 32 bytes.
    pub(crate) bytes: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// Reads `der`, all of it.
    pub(crate) fn from_spki(der: &'a [u8]) -> Result<Self, KeyRejected> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyRejected::NotDer)?;
        let bytes = spki
            .subject_public_key
            .as_bytes()
            .ok_or(KeyRejected::NotDer)?;
        match (spki.algorithm.oid, spki.algorithm.parameters) {
            (RSA_ENCRYPTION, Some(parameters)) if parameters.is_null() => Self::rsa(bytes),
            (EC_PUBLIC_KEY, Some(parameters)) => Self::point(named_curve(parameters)?, bytes),
            (ED25519, None) => Self::ed25519(bytes),
            (RSA_ENCRYPTION | EC_PUBLIC_KEY | ED25519, _) => Err(KeyRejected::InvalidParameters),
            _ => Err(KeyRejected::UnsupportedAlgorithm),
        }
    }

    /// Reads `RSAPublicKey` (RFC 8017 appendix A.1.1) in DER, all of it.
    pub(crate) fn rsa(bytes: &'a [u8]) -> Result<Self, KeyRejected> {
        let kind = rsa(bytes)?;
        Ok(Self { kind, bytes })
    }

    /// Reads an uncompressed point (SEC 1 section 2.3.3) on `curve`.
    pub(crate) fn point(curve: Curve, bytes: &'a [u8]) -> Result<Self, KeyRejected> {
        match bytes {
            [4, coordinates @ ..]
                if coordinates.len() == curve.coordinate_length().saturating_mul(2) =>
            {
                let kind = curve.kind();
                Ok(Self { kind, bytes })
            }
            _ => Err(KeyRejected::InvalidPoint),
        }
    }

    /// Reads a point of Ed25519 (RFC 8032 section 5.1.2).
    pub(crate) fn ed25519(bytes: &'a [u8]) -> Result<Self, KeyRejected> {
        let point = bytes.try_into().map_err(|_| KeyRejected::InvalidPoint)?;
        if is_canonical(point) && !is_of_small_order(point) {
            let kind = KeyKind::Ed25519;
            Ok(Self { kind, bytes })
        } else {
            Err(KeyRejected::InvalidPoint)
        }
    }
}

/// The curves of ECDSA that a key may be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// How long each of a point's two coordinates is, in bytes.
    pub(crate) const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    const fn kind(self) -> KeyKind {
        match self {
            Self::P256 => KeyKind::P256,
            Self::P384 => KeyKind::P384,
            Self::P521 => KeyKind::P521,
        }
    }
}

fn named_curve(parameters: AnyRef<'_>) -> Result<Curve, KeyRejected> {
    let curve = parameters
        .decode_as::<ObjectIdentifier>()
        .map_err(|_| KeyRejected::InvalidParameters)?;
    match curve {
        SECP256R1 => Ok(Curve::P256),
        SECP384R1 => Ok(Curve::P384),
        SECP521R1 => Ok(Curve::P521),
        _ => Err(KeyRejected::UnsupportedAlgorithm),
    }
}

fn rsa(bytes: &[u8]) -> Result<KeyKind, KeyRejected> {
    let (modulus, exponent) = rsa_integers(bytes).map_err(|_| KeyRejected::NotDer)?;
    if !RSA_MODULUS_BITS.contains(&bit_length(modulus)) || !is_odd(modulus) {
        return Err(KeyRejected::RsaModulus);
    }
    let is_below_three = matches!(exponent, [] | [0..=2]);
    if is_below_three || !is_odd(exponent) || bit_length(exponent) > RSA_MAX_EXPONENT_BITS {
        return Err(KeyRejected::RsaExponent);
    }
    Ok(KeyKind::Rsa {
        modulus_length: modulus.len(),
    })
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1), whole: two minimal positive integers, modulus and exponent, and nothing after
/// them. Highest byte first, without leading zeros.
pub(super) fn rsa_integers(bytes: &[u8]) -> Result<(&[u8], &[u8]), spki::der::Error> {
    let mut reader = SliceReader::new(bytes)?;
    let integers = reader.sequence(|reader| {
        let modulus = UintRef::decode(reader)?;
        let exponent = UintRef::decode(reader)?;
        Ok::<_, spki::der::Error>((modulus.as_bytes(), exponent.as_bytes()))
    })?;
    reader.finish()?;
    Ok(integers)
}

/// Whether y is below p = 2^255 - 19. "If the resulting value is >= p, decoding fails" (RFC 8032 section 5.1.3): ring
/// would take it as y - p, and aws-lc not at all.
fn is_canonical(point: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = point;
    let is_p_or_above =
        *first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && *last | 0x80 == 0xff;
    !is_p_or_above
}

/// Whether it is one of the eight points whose order divides the cofactor. For each of them a signature can be made
/// without a private key that holds for every message, or for one in two, four or eight.
fn is_of_small_order(point: &[u8; 32]) -> bool {
    let mut y = *point;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    SMALL_ORDER_Y.contains(&y)
}

/// The five values of y that the points of small order have: 1 (order 1), -1 (order 2), 0 (order 4) and the two of
/// order 8, little-endian. The sign of x is left out, so that the two spellings of -0 are in it too. Chalkias,
/// Garillot, Nikolaenko, "Taming the many EdDSAs" (ePrint 2020/1244), table 1.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [
        0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
    [0; 32],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
];

/// The bits of a big-endian integer without leading zero bytes.
fn bit_length(integer: &[u8]) -> usize {
    let leading = integer.first().map_or(0, |first| first.leading_zeros());
    integer
        .len()
        .saturating_mul(8)
        .saturating_sub(usize::try_from(leading).unwrap_or(0))
}

fn is_odd(integer: &[u8]) -> bool {
    integer.last().is_some_and(|last| last & 1 == 1)
}

#[cfg(test)]
#[path = "public_key_tests.rs"]
mod tests;
