//! A key server that cannot be asked, or answers nonsense, says nothing about a token, and is not remembered for it.

use std::future::pending;
use std::time::Duration;

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::key_client::{KEY, always, config, fetched, is_at_hand, repository, until};
use asap_tests::key_server::{KeyServer, Reply, cached, reply, unfinished, without_length};
use asap_tests::keys::public_key_pem;
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_says_nothing_about_the_key_is_not_kept() {
    let pem = public_key_pem();
    let pem_and_more = format!("{pem}{pem}");
    let fresh = ("cache-control", "max-age=60");
    let answers: Vec<Box<dyn Fn() -> Reply + Send + Sync>> = vec![
        Box::new(move || reply(500, &[fresh], "")),
        Box::new(move || reply(503, &[fresh], "x".repeat(100_000))),
        Box::new(move || reply(401, &[fresh], "")),
        Box::new(move || reply(429, &[fresh], "")),
        Box::new(move || reply(204, &[fresh], "")),
        Box::new(move || reply(304, &[fresh], "")),
        Box::new({
            let pem = pem.clone();
            move || {
                reply(
                    206,
                    &[fresh, ("content-range", "bytes 0-9/10")],
                    pem.clone(),
                )
            }
        }),
        Box::new({
            let pem = pem.clone();
            move || reply(200, &[fresh, ("content-encoding", "gzip")], pem.clone())
        }),
        Box::new(move || {
            reply(
                200,
                &[fresh, ("content-type", "text/html")],
                "<html>Sign in</html>",
            )
        }),
        Box::new(move || reply(200, &[fresh], "")),
        Box::new(move || reply(302, &[fresh], "")),
        Box::new(move || reply(200, &[fresh], "x".repeat(64 * 1024 + 1))),
        Box::new(move || {
            without_length(reply(
                200,
                &[fresh],
                format!("{}{pem_and_more}", " ".repeat(64 * 1024)),
            ))
        }),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let pem = pem.clone();
        let server = KeyServer::https(move |asked| {
            std::future::ready(if asked.number == 0 {
                answer()
            } else {
                cached("max-age=60", pem.clone())
            })
        })
        .await;
        let repository = repository(&server);
        assert_eq!(
            fetched(&repository, KEY).await,
            Err(KeyError::Unavailable),
            "{number}"
        );
        assert_eq!(
            (repository.stats().keys, repository.stats().failures),
            (0, 1),
            "{number}"
        );
        assert_eq!(fetched(&repository, KEY).await, Ok(()), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_an_untrusted_authority_is_never_asked() {
    let pem = public_key_pem();
    let server = always(move || cached("max-age=60", pem.clone())).await;
    let other = always(|| reply(404, &[], "")).await;
    let config = KeyRepositoryConfig::new(&server.url("/keys")).unwrap();
    let config = config.with_root_certificates(other.ca_pem()).unwrap();
    assert_eq!(
        fetched(&KeyRepository::new(config).unwrap(), KEY).await,
        Err(KeyError::Unavailable)
    );
    assert!(server.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_in_time_is_unavailable() {
    let silent = KeyServer::https(|_| pending()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // It accepts, and never says a word of TLS.
    let mute = format!("https://{}", listener.local_addr().unwrap());
    let (short, long) = (Duration::from_millis(200), Duration::from_secs(60));
    let patient = |config: KeyRepositoryConfig| {
        let config = config
            .with_connect_deadline(long)
            .with_headers_deadline(long);
        config.with_fetch_deadline(long)
    };
    let silent_config = || patient(config(&silent));
    let mute_config = || {
        let config = KeyRepositoryConfig::new(&mute).unwrap();
        patient(config.with_root_certificates(silent.ca_pem()).unwrap())
    };
    for (number, config) in [
        silent_config().with_headers_deadline(short),
        silent_config().with_fetch_deadline(short),
        mute_config().with_connect_deadline(short),
        mute_config().with_headers_deadline(short),
        mute_config().with_fetch_deadline(short),
    ]
    .into_iter()
    .enumerate()
    {
        let repository = KeyRepository::new(config).unwrap();
        // Half of the deadlines that must not be the ones that pass.
        let fetched = tokio::time::timeout(long / 2, fetched(&repository, KEY)).await;
        assert_eq!(fetched, Ok(Err(KeyError::Unavailable)), "{number}");
        let stats = || repository.stats();
        until("the end of the fetch", || {
            stats().failures == 1 && stats().in_flight == 0
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_never_ends_is_unavailable() {
    let pem = public_key_pem();
    let server = KeyServer::https(move |_| {
        std::future::ready(unfinished(cached("max-age=60", pem.clone())))
    })
    .await;
    let repository =
        KeyRepository::new(config(&server).with_fetch_deadline(Duration::from_millis(500)))
            .unwrap();
    assert_eq!(fetched(&repository, KEY).await, Err(KeyError::Unavailable));
    assert!(!is_at_hand(&repository, KEY));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_repository_is_asked_on_an_outage_and_on_404_only_if_so_configured() {
    let pem = public_key_pem();
    let second =
        KeyServer::http(move |_| std::future::ready(cached("max-age=60", pem.clone()))).await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let repository = |first: &str, on_not_found: bool, second: &KeyServer| {
        let config = KeyRepositoryConfig::allowing_http_to_loopback(first).unwrap();
        let config = config.with_fallback(&second.url("/more")).unwrap();
        KeyRepository::new(config.with_fallback_on_not_found(on_not_found)).unwrap()
    };
    assert_eq!(
        fetched(&repository(&closed, false, &second), KEY).await,
        Ok(())
    );
    for (status, on_not_found, expected) in [
        (500, false, Ok(())),
        (503, false, Ok(())),
        (404, true, Ok(())),
        (404, false, Err(KeyError::Unknown)),
        (410, true, Err(KeyError::Unknown)),
        (429, true, Err(KeyError::Unavailable)),
    ] {
        let first = KeyServer::http(move |_| std::future::ready(reply(status, &[], ""))).await;
        let repository = repository(&first.url(""), on_not_found, &second);
        assert_eq!(
            fetched(&repository, KEY).await,
            expected,
            "{status} {on_not_found}"
        );
    }
    let without = KeyServer::http(|_| std::future::ready(reply(404, &[], ""))).await;
    let repository = repository(&closed, false, &without);
    assert_eq!(
        fetched(&repository, KEY).await,
        Err(KeyError::Unavailable),
        "the first might have it"
    );
}
