//! What is said to a request.
//!
//! 200 or 304 for a key, and 404 for everything else under a path: a file that holds no public key, a path outside the
//! grammar of `kid`, a URL with a query or percent-encoding, so that a key has one URL. 405 for other methods, 503 for
//! a file that should be there and cannot be read. Only 200 and 304 may be stored: "failures to retrieve a key MUST
//! NOT be cached". The security headers are those of the Marketplace's requirements: see docs/KEYS.md.

use std::convert::Infallible;
use std::sync::Arc;

use asap_engine::KeyId;
use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;

use super::conditional;
use super::directory::{Directory, Lookup};
use crate::outcome::Fault;

const EVERYWHERE: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// What is served, and under which headers.
#[derive(Debug)]
pub(super) struct Site {
    directory: Directory,
    cache_control: HeaderValue,
    is_https: bool,
}

impl Site {
    /// Keys of `directory`, fresh for `max_age` seconds.
    pub(super) fn new(directory: Directory, max_age: u32, is_https: bool) -> Result<Self, Fault> {
        let cache_control =
            HeaderValue::try_from(format!("public, max-age={max_age}, must-revalidate"))
                .map_err(|error| Fault::new(format!("--max-age: {error}")))?;
        Ok(Self {
            directory,
            cache_control,
            is_https,
        })
    }

    /// Warns about each file that would not be served.
    pub(super) fn survey(&self) {
        self.directory.survey();
    }

    /// Answers a request. Files are read on a thread for that; the body of the request is not read at all.
    pub(super) async fn answer<B>(
        self: Arc<Self>,
        request: Request<B>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, _) = request.into_parts();
        let is_https = self.is_https;
        let mut response = match wanted(&head.method, &head.uri) {
            Err(status) => failure(status),
            Ok(key_id) => {
                let key_id = key_id.to_owned();
                let reading = tokio::task::spawn_blocking(move || self.key(&key_id, &head.headers));
                reading
                    .await
                    .unwrap_or_else(|_| failure(StatusCode::SERVICE_UNAVAILABLE))
            }
        };
        let headers = response.headers_mut();
        headers.extend(EVERYWHERE);
        if is_https {
            // A year is what the Marketplace asks for.
            headers.insert(
                STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            );
        }
        Ok(response)
    }

    fn key(&self, key_id: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let key = match KeyId::parse(key_id).map(|key_id| self.directory.find(key_id)) {
            Some(Lookup::Found(key)) => key,
            Some(Lookup::Unreadable) => return failure(StatusCode::SERVICE_UNAVAILABLE),
            Some(Lookup::NotFound) | None => return failure(StatusCode::NOT_FOUND),
        };
        let Ok(etag) = HeaderValue::try_from(&key.etag) else {
            return failure(StatusCode::SERVICE_UNAVAILABLE);
        };
        let mut response = if conditional::has_it(headers, &key.etag) {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Full::new(key.pem));
            response.headers_mut().insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-pem-file"),
            );
            response
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, self.cache_control.clone());
        headers.insert(ETAG, etag);
        response
    }
}

/// The text after the first slash of the path, which is a `kid`, or the status that refuses the request.
fn wanted<'a>(method: &Method, uri: &'a Uri) -> Result<&'a str, StatusCode> {
    if method != Method::GET && method != Method::HEAD {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    uri.path()
        .strip_prefix('/')
        .filter(|key_id| KeyId::parse(key_id).is_some() && uri.query().is_none())
        .ok_or(StatusCode::NOT_FOUND)
}

fn failure(status: StatusCode) -> Response<Full<Bytes>> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = Response::new(Full::from(format!("{reason}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
