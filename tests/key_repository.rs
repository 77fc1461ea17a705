//! Keys are fetched over real TLS sockets, as the specification says, and never asked for twice at once.

use std::sync::Arc;

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::key_client::{KEY, always, config, fetched, held, is_at_hand, repository, until};
use asap_tests::key_server::{KeyServer, cached, reply};
use asap_tests::keys::public_key_pem;

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
    // Nothing to store: whoever did not wait for this very request would make another.
    let (server, gate) = held("no-store").await;
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
    let (server, gate) = held("max-age=60").await;
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
async fn fetches_beyond_the_places_wait_for_one() {
    let (server, gate) = held("max-age=60").await;
    let repository =
        Arc::new(KeyRepository::new(config(&server).with_max_concurrent_fetches(1)).unwrap());
    let admitted = tokio::spawn({
        let repository = Arc::clone(&repository);
        async move { fetched(&repository, KEY).await }
    });
    until("the request", || server.asked().len() == 1).await;
    let waiting = tokio::spawn({
        let repository = Arc::clone(&repository);
        async move { fetched(&repository, "svc/other").await }
    });
    until("the wait", || repository.stats().in_flight == 2).await;
    assert_eq!(server.asked().len(), 1);
    gate.open();
    assert_eq!(admitted.await.unwrap(), Ok(()));
    assert_eq!(waiting.await.unwrap(), Ok(()));
    assert_eq!(repository.stats().refused_by_limits, 0);
}
