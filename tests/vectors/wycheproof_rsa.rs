//! Wycheproof's RSA: PKCS #1 v1.5 as RS*, PSS as PS*. What is valid under parameters that JWS does not have
//! (RFC 7518 section 3.5: the hash of MGF1 is that of the message, the salt is as long as the hash) must be refused.

use asap_engine::Algorithm;
use serde_json::Value;

use crate::data;
use crate::judge::{self, Case, Keys, Verdict};

/// The tag of a group whose parameters are not those of any PS*.
pub(crate) const FOREIGN_PARAMETERS: &str = "foreign parameters";

/// The cases of an `rsa_signature` file.
pub(crate) fn pkcs1(file: &str) -> Option<Vec<Case>> {
    judge::groups(
        file,
        |group| (Keys::of_group(group), pkcs1_algorithm(group)),
        |(keys, algorithm), test| verify(keys, *algorithm, test),
    )
}

/// The cases of an `rsa_pss` file.
pub(crate) fn pss(file: &str) -> Option<Vec<Case>> {
    Some(pss_cases(&data::wycheproof(file)?))
}

/// The cases of an `rsa_pss` file whose keys are under id-RSASSA-PSS, with parameters of their own (RFC 4055
/// section 1.2), and must be refused. Only the crate has them.
pub(crate) fn pss_keys(file: &str) -> Option<Vec<Case>> {
    Some(pss_cases(&data::packaged(file)?))
}

/// A group of a hash that no PS* has is tried as each of them.
fn pss_cases(groups: &[Value]) -> Vec<Case> {
    let mut cases = Vec::new();
    for group in groups {
        let keys = Keys::of_group(group);
        let (algorithms, is_foreign) = pss_algorithms(group);
        for test in data::tests(group) {
            let verdicts = algorithms.iter().map(|one| verify(&keys, *one, test));
            let mut case = Case::of(test, verdicts.reduce(Result::or).unwrap());
            if is_foreign {
                case.tags.push(FOREIGN_PARAMETERS.to_owned());
            }
            cases.push(case);
        }
    }
    cases
}

fn verify(keys: &Keys, algorithm: Algorithm, test: &Value) -> Verdict {
    keys.verify(
        algorithm,
        &data::bytes(test, "msg"),
        &data::bytes(test, "sig"),
    )
}

fn pkcs1_algorithm(group: &Value) -> Algorithm {
    match data::text(group, "sha") {
        "SHA-256" => Algorithm::Rs256,
        "SHA-384" => Algorithm::Rs384,
        "SHA-512" => Algorithm::Rs512,
        other => panic!("no RS* has {other}"),
    }
}

fn pss_algorithms(group: &Value) -> (&'static [Algorithm], bool) {
    let hash = data::text(group, "sha");
    let (algorithms, hash_length): (&[_], _) = match hash {
        "SHA-256" => (&[Algorithm::Ps256], 32),
        "SHA-384" => (&[Algorithm::Ps384], 48),
        "SHA-512" => (&[Algorithm::Ps512], 64),
        _ => (&[Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512], 0),
    };
    let is_foreign = hash_length == 0
        || data::text(group, "mgf") != "MGF1"
        || data::text(group, "mgfSha") != hash
        || group["sLen"] != hash_length;
    (algorithms, is_foreign)
}

#[cfg(test)]
mod tests {
    use crate::tally::check;

    #[test]
    fn rs256_rs384_and_rs512_under_keys_of_2048_bits() {
        check("wycheproof/rsa_signature_2048_sha256_test.json");
        check("wycheproof/rsa_signature_2048_sha384_test.json");
        check("wycheproof/rsa_signature_2048_sha512_test.json");
    }

    #[test]
    fn rs256_rs384_and_rs512_under_keys_of_3072_bits() {
        check("wycheproof/rsa_signature_3072_sha256_test.json");
        check("wycheproof/rsa_signature_3072_sha384_test.json");
        check("wycheproof/rsa_signature_3072_sha512_test.json");
    }

    #[test]
    fn rs256_rs384_and_rs512_under_keys_of_4096_bits() {
        check("wycheproof/rsa_signature_4096_sha256_test.json");
        check("wycheproof/rsa_signature_4096_sha384_test.json");
        check("wycheproof/rsa_signature_4096_sha512_test.json");
    }

    #[test]
    fn rs256_rs384_and_rs512_under_keys_of_8192_bits() {
        check("wycheproof/rsa_signature_8192_sha256_test.json");
        check("wycheproof/rsa_signature_8192_sha384_test.json");
        check("wycheproof/rsa_signature_8192_sha512_test.json");
    }

    #[test]
    fn ps256_ps384_and_ps512() {
        check("wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json");
        check("wycheproof/rsa_pss_2048_sha384_mgf1_48_test.json");
        check("wycheproof/rsa_pss_3072_sha256_mgf1_32_test.json");
        check("wycheproof/rsa_pss_4096_sha256_mgf1_32_test.json");
        check("wycheproof/rsa_pss_4096_sha384_mgf1_48_test.json");
        check("wycheproof/rsa_pss_4096_sha512_mgf1_64_test.json");
    }

    #[test]
    fn parameters_of_pss_that_jws_does_not_have_are_refused() {
        check("wycheproof/rsa_pss_2048_sha256_mgf1_0_test.json");
        check("wycheproof/rsa_pss_2048_sha256_mgf1sha1_20_test.json");
        check("wycheproof/rsa_pss_misc_test.json");
    }

    #[test]
    fn a_key_under_id_rsassa_pss_is_refused() {
        check("crate/rsa_pss_2048_sha1_mgf1_20_params_test.json");
        check("crate/rsa_pss_2048_sha256_mgf1_0_params_test.json");
        check("crate/rsa_pss_2048_sha256_mgf1_32_params_test.json");
        check("crate/rsa_pss_2048_sha512_mgf1sha256_32_params_test.json");
        check("crate/rsa_pss_3072_sha256_mgf1_32_params_test.json");
        check("crate/rsa_pss_4096_sha512_mgf1_32_params_test.json");
        check("crate/rsa_pss_4096_sha512_mgf1_64_params_test.json");
        check("crate/rsa_pss_misc_params_test.json");
    }
}
