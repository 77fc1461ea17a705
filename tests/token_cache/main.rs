//! `Engine::with_token_cache`: a token that was verified is accepted again for less, and only while every check would
//! pass that depends on more than its bytes.

mod bounds;
mod key;
mod same_token;
mod threads;
mod time;

use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{
    Clock, Engine, KeySource, Keyring, Policy, Scratch, TokenCache, Verdict, VerifyError,
};
use asap_tests::fixture::{NOW, engine, policy};

/// A cache that is large enough for the tokens of a test.
fn cache() -> TokenCache {
    TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap()
}

/// A resource server with a cache and the ES256 keys, with this policy, by this clock.
fn caching_by(policy: Policy, clock: impl Clock + 'static) -> Engine<Keyring> {
    engine(policy)
        .with_clock(clock)
        .with_token_cache(cache())
        .unwrap()
}

/// A resource server with a cache, at the fixture's time.
fn caching() -> Engine<Keyring> {
    caching_by(policy(), || NOW)
}

/// How often `engine` has accepted a token because it was verified before.
fn hits<K: KeySource>(engine: &Engine<K>) -> u64 {
    engine.token_cache().unwrap().stats().hits
}

/// Whether `engine` recalls `token` now: it accepts it, and not by checking it in full.
fn is_recalled<K: KeySource>(engine: &Engine<K>, token: &str) -> bool {
    let before = hits(engine);
    let mut scratch = Scratch::new();
    let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
    let is_recalled = hits(engine) > before;
    assert!(!is_recalled || matches!(verdict, Ok(Verdict::Verified(_))));
    is_recalled
}

/// What `engine` says of a token that it must check in full.
fn in_full<K: KeySource>(engine: &Engine<K>, token: &str) -> Result<(), VerifyError> {
    let before = hits(engine);
    let mut scratch = Scratch::new();
    let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
    assert_eq!(hits(engine), before, "it was recalled: {verdict:?}");
    match verdict? {
        Verdict::Verified(_) => Ok(()),
        other => panic!("the key should be at hand: {other:?}"),
    }
}
