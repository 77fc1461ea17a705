//! Tokens: signed ones, and ones that only look so far as nobody has the key to check them with.

use std::time::SystemTime;

use asap_engine::{Algorithm, SigningKey};
use base64_simd::URL_SAFE_NO_PAD;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;

use crate::Failure;

/// The resource server that the tokens are for.
pub(crate) const AUDIENCE: &str = "bench/gateway";

/// One key that signs for everybody: RS256, since that is the cheapest to verify.
#[derive(Debug)]
pub(crate) struct Signer {
    key: SigningKey,
    issued_at: u64,
}

impl Signer {
    /// Makes the key. Tokens are good for an hour from now.
    pub(crate) fn new() -> Result<Self, Failure> {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        Ok(Self {
            key: SigningKey::generate(Algorithm::Rs256)?.0,
            issued_at: since_epoch.as_secs(),
        })
    }

    /// The public key, as a key repository publishes it.
    pub(crate) fn public_key_pem(&self) -> &str {
        self.key.public_key_pem()
    }

    /// The public key as a JWK set that has it under each of `key_ids`, for verifiers that want one.
    pub(crate) fn key_set(&self, key_ids: &[&str]) -> Result<String, Failure> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(self.public_key_pem().as_bytes())?;
        // A SubjectPublicKeyInfo of RSA with 2048 bits and e = 65537 is 294 bytes, of which n are 33 to 288.
        let bytes = der.as_ref();
        let (Some(n), Some(e), 294) = (bytes.get(33..289), bytes.get(291..), bytes.len()) else {
            return Err("the public key is not one of RSA with 2048 bits".into());
        };
        let [n, e] = [n, e].map(|part| URL_SAFE_NO_PAD.encode_to_string(part));
        let keys: Vec<_> = key_ids
            .iter()
            .map(|key_id| json!({ "kty": "RSA", "alg": "RS256", "kid": key_id, "n": n, "e": e }))
            .collect();
        Ok(json!({ "keys": keys }).to_string())
    }

    /// A good token of `issuer` under `key_id`. `number` makes it a token of its own.
    pub(crate) fn token(
        &self,
        issuer: &str,
        key_id: &str,
        number: usize,
    ) -> Result<String, Failure> {
        let mut token = self.signing_input(issuer, key_id, number);
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_append(signature, &mut token);
        Ok(token)
    }

    /// A token that is admitted and whose signature is zeros: it costs nothing to make.
    pub(crate) fn unsigned(&self, issuer: &str, key_id: &str, number: usize) -> String {
        let mut token = self.signing_input(issuer, key_id, number);
        token.push('.');
        URL_SAFE_NO_PAD.encode_append([0_u8; 256], &mut token);
        token
    }

    fn signing_input(&self, issuer: &str, key_id: &str, number: usize) -> String {
        let header = format!(r#"{{"alg":"RS256","kid":"{key_id}","typ":"JWT"}}"#);
        let (from, until) = (self.issued_at, self.issued_at.saturating_add(3600));
        let payload = format!(
            r#"{{"iss":"{issuer}","sub":"{issuer}","aud":"{AUDIENCE}","iat":{from},"nbf":{from},"exp":{until},"jti":"6f1d2c3b-8a90-4e5f-b7c6-{number:012x}"}}"#
        );
        let mut input = URL_SAFE_NO_PAD.encode_to_string(header);
        input.push('.');
        URL_SAFE_NO_PAD.encode_append(payload, &mut input);
        input
    }
}
