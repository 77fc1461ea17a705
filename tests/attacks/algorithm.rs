//! Section 1: the token chooses how it is checked.

use asap_engine::{Algorithm, VerifyError};
use asap_tests::forge::hmac;
use asap_tests::keys::{der_of, key};
use asap_tests::token::{Token, compact, signed, with_signature};

use crate::case::{Case, attack, twin};

rows! {
    /// "It MUST NOT be ‘none’": "Unsigned access tokens MUST be rejected."
    "ALG-01" alg_01_none_with_or_without_a_signature = none;
    /// "and it MUST NOT be a symmetric key algorithm."
    "ALG-03" alg_03_hmac_keyed_with_the_public_key = symmetric;
    /// RFC 7515 section 4.1.1: "This Header Parameter MUST be present".
    "ALG-04" alg_04_missing_or_no_string = no_string;
    /// "Resource servers MUST reject tokens signed with an unsupported algorithm."
    "ALG-05" alg_05_unknown_names = unknown;
    /// RFC 8725 section 3.1: each key is used with exactly one algorithm.
    "ALG-06" alg_06_an_algorithm_of_another_type_of_key = other_type;
    /// RFC 7518 section 3.4: each hash has its curve.
    "ALG-07" alg_07_an_algorithm_of_another_curve = other_curve;
    /// RFC 7518 sections 3.3 and 3.5.
    "ALG-08" alg_08_pss_for_pkcs1_and_one_hash_for_another = other_scheme;
}

fn none() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let good = Token::good(algorithm);
        cases.push(twin(format!("{algorithm}"), good.sign()));
        for none in ["none", "None", "NONE", "nOnE", "n\\u006fne", "none ", ""] {
            let token = good.clone().header("alg", &format!("\"{none}\""));
            let unsigned = compact(token.header_json(), token.claims_json(), "");
            for (how, token) in [
                ("signed", token.sign()),
                ("unsigned", unsigned.clone()),
                ("signed by one zero", with_signature(&unsigned, [0])),
            ] {
                let name = format!("{none:?} for {algorithm}, {how}");
                cases.push(attack(name, token, VerifyError::AlgorithmUnsupported));
            }
        }
        // The signature left out, and nothing said.
        let empty = with_signature(&good.sign(), "");
        cases.push(attack(
            format!("{algorithm} unsigned"),
            empty,
            VerifyError::SignatureInvalid,
        ));
    }
    cases
}

fn symmetric() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        cases.push(twin(algorithm.name(), Token::good(algorithm).sign()));
        for (of, secret) in secrets(key(algorithm).public_key_pem()) {
            for bits in [256, 384, 512] {
                let alg = format!("HS{bits}");
                let token = mac(algorithm, &alg, bits, &secret);
                let name = format!("{alg} keyed with {of} of {algorithm}");
                cases.push(attack(name, token, VerifyError::AlgorithmUnsupported));
            }
            // The header names the key's own algorithm, and the signature is the MAC.
            let token = mac(algorithm, algorithm.name(), 256, &secret);
            let name = format!("a MAC keyed with {of} as {algorithm}");
            cases.push(attack(name, token, VerifyError::SignatureInvalid));
        }
    }
    for alg in [
        "hs256",
        "HS256 ",
        "HS1",
        "HMAC",
        "A128KW",
        "dir",
        "PBES2-HS256+A128KW",
    ] {
        let token = mac(Algorithm::Es256, alg, 256, b"");
        cases.push(attack(alg, token, VerifyError::AlgorithmUnsupported));
    }
    // CVE of authlib: `alg` from outside of the signed header.
    let token = Token::es256()
        .without_header("alg")
        .claim("alg", "\"HS256\"");
    cases.push(attack(
        "HS256 in the claims",
        token.sign(),
        VerifyError::AlgorithmMissing,
    ));
    cases
}

/// What libraries took for the secret of a public key.
fn secrets(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    vec![
        ("the PEM text", pem.into()),
        ("the PEM text, trimmed", pem.trim_end().into()),
        ("the PEM text in CRLF", pem.replace('\n', "\r\n").into()),
        ("the PEM text after a space", format!(" {pem}").into()),
        ("the PEM text in one line", pem.replace('\n', "").into()),
        ("the base64", body.into()),
        ("the DER", der_of(pem)),
        ("nothing", Vec::new()),
    ]
}

/// A token whose signature is a MAC.
fn mac(of_key: Algorithm, alg: &str, bits: u16, secret: &[u8]) -> String {
    let token = Token::good(of_key).header("alg", &format!("\"{alg}\""));
    let unsigned = compact(token.header_json(), token.claims_json(), "");
    let signing_input = unsigned.strip_suffix('.').unwrap();
    with_signature(&unsigned, hmac(bits, secret, signing_input.as_bytes()))
}

fn no_string() -> Vec<Case> {
    let refused = VerifyError::AlgorithmMissing;
    let token = Token::es256();
    let mut cases = vec![
        twin("a string", token.sign()),
        attack(
            "missing",
            token.clone().without_header("alg").sign(),
            refused,
        ),
    ];
    for odd in [
        "null",
        "true",
        "0",
        "256",
        "[]",
        "[\"ES256\"]",
        "[\"none\"]",
        "{}",
        "{\"name\":\"ES256\"}",
    ] {
        let token = token.clone().header("alg", odd).sign();
        cases.push(attack(odd, token, refused));
    }
    for name in ["ALG", "Alg", "alg ", "alg\\u0000", "enc"] {
        let token = token.clone().without_header("alg");
        let token = token.header(name, "\"ES256\"").sign();
        cases.push(attack(format!("as {name:?}"), token, refused));
    }
    let in_claims = token
        .clone()
        .without_header("alg")
        .claim("alg", "\"ES256\"");
    cases.push(attack("in the claims only", in_claims.sign(), refused));
    let escaped = token.without_header("alg");
    cases.push(twin(
        "an escaped name",
        escaped.header_and(r#""\u0061lg":"E\u005325\u0036""#),
    ));
    cases
}

fn unknown() -> Vec<Case> {
    let mut cases: Vec<_> = Algorithm::ALL
        .iter()
        .map(|one| twin(one.name(), Token::good(*one).sign()).of(*one))
        .collect();
    for name in [
        "es256",
        "Es256",
        "eS256",
        "ES256 ",
        " ES256",
        "ES256\\u0000",
        "ES256\\n",
        "\\u0000ES256",
        "ES-256",
        "ES255",
        "ES2560",
        "ES",
        "ES256K",
        "ES256,RS256",
        "rs256",
        "RS1",
        "RS2048",
        "PS1",
        "Ed25519",
        "Ed448",
        "eddsa",
        "EDDSA",
        "SHA256withRSA",
        "RSA-OAEP",
        "RSA1_5",
        "ECDH-ES",
        "ML-DSA-44",
        "BP256R1",
        "ＥＳ256",
        "null",
        "undefined",
        "*",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    ] {
        let token = Token::es256().header("alg", &format!("\"{name}\"")).sign();
        cases.push(attack(
            format!("{name:?}"),
            token,
            VerifyError::AlgorithmUnsupported,
        ));
    }
    cases
}

/// Of algorithms that one key can verify, one stands for all.
const TYPES: [Algorithm; 5] = [
    Algorithm::Rs256,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::EdDsa,
];

fn other_type() -> Vec<Case> {
    mismatched(|of_key, claimed| class(of_key) != class(claimed))
}

fn other_curve() -> Vec<Case> {
    mismatched(|of_key, claimed| class(of_key) == "ES" && class(claimed) == "ES")
}

fn class(algorithm: Algorithm) -> &'static str {
    match algorithm.name() {
        name if name.starts_with(['R', 'P']) => "RSA",
        name if name.starts_with("ES") => "ES",
        _ => "EdDSA",
    }
}

/// Tokens that name an algorithm of other keys, signed with the key as it signs.
fn mismatched(concerns: impl Fn(Algorithm, Algorithm) -> bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for of_key in TYPES {
        for claimed in Algorithm::ALL {
            let token = Token::good(of_key).header("alg", &format!("\"{claimed}\""));
            let case = if *claimed == of_key {
                twin(format!("{claimed}"), token.sign())
            } else if concerns(of_key, *claimed) {
                let name = format!("{claimed} for a key of {of_key}");
                attack(name, token.sign(), VerifyError::AlgorithmMismatch)
            } else {
                continue;
            };
            cases.push(case.of(of_key));
        }
    }
    cases
}

fn other_scheme() -> Vec<Case> {
    let rsa = || Algorithm::ALL.iter().filter(|one| class(**one) == "RSA");
    let mut cases = Vec::new();
    for made in rsa() {
        for claimed in rsa() {
            let token = Token::good(*claimed);
            let token = signed(key(*made), token.header_json(), token.claims_json());
            cases.push(if made == claimed {
                twin(format!("{made}"), token)
            } else {
                let name = format!("{made} as {claimed}");
                attack(name, token, VerifyError::SignatureInvalid)
            });
        }
    }
    cases
}
