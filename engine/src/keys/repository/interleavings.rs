//! Promises of single flight that hold whichever task goes on at each step: the code of [`shared`](super::shared) and
//! [`flight`](super::flight), with a repository that the test plays. A caller that nobody wakes is a deadlock, which
//! shuttle finds.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p asap-engine --lib --features http --target-dir target/shuttle interleavings`
//!
//! Not in the model: how long a caller waits (no time passes), the inside of the cache, of dashmap and of tokio's
//! channel, and unwinding. A fetch that panics is here one whose task is dropped: what unwinding drops, too.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::time::Duration;

use shuttle::future::{JoinHandle, block_on, spawn, yield_now};
use tokio::time::Instant;

use super::admission::{Admission, FetchLimits, Purpose};
use super::cache::KeyCache;
use super::entry::tests::{lifetime, response};
use super::environment::{Environment, Machine, Moment};
use super::failure::Failure;
use super::fetch::{Answer, Reuse};
use super::freshness::{Lifetime, StoredResponse};
use super::rate::{Bucket, Rate};
use super::shared::{Fetch, Runtime, Shared};
use super::sync::watch;
use crate::{Algorithm, KeyError, KeyId, Lookup, SigningKey, VerifyingKey};

const SCHEDULES: usize = 1_000;

/// The keys that the repository gives one after the other, so that a caller can tell which fetch brought its key.
const GIVEN: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa];

/// What a caller got: the number of the fetch that brought the key.
type Got = Result<usize, KeyError>;

/// Runs `check` under random schedules, and under those that a few ill-placed preemptions make.
fn under_many_schedules(check: fn()) {
    shuttle::check_random(check, SCHEDULES);
    shuttle::check_pct(check, SCHEDULES, 3);
}

fn key_id(text: &str) -> KeyId<'_> {
    KeyId::parse(text).unwrap()
}

/// How one fetch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a key that may be kept.
    Key,
    /// With a key that serves those who waited and no one else.
    KeyForNow,
    NoSuchKey,
    Failure,
    /// Its task is dropped before it has an answer.
    Death,
}

/// A repository whose fetches end as they are told, the last one for all that come after it.
struct Script {
    ends: &'static [End],
    asked: AtomicUsize,
    ended: AtomicUsize,
    /// How many fetches somebody has had the key of.
    served: AtomicUsize,
    tasks: Tasks,
}

/// A fetch that is under way, until it is dropped.
struct UnderWay<'a>(&'a Script);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

impl Fetch for Arc<Script> {
    type Document = VerifyingKey;

    async fn fetch(&self, _: KeyId<'_>, _: Option<&StoredResponse>) -> Answer {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        assert_eq!(number, self.ended(), "two fetches of one key at once");
        let _under_way = UnderWay(self);
        yield_now().await;
        match self.ends.get(number).or(self.ends.last()).unwrap() {
            End::Key => answer(number, &lifetime(1000, 0, 0)),
            End::KeyForNow => answer(number, &lifetime(0, 0, 0)),
            End::NoSuchKey => Answer::NoSuchKey,
            End::Failure => Answer::Failed(Failure::Deadline),
            End::Death => {
                self.tasks.dies.store(true, Ordering::SeqCst);
                std::future::pending().await
            }
        }
    }
}

fn answer(number: usize, lifetime: &Lifetime) -> Answer {
    static PEMS: OnceLock<[String; GIVEN.len()]> = OnceLock::new();
    let generate = |algorithm| {
        let (key, _) = SigningKey::generate(algorithm).unwrap();
        key.public_key_pem().to_owned()
    };
    let pem = &PEMS.get_or_init(|| GIVEN.map(generate))[number];
    Answer::Key {
        key: VerifyingKey::from_pem(pem.as_bytes()).unwrap(),
        body_length: pem.len(),
        reuse: Reuse {
            response: response(),
            lifetime: *lifetime,
            asked: Instant::now(),
        },
    }
}

impl Script {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

/// Shuttle's tasks. One is dropped where it stands when it is told so.
#[derive(Clone, Default)]
struct Tasks {
    dies: Arc<AtomicBool>,
    spawned: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Runtime for Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let dies = Arc::clone(&self.dies);
        let spawned = spawn(async move {
            let mut task = Box::pin(task);
            std::future::poll_fn(|context| match task.as_mut().poll(context) {
                Poll::Pending if dies.swap(false, Ordering::SeqCst) => Poll::Ready(()),
                other => other,
            })
            .await;
        });
        self.spawned.lock().unwrap().push(spawned);
    }

    /// No time passes.
    async fn within<T>(_: Duration, future: impl Future<Output = T> + Send) -> Option<T> {
        Some(future.await)
    }
}

impl Tasks {
    /// Waits for all that were spawned: each comes to its end, whoever has hung up.
    fn join(&self) {
        loop {
            let Some(task) = self.spawned.lock().unwrap().pop() else {
                return;
            };
            block_on(task).unwrap();
        }
    }
}

type Repository<F> = Arc<Shared<F, Tasks>>;

/// Limits that no test meets which does not mean to.
fn wide() -> FetchLimits {
    FetchLimits {
        places: 4,
        revalidations: 4,
        per_issuer: slow(100),
        per_lane: slow(100),
    }
}

/// This many, and no more while a test runs.
const fn slow(burst: u32) -> Rate {
    Rate::new(burst, Duration::from_secs(1000))
}

fn repository<F: Fetch<Document = VerifyingKey>>(
    fetcher: F,
    tasks: Tasks,
    limits: FetchLimits,
) -> Repository<F> {
    let cache = KeyCache::new(16, 1 << 20, Machine.hasher());
    let machine = Arc::new(Machine);
    Arc::new(Shared::new(
        cache,
        Admission::new(limits, &Machine),
        fetcher,
        tasks,
        Duration::ZERO,
        machine,
    ))
}

fn scripted(ends: &'static [End]) -> (Repository<Arc<Script>>, Arc<Script>) {
    scripted_within(ends, wide())
}

fn scripted_within(
    ends: &'static [End],
    limits: FetchLimits,
) -> (Repository<Arc<Script>>, Arc<Script>) {
    let tasks = Tasks::default();
    let script = Arc::new(Script {
        ends,
        asked: AtomicUsize::new(0),
        ended: AtomicUsize::new(0),
        served: AtomicUsize::new(0),
        tasks: tasks.clone(),
    });
    (repository(Arc::clone(&script), tasks, limits), script)
}

/// What `KeyRepository` does for a caller, without a deadline.
async fn call<F: Fetch<Document = VerifyingKey>>(repository: &Repository<F>, text: &str) -> Got {
    if let Lookup::Found(number) = repository.with_key(key_id(text), number_of) {
        return Ok(number);
    }
    let fetched = repository
        .join(key_id(text), Purpose::FirstFetch { issuer: "a" })
        .wait()
        .await;
    fetched
        .unwrap_or(Err(KeyError::Unavailable))
        .map(|key| number_of(&key))
}

fn number_of(key: &VerifyingKey) -> usize {
    GIVEN.iter().position(|one| key.verifies(*one)).unwrap()
}

/// A caller on a task of its own. A key that somebody had before is not for this one, unless it may be kept.
fn caller(repository: &Repository<Arc<Script>>, script: &Arc<Script>) -> JoinHandle<Got> {
    let (repository, script) = (Arc::clone(repository), Arc::clone(script));
    spawn(async move {
        let served_before = script.served.load(Ordering::SeqCst);
        let got = call(&repository, "a/b").await;
        if let Ok(number) = got {
            script.served.fetch_max(number + 1, Ordering::SeqCst);
            assert!(number >= served_before || script.ends.contains(&End::Key));
        }
        got
    })
}

fn all_that(callers: impl IntoIterator<Item = JoinHandle<Got>>) -> Vec<Got> {
    let each = callers.into_iter().map(|caller| block_on(caller).unwrap());
    each.collect()
}

/// Waits until callers that hang up have done so: in time for an answer or not.
fn gone(callers: impl IntoIterator<Item = JoinHandle<Got>>) {
    for caller in callers {
        assert!(matches!(block_on(caller), Ok(Ok(0)) | Err(_)));
    }
}

fn nothing_is_left(repository: &Repository<Arc<Script>>, script: &Script) {
    script.tasks.join();
    let stats = repository.stats();
    assert_eq!(stats.in_flight, 0);
    assert_eq!(stats.fetches, u64::try_from(script.asked()).unwrap());
    assert_eq!(script.asked(), script.ended());
}

#[test]
fn of_three_callers_one_has_the_key_fetched_and_all_get_it() {
    under_many_schedules(|| {
        let (repository, script) = scripted(&[End::Key]);
        let callers = [(); 3].map(|()| caller(&repository, &script));
        assert_eq!(all_that(callers), [Ok(0); 3]);
        assert_eq!(script.asked(), 1);
        nothing_is_left(&repository, &script);
    });
}

#[test]
fn a_key_that_may_not_be_kept_serves_those_who_waited_and_nobody_else() {
    under_many_schedules(|| {
        let (repository, script) = scripted(&[End::KeyForNow]);
        let callers = [(); 3].map(|()| caller(&repository, &script));
        let got = all_that(callers);
        // Each fetch served somebody.
        for number in 0..script.asked() {
            assert!(got.contains(&Ok(number)), "{got:?}");
        }
        assert!(got.iter().all(Result::is_ok), "{got:?}");
        nothing_is_left(&repository, &script);
    });
}

#[test]
fn a_caller_that_hangs_up_at_any_point_changes_nothing_for_the_others() {
    under_many_schedules(|| {
        let (repository, script) = scripted(&[End::Key]);
        let [leaving, staying, other] = [(); 3].map(|()| caller(&repository, &script));
        leaving.abort();
        assert_eq!(all_that([staying, other]), [Ok(0); 2]);
        gone([leaving]);
        assert_eq!(script.asked(), 1);
        nothing_is_left(&repository, &script);
    });
}

#[test]
fn a_fetch_goes_on_and_fills_the_cache_when_everybody_has_hung_up() {
    under_many_schedules(|| {
        let (repository, script) = scripted(&[End::Key]);
        let callers = [(); 2].map(|()| caller(&repository, &script));
        callers.iter().for_each(JoinHandle::abort);
        gone(callers);
        // Whether one of them had begun a fetch or not, there is one in the end.
        assert_eq!(all_that([caller(&repository, &script)]), [Ok(0)]);
        assert_eq!(script.asked(), 1);
        nothing_is_left(&repository, &script);
    });
}

#[test]
fn a_failure_reaches_those_who_waited_and_the_next_caller_starts_anew() {
    under_many_schedules(|| an_end_without_a_key(&[End::Failure, End::Key], KeyError::Unavailable));
}

#[test]
fn that_there_is_no_key_reaches_those_who_waited_and_the_next_caller_starts_anew() {
    under_many_schedules(|| an_end_without_a_key(&[End::NoSuchKey, End::Key], KeyError::Unknown));
}

#[test]
fn a_fetch_that_dies_wakes_everyone_and_the_next_caller_starts_anew() {
    under_many_schedules(|| an_end_without_a_key(&[End::Death, End::Key], KeyError::Unavailable));
}

fn an_end_without_a_key(ends: &'static [End], error: KeyError) {
    let (repository, script) = scripted(ends);
    let callers = [(); 3].map(|()| caller(&repository, &script));
    let got = all_that(callers);
    assert!(got.contains(&Err(error)), "{got:?}");
    assert!(
        got.iter()
            .all(|got| matches!(got, Ok(1)) || *got == Err(error)),
        "{got:?}"
    );
    assert_eq!(all_that([caller(&repository, &script)]), [Ok(1)]);
    assert_eq!(script.asked(), 2);
    nothing_is_left(&repository, &script);
}

/// A repository that answers for `a/b` when somebody has got `c/d`.
struct Held(watch::Receiver<bool>);

impl Fetch for Held {
    type Document = VerifyingKey;

    async fn fetch(&self, asked: KeyId<'_>, _: Option<&StoredResponse>) -> Answer {
        if asked == key_id("a/b") {
            let mut gate = self.0.clone();
            let open = pin!(gate.wait_for(|open| *open)).await;
            assert!(open.is_ok());
        }
        answer(0, &lifetime(1000, 0, 0))
    }
}

#[test]
fn the_fetch_of_one_key_waits_for_that_of_no_other() {
    under_many_schedules(|| {
        let (opener, gate) = watch::channel(false);
        let tasks = Tasks::default();
        let repository = repository(Held(gate), tasks.clone(), wide());
        let held = [(); 2].map(|()| {
            let repository = Arc::clone(&repository);
            spawn(async move { call(&repository, "a/b").await })
        });
        assert_eq!(block_on(call(&repository, "c/d")), Ok(0));
        opener.send_replace(true);
        assert_eq!(all_that(held), [Ok(0); 2]);
        tasks.join();
    });
}

#[test]
fn a_fetch_that_a_limit_refuses_wakes_everyone_and_leaves_no_flight() {
    under_many_schedules(|| {
        let limits = FetchLimits {
            per_issuer: slow(1),
            ..wide()
        };
        let (repository, script) = scripted_within(&[End::NoSuchKey], limits);
        let callers = [(); 3].map(|()| caller(&repository, &script));
        let got = all_that(callers);
        assert!(got.contains(&Err(KeyError::Unknown)), "{got:?}");
        assert!(got.iter().all(Result::is_err), "{got:?}");
        let after = all_that([caller(&repository, &script)]);
        assert_eq!(after, [Err(KeyError::Unavailable)]);
        assert_eq!(script.asked(), 1);
        nothing_is_left(&repository, &script);
    });
}

#[test]
fn a_fetch_that_brings_a_key_leaves_the_rate_whole() {
    under_many_schedules(|| {
        let limits = FetchLimits {
            per_issuer: slow(1),
            per_lane: slow(1),
            ..wide()
        };
        let (repository, script) = scripted_within(&[End::KeyForNow], limits);
        let callers = [(); 3].map(|()| caller(&repository, &script));
        let got = all_that(callers);
        assert!(got.iter().all(Result::is_ok), "{got:?}");
        nothing_is_left(&repository, &script);
    });
}

/// A repository that gives keys which are stale at once, and on revalidation a fresh `c/d`, and no `a/b` any more.
#[derive(Clone, Default)]
struct Stale {
    revalidating: Arc<AtomicUsize>,
    revalidated: Arc<AtomicUsize>,
}

impl Fetch for Stale {
    type Document = VerifyingKey;

    async fn fetch(&self, asked: KeyId<'_>, stored: Option<&StoredResponse>) -> Answer {
        let number = usize::from(asked == key_id("c/d"));
        if stored.is_none() {
            yield_now().await;
            return answer(number, &lifetime(0, 0, 1000));
        }
        let others = self.revalidating.fetch_add(1, Ordering::SeqCst);
        assert_eq!(others, 0, "two revalidations in one place");
        yield_now().await;
        self.revalidating.fetch_sub(1, Ordering::SeqCst);
        self.revalidated.fetch_add(1, Ordering::SeqCst);
        if number == 0 {
            Answer::NoSuchKey
        } else {
            answer(number, &lifetime(1000, 0, 0))
        }
    }
}

#[test]
fn revalidations_wait_for_a_place_and_are_made_whoever_hangs_up_or_is_removed() {
    under_many_schedules(|| {
        let (stale, tasks) = (Stale::default(), Tasks::default());
        let limits = FetchLimits {
            places: 1,
            revalidations: 1,
            ..wide()
        };
        let repository = repository(stale.clone(), tasks.clone(), limits);
        for (text, number) in [("a/b", 0), ("c/d", 1)] {
            assert_eq!(block_on(call(&repository, text)), Ok(number));
        }
        let [gone, kept, leaving] = ["a/b", "c/d", "c/d"].map(|text| {
            let repository = Arc::clone(&repository);
            spawn(async move { call(&repository, text).await })
        });
        leaving.abort();
        assert_eq!(all_that([gone, kept]), [Err(KeyError::Unknown), Ok(1)]);
        assert!(matches!(block_on(leaving), Ok(Ok(1)) | Err(_)));
        tasks.join();
        assert_eq!(stale.revalidated.load(Ordering::SeqCst), 2);
        assert_eq!(repository.stats().in_flight, 0);
        // `a/b` is removed: whoever wants it now makes a first fetch, and `c/d` is at hand.
        assert_eq!(block_on(call(&repository, "a/b")), Ok(0));
        assert_eq!(block_on(call(&repository, "c/d")), Ok(1));
        tasks.join();
        let stats = repository.stats();
        assert_eq!((stats.fetches, stats.revalidations), (5, 2));
    });
}

#[test]
fn threads_that_take_and_give_back_at_once_get_what_there_is() {
    under_many_schedules(|| {
        let bucket = Arc::new(Bucket::full());
        let (rate, now) = (slow(2), Moment::from_nanos(1));
        assert!(bucket.take(rate, now));
        let takers = [(); 3].map(|()| {
            let bucket = Arc::clone(&bucket);
            shuttle::thread::spawn(move || usize::from(bucket.take(rate, now)))
        });
        bucket.give_back(rate);
        let taken = takers.map(|taker| taker.join().unwrap());
        let taken = taken.into_iter().sum::<usize>();
        assert!((1..=2).contains(&taken));
        // What they left is still there, and nothing else.
        let left = (0..10).filter(|_| bucket.take(rate, now)).count();
        assert_eq!(taken + left, 2);
    });
}
