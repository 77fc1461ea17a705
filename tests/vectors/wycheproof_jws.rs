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
    use asap_engine::{Algorithm, Policy, Scratch, VerifyError};
    use asap_tests::fixture::{NOW, policy};

    use super::*;
    use crate::tally::check;

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

    /// The deviation `alg of a JWK`: a PEM names no alg, and a policy does.
    #[test]
    fn a_policy_of_one_algorithm_refuses_the_others_under_the_same_key() {
        let Some(groups) = data::wycheproof("json_web_signature_test.json") else {
            return;
        };
        let only = |algorithm| policy().with_algorithms([algorithm]).unwrap();
        let refusal = |policy: &Policy, test: &Value| {
            let jws = data::text(test, "jws").as_bytes();
            policy.admit(jws, NOW, &mut Scratch::new()).unwrap_err()
        };
        let cases = groups.iter().flat_map(data::tests);
        let others: Vec<_> = cases
            .filter(|test| matches!(test["tcId"].as_u64(), Some(332 | 334 | 336 | 338 | 340)))
            .collect();
        assert_eq!(others.len(), 5);
        for test in others {
            let code = refusal(&only(Algorithm::Ps512), test);
            assert_eq!(code, VerifyError::AlgorithmNotAllowed, "{}", test["tcId"]);
        }
    }
}
