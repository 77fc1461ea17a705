//! How servers and networks fail, and the bodies of their responses.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use asap_tests::walk::Walk;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::world::Exchange;

/// How one exchange goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not.
    None,
    /// The connection is refused, or breaks before a head has come.
    Refused,
    Reset,
    /// No head ever comes, or late.
    Silent,
    LateHead(u64),
    /// A status that says nothing about the key.
    Status(u16),
    /// The body comes slowly, stops, or breaks off.
    SlowBody(u64),
    StalledBody,
    TruncatedBody,
    /// A body that is no key.
    Page,
    Junk,
    Oversize,
    Encoded,
    /// Redirects: followed, in a circle, to plain http, to nowhere.
    Redirected(usize),
    Circle,
    Downgrade,
    Nowhere,
    /// A 304 about another response.
    WrongNotModified,
}

/// The faults of a server for a while.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) fault: Fault,
    /// How many of a thousand exchanges it hits.
    pub(crate) permille: usize,
    /// The delay of a head, in milliseconds, from and to.
    pub(crate) delay: (u64, u64),
}

impl Weather {
    /// Mostly well, so that there are keys to lose.
    pub(crate) fn draw_first(walk: &mut Walk) -> Self {
        match walk.below(3) {
            0 => Self::draw(walk),
            _ => crate::plan::WELL,
        }
    }

    pub(crate) fn draw(walk: &mut Walk) -> Self {
        let fault = match walk.below(26) {
            0..4 => Fault::None,
            4 => Fault::Refused,
            5 => Fault::Reset,
            6 | 7 => Fault::Silent,
            8 => Fault::LateHead([300, 900, 2_500, 6_000][walk.below(4)]),
            9..13 => Fault::Status([500, 502, 503, 504, 507, 429, 401, 304, 206][walk.below(9)]),
            13 => Fault::SlowBody([50, 300, 1_500][walk.below(3)]),
            14 => Fault::StalledBody,
            15 => Fault::TruncatedBody,
            16 => Fault::Page,
            17 => Fault::Junk,
            18 => Fault::Oversize,
            19 => Fault::Encoded,
            20 | 21 => Fault::Redirected([1, 2, 10, 11][walk.below(4)]),
            22 => Fault::Circle,
            23 => Fault::Downgrade,
            24 => Fault::Nowhere,
            _ => Fault::WrongNotModified,
        };
        Self {
            fault,
            permille: [1000, 1000, 700, 300][walk.below(4)],
            delay: [(0, 0), (1, 30), (50, 250), (0, 700)][walk.below(4)],
        }
    }
}

/// How a body ends once its parts have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Complete,
    Broken,
    Silent,
}

/// A body that comes part by part.
pub(crate) struct PlayedBody {
    parts: VecDeque<Bytes>,
    pause: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    ending: Ending,
    length: Option<u64>,
    exchange: Exchange,
}

impl PlayedBody {
    pub(crate) fn new(
        parts: Vec<Bytes>,
        pause: Duration,
        ending: Ending,
        tells_length: bool,
        exchange: Exchange,
    ) -> Self {
        let length = parts.iter().map(|part| part.len() as u64).sum();
        Self {
            parts: parts.into(),
            pause,
            sleep: None,
            ending,
            length: tells_length.then_some(length),
            exchange,
        }
    }
}

impl Body for PlayedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.pause.is_zero() && !self.parts.is_empty() {
            let until = Instant::now() + self.pause;
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(sleep_until(until)));
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
        }
        let part = self.parts.pop_front();
        if self.parts.is_empty() && self.ending == Ending::Complete {
            self.exchange.body_ends();
        }
        match (part, self.ending) {
            (Some(part), _) => {
                self.length = self.length.map(|length| length - part.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(part))))
            }
            (None, Ending::Complete) => Poll::Ready(None),
            (None, Ending::Broken) => {
                self.exchange.body_breaks();
                Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())))
            }
            (None, Ending::Silent) => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
