//! Servers that do not answer in HTTP/2, or do not stop answering.

use std::io;
use std::sync::Arc;

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::authority::Authority;
use asap_tests::key_client::{fetched, until};
use asap_tests::keys::public_key_pem;
use asap_tests::wire_server::{Playing, WireServer, repeat, secured, send, silence};
use rustls::ServerConfig;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{Other, SHORT, fails_once, fetched_in_the_end, patient};
use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PING, PUSH_PROMISE,
    RST_STREAM, SETTINGS, STATUS_200, WINDOW_UPDATE, frame,
};
use crate::log;

/// A server's configuration that chooses HTTP/2.
fn http2(authority: &Authority) -> ServerConfig {
    let mut tls = authority.server_config();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    tls
}

/// What a server does with the first request of a client.
type Act = for<'f> fn(
    &'f mut Frames,
    u32,
) -> std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'f>>;

/// Answers every request with a key.
async fn serve(frames: &mut Frames) -> io::Result<()> {
    loop {
        let stream = frames.request().await?;
        frames.answer(stream, &public_key_pem()).await?;
    }
}

async fn connection(
    number: usize,
    stream: TcpStream,
    tls: ServerConfig,
    act: Act,
) -> io::Result<()> {
    let mut frames = Frames::open(secured(stream, tls).await?).await?;
    if number == 0 {
        let stream = frames.request().await?;
        act(&mut frames, stream).await?;
    }
    serve(&mut frames).await
}

/// Plays them all at once.
async fn all_fail_once(
    cases: Vec<(&'static str, &'static str, Act)>,
    configure: fn(KeyRepositoryConfig) -> KeyRepositoryConfig,
) {
    let authority = Arc::new(Authority::new());
    let mut playing = JoinSet::new();
    for (name, failure, act) in cases {
        let authority = Arc::clone(&authority);
        playing.spawn(async move {
            let tls = http2(&authority);
            let script = move |number, stream| -> Playing {
                Box::pin(connection(number, stream, tls.clone(), act))
            };
            let case = (name, failure);
            // One connection carries all requests, so the other one would wait for this server's whim.
            fails_once(case, Other::Afterwards, configure, &authority, script).await;
        });
    }
    while let Some(played) = playing.join_next().await {
        played.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_or_a_connection_that_the_server_breaks_off_is_no_answer() {
    const RESET: &str = "connection: connection reset";
    all_fail_once(
        vec![
            ("reset", RESET, |frames, stream| {
                Box::pin(async move { frames.send(RST_STREAM, 0, stream, [0, 0, 0, 2]).await })
            }),
            ("reset_in_the_body", RESET, |frames, stream| {
                Box::pin(async move {
                    frames
                        .send(HEADERS, END_HEADERS, stream, [STATUS_200])
                        .await?;
                    frames.send(DATA, 0, stream, "-----BEGIN PUBLIC").await?;
                    frames.send(RST_STREAM, 0, stream, [0, 0, 0, 2]).await
                })
            }),
            ("gone_away", RESET, |frames, _| {
                Box::pin(async move {
                    // ENHANCE_YOUR_CALM; the request was not looked at.
                    frames.send(GOAWAY, 0, 0, [0, 0, 0, 0, 0, 0, 0, 11]).await?;
                    silence(&mut frames.stream).await
                })
            }),
            ("closed_in_the_body", "", |frames, stream| {
                Box::pin(async move {
                    frames
                        .send(HEADERS, END_HEADERS, stream, [STATUS_200])
                        .await?;
                    frames.send(DATA, 0, stream, "-----BEGIN PUBLIC").await?;
                    frames.stream.shutdown().await?;
                    silence(&mut frames.stream).await
                })
            }),
        ],
        |config| config,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http2_is_no_answer() {
    const NOT_HTTP: &str = "response is not HTTP";
    all_fail_once(
        vec![
            ("http_1", NOT_HTTP, |frames, _| {
                Box::pin(async move {
                    send(&mut frames.stream, "HTTP/1.1 400 Bad Request\r\n\r\n").await?;
                    silence(&mut frames.stream).await
                })
            }),
            ("a_frame_beyond_the_limit", NOT_HTTP, |frames, stream| {
                Box::pin(async move {
                    let data = frame(DATA, 0, stream, vec![0; 1 << 20]);
                    send(&mut frames.stream, data).await?;
                    silence(&mut frames.stream).await
                })
            }),
            ("a_body_without_head", NOT_HTTP, |frames, stream| {
                Box::pin(async move { frames.send(DATA, END_STREAM, stream, "x").await })
            }),
            (
                "another_length_than_announced",
                NOT_HTTP,
                |frames, stream| {
                    Box::pin(async move {
                        // content-length: 9, as a literal under a name of the static table.
                        let head = [STATUS_200, 0x0f, 0x0d, 1, b'9'];
                        frames.send(HEADERS, END_HEADERS, stream, head).await?;
                        frames.send(DATA, END_STREAM, stream, "x").await
                    })
                },
            ),
            ("a_push", NOT_HTTP, |frames, stream| {
                Box::pin(async move {
                    let promise = [0, 0, 0, 2, STATUS_200];
                    frames
                        .send(PUSH_PROMISE, END_HEADERS, stream, promise)
                        .await?;
                    silence(&mut frames.stream).await
                })
            }),
            ("empty_frames", NOT_HTTP, |frames, stream| {
                Box::pin(async move {
                    frames
                        .send(HEADERS, END_HEADERS, stream, [STATUS_200])
                        .await?;
                    let nothing = frame(DATA, 0, stream, []);
                    repeat(&mut frames.stream, nothing.repeat(100)).await
                })
            }),
            ("endless_continuations", NOT_HTTP, |frames, stream| {
                Box::pin(async move {
                    frames.send(HEADERS, 0, stream, [STATUS_200]).await?;
                    let more = frame(CONTINUATION, 0, stream, []);
                    repeat(&mut frames.stream, more.repeat(100)).await
                })
            }),
            (
                "a_head_that_unpacks_to_a_hundredfold",
                NOT_HTTP,
                |frames, stream| {
                    Box::pin(async move {
                        // "x" with 4,000 bytes is put into the dynamic table, and then named a thousand times.
                        let mut head = vec![STATUS_200, 0x40, 1, b'x', 0x7f, 0xa1, 0x1e];
                        head.extend([b'y'; 4000]);
                        head.extend([0xbe; 1000]);
                        frames.send(HEADERS, END_HEADERS, stream, head).await?;
                        frames
                            .send(DATA, END_STREAM, stream, public_key_pem())
                            .await
                    })
                },
            ),
        ],
        |config| config,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_body_over_http2_is_read_up_to_the_longest_key() {
    all_fail_once(
        vec![(
            "an_endless_body",
            "body is longer than a key",
            |frames, stream| {
                Box::pin(async move {
                    frames
                        .send(HEADERS, END_HEADERS, stream, [STATUS_200])
                        .await?;
                    // The first window, of 64 KiB, and one byte more when the client has read so far.
                    for _ in 0..4 {
                        frames.send(DATA, 0, stream, [b'x'; 16 * 1024]).await?;
                    }
                    while frames.next(WINDOW_UPDATE).await? != stream {}
                    frames.send(DATA, 0, stream, "x").await
                })
            },
        )],
        |config| config,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_over_http2_runs_into_the_deadlines_and_loses_the_connection() {
    all_fail_once(
        vec![
            ("no_head", "deadline passed", |frames, _| {
                Box::pin(async move { silence(&mut frames.stream).await })
            }),
            ("pings", "deadline passed", |frames, _| {
                Box::pin(async move {
                    let ping = frame(PING, 0, 0, [0; 8]);
                    repeat(&mut frames.stream, ping.repeat(100)).await
                })
            }),
            ("settings", "deadline passed", |frames, _| {
                Box::pin(async move {
                    let settings = frame(SETTINGS, 0, 0, []);
                    repeat(&mut frames.stream, settings.repeat(100)).await
                })
            }),
            ("no_end", "deadline passed", |frames, stream| {
                Box::pin(async move {
                    frames
                        .send(HEADERS, END_HEADERS, stream, [STATUS_200])
                        .await?;
                    silence(&mut frames.stream).await
                })
            }),
        ],
        // Pings, which go by the deadline for heads, would find out much later: whoever did not answer in time loses
        // the connection at once.
        |config| config.with_fetch_deadline(SHORT),
    )
    .await;
}

/// The connection is given up while nobody asks for anything, so that no fetch has to find out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_pings_are_not_answered_is_given_up() {
    let authority = Authority::new();
    let tls = http2(&authority);
    let server = WireServer::start(move |_, stream| -> Playing {
        let tls = tls.clone();
        Box::pin(async move {
            let mut frames = Frames::open(secured(stream, tls).await?).await?;
            frames.answers_pings = false;
            serve(&mut frames).await
        })
    })
    .await;
    let config = patient(&server.url("/keys"), &authority).with_headers_deadline(SHORT);
    let repository = KeyRepository::new(config).unwrap();
    fetched_in_the_end(&repository, "svc/http2/unanswered").await;
    until("the end of the connection", || {
        server.ended() == server.accepted()
    })
    .await;
    let before = server.accepted();
    fetched_in_the_end(&repository, "svc/http2/unanswered").await;
    assert!(server.accepted() > before);
}

/// A request that comes when the server is about to shut down goes to the next connection, and so does one that the
/// server does not take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_the_server_declines_is_sent_once_more() {
    // GOAWAY with NO_ERROR after stream 1, RST_STREAM with REFUSED_STREAM.
    let goes_away: fn(u32) -> Vec<u8> = |_| frame(GOAWAY, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]);
    let refuses: fn(u32) -> Vec<u8> = |stream| frame(RST_STREAM, 0, stream, [0, 0, 0, 7]);
    for (name, decline) in [("goes_away", goes_away), ("refuses", refuses)] {
        let authority = Authority::new();
        let tls = http2(&authority);
        let server = WireServer::start(move |_, stream| -> Playing {
            let tls = tls.clone();
            Box::pin(async move {
                let mut frames = Frames::open(secured(stream, tls).await?).await?;
                let first = frames.request().await?;
                frames.answer(first, &public_key_pem()).await?;
                let second = frames.request().await?;
                send(&mut frames.stream, decline(second)).await?;
                silence(&mut frames.stream).await
            })
        })
        .await;
        let repository = KeyRepository::new(patient(&server.url("/keys"), &authority)).unwrap();
        for number in 1..=5 {
            let key_id = format!("svc/{name}/{number}");
            assert!(log::failures(&key_id).is_empty());
            let fetched = fetched(&repository, &key_id).await;
            assert_eq!(fetched, Ok(()), "{key_id}: {:?}", log::failures(&key_id));
            assert_eq!(server.accepted(), number, "{key_id}");
        }
    }
}

/// Once, and not for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_declines_everything_is_asked_twice_a_fetch() {
    let authority = Authority::new();
    let tls = http2(&authority);
    let server = WireServer::start(move |_, stream| -> Playing {
        let tls = tls.clone();
        Box::pin(async move {
            let mut frames = Frames::open(secured(stream, tls).await?).await?;
            let stream = frames.request().await?;
            frames.send(RST_STREAM, 0, stream, [0, 0, 0, 7]).await?;
            silence(&mut frames.stream).await
        })
    })
    .await;
    let repository = KeyRepository::new(patient(&server.url("/keys"), &authority)).unwrap();
    for number in 1..=3 {
        let fetched = fetched(&repository, "svc/http2/declined").await;
        assert_eq!(fetched, Err(KeyError::Unavailable));
        assert_eq!(server.accepted(), 2 * number);
    }
}
