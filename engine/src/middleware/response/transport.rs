//! `Strict-Transport-Security` (RFC 6797): browsers come back over TLS alone.

use std::time::Duration;

use http::header::STRICT_TRANSPORT_SECURITY;
use http::{HeaderMap, HeaderValue};

use super::list::parts;
use crate::error::ConfigError;

/// "enable HSTS with a minimum age of one year" (2023, requirement 3).
const ONE_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What browsers are told, and what is enough.
#[derive(Debug, Clone)]
pub(super) struct StrictTransport {
    value: HeaderValue,
    with_subdomains: bool,
}

impl Default for StrictTransport {
    fn default() -> Self {
        Self {
            value: HeaderValue::from_static("max-age=31536000; includeSubDomains"),
            with_subdomains: true,
        }
    }
}

impl StrictTransport {
    pub(super) fn new(max_age: Duration, with_subdomains: bool) -> Result<Self, ConfigError> {
        if max_age < ONE_YEAR {
            return Err(ConfigError::new(format!(
                "a max-age of {max_age:?} for Strict-Transport-Security is below the one year that the requirements ask for"
            )));
        }
        let seconds = max_age.as_secs();
        let text = if with_subdomains {
            format!("max-age={seconds}; includeSubDomains")
        } else {
            format!("max-age={seconds}")
        };
        let value = HeaderValue::try_from(text).map_err(|_| {
            ConfigError::new("the value of Strict-Transport-Security is not that of a header field")
        })?;
        Ok(Self {
            value,
            with_subdomains,
        })
    }

    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        if !self.is_met(headers) {
            headers.insert(STRICT_TRANSPORT_SECURITY, self.value.clone());
        }
    }

    /// Of several fields "the UA MUST process only the first" (RFC 6797 section 8.1).
    fn is_met(&self, headers: &HeaderMap) -> bool {
        let Some(first) = headers.get(STRICT_TRANSPORT_SECURITY) else {
            return false;
        };
        let (mut max_age, mut subdomains) = (None, false);
        for directive in parts(first.as_bytes(), b';') {
            let mut sides = directive.splitn(2, |&byte| byte == b'=');
            let name = sides.next().unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case(b"max-age") {
                // A directive that occurs twice makes the field invalid (section 6.1).
                if max_age.is_some() {
                    return false;
                }
                max_age = Some(sides.next().and_then(seconds).unwrap_or_default());
            } else if name.eq_ignore_ascii_case(b"includeSubDomains") {
                if subdomains {
                    return false;
                }
                subdomains = true;
            }
        }
        let is_long = max_age.is_some_and(|age| age >= ONE_YEAR.as_secs());
        is_long && (subdomains || !self.with_subdomains)
    }
}

/// `max-age` is `delta-seconds`, perhaps as a quoted string.
fn seconds(value: &[u8]) -> Option<u64> {
    let value = value.trim_ascii();
    let bare = value
        .strip_prefix(b"\"")
        .map_or(Some(value), |rest| rest.strip_suffix(b"\""))?;
    if !bare.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bare).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(strict: &StrictTransport, before: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(value));
        }
        strict.apply(&mut headers);
        let after = headers.get_all(STRICT_TRANSPORT_SECURITY).iter();
        after
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    const DEFAULT: &str = "max-age=31536000; includeSubDomains";

    #[test]
    fn a_year_and_the_subdomains_unless_told_otherwise() {
        assert_eq!(applied(&StrictTransport::default(), &[]), [DEFAULT]);
    }

    #[test]
    fn what_is_as_strict_is_kept() {
        for value in [
            "max-age=31536000; includeSubDomains",
            "max-age=63072000; includeSubDomains; preload",
            "includesubdomains ; MAX-AGE = \"31536000\"",
        ] {
            assert_eq!(applied(&StrictTransport::default(), &[value]), [value]);
        }
    }

    #[test]
    fn what_is_less_strict_is_replaced() {
        for value in [
            "",
            "max-age=0; includeSubDomains",
            "max-age=31535999; includeSubDomains",
            "max-age=31536000",
            "includeSubDomains",
            "max-age; includeSubDomains",
            "max-age=+31536000; includeSubDomains",
            "max-age=31536000s; includeSubDomains",
            "max-age=\"31536000; includeSubDomains",
            "max-age=31536000; max-age=31536000; includeSubDomains",
            "max-age=31536000; includeSubDomains; includeSubDomains",
            "max-age=31536000; includeSubDomainsX",
            "max-age=31536000, includeSubDomains",
            "x-max-age=31536000; includeSubDomains",
            "max-age=31536000; x=\"; includeSubDomains\"",
        ] {
            assert_eq!(
                applied(&StrictTransport::default(), &[value]),
                [DEFAULT],
                "{value}"
            );
        }
    }

    #[test]
    fn of_several_the_first_counts_as_for_browsers() {
        let strict = StrictTransport::default();
        assert_eq!(applied(&strict, &["max-age=0", DEFAULT]), [DEFAULT]);
        assert_eq!(applied(&strict, &[DEFAULT, "max-age=0"])[0], DEFAULT);
    }

    #[test]
    fn without_subdomains_their_absence_is_enough() {
        let strict = StrictTransport::new(ONE_YEAR * 2, false).unwrap();
        assert_eq!(applied(&strict, &[]), ["max-age=63072000"]);
        assert_eq!(
            applied(&strict, &["max-age=31536000"]),
            ["max-age=31536000"]
        );
    }

    #[test]
    fn less_than_a_year_is_no_configuration() {
        let error = StrictTransport::new(ONE_YEAR - Duration::from_secs(1), true).unwrap_err();
        assert!(error.to_string().contains("one year"), "{error}");
        assert!(StrictTransport::new(ONE_YEAR, true).is_ok());
        assert!(StrictTransport::new(Duration::MAX, true).is_ok());
    }
}
