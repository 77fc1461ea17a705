//! What a refusal is as a response: a status, one header field, an empty body.

use std::time::Duration;

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use crate::error::{CHALLENGE_WITHOUT_TOKEN, VerifyError};

/// The scheme in which a client is challenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RFC 6750.
    Bearer,
    /// Connect's own, `Authorization: JWT`. It has no parameters, so that both challenges are the same.
    Jwt,
}

impl Scheme {
    /// The value of `WWW-Authenticate` for a request without a token.
    const fn challenge(self) -> &'static str {
        match self {
            Self::Bearer => CHALLENGE_WITHOUT_TOKEN,
            Self::Jwt => "JWT",
        }
    }

    /// The same for a token that is refused, or nothing for one that could not be checked.
    const fn challenge_after(self, error: VerifyError) -> Option<&'static str> {
        match self {
            Self::Bearer => error.challenge(),
            Self::Jwt => match error.status() {
                401 => Some(self.challenge()),
                _ => None,
            },
        }
    }
}

/// Why a request does not reach the inner service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no token in it.
    WithoutToken,
    /// The engine refused its token, or could not check it.
    Token(VerifyError),
}

/// How refusals are answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    pub(super) scheme: Scheme,
    /// How long a 503 asks the client to wait.
    pub(super) retry_after: Duration,
}

/// A key source that was away is asked anew for each token, so there is no reason to stay away for long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

impl Answers {
    pub(super) const fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            retry_after: DEFAULT_RETRY_AFTER,
        }
    }

    /// The response to a request that is refused.
    ///
    /// "If the resource server rejects the access token, then it MUST reply with a status code of 401
    /// UNAUTHORIZED and MUST include a WWW-Authenticate header field". A token that could not be checked is not
    /// rejected.
    pub(super) fn to<B: Default>(self, refusal: Refusal) -> Response<B> {
        match refusal {
            Refusal::WithoutToken => unauthorized(self.scheme.challenge()),
            Refusal::Token(error) => {
                let mut response = match self.scheme.challenge_after(error) {
                    Some(challenge) => unauthorized(challenge),
                    None => unavailable(self.retry_after),
                };
                response.extensions_mut().insert(error);
                response
            }
        }
    }
}

fn unauthorized<B: Default>(challenge: &'static str) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let challenge = HeaderValue::from_static(challenge);
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

fn unavailable<B: Default>(retry_after: Duration) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let seconds = HeaderValue::from(whole_seconds(retry_after));
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response
}

/// Rounded up, so that nobody is asked back early (RFC 9110 section 10.2.3: `delay-seconds = 1*DIGIT`).
fn whole_seconds(duration: Duration) -> u64 {
    let started = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(started)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS: Answers = Answers {
        scheme: Scheme::Bearer,
        retry_after: Duration::from_secs(7),
    };

    fn header<'a>(response: &'a Response<String>, name: &str) -> Option<&'a str> {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap())
    }

    #[test]
    fn a_request_without_a_token_is_challenged_without_an_error_code() {
        let response = ANSWERS.to::<String>(Refusal::WithoutToken);
        assert_eq!(response.status(), 401);
        assert_eq!(header(&response, "www-authenticate"), Some("Bearer"));
        assert_eq!(response.headers().len(), 1);
        assert!(response.body().is_empty());
        assert_eq!(response.extensions().get::<VerifyError>(), None);
    }

    #[test]
    fn every_refusal_has_the_status_of_the_table_and_its_one_header() {
        for &error in VerifyError::ALL {
            let response = ANSWERS.to::<String>(Refusal::Token(error));
            assert_eq!(response.status(), error.status(), "{error}");
            let (challenge, retry_after) = match error.status() {
                401 => (Some(r#"Bearer error="invalid_token""#), None),
                _ => (None, Some("7")),
            };
            assert_eq!(header(&response, "www-authenticate"), challenge, "{error}");
            assert_eq!(header(&response, "retry-after"), retry_after, "{error}");
            assert_eq!(response.headers().len(), 1, "{error}");
        }
    }

    #[test]
    fn which_check_failed_is_in_the_extensions_and_nowhere_that_a_client_sees() {
        for &error in VerifyError::ALL {
            let response = ANSWERS.to::<String>(Refusal::Token(error));
            assert_eq!(response.extensions().get(), Some(&error));
            assert!(response.body().is_empty());
            for value in response.headers().values() {
                let value = value.to_str().unwrap();
                assert!(!value.contains(error.code()), "{error}");
                assert!(!value.contains(error.detail()), "{error}");
            }
        }
    }

    #[test]
    fn the_wait_is_in_whole_seconds_and_never_shorter_than_asked_for() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_nanos(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(1)), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1_001)), 2);
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
