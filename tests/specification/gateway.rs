//! A resource server on HTTP: the engine's own middleware in front of a service that keeps what reaches it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use asap_engine::{Authenticate, AuthenticateLayer, Engine, Identity, KeySource, ReplayLog};
use asap_tests::fixture::block_on;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

/// What the service behind the middleware answers.
pub(crate) const SERVED: &str = "the resource";

/// A resource server whose resources are none of them open to all.
pub(crate) struct Gateway<K, R> {
    service: Authenticate<Resources, Engine<K, R>>,
    reached: Arc<Mutex<Vec<Request<String>>>>,
}

impl<K: KeySource + 'static, R: ReplayLog + 'static> Gateway<K, R> {
    /// Resources behind `engine`.
    pub(crate) fn new(engine: Engine<K, R>) -> Self {
        let reached = Arc::default();
        let resources = Resources {
            reached: Arc::clone(&reached),
        };
        let service = AuthenticateLayer::new(Arc::new(engine)).layer(resources);
        Self { service, reached }
    }

    /// The response to a request whose token's key needs no fetch over a socket.
    pub(crate) fn answer(&mut self, request: Request<String>) -> Response<String> {
        let is_ready = self
            .service
            .poll_ready(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(is_ready, Poll::Ready(Ok(()))));
        match block_on(self.service.call(request)) {
            Ok(response) => response,
        }
    }

    /// The requests that the service behind the middleware saw.
    pub(crate) fn reached(&self) -> MutexGuard<'_, Vec<Request<String>>> {
        self.reached.lock().unwrap()
    }
}

/// A request for a resource, with `token` as the specification wants it.
pub(crate) fn bearer(token: &str) -> Request<String> {
    let mut request = Request::new(String::new());
    let value = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert(AUTHORIZATION, value);
    request
}

/// The identity that the middleware put into a request.
pub(crate) fn identity(request: &Request<String>) -> &Identity {
    request.extensions().get().unwrap()
}

/// "it MUST reply with a status code of 401 UNAUTHORIZED and MUST include a WWW-Authenticate header field".
#[track_caller]
pub(crate) fn assert_unauthorized(response: &Response<String>) {
    assert_eq!(response.status(), 401);
    let challenges: Vec<_> = response
        .headers()
        .get_all("www-authenticate")
        .iter()
        .collect();
    // RFC 9110 section 11.6.1: at least one challenge, which begins with its scheme.
    assert_eq!(challenges.len(), 1);
    let scheme = challenges[0].to_str().unwrap().split(' ').next();
    assert_eq!(scheme, Some("Bearer"));
    assert_ne!(response.body(), SERVED);
}

/// Serves whatever reaches it.
#[derive(Clone)]
struct Resources {
    reached: Arc<Mutex<Vec<Request<String>>>>,
}

impl Service<Request<String>> for Resources {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        self.reached.lock().unwrap().push(request);
        ready(Ok(Response::new(SERVED.to_owned())))
    }
}
