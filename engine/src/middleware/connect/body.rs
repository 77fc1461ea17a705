//! The body of a request, for the service behind a layer that may have had to read it.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A request's body behind a Connect layer: as it came, or whole, if the layer had to read it. Either way the service
    /// gets every byte.
    pub struct ConnectBody<B> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<B> {
        AsItCame {
            #[pin]
            body: B,
        },
        Read {
            whole: Whole,
        },
    }
}

/// A body that was read to its end.
#[derive(Default)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) trailers: Option<HeaderMap>,
}

impl<B> ConnectBody<B> {
    pub(super) const fn as_it_came(body: B) -> Self {
        Self {
            state: State::AsItCame { body },
        }
    }

    pub(super) const fn read(whole: Whole) -> Self {
        Self {
            state: State::Read { whole },
        }
    }

    /// What was read of it: all or nothing.
    pub(super) fn bytes(&self) -> Option<&Bytes> {
        match &self.state {
            State::AsItCame { .. } => None,
            State::Read { whole } => Some(&whole.bytes),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for ConnectBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().state.project() {
            StateProjection::AsItCame { body } => body.poll_frame(cx),
            StateProjection::Read { whole } => {
                let bytes = mem::take(&mut whole.bytes);
                let frame = if bytes.is_empty() {
                    whole.trailers.take().map(Frame::trailers)
                } else {
                    Some(Frame::data(bytes))
                };
                Poll::Ready(frame.map(Ok))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::AsItCame { body } => body.is_end_stream(),
            State::Read { whole } => whole.bytes.is_empty() && whole.trailers.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::AsItCame { body } => body.size_hint(),
            State::Read { whole } => {
                SizeHint::with_exact(u64::try_from(whole.bytes.len()).unwrap_or(u64::MAX))
            }
        }
    }
}

/// Shows nothing of the body, which may hold a token or a secret.
impl<B> fmt::Debug for ConnectBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectBody").finish_non_exhaustive()
    }
}
