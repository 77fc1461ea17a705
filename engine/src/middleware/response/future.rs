//! The future of a response, as a named type: the inner service's, whose response is completed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::settings::Settings;

pin_project! {
    /// The response of [`SecureResponse`](crate::SecureResponse).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct SecureResponseFuture<F> {
        #[pin]
        response: F,
        settings: Arc<Settings>,
    }
}

impl<F> SecureResponseFuture<F> {
    pub(super) const fn new(response: F, settings: Arc<Settings>) -> Self {
        Self { response, settings }
    }
}

impl<F, Body, Error> Future for SecureResponseFuture<F>
where
    F: Future<Output = Result<Response<Body>, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.response.poll(cx))?;
        this.settings.apply(response.headers_mut());
        Poll::Ready(Ok(response))
    }
}
