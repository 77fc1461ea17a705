//! The answers of simulated servers: keys, and everything that brings none.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use asap_engine::KeyRepository;
use asap_engine::internals::SimulatedResponse;
use asap_tests::key_client::{KEY, fetched};
use asap_tests::keys::public_key_pem;
use asap_tests::simulated::{Answering, SimulatedServer, simulated_reply};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};

/// The least that is told apart from a whole second.
pub(crate) const MOMENT: Duration = Duration::from_millis(2);

/// Header fields that would let any answer be kept, used stale, and revalidated.
pub(crate) const LONG: [(&str, &str); 2] = [
    (
        "cache-control",
        "max-age=3600, stale-while-revalidate=3600, stale-if-error=3600",
    ),
    ("etag", "\"of-the-failure\""),
];

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn at_once(answer: SimulatedResponse) -> Answering {
    Box::pin(std::future::ready(Ok(answer)))
}

pub(crate) fn error(kind: io::ErrorKind) -> Answering {
    Box::pin(std::future::ready(Err(kind.into())))
}

/// A key with this `Cache-Control` and the entity tag `"v1"`.
pub(crate) fn key_with(cache_control: &str, pem: &str) -> SimulatedResponse {
    let headers = [("cache-control", cache_control), ("etag", "\"v1\"")];
    simulated_reply(200, &headers, pem.to_owned())
}

pub(crate) fn condition(request: &Request<()>) -> Option<&str> {
    request.headers().get("if-none-match")?.to_str().ok()
}

/// What a body does instead of ending.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Odd {
    Stops,
    Breaks,
    Goes,
}

impl Body for Odd {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match *self {
            Self::Stops => Poll::Pending,
            Self::Breaks => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            Self::Goes => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 8192]))))),
        }
    }
}

pub(crate) fn odd(body: Odd) -> Answering {
    at_once(simulated_reply(200, &LONG, "").map(|_| body.boxed_unsync()))
}

pub(crate) fn text(body: impl Into<Bytes>) -> Answering {
    at_once(simulated_reply(200, &LONG, body))
}

pub(crate) fn status(status: u16) -> Answering {
    // The body is a key: it is the status that makes it none.
    at_once(simulated_reply(status, &LONG, public_key_pem()))
}

pub(crate) fn redirect(location: &str) -> Answering {
    let headers = [LONG[0], ("location", location)];
    at_once(simulated_reply(302, &headers, ""))
}

/// How an answer comes about that says nothing about the key.
pub(crate) type Failing = fn() -> Answering;

pub(crate) const FAILURES: [(&str, Failing); 30] = [
    ("201", || status(201)),
    ("203", || status(203)),
    ("204", || status(204)),
    ("206", || status(206)),
    ("299", || status(299)),
    ("300", || status(300)),
    ("302 without Location", || status(302)),
    ("305", || status(305)),
    ("400", || status(400)),
    ("401", || status(401)),
    ("407", || status(407)),
    ("429", || status(429)),
    ("499", || status(499)),
    ("500", || status(500)),
    ("502", || status(502)),
    ("503", || status(503)),
    ("504", || status(504)),
    ("599", || status(599)),
    ("a redirect to http", || {
        redirect("http://keys.example/svc/key")
    }),
    ("a redirect to itself", || redirect("/svc/key")),
    ("no body", || text("")),
    ("a page", || text("<html>Sign in</html>")),
    ("two keys", || text(public_key_pem() + &public_key_pem())),
    ("a long body", || text(vec![b' '; 64 * 1024 + 1])),
    ("an endless body", || odd(Odd::Goes)),
    ("a body that stops", || odd(Odd::Stops)),
    ("a body that breaks off", || odd(Odd::Breaks)),
    ("no answer", || Box::pin(pending())),
    ("a closed port", || error(io::ErrorKind::ConnectionRefused)),
    ("a broken connection", || {
        error(io::ErrorKind::ConnectionReset)
    }),
];

/// A server that answers once with a key and this `Cache-Control`, and from then on as told.
pub(crate) fn once(cache_control: &'static str, then: Failing) -> Arc<SimulatedServer> {
    let pem = public_key_pem();
    SimulatedServer::new(move |number, _| match number {
        0 => at_once(key_with(cache_control, &pem)),
        _ => then(),
    })
}

/// A client that has just fetched the key of a server.
pub(crate) async fn client_of(server: &Arc<SimulatedServer>) -> KeyRepository {
    let keys = server.client();
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    keys
}
