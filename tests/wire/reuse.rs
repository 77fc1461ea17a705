//! Connections are made once and used again, over both versions of HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use asap_engine::{KeyError, KeyRepository};
use asap_tests::authority::Authority;
use asap_tests::key_client::{fetched, until};
use asap_tests::keys::public_key_pem;
use asap_tests::wire_server::{Playing, WireServer, always_answer, request, secured, send};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::{key_response, patient};

/// Fetches `count` keys at once.
async fn all_at_once(repository: &KeyRepository, round: usize, count: usize) {
    let mut fetching = JoinSet::new();
    for number in 0..count {
        let repository = repository.clone();
        fetching.spawn(async move {
            let key_id = format!("svc/reuse/{round}/{number}");
            assert_eq!(fetched(&repository, &key_id).await, Ok(()));
        });
    }
    while let Some(fetched) = fetching.join_next().await {
        fetched.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_connections_as_may_fetch_at_once_are_kept_over_http_1() {
    const AT_ONCE: usize = 32;
    let authority = Authority::new();
    let tls = authority.server_config();
    // The first round is answered when all of it is there, so that each request has a connection of its own.
    let (asked, all) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let server = WireServer::start(move |_, stream| -> Playing {
        let (tls, asked, all) = (tls.clone(), Arc::clone(&asked), Arc::clone(&all));
        Box::pin(async move {
            let mut stream = secured(stream, tls).await?;
            assert_eq!(stream.get_ref().1.alpn_protocol(), None);
            request(&mut stream).await?;
            if asked.fetch_add(1, Ordering::SeqCst) + 1 == AT_ONCE {
                all.add_permits(AT_ONCE);
            }
            all.acquire().await.unwrap().forget();
            send(&mut stream, key_response()).await?;
            always_answer(&mut stream, &key_response()).await
        })
    })
    .await;
    let config = patient(&server.url("/keys"), &authority).with_max_concurrent_fetches(AT_ONCE);
    let repository = KeyRepository::new(config).unwrap();
    all_at_once(&repository, 0, AT_ONCE).await;
    assert_eq!(server.accepted(), AT_ONCE);
    for round in 1..=10 {
        for number in 0..AT_ONCE {
            let key_id = format!("svc/reuse/{round}/{number}");
            assert_eq!(fetched(&repository, &key_id).await, Ok(()));
        }
    }
    assert_eq!((server.accepted(), server.ended()), (AT_ONCE, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_carries_all_requests_over_http_2() {
    let authority = Authority::new();
    let mut tls = authority.server_config();
    tls.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    let offered = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&offered);
    let server = WireServer::start(move |_, stream| -> Playing {
        let (mut tls, seen) = (tls.clone(), Arc::clone(&seen));
        Box::pin(async move {
            // The server's preference decides: with HTTP/2 first it is what both speak.
            tls.alpn_protocols.reverse();
            let stream = secured(stream, tls).await?;
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                seen.fetch_add(1, Ordering::SeqCst);
                let answer = service_fn(|request: http::Request<_>| {
                    drop::<hyper::body::Incoming>(request.into_body());
                    let body = Full::new(Bytes::from(public_key_pem()));
                    std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(body)))
                });
                let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let served = serving.serve_connection(TokioIo::new(stream), answer).await;
                served.map_err(std::io::Error::other)
            } else {
                let mut stream = stream;
                always_answer(&mut stream, &key_response()).await
            }
        })
    })
    .await;
    let config = || patient(&server.url("/keys"), &authority);
    let repository = KeyRepository::new(config()).unwrap();
    assert_eq!(fetched(&repository, "svc/reuse/http2").await, Ok(()));
    for round in 0..10 {
        all_at_once(&repository, round, 30).await;
    }
    assert_eq!((server.accepted(), offered.load(Ordering::SeqCst)), (1, 1));
    drop(repository);
    until("the end of the connection", || server.ended() == 1).await;
    // Where it is not offered, it is not spoken.
    let repository = KeyRepository::new(config().with_http2(false)).unwrap();
    assert_eq!(fetched(&repository, "svc/reuse/http1").await, Ok(()));
    assert_eq!((server.accepted(), offered.load(Ordering::SeqCst)), (2, 1));
}

/// What a server says without having been asked is never taken for the answer to the next question.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_response_to_one_request_answers_nothing() {
    let authority = Authority::new();
    let tls = authority.server_config();
    let server = WireServer::start(move |number, stream| -> Playing {
        let tls = tls.clone();
        Box::pin(async move {
            let mut stream = secured(stream, tls).await?;
            if number == 0 {
                request(&mut stream).await?;
                let unasked = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
                send(&mut stream, key_response() + unasked).await?;
            }
            always_answer(&mut stream, &key_response()).await
        })
    })
    .await;
    let repository = KeyRepository::new(patient(&server.url("/keys"), &authority)).unwrap();
    assert_eq!(fetched(&repository, "svc/reuse/asked").await, Ok(()));
    assert_eq!(fetched(&repository, "svc/reuse/next").await, Ok(()));
    assert_eq!(server.accepted(), 2);
}

/// A server that closes a connection just when it is used again is asked once more, on another connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_ends_under_a_request_is_replaced() {
    let authority = Authority::new();
    let tls = authority.server_config();
    let server = WireServer::start(move |_, stream| -> Playing {
        let tls = tls.clone();
        Box::pin(async move {
            let mut stream = secured(stream, tls).await?;
            request(&mut stream).await?;
            send(&mut stream, key_response()).await?;
            request(&mut stream).await.map(drop)
        })
    })
    .await;
    let repository = KeyRepository::new(patient(&server.url("/keys"), &authority)).unwrap();
    for number in 1..=5 {
        assert_eq!(fetched(&repository, "svc/reuse/ended").await, Ok(()));
        assert_eq!(server.accepted(), number);
    }
}

/// One that closes before it has answered anything is not asked twice for one fetch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_closes_every_connection_is_asked_once_a_fetch() {
    let authority = Authority::new();
    let tls = authority.server_config();
    let server = WireServer::start(move |_, stream| -> Playing {
        let tls = tls.clone();
        Box::pin(async move {
            let mut stream = secured(stream, tls).await?;
            request(&mut stream).await.map(drop)
        })
    })
    .await;
    let repository = KeyRepository::new(patient(&server.url("/keys"), &authority)).unwrap();
    for number in 1..=5 {
        let fetched = fetched(&repository, "svc/reuse/closed").await;
        assert_eq!(fetched, Err(KeyError::Unavailable));
        assert_eq!(server.accepted(), number);
    }
}
