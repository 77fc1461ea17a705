//! Section 4, the payload: members that two readers could read as two things.

use asap_engine::limits::MAX_TOKEN_LENGTH;
use asap_engine::{Algorithm, VerifyError};
use asap_tests::fixture::policy;
use asap_tests::keys::key;
use asap_tests::token::{Token, signed};

use crate::case::{Case, attack, twin};
use crate::documents::of_payload;

rows! {
    /// RFC 7519 section 4: "The Claim Names within a JWT Claims Set MUST be unique".
    "JSN-01" jsn_01_duplicate_claims = duplicates;
    /// RFC 8259 section 9: an implementation may set limits on the range and depth.
    "JSN-02" jsn_02_nesting_range_and_surrogates_in_ignored_claims = limits;
    /// RFC 7519 section 7.3: names and values are compared after unescaping.
    "JSN-11" jsn_11_escaped_names_and_values = escapes;
}

/// reads.
fn duplicates() -> Vec<Case> {
    let mut cases = Vec::new();
    for member in [
        r#""iss":"client""#,
        r#""iss":"neighbour""#,
        r#""\u0069ss":"client""#,
        r#""exp":1700000060"#,
        r#""exp":1800000000"#,
        r#""e\u0078p":9"#,
        r#""exp":"x""#,
        r#""iat":1700000000"#,
        r#""aud":"server""#,
        r#""aud":["server"]"#,
        r#""jti":"2""#,
        r#""\u006a\u0074\u0069":"2""#,
        r#""nbf":1,"nbf":1"#,
        r#""sub":"a","s\u0075b":"b""#,
        r#""x":1,"x":1"#,
        r#""x":"1","x":"1""#,
        r#""":1,"":2"#,
        r#""x":1,"y":2,"\u0078":3"#,
        r#""\ud83d\ude00":1,"😀":1"#,
        r#""\u00e9":1,"é":1"#,
    ] {
        cases.push(attack(
            member,
            Token::es256().claims_and(member),
            VerifyError::DuplicateClaim,
        ));
    }
    // The bad one first: neither the first nor the last wins.
    for (name, member) in [
        ("iss", r#""iss":"neighbour""#),
        ("exp", r#""exp":1"#),
        ("aud", r#""aud":"other""#),
    ] {
        let payload = Token::es256()
            .claims_json()
            .replacen('{', &format!("{{{member},"), 1);
        let name = format!("the good {name} last");
        cases.push(attack(
            name,
            of_payload(payload),
            VerifyError::DuplicateClaim,
        ));
    }
    let many: Vec<_> = (0..500)
        .map(|number| format!("\"c{number}\":{number}"))
        .collect();
    let many = many.join(",");
    for again in ["c0", "c250", "c499", "\\u00630"] {
        let token = Token::es256().claims_and(&format!("{many},\"{again}\":0"));
        let name = format!("{again} of five hundred again");
        cases.push(attack(name, token, VerifyError::DuplicateClaim));
    }
    cases.push(twin("five hundred", Token::es256().claims_and(&many)));
    for member in [
        r#""x":{"iss":"y","x":1}"#,
        r#""x":{"y":1,"y":2}"#,
        r#""Iss":"neighbour""#,
        r#""é":1,"e\u0301":1"#,
        r#""K":1,"k":2"#,
        "\"\u{212a}\":1,\"k\":2",
    ] {
        cases.push(twin(member, Token::es256().claims_and(member)));
    }
    cases
}

fn limits() -> Vec<Case> {
    let wide = policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap();
    let nested = |open: &str, close: &str, levels: usize| {
        let value = format!("{}0{}", open.repeat(levels), close.repeat(levels));
        Token::es256().claim("x", &value).sign()
    };
    let too_deep = VerifyError::NestingTooDeep;
    let mut cases = Vec::new();
    for (what, open, close) in [("arrays", "[", "]"), ("objects", "{\"a\":", "}")] {
        cases.push(twin(format!("31 {what}"), nested(open, close, 31)));
        for levels in [32, 128, 1000, 5000] {
            let name = format!("{levels} {what}");
            let token = nested(open, close, levels);
            cases.push(attack(name, token, too_deep).under(wide.clone()));
        }
    }
    let abyss = Token::es256().claim("x", &"[".repeat(40_000)).sign();
    cases.push(attack("40000 arrays, none closed", abyss, too_deep).under(wide.clone()));
    let side_by_side = Token::es256()
        .claim("x", &format!("[{}0]", "[[]],".repeat(4000)))
        .sign();
    cases.push(twin("4000 arrays side by side", side_by_side).under(wide));
    for value in [
        "1e400",
        "-1e400",
        "1e-400",
        "1e999999999999",
        "123456789012345678901234567890",
        "-0",
        "0.0",
        "0e0",
    ] {
        cases.push(twin(value, Token::es256().claim("x", value).sign()));
    }
    let digits = "9".repeat(4000);
    cases.push(twin(
        "a number of 4000 digits",
        Token::es256().claim("x", &digits).sign(),
    ));
    for lone in [
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800\\u0041\"",
        "[\"\\ud800\"]",
        "\"a\\udfffb\"",
    ] {
        let token = Token::es256().claim("x", lone).sign();
        cases.push(attack(lone, token, VerifyError::InvalidClaims));
    }
    let in_a_name = Token::es256().claims_and("\"\\ud800\":1");
    cases.push(attack(
        "a surrogate in a name",
        in_a_name,
        VerifyError::InvalidClaims,
    ));
    for good in [
        "\"\\ud83d\\ude00\"",
        "\"\\uffff\"",
        "\"\\u0000\"",
        "\"\u{10ffff}\"",
    ] {
        cases.push(twin(good, Token::es256().claim("x", good).sign()));
    }
    cases
}

fn escapes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, spelled) in [
        ("iss", r#""\u0069\u0073\u0073":"cl\u0069\u0065nt""#),
        ("exp", r#""ex\u0070":1700000060"#),
        ("iat", r#""\u0069at":1700000000"#),
        ("aud", r#""\u0061ud":"s\u0065rver""#),
        (
            "aud",
            r#""aud":["other","\u0073\u0065\u0072\u0076\u0065\u0072"]"#,
        ),
        ("jti", r#""jt\u0069":"\u0000""#),
    ] {
        cases.push(twin(
            spelled,
            Token::es256().without_claim(name).claims_and(spelled),
        ));
    }
    let header = r#"{"\u0061lg":"\u0045S256","k\u0069d":"client\/\u0045S256"}"#;
    let escaped = signed(key(Algorithm::Es256), header, Token::es256().claims_json());
    cases.push(twin("the header", escaped));
    for (name, spelled, refusal) in [
        ("exp", r#""ex\u0070":1"#, VerifyError::Expired),
        ("iss", r#""iss":"ne\u0069ghbour""#, VerifyError::KeyNotOwned),
        (
            "aud",
            r#""aud":"s\u0045rver""#,
            VerifyError::AudienceMismatch,
        ),
        (
            "aud",
            r#""aud":"\\u0073erver""#,
            VerifyError::AudienceMismatch,
        ),
        ("iss", r#""\\u0069ss":"client""#, VerifyError::IssuerMissing),
        (
            "exp",
            r#""e\u0058p":1700000060"#,
            VerifyError::ExpiryMissing,
        ),
    ] {
        let token = Token::es256().without_claim(name).claims_and(spelled);
        cases.push(attack(spelled, token, refusal));
    }
    cases.push(attack(
        "nbf under an escaped name counts",
        Token::es256().claims_and(r#""nb\u0066":1700000001"#),
        VerifyError::NotYetValid,
    ));
    cases
}
