//! Several repositories: the next is asked when one does not answer, and one that is down is passed by until it answers
//! again. None of that is remembered of a key.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::key_client::{KEY, always, fetched, is_at_hand, until, without_rates};
use asap_tests::key_server::{KeyServer, Reply, cached, reply, unfinished};
use asap_tests::keys::public_key_pem;
use tokio::net::TcpListener;

/// Kept for an hour, but asked for again at each use.
const ASKED_AGAIN: &str = "max-age=0, stale-while-revalidate=3600";

/// What a server does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Key(&'static str),
    /// It serves all keys but those named `poison`, at which it fails.
    Fragile,
    Status(u16),
    Hang,
    /// It begins the body of a key, and does not end it.
    Stall,
}

/// A server whose mood the test changes.
struct Server {
    server: KeyServer,
    mood: Arc<Mutex<Mood>>,
}

impl Server {
    async fn new(mood: Mood) -> Self {
        let mood = Arc::new(Mutex::new(mood));
        let (pem, inside) = (public_key_pem(), Arc::clone(&mood));
        let server = KeyServer::http(move |asked| {
            let mood = match *inside.lock().unwrap() {
                Mood::Fragile if asked.path.contains("poison") => Mood::Status(500),
                mood => mood,
            };
            answer(mood, pem.clone())
        });
        let server = server.await;
        Self { server, mood }
    }

    fn turn(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> usize {
        self.server.asked().len()
    }

    fn was_asked_for(&self, text: &str) -> bool {
        let asked = self.server.asked();
        asked.iter().any(|asked| asked.path == format!("/{text}"))
    }
}

async fn answer(mood: Mood, pem: String) -> Reply {
    match mood {
        Mood::Key(cache_control) => cached(cache_control, pem),
        Mood::Fragile => cached("max-age=60", pem),
        Mood::Status(status) => reply(status, &[], ""),
        Mood::Hang => pending().await,
        Mood::Stall => unfinished(cached("max-age=60", pem)),
    }
}

const GOOD: Mood = Mood::Key("max-age=60");
const DOWN: Mood = Mood::Status(503);
const NOT_FOUND: Mood = Mood::Status(404);

/// A client of these, in this order. A hanging server costs it a second.
fn client(first: &Server, others: &[&Server]) -> KeyRepository {
    KeyRepository::new(config(&first.server.url(""), others)).unwrap()
}

/// A client of repositories that hold different keys.
fn client_of_different(first: &Server, second: &Server) -> KeyRepository {
    let config = config(&first.server.url(""), &[second]);
    KeyRepository::new(config.with_fallback_on_not_found(true)).unwrap()
}

fn config(first: &str, others: &[&Server]) -> KeyRepositoryConfig {
    let mut config = KeyRepositoryConfig::allowing_http_to_loopback(first).unwrap();
    for other in others {
        config = config.with_fallback(&other.server.url("")).unwrap();
    }
    without_rates(config).with_headers_deadline(Duration::from_secs(1))
}

fn is_up(keys: &KeyRepository) -> Vec<bool> {
    let stats = keys.stats();
    stats.repositories.iter().map(|one| one.is_up).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_asked_in_order_until_one_answers() {
    let servers = [
        Server::new(DOWN).await,
        Server::new(GOOD).await,
        Server::new(GOOD).await,
    ];
    let [first, second, third] = &servers;
    let keys = client(first, &[second, third]);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    assert_eq!(
        (first.was_asked_for(KEY), second.asked(), third.asked()),
        (true, 1, 0)
    );
    assert_eq!(is_up(&keys), [false, true, true]);
    let names: Vec<_> = keys
        .stats()
        .repositories
        .into_iter()
        .map(|one| one.base_url)
        .collect();
    assert_eq!(names, servers.each_ref().map(|one| one.server.url("")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_outage_leads_to_the_next_and_no_other_answer_does() {
    let second = Server::new(GOOD).await;
    for (mood, expected) in [
        (Mood::Status(500), Ok(())),
        (Mood::Status(503), Ok(())),
        (Mood::Status(599), Ok(())),
        (Mood::Hang, Ok(())),
        (Mood::Stall, Ok(())),
        (Mood::Status(404), Err(KeyError::Unknown)),
        (Mood::Status(403), Err(KeyError::Unknown)),
        (Mood::Status(410), Err(KeyError::Unknown)),
        (Mood::Status(401), Err(KeyError::Unavailable)),
        (Mood::Status(429), Err(KeyError::Unavailable)),
        (Mood::Status(302), Err(KeyError::Unavailable)),
    ] {
        let first = Server::new(mood).await;
        let config = config(&first.server.url(""), &[&second]);
        let keys = KeyRepository::new(config.with_fetch_deadline(Duration::from_secs(4))).unwrap();
        assert_eq!(fetched(&keys, KEY).await, expected, "{mood:?}");
        assert_eq!(is_up(&keys), [expected.is_err(), true], "{mood:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_does_not_come_about_leads_to_the_next() {
    let second = Server::new(GOOD).await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let untrusted = always(|| reply(404, &[], "")).await;
    let trusted = always(|| reply(404, &[], "")).await;
    for first in [
        closed,
        format!("https://{}", mute.local_addr().unwrap()),
        untrusted.url(""),
    ] {
        let config = config(&first, &[&second]);
        let config = config.with_root_certificates(trusted.ca_pem()).unwrap();
        let keys = KeyRepository::new(config).unwrap();
        assert_eq!(fetched(&keys, KEY).await, Ok(()), "{first}");
        assert_eq!(is_up(&keys), [false, true], "{first}");
    }
    assert!(untrusted.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_404_leads_on_where_the_repositories_hold_different_keys() {
    let second = Server::new(GOOD).await;
    for (status, expected) in [
        (404, Ok(())),
        (403, Err(KeyError::Unknown)),
        (410, Err(KeyError::Unknown)),
        (429, Err(KeyError::Unavailable)),
        (500, Ok(())),
    ] {
        let first = Server::new(Mood::Status(status)).await;
        let keys = client_of_different(&first, &second);
        assert_eq!(fetched(&keys, KEY).await, expected, "{status}");
        assert_eq!(is_up(&keys), [status != 500, true], "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_first_is_down_no_fetch_asks_it() {
    for mood in [DOWN, Mood::Hang] {
        let (first, second) = (Server::new(mood).await, Server::new(GOOD).await);
        let keys = client(&first, &[&second]);
        for number in 0..20 {
            assert_eq!(fetched(&keys, &format!("svc/{number}")).await, Ok(()));
        }
        // A probe is counted before it is sent.
        let asked = u64::try_from(first.asked()).unwrap();
        assert!(asked <= 1 + keys.stats().probes, "{mood:?}: {asked}");
        assert_eq!(second.asked(), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_it_answers_again_it_is_asked_again() {
    for mood in [DOWN, Mood::Hang] {
        let (first, second) = (Server::new(mood).await, Server::new(GOOD).await);
        let keys = client(&first, &[&second]);
        assert_eq!(fetched(&keys, "svc/before").await, Ok(()));
        until("a probe in vain", || keys.stats().probes > 1).await;
        assert_eq!(is_up(&keys), [false, true]);
        // That there is no such key is an answer, too.
        for (number, mood) in [GOOD, NOT_FOUND].into_iter().enumerate() {
            first.turn(mood);
            until("the recovery", || is_up(&keys) == [true, true]).await;
            assert_eq!(keys.stats().repositories[0].consecutive_failures, 0);
            first.turn(GOOD);
            let after = format!("svc/after-{number}");
            assert_eq!(fetched(&keys, &after).await, Ok(()));
            assert!(first.was_asked_for(&after) && !second.was_asked_for(&after));
            first.turn(DOWN);
            assert_eq!(fetched(&keys, &format!("svc/again-{number}")).await, Ok(()));
            assert_eq!(is_up(&keys), [false, true]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_all_are_down_all_are_asked_for_every_token() {
    let (first, second) = (Server::new(DOWN).await, Server::new(DOWN).await);
    let keys = client(&first, &[&second]);
    for _ in 0..10 {
        assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unavailable));
    }
    assert!(first.asked() >= 10 && second.asked() >= 10);
    // Nothing of that is kept: whichever is back first gives the key to the very next caller.
    second.turn(GOOD);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    let (first, second) = (Server::new(DOWN).await, Server::new(DOWN).await);
    let keys = client(&first, &[&second]);
    assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unavailable));
    first.turn(GOOD);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_repository_alone_is_asked_for_every_token_and_never_probed() {
    let only = Server::new(DOWN).await;
    let keys = client(&only, &[]);
    for _ in 0..10 {
        assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unavailable));
    }
    let stats = keys.stats();
    assert_eq!((only.asked(), stats.probes), (10, 0));
    let [health] = &stats.repositories[..] else {
        panic!("one repository")
    };
    assert_eq!((health.is_up, health.consecutive_failures), (false, 10));
    only.turn(GOOD);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    assert_eq!((only.asked(), is_up(&keys)), (11, vec![true]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_cannot_say_that_there_is_no_key_for_one_before_it_that_is_down() {
    for status in [404, 403, 410] {
        let (first, second) = (
            Server::new(DOWN).await,
            Server::new(Mood::Status(status)).await,
        );
        let keys = client(&first, &[&second]);
        // The first fetch finds the first repository down, the second one passes it by.
        for _ in 0..2 {
            assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unavailable));
        }
        assert_eq!(second.asked(), 2);
        first.turn(NOT_FOUND);
        until("the recovery", || is_up(&keys) == [true, true]).await;
        assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unknown));
        assert_eq!(second.asked(), 2);
        // One after it has no say.
        let keys = client(&second, &[&first]);
        first.turn(DOWN);
        assert_eq!(fetched(&keys, KEY).await, Err(KeyError::Unknown));
    }
}

/// A key in the cache, given by the first repository, which then turns to `first` and the second to `second`; the key
/// has been used, and what came of asking for it again is counted.
async fn revalidated(different: bool, first: Mood, second: Mood) -> KeyRepository {
    let one = Server::new(Mood::Key(ASKED_AGAIN)).await;
    let other = Server::new(second).await;
    let keys = if different {
        client_of_different(&one, &other)
    } else {
        client(&one, &[&other])
    };
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    one.turn(first);
    assert!(is_at_hand(&keys, KEY));
    until("the revalidation", || {
        let stats = keys.stats();
        stats.revalidations == 1 && stats.in_flight == 0
    })
    .await;
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deletion_of_a_key_reaches_its_users_through_a_mirror() {
    for status in [404, 403, 410] {
        for first in [DOWN, Mood::Hang, Mood::Status(status)] {
            let keys = revalidated(false, first, Mood::Status(status)).await;
            assert!(!is_at_hand(&keys, KEY), "{first:?} {status}");
            assert_eq!(keys.stats().keys, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_repositories_hold_different_keys_all_must_say_that_one_is_gone() {
    for (first, second, lives) in [
        (NOT_FOUND, NOT_FOUND, false),
        (Mood::Status(410), GOOD, false),
        (DOWN, NOT_FOUND, true),
        (NOT_FOUND, DOWN, true),
        (DOWN, Mood::Status(410), true),
        (NOT_FOUND, Mood::Hang, true),
        (NOT_FOUND, GOOD, true),
    ] {
        let keys = revalidated(true, first, second).await;
        assert_eq!(is_at_hand(&keys, KEY), lives, "{first:?} {second:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_the_server_fails_at_does_not_keep_it_down() {
    let (first, second) = (
        Server::new(Mood::Fragile).await,
        Server::new(NOT_FOUND).await,
    );
    let keys = client_of_different(&first, &second);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    for number in 0..3 {
        let poison = format!("svc/poison-{number}");
        assert_eq!(fetched(&keys, &poison).await, Err(KeyError::Unavailable));
        until("the recovery", || is_up(&keys) == [true, true]).await;
        assert_eq!(fetched(&keys, &format!("svc/{number}")).await, Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_the_server_fails_at_does_not_keep_it_down_from_the_start_either() {
    let (first, second) = (
        Server::new(Mood::Fragile).await,
        Server::new(NOT_FOUND).await,
    );
    let keys = client_of_different(&first, &second);
    let poison = || fetched(&keys, "svc/poison");
    assert_eq!(poison().await, Err(KeyError::Unavailable));
    until("a probe in vain", || {
        keys.stats().repositories[0].consecutive_failures > 1
    })
    .await;
    assert_eq!(is_up(&keys), [false, true]);
    // Others want keys of it.
    let good = fetched(&keys, KEY).await;
    assert!(
        matches!(good, Ok(()) | Err(KeyError::Unavailable)),
        "{good:?}"
    );
    until("the recovery", || is_up(&keys) == [true, true]).await;
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_all_servers_fail_at_does_not_keep_a_standby_down_that_was_never_asked() {
    let (first, second) = (
        Server::new(Mood::Fragile).await,
        Server::new(Mood::Fragile).await,
    );
    let keys = client(&first, &[&second]);
    assert_eq!(fetched(&keys, KEY).await, Ok(()));
    let poisoned = fetched(&keys, "svc/poison").await;
    assert_eq!((poisoned, second.asked()), (Err(KeyError::Unavailable), 1));
    until("the recovery", || is_up(&keys) == [true, true]).await;
}
