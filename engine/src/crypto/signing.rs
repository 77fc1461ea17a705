//! Private keys, and the signatures they make.
//!
//! A [`SigningKey`] is tied to its algorithm when it is loaded, as a verifying key is. Its text is read in `keys/private.rs`;
//! this module holds the key, signs, and says what to publish. It never gives the private key back, except once,
//! to whoever generates it.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};

use super::{Algorithm, SignError};
use crate::error::KeyRejected;
use crate::keys::{PrivateKeyPem, check_pkcs1, check_pkcs8, check_sec1, encode_section};

/// A private key and the one algorithm that it signs with.
///
/// `Debug` shows the algorithm and nothing of the key.
///
/// ```
/// use asap_engine::{Algorithm, SigningKey};
///
/// let (key, private_pem) = SigningKey::generate(Algorithm::Es256)?;
/// assert!(key.public_key_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
/// let again = SigningKey::from_pem(Algorithm::Es256, private_pem.as_str().as_bytes())?;
/// assert_eq!(again.public_key_pem(), key.public_key_pem());
/// # Ok::<(), asap_engine::KeyRejected>(())
/// ```
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
    public_key_pem: String,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// How an algorithm signs.
enum Scheme {
    Rsa(&'static dyn RsaEncoding),
    Ecdsa(&'static EcdsaSigningAlgorithm),
    Ed25519,
}

impl Scheme {
    /// The salt of PSS is as long as the hash (RFC 7518 section 3.5), and ECDSA signatures are R and S in fixed
    /// width (section 3.4): both are the library's defaults for these constants.
    fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 => Self::Rsa(&RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(&RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(&RSA_PKCS1_SHA512),
            Algorithm::Ps256 => Self::Rsa(&RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::Rsa(&RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::Rsa(&RSA_PSS_SHA512),
            Algorithm::Es256 => Self::Ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => Self::Ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => Self::Ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::EdDsa => Self::Ed25519,
        }
    }
}

/// The length of a generated RSA modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RsaKeySize {
    /// 2048 bits, the least that RFC 7518 section 3.3 allows, and the cheapest to verify.
    #[default]
    Bits2048,
    /// 3072 bits.
    Bits3072,
    /// 4096 bits.
    Bits4096,
    /// 8192 bits. Generating one takes many seconds.
    Bits8192,
}

impl RsaKeySize {
    const fn backend(self) -> KeySize {
        match self {
            Self::Bits2048 => KeySize::Rsa2048,
            Self::Bits3072 => KeySize::Rsa3072,
            Self::Bits4096 => KeySize::Rsa4096,
            Self::Bits8192 => KeySize::Rsa8192,
        }
    }
}

impl SigningKey {
    /// Makes a new key for `algorithm`, and returns its private PEM (PKCS#8) with it. RSA keys have 2048 bits.
    ///
    /// # Errors
    ///
    /// [`KeyRejected::Backend`] if the library makes none.
    pub fn generate(algorithm: Algorithm) -> Result<(Self, PrivateKeyPem), KeyRejected> {
        match Scheme::of(algorithm) {
            Scheme::Rsa(_) => Self::generate_rsa(algorithm, RsaKeySize::default()),
            Scheme::Ecdsa(scheme) => {
                let pair = EcdsaKeyPair::generate(scheme).map_err(backend)?;
                let document = pair.to_pkcs8v1().map_err(backend)?;
                let pem = PrivateKeyPem::from_pkcs8(document.as_ref());
                Ok((Self::new(algorithm, Pair::Ecdsa(pair))?, pem))
            }
            Scheme::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(backend)?;
                // Version 1, which every OpenSSL reads; version 2 adds the public key and gains nothing.
                let document = pair.to_pkcs8v1().map_err(backend)?;
                let pem = PrivateKeyPem::from_pkcs8(document.as_ref());
                Ok((Self::new(algorithm, Pair::Ed25519(pair))?, pem))
            }
        }
    }

    /// Makes a new RSA key of `size`, and returns its private PEM (PKCS#8) with it.
    ///
    /// # Errors
    ///
    /// [`KeyRejected::UnsupportedAlgorithm`] if `algorithm` is none of RSA; [`KeyRejected::Backend`] if the
    /// library makes none.
    pub fn generate_rsa(
        algorithm: Algorithm,
        size: RsaKeySize,
    ) -> Result<(Self, PrivateKeyPem), KeyRejected> {
        let Scheme::Rsa(encoding) = Scheme::of(algorithm) else {
            return Err(KeyRejected::UnsupportedAlgorithm);
        };
        let pair = RsaKeyPair::generate(size.backend()).map_err(backend)?;
        let document = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(backend)?;
        let pem = PrivateKeyPem::from_pkcs8(document.as_ref());
        Ok((Self::new(algorithm, Pair::Rsa(pair, encoding))?, pem))
    }

    /// Takes a PKCS#8 `PrivateKeyInfo` (RFC 5208) or `OneAsymmetricKey` (RFC 5958).
    pub(crate) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyRejected> {
        check_pkcs8(algorithm, der)?;
        let pair = match Scheme::of(algorithm) {
            Scheme::Rsa(encoding) => {
                Pair::Rsa(RsaKeyPair::from_pkcs8(der).map_err(rejected)?, encoding)
            }
            Scheme::Ecdsa(scheme) => {
                Pair::Ecdsa(EcdsaKeyPair::from_pkcs8(scheme, der).map_err(rejected)?)
            }
            Scheme::Ed25519 => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(rejected)?),
        };
        Self::new(algorithm, pair)
    }

    /// Takes a PKCS#1 `RSAPrivateKey` (RFC 8017 appendix A.1.2).
    pub(crate) fn from_pkcs1(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyRejected> {
        check_pkcs1(algorithm, der)?;
        let Scheme::Rsa(encoding) = Scheme::of(algorithm) else {
            return Err(KeyRejected::UnsupportedAlgorithm);
        };
        let pair = RsaKeyPair::from_der(der).map_err(rejected)?;
        Self::new(algorithm, Pair::Rsa(pair, encoding))
    }

    /// Takes a SEC1 `ECPrivateKey` (RFC 5915).
    pub(crate) fn from_sec1(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyRejected> {
        check_sec1(algorithm, der)?;
        let Scheme::Ecdsa(scheme) = Scheme::of(algorithm) else {
            return Err(KeyRejected::UnsupportedAlgorithm);
        };
        let pair = EcdsaKeyPair::from_private_key_der(scheme, der).map_err(rejected)?;
        Self::new(algorithm, Pair::Ecdsa(pair))
    }

    fn new(algorithm: Algorithm, pair: Pair) -> Result<Self, KeyRejected> {
        let public_key: PublicKeyX509Der<'_> = match &pair {
            Pair::Rsa(pair, _) => pair.public_key().as_der(),
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
        }
        .map_err(backend)?;
        let public_key_pem = encode_section("PUBLIC KEY", public_key.as_ref()).to_string();
        Ok(Self {
            algorithm,
            pair,
            public_key_pem,
        })
    }

    /// The algorithm that this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What the key repository publishes under the key's `kid`: the public key as one PEM section `PUBLIC KEY`
    /// (`SubjectPublicKeyInfo`, RFC 5280 section 4.1.2.7), 64 columns wide, with a line end after its last line.
    #[must_use]
    pub fn public_key_pem(&self) -> &str {
        &self.public_key_pem
    }

    /// Signs `message`, for a token its first two segments and the dot between them (RFC 7515 section 5.1). The
    /// signature is as RFC 7518 section 3 writes it: for ECDSA, R and S in fixed width.
    ///
    /// # Errors
    ///
    /// [`SignError::Backend`] if the library does not sign.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |_: Unspecified| SignError::Backend;
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn backend(_: Unspecified) -> KeyRejected {
    KeyRejected::Backend
}

/// The library tells its reasons only by their names.
fn rejected(error: aws_lc_rs::error::KeyRejected) -> KeyRejected {
    match error.to_string().as_str() {
        "TooSmall" | "TooLarge" => KeyRejected::RsaModulus,
        "WrongAlgorithm" => KeyRejected::UnsupportedAlgorithm,
        _ => KeyRejected::Backend,
    }
}

#[cfg(test)]
mod tests;
