//! jsonwebtoken, on aws-lc.

use std::error::Error;

use asap_engine::Algorithm;
use jsonwebtoken::{DecodingKey, Validation, decode};
use serde::Deserialize;

use super::Verifier;
use asap_bench_kit::AUDIENCE;
use asap_bench_kit::subject::ISSUER;

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

pub(super) fn verifier(
    algorithm: Algorithm,
    public_key_pem: &str,
) -> Result<Option<Verifier>, Box<dyn Error>> {
    let Some(key) = decoding_key(algorithm, public_key_pem)? else {
        return Ok(None);
    };
    let mut validation = Validation::new(algorithm.name().parse()?);
    validation.leeway = 30;
    validation.validate_nbf = true;
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "aud", "iss"]);
    Ok(Some(Box::new(move |token| {
        decode::<Claims>(token, &key, &validation).is_ok()
    })))
}

/// The key as this library keeps it.
pub(super) fn decoding_key(
    algorithm: Algorithm,
    public_key_pem: &str,
) -> Result<Option<DecodingKey>, Box<dyn Error>> {
    let pem = public_key_pem.as_bytes();
    Ok(match algorithm.name() {
        "EdDSA" => Some(DecodingKey::from_ed_pem(pem)?),
        "ES256" | "ES384" => Some(DecodingKey::from_ec_pem(pem)?),
        name if name.starts_with(['R', 'P']) => Some(DecodingKey::from_rsa_pem(pem)?),
        _ => None,
    })
}
