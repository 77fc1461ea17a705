//! JWK Sets, against serde_json, the sentences of RFC 7517, and keys that come as DER: what a set says of a key, its
//! `SubjectPublicKeyInfo` says too.

use asap_engine::internals::{keys_of_set, verify_with_set};
use asap_engine::limits::{MAX_KEY_ID_LENGTH, MAX_KEY_SET_LENGTH, MAX_KEYS_IN_SET};
use asap_engine::{Algorithm, Backend, KeyRejected, KeySet, KeySetRejected as R, VerifyingKey};
use serde_json::value::RawValue;

use crate::oracle::base64::{Alphabet, decode};
use crate::oracle::json::{self, Json, has_duplicates, member, members};
use crate::spki::{tagged, written};

/// A key that the set should have.
struct Expected {
    key_id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: VerifyingKey,
}

/// `data` is a JWK Set.
pub fn jwk_set(data: &[u8]) {
    for backend in [Backend::AwsLc, Backend::Ring] {
        let set = KeySet::from_jwk_set_with(data, backend);
        match (&set, &expected(data, backend)) {
            (Ok(set), Ok(expected)) => same(set, expected),
            // The engine reads member by member, and may meet the one before the other.
            (Err(R::DuplicateMember), Err(R::NotJson)) => {}
            (actual, expected) => {
                assert_eq!(
                    actual.as_ref().err(),
                    expected.as_ref().err(),
                    "{backend:?}"
                );
            }
        }
    }
}

/// The set has these keys, and says of a signature what each of them says.
fn same(set: &KeySet, expected: &[Expected]) {
    let shown = expected
        .iter()
        .map(|key| (key.key_id.as_deref(), key.algorithms.clone()));
    assert_eq!(keys_of_set(set), shown.collect::<Vec<_>>());
    for key in expected {
        let (Some(key_id), Some(algorithm)) = (&key.key_id, key.algorithms.first()) else {
            continue;
        };
        for signature in [vec![0; 64], vec![1; 256]] {
            assert_eq!(
                verify_with_set(set, key_id, *algorithm, b"message", &signature),
                key.key.verify(*algorithm, b"message", &signature)
            );
        }
    }
}

fn expected(data: &[u8], backend: Backend) -> Result<Vec<Expected>, R> {
    if data.len() > MAX_KEY_SET_LENGTH {
        return Err(R::TooLong);
    }
    let text = std::str::from_utf8(data).map_err(|_| R::NotJson)?;
    let set = object(text)?;
    let Some(Json::Array(spelling, _)) = member(&set, "keys") else {
        return Err(R::NotASet);
    };
    let elements: Vec<&RawValue> = serde_json::from_str(spelling).expect("it was read before");
    let mut keys = Vec::new();
    for (place, element) in elements.into_iter().enumerate() {
        if !element.get().starts_with('{') {
            return Err(R::NotASet);
        }
        if place >= MAX_KEYS_IN_SET {
            return Err(R::TooManyKeys);
        }
        keys.extend(key(&object(element.get())?, backend)?);
    }
    if keys.is_empty() {
        return Err(R::NoKeys);
    }
    for (place, key) in keys.iter().enumerate() {
        let is_twin = |other: &Expected| {
            let mut shared = key.algorithms.iter();
            other.key_id == key.key_id && shared.any(|one| other.algorithms.contains(one))
        };
        if key.key_id.is_some() && keys[..place].iter().any(is_twin) {
            return Err(R::DuplicateKeyId);
        }
    }
    Ok(keys)
}

/// The members of an object, each there once.
fn object(text: &str) -> Result<Vec<(String, Json)>, R> {
    let found = members(text).map_err(|_: json::Refused| R::NotJson)?;
    if has_duplicates(&found) {
        return Err(R::DuplicateMember);
    }
    Ok(found)
}

fn key(jwk: &[(String, Json)], backend: Backend) -> Result<Option<Expected>, R> {
    const SECRET: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
    if SECRET.iter().any(|name| member(jwk, name).is_some()) {
        return Err(R::PrivateMember);
    }
    let key_type = text(jwk, "kty")?.ok_or(R::MalformedKey)?;
    let key_id = text(jwk, "kid")?.map(str::to_owned);
    if key_id
        .as_ref()
        .is_some_and(|key_id| key_id.len() > MAX_KEY_ID_LENGTH)
    {
        return Err(R::MalformedKey);
    }
    let is_sig = text(jwk, "use")?.is_none_or(|word| word == "sig");
    let verifies = match member(jwk, "key_ops") {
        None => true,
        Some(Json::Array(_, words)) => {
            if !words.iter().all(|word| matches!(word, Json::Text(_))) {
                return Err(R::MalformedKey);
            }
            words.contains(&Json::Text("verify".into()))
        }
        Some(_) => return Err(R::MalformedKey),
    };
    let named = text(jwk, "alg")?;
    let only = named.and_then(Algorithm::from_name);
    let Some(spki) = spki(key_type, jwk)? else {
        return Ok(None);
    };
    if !is_sig || !verifies || (named.is_some() && only.is_none()) {
        return Ok(None);
    }
    let key = match VerifyingKey::from_spki_with(&spki, backend) {
        Ok(key) => key,
        Err(
            KeyRejected::RsaModulus | KeyRejected::RsaExponent | KeyRejected::UnsupportedAlgorithm,
        ) => return Ok(None),
        Err(_) => return Err(R::MalformedKey),
    };
    let of_key = |algorithm: &Algorithm| {
        key.verifies(*algorithm) && only.is_none_or(|only| only == *algorithm)
    };
    let algorithms: Vec<_> = Algorithm::ALL.iter().copied().filter(of_key).collect();
    Ok((!algorithms.is_empty()).then_some(Expected {
        key_id,
        algorithms,
        key,
    }))
}

/// The key as DER. `None` if its type or curve is not one of ours, or a number is missing.
fn spki(key_type: &str, jwk: &[(String, Json)]) -> Result<Option<Vec<u8>>, R> {
    match key_type {
        "RSA" => {
            let (Some(modulus), Some(exponent)) = (bytes(jwk, "n")?, bytes(jwk, "e")?) else {
                return Ok(None);
            };
            if [&modulus, &exponent]
                .iter()
                .any(|number| matches!(number[..], [] | [0, ..]))
            {
                return Err(R::MalformedKey);
            }
            let numbers = [integer(&modulus), integer(&exponent)].concat();
            Ok(Some(written("RSA", &tagged(0x30, &numbers))))
        }
        "EC" => {
            let curve = text(jwk, "crv")?.unwrap_or_default();
            let width = match curve {
                "P-256" => 32,
                "P-384" => 48,
                "P-521" => 66,
                _ => return Ok(None),
            };
            let (Some(x), Some(y)) = (bytes(jwk, "x")?, bytes(jwk, "y")?) else {
                return Ok(None);
            };
            if (x.len(), y.len()) != (width, width) {
                return Err(R::MalformedKey);
            }
            Ok(Some(written(curve, &[vec![4], x, y].concat())))
        }
        "OKP" if text(jwk, "crv")? == Some("Ed25519") => {
            Ok(bytes(jwk, "x")?.map(|x| written("Ed25519", &x)))
        }
        _ => Ok(None),
    }
}

/// A positive INTEGER in DER.
fn integer(digits: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
    tagged(2, &[sign, digits].concat())
}

fn text<'a>(jwk: &'a [(String, Json)], name: &str) -> Result<Option<&'a str>, R> {
    match member(jwk, name) {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text)),
        Some(_) => Err(R::MalformedKey),
    }
}

fn bytes(jwk: &[(String, Json)], name: &str) -> Result<Option<Vec<u8>>, R> {
    let Some(text) = text(jwk, name)? else {
        return Ok(None);
    };
    let bytes = decode(Alphabet::Url, text.as_bytes()).ok_or(R::MalformedKey)?;
    Ok(Some(bytes))
}
