//! Check 3: the claims.

use asap_engine::limits::MAX_KEY_ID_LENGTH;
use asap_engine::{Algorithm, Engine, Keyring, Scratch, Verdict, VerifyError};
use asap_tests::fixture::{NOW, block_on, engine, judge, policy, verdict};
use asap_tests::keys::key;
use asap_tests::token::Token;

/// "The claims of the JWT token MUST contain: [...] “iss” [...] “exp” [...] “iat” [...] “aud” [...] “jti”".
#[test]
fn the_claims_must_contain_iss_exp_iat_aud_and_jti() {
    for (name, refusal) in [
        ("iss", VerifyError::IssuerMissing),
        ("exp", VerifyError::ExpiryMissing),
        ("iat", VerifyError::IssuedAtMissing),
        ("aud", VerifyError::AudienceMissing),
        ("jti", VerifyError::TokenIdMissing),
    ] {
        let token = Token::es256().without_claim(name);
        assert_eq!(judge(token.sign()), Err(refusal), "{name}");
        // A name is compared as it is: RFC 7519 section 7.3.
        for look_alike in [
            name.to_uppercase(),
            format!("{name} "),
            format!("{name}\\u0000"),
        ] {
            let token = token.clone().claim(&look_alike, "1700000000");
            assert_eq!(judge(token.sign()), Err(refusal), "{look_alike}");
        }
        let nested = token.clone().claim("x", &Token::es256().claims_json());
        assert_eq!(judge(nested.sign()), Err(refusal), "{name}");
        let in_header = token.header(name, "1700000000");
        assert_eq!(judge(in_header.sign()), Err(refusal), "{name}");
    }
    assert_eq!(judge(Token::es256().sign()), Ok(()));
}

/// "“iss”: issuer, as defined by JWT, with the difference that here it is mandatory and that the value must be a
/// String (not a StringOrURI)."
#[test]
fn the_value_of_iss_must_be_a_string() {
    for odd in ["null", "1", "true", "[]", "[\"client\"]", "{}"] {
        assert_refused("iss", odd, VerifyError::IssuerInvalid);
    }
}

/// "Services are univocally identified by a String, which MUST be a String with the same restrictions described
/// above for the key identifier."
#[test]
fn iss_must_be_a_string_with_the_same_restrictions_as_the_key_identifier() {
    for issuer in [
        "",
        "/",
        "client/",
        "/client",
        "a//b",
        ".",
        "..",
        "client/..",
        "client/./x",
        "cli ent",
        "client\\n",
        "client\\u0000",
        "client:8080",
        "https://client",
        "cliént",
        "\u{212a}lient",
        "client?",
        "client%2f",
        "\\ud83d\\ude00",
    ] {
        assert_refused("iss", &format!("\"{issuer}\""), VerifyError::IssuerInvalid);
    }
    let too_long = format!("\"{}\"", "i".repeat(MAX_KEY_ID_LENGTH + 1));
    assert_refused("iss", &too_long, VerifyError::IssuerInvalid);
    for issuer in [
        "client",
        "client/micros/dev-1",
        "...",
        "a..b",
        "+",
        "-/-",
        "_",
        "0",
    ] {
        let kid = format!("{issuer}/ES256");
        let pem = key(Algorithm::Es256).public_key_pem();
        let keys = Keyring::from_pems([(kid.as_str(), pem.as_bytes())]).unwrap();
        let engine = Engine::new(policy(), keys).with_clock(|| NOW);
        let token = Token::es256().claim("iss", &format!("\"{issuer}\""));
        let token = token.header("kid", &format!("\"{kid}\""));
        assert_eq!(verdict(&engine, token.sign()), Ok(()), "{issuer}");
    }
}

/// RFC 7519 section 4.1.4: "Its value MUST be a number containing a NumericDate value."
#[test]
fn exp_must_be_a_number() {
    assert_number("exp", VerifyError::ExpiryInvalid);
}

/// RFC 7519 section 4.1.6: "Its value MUST be a number containing a NumericDate value."
#[test]
fn iat_must_be_a_number() {
    assert_number("iat", VerifyError::IssuedAtInvalid);
}

/// RFC 7519 section 4.1.5: "Its value MUST be a number containing a NumericDate value."
#[test]
fn nbf_must_be_a_number() {
    assert_number("nbf", VerifyError::NotBeforeInvalid);
}

/// "Note that the value of this claim may be a single string value or an array of string values."
#[test]
fn aud_may_be_a_single_string_value_or_an_array_of_string_values() {
    for good in [
        "\"server\"",
        "[\"server\"]",
        "[\"other\",\"server\"]",
        " [ \"server\" , \"\" ] ",
    ] {
        assert_eq!(
            judge(Token::es256().claim("aud", good).sign()),
            Ok(()),
            "{good}"
        );
    }
    for odd in [
        "null",
        "1",
        "true",
        "{}",
        "{\"server\":\"server\"}",
        "[1]",
        "[\"server\",1]",
        "[\"server\",null]",
        "[[\"server\"]]",
        "[\"server\",{}]",
        "[\"server\",false]",
    ] {
        assert_refused("aud", odd, VerifyError::AudienceInvalid);
    }
}

/// RFC 7519 section 4.1.7: "The "jti" value is a case-sensitive string."
#[test]
fn jti_is_a_string() {
    for odd in ["null", "1", "true", "[]", "[\"a\"]", "{}"] {
        assert_refused("jti", odd, VerifyError::TokenIdInvalid);
    }
    for good in [
        "\"\"",
        "\" \"",
        "\"\\u0000\"",
        "\"é\\ud83d\\ude00\"",
        &format!("\"{}\"", "j".repeat(4000)),
    ] {
        assert_eq!(
            judge(Token::es256().claim("jti", good).sign()),
            Ok(()),
            "{good}"
        );
    }
}

/// "“sub”: subject, as defined by JWT. This String identifies the principal (service or individual)."
#[test]
fn sub_is_a_string_where_it_is_present() {
    for odd in ["null", "1", "true", "[]", "[\"client\"]", "{}"] {
        assert_refused("sub", odd, VerifyError::SubjectInvalid);
    }
    for good in [
        "\"\"",
        "\"client\"",
        "\"someone else\"",
        "\"https://user.example\"",
        "\"..\"",
    ] {
        assert_eq!(
            judge(Token::es256().claim("sub", good).sign()),
            Ok(()),
            "{good}"
        );
    }
}

/// "If the “sub” claim is not defined, the resource server MUST assume that the effective subject is the same
/// as the issuer."
#[test]
fn without_sub_the_effective_subject_is_the_same_as_the_issuer() {
    for (token, subject) in [
        (Token::es256(), "client"),
        (Token::es256().claim("sub", "\"\""), ""),
        (Token::es256().claim("sub", "\"us\\u0065r\""), "user"),
    ] {
        let (engine, token, mut scratch) = (engine(policy()), token.sign(), Scratch::new());
        let Verdict::Verified(identity) =
            engine.verify_now(token.as_bytes(), &mut scratch).unwrap()
        else {
            panic!("the key is at hand");
        };
        assert_eq!(identity.subject(), subject);
        assert_eq!(identity.issuer(), "client");
        let owned = block_on(engine.verify(token.as_bytes())).unwrap();
        assert_eq!(owned.subject(), subject);
    }
}

/// "If the resource server successfully verifies and accepts the access token, then it MUST process the request
/// and it MUST assume that the request was issued by the issuer."
#[test]
fn what_is_accepted_is_what_was_signed() {
    let token = Token::es256()
        .claim("aud", "[\"other\",\"s\\u0065rver\"]")
        .claim("jti", "\"a\\tb\"")
        .claim("scope", "[1,{\"x\":null}]");
    let identity = block_on(engine(policy()).verify(token.sign().as_bytes())).unwrap();
    assert_eq!(identity.issuer(), "client");
    assert_eq!(identity.key_id(), "client/ES256");
    assert_eq!(identity.algorithm(), Algorithm::Es256);
    assert_eq!(identity.token_id(), "a\tb");
    assert_eq!(identity.audience().collect::<Vec<_>>(), ["other", "server"]);
    assert_eq!(identity.issued_at().to_string(), "1700000000");
    assert_eq!(identity.expires_at().to_string(), "1700000060");
    assert_eq!(identity.claims_json(), token.claims_json());
}

fn assert_number(name: &str, refusal: VerifyError) {
    for odd in [
        "null",
        "true",
        "false",
        "\"1700000000\"",
        "\"\"",
        "\"2030-01-01\"",
        "[]",
        "[1700000000]",
        "{}",
        "{\"$numberLong\":\"1\"}",
    ] {
        assert_refused(name, odd, refusal);
    }
}

fn assert_refused(name: &str, json: &str, refusal: VerifyError) {
    let token = Token::es256().claim(name, json).sign();
    assert_eq!(judge(token), Err(refusal), "{name}: {json}");
}
