//! Check 3: the payload as a JSON document, and the claims that nobody asked for.

use asap_engine::limits::MAX_TOKEN_LENGTH;
use asap_engine::{Algorithm, VerifyError};
use asap_tests::fixture::{engine, judge, policy, verdict};
use asap_tests::keys::key;
use asap_tests::token::{Token, signed};

/// RFC 7519 section 4: "all claims that are not understood by implementations MUST be ignored."
#[test]
fn claims_that_are_not_understood_must_be_ignored() {
    for name in [
        "x",
        "",
        "ISS",
        "exp ",
        "alg",
        "kid",
        "crit",
        "nonce",
        "\\u0000",
        "https://example/claim",
    ] {
        for value in [
            "null",
            "false",
            "-0",
            "1e400",
            "\"\"",
            "[]",
            "[[],{}]",
            "{}",
            "{\"iss\":1,\"exp\":\"x\"}",
        ] {
            let token = Token::es256().claim(name, value).sign();
            assert_eq!(judge(token), Ok(()), "{name} {value}");
        }
    }
}

/// docs/DESIGN.md, check 3: "unknown claims ignored whatever their type and number (500 of them are legal;
/// only the token's length bounds them)".
#[test]
fn five_hundred_unknown_claims_are_legal() {
    let engine = engine(policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap());
    for count in [500, 3000] {
        let members: Vec<_> = (0..count)
            .map(|number| format!("\"c{number}\":{number}"))
            .collect();
        let members = members.join(",");
        assert_eq!(
            verdict(&engine, Token::es256().claims_and(&members)),
            Ok(())
        );
        let twice = Token::es256().claims_and(&format!("{members},\"c{}\":0", count / 2));
        assert_eq!(verdict(&engine, twice), Err(VerifyError::DuplicateClaim));
    }
}

/// RFC 7519 section 4: "The Claim Names within a JWT Claims Set MUST be unique".
#[test]
fn the_claim_names_must_be_unique() {
    for member in [
        r#""iss":"client""#,
        r#""iss":"neighbour""#,
        r#""\u0069ss":"client""#,
        r#""exp":1700000060"#,
        r#""e\u0078p":9"#,
        r#""iat":1700000000"#,
        r#""aud":"server""#,
        r#""jti":"2""#,
        r#""nbf":1,"nbf":1"#,
        r#""sub":"a","s\u0075b":"b""#,
        r#""x":1,"x":1"#,
        r#""":1,"":2"#,
        r#""x":1,"y":2,"\u0078":3"#,
        r#""\ud83d\ude00":1,"😀":1"#,
    ] {
        let token = Token::es256().claims_and(member);
        assert_eq!(judge(token), Err(VerifyError::DuplicateClaim), "{member}");
    }
    for member in [
        r#""x":{"iss":"y","x":1}"#,
        r#""Iss":"client""#,
        r#""é":1,"e\u0301":1"#,
    ] {
        assert_eq!(judge(Token::es256().claims_and(member)), Ok(()), "{member}");
    }
}

/// RFC 7519 section 7.2: "Verify that the resulting octet sequence is a UTF-8-encoded representation of a
/// completely valid JSON object".
#[test]
fn the_payload_is_a_utf_8_encoded_representation_of_a_completely_valid_json_object() {
    let token = Token::es256();
    let (header, good) = (token.header_json(), token.claims_json());
    let open = good.strip_suffix('}').unwrap();
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut cases = vec![
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"1".to_vec(),
        b"{".to_vec(),
        utf_16,
        token.sign().into_bytes(),
        format!("{good}{good}").into_bytes(),
        format!("{good}]").into_bytes(),
        format!("[{good}]").into_bytes(),
        format!("\u{feff}{good}").into_bytes(),
        format!("{good}\0").into_bytes(),
        open.as_bytes().to_vec(),
    ];
    for bytes in [
        &b"\xff"[..],
        b"\x80",
        b"\xc0\x80",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5",
    ] {
        // In a value, in a name, and in a value of a value: all of them of a claim that nobody reads.
        cases.push([open.as_bytes(), b",\"x\":\"", bytes, b"\"}"].concat());
        cases.push([open.as_bytes(), b",\"", bytes, b"\":1}"].concat());
        cases.push([open.as_bytes(), b",\"x\":{\"y\":[\"", bytes, b"\"]}}"].concat());
    }
    for member in [
        "",
        "\"x\"",
        "\"x\":",
        "\"x\":01",
        "\"x\":-01",
        "\"x\":+1",
        "\"x\":1.",
        "\"x\":.1",
        "\"x\":0x10",
        "\"x\":1e+",
        "\"x\":NaN",
        "\"x\":-Infinity",
        "\"x\":nul",
        "\"x\":[1,,2]",
        "\"x\":[1,]",
        "\"x\":{,}",
        "\"x\":{\"y\"}",
        "\"x\":\"\n\"",
        "\"x\":\"\u{1f}\"",
        "\"x\":\"\\a\"",
        "\"x\":\"\\u00g0\"",
        "\"x\":\"\\ud800\"",
        "\"x\":\"\\udfff\"",
        "\"x\":\"\\ud800\\u0041\"",
        "\"\\ud800\":1",
        "\"x\":'y'",
        "\"x\":1 //",
        "\"x\":[\"\\ud800\"]",
    ] {
        cases.push(format!("{open},{member}}}").into_bytes());
    }
    for payload in cases {
        let token = signed(key(Algorithm::Es256), &header, &payload);
        assert_eq!(
            judge(token),
            Err(VerifyError::InvalidClaims),
            "{}",
            String::from_utf8_lossy(&payload)
        );
    }
    let spaced = good.replace(':', " :\t").replace(',', "\r\n, ");
    assert_eq!(
        judge(signed(
            key(Algorithm::Es256),
            &header,
            format!("\n {spaced} \t")
        )),
        Ok(())
    );
}

/// docs/DESIGN.md, check 3: "member names compared after unescaping".
#[test]
fn an_escaped_name_is_the_name_that_it_spells() {
    let token = Token::es256().without_claim("iss");
    assert_eq!(
        judge(token.claims_and(r#""\u0069\u0073s":"cl\u0069ent""#)),
        Ok(())
    );
    let token = Token::es256().without_claim("exp");
    assert_eq!(judge(token.claims_and(r#""ex\u0070":1700000060"#)), Ok(()));
}
