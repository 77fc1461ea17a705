//! Public keys of JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2) as `SubjectPublicKeyInfo`, which is how a key
//! reaches this engine. Nothing is judged here: what a JWK lacks is empty, and what it has too much of is left out.

use asap_tests::forge::{der_integer, tlv};
use asap_tests::token::decoded;
use serde_json::Value;

use crate::data;

/// 1.2.840.113549.1.1.1 and NULL (RFC 3279 section 2.3.1).
const RSA_ENCRYPTION: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
/// 1.2.840.10045.2.1 (RFC 5480 section 2.1.1).
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// The key. A symmetric one is the text of its secret, as a careless reader might hand it over.
pub(crate) fn spki(jwk: &Value) -> Vec<u8> {
    let member = |name: &str| decoded(jwk[name].as_str().unwrap_or_default());
    let curve = jwk["crv"].as_str().unwrap_or_default();
    let (algorithm, key) = match data::text(jwk, "kty") {
        "RSA" => {
            let numbers = [der_integer(&member("n")), der_integer(&member("e"))].concat();
            (RSA_ENCRYPTION.to_vec(), tlv(0x30, &numbers))
        }
        "EC" => (
            [EC_PUBLIC_KEY, &curve_identifier(curve)].concat(),
            [vec![4], member("x"), member("y")].concat(),
        ),
        "OKP" => (curve_identifier(curve), member("x")),
        "oct" => return data::text(jwk, "k").into(),
        other => panic!("there is no kty {other}"),
    };
    let bits = [&[0][..], &key].concat();
    let fields = [tlv(0x30, &algorithm), tlv(3, &bits)].concat();
    tlv(0x30, &fields)
}

/// The object identifier of a curve (RFC 5480 section 2.1.1.1, SEC 2 appendix A, RFC 8410 section 3).
fn curve_identifier(name: &str) -> Vec<u8> {
    let identifier: &[u8] = match name {
        "P-256" => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        "P-384" => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        "P-521" => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        "secp256k1" => &[0x2b, 0x81, 0x04, 0x00, 0x0a],
        "X25519" => &[0x2b, 0x65, 0x6e],
        "Ed25519" => &[0x2b, 0x65, 0x70],
        "Ed448" => &[0x2b, 0x65, 0x71],
        other => panic!("there is no curve {other}"),
    };
    tlv(6, identifier)
}
