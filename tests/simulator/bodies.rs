//! The bodies of responses: part by part, to their end or not.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use asap_tests::walk::Walk;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::faults::Fault;
use crate::world::Exchange;

/// How a body ends once its parts have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Complete,
    Broken,
    Silent,
}

/// How a body comes.
pub(crate) struct Script {
    parts: Vec<Bytes>,
    pub(crate) pause: Duration,
    ending: Ending,
    pub(crate) tells_length: bool,
}

impl Script {
    /// None.
    pub(crate) fn empty() -> Self {
        Self {
            parts: Vec::new(),
            pause: Duration::ZERO,
            ending: Ending::Complete,
            tells_length: true,
        }
    }

    /// The page that comes with a status.
    pub(crate) fn page(chance: &mut Walk) -> Self {
        let page = Bytes::from_static(b"<html>There is no key here.</html>");
        let ending = match chance.below(8) {
            0 => Ending::Silent,
            1 => Ending::Broken,
            _ => Ending::Complete,
        };
        Self {
            parts: vec![page],
            pause: Duration::from_millis([0, 0, 20][chance.below(3)]),
            ending,
            tells_length: chance.below(3) != 0,
        }
    }

    /// The key, as the fault has it come.
    pub(crate) fn of(fault: Fault, key: Bytes, chance: &mut Walk) -> Self {
        let half = key.len() / 2;
        let mut script = Self {
            parts: vec![key.slice(..half), key.slice(half..)],
            tells_length: chance.below(2) == 0,
            ..Self::empty()
        };
        match fault {
            Fault::SlowBody(pause) => script.pause = Duration::from_millis(pause),
            Fault::StalledBody | Fault::TruncatedBody => {
                script.parts.pop();
                script.tells_length = false;
                script.ending = if fault == Fault::StalledBody {
                    Ending::Silent
                } else {
                    Ending::Broken
                };
            }
            Fault::Page => return Self::page(chance),
            Fault::Junk => {
                script.parts = vec![Bytes::from_static(
                    b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                )];
            }
            Fault::Oversize => script.parts = vec![Bytes::from(vec![b'A'; 16 * 1024]); 5],
            _ => {}
        }
        script
    }
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
    pub(crate) fn new(script: Script, exchange: Exchange) -> Self {
        let length = script.parts.iter().map(|part| part.len() as u64).sum();
        Self {
            parts: script.parts.into(),
            pause: script.pause,
            sleep: None,
            ending: script.ending,
            length: script.tells_length.then_some(length),
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
