//! The JOSE cookbook (RFC 7520 sections 3, 4 and 6, RFC 7797 section 4, RFC 8037 appendix A): a case is a signature, a
//! key or an encrypted text. A signature that is published in the JSON serialization only is judged as the compact text
//! that it would be.

use serde_json::Value;

use crate::data;
use crate::judge::{self, Case, Keys, Published, Verdict};

const SIGNED: &[&str] = &[
    "jws/4_1.rsa_v15_signature.json",
    "jws/4_2.rsa-pss_signature.json",
    "jws/4_3.ecdsa_signature.json",
    "jws/4_4.hmac-sha2_integrity_protection.json",
    "jws/4_5.signature_with_detached_content.json",
    "jws/4_6.protecting_specific_header_fields.json",
    "jws/4_7.protecting_content_only.json",
    "curve25519/jws.json",
    "rfc7797/4.2.hmac-sha2_b64_false.json",
    "rfc7797/hmac-sha2_b64_false.json",
];

const SIGNED_THREE_TIMES: &str = "jws/4_8.multiple_signatures.json";

const SIGNED_AND_ENCRYPTED: &str = "6.nesting_signatures_and_encryption.json";

const ENCRYPTED: &str = "curve25519/ecdh-es.json";

const KEYS: &[&str] = &[
    "jwk/3_1.ec_public_key.json",
    "jwk/3_2.ec_private_key.json",
    "jwk/3_3.rsa_public_key.json",
    "jwk/3_4.rsa_private_key.json",
    "jwk/3_5.symmetric_key_mac_computation.json",
    "jwk/3_6.symmetric_key_encryption.json",
];

/// All of them.
pub(crate) fn all() -> Option<Vec<Case>> {
    let read = |file: &str| data::document("cookbook", file);
    let mut cases = Vec::new();
    for file in SIGNED {
        cases.push(case((*file).to_owned(), signed(&read(file)?)));
    }
    let document = read(SIGNED_THREE_TIMES)?;
    let keys = document["input"]["key"].as_array().unwrap();
    for (number, (key, signing)) in keys.iter().zip(signings(&document)).enumerate() {
        let verdict = judge::jws(&compact(signing), &Keys::from_jwk(key));
        cases.push(case(format!("{SIGNED_THREE_TIMES} {number}"), verdict));
    }
    let document = read(SIGNED_AND_ENCRYPTED)?;
    let name = |part: &str| format!("{SIGNED_AND_ENCRYPTED} {part}");
    cases.push(case(name("sign"), signed(&document["sign"])));
    cases.push(case(name("encrypt"), encrypted(&document["encrypt"])));
    cases.push(case(ENCRYPTED.to_owned(), encrypted(&read(ENCRYPTED)?)));
    for file in KEYS {
        let verdict = Keys::from_jwk(&read(file)?).verdict();
        cases.push(case((*file).to_owned(), verdict));
    }
    Some(cases)
}

/// The cookbook holds nothing invalid.
fn case(id: String, ours: Verdict) -> Case {
    Case {
        id,
        published: Published::Valid,
        tags: Vec::new(),
        ours,
    }
}

fn signed(document: &Value) -> Verdict {
    let keys = Keys::from_jwk(&document["input"]["key"]);
    match document["output"]["compact"].as_str() {
        Some(text) => {
            if let Ok(()) = keys.verdict() {
                assert_eq!(text, compact(&document["signing"]));
            }
            judge::jws(text, &keys)
        }
        None => judge::jws(&compact(&document["signing"]), &keys),
    }
}

fn signings(document: &Value) -> &[Value] {
    document["signing"].as_array().unwrap()
}

fn compact(signing: &Value) -> String {
    let (input, signature) = (data::text(signing, "sig-input"), data::text(signing, "sig"));
    format!("{input}.{signature}")
}

fn encrypted(document: &Value) -> Verdict {
    let keys = Keys::from_jwk(&document["input"]["key"]);
    judge::jws(data::text(&document["output"], "compact"), &keys)
}

#[cfg(test)]
mod tests {
    use crate::tally::check;

    #[test]
    fn the_cookbook() {
        check("cookbook");
    }
}
