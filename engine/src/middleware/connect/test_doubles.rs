//! Bodies that come as they are told to.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body of frames, each of which is waited for once.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) frames: VecDeque<Result<Frame<Bytes>, &'static str>>,
    pub(super) announced: u64,
    pub(super) never_ends: bool,
    waits: bool,
}

/// A body of these pieces, whose length is not announced.
pub(super) fn script(pieces: &[impl AsRef<str>]) -> Script {
    let frame = |piece: &str| Ok(Frame::data(Bytes::copy_from_slice(piece.as_bytes())));
    Script {
        frames: pieces.iter().map(|piece| frame(piece.as_ref())).collect(),
        ..Script::default()
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.waits = !self.waits;
        if self.waits || self.never_ends && self.frames.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(self.frames.pop_front())
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.announced);
        hint
    }
}
