//! Check 6: whom a token is meant for.

use asap_engine::VerifyError;
use asap_tests::fixture::{engine, judge, policy, verdict};
use asap_tests::token::Token;

/// "The resource server MUST verify that it is the intended audience of the access token by checking that at
/// least one of the values of “aud” is the identifier of the resource server mutually agreed by the client and
/// the resource server."
#[test]
fn at_least_one_of_the_values_of_aud_is_the_identifier_of_the_resource_server() {
    for (audience, meant) in [
        (r#""server""#, true),
        (r#"["server"]"#, true),
        (r#"["other","server"]"#, true),
        (r#"["server","other","server"]"#, true),
        (r#""other""#, false),
        (r#""""#, false),
        ("[]", false),
        (r#"[""]"#, false),
        (r#"["other","another"]"#, false),
        (r#""server,other""#, false),
        (r#""server other""#, false),
        (r#""[\"server\"]""#, false),
        (r#"["serve","r"]"#, false),
    ] {
        let expected = if meant {
            Ok(())
        } else {
            Err(VerifyError::AudienceMismatch)
        };
        assert_eq!(
            judge(Token::es256().claim("aud", audience).sign()),
            expected,
            "{audience}"
        );
    }
    let many: Vec<_> = (0..300)
        .map(|number| format!("\"server{number}\""))
        .collect();
    let many = many.join(",");
    let among = Token::es256()
        .claim("aud", &format!("[{many},\"server\"]"))
        .sign();
    assert_eq!(judge(among), Ok(()));
    let beside = Token::es256().claim("aud", &format!("[{many}]")).sign();
    assert_eq!(judge(beside), Err(VerifyError::AudienceMismatch));
}

/// RFC 7519 section 2: "StringOrURI values are compared as case-sensitive strings with no transformations or
/// canonicalizations applied." docs/DESIGN.md, check 6: "code point for code point".
#[test]
fn audiences_are_compared_code_point_for_code_point() {
    for near in [
        "Server",
        "SERVER",
        "server ",
        " server",
        "server/",
        "serve",
        "servers",
        "server\\u0000",
        "ѕerver",
        "server.",
        "https://server",
        "s\u{200b}erver",
        "server\\n",
    ] {
        let token = Token::es256().claim("aud", &format!("\"{near}\"")).sign();
        assert_eq!(judge(token), Err(VerifyError::AudienceMismatch), "{near:?}");
        let token = Token::es256().claim("aud", &format!("[\"{near}\"]")).sign();
        assert_eq!(judge(token), Err(VerifyError::AudienceMismatch), "{near:?}");
    }
    // An escape is another spelling of the same code point.
    for spelling in [r#""s\u0065rver""#, r#"["s\u0065rver"]"#] {
        assert_eq!(
            judge(Token::es256().claim("aud", spelling).sign()),
            Ok(()),
            "{spelling}"
        );
    }
}

/// "The issuer and the resource server have to mutually agree on this identifier.": whatever it is, not a `kid`.
#[test]
fn any_string_may_be_agreed_on() {
    for (agreed, spelling, other) in [
        (
            "https://server.example/",
            r#""https:\/\/server.example/""#,
            r#""https://server.example""#,
        ),
        ("é", r#""\u00e9""#, r#""e\u0301""#),
        ("\"\\/", r#""\"\\\/""#, r#""\"\\\\/""#),
        ("a\tb", r#""a\tb""#, r#""a\\tb""#),
        ("😀", r#""\ud83d\ude00""#, r#""\ud83d\ude01""#),
        (" ", r#"" ""#, r#""""#),
    ] {
        let policy = asap_engine::Policy::new(agreed).unwrap();
        let engine = engine(policy);
        for form in [
            spelling.to_owned(),
            format!("[{spelling}]"),
            format!("[\"x\",{spelling}]"),
        ] {
            let token = Token::es256().claim("aud", &form).sign();
            assert_eq!(verdict(&engine, token), Ok(()), "{form}");
        }
        for form in [other.to_owned(), format!("[{other}]")] {
            let token = Token::es256().claim("aud", &form).sign();
            assert_eq!(
                verdict(&engine, token),
                Err(VerifyError::AudienceMismatch),
                "{form}"
            );
        }
    }
}

/// `Policy::with_audience`: "Takes tokens for `audience` too."
#[test]
fn a_resource_server_may_have_several_identifiers() {
    let engine = engine(policy().with_audience("old-name").unwrap());
    for (audience, expected) in [
        (r#""server""#, Ok(())),
        (r#""old-name""#, Ok(())),
        (r#"["x","old-name"]"#, Ok(())),
        (r#""old""#, Err(VerifyError::AudienceMismatch)),
        (r#""serverold-name""#, Err(VerifyError::AudienceMismatch)),
    ] {
        assert_eq!(
            verdict(&engine, Token::es256().claim("aud", audience).sign()),
            expected,
            "{audience}"
        );
    }
}
