//! The layer around a service.

use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{HeaderMap, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::{ContentSecurityPolicy, ReferrerPolicy, SecureResponseLayer};

/// Answers with the response it is sent.
#[derive(Debug, Clone)]
struct Echo;

impl Service<Result<Response<String>, &'static str>> for Echo {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = Ready<Result<Response<String>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, answer: Result<Response<String>, &'static str>) -> Self::Future {
        ready(answer)
    }
}

fn answered(
    layer: &SecureResponseLayer,
    answer: Result<Response<String>, &'static str>,
) -> Result<Response<String>, &'static str> {
    let future = pin!(layer.layer(Echo).call(answer));
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}

fn headers_of(layer: &SecureResponseLayer, fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut response = Response::builder();
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    let response = response.body(String::new()).unwrap();
    answered(layer, Ok(response)).unwrap().headers().clone()
}

/// What the 2023 requirements say of responses, as this layer puts it.
const REQUIRED: [(&str, &str); 4] = [
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    (
        "content-security-policy",
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache, no-store"),
];

#[test]
fn every_requirement_is_met_unless_told_otherwise() {
    let headers = headers_of(&SecureResponseLayer::new(), &[("set-cookie", "session=1")]);
    for (name, value) in REQUIRED {
        assert_eq!(headers[name], value);
    }
    assert_eq!(headers["set-cookie"], "session=1; HttpOnly; Secure");
    assert_eq!(headers.len(), 5);
}

#[test]
fn each_field_can_be_left_to_the_inner_service() {
    let new = SecureResponseLayer::new;
    for (without, name) in [
        (
            new().without_strict_transport_security(),
            "strict-transport-security",
        ),
        (
            new().without_content_security_policy(),
            "content-security-policy",
        ),
        (new().without_referrer_policy(), "referrer-policy"),
        (new().without_cache_control(), "cache-control"),
    ] {
        let headers = headers_of(&without, &[]);
        assert!(!headers.contains_key(name), "{name}");
        assert_eq!(headers.len(), REQUIRED.len() - 1, "{name}");
        assert_eq!(
            headers_of(&without, &[(name, "anything")])[name],
            "anything"
        );
    }
    let headers = headers_of(&new().without_cookie_attributes(), &[("set-cookie", "a=b")]);
    assert_eq!(headers["set-cookie"], "a=b");
}

#[test]
fn each_field_can_be_configured() {
    let policy = ContentSecurityPolicy::new()
        .with_directive("frame-ancestors", "https://*.atlassian.net")
        .unwrap();
    let layer = SecureResponseLayer::new()
        .with_strict_transport_security(Duration::from_secs(63_072_000), false)
        .unwrap()
        .with_content_security_policy(policy)
        .with_referrer_policy(ReferrerPolicy::StrictOriginWhenCrossOrigin)
        .with_cookie_for_scripts("csrf");
    let headers = headers_of(&layer, &[("set-cookie", "csrf=1")]);
    assert_eq!(headers["strict-transport-security"], "max-age=63072000");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.ends_with("frame-ancestors https://*.atlassian.net"),
        "{policy}"
    );
    assert_eq!(
        headers["referrer-policy"],
        "strict-origin-when-cross-origin"
    );
    assert_eq!(headers["set-cookie"], "csrf=1; Secure");
}

#[test]
fn a_layer_that_was_cloned_before_is_not_changed() {
    let first = SecureResponseLayer::new();
    let second = first.clone().without_cache_control();
    assert!(headers_of(&first, &[]).contains_key("cache-control"));
    assert!(!headers_of(&second, &[]).contains_key("cache-control"));
}

#[test]
fn status_body_extensions_and_other_fields_stay() {
    let response = Response::builder()
        .status(StatusCode::IM_A_TEAPOT)
        .header("x-own", "1")
        .extension(7_u8)
        .body("short and stout".to_owned())
        .unwrap();
    let response = answered(&SecureResponseLayer::new(), Ok(response)).unwrap();
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(response.headers()["x-own"], "1");
    assert_eq!(response.extensions().get(), Some(&7_u8));
    assert_eq!(response.body(), "short and stout");
}

#[test]
fn an_error_of_the_inner_service_passes_through() {
    let error = answered(&SecureResponseLayer::new(), Err("broken")).unwrap_err();
    assert_eq!(error, "broken");
}
