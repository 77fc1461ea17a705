//! A cached key lives as long as HTTP says: it is revalidated, lives on, or is gone at once.

use asap_engine::KeyError;
use asap_tests::key_client::{KEY, fetched, is_at_hand, repository, until};
use asap_tests::key_server::{Asked, KeyServer, Reply, cached, reply};
use asap_tests::keys::public_key_pem;

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
