//! Check 2: the JOSE header.

use asap_engine::{Algorithm, VerifyError};
use asap_tests::fixture::{engine, judge, policy, verdict};
use asap_tests::keys::key;
use asap_tests::token::{Token, compact, signed};

/// "“alg”: the algorithm used to sign the token. It MUST be one of the asymmetric key algorithms defined by JWA."
#[test]
fn alg_must_be_one_of_the_asymmetric_key_algorithms_defined_by_jwa() {
    for unknown in [
        "rs256",
        "Rs256",
        "es256",
        "ES256 ",
        " ES256",
        "ES256\\u0000",
        "ES256K",
        "ES-256",
        "RS1",
        "RSA-OAEP",
        "Ed25519",
        "Ed448",
        "eddsa",
        "EDDSA",
        "A128KW",
        "dir",
        "SHA256",
        "",
        "RSASSA-PKCS1-v1_5",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    ] {
        let token = Token::es256()
            .header("alg", &format!("\"{unknown}\""))
            .sign();
        assert_eq!(
            judge(token),
            Err(VerifyError::AlgorithmUnsupported),
            "{unknown:?}"
        );
    }
    assert_eq!(judge(Token::es256().sign()), Ok(()));
}

/// "It MUST NOT be ‘none’": "Unsigned access tokens MUST be rejected."
#[test]
fn alg_must_not_be_none() {
    for none in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "n\\u006fne",
        "none ",
        "null",
    ] {
        let token = Token::es256().header("alg", &format!("\"{none}\""));
        let signed = token.sign();
        let unsigned = compact(token.header_json(), token.claims_json(), "");
        for token in [signed, unsigned] {
            assert_eq!(
                judge(token),
                Err(VerifyError::AlgorithmUnsupported),
                "{none}"
            );
        }
    }
}

/// "and it MUST NOT be a symmetric key algorithm."
#[test]
fn alg_must_not_be_a_symmetric_key_algorithm() {
    for symmetric in ["HS256", "HS384", "HS512", "hs256", "HS256 "] {
        let token = Token::es256().header("alg", &format!("\"{symmetric}\""));
        assert_eq!(
            judge(token.sign()),
            Err(VerifyError::AlgorithmUnsupported),
            "{symmetric}"
        );
    }
}

/// "The JOSE header (the first component of the JWT triple) MUST contain at least: [...] “alg”", and RFC 7515 section
/// 4.1.1: "This Header Parameter MUST be present and MUST be understood and processed by implementations."
#[test]
fn the_jose_header_must_contain_alg() {
    let missing = Err(VerifyError::AlgorithmMissing);
    let token = Token::es256();
    assert_eq!(judge(token.clone().without_header("alg").sign()), missing);
    for odd in [
        "null",
        "0",
        "256",
        "true",
        "[]",
        "[\"ES256\"]",
        "{}",
        "{\"alg\":\"ES256\"}",
    ] {
        assert_eq!(
            judge(token.clone().header("alg", odd).sign()),
            missing,
            "{odd}"
        );
    }
    for name in ["ALG", "Alg", "alg ", "algorithm"] {
        let token = token
            .clone()
            .without_header("alg")
            .header(name, "\"ES256\"");
        assert_eq!(judge(token.sign()), missing, "{name}");
    }
    let in_claims = token.without_header("alg").claim("alg", "\"ES256\"");
    assert_eq!(judge(in_claims.sign()), missing);
}

/// "The JOSE header MAY contain the “typ” header, but since JWS is being used, this header MUST be ignored."
#[test]
fn typ_must_be_ignored() {
    assert_ignored("typ");
    for value in [
        "\"JWT\"",
        "\"jwt\"",
        "\"JWE\"",
        "\"at+jwt\"",
        "\"JOSE+JSON\"",
    ] {
        assert_eq!(
            judge(Token::es256().header("typ", value).sign()),
            Ok(()),
            "{value}"
        );
    }
}

/// "The resource server MUST ignore the following claims if they are present in the header of the access token:
/// [...] “jku” [...] “jwk” [...] “x5u” [...] “x5c” [...] “x5t” [...] “x5t#S256”".
#[test]
fn the_resource_server_must_ignore_jku_jwk_x5u_x5c_x5t_and_x5t_s256() {
    for name in ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"] {
        assert_ignored(name);
        let url = "\"https://attacker.example/keys\"";
        assert_eq!(
            judge(Token::es256().header(name, url).sign()),
            Ok(()),
            "{name}"
        );
    }
    // A key that comes with the token neither helps nor harms: the one that kid names counts.
    let jwk = r#"{"kty":"oct","k":"AAAA","alg":"HS256"}"#;
    assert_eq!(judge(Token::es256().header("jwk", jwk).sign()), Ok(()));
}

/// RFC 7515 section 4: "Unless listed as a critical Header Parameter, per Section 4.1.11, all Header Parameters not
/// defined by this specification MUST be ignored when not understood."
#[test]
fn unknown_header_parameters_must_be_ignored() {
    for name in [
        "cty", "zip", "b64", "epk", "enc", "x", "", "ALG", "KID", "iss", "exp", "\\u0000",
    ] {
        assert_ignored(name);
    }
}

/// RFC 7515 section 4.1.11: "If any of the listed extension Header Parameters are not understood and supported
/// by the recipient, then the JWS is invalid."
#[test]
fn a_token_with_critical_header_parameters_is_invalid() {
    for value in [
        r#"["exp"]"#,
        r#"["b64"]"#,
        r#"["x","y"]"#,
        "[]",
        r#"["alg"]"#,
        r#""b64""#,
        "null",
        "1",
        "{}",
        "[1]",
        "false",
    ] {
        let token = Token::es256()
            .header("b64", "false")
            .header("x", "1")
            .header("crit", value);
        assert_eq!(
            judge(token.sign()),
            Err(VerifyError::CriticalHeader),
            "{value}"
        );
    }
    let escaped = Token::es256().header_and(r#""\u0063rit":["exp"]"#);
    assert_eq!(judge(escaped), Err(VerifyError::CriticalHeader));
    assert_eq!(judge(Token::es256().header("CRIT", "[]").sign()), Ok(()));
    assert_eq!(
        judge(Token::es256().claim("crit", "[\"exp\"]").sign()),
        Ok(())
    );
}

/// RFC 7515 section 4: "The Header Parameter names within the JOSE Header MUST be unique".
#[test]
fn the_header_parameter_names_must_be_unique() {
    let twice = Err(VerifyError::DuplicateHeader);
    for member in [
        r#""alg":"ES256""#,
        r#""alg":"none""#,
        r#""\u0061lg":"ES256""#,
        r#""kid":"client/ES256""#,
        r#""k\u0069d":"client/other-ES256""#,
        r#""typ":"JWT","typ":"JWT""#,
        r#""x":1,"\u0078":2"#,
        r#""":1,"":1"#,
        r#""crit":[],"crit":[]"#,
        r#""jwk":{},"x":1,"jwk":{}"#,
    ] {
        assert_eq!(judge(Token::es256().header_and(member)), twice, "{member}");
    }
    // In another object, the same name is another name.
    assert_eq!(
        judge(Token::es256().header_and(r#""x":{"x":1,"alg":"none"}"#)),
        Ok(())
    );
    let many = |last: &str| {
        let members: Vec<_> = (0..100).map(|number| format!("\"x{number}\":0")).collect();
        Token::es256().header_and(&format!("{},\"{last}\":0", members.join(",")))
    };
    assert_eq!(judge(many("x100")), Ok(()));
    for again in ["x0", "x50", "x99", "\\u0078\\u0037"] {
        assert_eq!(judge(many(again)), twice, "{again}");
    }
}

/// RFC 7515 section 5.2: "Verify that the resulting octet sequence is a UTF-8-encoded representation of a
/// completely valid JSON object".
#[test]
fn the_header_is_a_utf_8_encoded_representation_of_a_completely_valid_json_object() {
    let token = Token::es256();
    let (good, claims) = (token.header_json(), token.claims_json());
    let inside = |text: &str| format!("{},{text}}}", good.strip_suffix('}').unwrap()).into_bytes();
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut cases = vec![
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"ES256\"".to_vec(),
        b"{".to_vec(),
        b"{}{}".to_vec(),
        utf_16,
        format!("{good}x").into_bytes(),
        format!("{good},").into_bytes(),
        format!("[{good}]").into_bytes(),
        format!("\u{feff}{good}").into_bytes(),
        format!("{good}\0").into_bytes(),
        good.replace('"', "'").into_bytes(),
        good.replace(':', "=").into_bytes(),
        [inside("\"x\":\"").strip_suffix(b"}").unwrap(), b"\xff\"}"].concat(),
        [
            inside("\"x\":\"").strip_suffix(b"}").unwrap(),
            b"\xed\xa0\x80\"}",
        ]
        .concat(),
        [
            inside("\"x\":\"").strip_suffix(b"}").unwrap(),
            b"\xc0\xaf\"}",
        ]
        .concat(),
    ];
    for member in [
        "",
        "\"x\"",
        "\"x\":",
        "x:1",
        "\"x\":01",
        "\"x\":+1",
        "\"x\":1.",
        "\"x\":.5",
        "\"x\":0x1",
        "\"x\":NaN",
        "\"x\":Infinity",
        "\"x\":-",
        "\"x\":1e",
        "\"x\":tru",
        "\"x\":True",
        "\"x\":[1,]",
        "\"x\":{\"y\":1,}",
        "\"x\":[1 2]",
        "\"x\":\"\t\"",
        "\"x\":\"\\x\"",
        "\"x\":\"\\u12\"",
        "\"x\":\"\\ud800\"",
        "\"x\":\"\\udc00\\ud800\"",
        "\"x\":1/**/",
        "1:1",
        "\"x\":1,",
    ] {
        cases.push(inside(member));
    }
    for header in cases {
        let token = signed(key(Algorithm::Es256), &header, &claims);
        let refusal = judge(token);
        assert_eq!(
            refusal,
            Err(VerifyError::InvalidHeader),
            "{}",
            String::from_utf8_lossy(&header)
        );
    }
    let spaced = good.replace(':', " \r\n\t: ").replace(',', " , ");
    let spaced = signed(key(Algorithm::Es256), format!(" \n{spaced}\t "), &claims);
    assert_eq!(judge(spaced), Ok(()));
}

/// "Resource servers MUST reject tokens signed with an unsupported algorithm.", and RFC 8725 section 3.1:
/// "Libraries MUST enable the caller to specify a supported set of algorithms and MUST NOT use any other
/// algorithms when performing cryptographic operations."
#[test]
fn resource_servers_must_reject_tokens_signed_with_an_unsupported_algorithm() {
    let token = Token::es256().sign();
    let allows = |algorithms: &[Algorithm]| {
        engine(
            policy()
                .with_algorithms(algorithms.iter().copied())
                .unwrap(),
        )
    };
    let others: Vec<_> = Algorithm::ALL
        .iter()
        .copied()
        .filter(|one| *one != Algorithm::Es256)
        .collect();
    assert_eq!(verdict(&allows(&[Algorithm::Es256]), &token), Ok(()));
    assert_eq!(
        verdict(&allows(&[Algorithm::Rs256, Algorithm::Es256]), &token),
        Ok(())
    );
    assert_eq!(
        verdict(&allows(&others), &token),
        Err(VerifyError::AlgorithmNotAllowed)
    );
}

fn assert_ignored(name: &str) {
    for value in [
        "null",
        "true",
        "0",
        "-1.5e3",
        "\"\"",
        "\"text\"",
        "[]",
        "[1,\"a\",{}]",
        "{}",
        "{\"a\":[null]}",
    ] {
        let token = Token::es256().header(name, value).sign();
        assert_eq!(judge(token), Ok(()), "{name} {value}");
    }
}
