//! Reads a body to its end, if that is near enough.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::Whole;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is longer than the limit.
    TooLong,
    /// It ended before its end.
    BrokenOff,
}

pin_project! {
    /// A body that is being read.
    pub(super) struct Reading<B> {
        #[pin]
        body: B,
        max_length: usize,
        read: Read,
        trailers: Option<HeaderMap>,
    }
}

/// What has been read so far. Most bodies come in one piece, which is not copied.
#[derive(Default)]
enum Read {
    #[default]
    Nothing,
    One(Bytes),
    Many(Vec<u8>),
}

impl<B> Reading<B> {
    pub(super) const fn new(body: B, max_length: usize) -> Self {
        Self {
            body,
            max_length,
            read: Read::Nothing,
            trailers: None,
        }
    }
}

impl<B: Body<Data = Bytes>> Future for Reading<B> {
    type Output = Result<Whole, Unread>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // A body that announces its length is refused before a byte of it is read.
        let announced = this.body.size_hint().lower();
        if usize::try_from(announced)
            .map_or(true, |left| !this.read.has_room(left, *this.max_length))
        {
            return Poll::Ready(Err(Unread::TooLong));
        }
        while let Some(frame) = ready!(this.body.as_mut().poll_frame(cx)) {
            let Ok(frame) = frame else {
                return Poll::Ready(Err(Unread::BrokenOff));
            };
            match frame.into_data() {
                Ok(data) if this.read.has_room(data.len(), *this.max_length) => {
                    this.read.push(data)
                }
                Ok(_) => return Poll::Ready(Err(Unread::TooLong)),
                Err(frame) => *this.trailers = frame.into_trailers().ok(),
            }
        }
        Poll::Ready(Ok(Whole {
            bytes: mem::take(this.read).into_bytes(),
            trailers: this.trailers.take(),
        }))
    }
}

impl Read {
    const fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(piece) => piece.len(),
            Self::Many(pieces) => pieces.len(),
        }
    }

    fn has_room(&self, more: usize, max_length: usize) -> bool {
        self.len()
            .checked_add(more)
            .is_some_and(|length| length <= max_length)
    }

    fn push(&mut self, data: Bytes) {
        *self = match mem::take(self) {
            Self::Nothing => Self::One(data),
            Self::One(first) => Self::Many([&*first, &*data].concat()),
            Self::Many(mut pieces) => {
                pieces.extend_from_slice(&data);
                Self::Many(pieces)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(piece) => piece,
            Self::Many(pieces) => pieces.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use http::HeaderValue;
    use http_body::Frame;

    use super::super::body::ConnectBody;
    use super::super::test_doubles::{Script, script};
    use super::*;

    fn read(body: Script, max_length: usize) -> Result<Whole, Unread> {
        let mut reading = pin!(Reading::new(body, max_length));
        for _ in 0..20 {
            let polled = reading
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(read) = polled {
                return read;
            }
        }
        panic!("it never ends");
    }

    /// What a service gets of a body that was read.
    fn handed_on(whole: Whole) -> (Vec<u8>, Option<HeaderMap>) {
        let mut body = pin!(ConnectBody::<Script>::read(whole));
        let (mut bytes, mut trailers) = (Vec::new(), None);
        let announced = body.size_hint().exact().unwrap();
        while !body.is_end_stream() {
            let polled = body
                .as_mut()
                .poll_frame(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Some(Ok(frame))) = polled else {
                panic!("a body that was read is there");
            };
            match frame.into_data() {
                Ok(data) => bytes.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        let after = body
            .as_mut()
            .poll_frame(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(after, Poll::Ready(None)));
        assert_eq!(usize::try_from(announced), Ok(bytes.len()));
        (bytes, trailers)
    }

    #[test]
    fn a_body_is_read_whole_and_handed_on_whole() {
        for pieces in [
            [].as_slice(),
            &["abc"],
            &["a", "bc"],
            &["", "a", "", "b", "c"],
        ] {
            let whole = read(script(pieces), 3).unwrap();
            let (bytes, trailers) = handed_on(whole);
            assert_eq!(bytes, pieces.concat().as_bytes(), "{pieces:?}");
            assert!(trailers.is_none());
        }
    }

    #[test]
    fn trailers_are_handed_on_too() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("1"));
        let mut body = script(&["a"]);
        body.frames.push_back(Ok(Frame::trailers(trailers.clone())));
        assert_eq!(
            handed_on(read(body, 3).unwrap()),
            (b"a".to_vec(), Some(trailers))
        );
    }

    #[test]
    fn one_byte_beyond_the_limit_is_too_long_however_it_comes() {
        for pieces in [&["abcd"][..], &["a", "bcd"], &["a", "b", "c", "d"]] {
            assert_eq!(
                read(script(pieces), 3).err(),
                Some(Unread::TooLong),
                "{pieces:?}"
            );
            assert!(read(script(pieces), 4).is_ok());
        }
    }

    #[test]
    fn nothing_is_read_of_a_body_that_announces_to_be_too_long() {
        for announced in [4, u64::MAX] {
            let mut body = script(&[""; 0]);
            body.announced = announced;
            let mut reading = pin!(Reading::new(body, 3));
            let polled = reading
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Ready(Err(Unread::TooLong))));
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_none() {
        let mut body = script(&["a"]);
        body.frames.push_back(Err("gone"));
        assert_eq!(read(body, 3).err(), Some(Unread::BrokenOff));
    }
}
