//! "The claims of the JWT token MUST contain" and "MAY contain".

use asap_engine::{Algorithm, Issuer, TokenRequest, VerifyError};
use asap_tests::fixture::{NOW, after, engine_at, judge, policy, verdict};
use asap_tests::keys::{other_key, owned_key};
use asap_tests::token::Token;

use crate::OF_EVERY_TYPE;
use crate::sources::{client, identity, json};

/// "The claims of the JWT token MUST contain:"
#[test]
fn the_claims_must_contain_iss_exp_iat_aud_and_jti() {
    let token = Token::es256();
    assert_eq!(judge(token.sign()), Ok(()));
    let issued = json(&issued(&TokenRequest::new("server")), 1);
    for (name, refusal) in [
        ("iss", VerifyError::IssuerMissing),
        ("exp", VerifyError::ExpiryMissing),
        ("iat", VerifyError::IssuedAtMissing),
        ("aud", VerifyError::AudienceMissing),
        ("jti", VerifyError::TokenIdMissing),
    ] {
        let without = token.clone().without_claim(name);
        assert_eq!(judge(without.sign()), Err(refusal), "{name}");
        // Names are case-sensitive (RFC 7515 section 4), and a header parameter is no claim.
        let upper = without.clone().claim(&name.to_uppercase(), "\"client\"");
        assert_eq!(judge(upper.sign()), Err(refusal), "{name}");
        let moved = without.header(name, "\"client\"");
        assert_eq!(judge(moved.sign()), Err(refusal), "{name}");
        assert!(issued.get(name).is_some(), "{name}");
    }
}

/// "“iss”: issuer, as defined by JWT, with the difference that here it is mandatory and that the value must be a
/// String (not a StringOrURI)."
#[test]
fn iss_is_mandatory_and_must_be_a_string() {
    let missing = judge(Token::es256().without_claim("iss").sign());
    assert_eq!(missing, Err(VerifyError::IssuerMissing));
    for value in OF_EVERY_TYPE {
        let token = Token::es256().claim("iss", value).sign();
        // "none" is a String, and not the one that owns the key.
        let refusal = match value {
            "\"none\"" => VerifyError::KeyNotOwned,
            _ => VerifyError::IssuerInvalid,
        };
        assert_eq!(judge(token), Err(refusal), "{value}");
    }
    for uri in ["https://client", "urn:client", "client:8080", "mailto:a@b"] {
        let token = Token::es256().claim("iss", &format!("\"{uri}\""));
        assert_eq!(
            judge(token.sign()),
            Err(VerifyError::IssuerInvalid),
            "{uri}"
        );
        assert!(Issuer::new(uri, "client/key", owned_key(Algorithm::Es256)).is_err());
    }
}

/// "This String identifies the service that issues the token."
#[test]
fn iss_identifies_the_service_that_issues_the_token() {
    assert_eq!(
        identity(policy(), &Token::es256().sign()).issuer(),
        "client"
    );
    let neighbour = Token::es256()
        .header("kid", "\"neighbour/ES256\"")
        .claim("iss", "\"neighbour\"")
        .sign_with(other_key(Algorithm::Es256));
    assert_eq!(identity(policy(), &neighbour).issuer(), "neighbour");
}

/// "“exp”: token expiry timestamp, as defined by JWT, with the difference that here it is mandatory."
#[test]
fn exp_is_mandatory() {
    let missing = judge(Token::es256().without_claim("exp").sign());
    assert_eq!(missing, Err(VerifyError::ExpiryMissing));
    assert_numeric_date("exp", VerifyError::ExpiryInvalid);
}

/// "“iat”: issued at time, as defined by JWT, with the difference that here it is mandatory."
#[test]
fn iat_is_mandatory() {
    // Where there is an `nbf`, too: it does not stand in.
    let token = Token::es256().claim("nbf", "1700000000");
    let missing = judge(token.without_claim("iat").sign());
    assert_eq!(missing, Err(VerifyError::IssuedAtMissing));
    assert_numeric_date("iat", VerifyError::IssuedAtInvalid);
}

/// "“aud”: audience, as defined by JWT, with the difference that here it is mandatory."
#[test]
fn aud_is_mandatory() {
    let missing = judge(Token::es256().without_claim("aud").sign());
    assert_eq!(missing, Err(VerifyError::AudienceMissing));
    let empty = judge(Token::es256().claim("aud", "[]").sign());
    assert_eq!(empty, Err(VerifyError::AudienceMismatch));
}

/// "Note that the value of this claim may be a single string value or an array of string values."
#[test]
fn aud_may_be_a_single_string_value_or_an_array_of_string_values() {
    for value in ["\"server\"", "[\"server\"]", "[\"other\",\"server\",\"\"]"] {
        let token = Token::es256().claim("aud", value);
        assert_eq!(judge(token.sign()), Ok(()), "{value}");
    }
    for value in [
        "null",
        "1",
        "{}",
        "[1]",
        "[\"server\",1]",
        "[[\"server\"]]",
        "[\"server\",null]",
    ] {
        let token = Token::es256().claim("aud", value);
        assert_eq!(
            judge(token.sign()),
            Err(VerifyError::AudienceInvalid),
            "{value}"
        );
    }
    let one = json(&issued(&TokenRequest::new("server")), 1);
    assert_eq!(one["aud"], "server");
    let two = TokenRequest::new("server").with_additional_audience("other");
    let two = json(&issued(&two), 1);
    assert_eq!(two["aud"], serde_json::json!(["server", "other"]));
}

/// "“jti”: token identifier, defined by JWT, with the difference that here it is mandatory."
#[test]
fn jti_is_mandatory() {
    let missing = judge(Token::es256().without_claim("jti").sign());
    assert_eq!(missing, Err(VerifyError::TokenIdMissing));
    // "defined by JWT": "a case-sensitive string" (RFC 7519 section 4.1.7), of any characters.
    for value in OF_EVERY_TYPE {
        let expected = match value.starts_with('"') {
            true => Ok(()),
            false => Err(VerifyError::TokenIdInvalid),
        };
        let token = Token::es256().claim("jti", value).sign();
        assert_eq!(judge(token), expected, "{value}");
    }
}

/// "The claims of the JWT token MAY contain:"
#[test]
fn the_claims_may_contain_sub_and_nbf() {
    let token = Token::es256();
    for token in [
        token.clone(),
        token.clone().claim("sub", "\"user\""),
        token.clone().claim("nbf", "1700000000"),
        token.claim("sub", "\"user\"").claim("nbf", "1700000000"),
    ] {
        assert_eq!(judge(token.sign()), Ok(()));
    }
    // The client's side writes them where it is asked to.
    let plain = json(&issued(&TokenRequest::new("server")), 1);
    assert_eq!((plain.get("sub"), plain.get("nbf")), (None, None));
    let request = TokenRequest::new("server").with_subject("user");
    let both = json(&issued(&request.with_not_before(after(1))), 1);
    assert_eq!(both["sub"], "user");
    assert_eq!(both["nbf"], 1_700_000_001);
}

/// "“sub”: subject, as defined by JWT."
#[test]
fn sub_is_the_subject_as_defined_by_jwt() {
    // RFC 7519 section 4.1.2: "a case-sensitive string".
    for value in OF_EVERY_TYPE {
        let expected = match value.starts_with('"') {
            true => Ok(()),
            false => Err(VerifyError::SubjectInvalid),
        };
        let token = Token::es256().claim("sub", value).sign();
        assert_eq!(judge(token), expected, "{value}");
    }
}

/// "This String identifies the principal (service or individual)."
#[test]
fn sub_identifies_the_principal() {
    for principal in [
        "client",
        "another/service",
        "Individual",
        "someone@example.com",
        "",
    ] {
        let token = Token::es256().claim("sub", &format!("\"{principal}\""));
        let identity = identity(policy(), &token.sign());
        assert_eq!(identity.subject(), principal);
        assert_eq!(identity.issuer(), "client", "whoever the principal is");
    }
}

/// "If absent, the receiver MUST assume that the token was self-issued and therefore the subject is the same as the
/// issuer."
#[test]
fn an_absent_sub_means_that_the_subject_is_the_issuer() {
    let absent = Token::es256();
    assert_eq!(identity(policy(), &absent.sign()).subject(), "client");
    // A `sub` elsewhere is not this one.
    let elsewhere = absent
        .header("sub", "\"header\"")
        .claim("SUB", "\"upper\"")
        .claim("act", "{\"sub\":\"inner\"}");
    assert_eq!(identity(policy(), &elsewhere.sign()).subject(), "client");
}

/// "“nbf”: not before, as defined by JWT."
#[test]
fn nbf_is_not_before_as_defined_by_jwt() {
    assert_numeric_date("nbf", VerifyError::NotBeforeInvalid);
    let token = Token::es256().claim("nbf", "1700000010").sign();
    let before = verdict(&engine_at(policy(), after(9)), &token);
    assert_eq!(before, Err(VerifyError::NotYetValid));
    assert_eq!(verdict(&engine_at(policy(), after(10)), &token), Ok(()));
}

/// "as defined by JWT": "Its value MUST be a number containing a NumericDate value." (RFC 7519 sections 4.1.4 to
/// 4.1.6), and a NumericDate may have a fraction (section 2).
fn assert_numeric_date(name: &str, refusal: VerifyError) {
    let text_of_one = ["\"1700000000\"", "\"2023-11-14T22:13:20Z\""];
    for value in OF_EVERY_TYPE.iter().chain(&text_of_one) {
        let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if !is_number {
            let token = Token::es256().claim(name, value).sign();
            assert_eq!(judge(token), Err(refusal), "{name}: {value}");
        }
    }
    for value in ["1700000000", "1700000000.0", "17e8", "1.7E+9"] {
        let token = Token::es256().claim(name, value);
        assert_eq!(judge(token.sign()), Ok(()), "{name}: {value}");
    }
}

fn issued(request: &TokenRequest) -> String {
    client().sign(request, NOW).unwrap()
}
