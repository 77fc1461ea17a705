//! However many callers want one key, it is asked for once; whatever becomes of that fetch, each of them is told by the
//! deadline, and the next caller starts anew.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use asap_engine::internals::{SimulatedResponse, SimulatedSending, World, simulated_repository};
use asap_engine::{KeyError, KeyRepository, KeyRepositoryConfig};
use asap_tests::key_client::{KEY, config, fetched, held, is_at_hand, patient, until};
use asap_tests::key_server::{Gate, KeyServer, cached};
use asap_tests::keys::public_key_pem;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

const CALLERS: usize = 10_000;

type Caller = JoinHandle<Result<(), KeyError>>;

/// So many callers of one key, each on a task of its own.
fn callers(repository: &KeyRepository, count: usize) -> Vec<Caller> {
    let caller = |_| {
        let repository = repository.clone();
        tokio::spawn(async move { fetched(&repository, KEY).await })
    };
    (0..count).map(caller).collect()
}

async fn all_got(callers: Vec<Caller>, end: Result<(), KeyError>) {
    for caller in callers {
        assert_eq!(caller.await.unwrap(), end);
    }
}

async fn until_waiting(repository: &KeyRepository, count: usize) {
    until("the waiters", || {
        repository.stats().coalesced == count as u64
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_concurrent_misses_make_one_request() {
    // Nothing to store: whoever did not wait for this very request would make another.
    let (server, gate) = held("no-store").await;
    let repository = KeyRepository::new(patient(config(&server))).unwrap();
    let callers = callers(&repository, CALLERS);
    until_waiting(&repository, CALLERS - 1).await;
    gate.open();
    all_got(callers, Ok(())).await;
    assert_eq!(server.asked().len(), 1);
    let stats = repository.stats();
    assert_eq!((stats.fetches, stats.in_flight, stats.keys), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_that_began_the_fetch_hangs_up_and_nothing_changes() {
    let (server, gate) = held("no-store").await;
    let repository = KeyRepository::new(patient(config(&server))).unwrap();
    let leader = callers(&repository, 1).remove(0);
    until("the request", || server.asked().len() == 1).await;
    let waiting = callers(&repository, CALLERS);
    until_waiting(&repository, CALLERS).await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    // Half of those who wait hang up, too.
    let mut staying = waiting;
    let leaving = staying.split_off(CALLERS / 2);
    for caller in leaving {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    gate.open();
    all_got(staying, Ok(())).await;
    assert_eq!(server.asked().len(), 1);
    assert_eq!(repository.stats().in_flight, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_wakes_everyone_at_the_deadline_and_is_asked_again() {
    let pem = public_key_pem();
    let server = KeyServer::https(move |asked| {
        let pem = pem.clone();
        async move {
            if asked.number == 0 {
                pending::<()>().await;
            }
            cached("max-age=60", pem)
        }
    })
    .await;
    // Long enough for all to call before.
    let deadline = Duration::from_secs(6);
    let config = patient(config(&server)).with_fetch_deadline(deadline);
    let repository = KeyRepository::new(config).unwrap();
    let callers = callers(&repository, CALLERS);
    until_waiting(&repository, CALLERS - 1).await;
    all_got(callers, Err(KeyError::Unavailable)).await;
    assert_eq!((server.asked().len(), repository.stats().in_flight), (1, 0));
    assert_eq!(fetched(&repository, KEY).await, Ok(()));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_server_is_not_asked_again_by_those_who_gave_up() {
    let (server, gate) = held("max-age=60").await;
    let repository = KeyRepository::new(patient(config(&server))).unwrap();
    for wave in 1..=10 {
        let impatient: Vec<_> = (0..100)
            .map(|_| {
                let repository = repository.clone();
                let patience = Duration::from_millis(5);
                tokio::spawn(async move { timeout(patience, fetched(&repository, KEY)).await })
            })
            .collect();
        for caller in impatient {
            assert!(caller.await.unwrap().is_err(), "wave {wave}");
        }
        assert_eq!(repository.stats().fetches, 1, "wave {wave}");
    }
    gate.open();
    assert_eq!(fetched(&repository, KEY).await, Ok(()));
    assert!(is_at_hand(&repository, KEY));
    assert_eq!(server.asked().len(), 1);
}

/// How a simulated server takes a request.
#[derive(Debug, Clone, Copy)]
enum Taking {
    /// It answers after this time.
    AnswersAfter(Duration),
    /// The client itself panics when it sends.
    PanicsAtOnce,
    /// It panics later, when the gate opens.
    PanicsAtTheGate,
}

/// A server that takes its first request like this and answers every other one at once.
struct Played {
    first: Taking,
    pem: String,
    gate: Gate,
    asked: AtomicUsize,
    chance: AtomicU64,
}

impl Played {
    fn new(first: Taking) -> Arc<Self> {
        Arc::new(Self {
            first,
            pem: public_key_pem(),
            gate: Gate::closed(),
            asked: AtomicUsize::new(0),
            chance: AtomicU64::new(1),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl World for Played {
    fn send(&self, _: Request<()>, _: bool) -> SimulatedSending {
        let answer = answer(self.pem.clone());
        if self.asked.fetch_add(1, Ordering::SeqCst) > 0 {
            return Box::pin(async { Ok(answer) });
        }
        let gate = self.gate.clone();
        match self.first {
            Taking::AnswersAfter(pause) => Box::pin(async move {
                tokio::time::sleep(pause).await;
                Ok(answer)
            }),
            Taking::PanicsAtOnce => panic!("on purpose, when it is sent"),
            Taking::PanicsAtTheGate => Box::pin(async move {
                gate.pass().await;
                panic!("on purpose, while it is waited for")
            }),
        }
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn random(&self) -> u64 {
        self.chance
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst)
    }
}

fn answer(pem: String) -> SimulatedResponse {
    let body = Full::new(Bytes::from(pem)).map_err(|never| -> io::Error { match never {} });
    Response::builder()
        .header("cache-control", "max-age=60")
        .body(body.boxed_unsync())
        .unwrap()
}

/// A client of `server`, which gives up after four seconds.
fn client_of(server: &Arc<Played>) -> KeyRepository {
    let config = KeyRepositoryConfig::new("https://keys.example").unwrap();
    let config = config
        .with_headers_deadline(Duration::from_secs(4))
        .with_fetch_deadline(Duration::from_secs(4));
    simulated_repository(config, Arc::clone(server)).unwrap()
}

#[tokio::test]
async fn a_fetch_that_panics_wakes_everyone_and_the_next_caller_starts_anew() {
    for first in [Taking::PanicsAtOnce, Taking::PanicsAtTheGate] {
        let server = Played::new(first);
        let repository = client_of(&server);
        // On one thread all of them call before the fetch runs.
        let callers = callers(&repository, CALLERS);
        until_waiting(&repository, CALLERS - 1).await;
        server.gate.open();
        all_got(callers, Err(KeyError::Unavailable)).await;
        assert_eq!((server.asked(), repository.stats().in_flight), (1, 0));
        assert_eq!(fetched(&repository, KEY).await, Ok(()));
        assert_eq!(server.asked(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_ends_at_its_deadline_for_everyone_and_not_later() {
    let server = Played::new(Taking::AnswersAfter(Duration::from_secs(3600)));
    let repository = client_of(&server);
    let start = Instant::now();
    let mut waiting = callers(&repository, CALLERS / 2);
    // Who comes late waits no longer than the fetch.
    tokio::time::sleep(Duration::from_millis(3_900)).await;
    waiting.extend(callers(&repository, CALLERS / 2));
    all_got(waiting, Err(KeyError::Unavailable)).await;
    let waited = start.elapsed();
    assert!(
        waited >= Duration::from_secs(4) && waited < Duration::from_millis(4_010),
        "{waited:?}"
    );
    assert_eq!((server.asked(), repository.stats().in_flight), (1, 0));
    assert_eq!(fetched(&repository, KEY).await, Ok(()));
    assert_eq!(server.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_slow_origin_is_asked_once_however_many_waits_time_out() {
    let server = Played::new(Taking::AnswersAfter(Duration::from_secs(3)));
    let repository = client_of(&server);
    let start = Instant::now();
    let patience = Duration::from_millis(100);
    let mut gave_up = 0;
    while timeout(patience, fetched(&repository, KEY)).await.is_err() {
        gave_up += 1;
    }
    assert!((29..=30).contains(&gave_up), "{gave_up}");
    assert!(start.elapsed() < Duration::from_millis(3_010));
    assert!(is_at_hand(&repository, KEY));
    assert_eq!(server.asked(), 1);
}
