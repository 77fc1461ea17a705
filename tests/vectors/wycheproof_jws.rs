//! Wycheproof's JWS: whole compact texts, through the form and the header as the call path judges them and then the
//! signature. JWE, and everything under a symmetric key, is what must be refused.

use asap_engine::VerifyingKey;
use asap_tests::forge::hmac;
use asap_tests::token::base64url;
use serde_json::Value;

use crate::data;
use crate::judge::{self, Case, Keys};
use crate::wycheproof_keys::GroupKeys;

/// The cases of `json_web_signature` and `json_web_crypto`.
pub(crate) fn texts(file: &str) -> Option<Vec<Case>> {
    judge::groups(file, GroupKeys::of, |keys, test| {
        let text = test.get("jws").or_else(|| test.get("jwe")).unwrap();
        match text {
            Value::String(compact) => judge::jws(compact, keys.named_by(compact)),
            // The JSON serialization, which is no token.
            other => judge::jws(&other.to_string(), keys.first()),
        }
    })
}

/// The cases of an `hmac` file: the secret is not to be taken for a key, nor is a token under it to be accepted, be
/// its MAC the published one or the right one.
pub(crate) fn macs(file: &str) -> Option<Vec<Case>> {
    let bits: u16 = file[8..11].parse().unwrap();
    let header = base64url(format!(r#"{{"alg":"HS{bits}","kid":"client/secret"}}"#));
    judge::groups(
        file,
        |_| (),
        |(), test| {
            let secret = data::bytes(test, "key");
            assert!(VerifyingKey::from_pem(&secret).is_err());
            let keys = Keys::from_spki(&secret);
            keys.verdict().unwrap_err();
            let signing_input = format!("{header}.{}", base64url(data::bytes(test, "msg")));
            let verdict = |mac: &[u8]| {
                let token = format!("{signing_input}.{}", base64url(mac));
                judge::jws(&token, &keys)
            };
            let published = verdict(&data::bytes(test, "tag"));
            let right = verdict(&hmac(bits, &secret, signing_input.as_bytes()));
            assert_eq!(published, right);
            right
        },
    )
}

#[cfg(test)]
mod tests {
    use asap_engine::{Algorithm, Scratch, VerifyError};
    use asap_tests::fixture::{NOW, policy};

    use super::*;
    use crate::tally::{check, skip};

    #[test]
    fn compact_texts() {
        check("wycheproof/json_web_signature_test.json");
    }

    #[test]
    fn compact_texts_and_encrypted_ones() {
        check("wycheproof/json_web_crypto_test.json");
    }

    #[test]
    fn nothing_symmetric_is_a_key_or_a_token() {
        check("wycheproof/hmac_sha256_test.json");
        check("wycheproof/hmac_sha384_test.json");
        check("wycheproof/hmac_sha512_test.json");
    }

    /// The texts of the JWS file whose number is in `numbers`.
    fn some_texts(name: &str, numbers: &[u64]) -> Option<Vec<(u64, String)>> {
        let Some(groups) = data::wycheproof("json_web_signature_test.json") else {
            skip(
                &format!("wycheproof/json_web_signature_test.json {name}"),
                numbers.len(),
            );
            return None;
        };
        let all = groups.iter().flat_map(data::tests);
        let numbered = all.map(|test| (test["tcId"].as_u64().unwrap(), test));
        let some: Vec<_> = numbered
            .filter(|(number, _)| numbers.contains(number))
            .map(|(number, test)| (number, data::text(test, "jws").to_owned()))
            .collect();
        assert_eq!(some.len(), numbers.len());
        Some(some)
    }

    /// The deviation `alg of a JWK`: a PEM names no alg, and a policy does.
    #[test]
    fn a_policy_of_one_algorithm_refuses_the_others_under_the_same_key() {
        let numbers = [332, 334, 336, 338, 340];
        let only = policy().with_algorithms([Algorithm::Ps512]).unwrap();
        for (number, jws) in some_texts("under a policy", &numbers).unwrap_or_default() {
            let mut scratch = Scratch::new();
            let code = only.admit(jws.as_bytes(), NOW, &mut scratch).unwrap_err();
            assert_eq!(code, VerifyError::AlgorithmNotAllowed, "{number}");
        }
    }

    /// The group `base64` is signed with HS256, which is refused too: what is malformed is refused before that. Numbers
    /// 367 and 370, `invalid` for a padding, are letter for letter number 357, which is `valid`.
    #[test]
    fn a_segment_that_is_not_base64url_is_refused_as_such() {
        let numbers: Vec<_> = (357..=377).collect();
        for (number, jws) in some_texts("base64", &numbers).unwrap_or_default() {
            let expected = match number {
                360..=366 | 368 | 369 | 371..=375 => VerifyError::InvalidBase64,
                _ => VerifyError::AlgorithmUnsupported,
            };
            assert_eq!(judge::refusal(&jws), expected, "{number}");
        }
    }
}
