//! A key is used for as long as the answer that brought it allows, to the second and not longer, and what brought no key
//! is not remembered (docs/CACHING.md). In paused time: nothing here waits.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use asap_engine::internals::{SimulatedResponse, SimulatedSending, World, simulated_repository};
use asap_engine::{
    Algorithm, Engine, KeyError, KeyRepository, KeyRepositoryConfig, Scratch, Verdict, VerifyError,
};
use asap_tests::clock::FakeClock;
use asap_tests::fixture::{NOW, policy};
use asap_tests::key_client::{KEY, fetched, is_at_hand};
use asap_tests::keys::{key, public_key_pem};
use asap_tests::simulated::{Answering, SimulatedServer, in_paused_time, simulated_reply};
use asap_tests::token::Token;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tokio::time::sleep;

/// The least that is told apart from a whole second.
const MOMENT: Duration = Duration::from_millis(2);

/// Header fields that would let any answer be kept, used stale, and revalidated.
const LONG: [(&str, &str); 2] = [
    (
        "cache-control",
        "max-age=3600, stale-while-revalidate=3600, stale-if-error=3600",
    ),
    ("etag", "\"of-the-failure\""),
];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at_once(answer: SimulatedResponse) -> Answering {
    Box::pin(std::future::ready(Ok(answer)))
}

fn error(kind: io::ErrorKind) -> Answering {
    Box::pin(std::future::ready(Err(kind.into())))
}

/// A key with this `Cache-Control` and the entity tag `"v1"`.
fn key_with(cache_control: &str, pem: &str) -> SimulatedResponse {
    let headers = [("cache-control", cache_control), ("etag", "\"v1\"")];
    simulated_reply(200, &headers, pem.to_owned())
}

fn condition(request: &Request<()>) -> Option<&str> {
    request.headers().get("if-none-match")?.to_str().ok()
}

/// What a body does instead of ending.
#[derive(Debug, Clone, Copy)]
enum Odd {
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

fn odd(body: Odd) -> Answering {
    at_once(simulated_reply(200, &LONG, "").map(|_| body.boxed_unsync()))
}

fn text(body: impl Into<Bytes>) -> Answering {
    at_once(simulated_reply(200, &LONG, body))
}

fn status(status: u16) -> Answering {
    // The body is a key: it is the status that makes it none.
    at_once(simulated_reply(status, &LONG, public_key_pem()))
}

fn redirect(location: &str) -> Answering {
    let headers = [LONG[0], ("location", location)];
    at_once(simulated_reply(302, &headers, ""))
}

/// How an answer comes about that says nothing about the key.
type Failing = fn() -> Answering;

const FAILURES: [(&str, Failing); 30] = [
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

#[test]
fn no_failure_is_kept_and_the_next_fetch_asks_again() {
    let absent: [(&str, Failing); 3] = [
        ("403", || status(403)),
        ("404", || status(404)),
        ("410", || status(410)),
    ];
    let unavailable = FAILURES.map(|one| (one, KeyError::Unavailable));
    let unknown = absent.map(|one| (one, KeyError::Unknown));
    for ((name, failing), expected) in unavailable.into_iter().chain(unknown) {
        in_paused_time(async {
            let pem = public_key_pem();
            let server = SimulatedServer::new(move |number, request| match number {
                0..2 => failing(),
                _ => {
                    assert_eq!(condition(&request), None, "a failure was revalidated");
                    at_once(key_with("max-age=3600", &pem))
                }
            });
            let keys = server.client();
            for asked in 1..=2 {
                assert_eq!(fetched(&keys, KEY).await, Err(expected), "{name}");
                assert!(!is_at_hand(&keys, KEY), "{name}");
                assert_eq!(
                    (server.asked().len(), keys.stats().keys),
                    (asked, 0),
                    "{name}"
                );
            }
            assert_eq!(fetched(&keys, KEY).await, Ok(()), "{name}");
            assert!(is_at_hand(&keys, KEY), "{name}");
        });
    }
}

#[test]
fn a_failed_revalidation_replaces_nothing() {
    for (name, failing) in FAILURES {
        in_paused_time(async {
            let pem = public_key_pem();
            let server = SimulatedServer::new(move |number, request| match number {
                0 => at_once(key_with("max-age=10", &pem)),
                1..3 => failing(),
                _ => {
                    assert_eq!(condition(&request), Some("\"v1\""));
                    let headers = [("cache-control", "max-age=10"), ("etag", "\"v1\"")];
                    at_once(simulated_reply(304, &headers, ""))
                }
            });
            let keys = server.client();
            assert_eq!(fetched(&keys, KEY).await, Ok(()));
            sleep(seconds(10)).await;
            for _ in 0..2 {
                let failed = fetched(&keys, KEY).await;
                assert_eq!(failed, Err(KeyError::Unavailable), "{name}");
                assert!(!is_at_hand(&keys, KEY), "{name}");
            }
            assert_eq!(fetched(&keys, KEY).await, Ok(()), "{name}");
            assert!(is_at_hand(&keys, KEY), "{name}");
            assert_eq!((server.asked().len(), keys.stats().keys), (4, 1), "{name}");
        });
    }
}

/// A server that answers once with a key and this `Cache-Control`, and from then on as told.
fn once(cache_control: &'static str, then: Failing) -> Arc<SimulatedServer> {
    let pem = public_key_pem();
    SimulatedServer::new(move |number, _| match number {
        0 => at_once(key_with(cache_control, &pem)),
        _ => then(),
    })
}

/// A client that has just fetched the key of a server.
async fn client_of(server: &Arc<SimulatedServer>) -> KeyRepository {
    let keys = server.client();
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    keys
}

/// Whether a key with this `Cache-Control` is at hand so long after it was fetched.
fn at_hand_after(cache_control: &'static str, pause: Duration) -> bool {
    in_paused_time(async {
        let keys = client_of(&once(cache_control, || status(503))).await;
        sleep(pause).await;
        is_at_hand(&keys, KEY)
    })
}

/// What a caller gets who waits for a key with this `Cache-Control`, so long after it was fetched and with a server that
/// answers so.
fn fetched_after(
    cache_control: &'static str,
    pause: Duration,
    then: Failing,
) -> Result<(), KeyError> {
    in_paused_time(async {
        let server = once(cache_control, then);
        let keys = client_of(&server).await;
        sleep(pause).await;
        let fetched = fetched(&keys, KEY).await;
        assert!(server.asked().len() > 1, "nobody asked");
        fetched
    })
}

#[test]
fn a_key_is_at_hand_to_the_second_and_stale_only_while_it_is_revalidated() {
    for (cache_control, end) in [
        ("max-age=10", 10),
        ("max-age=10, immutable", 10),
        ("max-age=10, stale-if-error=20", 10),
        ("max-age=10, stale-while-revalidate=0", 10),
        ("max-age=10, stale-while-revalidate=20", 30),
        ("max-age=0, stale-while-revalidate=20", 20),
        ("max-age=10, stale-while-revalidate=20, must-revalidate", 10),
    ] {
        assert!(
            at_hand_after(cache_control, seconds(end) - MOMENT),
            "{cache_control}"
        );
        assert!(
            !at_hand_after(cache_control, seconds(end)),
            "{cache_control}"
        );
    }
    for cache_control in [
        "no-store, max-age=10, stale-while-revalidate=20",
        "no-cache, max-age=10, stale-while-revalidate=20",
        "max-age=0",
        "public",
        "immutable",
    ] {
        assert!(
            !at_hand_after(cache_control, Duration::ZERO),
            "{cache_control}"
        );
    }
}

#[test]
fn a_stale_key_stands_in_on_errors_to_the_second_if_its_answer_says_so() {
    const ALLOWED: &str = "max-age=10, stale-if-error=20";
    for then in [
        (|| status(500)) as Failing,
        || status(502),
        || status(503),
        || status(504),
        || error(io::ErrorKind::ConnectionRefused),
        || odd(Odd::Breaks),
    ] {
        for (pause, expected) in [
            (seconds(10), Ok(())),
            (seconds(30) - MOMENT, Ok(())),
            (seconds(30), Err(KeyError::Unavailable)),
        ] {
            assert_eq!(fetched_after(ALLOWED, pause, then), expected, "{pause:?}");
        }
    }
    // A deadline is an error too, three seconds after the question.
    let silent: Failing = || Box::pin(pending());
    assert_eq!(fetched_after(ALLOWED, seconds(26), silent), Ok(()));
    let too_late = fetched_after(ALLOWED, seconds(28), silent);
    assert_eq!(too_late, Err(KeyError::Unavailable));
}

#[test]
fn a_stale_key_does_not_stand_in_for_what_is_no_error_or_against_a_directive() {
    const ALLOWED: &str = "max-age=10, stale-if-error=20";
    for then in [
        (|| status(429)) as Failing,
        || status(401),
        || status(501),
        || status(203),
        || text("<html>"),
        || text(vec![b' '; 64 * 1024 + 1]),
        || redirect("http://keys.example/svc/key"),
    ] {
        let fetched = fetched_after(ALLOWED, seconds(10), then);
        assert_eq!(fetched, Err(KeyError::Unavailable));
    }
    for cache_control in [
        "max-age=10",
        "max-age=10, stale-while-revalidate=0",
        "max-age=10, stale-if-error=0",
        "max-age=10, stale-if-error=20, must-revalidate",
        "no-cache, max-age=10, stale-if-error=20",
        "no-store, max-age=10, stale-if-error=20",
    ] {
        let fetched = fetched_after(cache_control, seconds(10), || status(503));
        assert_eq!(fetched, Err(KeyError::Unavailable), "{cache_control}");
    }
}

/// An engine whose key comes from `server`, at the fixture's time.
fn engine(server: &Arc<SimulatedServer>) -> Engine<KeyRepository> {
    Engine::new(policy(), server.client()).with_clock(FakeClock::new(NOW))
}

/// Whether the token of the fixture is verified without a wait; otherwise its key is not at hand.
fn is_verified(engine: &Engine<KeyRepository>) -> bool {
    let token = Token::es256().sign();
    match engine.verify_now(token.as_bytes(), &mut Scratch::new()) {
        Ok(Verdict::Verified(_)) => true,
        Ok(Verdict::NeedsKey(_)) => false,
        other => panic!("{other:?}"),
    }
}

const GONE: [Failing; 3] = [|| status(403), || status(404), || status(410)];

/// Once it is known that the key is gone, no verification finds it, and no error brings it back.
async fn is_gone(engine: &Engine<KeyRepository>, server: &SimulatedServer) {
    assert_eq!(server.asked().len(), 2);
    assert!(!is_verified(engine));
    let refused = engine.verify(Token::es256().sign().as_bytes()).await;
    assert_eq!(refused.unwrap_err(), VerifyError::KeyUnavailable);
    assert_eq!(server.asked().len(), 3);
    assert!(!is_verified(engine));
}

/// A server of the fixture's key that says then that it is gone, and is down from then on.
fn gone(cache_control: &'static str, then: Failing) -> Arc<SimulatedServer> {
    SimulatedServer::new(move |number, _| match number {
        0 => at_once(key_with(
            cache_control,
            key(Algorithm::Es256).public_key_pem(),
        )),
        1 => then(),
        _ => status(503),
    })
}

#[test]
fn a_stale_key_that_is_gone_on_revalidation_is_gone_for_the_next_verification() {
    for then in GONE {
        in_paused_time(async {
            let server = gone(
                "max-age=10, stale-while-revalidate=3600, stale-if-error=3600",
                then,
            );
            let engine = engine(&server);
            let token = Token::es256().sign();
            assert!(!is_verified(&engine));
            assert!(engine.verify(token.as_bytes()).await.is_ok());
            sleep(seconds(15)).await;
            assert_eq!(server.asked().len(), 1);
            assert!(is_verified(&engine), "stale, and revalidated meanwhile");
            sleep(MOMENT).await;
            is_gone(&engine, &server).await;
        });
    }
}

#[test]
fn a_fresh_key_that_is_gone_on_its_refresh_ahead_is_gone_for_the_next_verification() {
    for then in GONE {
        in_paused_time(async {
            let server = gone("max-age=100, stale-if-error=3600", then);
            let engine = engine(&server);
            let token = Token::es256().sign();
            assert!(engine.verify(token.as_bytes()).await.is_ok());
            assert!(is_verified(&engine));
            sleep(seconds(74)).await;
            assert!(is_verified(&engine));
            sleep(seconds(17)).await;
            is_gone(&engine, &server).await;
        });
    }
}

#[test]
fn a_304_decides_anew_how_long_the_key_lives() {
    // Header fields of the 304, and for how long the key lives on.
    let cases: [(&[(&str, &str)], u64); 7] = [
        (&[], 10),
        (&[("cache-control", "max-age=100")], 100),
        (&[("cache-control", "max-age=100"), ("age", "60")], 40),
        (&[("cache-control", "max-age=5")], 5),
        (&[("cache-control", "no-store, max-age=100")], 0),
        (&[("cache-control", "no-cache, max-age=100")], 0),
        (
            &[("cache-control", "max-age=5, stale-while-revalidate=15")],
            20,
        ),
    ];
    for (fields, end) in cases {
        for (pause, expected) in [
            (seconds(end).saturating_sub(MOMENT), end > 0),
            (seconds(end), false),
        ] {
            in_paused_time(async {
                let pem = public_key_pem();
                let server = SimulatedServer::new(move |number, request| match number {
                    0 => at_once(key_with("max-age=10", &pem)),
                    _ => {
                        assert_eq!(condition(&request), Some("\"v1\""));
                        at_once(simulated_reply(304, fields, ""))
                    }
                });
                let keys = client_of(&server).await;
                sleep(seconds(10)).await;
                assert_eq!(fetched(&keys, KEY).await, Ok(()));
                sleep(pause).await;
                assert_eq!(is_at_hand(&keys, KEY), expected, "{fields:?} {pause:?}");
            });
        }
    }
}

#[test]
fn an_immutable_key_is_not_refreshed_ahead() {
    for (cache_control, asked) in [("max-age=100", 2), ("max-age=100, immutable", 1)] {
        in_paused_time(async {
            let server = once(cache_control, || status(503));
            let keys = client_of(&server).await;
            assert!(is_at_hand(&keys, KEY));
            sleep(seconds(91)).await;
            assert!(is_at_hand(&keys, KEY));
            assert!(server.asked().len() >= asked, "{cache_control}");
            assert!(asked > 1 || server.asked().len() == 1, "{cache_control}");
        });
    }
}

#[test]
fn what_a_redirect_leads_to_is_kept_no_longer_than_the_redirect() {
    for (redirect, key, end) in [
        (None, "max-age=60", 0),
        (Some("max-age=5"), "max-age=60", 5),
        (Some("max-age=60"), "max-age=5", 5),
        (Some("max-age=60, no-store"), "max-age=60", 0),
        (Some("no-cache"), "max-age=60", 0),
    ] {
        for pause in [seconds(end).saturating_sub(MOMENT), seconds(end)] {
            in_paused_time(async {
                let pem = public_key_pem();
                let server = SimulatedServer::new(move |_, request| {
                    if request.uri().path() == "/elsewhere" {
                        return at_once(key_with(key, &pem));
                    }
                    let mut headers = vec![("location", "/elsewhere")];
                    headers.extend(redirect.map(|text| ("cache-control", text)));
                    at_once(simulated_reply(301, &headers, ""))
                });
                let keys = client_of(&server).await;
                sleep(pause).await;
                let expected = pause < seconds(end);
                assert_eq!(is_at_hand(&keys, KEY), expected, "{redirect:?} {pause:?}");
            });
        }
    }
}

/// A machine whose time of day steps.
struct Stepping {
    server: Arc<SimulatedServer>,
    ahead: AtomicU64,
}

impl World for Stepping {
    fn send(&self, request: Request<()>, is_redirected: bool) -> SimulatedSending {
        self.server.send(request, is_redirected)
    }

    fn time_of_day(&self) -> SystemTime {
        self.server.time_of_day() + seconds(self.ahead.load(Ordering::Relaxed))
    }

    fn random(&self) -> u64 {
        self.server.random()
    }
}

#[test]
fn a_step_of_the_time_of_day_moves_no_end() {
    const YEAR: u64 = 365 * 24 * 3600;
    for (before, after) in [(0, YEAR), (YEAR, 0)] {
        for (pause, expected) in [(seconds(60) - MOMENT, true), (seconds(60), false)] {
            in_paused_time(async {
                let world = Arc::new(Stepping {
                    server: once("max-age=60", || status(503)),
                    ahead: AtomicU64::new(before),
                });
                let config = KeyRepositoryConfig::new("https://keys.example").unwrap();
                let keys = simulated_repository(config, Arc::clone(&world)).unwrap();
                assert_eq!(fetched(&keys, KEY).await, Ok(()));
                world.ahead.store(after, Ordering::Relaxed);
                sleep(pause).await;
                assert_eq!(is_at_hand(&keys, KEY), expected);
            });
        }
    }
}
