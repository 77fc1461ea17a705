//! The service: asks the verifier at once, unless a body has to be read first.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::authenticator::ConnectAuthenticator;
use super::body::ConnectBody;
use super::future::ConnectFuture;
use super::guard::{Guard, Judged};
use super::presented::{Presented, is_form};
use crate::error::VerifyError;
use crate::middleware::future::ResponseFuture;
use crate::middleware::refusal::Refusal;

/// An HTTP service behind a class of endpoints. [`ConnectLayer`](crate::ConnectLayer) makes it.
#[derive(Debug)]
pub struct AuthenticateConnect<S, V> {
    inner: S,
    guard: Guard<V>,
}

impl<S, V> AuthenticateConnect<S, V> {
    pub(super) const fn new(inner: S, guard: Guard<V>) -> Self {
        Self { inner, guard }
    }
}

impl<S, V, ReqBody, ResBody> Service<Request<ReqBody>> for AuthenticateConnect<S, V>
where
    S: Service<Request<ConnectBody<ReqBody>>, Response = Response<ResBody>> + Clone,
    V: ConnectAuthenticator,
    ReqBody: Body<Data = Bytes>,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ConnectFuture<S, ReqBody, V>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        if V::EVERY_BODY || is_form(request.headers()) {
            return self.read(request);
        }
        let mut request = request.map(ConnectBody::as_it_came);
        let response = match self.guard.judge(&mut request) {
            Ok(Judged::Admitted) => ResponseFuture::calling(self.inner.call(request)),
            Ok(Judged::Waits(verification)) => {
                let service = self.give_back();
                ResponseFuture::verifying(verification, request, service, self.guard.answers)
            }
            Err(error) => return self.refuse(error),
        };
        ConnectFuture::answering(response)
    }
}

impl<S: Clone, V: ConnectAuthenticator> AuthenticateConnect<S, V> {
    /// Gives the readiness of the inner service back, which may be a permit: nobody who is not authenticated keeps it by
    /// sending slowly. What is returned has to become ready.
    fn give_back(&mut self) -> S {
        self.inner = self.inner.clone();
        self.inner.clone()
    }

    fn refuse<ReqBody>(&mut self, error: VerifyError) -> ConnectFuture<S, ReqBody, V>
    where
        S: Service<Request<ConnectBody<ReqBody>>>,
    {
        drop(self.give_back());
        let refusal = Refusal::Token(error);
        ConnectFuture::answering(ResponseFuture::refused(refusal, self.guard.answers))
    }

    fn read<ReqBody>(&mut self, request: Request<ReqBody>) -> ConnectFuture<S, ReqBody, V>
    where
        S: Service<Request<ConnectBody<ReqBody>>>,
        ReqBody: Body<Data = Bytes>,
    {
        let presented = Presented::without_body(&request);
        match self.guard.verifier.before_reading(&presented) {
            Ok(()) => ConnectFuture::reading(request, self.give_back(), self.guard.clone()),
            Err(error) => self.refuse(error),
        }
    }
}

impl<S: Clone, V> Clone for AuthenticateConnect<S, V> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            guard: self.guard.clone(),
        }
    }
}
