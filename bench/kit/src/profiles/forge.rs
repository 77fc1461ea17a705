//! Forge: the invocation token of a call from a macro, with `app`, `context` and `principal`; 1,826 bytes with an RSA key of 2048
//! bits.

use std::error::Error;

use base64_simd::URL_SAFE_NO_PAD;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

use crate::subject::Life;

/// `iss` of every invocation token.
pub const ISSUER: &str = "forge/invocation-token";
/// `aud`: the app that is called.
pub const APP: &str = "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107";
/// The `kid` of the key that signs.
pub const KEY_ID: &str = "forge/invocation-token/c1a3e8f2-1f0d-4a6b-9d4e-52f7a6b0c9d1";

/// The header of the tokens.
#[must_use]
pub fn header() -> String {
    format!(r#"{{"typ":"JWT","kid":"{KEY_ID}","alg":"RS256"}}"#)
}

/// The payload of token number `number` for `app`.
#[must_use]
pub fn payload(number: usize, app: &str, life: Life) -> String {
    let Life {
        issued_at,
        expires_at,
    } = life;
    format!(
        r#"{{"app":{{"id":"{app}","version":"16","appVersion":"16.0.1","installationId":"ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5","apiBaseUrl":"https://api.atlassian.com/ex/confluence/d0d52620-3203-4cfa-8db5-f2587155f0dd","environment":{{"type":"PRODUCTION","id":"ari:cloud:ecosystem::environment/8db33809-1f32-48bb-8c52-5877dab48107/22e2d2f1"}},"module":{{"type":"xen:macro","key":"forge-remote-app-node"}}}},"context":{{"localId":"4654fa12-4c7c-4792-95a9-6019edb27953","cloudId":"d0d52620-3203-4cfa-8db5-f2587155f0dd","moduleKey":"forge-remote-app-node","siteUrl":"https://example.atlassian.net","extension":{{"type":"macro","content":{{"id":"5341185"}},"isEditing":false,"references":[]}}}},"principal":"655362:312d3308-8954-42b0-aa38-771a10c88656","iss":"{ISSUER}","aud":"{app}","iat":{issued_at},"nbf":{issued_at},"exp":{expires_at},"jti":"d8a496253ec8c18a54631e4c{number:016x}"}}"#
    )
}

/// The JWK Set with the RSA key of this PEM text, of 2048 bits, as Atlassian publishes its own.
///
/// # Errors
///
/// If it is another key.
pub fn jwk_set(public_key_pem: &str) -> Result<String, Box<dyn Error>> {
    /// The head of a modulus of 2048 bits in DER: an integer of 257 bytes, the first of which is zero.
    const MODULUS: [u8; 5] = [0x02, 0x82, 0x01, 0x01, 0x00];
    /// The exponent after it, 65537, which ends the key.
    const EXPONENT: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
    let der = SubjectPublicKeyInfoDer::from_pem_slice(public_key_pem.as_bytes())?;
    let modulus = der
        .as_ref()
        .strip_suffix(&EXPONENT)
        .and_then(<[u8]>::split_last_chunk::<256>)
        .filter(|(before, _)| before.ends_with(&MODULUS))
        .map(|(_, modulus)| URL_SAFE_NO_PAD.encode_to_string(modulus))
        .ok_or("an RSA key of 2048 bits with the usual exponent")?;
    Ok(format!(
        r#"{{"keys":[{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{KEY_ID}","n":"{modulus}","e":"AQAB"}}]}}"#
    ))
}
