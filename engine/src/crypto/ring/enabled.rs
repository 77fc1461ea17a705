//! The second backend: ring. It has no parsed keys, so it reads the key's bytes on each verification, and no
//! P-521. It serves as a second opinion, not as a faster one.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::crypto::Algorithm;
use crate::crypto::public_key::{KeyKind, PublicKey};
use crate::error::KeyRejected;

/// A key as ring takes it.
#[derive(Debug)]
pub(crate) struct PreparedKey {
    bytes: Box<[u8]>,
}

impl PreparedKey {
    /// ring looks at a point only when it verifies, so the default backend checks here that it is one.
    pub(crate) fn new(key: PublicKey<'_>) -> Result<Self, KeyRejected> {
        if key.kind == KeyKind::P521 {
            return Err(KeyRejected::UnsupportedAlgorithm);
        }
        crate::crypto::aws_lc::PreparedKey::new(key)?;
        Ok(Self {
            bytes: key.bytes.into(),
        })
    }

    /// Whether `signature` is this key's over `message`. `algorithm` is one of the key's own.
    pub(crate) fn is_valid(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        implementation(algorithm).is_some_and(|implementation| {
            UnparsedPublicKey::new(implementation, &self.bytes)
                .verify(message, signature)
                .is_ok()
        })
    }
}

fn implementation(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDsa => &ED25519,
        Algorithm::Es512 => return None,
    })
}
