//! Good answers with a few bytes changed, over both versions of HTTP: whatever they have become, a fetch ends with an
//! answer or with a line in the log. A fetch that panicked would end with neither.

use std::io;

use asap_engine::{KeyError, KeyRepository};
use asap_tests::authority::Authority;
use asap_tests::key_client::{fetched, until};
use asap_tests::keys::public_key_pem;
use asap_tests::wire_server::{Playing, WireServer, request, response, secured, send, silence};
use rustls::ServerConfig;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{LONG, patient};
use crate::frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, STATUS_200, frame};
use crate::log;

const FETCHES: usize = 160;

/// xorshift64*: numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % bound
    }
}

/// `bytes` with one to four changes, none of them where a body of `body` bytes ends it.
fn mutated(mut bytes: Vec<u8>, body: usize, seed: usize) -> Vec<u8> {
    let mut random = Random(u64::try_from(seed).unwrap() + 1);
    let head = bytes.len() - body;
    for _ in 0..=random.below(4) {
        let place = random.below(head.min(bytes.len()));
        let byte = u8::try_from(random.below(256)).unwrap();
        match random.below(4) {
            0 => bytes.insert(place, byte),
            1 => drop(bytes.remove(place)),
            2 => bytes[place] ^= 1 << random.below(8),
            _ => bytes[place] = byte,
        }
    }
    bytes
}

async fn http1(number: usize, stream: TcpStream, tls: ServerConfig) -> io::Result<()> {
    let mut stream = secured(stream, tls).await?;
    request(&mut stream).await?;
    let pem = public_key_pem();
    let cache = "Cache-Control: max-age=1\r\nContent-Type: application/x-pem-file\r\n";
    let (good, body) = match number % 2 {
        0 => (response("200 OK", cache, &pem), pem.len()),
        _ => {
            let chunks = format!(
                "1\r\n-\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                pem.len() - 1,
                &pem[1..]
            );
            let head = format!("HTTP/1.1 200 OK\r\n{cache}Transfer-Encoding: chunked\r\n\r\n");
            (head + &chunks, 0)
        }
    };
    send(&mut stream, mutated(good.into_bytes(), body, number)).await?;
    stream.shutdown().await?;
    silence(&mut stream).await
}

async fn http2(number: usize, stream: TcpStream, mut tls: ServerConfig) -> io::Result<()> {
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let mut frames = Frames::open(secured(stream, tls).await?).await?;
    let stream = frames.request().await?;
    let pem = public_key_pem();
    // Beside the status a header that means nothing, as a literal without indexing (RFC 7541 section 6.2.2).
    let mut head = vec![STATUS_200, 0, 6];
    head.extend(b"x-note");
    head.push(60);
    head.extend([b'y'; 60]);
    let mut good = frame(HEADERS, END_HEADERS, stream, head);
    good.extend(frame(DATA, END_STREAM, stream, &pem));
    send(&mut frames.stream, mutated(good, pem.len(), number)).await?;
    frames.stream.shutdown().await?;
    silence(&mut frames.stream).await
}

/// One connection of HTTP/2 carries all that are asked for at once, and its end would be the end of all.
async fn every_fetch_ends(
    version: &'static str,
    at_once: usize,
    script: fn(usize, TcpStream, ServerConfig) -> Playing,
) {
    let authority = Authority::new();
    let tls = authority.server_config();
    let play = move |number, stream| script(number, stream, tls.clone());
    let server = WireServer::start(play).await;
    let repository = KeyRepository::new(patient(&server.url("/keys"), &authority)).unwrap();
    assert!(log::failures(version).is_empty());
    let mut fetching = JoinSet::new();
    let mut ended = [0; 3];
    for number in 0..FETCHES + at_once {
        if number < FETCHES {
            let repository = repository.clone();
            fetching.spawn(async move {
                let key_id = format!("svc/mutated/{version}/{number}");
                let fetched = tokio::time::timeout(LONG / 2, fetched(&repository, &key_id)).await;
                (fetched.unwrap(), log::failures(&key_id))
            });
        }
        if number >= at_once {
            let (fetched, logged) = fetching.join_next().await.unwrap().unwrap();
            let kind = match fetched {
                Ok(()) => 0,
                Err(KeyError::Unknown) => 1,
                Err(_) => 2,
            };
            assert_eq!(
                logged.len(),
                usize::from(kind == 2),
                "{fetched:?}: {logged:?}"
            );
            ended[kind] += 1;
        }
    }
    // Some changes matter and some do not.
    assert!(ended[0] > 10 && ended[2] > 10, "{ended:?}");
    println!(
        "{version}: {} keys, {} unknown, {} unavailable",
        ended[0], ended[1], ended[2]
    );
    until("the end of all fetches", || {
        repository.stats().in_flight == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_answer_over_http_1_ends_the_fetch_one_way_or_another() {
    every_fetch_ends("http1", 16, |number, stream, tls| {
        Box::pin(http1(number, stream, tls))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_answer_over_http_2_ends_the_fetch_one_way_or_another() {
    every_fetch_ends("http2", 1, |number, stream, tls| {
        Box::pin(http2(number, stream, tls))
    })
    .await;
}
