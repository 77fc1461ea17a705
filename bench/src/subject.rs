//! Keys and tokens to measure with.

use std::error::Error;

use asap_engine::{Algorithm, RsaKeySize, SigningKey, UnixTime};
use base64_simd::URL_SAFE_NO_PAD;

/// The resource server that the tokens are for.
pub const AUDIENCE: &str = "micros/service-b";
/// The `kid` of the key that signs them.
pub const KEY_ID: &str = "micros/service-a/key-2026-11";
/// The time at which they are verified, in seconds: ten seconds after they were issued.
pub const NOW: i64 = 1_795_000_010;

const ISSUER: &str = "micros/service-a";

/// Distinct tokens signed with one key.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tokens {
    /// The algorithm of their signatures.
    pub algorithm: Algorithm,
    /// The key's public half, as a key repository publishes it.
    pub public_key_pem: String,
    /// The tokens.
    pub tokens: Vec<String>,
}

impl Tokens {
    /// Makes a key for `algorithm` and signs `count` tokens with it. RSA keys have `size`.
    ///
    /// # Errors
    ///
    /// If the library makes no key or does not sign.
    pub fn sign(
        algorithm: Algorithm,
        size: RsaKeySize,
        count: usize,
    ) -> Result<Self, Box<dyn Error>> {
        let (key, _) = match algorithm.name().as_bytes() {
            [b'R' | b'P', ..] => SigningKey::generate_rsa(algorithm, size)?,
            _ => SigningKey::generate(algorithm)?,
        };
        Self::sign_with(&key, "", count)
    }

    /// Signs `count` tokens with `key`. `claims` are members that each payload has beside its own, each with a comma
    /// before it.
    ///
    /// # Errors
    ///
    /// If the library does not sign.
    pub fn sign_with(key: &SigningKey, claims: &str, count: usize) -> Result<Self, Box<dyn Error>> {
        let algorithm = key.algorithm();
        let tokens: Result<_, _> = (0..count)
            .map(|number| token(key, number, claims))
            .collect();
        Ok(Self {
            algorithm,
            public_key_pem: key.public_key_pem().to_owned(),
            tokens: tokens?,
        })
    }

    /// The time at which they are verified.
    #[must_use]
    pub const fn now() -> UnixTime {
        UnixTime::from_secs(NOW)
    }
}

/// Signs the realistic token. Its `jti` is the UUID of `number`.
fn token(key: &SigningKey, number: usize, claims: &str) -> Result<String, asap_engine::SignError> {
    let issued_at = NOW.saturating_sub(10);
    let expires_at = NOW.saturating_add(50);
    let header = format!(
        r#"{{"alg":"{}","kid":"{KEY_ID}","typ":"JWT"}}"#,
        key.algorithm()
    );
    let payload = format!(
        r#"{{"iss":"{ISSUER}","sub":"{ISSUER}","aud":"{AUDIENCE}","iat":{issued_at},"nbf":{issued_at},"exp":{expires_at},"jti":"6f1d2c3b-8a90-4e5f-b7c6-{number:012x}"{claims}}}"#
    );
    let mut token = URL_SAFE_NO_PAD.encode_to_string(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_append(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_append(signature, &mut token);
    Ok(token)
}
