//! The client side of the protocol: claims become a signed token, which is reused until near its expiry.
//!
//! "In this version, the access tokens are issued by the client, who assumes the role of the issuer and decides
//! the subject." An [`Issuer`] holds one service's name and one of its keys. It reads no clock and opens no
//! connection: `now` is an argument, and publishing the public key is the caller's.
//!
//! ```
//! use asap_engine::{Algorithm, Issuer, SigningKey, TokenRequest, UnixTime};
//!
//! let (key, _private_pem) = SigningKey::generate(Algorithm::Es256)?;
//! let issuer = Issuer::new("my-service", "my-service/key-1", key)?;
//! let request = TokenRequest::new("their-service");
//! let token = issuer.token(&request, UnixTime::from_secs(1_700_000_000))?;
//! // The same token serves further requests, until three quarters of its minute are over.
//! assert_eq!(token, issuer.token(&request, UnixTime::from_secs(1_700_000_045))?);
//! assert_ne!(token, issuer.token(&request, UnixTime::from_secs(1_700_000_046))?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod claim_json;
mod claim_value;
mod lifetime;
mod request;
mod reuse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

pub use self::claim_json::JsonNumber;
pub use self::claim_value::ClaimValue;
pub(crate) use self::claim_value::write_string;
pub(crate) use self::lifetime::Lifetime;
pub use self::request::TokenRequest;
use self::reuse::{Issued, KeptTokens};
use crate::crypto::{Algorithm, SignError, SigningKey};
use crate::error::ConfigError;
use crate::keys::{KeyId, is_service_identifier};
use crate::limits::MAX_TOKEN_LENGTH;
use crate::time::UnixTime;

/// Signs the tokens of one service with one of its keys.
///
/// Shared between threads as it is. To change the key, make a new one.
pub struct Issuer {
    issuer: String,
    key_id: String,
    key: SigningKey,
    /// The first segment and its dot, the same in every token.
    header: String,
    lifetime: Lifetime,
    kept: KeptTokens,
}

impl Issuer {
    /// An issuer of the service `issuer`, with the key that the key repository publishes as `key_id`. Tokens live
    /// for 60 seconds.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if either name is outside the grammar, or the key is not the issuer's: "The value of
    /// `kid` MUST be prefixed with the service identifier of the client and a `/` character."
    pub fn new(issuer: &str, key_id: &str, key: SigningKey) -> Result<Self, ConfigError> {
        if !is_service_identifier(issuer) {
            return Err(ConfigError::new(
                "the issuer must be non-empty segments of letters, digits and . _ - + joined by slashes, none of them . or ..",
            ));
        }
        let key_id = KeyId::parse(key_id).ok_or_else(|| {
            ConfigError::new(
                "the key id must be non-empty segments of letters, digits and . _ - + joined by slashes, none of them . or ..",
            )
        })?;
        if !key_id.is_owned_by(issuer) {
            return Err(ConfigError::new(
                "the key id must start with the issuer and a slash: my-service/key-1 for my-service",
            ));
        }
        // Neither name has a character that JSON escapes.
        let header = format!(
            r#"{{"alg":"{}","kid":"{key_id}","typ":"JWT"}}"#,
            key.algorithm()
        );
        let mut header = base64_simd::URL_SAFE_NO_PAD.encode_to_string(header);
        header.push('.');
        Ok(Self {
            issuer: issuer.to_owned(),
            key_id: key_id.as_str().to_owned(),
            key,
            header,
            lifetime: Lifetime::OF_SERVICES,
            kept: KeptTokens::default(),
        })
    }

    /// Lets tokens live for `lifetime`, a whole number of seconds from one second to one hour ("There is a hard
    /// limit of one hour"). Shorter is safer; reuse ends with the third quarter of it.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for any other lifetime.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Result<Self, ConfigError> {
        self.lifetime = Lifetime::new(lifetime)?;
        self.kept = KeptTokens::default();
        Ok(self)
    }

    /// The service that this issues for, as `iss` says it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The name of the key, as `kid` says it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The algorithm that tokens are signed with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The public key, for the key repository to publish: see [`SigningKey::public_key_pem`].
    #[must_use]
    pub fn public_key_pem(&self) -> &str {
        self.key.public_key_pem()
    }

    /// Signs a new token, for one use: for resource servers that enforce "a token single use policy".
    ///
    /// `iat` is `now` in whole seconds, rounded down, and `exp` later by exactly the lifetime.
    ///
    /// # Errors
    ///
    /// [`SignError`]: an empty audience, an `nbf` after `exp`, a clock out of range, a token that no verifier
    /// would read, or a library that does not sign.
    pub fn sign(&self, request: &TokenRequest, now: UnixTime) -> Result<String, SignError> {
        let (issued_at, expires_at) = self.lifetime.times(now)?;
        self.sign_for(request, issued_at, expires_at)
    }

    /// A token for this request: the one that was last issued for an equal request, or a new one.
    ///
    /// A token is reused while a quarter of its life or more is left, and not if the clock was set back to before
    /// its `iat`. Up to 256 requests have their token kept, the least recently used one gives way.
    /// Signing holds no lock: threads that miss at the same time sign each for itself, and then use one of the
    /// tokens.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn token(&self, request: &TokenRequest, now: UnixTime) -> Result<Arc<str>, SignError> {
        if let Some(token) = self.kept.find(request, now) {
            return Ok(token);
        }
        let (issued_at, expires_at) = self.lifetime.times(now)?;
        let issued = Issued {
            token: self.sign_for(request, issued_at, expires_at)?.into(),
            issued_at,
            expires_at,
        };
        Ok(self.kept.keep(request, issued, now))
    }

    fn sign_for(
        &self,
        request: &TokenRequest,
        issued_at: i64,
        expires_at: i64,
    ) -> Result<String, SignError> {
        let base64url = base64_simd::URL_SAFE_NO_PAD;
        let payload = request.payload(&self.issuer, issued_at, expires_at, &token_id()?)?;
        let mut token = self.header.clone();
        base64url.encode_append(payload, &mut token);
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        base64url.encode_append(signature, &mut token);
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(SignError::TokenTooLong);
        }
        Ok(token)
    }
}

/// A fresh `jti`: 128 random bits in lower-case hexadecimal.
///
/// "The client MUST ensure that there is a very low probability that at any point in time there are more than one
/// valid and non-expired tokens with the same `jti` value, considering that there may be many issuers": among a
/// million million live tokens, one chance in 10^14. A UUID would spend six of the bits on saying that it is one.
fn token_id() -> Result<String, SignError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| SignError::Backend)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("issuer", &self.issuer)
            .field("key_id", &self.key_id)
            .field("key", &self.key)
            .field("lifetime_seconds", &self.lifetime.seconds())
            .finish_non_exhaustive()
    }
}
