//! Stand-in of this branch only: the lead's `crypto/` replaces it at the merge.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

use crate::KeyRejected;

/// Which library verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Backend {
    /// aws-lc-rs.
    #[default]
    AwsLc,
    /// ring.
    Ring,
}

/// A key that can verify.
#[derive(Debug)]
pub struct VerifyingKey {
    _parsed: ParsedPublicKey,
}

impl VerifyingKey {
    /// Reads one PEM public key.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyRejected> {
        Self::from_pem_with(pem, Backend::default())
    }

    /// Reads one PEM public key for `backend`.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_pem_with(pem: &[u8], _backend: Backend) -> Result<Self, KeyRejected> {
        let spki = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyRejected::NotPem)?;
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki.as_ref())
            .or_else(|_| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, spki.as_ref()))
            .map(|parsed| Self { _parsed: parsed })
            .map_err(|_| KeyRejected::Backend)
    }
}
