//! Keys are fetched over real TLS sockets, cached as HTTP says, and never asked for twice at once.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test that fails panics"
)]

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use asap_engine::{KeyError, KeyId, KeyRepository, KeyRepositoryConfig, KeySource, Lookup};
use asap_tests::key_server::{
    Asked, Gate, KeyServer, Reply, cached, reply, unfinished, without_length,
};
use asap_tests::keys::public_key_pem;
use tokio::net::TcpListener;

const KEY: &str = "svc/key";

fn key_id(text: &str) -> KeyId<'_> {
    KeyId::parse(text).unwrap()
}

fn config(server: &KeyServer) -> KeyRepositoryConfig {
    let config = KeyRepositoryConfig::new(&server.url("/keys/")).unwrap();
    config.with_root_certificates(server.ca_pem()).unwrap()
}

fn repository(server: &KeyServer) -> KeyRepository {
    KeyRepository::new(config(server)).unwrap()
}

/// A server that gives every request the same answer.
async fn always(answer: impl Fn() -> Reply + Send + Sync + 'static) -> KeyServer {
    KeyServer::https(move |_| std::future::ready(answer())).await
}

async fn fetched(repository: &KeyRepository, text: &str) -> Result<(), KeyError> {
    repository.fetch(key_id(text)).await.map(drop)
}

fn is_at_hand(repository: &KeyRepository, text: &str) -> bool {
    matches!(repository.with_key(key_id(text), |_| ()), Lookup::Found(()))
}

/// Waits, without a fixed time, for what must come about.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    waited.unwrap_or_else(|_| panic!("{what} did not come about"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_asked_for_as_the_specification_says_and_then_at_hand() {
    let pem = public_key_pem();
    let server = always(move || cached("max-age=60", pem.clone())).await;
    let repository = repository(&server);
    assert!(!is_at_hand(&repository, KEY));
    assert_eq!(fetched(&repository, "svc/a..b/+key").await, Ok(()));
    assert!(is_at_hand(&repository, "svc/a..b/+key"));
    let asked = server.asked();
    assert_eq!(asked[0].path, "/keys/svc/a..b/+key");
    assert_eq!(asked[0].header("accept"), Some("application/x-pem-file"));
    assert_eq!(asked[0].header("accept-encoding"), Some("identity"));
    assert!(
        asked[0]
            .header("user-agent")
            .unwrap()
            .starts_with("asap-engine/")
    );
    assert_eq!(fetched(&repository, "svc/a..b/+key").await, Ok(()));
    let stats = repository.stats();
    assert_eq!(
        (server.asked().len(), stats.fetches, stats.hits, stats.keys),
        (1, 1, 2, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_misses_make_one_request() {
    let (pem, gate) = (public_key_pem(), Gate::closed());
    let held = gate.clone();
    let server = KeyServer::https(move |_| {
        let (pem, gate) = (pem.clone(), held.clone());
        async move {
            gate.pass().await;
            // Nothing to store: whoever did not wait for this very request would make another.
            cached("no-store", pem)
        }
    })
    .await;
    let repository = repository(&server);
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let repository = repository.clone();
            tokio::spawn(async move { fetched(&repository, KEY).await })
        })
        .collect();
    until("999 waiters", || repository.stats().coalesced == 999).await;
    gate.open();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(()));
    }
    assert_eq!(server.asked().len(), 1);
    let stats = repository.stats();
    assert_eq!(
        (stats.fetches, stats.coalesced, stats.in_flight, stats.keys),
        (1, 999, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_cancels_nothing_for_others() {
    let (pem, gate) = (public_key_pem(), Gate::closed());
    let held = gate.clone();
    let server = KeyServer::https(move |_| {
        let (pem, gate) = (pem.clone(), held.clone());
        async move {
            gate.pass().await;
            cached("max-age=60", pem)
        }
    })
    .await;
    let repository = repository(&server);
    let leader = tokio::spawn({
        let repository = repository.clone();
        async move { fetched(&repository, KEY).await }
    });
    until("the request", || server.asked().len() == 1).await;
    let waiter = tokio::spawn({
        let repository = repository.clone();
        async move { fetched(&repository, KEY).await }
    });
    until("the waiter", || repository.stats().coalesced == 1).await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(waiter.await.unwrap(), Ok(()));
    assert!(is_at_hand(&repository, KEY));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_there_is_no_key_is_not_kept() {
    for status in [403, 404, 410] {
        let pem = public_key_pem();
        let server = KeyServer::https(move |asked| {
            let first = reply(status, &[("cache-control", "max-age=60")], "no such key");
            std::future::ready(if asked.number == 0 {
                first
            } else {
                cached("max-age=60", pem.clone())
            })
        })
        .await;
        let repository = repository(&server);
        assert_eq!(
            fetched(&repository, KEY).await,
            Err(KeyError::Unknown),
            "{status}"
        );
        assert_eq!(repository.stats().keys, 0);
        assert_eq!(fetched(&repository, KEY).await, Ok(()), "{status}");
    }
}

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
async fn any_content_type_will_do() {
    for content_type in ["text/plain", "application/octet-stream", ""] {
        let pem = public_key_pem();
        let server =
            always(move || reply(200, &[("content-type", content_type)], pem.clone())).await;
        assert_eq!(
            fetched(&repository(&server), KEY).await,
            Ok(()),
            "{content_type}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_reused_serves_those_who_waited_and_nobody_else() {
    for cache_control in [
        "no-store",
        "NO-CACHE",
        "max-age=0",
        "public",
        "s-maxage=60",
        "max-age=60, max-age=0",
    ] {
        let pem = public_key_pem();
        let server = always(move || cached(cache_control, pem.clone())).await;
        let repository = repository(&server);
        for count in 1..=3 {
            assert_eq!(fetched(&repository, KEY).await, Ok(()));
            assert!(!is_at_hand(&repository, KEY), "{cache_control}");
            assert_eq!(server.asked().len(), count, "{cache_control}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_followed_up_to_the_tenth() {
    for (status, redirects, expected) in [
        (301, 1, Ok(())),
        (302, 10, Ok(())),
        (303, 1, Ok(())),
        (307, 1, Ok(())),
        (308, 1, Ok(())),
        (302, 11, Err(KeyError::Unavailable)),
    ] {
        let pem = public_key_pem();
        let server = KeyServer::https(move |asked| {
            let next = format!("/elsewhere/{}", asked.number + 1);
            let fresh = ("cache-control", "max-age=60");
            let redirect = reply(status, &[("location", &next), fresh], "elsewhere");
            std::future::ready(if asked.number < redirects {
                redirect
            } else {
                cached("max-age=60", pem.clone())
            })
        })
        .await;
        let repository = repository(&server);
        assert_eq!(
            fetched(&repository, KEY).await,
            expected,
            "{status} {redirects}"
        );
        assert_eq!(is_at_hand(&repository, KEY), expected.is_ok());
        assert_eq!(server.asked().len(), 11.min(redirects + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_to_itself_to_plain_http_or_to_a_file_is_not_followed() {
    let pem = public_key_pem();
    let plain =
        KeyServer::http(move |_| std::future::ready(cached("max-age=60", pem.clone()))).await;
    for location in [
        format!("/keys/{KEY}"),
        plain.url("/key"),
        "file:///etc/hostname".to_owned(),
    ] {
        let server = always(move || reply(302, &[("location", &location)], "")).await;
        let config = KeyRepositoryConfig::allowing_http_to_loopback(&server.url("/keys")).unwrap();
        let config = config.with_root_certificates(server.ca_pem()).unwrap();
        let repository = KeyRepository::new(config).unwrap();
        assert_eq!(fetched(&repository, KEY).await, Err(KeyError::Unavailable));
        assert_eq!(server.asked().len(), 1);
    }
    assert!(plain.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_is_spoken_to_loopback_when_asked_for_by_name() {
    let pem = public_key_pem();
    let server =
        KeyServer::http(move |_| std::future::ready(cached("max-age=60", pem.clone()))).await;
    let url = server.url("/keys");
    assert!(KeyRepositoryConfig::new(&url).is_err());
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&url).unwrap();
    assert_eq!(
        fetched(&KeyRepository::new(config).unwrap(), KEY).await,
        Ok(())
    );
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

/// A server whose first answer may be used while it is revalidated, and no longer: the next use asks again.
async fn revalidated(second: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> KeyServer {
    let pem = public_key_pem();
    KeyServer::https(move |asked| {
        let stale = [
            ("cache-control", "max-age=0, stale-while-revalidate=3600"),
            ("etag", "\"v1\""),
        ];
        let first = || reply(200, &stale, pem.clone());
        std::future::ready(if asked.number == 0 {
            first()
        } else {
            second(&asked)
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_304_lets_the_key_live_on() {
    for validator in [&[("etag", "\"v1\"")][..], &[]] {
        let server = revalidated(move |_| {
            let fresh = [&[("cache-control", "max-age=3600")], validator].concat();
            reply(304, &fresh, "")
        })
        .await;
        let repository = repository(&server);
        assert_eq!(fetched(&repository, KEY).await, Ok(()));
        assert!(is_at_hand(&repository, KEY));
        until("the revalidation", || {
            repository.stats().revalidations == 1 && repository.stats().in_flight == 0
        })
        .await;
        for _ in 0..100 {
            assert!(is_at_hand(&repository, KEY));
        }
        let asked = server.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0].header("if-none-match"), None);
        assert_eq!(asked[1].header("if-none-match"), Some("\"v1\""));
        let stats = repository.stats();
        assert_eq!(
            (
                stats.fetches,
                stats.revalidations,
                stats.keys,
                stats.failures
            ),
            (2, 1, 1, 0)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_304_about_another_response_is_asked_again_without_a_condition() {
    let pem = public_key_pem();
    let server = revalidated(move |asked| match asked.header("if-none-match") {
        Some(_) => reply(304, &[("etag", "\"v2\"")], ""),
        None => cached("max-age=3600", pem.clone()),
    })
    .await;
    let repository = repository(&server);
    assert_eq!(fetched(&repository, KEY).await, Ok(()));
    assert!(is_at_hand(&repository, KEY));
    until("the refresh", || {
        server.asked().len() == 3 && repository.stats().in_flight == 0
    })
    .await;
    assert!(is_at_hand(&repository, KEY));
    assert_eq!((server.asked().len(), repository.stats().keys), (3, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_gone_on_revalidation_is_removed_at_once() {
    for status in [403, 404, 410] {
        let server = revalidated(move |_| reply(status, &[], "")).await;
        let repository = repository(&server);
        assert_eq!(fetched(&repository, KEY).await, Ok(()));
        assert!(is_at_hand(&repository, KEY));
        until("the removal", || {
            repository.stats().keys == 0 && repository.stats().in_flight == 0
        })
        .await;
        assert!(!is_at_hand(&repository, KEY), "{status}");
        assert_eq!(repository.stats().keys_in_use, 0);
        assert_eq!(fetched(&repository, KEY).await, Err(KeyError::Unknown));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revalidation_that_fails_takes_nothing_away() {
    for answer in [(500, ""), (200, "<html>"), (429, "")] {
        let server = revalidated(move |_| reply(answer.0, &[], answer.1)).await;
        let repository = repository(&server);
        assert_eq!(fetched(&repository, KEY).await, Ok(()));
        assert!(is_at_hand(&repository, KEY));
        until("the failure", || repository.stats().failures == 1).await;
        assert!(is_at_hand(&repository, KEY));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_key_is_used_on_errors_only_if_its_response_allows_it() {
    for (cache_control, status, expected) in [
        ("max-age=0, stale-if-error=3600", 503, Ok(())),
        (
            "max-age=0, stale-if-error=3600",
            429,
            Err(KeyError::Unavailable),
        ),
        (
            "max-age=0, stale-if-error=3600",
            404,
            Err(KeyError::Unknown),
        ),
        (
            "max-age=0, stale-if-error=3600, must-revalidate",
            503,
            Err(KeyError::Unavailable),
        ),
        ("max-age=0", 503, Err(KeyError::Unavailable)),
    ] {
        let pem = public_key_pem();
        let server = KeyServer::https(move |asked| {
            let first = cached(cache_control, pem.clone());
            std::future::ready(if asked.number == 0 {
                first
            } else {
                reply(status, &[], "")
            })
        })
        .await;
        let repository = repository(&server);
        assert_eq!(fetched(&repository, KEY).await, Ok(()));
        assert!(!is_at_hand(&repository, KEY));
        assert_eq!(
            fetched(&repository, KEY).await,
            expected,
            "{cache_control} {status}"
        );
        assert_eq!(is_at_hand(&repository, KEY), expected.is_ok());
    }
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
async fn a_revalidation_follows_redirects_and_names_its_validator_only_at_their_end() {
    let pem = public_key_pem();
    let server = KeyServer::https(move |asked| {
        let stale = ("cache-control", "max-age=0, stale-while-revalidate=3600");
        let answer = match (asked.path.as_str(), asked.header("if-none-match")) {
            ("/end", Some(_)) => reply(304, &[("cache-control", "max-age=3600")], ""),
            ("/end", None) => reply(200, &[stale, ("etag", "\"v1\"")], pem.clone()),
            (_, None) => reply(302, &[stale, ("location", "/end"), ("etag", "\"v1\"")], ""),
            (_, Some(_)) => reply(304, &[], ""),
        };
        std::future::ready(answer)
    })
    .await;
    let repository = repository(&server);
    assert_eq!(fetched(&repository, KEY).await, Ok(()));
    assert!(is_at_hand(&repository, KEY));
    until("the revalidation", || {
        server.asked().len() >= 4 && repository.stats().in_flight == 0
    })
    .await;
    let conditions: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.header("if-none-match").is_some())
        .collect();
    assert_eq!(conditions, [false, false, false, true]);
    assert!(is_at_hand(&repository, KEY));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fetches_beyond_the_limit_are_refused_at_once() {
    let (pem, gate) = (public_key_pem(), Gate::closed());
    let held = gate.clone();
    let server = KeyServer::https(move |_| {
        let (pem, gate) = (pem.clone(), held.clone());
        async move {
            gate.pass().await;
            cached("max-age=60", pem)
        }
    })
    .await;
    let repository =
        Arc::new(KeyRepository::new(config(&server).with_max_concurrent_fetches(1)).unwrap());
    let admitted = tokio::spawn({
        let repository = Arc::clone(&repository);
        async move { fetched(&repository, KEY).await }
    });
    until("the request", || server.asked().len() == 1).await;
    assert_eq!(
        fetched(&repository, "svc/other").await,
        Err(KeyError::Unavailable)
    );
    assert_eq!(repository.stats().refused_by_limits, 1);
    gate.open();
    assert_eq!(admitted.await.unwrap(), Ok(()));
    assert_eq!(fetched(&repository, "svc/other").await, Ok(()));
}
