//! `Cache-Control` of a response, read so that what is doubtful counts as the stricter reading.
//!
//! http-cache-semantics splits at every comma, compares names with case, keeps the first of two `max-age` and
//! skips a line that is not ASCII. So the field is read here (RFC 9111 section 5.2) and handed to it in
//! canonical form, as one line.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::limits::MAX_DELTA_SECONDS;

/// The directives that a private cache obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CacheControl {
    is_present: bool,
    no_store: bool,
    no_cache: bool,
    must_revalidate: bool,
    public: bool,
    immutable: bool,
    max_age: Option<u64>,
    stale_while_revalidate: Option<u64>,
    stale_if_error: Option<u64>,
}

impl CacheControl {
    /// Reads every line of the field.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut directives = Self::default();
        for line in headers.get_all(header::CACHE_CONTROL) {
            directives.is_present = true;
            directives.read_line(line.as_bytes());
        }
        directives
    }

    /// The field again, with one meaning. `None` if there was none.
    pub(super) fn canonical(&self) -> Option<HeaderValue> {
        if !self.is_present {
            return None;
        }
        let mut parts = Vec::new();
        for (is_set, name) in [
            (self.no_store, "no-store"),
            (self.no_cache, "no-cache"),
            (self.must_revalidate, "must-revalidate"),
            (self.public, "public"),
            (self.immutable, "immutable"),
        ] {
            if is_set {
                parts.push(name.to_owned());
            }
        }
        if let Some(seconds) = self.max_age {
            parts.push(format!("max-age={seconds}"));
        }
        HeaderValue::try_from(parts.join(", ")).ok()
    }

    /// "clients should not issue a conditional request during the response's freshness lifetime" (RFC 8246
    /// section 2).
    pub(super) const fn is_immutable(&self) -> bool {
        self.immutable
    }

    /// For how long after its freshness the response may be used while it is revalidated (RFC 5861 section 3).
    pub(super) fn stale_while_revalidate(&self) -> Duration {
        self.allowed_stale(self.stale_while_revalidate)
    }

    /// For how long after its freshness the response may be used if it cannot be revalidated (RFC 5861
    /// section 4).
    pub(super) fn stale_if_error(&self) -> Duration {
        self.allowed_stale(self.stale_if_error)
    }

    /// Nothing stale is used where a directive forbids it (RFC 9111 section 4.2.4).
    fn allowed_stale(&self, seconds: Option<u64>) -> Duration {
        if self.must_revalidate || self.no_cache || self.no_store {
            return Duration::ZERO;
        }
        Duration::from_secs(seconds.unwrap_or(0))
    }

    fn read_line(&mut self, line: &[u8]) {
        let mut rest = line;
        while !rest.is_empty() {
            let (directive, after) = split_directive(rest);
            rest = after;
            match directive {
                Some(directive) => self.read_directive(directive),
                // A quotation without end could hide anything.
                None => self.no_cache = true,
            }
        }
    }

    fn read_directive(&mut self, directive: &[u8]) {
        let (name, argument) = match directive.iter().position(|&byte| byte == b'=') {
            Some(at) => {
                let (name, argument) = directive.split_at(at);
                // No space belongs before the sign: what follows it is then no argument.
                let argument = argument
                    .get(1..)
                    .filter(|_| !name.ends_with(b" ") && !name.ends_with(b"\t"));
                (name, argument)
            }
            None => (directive, None),
        };
        let name = name.trim_ascii().to_ascii_lowercase();
        match name.as_slice() {
            b"no-store" => self.no_store = true,
            // `no-cache="field"` too: who does not tell fields apart takes it whole (RFC 9111 section 5.2.2.4).
            b"no-cache" => self.no_cache = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"public" => self.public = true,
            b"immutable" => self.immutable = true,
            b"max-age" => keep_smaller(&mut self.max_age, argument),
            b"stale-while-revalidate" => keep_smaller(&mut self.stale_while_revalidate, argument),
            b"stale-if-error" => keep_smaller(&mut self.stale_if_error, argument),
            _ => {}
        }
    }
}

/// The next directive and what follows its comma; commas in quotations do not count. `None` for a quotation
/// without end.
fn split_directive(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                let (directive, rest) = text.split_at(at);
                return (Some(directive), rest.get(1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    ((!is_quoted).then_some(text), &[])
}

/// Of two values of the same directive the smaller counts; what is no number counts as 0, so as stale (RFC 9111
/// section 4.2.1).
fn keep_smaller(kept: &mut Option<u64>, argument: Option<&[u8]>) {
    let seconds = argument.and_then(delta_seconds).unwrap_or(0);
    *kept = Some(kept.map_or(seconds, |kept| kept.min(seconds)));
}

/// `delta-seconds`, as a token or as a quoted string, at most 2^31 (RFC 9111 sections 1.2.2 and 5.2).
pub(super) fn delta_seconds(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_end();
    let digits = match text.strip_prefix(b"\"") {
        Some(quoted) => quoted.strip_suffix(b"\"")?,
        None => text,
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |seconds, byte| {
        byte.is_ascii_digit().then(|| {
            let digit = u64::from(byte.wrapping_sub(b'0'));
            seconds
                .saturating_mul(10)
                .saturating_add(digit)
                .min(MAX_DELTA_SECONDS)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> CacheControl {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                header::CACHE_CONTROL,
                HeaderValue::from_bytes(line).unwrap(),
            );
        }
        CacheControl::of(&headers)
    }

    fn canonical(line: &str) -> String {
        let value = read(&[line.as_bytes()]).canonical().unwrap();
        value.to_str().unwrap().to_owned()
    }

    #[test]
    fn names_are_read_in_any_case_and_arguments_with_or_without_quotation() {
        assert_eq!(canonical("Max-Age=60"), "max-age=60");
        assert_eq!(canonical("PUBLIC ,max-age=\"60\""), "public, max-age=60");
        assert_eq!(canonical("No-Store"), "no-store");
        assert_eq!(canonical("no-cache=\"set-cookie\""), "no-cache");
        assert_eq!(
            canonical("unknown=\"a, max-age=9, no-store\", max-age=5"),
            "max-age=5"
        );
    }

    #[test]
    fn of_two_ages_the_smaller_counts_wherever_they_stand() {
        assert_eq!(canonical("max-age=3600, max-age=1"), "max-age=1");
        assert_eq!(canonical("max-age=1, MAX-AGE=3600"), "max-age=1");
        let two_lines = read(&[b"max-age=60", b"max-age=\"5\", no-cache"]);
        assert_eq!(two_lines.canonical().unwrap(), "no-cache, max-age=5");
        assert_eq!(
            read(&[b"x=\xff", b"no-store"]).canonical().unwrap(),
            "no-store"
        );
    }

    #[test]
    fn an_age_that_is_no_number_counts_as_none_left() {
        for line in [
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=+1",
            "max-age=1.5",
            "max-age= 60",
            "max-age =60",
            "max-age\t=60",
            "max-age='60'",
            "max-age=0x10",
            "max-age=\"60",
            "max-age=60s",
            "max-age=60, max-age=x",
        ] {
            assert!(
                canonical(line).ends_with("max-age=0") || canonical(line) == "no-cache",
                "{line}"
            );
        }
        assert_eq!(
            canonical("max-age=99999999999999999999999"),
            "max-age=2147483648"
        );
        assert_eq!(canonical("max-age=007"), "max-age=7");
    }

    #[test]
    fn stale_use_is_allowed_only_by_the_response_and_never_against_it() {
        let allowed = read(&[b"max-age=1, stale-while-revalidate=5, stale-if-error=9"]);
        assert_eq!(allowed.stale_while_revalidate(), Duration::from_secs(5));
        assert_eq!(allowed.stale_if_error(), Duration::from_secs(9));
        for forbidding in ["must-revalidate", "no-cache", "no-store", "foo=\"bar"] {
            let line = format!("stale-while-revalidate=5, stale-if-error=9, {forbidding}");
            let directives = read(&[line.as_bytes()]);
            assert_eq!(
                directives.stale_while_revalidate(),
                Duration::ZERO,
                "{forbidding}"
            );
            assert_eq!(directives.stale_if_error(), Duration::ZERO, "{forbidding}");
        }
        assert_eq!(read(&[]).stale_if_error(), Duration::ZERO);
    }
}
