//! Every path that a token can take to its verdict. All of them must give the one that the case says.
//!
//! A path is a source of keys and an entry of the engine. A new way to a verdict joins [`SOURCES`] or [`ENTRIES`], and
//! every case of every row is asked of it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use asap_engine::internals::{admit_portably, unverified_token};
use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{
    AuthenticateLayer, Backend, Engine, Identity, KeySource, Keyring, ReplayLog, ReplayWindow,
    Scratch, TokenCache, Verdict, VerifyError, VerifyingKey,
};
use asap_tests::backends::assert_no_disagreement;
use asap_tests::clock::FakeClock;
use http::{HeaderValue, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::case::{Case, Key};
use crate::world::{ACCEL, AWS_LC, RING, WORLD, Waiting};

/// Where the key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A keyring: the key is at hand.
    Keyring(Backend),
    /// A source with the same keys, none of them ever at hand, so that the verification waits for the key.
    Waiting(Backend),
    /// A key repository over TLS, with keys that may be reused.
    Repository(Backend),
    /// A key repository over TLS, with keys that are fetched for each token.
    Uncached(Backend),
}

/// All of them.
pub(crate) const SOURCES: [Source; 12] = [
    Source::Keyring(Backend::AwsLc),
    Source::Keyring(Backend::Ring),
    Source::Keyring(Backend::Accel),
    Source::Waiting(Backend::AwsLc),
    Source::Waiting(Backend::Ring),
    Source::Waiting(Backend::Accel),
    Source::Repository(Backend::AwsLc),
    Source::Repository(Backend::Ring),
    Source::Repository(Backend::Accel),
    Source::Uncached(Backend::AwsLc),
    Source::Uncached(Backend::Ring),
    Source::Uncached(Backend::Accel),
];

/// How the engine is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// [`Engine::verify`].
    Verify,
    /// [`Engine::verify_now`], and [`Engine::resume`] where the key was not at hand.
    VerifyNow,
    /// [`AuthenticateLayer`], with the token in the request's header.
    Middleware,
    /// [`Engine::verify_now`] and then [`Engine::verify`] of an engine that keeps verified tokens: the second time, a good
    /// one is recalled.
    Recalled,
    /// [`Engine::verify_batch`], with the token between two others.
    Batch,
}

/// All of them.
pub(crate) const ENTRIES: [Entry; 5] = [
    Entry::Verify,
    Entry::VerifyNow,
    Entry::Middleware,
    Entry::Recalled,
    Entry::Batch,
];

/// What a case takes at least: a key that is refused at load is met on both clients of the repository only.
const FEWEST_PATHS: usize = 6;

/// Asks every path for its verdict on each case.
///
/// # Panics
///
/// If one of them gives another verdict than the case, or if a bad key is taken, or if aws-lc has found a kernel wrong.
pub(crate) fn prove(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        if let Some(key) = &case.key {
            wrong.extend(loaded_otherwise(case, key));
        }
        wrong.extend(admitted_otherwise(case));
        let paths = SOURCES
            .iter()
            .flat_map(|source| ENTRIES.map(|entry| (*source, entry)));
        let mut taken = 0;
        for (source, entry) in paths {
            let Some(verdict) = judged(case, source, entry) else {
                continue;
            };
            taken += 1;
            if verdict != case.expected {
                let (name, expected) = (&case.name, case.expected);
                wrong.push(format!(
                    "{name}: {verdict:?} by {entry:?} with {source:?}, not {expected:?}"
                ));
            }
        }
        assert!(taken >= FEWEST_PATHS, "{}: {taken} paths", case.name);
        assert_no_disagreement();
        (case.afterwards)();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with how the key of a case is loaded.
fn loaded_otherwise(case: &Case, key: &Key) -> Vec<String> {
    let backends = [Backend::AwsLc, Backend::Ring, Backend::Accel];
    let known = backends
        .into_iter()
        .filter(|backend| *backend != Backend::Ring || case.known_to_ring);
    let mut wrong = Vec::new();
    for backend in known {
        let loaded = VerifyingKey::from_pem_with(&key.pem, backend).err();
        let in_keyring = Keyring::from_pems_with([(key.key_id.as_str(), &key.pem[..])], backend);
        if loaded != key.rejected || in_keyring.is_err() != key.rejected.is_some() {
            let name = &case.name;
            wrong.push(format!("{name}: {loaded:?} at load by {backend:?}"));
        }
    }
    wrong
}

/// What is wrong with how the token of a case is admitted: by the short way of plain tokens, which the paths take where
/// they can, or always by the way of all.
fn admitted_otherwise(case: &Case) -> Option<String> {
    let mut policy = case.policy.clone();
    if case.single_use {
        policy = policy.with_single_use();
    }
    let (mut one, mut other) = (Scratch::new(), Scratch::new());
    let admitted = policy.admit(&case.token, case.now, &mut one);
    let portable = admit_portably(&policy, &case.token, case.now, &mut other);
    let (admitted, portable) = (
        admitted.map(|token| unverified_token(&token)),
        portable.map(|token| unverified_token(&token)),
    );
    let differs = admitted != portable;
    differs.then(|| format!("{}: not admitted alike by the two ways", case.name))
}

/// The verdict of one path, or nothing if the token cannot take it.
fn judged(case: &Case, source: Source, entry: Entry) -> Option<Result<(), VerifyError>> {
    let world = &*WORLD;
    if let Some(key) = &case.key {
        world.publish(&key.key_id, &key.pem);
    }
    match source {
        Source::Keyring(backend) => by(&keys_of(case, backend)?, case, entry),
        Source::Waiting(backend) => by(&Arc::new(Waiting(keys_of(case, backend)?)), case, entry),
        Source::Repository(backend) => by(world.repository(backend, case)?, case, entry),
        Source::Uncached(backend) => by(world.uncached(backend, case)?, case, entry),
    }
}

/// A keyring with the keys of a case, if they can be loaded.
fn keys_of(case: &Case, backend: Backend) -> Option<Arc<Keyring>> {
    if backend == Backend::Ring && !case.known_to_ring {
        return None;
    }
    match &case.key {
        Some(key) if key.rejected.is_some() => None,
        Some(key) => {
            let keys = Keyring::from_pems_with([(key.key_id.as_str(), &key.pem[..])], backend);
            // Whether it loads is asked of each key once, before.
            keys.ok().map(Arc::new)
        }
        None if backend == Backend::Ring => Some(Arc::clone(&RING)),
        None if backend == Backend::Accel => Some(Arc::clone(&ACCEL)),
        None => Some(Arc::clone(&AWS_LC)),
    }
}

/// The verdict of a new engine with these keys.
fn by<K: KeySource + 'static>(
    keys: &Arc<K>,
    case: &Case,
    entry: Entry,
) -> Option<Result<(), VerifyError>> {
    let clock = FakeClock::new(case.now);
    let engine = Engine::new(case.policy.clone(), Arc::clone(keys)).with_clock(clock.clone());
    if entry == Entry::Recalled {
        let cache = TokenCache::new(2 * MIN_TOKEN_CACHE_BYTES).unwrap();
        // A policy of single use, or a replay log, has no cache.
        let caching = engine.with_token_cache(cache).ok();
        return after_others(caching.filter(|_| !case.single_use)?, &clock, case, entry);
    }
    if !case.single_use {
        return after_others(engine, &clock, case, entry);
    }
    let engine = engine.with_replay_log(ReplayWindow::new(1000).unwrap());
    after_others(engine.unwrap(), &clock, case, entry)
}

/// The verdict of this engine after the tokens that it accepted before.
fn after_others<K: KeySource + 'static, R: ReplayLog + 'static>(
    engine: Engine<K, R>,
    clock: &FakeClock,
    case: &Case,
    entry: Entry,
) -> Option<Result<(), VerifyError>> {
    let engine = Arc::new(engine);
    for (now, token) in &case.before {
        clock.set(*now);
        let verdict = presented(&engine, token.as_bytes(), entry);
        assert_eq!(verdict, Some(Ok(())), "{}: a token before it", case.name);
    }
    clock.set(case.now);
    presented(&engine, &case.token, entry)
}

/// The verdict of this engine by this entry.
fn presented<K: KeySource + 'static, R: ReplayLog + 'static>(
    engine: &Arc<Engine<K, R>>,
    token: &[u8],
    entry: Entry,
) -> Option<Result<(), VerifyError>> {
    match entry {
        Entry::Verify => Some(WORLD.runtime.block_on(engine.verify(token)).map(drop)),
        Entry::VerifyNow => Some(verified_now(engine, token)),
        Entry::Middleware => answered(engine, token),
        Entry::Recalled => Some(twice(engine, token)),
        Entry::Batch => Some(amid_others(engine, token)),
    }
}

/// The verdict on a token that comes twice, which must be the same. A good one is recalled if its key is at hand.
fn twice<K: KeySource, R: ReplayLog>(
    engine: &Engine<K, R>,
    token: &[u8],
) -> Result<(), VerifyError> {
    let hits = || engine.token_cache().unwrap().stats().hits;
    let before = hits();
    let was_at_hand = matches!(
        engine.verify_now(token, &mut Scratch::new()),
        Ok(Verdict::Verified(_))
    );
    let first = verified_now(engine, token);
    let second = WORLD.runtime.block_on(engine.verify(token)).map(drop);
    assert_eq!(first, second, "a token that comes again");
    let expected = if was_at_hand { 2 } else { 0 };
    assert!(hits() - before >= expected, "it was not recalled");
    assert!(second.is_ok() || hits() == before, "it was recalled");
    second
}

/// The verdict on a token between two that are refused.
fn amid_others<K: KeySource, R: ReplayLog>(
    engine: &Engine<K, R>,
    token: &[u8],
) -> Result<(), VerifyError> {
    let (mut verdict, mut others) = (None, 0);
    let mut needs_key = false;
    engine.verify_batch(
        &[b"a.b.c", token, b"d.e.f"],
        &mut Scratch::new(),
        |place, answer| match (place, answer) {
            (1, Ok(Verdict::NeedsKey(_))) => needs_key = true,
            (1, answer) => verdict = Some(answer.map(drop)),
            (_, answer) => others += usize::from(answer.is_err()),
        },
    );
    assert_eq!(others, 2);
    if needs_key {
        return WORLD.runtime.block_on(engine.verify(token)).map(drop);
    }
    verdict.unwrap()
}

fn verified_now<K: KeySource, R: ReplayLog>(
    engine: &Engine<K, R>,
    token: &[u8],
) -> Result<(), VerifyError> {
    match engine.verify_now(token, &mut Scratch::new())? {
        Verdict::Verified(_) => Ok(()),
        Verdict::NeedsKey(pending) => {
            let fetched = engine
                .keys()
                .fetch(pending.key_id(), pending.unverified_issuer());
            let key = WORLD.runtime.block_on(fetched)?;
            engine.resume(pending, &key).map(drop)
        }
        other => panic!("{other:?}"),
    }
}

/// What the middleware answers, read from its response. No request carries a token of control characters, and spaces
/// before a token belong to the header and not to it.
fn answered<K: KeySource + 'static, R: ReplayLog + 'static>(
    engine: &Arc<Engine<K, R>>,
    token: &[u8],
) -> Option<Result<(), VerifyError>> {
    if matches!(token, [] | [b' ', ..]) {
        return None;
    }
    let value = HeaderValue::from_bytes(&[b"Bearer ", token].concat()).ok()?;
    let request = Request::get("/").header("authorization", value).body(());
    let mut service = AuthenticateLayer::new(Arc::clone(engine)).layer(Served);
    let response = WORLD
        .runtime
        .block_on(service.call(request.unwrap()))
        .unwrap();
    let header = |name: &str| Some(response.headers().get(name)?.to_str().unwrap().to_owned());
    if response.status() == 200 {
        assert_eq!(response.body(), "served");
        return Some(Ok(()));
    }
    let refusal: VerifyError = *response.extensions().get().unwrap();
    assert_eq!(response.status(), refusal.status());
    assert_eq!(header("www-authenticate").as_deref(), refusal.challenge());
    assert_eq!(header("retry-after").is_some(), refusal.status() == 503);
    assert!(response.body().is_empty());
    Some(Err(refusal))
}

/// The service behind the middleware.
#[derive(Debug, Clone)]
struct Served;

impl Service<Request<()>> for Served {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        assert!(request.extensions().get::<Identity>().is_some());
        ready(Ok(Response::new("served".to_owned())))
    }
}
