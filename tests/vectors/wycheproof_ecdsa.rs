//! Wycheproof's ECDSA: R and S in fixed width (P1363) as ES*; in DER, which JWS does not have (RFC 7518 section 3.4),
//! as what must be refused; and secp256k1, whose key must be refused.

use asap_engine::Algorithm;
use serde_json::Value;

use crate::data;
use crate::judge::{self, Case, Keys};

/// The cases of an `ecdsa` file, in either encoding.
pub(crate) fn ecdsa(file: &str) -> Option<Vec<Case>> {
    judge::groups(
        file,
        |group| (Keys::of_group(group), algorithm(group)),
        |(keys, algorithm), test| {
            keys.verify(
                *algorithm,
                &data::bytes(test, "msg"),
                &data::bytes(test, "sig"),
            )
        },
    )
}

fn algorithm(group: &Value) -> Algorithm {
    match data::text(group, "sha") {
        "SHA-256" => Algorithm::Es256,
        "SHA-384" => Algorithm::Es384,
        "SHA-512" => Algorithm::Es512,
        other => panic!("no ES* has {other}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::tally::check;

    #[test]
    fn es256_es384_and_es512() {
        check("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
        check("wycheproof/ecdsa_secp384r1_sha384_p1363_test.json");
        check("wycheproof/ecdsa_secp521r1_sha512_p1363_test.json");
    }

    #[test]
    fn a_signature_in_der_is_refused() {
        check("wycheproof/ecdsa_secp256r1_sha256_test.json");
        check("wycheproof/ecdsa_secp384r1_sha384_test.json");
        check("wycheproof/ecdsa_secp521r1_sha512_test.json");
    }

    #[test]
    fn a_key_on_secp256k1_is_refused() {
        check("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json");
    }
}
