//! What the fuzz targets ask of the freshness of a response (feature `internals`).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

use super::cache_control::CacheControl;
use super::fetch::{Reading, plain_request};
use super::freshness::{Lifetime, StoredResponse};

/// For how long a response may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseLifetime {
    /// It is fresh until here.
    pub fresh: Duration,
    /// It may be used until here while it is revalidated.
    pub while_revalidating: Duration,
    /// It may be used until here if it cannot be revalidated.
    pub on_error: Duration,
    /// It is not revalidated while it is fresh.
    pub is_immutable: bool,
    /// Whether there is any use in storing it.
    pub is_reusable: bool,
    /// When it is refreshed ahead, for a random number of the caller's.
    pub refresh_point: Duration,
}

impl ResponseLifetime {
    fn of(lifetime: Lifetime, random: u64) -> Self {
        Self {
            fresh: lifetime.fresh,
            while_revalidating: lifetime.while_revalidating,
            on_error: lifetime.on_error,
            is_immutable: lifetime.is_immutable,
            is_reusable: lifetime.is_reusable(),
            refresh_point: lifetime.refresh_point(random),
        }
    }
}

/// The lifetime of a response of `status` with `headers`. `None` if there is no such status.
#[must_use]
pub fn lifetime(
    status: u16,
    headers: &HeaderMap,
    received: SystemTime,
    random: u64,
) -> Option<ResponseLifetime> {
    let response = stored(status, headers, received)?;
    Some(ResponseLifetime::of(response.lifetime(), random))
}

/// The lifetime of a 200 with `headers` that a 304 with `newer` was the answer to. `None` if it cannot be
/// revalidated, or the 304 is about another response.
#[must_use]
pub fn lifetime_after_not_modified(
    headers: &HeaderMap,
    received: SystemTime,
    newer: &HeaderMap,
    revalidated: SystemTime,
) -> Option<ResponseLifetime> {
    let response = stored(200, headers, received)?;
    let request = plain_request(&url()?, &Reading::KEY.accept, true).ok()?;
    response.conditional(&request, revalidated)?;
    let freshened = response.freshened(&request, newer, revalidated)?;
    Some(ResponseLifetime::of(freshened.lifetime(), 0))
}

/// `Cache-Control` as http-cache-semantics is shown it.
#[must_use]
pub fn canonical_cache_control(headers: &HeaderMap) -> Option<HeaderValue> {
    CacheControl::of(headers).canonical()
}

fn stored(status: u16, headers: &HeaderMap, received: SystemTime) -> Option<StoredResponse> {
    let status = StatusCode::from_u16(status).ok()?;
    let url = url()?;
    let request = plain_request(&url, &Reading::KEY.accept, false).ok()?;
    Some(StoredResponse::new(
        &url, &request, status, headers, received,
    ))
}

fn url() -> Option<Url> {
    Url::parse("https://keys.example/client/key").ok()
}
