//! What monitoring is told of a key repository: every counter moves when it should, and no other does.

use std::future::{pending, ready};
use std::time::Duration;

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig, KeyRepositoryStats, KeySource};
use asap_tests::key_client::{
    KEY, always, config, fetched, held, is_at_hand, key_id, repository, until,
};
use asap_tests::key_server::{Gate, KeyServer, Reply, cached, reply, unfinished};
use asap_tests::keys::public_key_pem;
use asap_tests::simulated::{SimulatedServer, in_paused_time, simulated_reply};
use http::Request;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// The outcomes that are not zero, with their names.
fn outcomes(keys: &KeyRepository) -> Vec<(&'static str, u64)> {
    let mut outcomes = keys.stats().outcomes.by_name().to_vec();
    outcomes.retain(|(_, count)| *count > 0);
    outcomes
}

/// All but the ages, the bytes and the repositories.
fn counts(stats: &KeyRepositoryStats) -> Vec<(&'static str, u64)> {
    let gauge = |value: usize| u64::try_from(value).unwrap();
    let mut counts = vec![
        ("hits", stats.hits),
        ("misses", stats.misses),
        ("coalesced", stats.coalesced),
        ("fetches", stats.fetches),
        ("revalidations", stats.revalidations),
        ("failures", stats.failures),
        ("refused_by_limits", stats.refused_by_limits),
        ("refused_by_issuer_rate", stats.refused_by_issuer_rate),
        ("refused_by_rate", stats.refused_by_rate),
        ("probes", stats.probes),
        ("evictions", stats.evictions),
        ("evictions_from_use", stats.evictions_from_use),
        ("keys", gauge(stats.keys)),
        ("keys_in_use", gauge(stats.keys_in_use)),
        ("in_flight", gauge(stats.in_flight)),
        (
            "first_fetches_under_way",
            gauge(stats.first_fetches_under_way),
        ),
        (
            "revalidations_under_way",
            gauge(stats.revalidations_under_way),
        ),
    ];
    counts.retain(|(_, count)| *count > 0);
    counts
}

#[test]
fn whether_a_key_is_at_hand_is_told_without_a_use_of_it() {
    in_paused_time(async {
        let server = SimulatedServer::giving_everyone("max-age=10", Duration::ZERO);
        let keys = server.client();
        assert!(!keys.is_at_hand(key_id(KEY)));
        fetched(&keys, KEY).await.unwrap();
        let before = counts(&keys.stats());
        for _ in 0..9 {
            assert!(keys.is_at_hand(key_id(KEY)));
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(counts(&keys.stats()), before);
        // Nobody used it, so nobody refreshed it.
        sleep(Duration::from_secs(1)).await;
        assert!(!keys.is_at_hand(key_id(KEY)));
        assert_eq!(server.asked().len(), 1);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_fetched_and_used_is_counted() {
    let pem = public_key_pem();
    let server = always(move || cached("max-age=60", pem.clone())).await;
    let keys = repository(&server);
    let new = keys.stats();
    assert_eq!((counts(&new), new.bytes), (vec![], 0));
    assert_eq!((new.oldest_flight, new.oldest_key), (None, None));
    assert!(!is_at_hand(&keys, KEY));
    assert_eq!(counts(&keys.stats()), [("misses", 1)]);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    for _ in 0..5 {
        assert!(is_at_hand(&keys, KEY));
    }
    let stats = keys.stats();
    assert_eq!(
        counts(&stats),
        [
            ("hits", 5),
            ("misses", 1),
            ("fetches", 1),
            ("keys", 1),
            ("keys_in_use", 1)
        ]
    );
    assert_eq!(outcomes(&keys), [("key", 1)]);
    assert!(stats.bytes > 1000 && stats.oldest_key.is_some() && stats.oldest_flight.is_none());
    let [only] = &stats.repositories[..] else {
        panic!("one repository")
    };
    assert_eq!(only.base_url, server.url("/keys"));
    assert_eq!(
        (only.is_up, only.consecutive_failures, only.probes),
        (true, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_for_a_fetch_and_what_waits_for_its_place_are_counted() {
    let (server, gate) = held("max-age=60").await;
    let keys = KeyRepository::new(config(&server).with_max_concurrent_fetches(1)).unwrap();
    let callers: Vec<_> = (0..5)
        .map(|_| {
            let keys = keys.clone();
            tokio::spawn(async move { fetched(&keys, KEY).await })
        })
        .collect();
    until("four waiters", || keys.stats().coalesced == 4).await;
    let caller = keys.clone();
    let waiting = tokio::spawn(async move { fetched(&caller, "svc/other").await });
    until("two fetches", || keys.stats().in_flight == 2).await;
    until("the request", || server.asked().len() == 1).await;
    let stats = keys.stats();
    assert_eq!(
        counts(&stats),
        [
            ("coalesced", 4),
            ("fetches", 1),
            ("in_flight", 2),
            ("first_fetches_under_way", 1)
        ]
    );
    assert!(outcomes(&keys).is_empty() && stats.oldest_flight.is_some());
    gate.open();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(()));
    }
    assert_eq!(waiting.await.unwrap(), Ok(()));
    let stats = keys.stats();
    assert_eq!(
        (
            stats.in_flight,
            stats.first_fetches_under_way,
            stats.oldest_flight
        ),
        (0, 0, None)
    );
    assert_eq!(outcomes(&keys), [("key", 2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_counted_by_the_limit() {
    let server = always(|| reply(404, &[], "")).await;
    let hour = Duration::from_secs(3600);
    let config = config(&server).with_fetch_rate_per_issuer(2, hour);
    let keys = KeyRepository::new(config.with_fetch_rate(3, hour)).unwrap();
    for (text, issuer, expected) in [
        ("a/1", "a", Err(KeyError::Unknown)),
        ("a/2", "a", Err(KeyError::Unknown)),
        ("a/3", "a", Err(KeyError::Unavailable)),
        ("b/1", "b", Err(KeyError::Unknown)),
        ("b/2", "b", Err(KeyError::Unavailable)),
        ("c/1", "c", Err(KeyError::Unavailable)),
    ] {
        let fetched = keys.fetch(key_id(text), issuer).await.map(drop);
        assert_eq!(fetched, expected, "{text}");
    }
    assert_eq!(
        counts(&keys.stats()),
        [
            ("fetches", 3),
            ("refused_by_limits", 3),
            ("refused_by_issuer_rate", 1),
            ("refused_by_rate", 2)
        ]
    );
    assert_eq!(outcomes(&keys), [("not_found", 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revalidation_is_counted_while_it_is_under_way_and_when_it_has_ended() {
    let (pem, gate) = (public_key_pem(), Gate::closed());
    let inside = gate.clone();
    let server = KeyServer::https(move |asked| {
        let (pem, gate) = (pem.clone(), inside.clone());
        async move {
            if asked.number == 0 {
                let stale = ("cache-control", "max-age=0, stale-while-revalidate=3600");
                return reply(200, &[stale, ("etag", "\"v1\"")], pem);
            }
            gate.pass().await;
            reply(304, &[("cache-control", "max-age=3600")], "")
        }
    })
    .await;
    let keys = repository(&server);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    assert!(is_at_hand(&keys, KEY));
    until("the revalidation", || {
        keys.stats().revalidations_under_way == 1
    })
    .await;
    assert_eq!(
        counts(&keys.stats()),
        [
            ("hits", 1),
            ("fetches", 2),
            ("revalidations", 1),
            ("keys", 1),
            ("keys_in_use", 1),
            ("in_flight", 1),
            ("revalidations_under_way", 1)
        ]
    );
    gate.open();
    until("the end of it", || keys.stats().in_flight == 0).await;
    assert_eq!(keys.stats().revalidations_under_way, 0);
    assert_eq!(outcomes(&keys), [("key", 1), ("unchanged", 1)]);
}

/// What a client counts of one fetch from a server that answers so.
async fn counted<R>(answer: impl Fn() -> R + Send + Sync + 'static) -> Vec<(&'static str, u64)>
where
    R: Future<Output = Reply> + Send + 'static,
{
    let server = KeyServer::https(move |_| answer()).await;
    let keys = KeyRepository::new(config(&server)).unwrap();
    counted_of(&keys).await
}

async fn counted_of(keys: &KeyRepository) -> Vec<(&'static str, u64)> {
    let fetched = fetched(keys, KEY).await;
    let outcomes = outcomes(keys);
    let failed = u64::from(fetched == Err(KeyError::Unavailable));
    assert_eq!(keys.stats().failures, failed, "{outcomes:?}");
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fetch_is_counted_by_its_outcome() {
    for status in [403, 404, 410] {
        let counted = counted(move || ready(reply(status, &[], ""))).await;
        assert_eq!(counted, [("not_found", 1)]);
    }
    for status in [204, 304, 401, 429, 500, 503] {
        let counted = counted(move || ready(reply(status, &[], ""))).await;
        assert_eq!(counted, [("status", 1)], "{status}");
    }
    for location in ["http://127.0.0.1/", "file:///", "/keys/svc/key"] {
        let counted = counted(move || ready(reply(302, &[("location", location)], ""))).await;
        assert_eq!(counted, [("redirect", 1)], "{location}");
    }
    let encoded = [("content-encoding", "gzip")];
    let bodies = [
        counted(|| ready(reply(200, &[], "<html>"))).await,
        counted(move || ready(reply(200, &encoded, "x"))).await,
        counted(|| ready(reply(200, &[], "x".repeat(100_000)))).await,
    ];
    for counted in bodies {
        assert_eq!(counted, [("body", 1)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fetch_that_does_not_come_about_is_counted_by_its_cause() {
    let pem = public_key_pem();
    let silent = KeyServer::https(|_| pending()).await;
    let endless = always(move || unfinished(cached("max-age=60", pem.clone()))).await;
    for server in [silent, endless] {
        let config = config(&server).with_fetch_deadline(Duration::from_millis(300));
        let keys = KeyRepository::new(config).unwrap();
        assert_eq!(counted_of(&keys).await, [("deadline", 1)]);
    }
    let server = always(|| reply(404, &[], "")).await;
    let other = always(|| reply(404, &[], "")).await;
    let config = config(&server).with_root_certificates(other.ca_pem());
    let keys = KeyRepository::new(config.unwrap()).unwrap();
    assert_eq!(counted_of(&keys).await, [("tls", 1)]);
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&closed).unwrap();
    let keys = KeyRepository::new(config).unwrap();
    assert_eq!(counted_of(&keys).await, [("connection", 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_have_to_go_are_counted() {
    let pem = public_key_pem();
    let server = always(move || cached("max-age=60", pem.clone())).await;
    let keys = KeyRepository::new(config(&server).with_max_keys(4)).unwrap();
    for number in 0..20 {
        assert_eq!(fetched(&keys, &format!("svc/{number}")).await, Ok(()));
    }
    let stats = keys.stats();
    assert!(stats.keys <= 4 && stats.keys_in_use <= 4, "{stats:?}");
    assert_eq!(stats.evictions, 20 - u64::try_from(stats.keys).unwrap());
    assert!((1..20).contains(&stats.evictions_from_use), "{stats:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_counted_for_the_repository_that_is_down_and_not_as_fetches() {
    let first = KeyServer::http(|_| ready(reply(503, &[], ""))).await;
    let second = KeyServer::http(|_| ready(reply(404, &[], ""))).await;
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&first.url("")).unwrap();
    let keys = KeyRepository::new(config.with_fallback(&second.url("")).unwrap()).unwrap();
    assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unavailable));
    until("some probes", || {
        keys.stats().repositories[0].consecutive_failures >= 4
    })
    .await;
    let stats = keys.stats();
    let [one, other] = &stats.repositories[..] else {
        panic!("two repositories")
    };
    assert!(stats.probes >= 3 && one.probes == stats.probes && other.probes == 0);
    assert!(!one.is_up && other.is_up);
    assert_eq!((stats.fetches, outcomes(&keys)), (1, vec![("status", 1)]));
}

#[test]
fn ages_are_told_to_the_millisecond() {
    in_paused_time(async {
        let pem = public_key_pem();
        let server = SimulatedServer::new(move |_, request: Request<()>| {
            let pem = pem.clone();
            async move {
                if request.uri().path().ends_with("slow") {
                    sleep(Duration::from_millis(2500)).await;
                    return Ok(simulated_reply(503, &[], ""));
                }
                let headers = [("cache-control", "max-age=60")];
                Ok(simulated_reply(200, &headers, pem))
            }
        });
        let keys = server.client();
        sleep(Duration::from_millis(500)).await;
        assert_eq!(fetched(&keys, "svc/one").await, Ok(()));
        sleep(Duration::from_millis(1500)).await;
        assert_eq!(fetched(&keys, "svc/two").await, Ok(()));
        sleep(Duration::from_millis(500)).await;
        let caller = keys.clone();
        let slow = tokio::spawn(async move { fetched(&caller, "svc/slow").await });
        sleep(Duration::from_millis(1250)).await;
        let stats = keys.stats();
        assert_eq!(stats.oldest_key, Some(Duration::from_millis(3250)));
        assert_eq!(stats.oldest_flight, Some(Duration::from_millis(1250)));
        let [only] = &stats.repositories[..] else {
            panic!("one repository")
        };
        assert_eq!(
            (only.is_up, only.unchanged_for),
            (true, Duration::from_millis(3750))
        );
        assert_eq!(slow.await.unwrap(), Err(KeyError::Unavailable));
        sleep(Duration::from_millis(750)).await;
        let stats = keys.stats();
        assert_eq!(stats.oldest_flight, None);
        let only = &stats.repositories[0];
        assert_eq!(
            (only.is_up, only.unchanged_for, only.consecutive_failures),
            (false, Duration::from_millis(750), 1)
        );
        // Gone stale, neither counts.
        sleep(Duration::from_secs(60)).await;
        assert_eq!((keys.stats().keys, keys.stats().oldest_key), (2, None));
    });
}
