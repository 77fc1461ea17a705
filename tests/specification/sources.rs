//! Clients, the tokens that they issue, and what is in those as libraries other than the engine see it.

use asap_engine::{Algorithm, Engine, Identity, Issuer, Keyring, Policy};
use asap_tests::fixture::{NOW, block_on, engine, policy};
use asap_tests::keys::{der_of, owned_key};
use asap_tests::token::{decoded, signature_of};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

/// The segment of this number, 0 the header and 1 the claims, read as JSON.
pub(crate) fn json(token: &str, segment: usize) -> Value {
    let text = decoded(token.split('.').nth(segment).unwrap());
    serde_json::from_slice(&text).unwrap()
}

/// Whether the signature of `token` is one of RSASSA-PKCS1-v1_5 with SHA-256 by this key, over what JWS says.
pub(crate) fn verifies_rs256(token: &str, public_key_pem: &str) -> bool {
    let (input, _) = token.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der_of(public_key_pem));
    key.verify(input.as_bytes(), &signature_of(token)).is_ok()
}

/// Who sent a good token, by the fixture's keys.
pub(crate) fn identity(policy: Policy, token: &str) -> Identity {
    identity_by(&engine(policy), token)
}

/// Who sent a good token, by the keys of `engine`.
pub(crate) fn identity_by(engine: &Engine<Keyring>, token: &str) -> Identity {
    block_on(engine.verify(token.as_bytes())).unwrap()
}

/// The client `client`, with its key for ES256.
pub(crate) fn client() -> Issuer {
    issuer(Algorithm::Es256)
}

/// The client `client`, with its key for `algorithm`.
pub(crate) fn issuer(algorithm: Algorithm) -> Issuer {
    let kid = format!("client/{algorithm}");
    Issuer::new("client", &kid, owned_key(algorithm)).unwrap()
}

/// A resource server that knows the key of `issuer` and no other.
pub(crate) fn engine_of(issuer: &Issuer) -> Engine<Keyring> {
    let pem = [(issuer.key_id(), issuer.public_key_pem().as_bytes())];
    Engine::new(policy(), Keyring::from_pems(pem).unwrap()).with_clock(|| NOW)
}
