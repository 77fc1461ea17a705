//! The future of a response, as a named type: the inner service's own, a verification that waits for a key, or
//! a refusal.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::refusal::Refusal;
use crate::error::VerifyError;
use crate::identity::Identity;

/// A verification that waits. It is boxed, since the future of an `async fn` has no name; next to the fetch of
/// a key the allocation is nothing.
type Verification = Pin<Box<dyn Future<Output = Result<Identity, VerifyError>> + Send>>;

pin_project! {
    /// The response of [`Authenticate`](crate::Authenticate).
    ///
    /// Dropping it is safe at any point; a fetch that others wait for goes on.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        Calling {
            #[pin]
            response: S::Future,
        },
        Verifying {
            verification: Verification,
            // The request, and the service that is ready to take it.
            held: Option<(Request<ReqBody>, S)>,
            retry_after: Duration,
        },
        Refused {
            refusal: Refusal,
            retry_after: Duration,
        },
    }
}

impl<S, ReqBody> ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) const fn calling(response: S::Future) -> Self {
        Self {
            state: State::Calling { response },
        }
    }

    pub(super) const fn verifying(
        verification: Verification,
        request: Request<ReqBody>,
        ready: S,
        retry_after: Duration,
    ) -> Self {
        Self {
            state: State::Verifying {
                verification,
                held: Some((request, ready)),
                retry_after,
            },
        }
    }

    pub(super) const fn refused(refusal: Refusal, retry_after: Duration) -> Self {
        Self {
            state: State::Refused {
                refusal,
                retry_after,
            },
        }
    }
}

impl<S, ReqBody, ResBody> Future for ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Calling { response } => return response.poll(cx),
                StateProjection::Refused {
                    refusal,
                    retry_after,
                } => return Poll::Ready(Ok(refusal.response(*retry_after))),
                StateProjection::Verifying {
                    verification,
                    held,
                    retry_after,
                } => match ready!(verification.as_mut().poll(cx)) {
                    Err(error) => State::Refused {
                        refusal: Refusal::Token(error),
                        retry_after: *retry_after,
                    },
                    Ok(identity) => {
                        // Taken once: the state changes in the same step.
                        let Some((mut request, mut service)) = held.take() else {
                            return Poll::Pending;
                        };
                        request.extensions_mut().insert(identity);
                        State::Calling {
                            response: service.call(request),
                        }
                    }
                },
            };
            state.set(next);
        }
    }
}

/// Shows nothing of the request, whose headers hold a token.
impl<S, ReqBody> fmt::Debug for ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
