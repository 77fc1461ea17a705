//! Freshness: for how long a response may be used (RFC 9111), as a private cache sees it.
//!
//! Pure: what time it is comes in as an argument. http-cache-semantics decides what may be stored and how long it is
//! fresh; what it does not know or reads too kindly is settled here before it sees the headers:
//! - `Cache-Control` in one meaning ([`CacheControl`]), `Vary: *` wherever it stands, two `Expires` that differ;
//! - the age, with `Date` and the first of several `Age` (RFC 9111 sections 4.2.3 and 5.1). The crate is never shown
//!   `Age`: it leaves `Date` out of the age, and adds a large one up until it panics;
//! - dates in all three formats and in any case, where the crate reads one of each;
//! - the merge of a 304 (RFC 9111 section 3.2): the crate keeps one of several lines, and no header that the stored
//!   response did not have;
//! - `stale-while-revalidate` and `stale-if-error` (RFC 5861), which it does not know.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_cache_semantics::{AfterResponse, BeforeRequest, CacheOptions, CachePolicy};
use url::Url;

use super::cache_control::{CacheControl, delta_seconds};

/// The headers that decide, or that revalidate. Nothing else of a response is kept.
const KEPT: [HeaderName; 8] = [
    header::AGE,
    header::CACHE_CONTROL,
    header::DATE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::PRAGMA,
    header::VARY,
];

/// How long a response may be used, counted from the moment it was asked for: that is later than its making,
/// so network delay counts as age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// It is fresh until here.
    pub(super) fresh: Duration,
    /// It may be used until here while it is revalidated; at least `fresh`.
    pub(super) while_revalidating: Duration,
    /// It may be used until here if it cannot be revalidated; at least `fresh`.
    pub(super) on_error: Duration,
    /// It is not revalidated while it is fresh (RFC 8246).
    pub(super) is_immutable: bool,
}

impl Lifetime {
    /// Of a response that may be used once, by whoever waited for it.
    pub(super) const NONE: Self = Self {
        fresh: Duration::ZERO,
        while_revalidating: Duration::ZERO,
        on_error: Duration::ZERO,
        is_immutable: false,
    };

    /// Whether there is any use in storing the response.
    pub(super) fn is_reusable(&self) -> bool {
        self.fresh.max(self.while_revalidating).max(self.on_error) > Duration::ZERO
    }

    /// The lifetime of what was reached through a redirect: a cache may take neither step without asking longer
    /// than that step's own response allows.
    #[must_use]
    pub(super) fn through(self, redirect: Self) -> Self {
        Self {
            fresh: self.fresh.min(redirect.fresh),
            while_revalidating: self.while_revalidating.min(redirect.while_revalidating),
            on_error: self.on_error.min(redirect.on_error),
            is_immutable: self.is_immutable && redirect.is_immutable,
        }
    }

    /// The same, but no shorter than `floor`: the operator's word, who knows how often the document changes.
    #[must_use]
    pub(super) fn at_least(self, floor: Duration) -> Self {
        Self {
            fresh: self.fresh.max(floor),
            while_revalidating: self.while_revalidating.max(floor),
            on_error: self.on_error.max(floor),
            ..self
        }
    }

    /// When to refresh ahead: at a random point from 60 to 80 % of the freshness, so that keys fetched together
    /// are not refreshed together, and a fifth of it is left for the answer; an immutable one when it goes stale.
    pub(super) fn refresh_point(&self, random: u64) -> Duration {
        if self.is_immutable {
            return self.fresh;
        }
        let permille = 600_u32.saturating_add(u32::try_from(random % 201).unwrap_or(0));
        let share = |duration: Duration| duration.checked_div(1000).unwrap_or_default();
        // Divided first where the product could be too large, last where the quotient would be too coarse.
        self.fresh
            .checked_mul(permille)
            .map_or_else(|| share(self.fresh).saturating_mul(permille), share)
    }
}

/// What is kept of a response beside its key: enough to revalidate it.
#[derive(Debug, Clone)]
pub(super) struct StoredResponse {
    url: Url,
    headers: HeaderMap,
    policy: CachePolicy,
    received: SystemTime,
}

impl StoredResponse {
    /// A response of `status` with `headers` to `request`, which asked for `url`.
    pub(super) fn new(
        url: &Url,
        request: &Request<()>,
        status: StatusCode,
        headers: &HeaderMap,
        received: SystemTime,
    ) -> Self {
        let headers = kept(headers);
        let policy = policy(request, status, &headers, received);
        Self {
            url: url.clone(),
            headers,
            policy,
            received,
        }
    }

    /// How many bytes are kept.
    pub(super) fn weight(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len().saturating_add(value.len()));
        headers.fold(self.url.as_str().len(), usize::saturating_add)
    }

    /// For how long the response may be used. [`Lifetime::NONE`] if it must not be stored.
    pub(super) fn lifetime(&self) -> Lifetime {
        if !self.policy.is_storable() || varies_on_everything(&self.headers) {
            return Lifetime::NONE;
        }
        let directives = CacheControl::of(&self.headers);
        let fresh = self.policy.time_to_live(self.received);
        let age = age(&self.headers, self.received);
        let until = |extension: Duration| fresh.saturating_add(extension).saturating_sub(age);
        Lifetime {
            fresh: until(Duration::ZERO),
            while_revalidating: until(directives.stale_while_revalidate()),
            on_error: until(directives.stale_if_error()),
            is_immutable: directives.is_immutable(),
        }
    }

    /// The headers of a request that revalidates this response (RFC 9111 section 4.3.1), made from those of
    /// a plain `request`. `None` if the response has no validator, or if the request is for another URL.
    pub(super) fn conditional(&self, request: &Request<()>, now: SystemTime) -> Option<HeaderMap> {
        match self.policy.before_request(request, now) {
            BeforeRequest::Stale {
                request,
                matches: true,
            } if request.headers.contains_key(header::IF_NONE_MATCH)
                || request.headers.contains_key(header::IF_MODIFIED_SINCE) =>
            {
                Some(request.headers)
            }
            _ => None,
        }
    }

    /// This response as a 304 with `headers` freshens it (RFC 9111 section 4.3.4). `None` if the 304 is about
    /// another response: ask again without a condition.
    pub(super) fn freshened(
        &self,
        request: &Request<()>,
        headers: &HeaderMap,
        received: SystemTime,
    ) -> Option<Self> {
        let mut not_modified = Response::new(());
        *not_modified.status_mut() = StatusCode::NOT_MODIFIED;
        *not_modified.headers_mut() = self.with_validators(headers);
        match self.policy.after_response(request, &not_modified, received) {
            AfterResponse::NotModified(..) => {
                let merged = merged(&self.headers, headers);
                Some(Self::new(
                    &self.url,
                    request,
                    StatusCode::OK,
                    &merged,
                    received,
                ))
            }
            AfterResponse::Modified(..) => None,
        }
    }

    /// The headers of a 304. If it names no validator, it answers the ones that were sent, for there was one
    /// response to revalidate.
    fn with_validators(&self, headers: &HeaderMap) -> HeaderMap {
        let mut headers = kept(headers);
        if !headers.contains_key(header::ETAG) && !headers.contains_key(header::LAST_MODIFIED) {
            for name in [header::ETAG, header::LAST_MODIFIED] {
                if let Some(value) = self.headers.get(&name) {
                    headers.insert(name, value.clone());
                }
            }
        }
        // It would only be added up.
        headers.remove(header::AGE);
        headers
    }
}

fn kept(headers: &HeaderMap) -> HeaderMap {
    let mut selected = HeaderMap::new();
    for name in &KEPT {
        for value in headers.get_all(name) {
            selected.append(name, value.clone());
        }
    }
    selected
}

/// "the cache MUST add each header field in the provided response to the stored response, replacing field values
/// that are already present" (RFC 9111 section 3.2). `Age` and `Date` are of the newer response or of none.
fn merged(stored: &HeaderMap, newer: &HeaderMap) -> HeaderMap {
    let mut merged = HeaderMap::new();
    for name in &KEPT {
        let is_of_its_message = name == header::AGE || name == header::DATE;
        let source = if newer.contains_key(name) || is_of_its_message {
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

/// The policy of the response, as a private cache without heuristics.
fn policy(
    request: &Request<()>,
    status: StatusCode,
    headers: &HeaderMap,
    received: SystemTime,
) -> CachePolicy {
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = normalised(headers);
    let options = CacheOptions {
        shared: false,
        cache_heuristic: 0.0,
        immutable_min_time_to_live: Duration::ZERO,
        ignore_cargo_cult: false,
    };
    CachePolicy::new_options(request, &response, received, options)
}

/// The headers as http-cache-semantics reads them correctly.
fn normalised(headers: &HeaderMap) -> HeaderMap {
    let mut normal = headers.clone();
    normal.remove(header::AGE);
    if let Some(value) = CacheControl::of(headers).canonical() {
        normal.insert(header::CACHE_CONTROL, value);
    }
    if headers.contains_key(header::EXPIRES) {
        normal.insert(header::EXPIRES, expires(headers));
    }
    match date(headers) {
        Some(date) => http_date(date).map(|value| normal.insert(header::DATE, value)),
        None => normal.remove(header::DATE).map(Some),
    };
    if varies_on_everything(headers) {
        normal.insert(header::VARY, HeaderValue::from_static("*"));
    }
    normal
}

/// One `Expires`. "A cache recipient MUST interpret invalid date formats [...] as representing a time in the past"
/// (RFC 9111 section 5.3); so are two that differ.
fn expires(headers: &HeaderMap) -> HeaderValue {
    let mut lines = headers.get_all(header::EXPIRES).iter();
    let first = lines.next();
    let agree = lines.all(|line| Some(line) == first);
    first
        .filter(|_| agree)
        .and_then(parse_http_date)
        .and_then(http_date)
        .unwrap_or_else(|| HeaderValue::from_static("0"))
}

/// `max(apparent_age, age_value)` (RFC 9111 section 4.2.3); the delay of the response is counted by the caller,
/// who starts at the request.
fn age(headers: &HeaderMap, received: SystemTime) -> Duration {
    let apparent = date(headers)
        .and_then(|date| received.duration_since(date).ok())
        .map_or(0, |apparent| apparent.as_secs());
    // "SHOULD use the first member of the field value, discarding subsequent ones"; what is no number is ignored (RFC
    // 9111 section 5.1).
    let stated = headers
        .get(header::AGE)
        .and_then(|line| line.as_bytes().split(|&byte| byte == b',').next())
        .and_then(|first| delta_seconds(first.trim_ascii()))
        .unwrap_or(0);
    Duration::from_secs(apparent.max(stated))
}

fn varies_on_everything(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::VARY).iter();
    lines.any(|line| {
        line.as_bytes()
            .split(|&byte| byte == b',')
            .any(|name| name.trim_ascii() == b"*")
    })
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    headers.get(header::DATE).and_then(parse_http_date)
}

/// In any of the three formats (RFC 9110 section 5.6.7); the crate reads one. "Although all date formats are specified
/// to be case-sensitive, a cache recipient SHOULD match the field value case-insensitively" (RFC 9111 section 4.2).
fn parse_http_date(value: &HeaderValue) -> Option<SystemTime> {
    let text = value.to_str().ok()?;
    let parsed = httpdate::parse_http_date(text);
    parsed
        .or_else(|_| httpdate::parse_http_date(&in_usual_case(text)))
        .ok()
}

/// A date with its names as they are usually written: `Sun`, `Nov`, `GMT`.
fn in_usual_case(date: &str) -> String {
    let mut follows_letter = false;
    let spelled = date.chars().map(|letter| {
        let spelled = if follows_letter {
            letter.to_ascii_lowercase()
        } else {
            letter.to_ascii_uppercase()
        };
        follows_letter = letter.is_ascii_alphabetic();
        spelled
    });
    let mut spelled: String = spelled.collect();
    if let Some(without_zone) = spelled.strip_suffix("Gmt") {
        spelled = format!("{without_zone}GMT");
    }
    spelled
}

fn http_date(time: SystemTime) -> Option<HeaderValue> {
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}

#[cfg(test)]
#[path = "freshness_tests.rs"]
mod tests;
