//! Keys and tokens to measure with.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use asap_engine::{Algorithm, RsaKeySize, SignError, SigningKey, UnixTime};
use base64_simd::URL_SAFE_NO_PAD;

/// The resource server that the tokens are for.
pub const AUDIENCE: &str = "micros/service-b";
/// The `kid` of the key that signs them.
pub const KEY_ID: &str = "micros/service-a/key-2026-11";
/// The time at which they are verified, in seconds: ten seconds after they were issued.
pub const NOW: i64 = 1_795_000_010;

/// The `iss` that owns it.
pub const ISSUER: &str = "micros/service-a";

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
        Self::sign_with(&key(algorithm, size)?, "", count)
    }

    /// Signs `count` tokens with `key`. `claims` are members that each payload has beside its own, each with a comma
    /// before it.
    ///
    /// # Errors
    ///
    /// If the library does not sign.
    pub fn sign_with(key: &SigningKey, claims: &str, count: usize) -> Result<Self, Box<dyn Error>> {
        Self::sign_as(key, &Saying::default().with_claims(claims), count)
    }

    /// Signs `count` tokens with `key`, which say what `saying` says.
    ///
    /// # Errors
    ///
    /// If the library does not sign.
    pub fn sign_as(
        key: &SigningKey,
        saying: &Saying<'_>,
        count: usize,
    ) -> Result<Self, Box<dyn Error>> {
        let payloads = (0..count).map(|number| saying.payload(number));
        Self::sign_payloads(key, &header(key.algorithm()), payloads)
    }

    /// Signs each of `payloads` with `key`, under this header.
    ///
    /// # Errors
    ///
    /// If the library does not sign.
    pub fn sign_payloads(
        key: &SigningKey,
        header: &str,
        payloads: impl IntoIterator<Item = String>,
    ) -> Result<Self, Box<dyn Error>> {
        let tokens: Result<_, _> = payloads
            .into_iter()
            .map(|payload| sign_parts(key, header, payload.as_bytes()))
            .collect();
        Ok(Self {
            algorithm: key.algorithm(),
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

/// Makes a key for `algorithm`. RSA keys have `size`.
///
/// # Errors
///
/// If the library makes no key.
pub fn key(algorithm: Algorithm, size: RsaKeySize) -> Result<SigningKey, Box<dyn Error>> {
    let (key, _) = match algorithm.name().as_bytes() {
        [b'R' | b'P', ..] => SigningKey::generate_rsa(algorithm, size)?,
        _ => SigningKey::generate(algorithm)?,
    };
    Ok(key)
}

/// When a token is issued, and until when it lives, in seconds.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Life {
    /// `iat`.
    pub issued_at: i64,
    /// `exp`.
    pub expires_at: i64,
}

impl Life {
    /// The hour that began ten seconds ago by the system's clock: most libraries ask that clock and no other.
    #[must_use]
    pub fn of_this_hour() -> Self {
        Self::from_now(-10, 3_590)
    }

    /// One that is over, whatever the leeway.
    #[must_use]
    pub fn over() -> Self {
        Self::from_now(-7_200, -3_700)
    }

    /// One that has not begun.
    #[must_use]
    pub fn to_come() -> Self {
        Self::from_now(3_600, 7_100)
    }

    fn from_now(issued_at: i64, expires_at: i64) -> Self {
        let now = now();
        Self {
            issued_at: now.saturating_add(issued_at),
            expires_at: now.saturating_add(expires_at),
        }
    }
}

/// What tokens say, beside an id of their own.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    life: Life,
    audience: &'a str,
    claims: &'a str,
}

impl Default for Saying<'_> {
    fn default() -> Self {
        Self {
            life: Life {
                issued_at: NOW.saturating_sub(10),
                expires_at: NOW.saturating_add(50),
            },
            audience: AUDIENCE,
            claims: "",
        }
    }
}

impl<'a> Saying<'a> {
    /// That they live for [this hour](Life::of_this_hour).
    #[must_use]
    pub fn of_this_hour() -> Self {
        Self::default().with_life(Life::of_this_hour())
    }

    /// That they live then.
    #[must_use]
    pub const fn with_life(mut self, life: Life) -> Self {
        self.life = life;
        self
    }

    /// That they are for `audience`.
    #[must_use]
    pub const fn with_audience(mut self, audience: &'a str) -> Self {
        self.audience = audience;
        self
    }

    /// Members of their own, each with a comma before it.
    #[must_use]
    pub const fn with_claims(mut self, claims: &'a str) -> Self {
        self.claims = claims;
        self
    }

    /// The payload of token number `number`, whose `jti` is a UUID.
    #[must_use]
    pub fn payload(&self, number: usize) -> String {
        let Self {
            life,
            audience,
            claims,
        } = self;
        let Life {
            issued_at,
            expires_at,
        } = life;
        format!(
            r#"{{"iss":"{ISSUER}","sub":"{ISSUER}","aud":"{audience}","iat":{issued_at},"nbf":{issued_at},"exp":{expires_at},"jti":"6f1d2c3b-8a90-4e5f-b7c6-{number:012x}"{claims}}}"#
        )
    }
}

/// The header that goes with `algorithm`, of a token that the one key signs.
#[must_use]
pub fn header(algorithm: Algorithm) -> String {
    header_of(algorithm, KEY_ID)
}

/// The same for the key that `key_id` names.
#[must_use]
pub fn header_of(algorithm: Algorithm, key_id: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","kid":"{key_id}","typ":"JWT"}}"#)
}

/// A token of this header and this payload, whatever they are.
///
/// # Errors
///
/// If the library does not sign.
pub fn sign_parts(key: &SigningKey, header: &str, payload: &[u8]) -> Result<String, SignError> {
    let mut token = URL_SAFE_NO_PAD.encode_to_string(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_append(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_append(signature, &mut token);
    Ok(token)
}

/// `token` with the signature of `other`. `None` if one of them is no token.
#[must_use]
pub fn with_signature_of(token: &str, other: &str) -> Option<String> {
    let (input, _) = token.rsplit_once('.')?;
    let (_, signature) = other.rsplit_once('.')?;
    Some(format!("{input}.{signature}"))
}

/// The time by the system's clock, in seconds.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
