//! Section 4, the compact serialisation: three segments, and not too long.

use asap_engine::limits::{DEFAULT_MAX_TOKEN_LENGTH, MAX_TOKEN_LENGTH};
use asap_engine::{Algorithm, VerifyError};
use asap_tests::fixture::policy;
use asap_tests::keys::key;
use asap_tests::token::{Token, base64url, of_length, sign_input, signed, with_signature};

use crate::case::{Case, attack, twin};

rows! {
    /// "The access token MUST be serialised using the JWS Compact Serialisation format, as defined by JWS."
    "SER-01" ser_01_segments_and_other_serialisations = segments;
    /// As SER-01; CVE-2025-30204: splitting cost 16 bytes a dot.
    "SER-04" ser_04_thousands_of_dots = dots;
    /// 8 KiB unless the policy says otherwise, 64 KiB at most.
    "SER-05" ser_05_huge_tokens = huge;
    /// RFC 7519 section 5.2: a nested token's payload is a token, and no claims.
    "SER-07" ser_07_nested_tokens = nested;
}

fn segments() -> Vec<Case> {
    let good = Token::es256().sign();
    let parts: Vec<_> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("{good}");
    };
    let flattened =
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#);
    let general = format!(
        r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#
    );
    let unprotected = format!(
        r#"{{"payload":"{payload}","header":{{"alg":"ES256"}},"signature":"{signature}"}}"#
    );
    let mut cases = vec![twin("three segments", &good)];
    for (name, token) in [
        ("nothing", String::new()),
        ("one dot", ".".to_owned()),
        ("header", header.to_owned()),
        ("header and payload", format!("{header}.{payload}")),
        ("a dot after", format!("{good}.")),
        ("a dot before", format!(".{good}")),
        ("four segments", format!("{good}.{signature}")),
        (
            "four, the third empty",
            format!("{header}.{payload}..{signature}"),
        ),
        (
            "five segments as in JWE",
            format!("{good}.{signature}.{signature}"),
        ),
        (
            "JWE, direct",
            format!("{header}..{payload}.{signature}.{signature}"),
        ),
        ("two tokens", format!("{good}.{good}")),
        ("flattened JSON", flattened),
        ("general JSON", general),
        ("JSON with an unprotected header", unprotected),
        ("SD-JWT with a key binding", format!("{good}~{good}")),
    ] {
        cases.push(attack(name, token, VerifyError::NotCompact));
    }
    for (name, token, refusal) in [
        ("SD-JWT", format!("{good}~"), VerifyError::InvalidBase64),
        (
            "SD-JWT with a disclosure",
            format!("{good}~WyJhIl0~"),
            VerifyError::InvalidBase64,
        ),
        (
            "two tokens and a comma",
            format!("{good},{header}"),
            VerifyError::InvalidBase64,
        ),
        (
            "detached",
            format!("{header}..{signature}"),
            VerifyError::InvalidClaims,
        ),
        (
            "without signature",
            format!("{header}.{payload}."),
            VerifyError::SignatureInvalid,
        ),
        (
            "segments swapped",
            format!("{payload}.{header}.{signature}"),
            VerifyError::AlgorithmMissing,
        ),
        (
            "signature first",
            format!("{signature}.{payload}.{header}"),
            VerifyError::InvalidHeader,
        ),
        (
            "header of a JWE",
            signed(
                key(Algorithm::Es256),
                r#"{"alg":"dir","enc":"A128GCM","kid":"client/ES256"}"#,
                "{}",
            ),
            VerifyError::AlgorithmUnsupported,
        ),
    ] {
        cases.push(attack(name, token, refusal));
    }
    cases
}

fn dots() -> Vec<Case> {
    let wide = policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap();
    let good = Token::es256().sign();
    let mut cases = Vec::new();
    for count in [3, 100, 1000, DEFAULT_MAX_TOKEN_LENGTH] {
        let token = ".".repeat(count);
        cases.push(attack(
            format!("{count} dots"),
            token,
            VerifyError::NotCompact,
        ));
    }
    let most = ".".repeat(MAX_TOKEN_LENGTH);
    cases.push(attack("64 KiB of dots", &most, VerifyError::NotCompact).under(wide.clone()));
    cases.push(
        attack(
            "and one more",
            format!("{most}."),
            VerifyError::TokenTooLong,
        )
        .under(wide),
    );
    let after = format!("{good}{}", ".".repeat(4000));
    cases.push(attack("after a token", after, VerifyError::NotCompact));
    let letters = "a.".repeat(2000);
    cases.push(attack(
        "with letters between",
        letters,
        VerifyError::NotCompact,
    ));
    cases.push(attack(
        "a megabyte",
        ".".repeat(1 << 20),
        VerifyError::TokenTooLong,
    ));
    cases.push(twin("two dots", good));
    cases
}

fn huge() -> Vec<Case> {
    let mut cases = Vec::new();
    for limit in [1000, DEFAULT_MAX_TOKEN_LENGTH, MAX_TOKEN_LENGTH] {
        let policy = policy().with_max_token_length(limit).unwrap();
        let longest = twin(format!("{limit} bytes"), of_length(limit));
        cases.push(longest.under(policy.clone()));
        let longer = attack(
            format!("{limit} and one"),
            of_length(limit + 1),
            VerifyError::TokenTooLong,
        );
        cases.push(longer.under(policy));
    }
    let wide = policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap();
    let long = format!("\"{}\"", "a".repeat(20_000));
    let token = Token::es256();
    for (name, token) in [
        ("header", token.clone().header("x", &long)),
        ("claim", token.clone().claim("x", &long)),
        ("kid", token.clone().header("kid", &long)),
        ("jti", token.clone().claim("jti", &long)),
    ] {
        let token = token.sign();
        cases.push(attack(
            format!("a long {name}"),
            &token,
            VerifyError::TokenTooLong,
        ));
        if name != "kid" {
            let name = format!("a long {name}, under a wide policy");
            cases.push(twin(name, token).under(wide.clone()));
        }
    }
    let good = token.sign();
    for length in [257, 1000, 6000] {
        let name = format!("a signature of {length} bytes");
        let token = with_signature(&good, vec![0x55; length]);
        cases.push(attack(name, token, VerifyError::SignatureInvalid));
    }
    let token = with_signature(&good, vec![0x55; 1 << 20]);
    cases.push(attack(
        "a signature of a mebibyte",
        token,
        VerifyError::TokenTooLong,
    ));
    cases
}

fn nested() -> Vec<Case> {
    let key = key(Algorithm::Es256);
    let inner = Token::es256().sign();
    let header = Token::es256().header("cty", "\"JWT\"").header_json();
    let refused = VerifyError::InvalidClaims;
    vec![
        attack("a token as payload", signed(key, &header, &inner), refused),
        attack(
            "as a JSON string",
            signed(key, &header, format!("\"{inner}\"")),
            refused,
        ),
        attack(
            "in an array",
            signed(key, &header, format!("[\"{inner}\"]")),
            refused,
        ),
        attack(
            "an array of claims",
            signed(key, &header, format!("[{}]", Token::es256().claims_json())),
            refused,
        ),
        attack(
            "base64url twice",
            signed(key, &header, base64url(Token::es256().claims_json())),
            refused,
        ),
        attack(
            "the segment as it stands in the inner one",
            sign_input(
                key,
                &format!("{}.{}", base64url(&header), base64url(base64url(&inner))),
            ),
            refused,
        ),
        twin(
            "a token in a claim",
            Token::es256().claim("act", &format!("\"{inner}\"")).sign(),
        ),
        twin(
            "cty without a nested token",
            Token::es256().header("cty", "\"JWT\"").sign(),
        ),
    ]
}
