//! The service: hands requests on as they are.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use tower_service::Service;

use super::future::SecureResponseFuture;
use super::settings::Settings;

/// A service whose responses have what the requirements ask for. [`SecureResponseLayer`](crate::SecureResponseLayer) makes
/// it.
#[derive(Debug, Clone)]
pub struct SecureResponse<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> SecureResponse<S> {
    pub(super) const fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, Request, Body> Service<Request> for SecureResponse<S>
where
    S: Service<Request, Response = Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = SecureResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        SecureResponseFuture::new(self.inner.call(request), Arc::clone(&self.settings))
    }
}
