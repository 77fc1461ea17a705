//! Servers that do not answer in HTTP/1.1, or do not stop answering.

use std::time::Duration;

use asap_engine::KeyRepositoryConfig;
use asap_tests::authority::Authority;
use asap_tests::keys::public_key_pem;
use asap_tests::wire_server::{
    always_answer, dribble, repeat, request, response, secured, send, silence,
};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;

use crate::client::{Other, SHORT, fails_once, key_response};

/// What a server does after a request.
#[derive(Clone)]
enum Act {
    /// Sends these bytes, closes in good order.
    Close(Vec<u8>),
    /// Sends these bytes, and drops the connection without TLS's own end.
    Cut(Vec<u8>),
    /// Sends these bytes, and goes on as if nothing had been.
    GoOn(Vec<u8>),
    /// Sends the first, and the second without end.
    Endless(Vec<u8>, Vec<u8>),
    /// Sends the first, and the second byte by byte, without end.
    Dribble(Vec<u8>, Vec<u8>),
    /// Sends these bytes and no more.
    Silence(Vec<u8>),
}

async fn act(stream: &mut TlsStream<TcpStream>, act: Act) -> std::io::Result<()> {
    match act {
        Act::Close(bytes) => {
            send(stream, bytes).await?;
            stream.shutdown().await?;
            silence(stream).await
        }
        Act::Cut(bytes) => {
            send(stream, bytes).await?;
            stream.get_mut().0.shutdown().await?;
            silence(stream).await
        }
        Act::GoOn(bytes) => send(stream, bytes).await,
        Act::Endless(head, bytes) => {
            send(stream, head).await?;
            repeat(stream, bytes.repeat(4096 / bytes.len() + 1)).await
        }
        Act::Dribble(head, bytes) => {
            send(stream, head).await?;
            loop {
                dribble(stream, &bytes, Duration::from_millis(20)).await?;
            }
        }
        Act::Silence(bytes) => {
            send(stream, bytes).await?;
            silence(stream).await
        }
    }
}

/// Plays them all at once.
async fn all_fail_once(
    cases: Vec<(&'static str, &'static str, Act)>,
    configure: fn(KeyRepositoryConfig) -> KeyRepositoryConfig,
) {
    let authority = Arc::new(Authority::new());
    let mut playing = JoinSet::new();
    for (name, failure, bad) in cases {
        let authority = Arc::clone(&authority);
        playing.spawn(async move {
            let tls = authority.server_config();
            let script = move |number, stream| -> asap_tests::wire_server::Playing {
                let (tls, bad) = (tls.clone(), bad.clone());
                Box::pin(async move {
                    let mut stream = secured(stream, tls).await?;
                    if number == 0 {
                        request(&mut stream).await?;
                        act(&mut stream, bad).await?;
                    }
                    always_answer(&mut stream, &key_response()).await
                })
            };
            fails_once(
                (name, failure),
                Other::Meanwhile,
                configure,
                &authority,
                script,
            )
            .await;
        });
    }
    while let Some(played) = playing.join_next().await {
        played.unwrap();
    }
}

fn ok(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    [
        b"HTTP/1.1 200 OK\r\n",
        headers.as_bytes(),
        b"\r\n",
        body.as_ref(),
    ]
    .concat()
}

/// A megabyte of zeros in gzip (RFC 1952): one block of fixed codes (RFC 1951 section 3.2.6), in which 13 bits say 258
/// zeros.
fn gzip_bomb() -> Vec<u8> {
    // Bits as they are written: the last block, of fixed codes; the literal 0; length 258 at distance 1; the end.
    let matches = "1100010100000".repeat(1024 * 1024 / 258);
    let bits = ["110", "00110000", &matches, "0000000"].concat();
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for byte in bits.as_bytes().chunks(8) {
        let bits = byte.iter().enumerate();
        bomb.push(bits.fold(0, |byte, (place, bit)| byte | ((bit - b'0') << place)));
    }
    // What the checksum and the length would be, only the end of the whole would show.
    bomb.extend([0; 8]);
    bomb
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
const BREAKS_OFF: &str = "response breaks off";
const NOT_HTTP: &str = "response is not HTTP";
const TOO_LONG: &str = "body is longer than a key";
const NO_KEY: &str = "body is no public key";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_that_breaks_off_is_no_answer() {
    let pem = public_key_pem();
    let half = &pem[..pem.len() / 2];
    let whole = format!("{:x}\r\n{pem}\r\n", pem.len());
    all_fail_once(
        vec![
            ("at_once", BREAKS_OFF, Act::Close(Vec::new())),
            (
                "in_the_head",
                BREAKS_OFF,
                Act::Close("HTTP/1.1 200 OK\r\nContent-".into()),
            ),
            (
                "in_a_body_of_known_length",
                BREAKS_OFF,
                Act::Close(ok(&format!("Content-Length: {}\r\n", pem.len()), half)),
            ),
            (
                "before_the_last_chunk",
                BREAKS_OFF,
                Act::Close(ok(CHUNKED, &whole)),
            ),
            (
                "in_a_chunk",
                BREAKS_OFF,
                Act::Close(ok(CHUNKED, format!("ff\r\n{half}"))),
            ),
            // All of the key is there; whether that was all of the body only the server could have said.
            ("without_the_end_of_tls", BREAKS_OFF, Act::Cut(ok("", &pem))),
            (
                "half_a_key_and_a_good_end",
                NO_KEY,
                Act::Close(ok("", half)),
            ),
        ],
        |config| config,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_is_no_answer() {
    let pem = public_key_pem();
    let chunked = |chunks: &str| Act::Close(ok(CHUNKED, chunks));
    all_fail_once(
        vec![
            (
                "junk",
                NOT_HTTP,
                Act::Close("SSH-2.0-OpenSSH_9.2\r\n\r\n".into()),
            ),
            ("only_a_body", NOT_HTTP, Act::Close(pem.clone().into())),
            (
                "a_version_to_come",
                NOT_HTTP,
                Act::Close("HTTP/3.0 200 OK\r\n\r\n".into()),
            ),
            (
                "a_strange_status",
                NOT_HTTP,
                Act::Close("HTTP/1.1 2000 OK\r\n\r\n".into()),
            ),
            (
                "a_header_without_colon",
                NOT_HTTP,
                Act::Close(ok("Content-Length\r\n", &pem)),
            ),
            (
                "a_zero_byte_in_a_header",
                NOT_HTTP,
                Act::Close(ok("X: a\0b\r\n", &pem)),
            ),
            (
                "a_negative_length",
                NOT_HTTP,
                Act::Close(ok("Content-Length: -1\r\n", &pem)),
            ),
            (
                "two_lengths",
                NOT_HTTP,
                Act::Close(ok("Content-Length: 10\r\nContent-Length: 11\r\n", &pem)),
            ),
            (
                "more_headers_than_are_read",
                NOT_HTTP,
                Act::Close(ok(&"A: b\r\n".repeat(101), &pem)),
            ),
            (
                "an_endless_head",
                NOT_HTTP,
                Act::Endless("HTTP/1.1 200 OK\r\nX: ".into(), "x".into()),
            ),
            ("a_chunk_size_that_is_none", NOT_HTTP, chunked("zz\r\n")),
            (
                "a_chunk_size_beyond_64_bits",
                NOT_HTTP,
                chunked("fffffffffffffffff\r\n"),
            ),
            ("a_chunk_without_its_end", NOT_HTTP, chunked("1\r\nab\r\n")),
            (
                "an_endless_chunk_extension",
                NOT_HTTP,
                Act::Endless(ok(CHUNKED, "1;"), "x".into()),
            ),
            (
                "endless_trailers",
                NOT_HTTP,
                Act::Endless(ok(CHUNKED, "0\r\n"), "X: y\r\n".into()),
            ),
        ],
        |config| config,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_read_up_to_the_longest_key_and_never_decoded() {
    let long = format!("Content-Length: {}\r\n", u64::MAX / 2);
    let bomb = gzip_bomb();
    let size = bomb.len();
    assert!(size < 7_000);
    let coded = format!("Content-Encoding: gzip\r\nContent-Length: {size}\r\n");
    let chunk = [format!("{size:x}\r\n").as_bytes(), &bomb, b"\r\n0\r\n\r\n"].concat();
    all_fail_once(
        vec![
            (
                "of_an_endless_length",
                TOO_LONG,
                Act::Silence(ok(&long, "")),
            ),
            (
                "without_length",
                TOO_LONG,
                Act::Endless(ok("", ""), "x".into()),
            ),
            (
                "in_endless_chunks",
                TOO_LONG,
                Act::Endless(ok(CHUNKED, ""), "1\r\nx\r\n".into()),
            ),
            (
                "a_gzip_bomb",
                "body is encoded",
                Act::GoOn(ok(&coded, &bomb)),
            ),
            (
                "a_gzip_bomb_in_transfer",
                NO_KEY,
                Act::Close(ok("Transfer-Encoding: gzip, chunked\r\n", &chunk)),
            ),
        ],
        |config| config,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_captive_portal_says_is_no_key() {
    let page = "<html><body>Sign in to the network</body></html>";
    let html = "Content-Type: text/html\r\nCache-Control: max-age=60\r\n";
    all_fail_once(
        vec![
            (
                "a_page",
                NO_KEY,
                Act::GoOn(response("200 OK", html, page).into()),
            ),
            (
                "a_page_that_claims_to_be_pem",
                NO_KEY,
                Act::GoOn(
                    response("200 OK", "Content-Type: application/x-pem-file\r\n", page).into(),
                ),
            ),
            (
                "authentication_required",
                "status 511",
                Act::GoOn(response("511 Network Authentication Required", html, page).into()),
            ),
            (
                "a_redirect_to_the_portal",
                "redirect refused: not to https",
                Act::GoOn(
                    response("302 Found", "Location: http://portal.example/\r\n", page).into(),
                ),
            ),
            (
                "an_upgrade",
                "status 101",
                Act::Close(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
                        .into(),
                ),
            ),
        ],
        |config| config,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_its_time_runs_into_the_deadline_for_heads() {
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
    all_fail_once(
        vec![
            ("half_open", "deadline passed", Act::Silence(Vec::new())),
            (
                "half_a_head",
                "deadline passed",
                Act::Silence("HTTP/1.1 200 O".into()),
            ),
            (
                "a_head_byte_by_byte",
                "deadline passed",
                Act::Dribble("HTTP/1.1 200 OK\r\nX: ".into(), "x".into()),
            ),
            (
                "interim_answers_only",
                "deadline passed",
                Act::Dribble(Vec::new(), interim.into()),
            ),
        ],
        |config| config.with_headers_deadline(SHORT),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_its_time_runs_into_the_deadline_for_the_whole() {
    let length = "Content-Length: 1000\r\n";
    all_fail_once(
        vec![
            ("no_body", "deadline passed", Act::Silence(ok(length, ""))),
            (
                "a_body_byte_by_byte",
                "deadline passed",
                Act::Dribble(ok(length, ""), "x".into()),
            ),
            (
                "chunks_byte_by_byte",
                "deadline passed",
                Act::Dribble(ok(CHUNKED, ""), "1\r\nx\r\n".into()),
            ),
        ],
        |config| config.with_fetch_deadline(SHORT),
    )
    .await;
}
