//! A connection that remembers whether it has ever answered.
//!
//! A server may close a connection, or announce over HTTP/2 that it will (GOAWAY), at the very moment at which a request
//! is sent on it. That says nothing about the server: the request is sent once more, on another connection (RFC 9110
//! section 9.2.2 for GET, RFC 9113 section 6.8). A connection that breaks before its first answer is an answer by itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

/// Whether a connection has answered a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Proven(Arc<AtomicBool>);

impl Proven {
    /// Marks the connection that `connected` is about: it has answered.
    pub(super) fn mark(connected: &Connected) {
        if let Some(Self(proven)) = Self::of(connected) {
            proven.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the connection that `connected` is about has answered before.
    pub(super) fn is_marked(connected: &Connected) -> bool {
        Self::of(connected).is_some_and(|Self(proven)| proven.load(Ordering::Relaxed))
    }

    fn of(connected: &Connected) -> Option<Self> {
        let mut extras = http::Extensions::new();
        connected.get_extras(&mut extras);
        extras.remove()
    }
}

/// A stream and what is remembered of it.
#[derive(Debug)]
pub(super) struct Remembering<S> {
    stream: S,
    proven: Proven,
}

impl<S> Remembering<S> {
    /// A connection that has not answered yet.
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            proven: Proven::default(),
        }
    }
}

impl<S: Connection> Connection for Remembering<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.proven.clone())
    }
}

impl<S: Read + Unpin> Read for Remembering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for Remembering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
