//! The default backend: aws-lc-rs, with keys parsed at load.

use std::sync::OnceLock;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use super::Algorithm;
use super::public_key::{KeyKind, PublicKey};
use crate::error::KeyRejected;

/// A key as aws-lc holds it. The library ties a parsed key to one algorithm.
#[derive(Debug)]
pub(crate) enum PreparedKey {
    /// Parsed for the six algorithms of an RSA key when each is first used; most keys see one. RS256, which
    /// every party must know, is parsed at load, which is also what refuses a bad key.
    Rsa {
        parsed: Box<[OnceLock<Option<ParsedPublicKey>>; 6]>,
        bytes: Box<[u8]>,
    },
    /// All other keys have one algorithm.
    Single(ParsedPublicKey),
}

impl PreparedKey {
    pub(crate) fn new(key: PublicKey<'_>) -> Result<Self, KeyRejected> {
        let algorithm = match key.kind {
            KeyKind::Rsa { .. } => return Self::rsa(key.bytes),
            KeyKind::P256 => Algorithm::Es256,
            KeyKind::P384 => Algorithm::Es384,
            KeyKind::P521 => Algorithm::Es512,
            KeyKind::Ed25519 => Algorithm::EdDsa,
        };
        let parsed = ParsedPublicKey::new(implementation(algorithm), key.bytes)
            .map_err(|_| KeyRejected::InvalidPoint)?;
        Ok(Self::Single(parsed))
    }

    fn rsa(bytes: &[u8]) -> Result<Self, KeyRejected> {
        let rs256 = ParsedPublicKey::new(implementation(Algorithm::Rs256), bytes)
            .map_err(|_| KeyRejected::Backend)?;
        let mut parsed = [const { OnceLock::new() }; 6];
        parsed[0] = OnceLock::from(Some(rs256));
        Ok(Self::Rsa {
            parsed: Box::new(parsed),
            bytes: bytes.into(),
        })
    }

    /// Whether `signature` is this key's over `message`. `algorithm` is one of the key's own.
    pub(crate) fn is_valid(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.parsed(algorithm)
            .is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    fn parsed(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        match self {
            Self::Single(key) => Some(key),
            Self::Rsa { parsed, bytes } => {
                let slot = parsed.get(rsa_slot(algorithm)?)?;
                slot.get_or_init(|| ParsedPublicKey::new(implementation(algorithm), bytes).ok())
                    .as_ref()
            }
        }
    }
}

const fn rsa_slot(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::Rs256 => Some(0),
        Algorithm::Rs384 => Some(1),
        Algorithm::Rs512 => Some(2),
        Algorithm::Ps256 => Some(3),
        Algorithm::Ps384 => Some(4),
        Algorithm::Ps512 => Some(5),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::EdDsa => None,
    }
}

const fn implementation(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &ED25519,
    }
}
