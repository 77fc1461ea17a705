//! What a key server answers, played to the real client in paused time: heads, bodies in pieces, delays, ends and
//! failures of any kind. The client never panics and keeps its deadlines; a key that it hands out stood in a complete
//! response, and is used no longer than anything that the server ever said allows; a key that is gone is gone.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asap_engine::internals::{SimulatedSending, World, simulated_repository};
use asap_engine::{
    Algorithm, KeyError, KeyId, KeyRepository, KeyRepositoryConfig, KeySource, Lookup, VerifyingKey,
};
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::cache_headers::longest_use;
use crate::fixed::{FIXED, NOW_SECONDS};

/// What a caller waits at most: the fetch deadline of 5 seconds, and a quarter more. Timers are rounded up.
const PATIENCE: Duration = Duration::from_millis(5_260);

/// The most steps of an input that are taken: each may cost the parse of a key.
const MAX_STEPS: usize = 64;

/// Lines. What the caller does: `f` fetches, `u` uses, `s` and a byte waits for so many seconds. What the server answers,
/// one response after the other: `>` and a status begins one, or `x` a connection that breaks; then `h` and a header,
/// `d` and a byte delays the head or the next piece by tenths of seconds, `k` and a byte is a piece that is a known key,
/// `b` a piece of any bytes; `!` breaks the body off, `~` leaves it without an end.
pub fn key_response(data: &[u8]) {
    let mut actions = Vec::new();
    let mut responses = VecDeque::new();
    for line in data.split(|byte| *byte == b'\n').take(MAX_STEPS) {
        let Some((letter, rest)) = line.split_first() else {
            continue;
        };
        match letter {
            b'f' | b'u' | b's' => actions.push((*letter, rest.first().copied().unwrap_or(0))),
            b'>' | b'x' => responses.extend(Script::begin(*letter, rest)),
            _ => {
                if let Some(script) = responses.back_mut() {
                    script.add(*letter, rest);
                }
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(play(actions, responses));
}

async fn play(actions: Vec<(u8, u8)>, responses: VecDeque<Script>) {
    let server = Arc::new(Server {
        start: Instant::now(),
        state: Mutex::new(State {
            responses,
            served: Vec::new(),
            longest: Duration::ZERO,
            last_said: None,
            gone_since: None,
        }),
    });
    let config = KeyRepositoryConfig::new("https://keys.example").expect("a base URL");
    let keys = simulated_repository(config, Arc::clone(&server)).expect("a client");
    let key_id = KeyId::parse("client/key").expect("a kid");
    for (action, number) in actions {
        match action {
            b'f' => fetch(&keys, key_id, &server).await,
            b'u' => {
                if let Lookup::Found(kind) = keys.with_key(key_id, kind) {
                    server.has_served(kind);
                    server.still_allows_use();
                }
            }
            _ => sleep(Duration::from_secs(number.into())).await,
        }
    }
    drop(keys);
    sleep(Duration::from_secs(60)).await;
    let alive = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    assert_eq!(alive, 0, "tasks are left");
}

async fn fetch(keys: &KeyRepository, key_id: KeyId<'_>, server: &Server) {
    let fetched = timeout(PATIENCE, keys.fetch(key_id, "client"));
    match fetched.await.expect("an answer within the deadline") {
        Ok(key) => server.has_served(kind(&key)),
        Err(KeyError::Unknown) => {
            assert_eq!(keys.with_key(key_id, |_| ()), Lookup::NotLoaded);
        }
        Err(_) => {}
    }
}

/// What tells the known keys apart.
fn kind(key: &VerifyingKey) -> Option<Algorithm> {
    let all = Algorithm::ALL.iter().copied();
    all.into_iter().find(|algorithm| key.verifies(*algorithm))
}

/// One response, before it is played.
#[derive(Debug)]
struct Script {
    response: Option<Response<()>>,
    delay: Duration,
    pieces: VecDeque<Piece>,
}

/// A part of a body.
#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    Pause(Duration),
    Break,
    Forever,
}

impl Script {
    fn begin(letter: u8, status: &[u8]) -> Option<Self> {
        let response = match letter {
            b'x' => None,
            _ => {
                let mut response = Response::new(());
                *response.status_mut() = StatusCode::from_bytes(status.get(..3)?).ok()?;
                Some(response)
            }
        };
        Some(Self {
            response,
            delay: Duration::ZERO,
            pieces: VecDeque::new(),
        })
    }

    fn add(&mut self, letter: u8, rest: &[u8]) {
        let number = rest.first().copied().unwrap_or(0);
        let pause = Duration::from_millis(100 * u64::from(number));
        match letter {
            b'h' => self.add_header(rest),
            b'd' if self.pieces.is_empty() => self.delay += pause,
            b'd' => self.pieces.push_back(Piece::Pause(pause)),
            b'k' => {
                let pem = FIXED[usize::from(number) % FIXED.len()].public_pem;
                self.pieces
                    .push_back(Piece::Bytes(Bytes::from_static(pem.as_bytes())));
            }
            b'b' => self
                .pieces
                .push_back(Piece::Bytes(Bytes::copy_from_slice(rest))),
            b'!' => self.pieces.push_back(Piece::Break),
            b'~' => self.pieces.push_back(Piece::Forever),
            _ => {}
        }
    }

    fn add_header(&mut self, line: &[u8]) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts
            .next()
            .and_then(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
        let value = parts
            .next()
            .and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(response), Some(name), Some(value)) = (&mut self.response, name, value) {
            response.headers_mut().append(name, value);
        }
    }

    /// The key that the response holds, if it is complete and not encoded.
    fn key(&self) -> Option<VerifyingKey> {
        let headers = self.response.as_ref()?.headers();
        let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
        if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return None;
        }
        VerifyingKey::from_pem(&self.complete_body()?).ok()
    }

    /// The body, if it comes to its end.
    fn complete_body(&self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => body.extend_from_slice(bytes),
                Piece::Pause(_) => {}
                Piece::Break | Piece::Forever => return None,
            }
        }
        Some(body)
    }
}

/// The server, and what may follow from what it has said.
#[derive(Debug)]
struct Server {
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    responses: VecDeque<Script>,
    served: Vec<Option<Algorithm>>,
    /// The longest use that any response allows, whatever it was an answer to.
    longest: Duration,
    /// When the last of them was sent.
    last_said: Option<Instant>,
    /// Since when the last word on the key is that there is none.
    gone_since: Option<Instant>,
}

impl Server {
    fn has_served(&self, kind: Option<Algorithm>) {
        let state = self.state.lock().expect("nobody panicked");
        assert!(state.served.contains(&kind), "no response held this key");
    }

    fn still_allows_use(&self) {
        let state = self.state.lock().expect("nobody panicked");
        let last_said = state.last_said.expect("a key came from a response");
        assert!(
            last_said.elapsed() <= state.longest,
            "used {:?} after the last answer, which allowed {:?} at most",
            last_said.elapsed(),
            state.longest
        );
        // The rest of such an answer is read for 50 milliseconds at most.
        let gone = state.gone_since.map(|since| since.elapsed());
        assert!(
            gone.is_none_or(|gone| gone < Duration::from_millis(60)),
            "used {gone:?} after the answer that there is no such key"
        );
    }
}

impl World for Server {
    fn send(&self, _: Request<()>, _: bool) -> SimulatedSending {
        let now = self.time_of_day();
        let mut state = self.state.lock().expect("nobody panicked");
        let Some(script) = state.responses.pop_front() else {
            return Box::pin(std::future::ready(Err(
                io::ErrorKind::ConnectionRefused.into()
            )));
        };
        if let Some(response) = &script.response {
            let received = now + script.delay;
            let allowed = longest_use(response.headers(), received);
            state.longest = state.longest.max(allowed);
            state.last_said = Some(Instant::now() + script.delay);
            match response.status().as_u16() {
                200 => state.served.extend(script.key().map(|key| kind(&key))),
                403 | 404 | 410 if script.delay.is_zero() => {
                    state.gone_since = Some(Instant::now());
                }
                _ => {}
            }
            if matches!(response.status().as_u16(), 200 | 304) {
                state.gone_since = None;
            }
        }
        Box::pin(async move {
            sleep(script.delay).await;
            let response = script.response.ok_or(io::ErrorKind::ConnectionReset)?;
            let body = Pieces {
                left: script.pieces,
                pause: None,
            };
            Ok(response.map(|()| body.boxed_unsync()))
        })
    }

    fn time_of_day(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW_SECONDS.unsigned_abs()) + self.start.elapsed()
    }

    fn random(&self) -> u64 {
        75
    }
}

/// A body as it arrives.
#[derive(Debug)]
struct Pieces {
    left: VecDeque<Piece>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.left.pop_front() {
                Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Piece::Pause(pause)) => self.pause = Some(Box::pin(sleep(pause))),
                Some(Piece::Break) => {
                    return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                }
                Some(Piece::Forever) => {
                    self.left.push_front(Piece::Forever);
                    return Poll::Pending;
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
