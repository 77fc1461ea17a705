//! A flood of tokens that name keys there are not: it costs the fetches that the limits allow, leaves nothing behind, and
//! takes nothing from the tokens of known keys or of new good issuers.
//!
//! What is allowed is counted exactly: one more in 1,000 seconds is none more while a test runs. The long form, a million
//! tokens of each kind and the latencies meanwhile, is
//! `cargo test --release -p asap-tests --test key_flood -- --ignored --nocapture`.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use asap_engine::{Algorithm, Engine, KeyError, KeyRepository, KeyRepositoryConfig, VerifyError};
use asap_tests::fixture::{AUDIENCE, ISSUER, NOW, NOW_SECONDS, policy, verdict_now};
use asap_tests::key_client::{config, fetched, patient};
use asap_tests::key_server::{KeyServer, cached, reply};
use asap_tests::keys::key;
use asap_tests::simulated::{SimulatedServer, in_paused_time};
use asap_tests::token::{Token, compact};
use tokio::time::sleep;

/// Nothing refills while a test runs.
const SLOW: Duration = Duration::from_secs(1000);

/// How many tokens a flood has.
const FLOOD: usize = 20_000;

/// How many of them are verified at once.
const AT_ONCE: usize = 64;

type Verifier = Arc<Engine<KeyRepository>>;

/// A server that has the keys of the client and of issuers whose names begin with `good`, but none that is called `absent`
/// and no other issuer's.
async fn server() -> KeyServer {
    KeyServer::https(|asked| {
        let is_there = ["/keys/client/", "/keys/good"]
            .iter()
            .any(|prefix| asked.path.starts_with(prefix));
        ready(if is_there && !asked.path.contains("absent") {
            cached("max-age=3600", key(Algorithm::Es256).public_key_pem())
        } else {
            reply(404, &[], "no such key")
        })
    })
    .await
}

fn verifier(config: KeyRepositoryConfig) -> Verifier {
    let keys = KeyRepository::new(patient(config)).unwrap();
    Arc::new(Engine::new(policy(), keys).with_clock(|| NOW))
}

/// A token that is good if there is this key.
fn good(issuer: &str, key: &str) -> String {
    Token::es256()
        .header("kid", &format!("\"{issuer}/{key}\""))
        .claim("iss", &format!("\"{issuer}\""))
        .sign()
}

/// A token that only its signature shows to be forged.
fn forged(issuer: &str, key: &str) -> String {
    let (issued, expires) = (NOW_SECONDS, NOW_SECONDS + 60);
    compact(
        format!(r#"{{"alg":"ES256","kid":"{issuer}/{key}"}}"#),
        format!(
            r#"{{"iss":"{issuer}","aud":"{AUDIENCE}","iat":{issued},"exp":{expires},"jti":"1"}}"#
        ),
        [1; 64],
    )
}

fn from_one_issuer(number: usize) -> String {
    forged("flood", &number.to_string())
}

fn from_known_issuers(number: usize) -> String {
    forged(
        &format!("good-{}", number % 100),
        &format!("absent-{number}"),
    )
}

fn from_thousands(number: usize) -> String {
    forged(&format!("flood-{number}"), "key")
}

/// How a flood was answered.
#[derive(Debug, Default)]
struct Answers {
    unknown: AtomicUsize,
    unavailable: AtomicUsize,
}

impl Answers {
    fn unknown(&self) -> usize {
        self.unknown.load(Ordering::SeqCst)
    }

    fn unavailable(&self) -> usize {
        self.unavailable.load(Ordering::SeqCst)
    }

    fn count(&self, verdict: Result<(), VerifyError>) {
        let counter = match verdict {
            Err(VerifyError::KeyUnknown) => &self.unknown,
            Err(VerifyError::KeyUnavailable) => &self.unavailable,
            other => panic!("a token of the flood: {other:?}"),
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

/// Verifies the tokens of these numbers, so many at once.
async fn flood(
    verifier: &Verifier,
    numbers: std::ops::Range<usize>,
    token: fn(usize) -> String,
) -> Arc<Answers> {
    let (next, answers) = (Arc::new(AtomicUsize::new(numbers.start)), Arc::default());
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (verifier, next) = (Arc::clone(verifier), Arc::clone(&next));
            let answers: Arc<Answers> = Arc::clone(&answers);
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= numbers.end {
                        return;
                    }
                    let verdict = verifier.verify(token(number).as_bytes()).await;
                    answers.count(verdict.map(drop));
                    // A gateway reads the next request here: the runtime gets to its sockets.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    answers
}

/// Verifies a token of a known key without waiting, again and again, until the flood is over.
struct Bystander {
    flood_is_over: Arc<AtomicBool>,
    verifying: tokio::task::JoinHandle<usize>,
}

impl Bystander {
    async fn of(verifier: &Verifier) -> Self {
        let token = good(ISSUER, "known");
        verifier.verify(token.as_bytes()).await.unwrap();
        let flood_is_over = Arc::new(AtomicBool::new(false));
        let (verifier, is_over) = (Arc::clone(verifier), Arc::clone(&flood_is_over));
        let verifying = tokio::task::spawn_blocking(move || {
            let mut verified = 0;
            while !is_over.load(Ordering::SeqCst) {
                // It panics if the key is not at hand.
                verdict_now(&verifier, &token).unwrap();
                verified += 1;
            }
            verified
        });
        Self {
            flood_is_over,
            verifying,
        }
    }

    async fn end(self) {
        self.flood_is_over.store(true, Ordering::SeqCst);
        assert!(self.verifying.await.unwrap() > 0);
    }
}

/// How many requests were made for keys of the flood.
fn asked_in_vain(server: &KeyServer) -> usize {
    let asked = server.asked();
    let of_the_flood = asked
        .iter()
        .filter(|asked| asked.path.contains("flood") || asked.path.contains("absent"));
    of_the_flood.count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_one_issuer_costs_its_burst_and_keeps_no_known_key_waiting() {
    let server = server().await;
    let verifier = verifier(config(&server).with_fetch_rate_per_issuer(5, SLOW));
    let bystander = Bystander::of(&verifier).await;
    let answers = flood(&verifier, 0..FLOOD, from_one_issuer).await;
    bystander.end().await;
    assert_eq!((answers.unknown(), asked_in_vain(&server)), (5, 5));
    assert_eq!(answers.unavailable(), FLOOD - 5);
    let stats = verifier.keys().stats();
    assert_eq!(stats.refused_by_issuer_rate, (FLOOD - 5) as u64);
    assert_eq!(stats.refused_by_limits, stats.refused_by_issuer_rate);
    assert_eq!((stats.fetches, stats.keys, stats.in_flight), (6, 1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_thousands_of_issuers_costs_the_burst_over_all() {
    let server = server().await;
    let verifier = verifier(config(&server).with_fetch_rate(50, SLOW));
    let bystander = Bystander::of(&verifier).await;
    let answers = flood(&verifier, 0..FLOOD, from_thousands).await;
    // Nothing is left for issuers that nobody knows; the known one has its own.
    let new_key_of_a_known_issuer = good(ISSUER, "new");
    verifier
        .verify(new_key_of_a_known_issuer.as_bytes())
        .await
        .unwrap();
    let new_issuer = verifier.verify(good("good", "key").as_bytes()).await;
    assert_eq!(new_issuer.unwrap_err(), VerifyError::KeyUnavailable);
    bystander.end().await;
    assert_eq!((answers.unknown(), asked_in_vain(&server)), (50, 50));
    assert_eq!(answers.unavailable(), FLOOD - 50);
    let stats = verifier.keys().stats();
    assert_eq!(stats.refused_by_rate, (FLOOD - 50 + 1) as u64);
    assert_eq!((stats.fetches, stats.keys, stats.in_flight), (52, 2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_in_the_names_of_known_issuers_costs_one_burst_more() {
    let server = server().await;
    let verifier = verifier(config(&server).with_fetch_rate(50, SLOW));
    for number in 0..100 {
        let token = good(&format!("good-{number}"), "key");
        verifier.verify(token.as_bytes()).await.unwrap();
    }
    let known = flood(&verifier, 0..FLOOD, from_known_issuers).await;
    assert_eq!((known.unknown(), asked_in_vain(&server)), (50, 50));
    let invented = flood(&verifier, 0..FLOOD, from_thousands).await;
    assert_eq!((invented.unknown(), asked_in_vain(&server)), (50, 100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_gets_what_the_rate_allows_for_the_time_that_passed() {
    let server = server().await;
    let interval = Duration::from_millis(10);
    let verifier = verifier(config(&server).with_fetch_rate_per_issuer(5, interval));
    let start = Instant::now();
    flood(&verifier, 0..FLOOD, from_one_issuer).await;
    let intervals = start.elapsed().as_nanos() / interval.as_nanos();
    let asked = asked_in_vain(&server);
    assert!(asked >= 5 && asked as u128 <= 5 + intervals, "{asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_good_issuers_get_their_keys_while_another_floods() {
    let server = server().await;
    let config = config(&server)
        .with_fetch_rate_per_issuer(5, SLOW)
        .with_fetch_rate(10, SLOW);
    let verifier = verifier(config);
    let flooding = tokio::spawn({
        let verifier = Arc::clone(&verifier);
        async move { flood(&verifier, 0..FLOOD, from_one_issuer).await }
    });
    for number in 0..50 {
        let token = good(&format!("good-{number}"), "key");
        verifier.verify(token.as_bytes()).await.unwrap();
    }
    let answers = flooding.await.unwrap();
    assert_eq!((answers.unknown(), asked_in_vain(&server)), (5, 5));
    assert_eq!(server.asked().len(), 5 + 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_start_with_two_thousand_good_keys_is_refused_by_no_limit() {
    let server = server().await;
    let verifier = verifier(config(&server));
    // As many at once as there are places, the default limits, and issuers with four keys each.
    let next = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..asap_engine::limits::DEFAULT_MAX_CONCURRENT_FETCHES)
        .map(|_| {
            let (verifier, next) = (Arc::clone(&verifier), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= 2_000 {
                        return;
                    }
                    let (issuer, key) = (number / 4, number % 4);
                    let token = good(&format!("good-{issuer}"), &format!("key-{key}"));
                    verifier.verify(token.as_bytes()).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let stats = verifier.keys().stats();
    assert_eq!((stats.fetches, stats.refused_by_limits), (2_000, 0));
    assert_eq!(stats.keys, 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revalidations_wait_for_the_one_place_there_is_and_none_is_refused() {
    // Stale at once, but kept.
    let server = KeyServer::https(|_| {
        let pem = key(Algorithm::Es256).public_key_pem();
        ready(cached("max-age=0, stale-if-error=3600", pem))
    })
    .await;
    let config = config(&server).with_max_concurrent_revalidations(1);
    let verifier = verifier(config.with_fetch_rate(1, SLOW));
    let tokens: Vec<_> = (0..200)
        .map(|number| good("good", &number.to_string()))
        .collect();
    for token in &tokens {
        verifier.verify(token.as_bytes()).await.unwrap();
    }
    let callers: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let verifier = Arc::clone(&verifier);
            tokio::spawn(async move { verifier.verify(token.as_bytes()).await.map(drop) })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    let stats = verifier.keys().stats();
    assert_eq!((stats.fetches, stats.revalidations), (400, 200));
    assert_eq!((stats.refused_by_limits, stats.in_flight), (0, 0));
}

#[test]
fn nobody_waits_for_a_place_longer_than_for_a_fetch() {
    in_paused_time(async {
        // Nothing is ever answered.
        let server = SimulatedServer::new(|_, _| std::future::pending());
        let keys = server.client_with(|config| config.with_max_concurrent_fetches(2));
        let fetches: Vec<_> = (0..100)
            .map(|number| {
                let keys = keys.clone();
                tokio::spawn(async move { fetched(&keys, &format!("svc/{number}")).await })
            })
            .collect();
        for fetch in fetches {
            assert_eq!(fetch.await.unwrap(), Err(KeyError::Unavailable));
        }
        // Those that come to the two places in their last moment have their time, too.
        sleep(Duration::from_secs(6)).await;
        let (stats, asked) = (keys.stats(), server.asked().len());
        assert!((2..=4).contains(&asked), "{asked}");
        assert_eq!(stats.refused_by_places, 100 - asked as u64);
        assert_eq!(stats.refused_by_limits, stats.refused_by_places);
        assert_eq!(stats.in_flight, 0);
    });
}

#[test]
fn a_flood_leaves_nothing_in_memory() {
    // Everything on one thread, so that all of it is counted.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_server, verifier) = runtime.block_on(async {
        let server = server().await;
        let config = config(&server).with_fetch_rate(50, SLOW);
        let verifier = verifier(config.with_fetch_rate_per_issuer(5, SLOW));
        // What the first requests leave: connections, and tables of their final size.
        for token in [from_one_issuer, from_thousands] {
            flood(&verifier, 0..1_000, token).await;
        }
        (server, verifier)
    });
    for token in [from_one_issuer, from_thousands] {
        let used = measure(|| {
            runtime.block_on(flood(&verifier, 1_000..FLOOD, token));
        });
        assert!(used.bytes_current < 4 * 1024, "{used:?}");
        assert!(used.bytes_max < 1024 * 1024, "{used:?}");
    }
}

/// Nanoseconds that verifications of a known key took, while `is_over` was not true and no more than so many.
fn latencies(verifier: &Verifier, most: usize, is_over: impl Fn() -> bool) -> Vec<u128> {
    let token = good(ISSUER, "known");
    let mut taken = Vec::new();
    while taken.len() < most && !is_over() {
        let start = Instant::now();
        verdict_now(verifier, &token).unwrap();
        taken.push(start.elapsed().as_nanos());
    }
    taken
}

/// The resident set, in KiB.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4
}

fn show(what: &str, mut taken: Vec<u128>) {
    taken.sort_unstable();
    let at = |share: f64| taken[((taken.len() - 1) as f64 * share) as usize];
    let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
    println!(
        "  known key {what}: n={} p50={p50} p99={p99} p99.9={p999} ns",
        taken.len()
    );
}

#[test]
#[ignore = "minutes: two million tokens, for its figures"]
fn a_million_tokens_of_each_kind() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(server());
    for (kind, token) in [
        ("one issuer", from_one_issuer as fn(usize) -> String),
        ("a million issuers", from_thousands),
    ] {
        let (verifier, start) = runtime.block_on(async {
            let verifier = verifier(config(&server));
            let known = good(ISSUER, "known");
            verifier.verify(known.as_bytes()).await.unwrap();
            flood(&verifier, 2_000_000..2_010_000, token).await;
            (verifier, Instant::now())
        });
        let (asked_before, resident_before) = (server.asked().len(), resident());
        let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
        // Windows in turn, so that what else the machine does falls on both.
        for window in 0..20 {
            quiet.extend(latencies(&verifier, 20_000, || false));
            let numbers = window * 50_000..(window + 1) * 50_000;
            let flooding = runtime.spawn({
                let verifier = Arc::clone(&verifier);
                async move { flood(&verifier, numbers, token).await }
            });
            flooded.extend(latencies(&verifier, usize::MAX, || flooding.is_finished()));
            runtime.block_on(flooding).unwrap();
        }
        let seconds = start.elapsed().as_secs_f64();
        let asked = server.asked().len() - asked_before;
        let stats = verifier.keys().stats();
        println!("a million tokens from {kind}: {asked} requests in {seconds:.1} s");
        println!(
            "  resident {resident_before} KiB before, {} KiB after; {stats:?}",
            resident()
        );
        show("alone", quiet);
        show("in the flood", flooded);
        let allowed = match kind {
            "one issuer" => 16.0 + 2.0 * seconds,
            _ => 64.0 + 50.0 * seconds,
        };
        assert!(asked as f64 <= allowed + 1.0);
        assert_eq!((stats.keys, stats.in_flight), (1, 0));
    }
}
