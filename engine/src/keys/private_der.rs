//! What a private key in DER says it is, read before the cryptographic library sees it.
//!
//! The library ignores bytes after the structure, and answers "invalid encoding" to most of what is wrong. This
//! reader refuses trailing bytes, and tells a key of another type from one that is broken. It does not look at the key itself.

use spki::AlgorithmIdentifierRef;
use spki::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use spki::der::{self, Class, Reader, SliceReader, Tagged};

use crate::crypto::Algorithm;
use crate::error::KeyRejected;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The key type that an algorithm signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyType {
    Rsa,
    Curve(ObjectIdentifier),
    Ed25519,
}

impl KeyType {
    const fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => Self::Rsa,
            Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => Self::Rsa,
            Algorithm::Es256 => Self::Curve(P256),
            Algorithm::Es384 => Self::Curve(P384),
            Algorithm::Es512 => Self::Curve(P521),
            Algorithm::EdDsa => Self::Ed25519,
        }
    }
}

/// Checks that `der` is a PKCS#8 `PrivateKeyInfo` (RFC 5208 section 5) or `OneAsymmetricKey` (RFC 5958 section 2)
/// of the type that `algorithm` signs with.
///
/// # Errors
///
/// [`KeyRejected::NotDer`], [`KeyRejected::UnsupportedAlgorithm`] or [`KeyRejected::InvalidParameters`].
pub(crate) fn check_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<(), KeyRejected> {
    let identifier = read_sequence(der, |reader| {
        let _version: u8 = reader.decode()?;
        let identifier: AlgorithmIdentifierRef<'_> = reader.decode()?;
        let _key: &OctetStringRef = reader.decode()?;
        Ok(identifier)
    })?;
    check_identifier(KeyType::of(algorithm), identifier)
}

/// Checks that `der` begins as an `RSAPrivateKey` (RFC 8017 appendix A.1.2), and that `algorithm` signs with RSA.
///
/// # Errors
///
/// [`KeyRejected::NotDer`] or [`KeyRejected::UnsupportedAlgorithm`].
pub(crate) fn check_pkcs1(algorithm: Algorithm, der: &[u8]) -> Result<(), KeyRejected> {
    read_sequence(der, |reader| reader.decode::<u8>().map(|_version| ()))?;
    match KeyType::of(algorithm) {
        KeyType::Rsa => Ok(()),
        KeyType::Curve(_) | KeyType::Ed25519 => Err(KeyRejected::UnsupportedAlgorithm),
    }
}

/// Checks that `der` is an `ECPrivateKey` (RFC 5915 section 3), on the curve of `algorithm` if it names one.
///
/// # Errors
///
/// [`KeyRejected::NotDer`], [`KeyRejected::UnsupportedAlgorithm`] or [`KeyRejected::InvalidParameters`].
pub(crate) fn check_sec1(algorithm: Algorithm, der: &[u8]) -> Result<(), KeyRejected> {
    let next = read_sequence(der, |reader| {
        let _version: u8 = reader.decode()?;
        let _key: &OctetStringRef = reader.decode()?;
        reader.decode::<Option<AnyRef<'_>>>()
    })?;
    let KeyType::Curve(expected) = KeyType::of(algorithm) else {
        return Err(KeyRejected::UnsupportedAlgorithm);
    };
    // [0] EXPLICIT ECParameters, or [1] with the public key where the curve is not named.
    let parameters = next.filter(|field| {
        let tag = field.tag();
        tag.class() == Class::ContextSpecific && tag.number().value() == 0
    });
    let Some(parameters) = parameters else {
        return Ok(());
    };
    let curve = SliceReader::new(parameters.value())
        .and_then(|mut reader| reader.decode::<ObjectIdentifier>())
        .map_err(|_| KeyRejected::InvalidParameters)?;
    if curve == expected {
        Ok(())
    } else {
        Err(KeyRejected::UnsupportedAlgorithm)
    }
}

/// Reads the front of the one sequence that `der` must be to its last byte.
fn read_sequence<'a, T>(
    der: &'a [u8],
    front: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> Result<T, KeyRejected> {
    let read = || -> der::Result<T> {
        let mut outer = SliceReader::new(der)?;
        let value = outer.sequence(|reader| -> der::Result<T> {
            let value = front(reader)?;
            while !reader.is_finished() {
                reader.tlv_bytes()?;
            }
            Ok(value)
        })?;
        outer.finish()?;
        Ok(value)
    };
    read().map_err(|_| KeyRejected::NotDer)
}

fn check_identifier(
    expected: KeyType,
    identifier: AlgorithmIdentifierRef<'_>,
) -> Result<(), KeyRejected> {
    let parameters = identifier.parameters;
    let are_right = match expected {
        KeyType::Rsa if identifier.oid == RSA_ENCRYPTION => parameters.is_some_and(AnyRef::is_null),
        KeyType::Ed25519 if identifier.oid == ED25519 => parameters.is_none(),
        KeyType::Curve(curve) if identifier.oid == EC_PUBLIC_KEY => {
            let named = parameters
                .and_then(|any| any.decode_as::<ObjectIdentifier>().ok())
                .ok_or(KeyRejected::InvalidParameters)?;
            if named != curve {
                return Err(KeyRejected::UnsupportedAlgorithm);
            }
            true
        }
        KeyType::Rsa | KeyType::Ed25519 | KeyType::Curve(_) => {
            return Err(KeyRejected::UnsupportedAlgorithm);
        }
    };
    if are_right {
        Ok(())
    } else {
        Err(KeyRejected::InvalidParameters)
    }
}
