//! Where a request's token is, against a regular expression (RFC 9110 section 11.4).

use std::sync::LazyLock;

use asap_engine::internals::bearer_token;
use http::{HeaderMap, HeaderValue, header};
use regex::bytes::Regex;

static CREDENTIALS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s-u)\A(?i:bearer) +([^ ].*)\z").expect("a regular expression"));

/// Each line is an `Authorization` header.
pub fn bearer(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut lines = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(header::AUTHORIZATION, value);
            lines.push(line);
        }
    }
    let expected = match lines[..] {
        [line] => CREDENTIALS
            .captures(line)
            .and_then(|found| found.get(1))
            .map(|token| token.as_bytes()),
        _ => None,
    };
    assert_eq!(bearer_token(&headers), expected);
}
