//! A secret that two parties share: the one kind of key that both signs and verifies, and nothing but HS256.
//!
//! It is a type of its own and is read from the text of a secret alone. There is no way from here to a
//! [`VerifyingKey`](super::VerifyingKey) or back, so no public key ever serves as a secret (RFC 8725 section 3.1).

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::error::{ConfigError, VerifyError};
use crate::limits::SHARED_SECRET_LENGTHS;

/// The name of the one algorithm (RFC 7518 section 3.2).
pub(crate) const HS256: &str = "HS256";

/// The secret that an installation shares with the app, `sharedSecret` of the message that installs it.
///
/// `Debug` shows nothing of it. What the library keeps of it is wiped when it is dropped, and so is the text.
pub struct SharedSecret {
    key: hmac::Key,
}

impl SharedSecret {
    /// Takes the text as it was sent: the key is its bytes in UTF-8, which are not decoded further.
    ///
    /// ```
    /// # use asap_engine::SharedSecret;
    /// assert!(SharedSecret::new("7512836e-9137-48ac-baaf-a1935b96e17a").is_ok());
    /// assert!(SharedSecret::new("too short").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If it has less than 32 bytes ("A key of the same size as the hash output or larger MUST be used", RFC 7518 section
    /// 3.2) or more than 1,024, or if it is a PEM text, which others know.
    pub fn new(secret: impl Into<String>) -> Result<Self, ConfigError> {
        let secret = Zeroizing::new(secret.into());
        if !SHARED_SECRET_LENGTHS.contains(&secret.len()) {
            let (least, most) = SHARED_SECRET_LENGTHS.into_inner();
            return Err(ConfigError::new(format!(
                "a shared secret must have {least} to {most} bytes"
            )));
        }
        if secret.contains("-----BEGIN ") {
            return Err(ConfigError::new(
                "a PEM text is no shared secret: give the sharedSecret that the product sent",
            ));
        }
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        })
    }

    /// Checks `signature` over `message`, in a time that does not depend on where the two differ.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        hmac::verify(&self.key, message, signature).map_err(|_| VerifyError::SignatureInvalid)
    }

    /// The signature over `message`.
    pub(crate) fn sign(&self, message: &[u8]) -> impl AsRef<[u8]> + use<> {
        hmac::sign(&self.key, message)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Algorithm, SigningKey};

    const SECRET: &str = "7512836e-9137-48ac-baaf-a1935b96e17a";

    #[test]
    fn a_signature_is_good_under_its_secret_and_message_alone() {
        let secret = SharedSecret::new(SECRET).unwrap();
        let signature = secret.sign(b"message");
        let signature = signature.as_ref();
        assert_eq!(secret.verify(b"message", signature), Ok(()));
        let other = SharedSecret::new(SECRET.to_uppercase()).unwrap();
        let invalid = Err(VerifyError::SignatureInvalid);
        assert_eq!(other.verify(b"message", signature), invalid);
        assert_eq!(secret.verify(b"massage", signature), invalid);
        for shorter in 0..signature.len() {
            assert_eq!(secret.verify(b"message", &signature[..shorter]), invalid);
        }
        assert_eq!(
            secret.verify(b"message", &[signature, &[0]].concat()),
            invalid
        );
    }

    #[test]
    fn the_key_is_the_bytes_of_the_text() {
        // RFC 4231 section 4.7 has a key and a message of this kind, with bytes that are no text; this is its shape.
        let secret = SharedSecret::new("a".repeat(32)).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[b'a'; 32]);
        assert_eq!(secret.sign(b"m").as_ref(), hmac::sign(&key, b"m").as_ref());
    }

    #[test]
    fn what_is_too_short_too_long_or_public_is_no_secret() {
        for length in [0, 31, 1025] {
            assert!(SharedSecret::new("s".repeat(length)).is_err(), "{length}");
        }
        for length in [32, 1024] {
            assert!(SharedSecret::new("s".repeat(length)).is_ok(), "{length}");
        }
        let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        assert!(SharedSecret::new(key.public_key_pem()).is_err());
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = SharedSecret::new(SECRET).unwrap();
        assert_eq!(format!("{secret:?}"), "SharedSecret { .. }");
    }
}
