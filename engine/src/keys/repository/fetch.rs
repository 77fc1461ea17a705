//! Fetching: one key from one repository, over whatever transport there is.
//!
//! It knows nothing of caches, but hands back what one needs. Every wait in here has a deadline, every length a
//! limit.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use tokio::time::{Instant, timeout};
use url::Url;

use super::config::KeyRepositoryConfig;
use super::environment::Environment;
use super::failure::Failure;
use super::freshness::{Lifetime, StoredResponse};
use super::redirect::{RedirectRefusal, RedirectRules, redirect_target};
use super::transport::{Destination, Transport, TransportBody};
use super::url::{BaseUrl, to_uri};
use crate::{Backend, KeyId, VerifyingKey, limits};

const USER_AGENT: &str = concat!("asap-engine/", env!("CARGO_PKG_VERSION"));

/// Asks one repository at a time.
pub(super) struct Fetcher<V = VerifyingKey> {
    transport: Arc<dyn Transport>,
    environment: Arc<dyn Environment>,
    redirects: RedirectRules,
    headers_deadline: Duration,
    backend: Backend,
    reading: Reading<V>,
}

/// How what a repository serves is asked for and read.
pub(super) struct Reading<V> {
    /// `Accept`.
    pub(super) accept: HeaderValue,
    /// What a body is.
    pub(super) read: fn(&[u8], Backend) -> Result<V, Failure>,
    /// Whether 403, 404 and 410 say that there is no such key. Where all keys are in one place, they say that the place is
    /// wrong, and nothing about any key.
    pub(super) may_be_absent: bool,
}

impl Reading<VerifyingKey> {
    /// One key a URL: "it SHOULD include an `Accept` header that expresses preference for the MIME type
    /// `application/x-pem-file`."
    pub(super) const KEY: Self = Self {
        accept: HeaderValue::from_static("application/x-pem-file"),
        read: |pem, backend| VerifyingKey::from_pem_with(pem, backend).map_err(Failure::NotAKey),
        may_be_absent: true,
    };
}

/// What the repositories said.
pub(super) enum Answer<V = VerifyingKey> {
    /// Here is the key.
    Key {
        key: V,
        body_length: usize,
        reuse: Reuse,
    },
    /// The stored response still holds.
    Unchanged { reuse: Reuse },
    /// There is no such key.
    NoSuchKey,
    /// A mirror says that there is no such key, while one before it did not answer: what is stored of it ends, but for
    /// those who wait the failure counts.
    Withdrawn(Failure),
    /// Nothing that says anything about the key.
    Failed(Failure),
}

/// For how long an answer may be used again.
pub(super) struct Reuse {
    pub(super) response: StoredResponse,
    pub(super) lifetime: Lifetime,
    /// When it was asked for: the lifetime counts from here.
    pub(super) asked: Instant,
}

/// What one repository said.
pub(super) enum Found<V = VerifyingKey> {
    Key {
        key: V,
        body_length: usize,
        response: StoredResponse,
    },
    Unchanged {
        response: StoredResponse,
    },
    NoSuchKey(StatusCode),
    Redirect {
        target: Url,
        lifetime: Lifetime,
    },
}

impl<V> Fetcher<V> {
    /// Asks through `transport`, as `config` wants it. It asks nothing yet.
    pub(super) fn new(
        config: &KeyRepositoryConfig,
        reading: Reading<V>,
        transport: Arc<dyn Transport>,
        environment: Arc<dyn Environment>,
    ) -> Self {
        Self {
            transport,
            environment,
            redirects: RedirectRules {
                plain_http: config.plain_http,
                unrestricted: config.unrestricted_redirects,
            },
            headers_deadline: config.headers_deadline,
            backend: config.backend,
            reading,
        }
    }

    /// Asks one repository, and follows its redirects: "It also MUST follow HTTP redirects."
    pub(super) async fn fetch_from(
        &self,
        base: &BaseUrl,
        key_id: KeyId<'_>,
        stored: Option<&StoredResponse>,
    ) -> Result<(Found<V>, Lifetime, Instant), Failure> {
        let asked = Instant::now();
        let mut url = base.key_url(key_id).ok_or(Failure::Url)?;
        let mut visited: Vec<Url> = Vec::new();
        let mut redirects: Option<Lifetime> = None;
        while visited.len() <= limits::MAX_REDIRECTS {
            let to = match (visited.is_empty(), base.trusts_redirect_to(&url)) {
                (true, _) => Destination::Repository,
                (false, true) => Destination::TrustedRedirect,
                (false, false) => Destination::Redirect,
            };
            let found = self.ask(base, &url, to, stored).await?;
            let lifetime = found.lifetime();
            let lifetime = redirects.map_or(lifetime, |redirects| lifetime.through(redirects));
            let Found::Redirect { target, .. } = found else {
                return Ok((found, lifetime, asked));
            };
            redirects = Some(lifetime);
            visited.push(url);
            if visited.contains(&target) {
                return Err(Failure::Redirect(RedirectRefusal::Loop));
            }
            url = target;
        }
        Err(Failure::Redirect(RedirectRefusal::TooMany))
    }

    /// One URL, conditionally if the stored response came from it: its validators mean nothing elsewhere.
    async fn ask(
        &self,
        base: &BaseUrl,
        url: &Url,
        to: Destination,
        stored: Option<&StoredResponse>,
    ) -> Result<Found<V>, Failure> {
        let request = plain_request(url, &self.reading.accept, stored.is_some())?;
        let condition = stored
            .and_then(|stored| Some((stored, stored.conditional(&request, self.time_of_day())?)));
        if let Some((stored, headers)) = condition {
            let response = self.send(&request, headers, to).await?;
            if response.status() != StatusCode::NOT_MODIFIED {
                return self.read(base, url, &request, response).await;
            }
            let freshened = stored.freshened(&request, response.headers(), self.time_of_day());
            if let Some(response) = freshened {
                return Ok(Found::Unchanged { response });
            }
        }
        let response = self.send(&request, request.headers().clone(), to).await?;
        self.read(base, url, &request, response).await
    }

    async fn send(
        &self,
        request: &Request<()>,
        headers: HeaderMap,
        to: Destination,
    ) -> Result<Response<TransportBody>, Failure> {
        let mut sent = Request::new(());
        *sent.method_mut() = request.method().clone();
        *sent.uri_mut() = request.uri().clone();
        *sent.headers_mut() = headers;
        let sending = self.transport.send(sent, to);
        timeout(self.headers_deadline, sending)
            .await
            .unwrap_or(Err(Failure::Deadline))
    }

    fn time_of_day(&self) -> SystemTime {
        self.environment.time_of_day()
    }

    /// What a response means. 403, 404 and 410 say that there is no such key: object stores answer 403 for what is
    /// not there.
    async fn read(
        &self,
        base: &BaseUrl,
        url: &Url,
        request: &Request<()>,
        response: Response<TransportBody>,
    ) -> Result<Found<V>, Failure> {
        let received = self.time_of_day();
        let (head, body) = response.into_parts();
        let stored = || StoredResponse::new(url, request, head.status, &head.headers, received);
        match head.status.as_u16() {
            200 => {
                refuse_encoding(&head.headers)?;
                let (key, body_length) = self.read_key(body).await?;
                Ok(Found::Key {
                    key,
                    body_length,
                    response: stored(),
                })
            }
            301 | 302 | 303 | 307 | 308 => {
                let lifetime = stored().lifetime();
                let location = only_location(&head.headers)?;
                let target = redirect_target(base, url, location.as_bytes(), self.redirects)
                    .map_err(Failure::Redirect)?;
                drain(body).await;
                Ok(Found::Redirect { target, lifetime })
            }
            403 | 404 | 410 if self.reading.may_be_absent => {
                drain(body).await;
                Ok(Found::NoSuchKey(head.status))
            }
            _ => {
                drain(body).await;
                Err(Failure::Status(head.status))
            }
        }
    }

    async fn read_key(&self, body: TransportBody) -> Result<(V, usize), Failure> {
        let limit = limits::MAX_KEY_BODY;
        if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(Failure::TooLong);
        }
        let body = Limited::new(body, limit).collect().await;
        let document = body
            .map_err(|error| Failure::of(error.as_ref()))?
            .to_bytes();
        let key = (self.reading.read)(&document, self.backend)?;
        Ok((key, document.len()))
    }
}

impl<V> Found<V> {
    fn lifetime(&self) -> Lifetime {
        match self {
            Self::Key { response, .. } | Self::Unchanged { response } => response.lifetime(),
            Self::NoSuchKey(_) => Lifetime::NONE,
            Self::Redirect { lifetime, .. } => *lifetime,
        }
    }
}

/// "The resource server MUST send a GET request and it SHOULD include an `Accept` header". A revalidation is not to be
/// answered by a cache on the way.
pub(super) fn plain_request(
    url: &Url,
    accept: &HeaderValue,
    revalidates: bool,
) -> Result<Request<()>, Failure> {
    let mut request = Request::new(());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = to_uri(url).ok_or(Failure::Url)?;
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, accept.clone());
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if revalidates {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    Ok(request)
}

fn refuse_encoding(headers: &HeaderMap) -> Result<(), Failure> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings.all(|value| {
        value
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"identity")
    }) {
        Ok(())
    } else {
        Err(Failure::ContentEncoding)
    }
}

/// Where to, if the response says so and says it once.
fn only_location(headers: &HeaderMap) -> Result<&HeaderValue, Failure> {
    let mut locations = headers.get_all(header::LOCATION).iter();
    match (locations.next(), locations.next()) {
        (Some(location), None) => Ok(location),
        _ => Err(Failure::Redirect(RedirectRefusal::NoLocation)),
    }
}

/// Reads a short body to its end, so that the connection can serve the next request; the answer does not depend
/// on it, and does not wait for it long.
async fn drain(body: TransportBody) {
    if body
        .size_hint()
        .upper()
        .is_some_and(|length| length <= limits::MAX_DRAINED_BODY)
    {
        let _ = timeout(limits::DRAIN_DEADLINE, body.collect()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(url: &Url) -> StoredResponse {
        let request = plain_request(url, &Reading::KEY.accept, false).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=60"),
        );
        headers.insert(header::ETAG, HeaderValue::from_static("\"a\""));
        StoredResponse::new(url, &request, StatusCode::OK, &headers, SystemTime::now())
    }

    #[test]
    fn what_is_still_fresh_is_refreshed_with_a_condition_past_caches_on_the_way() {
        let url = Url::parse("https://keys.example/svc/key").unwrap();
        let stored = stored(&url);
        let request = plain_request(&url, &Reading::KEY.accept, true).unwrap();
        let headers = stored.conditional(&request, SystemTime::now()).unwrap();
        assert_eq!(headers.get(header::IF_NONE_MATCH).unwrap(), "\"a\"");
        assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "no-cache");
        assert_eq!(
            headers.get(header::ACCEPT).unwrap(),
            "application/x-pem-file"
        );
        // A plain request would be answered from the store.
        let plain = plain_request(&url, &Reading::KEY.accept, false).unwrap();
        assert!(stored.conditional(&plain, SystemTime::now()).is_none());
    }

    #[test]
    fn an_encoded_body_is_refused() {
        let encoded = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            refuse_encoding(&headers).is_err()
        };
        assert!(!encoded(&[]) && !encoded(&["identity"]) && !encoded(&["IDENTITY"]));
        assert!(encoded(&["gzip"]) && encoded(&["identity", "br"]) && encoded(&["identity, gzip"]));
    }
}
