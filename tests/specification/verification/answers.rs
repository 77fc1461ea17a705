//! What a request gets: the resource, or 401 with a challenge, through the engine's own middleware.

use std::collections::HashSet;

use asap_engine::{Algorithm, Engine, KeyError, Keyring, Policy, ReplayWindow, VerifyError};
use asap_tests::counting::{Answer, CountingKeys};
use asap_tests::fixture::{NOW, after, engine, policy, verdict};
use asap_tests::keys::{key, other_key};
use asap_tests::token::Token;
use http::{Method, Request};

use crate::gateway::{Gateway, SERVED, assert_unauthorized, bearer, identity};

const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// "If the resource server successfully verifies and accepts the access token, then it MUST process the request and
/// it MUST assume that the request was issued by the issuer."
#[test]
fn an_accepted_request_must_be_processed() {
    let (mut gateway, token) = (Gateway::new(engine(policy())), Token::es256().sign());
    for method in METHODS {
        let mut request = bearer(&token);
        *request.method_mut() = method.clone();
        *request.uri_mut() = "/some/path?query".parse().unwrap();
        *request.body_mut() = "the body".to_owned();
        request
            .headers_mut()
            .insert("x-other", "kept".parse().unwrap());
        let response = gateway.answer(request);
        assert_eq!(response.status(), 200, "{method}");
        assert_eq!(response.body(), SERVED, "{method}");
        // As it came, whole.
        let reached = gateway.reached().pop().unwrap();
        assert_eq!(reached.method(), method);
        assert_eq!(reached.uri(), "/some/path?query");
        assert_eq!(reached.headers()["x-other"], "kept");
        assert_eq!(reached.body(), "the body");
    }
}

/// "If the resource server successfully verifies and accepts the access token, then it MUST process the request and
/// it MUST assume that the request was issued by the issuer."
#[test]
fn an_accepted_request_was_issued_by_the_issuer() {
    let mut gateway = Gateway::new(engine(policy()));
    let client = Token::es256().claim("sub", "\"neighbour\"").sign();
    let neighbour = Token::es256()
        .header("kid", "\"neighbour/ES256\"")
        .claim("iss", "\"neighbour\"")
        .sign_with(other_key(Algorithm::Es256));
    for (token, issuer) in [(client, "client"), (neighbour, "neighbour")] {
        let mut request = bearer(&token);
        // Whatever the request says elsewhere of who sent it.
        request
            .headers_mut()
            .insert("from", "someone".parse().unwrap());
        request
            .headers_mut()
            .insert("x-forwarded-user", "root".parse().unwrap());
        assert_eq!(gateway.answer(request).status(), 200);
        let reached = gateway.reached().pop().unwrap();
        assert_eq!(identity(&reached).issuer(), issuer);
    }
}

/// The refusals of Connect, Forge and Trello that have no meaning for ASAP.
const OF_OTHER_TOKENS: [VerifyError; 23] = [
    VerifyError::TokenMissing,
    VerifyError::SeveralTokens,
    VerifyError::NotBeforeMissing,
    VerifyError::AppMissing,
    VerifyError::AppInvalid,
    VerifyError::ContextInvalid,
    VerifyError::PrincipalInvalid,
    VerifyError::PluginMissing,
    VerifyError::MemberMissing,
    VerifyError::BoardInvalid,
    VerifyError::StateInvalid,
    VerifyError::StateTooLong,
    VerifyError::QueryHashMissing,
    VerifyError::QueryHashInvalid,
    VerifyError::BodyInvalid,
    VerifyError::RequestTooLarge,
    VerifyError::RequestMalformed,
    VerifyError::PluginMismatch,
    VerifyError::ClientKeyMismatch,
    VerifyError::QueryHashOfContext,
    VerifyError::QueryHashNotOfContext,
    VerifyError::QueryHashMismatch,
    VerifyError::TenantUnknown,
];

/// "If the resource server rejects the access token, then it MUST reply with a status code of 401 UNAUTHORIZED and
/// MUST include a WWW-Authenticate header field as per the HTTP specification."
#[test]
fn a_rejected_access_token_must_be_answered_with_401_and_www_authenticate() {
    let mut gateway = strict_gateway();
    let token = Token::es256().claim("jti", "\"seen\"").sign();
    assert_eq!(gateway.answer(bearer(&token)).status(), 200);
    let mut told = HashSet::new();
    for token in refused_tokens().into_iter().chain([token]) {
        let response = gateway.answer(bearer(&token));
        assert_unauthorized(&response);
        // Which check it was, the client is not told; the response's extensions say it to the outer layers.
        told.insert(*response.extensions().get::<VerifyError>().unwrap());
    }
    assert_eq!(gateway.reached().len(), 1);
    // Every refusal of the table that lies with the token, and none that only another kind of token can get.
    for refusal in VerifyError::ALL.iter().filter(|one| one.status() == 401) {
        assert_ne!(
            told.contains(refusal),
            OF_OTHER_TOKENS.contains(refusal),
            "{refusal}"
        );
    }
    // A token that could not be checked is not rejected: it may come again.
    let away = CountingKeys::new(Answer::Fetched(Err(KeyError::Unavailable)));
    let mut gateway = Gateway::new(Engine::new(policy(), away).with_clock(|| NOW));
    let response = gateway.answer(bearer(&Token::es256().sign()));
    assert_eq!(response.status(), 503);
    assert!(gateway.reached().is_empty());
}

/// "If the resource server receives a request for a resource that is not available anonymously and the request does
/// not include an access token, then it MUST reply with a status code of 401 UNAUTHORIZED and MUST include a
/// WWW-Authenticate header field as per the HTTP specification."
#[test]
fn a_request_without_an_access_token_must_be_answered_with_401_and_www_authenticate() {
    let mut gateway = Gateway::new(engine(policy()));
    for method in METHODS {
        for uri in ["/", "/health", "/../x", "*", "/.well-known/jwks.json"] {
            let request = Request::builder().method(&method).uri(uri);
            let response = gateway.answer(request.body(String::new()).unwrap());
            assert_unauthorized(&response);
            // RFC 6750 section 3.1: without a token there is no error code.
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
        }
    }
    for value in ["", "Bearer", "Bearer ", "Basic YTpi", "Negotiate"] {
        let request = Request::get("/").header("authorization", value);
        assert_unauthorized(&gateway.answer(request.body(String::new()).unwrap()));
    }
    assert!(gateway.reached().is_empty());
}

/// "The resource server MAY decide if the verified issuer is authorised to communicate with the resource server."
#[test]
fn the_issuers_that_may_communicate_can_be_listed() {
    let listed = |issuers: &[&str]| engine(policy().with_issuers(issuers.iter().copied()).unwrap());
    let token = Token::es256().sign();
    assert_eq!(verdict(&listed(&["client"]), &token), Ok(()));
    for others in [&["neighbour"][..], &["Client"], &["client/eu", "clien"]] {
        let refused = verdict(&listed(others), &token);
        assert_eq!(refused, Err(VerifyError::IssuerNotAllowed), "{others:?}");
    }
    // Unless told otherwise, every issuer that owns its key.
    assert_eq!(verdict(&engine(policy()), &token), Ok(()));
}

/// A resource server that uses all that a policy offers, so that every refusal can come about.
fn strict_gateway() -> Gateway<Keyring, ReplayWindow> {
    let policy: Policy = policy()
        .with_issuers(["client"])
        .unwrap()
        .with_algorithms([Algorithm::Es256, Algorithm::Es384])
        .unwrap()
        .with_not_issued_before(after(-60));
    let pem = key(Algorithm::Es256).public_key_pem().as_bytes();
    let keys = Keyring::from_pems([("client/ES256", pem)]).unwrap();
    let engine = Engine::new(policy, keys).with_clock(|| NOW);
    let window = ReplayWindow::new(100).unwrap();
    Gateway::new(engine.with_replay_log(window).unwrap())
}

/// A token for each refusal but `replayed`.
fn refused_tokens() -> Vec<String> {
    let good = Token::es256();
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let header = |name, json| good.clone().header(name, json).sign();
    let claim = |name, json| good.clone().claim(name, json).sign();
    let signed = |header: &str, claims: &str| {
        asap_tests::token::signed(key(Algorithm::Es256), header, claims)
    };
    let mut tokens = vec![
        "a".repeat(9000),
        "a.b".to_owned(),
        format!("{}=", good.sign()),
        signed("[]", &good.claims_json()),
        signed(&good.header_json(), "null"),
        good.clone().header_and(r#""x":1,"x":2"#),
        good.clone().claims_and(r#""x":1,"x":2"#),
        header("alg", "1"),
        header("alg", "\"none\""),
        header("alg", "\"RS256\""),
        header("alg", "\"ES384\""),
        header("kid", "null"),
        header("kid", "\"client/..\""),
        header("kid", "\"neighbour/ES256\""),
        header("kid", "\"client/unknown\""),
        header("crit", "[\"exp\"]"),
        claim("x", &deep),
        claim("nbf", "null"),
        claim("nbf", "1700000001"),
        claim("exp", "1699999999"),
        claim("exp", "1700003601"),
        claim("iat", "1699999900"),
        claim("aud", "\"another\""),
        claim("sub", "1"),
        good.sign_with(other_key(Algorithm::Es256)),
        good.clone()
            .header("kid", "\"neighbour/ES256\"")
            .claim("iss", "\"neighbour\"")
            .sign(),
        good.clone()
            .claim("nbf", "1700000000")
            .claim("iat", "1800000000")
            .claim("exp", "1800000060")
            .sign(),
    ];
    for name in ["iss", "exp", "iat", "aud", "jti"] {
        tokens.push(good.clone().without_claim(name).sign());
        tokens.push(good.clone().claim(name, "{}").sign());
    }
    tokens
}
