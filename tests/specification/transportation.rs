//! Section "Access token transportation": where a token is in a request.

use asap_engine::{TokenRequest, VerifyError};
use asap_tests::clock::FakeClock;
use asap_tests::fixture::{NOW, after, engine, judge, policy};
use asap_tests::token::{Token, decoded};
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::gateway::{Gateway, SERVED, assert_unauthorized, bearer};
use crate::sources::client;

/// "The client MUST include the access token with all the requests made to the resource server."
#[test]
fn the_client_must_include_the_access_token_with_all_the_requests() {
    let issuer = client();
    let (clock, request) = (FakeClock::new(NOW), TokenRequest::new("server"));
    let mut gateway = Gateway::new(engine(policy()).with_clock(clock.clone()));
    for second in 0..300 {
        clock.set(after(second));
        let token = issuer.token(&request, after(second)).unwrap();
        assert_eq!(gateway.answer(bearer(&token)).body(), SERVED, "{second}");
        // A request that came before vouches for none that comes after.
        assert_unauthorized(&gateway.answer(Request::default()));
    }
}

/// "Although RFC6750 defines multiple transportation methods, this specification only supports one of them: the
/// “Authorization” HTTP header with the “Bearer” authentication scheme."
#[test]
fn only_the_authorization_header_with_the_bearer_scheme_is_supported() {
    let (mut gateway, token) = (Gateway::new(engine(policy())), Token::es256().sign());
    for value in [
        format!("Bearer {token}"),
        // RFC 9110 sections 11.1 and 11.4: the scheme in any case, one or more spaces.
        format!("bearer {token}"),
        format!("BEARER    {token}"),
    ] {
        assert_eq!(gateway.answer(with("authorization", &value)).body(), SERVED);
    }
    gateway.reached().clear();
    for (name, value) in [
        ("authorization", token.clone()),
        ("authorization", format!("Basic {token}")),
        ("authorization", format!("JWT {token}")),
        // As long as the right one.
        ("authorization", format!("Digest {token}")),
        ("authorization", format!("Bearer{token}")),
        ("authorization", format!("Bearer:{token}")),
        ("authorization", format!("Bearer\t{token}")),
        ("authorization", format!("Bearer \"{token}\"")),
        ("authorization", format!("Bearer access_token={token}")),
        ("authorization", format!("Basic YTpi, Bearer {token}")),
        ("authorization", format!("Bearer {token}, Basic YTpi")),
        ("proxy-authorization", format!("Bearer {token}")),
        ("x-authorization", format!("Bearer {token}")),
        ("authentication", format!("Bearer {token}")),
        ("x-asap-token", token.clone()),
        ("access_token", token.clone()),
        ("cookie", format!("access_token={token}")),
    ] {
        assert_unauthorized(&gateway.answer(with(name, &value)));
    }
    // Two of them are not the one.
    let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    let mut twice = Request::new(String::new());
    let mut headers = HeaderMap::new();
    headers.append("authorization", value.clone());
    headers.append("authorization", value);
    *twice.headers_mut() = headers;
    assert_unauthorized(&gateway.answer(twice));
    assert!(gateway.reached().is_empty());
}

/// "That means that the “access_token” parameter in the request-body and the “access_token” query parameter in the
/// URI are not supported."
#[test]
fn the_access_token_parameter_in_the_request_body_is_not_supported() {
    let (mut gateway, token) = (Gateway::new(engine(policy())), Token::es256().sign());
    for (content_type, body) in [
        (
            "application/x-www-form-urlencoded",
            format!("access_token={token}"),
        ),
        (
            "application/json",
            format!("{{\"access_token\":\"{token}\"}}"),
        ),
        ("text/plain", token.clone()),
    ] {
        let request = Request::post("/").header("content-type", content_type);
        let request = request.body(body).unwrap();
        assert_unauthorized(&gateway.answer(request));
    }
    assert!(gateway.reached().is_empty());
    // Beside a token where it belongs, the parameter is the application's business.
    let mut request = bearer(&token);
    *request.body_mut() = "access_token=x".to_owned();
    assert_eq!(gateway.answer(request).body(), SERVED);
}

/// "That means that the “access_token” parameter in the request-body and the “access_token” query parameter in the
/// URI are not supported."
#[test]
fn the_access_token_query_parameter_in_the_uri_is_not_supported() {
    let (mut gateway, token) = (Gateway::new(engine(policy())), Token::es256().sign());
    for uri in [
        format!("/?access_token={token}"),
        format!("/?a=b&access_token={token}"),
        format!("/?Authorization=Bearer%20{token}"),
        format!("/{token}"),
        format!("https://{token}@server/"),
    ] {
        let request = Request::get(&uri).body(String::new()).unwrap();
        assert_unauthorized(&gateway.answer(request));
    }
    assert!(gateway.reached().is_empty());
    let mut request = bearer(&token);
    *request.uri_mut() = "/?access_token=x".parse().unwrap();
    assert_eq!(gateway.answer(request).body(), SERVED);
}

/// "The access token MUST be serialised using the JWS Compact Serialisation format, as defined by JWS."
#[test]
fn the_access_token_must_be_serialised_using_the_jws_compact_serialisation() {
    let token = Token::es256().sign();
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three segments");
    };
    let flattened =
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#);
    let general = format!(
        r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#
    );
    let mut gateway = Gateway::new(engine(policy()));
    for other in [
        flattened,
        general,
        format!("[\"{token}\"]"),
        format!("\"{token}\""),
    ] {
        assert!(judge(&other).is_err(), "{other}");
        assert_unauthorized(&gateway.answer(bearer(&other)));
    }
    // RFC 7515 section 7.1: BASE64URL(header) || '.' || BASE64URL(payload) || '.' || BASE64URL(signature).
    for (other, refusal) in [
        (format!("{header}.{payload}"), VerifyError::NotCompact),
        (format!("{token}."), VerifyError::NotCompact),
        (format!("{token}.{signature}"), VerifyError::NotCompact),
        (
            format!("{header}..{payload}.{signature}"),
            VerifyError::NotCompact,
        ),
        (
            format!("{header},{payload},{signature}"),
            VerifyError::NotCompact,
        ),
        (format!("{token}="), VerifyError::InvalidBase64),
        (format!("{token} "), VerifyError::InvalidBase64),
        (
            format!("{header}.{payload}\n.{signature}"),
            VerifyError::InvalidBase64,
        ),
    ] {
        assert_eq!(judge(&other), Err(refusal), "{other}");
    }
    let issuer = client();
    let issued = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
    assert_eq!(issued.split('.').map(decoded).count(), 3);
    assert_eq!(gateway.answer(bearer(&issued)).body(), SERVED);
}

fn with(name: &'static str, value: &str) -> Request<String> {
    let mut request = Request::new(String::new());
    let value = HeaderValue::from_str(value).unwrap();
    request
        .headers_mut()
        .insert(HeaderName::from_static(name), value);
    request
}
