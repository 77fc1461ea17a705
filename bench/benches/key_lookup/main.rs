//! The look-up of a key by its `kid`: in a configured keyring, and in a key repository's cache.
//!
//! A look-up is `KeySource::with_key` whole, with nothing done with the key. The `kid`s, of 30 to 35 bytes, come at random.
//! In "refreshed" a repository's keys go stale so fast that some hundred to thousand of them a second (one, of a single key)
//! are fetched anew over HTTP on loopback meanwhile, each of which changes a part of the snapshot. With two threads the
//! figure is that of one: what it takes longer than alone is what they cost each other.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot measure what it says stops"
)]

mod key_server;

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use asap_engine::{
    Algorithm, KeyId, KeyRepository, KeyRepositoryConfig, KeySource, Keyring, Lookup, SigningKey,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const NUMBERS_OF_KEYS: [usize; 4] = [1, 100, 1_000, 10_000];
/// How many `kid`s are drawn before they repeat.
const DRAWN: usize = 1 << 16;

/// A freshness that ends after the bench does.
const LONG: Duration = Duration::from_secs(86_400);

fn keyring(c: &mut Criterion) {
    let pem = public_key();
    let mut group = group(c, "key_lookup/keyring");
    for count in NUMBERS_OF_KEYS {
        let key_ids = key_ids(count);
        let keys = key_ids.iter().map(|text| (text.as_str(), pem.as_bytes()));
        let keys = Keyring::from_pems(keys).expect("keys");
        look_up(&mut group, &format!("{count} keys"), &keys, &key_ids);
    }
    group.finish();
}

fn repository(c: &mut Criterion) {
    let pem = public_key();
    let runtime = Runtime::new().expect("a runtime");
    let mut group = group(c, "key_lookup/repository");
    for count in NUMBERS_OF_KEYS {
        let key_ids = key_ids(count);
        // A key in use is asked for again after three to four fifths of its freshness.
        let short = u64::try_from(count)
            .unwrap_or(u64::MAX)
            .div_ceil(700)
            .max(2);
        for (name, freshness) in [("", LONG), (", refreshed", Duration::from_secs(short))] {
            let keys = runtime.block_on(warm_repository(&pem, freshness, &key_ids));
            if freshness != LONG {
                // Until the first of those that are used from here on are due.
                assert!(key_ids.iter().all(|text| is_at_hand(&keys, text)));
                thread::sleep(freshness.mul_f64(0.6));
            }
            let before = (Instant::now(), keys.stats().fetches);
            look_up(&mut group, &format!("{count} keys{name}"), &keys, &key_ids);
            let fetched = keys.stats().fetches.saturating_sub(before.1);
            let per_second = fetched
                .checked_div(before.0.elapsed().as_secs().max(1))
                .unwrap_or(0);
            eprintln!("keys fetched meanwhile: {per_second} a second");
        }
    }
    group.finish();
}

fn group<'c>(c: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(name);
    group
        .throughput(Throughput::Elements(1))
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    group
}

async fn warm_repository(pem: &str, freshness: Duration, key_ids: &[String]) -> KeyRepository {
    let url = key_server::start(pem, freshness);
    let config = KeyRepositoryConfig::allowing_http_to_loopback(&url)
        .expect("a loopback URL")
        .with_max_keys(20_000)
        .with_max_bytes(1 << 30);
    let keys = KeyRepository::new(config).expect("a repository");
    let wanted = key_ids.iter().filter_map(|text| KeyId::parse(text));
    let warm_up = keys.warm_up(wanted).await;
    assert!(
        warm_up.unavailable.is_empty() && warm_up.unknown.is_empty(),
        "the key server has every key"
    );
    keys
}

fn look_up(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    keys: &impl KeySource,
    key_ids: &[String],
) {
    let drawn = draw(key_ids);
    for threads in [1, 2] {
        group.bench_function(format!("{name}, {threads} thread(s)"), |bencher| {
            bencher.iter_custom(|count| together(threads, keys, &drawn, count));
        });
    }
}

/// Has each thread look up `count` keys. Returns the mean of their times.
fn together(threads: u32, keys: &impl KeySource, drawn: &[KeyId<'_>], count: u64) -> Duration {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let ready = Barrier::new(usize::try_from(threads).unwrap_or(1));
    let sum: Duration = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                let ready = &ready;
                let skip = usize::try_from(number).unwrap_or(0).wrapping_mul(DRAWN / 2);
                scope.spawn(move || {
                    let mut turn = drawn.iter().cycle();
                    turn.nth(skip);
                    ready.wait();
                    let start = Instant::now();
                    let found = turn
                        .take(count)
                        .filter(|key_id| is_found(keys, **key_id))
                        .count();
                    let took = start.elapsed();
                    assert_eq!(found, count, "every key is at hand, refreshed in time");
                    took
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a thread that got through"))
            .sum()
    });
    sum.checked_div(threads).unwrap_or_default()
}

fn is_found(keys: &impl KeySource, key_id: KeyId<'_>) -> bool {
    let found = keys.with_key(black_box(key_id), |key| {
        black_box(key);
    });
    matches!(found, Lookup::Found(()))
}

fn is_at_hand(keys: &KeyRepository, text: &str) -> bool {
    KeyId::parse(text).is_some_and(|key_id| is_found(keys, key_id))
}

fn public_key() -> String {
    let (key, _) = SigningKey::generate(Algorithm::EdDsa).expect("a key");
    key.public_key_pem().to_owned()
}

fn key_ids(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("services/team-{:02}/key-2026-{number:05}", number % 37))
        .collect()
}

/// The `kid`s in an order that no prefetcher knows: each as likely at any time.
fn draw(key_ids: &[String]) -> Vec<KeyId<'_>> {
    let mut state = 12_345_u64;
    (0..DRAWN)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = usize::try_from(state >> 33).unwrap_or(0);
            let number = number.checked_rem(key_ids.len()).unwrap_or(0);
            key_ids
                .get(number)
                .and_then(|text| KeyId::parse(text))
                .expect("a kid")
        })
        .collect()
}

criterion_group!(benches, keyring, repository);
criterion_main!(benches);
