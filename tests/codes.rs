//! The committed list of refusals, and what each of them means to a client.

use std::collections::HashSet;

use asap_engine::{CHALLENGE_WITHOUT_TOKEN, VerifyError};

/// One refusal a line, in the order of the checks: its code, its stage, its HTTP status.
const COMMITTED: &str = include_str!("../docs/codes.txt");

/// docs/DESIGN.md: the committed copy of the table "may only grow". A line may be added to `docs/codes.txt`; a line
/// that is there is a promise to whoever acts on the code.
#[test]
fn the_committed_list_of_codes_may_only_grow() {
    let listed: Vec<_> = VerifyError::ALL
        .iter()
        .map(|refusal| {
            format!(
                "{} {} {}",
                refusal.code(),
                refusal.stage(),
                refusal.status()
            )
        })
        .collect();
    let committed: Vec<_> = COMMITTED.lines().collect();
    for line in &committed {
        assert!(
            listed.iter().any(|one| one == line),
            "{line}: a code was changed or removed"
        );
    }
    assert_eq!(
        listed, committed,
        "docs/codes.txt is to list every code, in the order of VerifyError::ALL"
    );
    assert!(COMMITTED.ends_with('\n'));
}

/// `VerifyError`: "with a stable code".
#[test]
fn every_refusal_has_a_code_of_its_own_and_one_line_of_detail() {
    let codes: HashSet<_> = VerifyError::ALL
        .iter()
        .map(|refusal| refusal.code())
        .collect();
    assert_eq!(codes.len(), VerifyError::ALL.len());
    for refusal in VerifyError::ALL {
        let is_word = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        assert!(refusal.code().bytes().all(is_word), "{refusal}");
        let line = refusal.to_string();
        assert_eq!(line, format!("{}: {}", refusal.code(), refusal.detail()));
        assert!(
            !line.contains(['\n', '\r']) && refusal.detail().len() > 10,
            "{line}"
        );
    }
}

/// "If the resource server rejects the access token, then it MUST reply with a status code of 401 UNAUTHORIZED and
/// MUST include a WWW-Authenticate header field as per the HTTP specification."
#[test]
fn if_the_resource_server_rejects_the_token_then_it_must_reply_with_401_and_www_authenticate() {
    let undecided = [
        VerifyError::KeyUnavailable,
        VerifyError::ReplayLogFull,
        VerifyError::TenantUnavailable,
    ];
    for refusal in VerifyError::ALL {
        // RFC 6750 section 3.1, and one answer for all: which check failed helps only whoever forges.
        let expected = if undecided.contains(refusal) {
            (503, None)
        } else {
            (401, Some(r#"Bearer error="invalid_token""#))
        };
        assert_eq!(
            (refusal.status(), refusal.challenge()),
            expected,
            "{refusal}"
        );
    }
}

/// "If the resource server receives a request for a resource that is not available anonymously and the request does
/// not include an access token, then it MUST reply with a status code of 401 UNAUTHORIZED and MUST include a
/// WWW-Authenticate header field as per the HTTP specification." RFC 6750 section 3.1: without an error code.
#[test]
fn a_request_that_does_not_include_an_access_token_is_challenged_without_an_error_code() {
    assert_eq!(CHALLENGE_WITHOUT_TOKEN, "Bearer");
}
