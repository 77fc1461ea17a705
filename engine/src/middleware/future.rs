//! The future of a response, as a named type: the inner service's own, a verification that waits for a key, or
//! a refusal.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::authenticator::Verification;
use super::refusal::{Answers, Refusal};

pin_project! {
    /// The response of [`Authenticate`](crate::Authenticate).
    ///
    /// Dropping it is safe at any point; a fetch that others wait for goes on.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, ReqBody, I>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody, I>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody, I>
    where
        S: Service<Request<ReqBody>>,
    {
        Calling {
            #[pin]
            response: S::Future,
        },
        // It has identity and all, and waits for the service.
        GoingOn {
            held: Option<(Request<ReqBody>, S)>,
        },
        Verifying {
            verification: Verification<I>,
            // The request, and the service that it is for.
            held: Option<(Request<ReqBody>, S)>,
            answers: Answers,
        },
        Refused {
            refusal: Refusal,
            answers: Answers,
        },
    }
}

impl<S, ReqBody, I> ResponseFuture<S, ReqBody, I>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) const fn calling(response: S::Future) -> Self {
        Self {
            state: State::Calling { response },
        }
    }

    pub(super) const fn going_on(request: Request<ReqBody>, service: S) -> Self {
        Self {
            state: State::GoingOn {
                held: Some((request, service)),
            },
        }
    }

    pub(super) const fn verifying(
        verification: Verification<I>,
        request: Request<ReqBody>,
        service: S,
        answers: Answers,
    ) -> Self {
        Self {
            state: State::Verifying {
                verification,
                held: Some((request, service)),
                answers,
            },
        }
    }

    pub(super) const fn refused(refusal: Refusal, answers: Answers) -> Self {
        Self {
            state: State::Refused { refusal, answers },
        }
    }
}

impl<S, ReqBody, ResBody, I> Future for ResponseFuture<S, ReqBody, I>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
    I: Clone + Send + Sync + 'static,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Calling { response } => return response.poll(cx),
                StateProjection::Refused { refusal, answers } => {
                    return Poll::Ready(Ok(answers.to(*refusal)));
                }
                StateProjection::GoingOn { held } => {
                    if let Some((_, service)) = held {
                        ready!(service.poll_ready(cx))?;
                    }
                    // Taken once: the state changes in the same step.
                    let Some((request, mut service)) = held.take() else {
                        return Poll::Pending;
                    };
                    State::Calling {
                        response: service.call(request),
                    }
                }
                StateProjection::Verifying {
                    verification,
                    held,
                    answers,
                } => match ready!(verification.as_mut().poll(cx)) {
                    Err(error) => State::Refused {
                        refusal: Refusal::Token(error),
                        answers: *answers,
                    },
                    Ok(identity) => {
                        let mut held = held.take();
                        if let Some((request, _)) = &mut held {
                            request.extensions_mut().insert(identity);
                        }
                        State::GoingOn { held }
                    }
                },
            };
            state.set(next);
        }
    }
}

/// Shows nothing of the request, whose headers hold a token.
impl<S, ReqBody, I> fmt::Debug for ResponseFuture<S, ReqBody, I>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
