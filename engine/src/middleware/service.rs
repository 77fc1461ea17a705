//! The service: asks the engine at once, and waits only where a key has to be fetched.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower_service::Service;

use super::ResponseFuture;
use super::bearer;
use super::refusal::Refusal;
use crate::engine::{Engine, Verdict};
use crate::jws::Scratch;
use crate::keys::KeySource;
use crate::replay::{ReplayLog, Reusable};

/// An HTTP service behind an [`Engine`]. [`AuthenticateLayer`](crate::AuthenticateLayer) makes it.
#[derive(Debug)]
pub struct Authenticate<S, K, R = Reusable> {
    inner: S,
    engine: Arc<Engine<K, R>>,
    retry_after: Duration,
}

impl<S, K, R> Authenticate<S, K, R> {
    pub(super) const fn new(inner: S, engine: Arc<Engine<K, R>>, retry_after: Duration) -> Self {
        Self {
            inner,
            engine,
            retry_after,
        }
    }
}

impl<S, K, R, ReqBody, ResBody> Service<Request<ReqBody>> for Authenticate<S, K, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    K: KeySource + 'static,
    R: ReplayLog + 'static,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    /// Allocates, for a realistic token whose key is at hand, the identity and its place in the extensions.
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let Some(token) = bearer::token(request.headers()) else {
            return self.refuse(Refusal::WithoutToken);
        };
        let identity = match self.engine.verify_now(token, &mut Scratch::new()) {
            Ok(Verdict::Verified(identity)) => identity.to_owned(),
            Ok(Verdict::NeedsKey(_)) => {
                let token = token.into();
                return self.wait_for_key(token, request);
            }
            Err(error) => return self.refuse(Refusal::Token(error)),
        };
        request.extensions_mut().insert(identity);
        ResponseFuture::calling(self.inner.call(request))
    }
}

impl<S: Clone, K, R> Authenticate<S, K, R> {
    /// The inner service that is ready. What takes its place has to become ready first.
    fn take_ready(&mut self) -> S {
        let unready = self.inner.clone();
        mem::replace(&mut self.inner, unready)
    }

    /// Lets go of the inner service's readiness, which may be a permit: an idle connection whose last token was
    /// bad must not keep it from the others.
    fn refuse<ReqBody>(&mut self, refusal: Refusal) -> ResponseFuture<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        drop(self.take_ready());
        ResponseFuture::refused(refusal, self.retry_after)
    }

    fn wait_for_key<ReqBody>(
        &mut self,
        token: Box<[u8]>,
        request: Request<ReqBody>,
    ) -> ResponseFuture<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
        K: KeySource + 'static,
        R: ReplayLog + 'static,
    {
        let engine = Arc::clone(&self.engine);
        let verification = Box::pin(async move { engine.verify(&token).await });
        ResponseFuture::verifying(verification, request, self.take_ready(), self.retry_after)
    }
}

impl<S: Clone, K, R> Clone for Authenticate<S, K, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            engine: Arc::clone(&self.engine),
            retry_after: self.retry_after,
        }
    }
}
