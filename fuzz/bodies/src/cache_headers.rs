//! Freshness of a key server's response: never beyond what its headers say, read by a second, naive reader; exactly
//! what they say where they are simple; nothing where they say nothing; and the same however they are split into lines.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asap_engine::internals::{
    ResponseLifetime, canonical_cache_control, lifetime, lifetime_after_not_modified,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::fixed::NOW_SECONDS;
use crate::input::Input;
use crate::oracle::cache_control::{Naive, imf_date};

const NAMES: [HeaderName; 8] = [
    header::CACHE_CONTROL,
    header::EXPIRES,
    header::DATE,
    header::AGE,
    header::PRAGMA,
    header::VARY,
    header::ETAG,
    header::LAST_MODIFIED,
];

const STATUSES: [u16; 6] = [200, 301, 302, 307, 404, 500];

/// A byte chooses the status, one is random for the refresh; then lines, of which the first letter chooses the header.
/// After a line of `=` come the headers of a 304.
pub fn cache_headers(data: &[u8]) {
    let mut input = Input::new(data);
    let (status, random) = (input.choose(&STATUSES), input.byte());
    let mut lines = input.rest().split(|byte| *byte == b'\n');
    let headers = headers(lines.by_ref().take_while(|line| *line != b"="));
    let newer = self::headers(lines);
    let received = UNIX_EPOCH + Duration::from_secs(NOW_SECONDS.unsigned_abs());

    let found = lifetime(status, &headers, received, random.into()).expect("a status");
    within_bounds(&found, &headers, received);
    if status == 200 {
        exact_where_simple(&found, &headers);
    }
    assert_eq!(
        lifetime(status, &joined(&headers), received, random.into()),
        Some(found),
        "several lines of Cache-Control mean another thing than one"
    );
    canonical_form(&headers);

    let later = received + Duration::from_secs(u64::from(random));
    if let Some(found) = lifetime_after_not_modified(&headers, received, &newer, later) {
        within_bounds(&found, &merged(&headers, &newer), later);
    }
}

fn headers<'a>(lines: impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some((letter, value)) = line.split_first() else {
            continue;
        };
        let mut names = NAMES.iter();
        let name = names.find(|name| name.as_str().as_bytes().first() == Some(letter));
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

fn within_bounds(found: &ResponseLifetime, headers: &HeaderMap, received: SystemTime) {
    let directives = Naive::of(headers);
    let said = match directives.longest_max_age {
        Some(seconds) => Duration::from_secs(seconds),
        None => expires_after(headers, received),
    };
    assert!(
        found.fresh <= said,
        "fresh for {:?}, said {said:?}",
        found.fresh
    );
    assert!(found.refresh_point <= found.fresh);
    for (until, extension) in [
        (
            found.while_revalidating,
            directives.longest_while_revalidating,
        ),
        (found.on_error, directives.longest_on_error),
    ] {
        assert!(until >= found.fresh);
        assert!(
            until <= said + Duration::from_secs(extension),
            "stale for {until:?}"
        );
    }
    if directives.is_never_stored {
        assert!(!found.is_reusable, "no-store was said");
    }
    assert_eq!(
        found.is_reusable,
        found.while_revalidating.max(found.on_error) > Duration::ZERO
    );
}

/// For how long a response with `headers` may be used at most, whatever else is known of it.
pub(crate) fn longest_use(headers: &HeaderMap, received: SystemTime) -> Duration {
    let directives = Naive::of(headers);
    let stale = directives
        .longest_while_revalidating
        .max(directives.longest_on_error);
    let max_age = Duration::from_secs(directives.longest_max_age.unwrap_or(0));
    max_age
        .max(expires_after(headers, received))
        .saturating_add(Duration::from_secs(stale))
}

/// How far ahead `Expires` lies: at most its distance from the time of receipt, for a date in its usual form.
fn expires_after(headers: &HeaderMap, received: SystemTime) -> Duration {
    let mut said = Duration::ZERO;
    for line in headers.get_all(header::EXPIRES) {
        said = match line.to_str().ok().and_then(imf_date) {
            Some(expires) => expires
                .duration_since(received)
                .unwrap_or_default()
                .max(said),
            // Of the other two forms nothing is known here.
            None => Duration::MAX / 4,
        };
    }
    said
}

/// With nothing but `Cache-Control`, and that without quotation marks, every number is known.
fn exact_where_simple(found: &ResponseLifetime, headers: &HeaderMap) {
    let directives = Naive::of(headers);
    if !directives.is_simple || headers.keys().any(|name| name != header::CACHE_CONTROL) {
        return;
    }
    let is_stale = directives.is_never_stored || directives.no_cache;
    let fresh = if is_stale {
        0
    } else {
        directives.max_age.unwrap_or(0)
    };
    assert_eq!(found.fresh.as_secs(), fresh);
    if !directives.is_never_stored {
        let is_strict = is_stale || directives.must_revalidate;
        let stale = |seconds| if is_strict { fresh } else { fresh + seconds };
        assert_eq!(
            found.while_revalidating.as_secs(),
            stale(directives.while_revalidating)
        );
        assert_eq!(found.on_error.as_secs(), stale(directives.on_error));
    }
}

/// The same headers with one line of `Cache-Control`. A quotation that does not end on its line is left there.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let lines: Vec<&[u8]> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let mut joined = headers.clone();
    let has_quotation = lines.iter().any(|line| line.contains(&b'"'));
    if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b", "[..]))
        && lines.len() > 1
        && !has_quotation
    {
        joined.insert(header::CACHE_CONTROL, line);
    }
    joined
}

/// What is handed on means to the reader what was read.
fn canonical_form(headers: &HeaderMap) {
    let Some(canonical) = canonical_cache_control(headers) else {
        assert!(!headers.contains_key(header::CACHE_CONTROL));
        return;
    };
    let mut again = HeaderMap::new();
    again.insert(header::CACHE_CONTROL, canonical.clone());
    assert_eq!(canonical_cache_control(&again), Some(canonical));
}

/// The headers that count after a 304: its own where it has them.
fn merged(stored: &HeaderMap, newer: &HeaderMap) -> HeaderMap {
    let mut merged = HeaderMap::new();
    for name in &NAMES {
        let source = if newer.contains_key(name) {
            newer
        } else {
            stored
        };
        for value in source.get_all(name) {
            merged.append(name, value.clone());
        }
    }
    merged
}
