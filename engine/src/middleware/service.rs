//! The service: asks the verifier at once, and waits only where a key has to be fetched.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::authenticator::{Authenticator, verification};
use super::future::ResponseFuture;
use super::refusal::{Answers, Refusal};
use super::secrecy::hide_tokens;

/// An HTTP service behind a verifier. [`AuthenticateLayer`](crate::AuthenticateLayer) makes it.
#[derive(Debug)]
pub struct Authenticate<S, V> {
    inner: S,
    verifier: Arc<V>,
    answers: Answers,
}

impl<S, V> Authenticate<S, V> {
    pub(super) const fn new(inner: S, verifier: Arc<V>, answers: Answers) -> Self {
        Self {
            inner,
            verifier,
            answers,
        }
    }
}

impl<S, V, ReqBody, ResBody> Service<Request<ReqBody>> for Authenticate<S, V>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    V: Authenticator,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, V::Identity>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    /// Allocates, for a realistic ASAP token whose key is at hand, the identity and its place in the extensions.
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let Some(token) = V::token(request.headers()) else {
            return self.refuse(Refusal::WithoutToken);
        };
        match self.verifier.verify_now(token) {
            Ok(Some(identity)) => {
                hide_tokens(request.headers_mut(), V::TOKENS_BESIDE);
                request.extensions_mut().insert(identity);
                ResponseFuture::calling(self.inner.call(request))
            }
            Ok(None) => {
                let verification = verification(&self.verifier, token.into());
                hide_tokens(request.headers_mut(), V::TOKENS_BESIDE);
                let ready = self.take_ready();
                ResponseFuture::verifying(verification, request, ready, self.answers)
            }
            Err(error) => self.refuse(Refusal::Token(error)),
        }
    }
}

impl<S: Clone, V: Authenticator> Authenticate<S, V> {
    /// The inner service that is ready. What takes its place has to become ready first.
    fn take_ready(&mut self) -> S {
        let unready = self.inner.clone();
        mem::replace(&mut self.inner, unready)
    }

    /// Lets go of the inner service's readiness, which may be a permit: an idle connection whose last token was
    /// bad must not keep it from the others.
    fn refuse<ReqBody>(&mut self, refusal: Refusal) -> ResponseFuture<S, ReqBody, V::Identity>
    where
        S: Service<Request<ReqBody>>,
    {
        drop(self.take_ready());
        ResponseFuture::refused(refusal, self.answers)
    }
}

impl<S: Clone, V> Clone for Authenticate<S, V> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            verifier: Arc::clone(&self.verifier),
            answers: self.answers,
        }
    }
}
