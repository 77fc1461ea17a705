//! A public key, read and prepared once, tied to what it can verify.

use std::sync::atomic::{AtomicU64, Ordering};

use super::public_key::{KeyKind, PublicKey};
use super::{Algorithm, accel, aws_lc, ring};
use crate::error::{KeyRejected, VerifyError};
use crate::keys::pem;

/// The library that checks signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Backend {
    /// aws-lc-rs, with the key parsed once.
    #[default]
    AwsLc,
    /// ring, where this build has the feature `ring`. It knows no P-521.
    Ring,
    /// aws-lc-rs, and before it this project's own kernels for keys and processors that there is one for, where this build has
    /// the feature `accel`: RSA with the exponent 65537 and 2048, 3072 or 4096 bits, on processors with AVX-512 IFMA; and
    /// P-256 and Ed25519, on any processor and several times faster with AVX-512 IFMA, for keys that are used often. Such a
    /// key gets a table after its first verifications, which a thread makes that lives for as long as there are tables to make; all of
    /// them together take 16 MiB at most, and the one table in the making. All else goes to aws-lc.
    ///
    /// The arithmetic is this project's and no validated module's. aws-lc decides whatever a kernel refuses and one in 1,024 of
    /// what it accepts, and the first answer that differs takes the kernel out of use: `accel_stats` shows it, and
    /// `switch_accel` and the environment variable `ASAP_ACCEL=off` leave the kernels off.
    Accel,
    /// The fastest that this build has: [`Accel`](Self::Accel) with the feature `accel`, [`AwsLc`](Self::AwsLc) without.
    Auto,
}

impl Backend {
    /// What [`Auto`](Self::Auto) stands for in this build, and every other for itself.
    const fn settled(self) -> Self {
        match self {
            Self::Auto if accel::IS_BUILT => Self::Accel,
            Self::Auto => Self::AwsLc,
            named => named,
        }
    }
}

/// A public key that is ready to verify signatures.
///
/// Its own algorithms were settled when it was loaded; a token's `alg` may only agree with one of them
/// (RFC 8725 section 3.1), so a token cannot choose how a key is used.
#[derive(Debug)]
pub struct VerifyingKey {
    serial: KeySerial,
    kind: KeyKind,
    prepared: Prepared,
}

#[derive(Debug)]
enum Prepared {
    AwsLc(aws_lc::PreparedKey),
    Ring(ring::PreparedKey),
    Accel(accel::PreparedKey),
}

/// Tells a key that was loaded from every other of this process, loaded from the same text or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeySerial(u64);

impl KeySerial {
    /// The next one.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl VerifyingKey {
    /// Reads one PEM section `PUBLIC KEY` and nothing else, for the default backend.
    ///
    /// # Errors
    ///
    /// Says which of the checks the key did not pass.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyRejected> {
        Self::from_pem_with(pem, Backend::default())
    }

    /// As [`from_pem`](Self::from_pem), for `backend`.
    ///
    /// # Errors
    ///
    /// Says which of the checks the key did not pass, or that this build does not have `backend`.
    pub fn from_pem_with(pem: &[u8], backend: Backend) -> Result<Self, KeyRejected> {
        Self::from_spki_with(&pem::public_key(pem)?, backend)
    }

    /// Reads a `SubjectPublicKeyInfo` in DER and nothing after it, for `backend`.
    ///
    /// # Errors
    ///
    /// Says which of the checks the key did not pass, or that this build does not have `backend`.
    pub fn from_spki_with(der: &[u8], backend: Backend) -> Result<Self, KeyRejected> {
        Self::from_public_key(PublicKey::from_spki(der)?, backend)
    }

    /// Prepares a key that was read, for `backend`.
    pub(crate) fn from_public_key(
        key: PublicKey<'_>,
        backend: Backend,
    ) -> Result<Self, KeyRejected> {
        let prepared = match backend.settled() {
            Backend::Accel => Prepared::Accel(accel::PreparedKey::new(key)?),
            Backend::AwsLc | Backend::Auto => Prepared::AwsLc(aws_lc::PreparedKey::new(key)?),
            Backend::Ring => Prepared::Ring(ring::PreparedKey::new(key)?),
        };
        Ok(Self {
            serial: KeySerial::next(),
            kind: key.kind,
            prepared,
        })
    }

    /// What tells this key from all others.
    pub(crate) const fn serial(&self) -> KeySerial {
        self.serial
    }

    /// Whether this key verifies signatures of `algorithm`.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm) -> bool {
        self.kind.verifies(algorithm)
    }

    /// Checks `signature` over `message`, after `algorithm` was checked against the key's own: the bare primitive, with
    /// neither a token nor a policy around it. Signatures have the form of RFC 7518 sections 3.3 to 3.5 (ECDSA: R and S
    /// at fixed width, never DER) and RFC 8037 section 3.1.
    ///
    /// # Errors
    ///
    /// [`AlgorithmMismatch`](VerifyError::AlgorithmMismatch) or
    /// [`SignatureInvalid`](VerifyError::SignatureInvalid).
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        if !self.verifies(algorithm) {
            return Err(VerifyError::AlgorithmMismatch);
        }
        if signature.len() != self.kind.signature_length() {
            return Err(VerifyError::SignatureInvalid);
        }
        let is_valid = match &self.prepared {
            Prepared::AwsLc(key) => key.is_valid(algorithm, message, signature),
            Prepared::Ring(key) => key.is_valid(algorithm, message, signature),
            Prepared::Accel(key) => key.is_valid(algorithm, message, signature),
        };
        if is_valid {
            Ok(())
        } else {
            Err(VerifyError::SignatureInvalid)
        }
    }
}
