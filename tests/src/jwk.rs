//! Public keys as their publishers show them: JWK Sets and lists of PEM texts.

use asap_engine::SigningKey;
use asap_engine::internals::public_key;

use crate::keys::der_of;
use crate::token::base64url;

/// The public half of `key` as a JWK, its members one after the other, each value as the JSON text that spells it.
#[must_use]
pub fn members(key: &SigningKey) -> Vec<(String, String)> {
    let (kind, bytes, _) = public_key(&der_of(key.public_key_pem())).unwrap();
    let text = |name: &str, value: &str| (name.to_owned(), format!("\"{value}\""));
    match kind {
        "RSA" => {
            let (modulus, exponent) = rsa_numbers(&bytes);
            vec![
                text("kty", "RSA"),
                text("n", &base64url(modulus)),
                text("e", &base64url(exponent)),
            ]
        }
        "Ed25519" => vec![
            text("kty", "OKP"),
            text("crv", "Ed25519"),
            text("x", &base64url(bytes)),
        ],
        curve => {
            let (x, y) = bytes[1..].split_at(bytes.len() / 2);
            vec![
                text("kty", "EC"),
                text("crv", curve),
                text("x", &base64url(x)),
                text("y", &base64url(y)),
            ]
        }
    }
}

/// The same with further members, which take the place of those of the same name.
#[must_use]
pub fn jwk(key: &SigningKey, others: &[(&str, &str)]) -> String {
    let mut all = members(key);
    all.retain(|(name, _)| others.iter().all(|(other, _)| other != name));
    all.extend(
        others
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let all = all
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", all.collect::<Vec<_>>().join(","))
}

/// A JWK that verifies RS256 under this `kid`.
#[must_use]
pub fn rs256(key: &SigningKey, key_id: &str) -> String {
    let key_id = format!("\"{key_id}\"");
    jwk(
        key,
        &[("kid", &key_id), ("alg", "\"RS256\""), ("use", "\"sig\"")],
    )
}

/// The set of these keys, whatever they are.
#[must_use]
pub fn set(keys: &[String]) -> String {
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

/// The list of these keys as Trello publishes it.
#[must_use]
pub fn pem_list(keys: &[&SigningKey]) -> String {
    let pems = keys.iter().map(|key| key.public_key_pem());
    serde_json::json!({ "keys": pems.collect::<Vec<_>>() }).to_string()
}

/// The two numbers of `RSAPublicKey`, without the zero that keeps them positive in DER.
fn rsa_numbers(der: &[u8]) -> (&[u8], &[u8]) {
    let (sequence, _) = contents(der);
    let (modulus, rest) = contents(sequence);
    let (exponent, _) = contents(rest);
    let digits = |number: &'_ [u8]| number.iter().take_while(|byte| **byte == 0).count();
    (&modulus[digits(modulus)..], &exponent[digits(exponent)..])
}

/// The contents of the first DER value, and what stands after it.
fn contents(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, start) = match der[1] {
        short @ 0..=0x7f => (usize::from(short), 2),
        long => {
            let bytes = usize::from(long & 0x7f);
            let length = der[2..2 + bytes]
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, 2 + bytes)
        }
    };
    der[start..].split_at(length)
}
