//! The future of a response behind a Connect layer, as a named type: a body that is being read, then what the other layers
//! have too.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::authenticator::{ConnectAuthenticator, VerifyRequest};
use super::body::ConnectBody;
use super::guard::{Guard, Judged};
use super::reading::{Reading, Unread};
use crate::error::VerifyError;
use crate::limits::MAX_CONNECT_BODY_LENGTH;
use crate::middleware::future::ResponseFuture;
use crate::middleware::refusal::Refusal;

pin_project! {
    /// The response of [`AuthenticateConnect`](crate::AuthenticateConnect).
    ///
    /// Dropping it is safe at any point.
    #[must_use = "futures do nothing unless polled"]
    pub struct ConnectFuture<S, ReqBody, V>
    where
        S: Service<Request<ConnectBody<ReqBody>>>,
        V: VerifyRequest,
    {
        #[pin]
        state: State<S, ReqBody, V>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody, V>
    where
        S: Service<Request<ConnectBody<ReqBody>>>,
        V: VerifyRequest,
    {
        Reading {
            #[pin]
            reading: Reading<ReqBody>,
            // The rest of the request, and the service that it is for.
            held: Option<(Parts, S)>,
            guard: Guard<V>,
        },
        Answering {
            #[pin]
            response: ResponseFuture<S, ConnectBody<ReqBody>, V::Identity>,
        },
    }
}

impl<S, ReqBody, V> ConnectFuture<S, ReqBody, V>
where
    S: Service<Request<ConnectBody<ReqBody>>>,
    V: VerifyRequest,
{
    pub(super) const fn answering(
        response: ResponseFuture<S, ConnectBody<ReqBody>, V::Identity>,
    ) -> Self {
        Self {
            state: State::Answering { response },
        }
    }

    pub(super) fn reading(request: Request<ReqBody>, service: S, guard: Guard<V>) -> Self {
        let (head, body) = request.into_parts();
        Self {
            state: State::Reading {
                reading: Reading::new(body, MAX_CONNECT_BODY_LENGTH),
                held: Some((head, service)),
                guard,
            },
        }
    }
}

impl<S, ReqBody, ResBody, V> Future for ConnectFuture<S, ReqBody, V>
where
    S: Service<Request<ConnectBody<ReqBody>>, Response = Response<ResBody>>,
    ReqBody: Body<Data = Bytes>,
    ResBody: Default,
    V: ConnectAuthenticator,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let response = match state.as_mut().project() {
                StateProjection::Answering { response } => return response.poll(cx),
                StateProjection::Reading {
                    reading,
                    held,
                    guard,
                } => {
                    let read = ready!(reading.poll(cx));
                    // Taken once: the state changes in the same step.
                    let Some((head, service)) = held.take() else {
                        return Poll::Pending;
                    };
                    match read {
                        Ok(whole) => {
                            let request = Request::from_parts(head, ConnectBody::read(whole));
                            answer(guard, request, service)
                        }
                        Err(unread) => ResponseFuture::refused(refusal(unread), guard.answers),
                    }
                }
            };
            state.set(State::Answering { response });
        }
    }
}

fn answer<S, ReqBody, V>(
    guard: &Guard<V>,
    mut request: Request<ConnectBody<ReqBody>>,
    service: S,
) -> ResponseFuture<S, ConnectBody<ReqBody>, V::Identity>
where
    S: Service<Request<ConnectBody<ReqBody>>>,
    V: VerifyRequest,
{
    match guard.judge(&mut request) {
        Ok(Judged::Admitted) => ResponseFuture::going_on(request, service),
        Ok(Judged::Waits(verification)) => {
            ResponseFuture::verifying(verification, request, service, guard.answers)
        }
        Err(error) => ResponseFuture::refused(Refusal::Token(error), guard.answers),
    }
}

const fn refusal(unread: Unread) -> Refusal {
    Refusal::Token(match unread {
        Unread::TooLong => VerifyError::RequestTooLarge,
        Unread::BrokenOff => VerifyError::RequestMalformed,
    })
}

/// Shows nothing of the request, which holds a token.
impl<S, ReqBody, V> fmt::Debug for ConnectFuture<S, ReqBody, V>
where
    S: Service<Request<ConnectBody<ReqBody>>>,
    V: VerifyRequest,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectFuture").finish_non_exhaustive()
    }
}
