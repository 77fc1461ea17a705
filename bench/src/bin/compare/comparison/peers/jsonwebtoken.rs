//! jsonwebtoken, on aws-lc.

use std::error::Error;

use jsonwebtoken::{DecodingKey, Validation, decode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Verifier;
use crate::comparison::task::{Key, Task};

/// The claims that a token must have, which is how this library is told that it must have them.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read to be there, and not used after")]
struct Claims {
    iss: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
    nbf: Option<u64>,
    sub: Option<String>,
}

/// The same for tokens that have neither `aud` nor `jti`.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read to be there, and not used after")]
struct FewerClaims {
    iss: String,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    sub: Option<String>,
}

pub(super) fn verifier(task: &Task<'_>) -> Result<Option<Verifier>, Box<dyn Error>> {
    let Some(key) = decoding_key(task.key)? else {
        return Ok(None);
    };
    let mut validation = Validation::new(task.key.algorithm().parse()?);
    validation.leeway = 30;
    validation.validate_nbf = true;
    validation.set_issuer(&[task.profile.issuer()]);
    Ok(Some(match task.profile.audience() {
        Some(audience) => {
            validation.set_audience(&[audience]);
            validation.set_required_spec_claims(&["exp", "aud", "iss"]);
            accepting::<Claims>(key, validation)
        }
        None => {
            validation.set_required_spec_claims(&["exp", "iss"]);
            accepting::<FewerClaims>(key, validation)
        }
    }))
}

fn accepting<C: DeserializeOwned + 'static>(key: DecodingKey, validation: Validation) -> Verifier {
    Box::new(move |call| decode::<C>(&call.token, &key, &validation).is_ok())
}

/// The key as this library keeps it.
pub(super) fn decoding_key(key: Key<'_>) -> Result<Option<DecodingKey>, Box<dyn Error>> {
    let (algorithm, pem) = match key {
        Key::Public(algorithm, pem) => (algorithm, pem.as_bytes()),
        Key::Secret(secret) => return Ok(Some(DecodingKey::from_secret(secret.as_bytes()))),
    };
    Ok(match algorithm.name() {
        "EdDSA" => Some(DecodingKey::from_ed_pem(pem)?),
        "ES256" | "ES384" => Some(DecodingKey::from_ec_pem(pem)?),
        name if name.starts_with(['R', 'P']) => Some(DecodingKey::from_rsa_pem(pem)?),
        _ => None,
    })
}
