//! What can only be seen from within: tokens that the hash does not tell apart, and who has to go.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use super::set::PLACES;
use super::*;
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};
use crate::identity::IdentityRef;
use crate::jws::Scratch;
use crate::limits::MIN_TOKEN_CACHE_BYTES;
use crate::policy::Policy;
use crate::replay::Reusable;
use crate::time::UnixTime;
use crate::{Issuer, TokenRequest};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

static KEY: LazyLock<VerifyingKey> = LazyLock::new(|| {
    let pem = ISSUER.1.as_bytes();
    VerifyingKey::from_pem(pem).unwrap()
});
static ISSUER: LazyLock<(Issuer, String)> = LazyLock::new(|| {
    let (key, _) = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let pem = key.public_key_pem().to_owned();
    (Issuer::new("client", "client/key", key).unwrap(), pem)
});

/// A token with this subject.
fn token(subject: &str) -> String {
    static TOKENS: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
    let mut tokens = TOKENS.lock().unwrap();
    let sign = || {
        let request = TokenRequest::new("server").with_subject(subject);
        ISSUER.0.sign(&request, NOW).unwrap()
    };
    tokens
        .entry(subject.to_owned())
        .or_insert_with(sign)
        .clone()
}

/// Keeps a token as if its end had this hash.
fn keep(cache: &TokenCache, hash: Hash, token: &str) {
    let mut scratch = Scratch::new();
    let policy = Policy::new("server").unwrap();
    let admitted = policy.admit(token.as_bytes(), NOW, &mut scratch).unwrap();
    let authentic = admitted.authenticate(&KEY).unwrap();
    cache.table.keep(
        hash,
        &Verified {
            token: token.as_bytes(),
            identity: authentic.accept(NOW, &Reusable).unwrap(),
            window: authentic.window(),
            key: KEY.serial(),
            lease: None,
        },
    );
}

/// The subject that a token is recalled with, if its end has this hash.
fn recalled(cache: &TokenCache, hash: Hash, token: &str) -> Option<String> {
    let take =
        |texts: &str, layout: &Layout| IdentityRef::of_piece(texts, *layout).subject().to_owned();
    cache.find(
        hash,
        token.as_bytes(),
        |window| window.check(NOW).is_ok(),
        |_, key| key == KEY.serial(),
        take,
    )
}

fn cache() -> TokenCache {
    TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap()
}

const HASH: Hash = Hash(0x0123_4567_89ab_cdef);

#[test]
fn tokens_whose_ends_have_one_hash_are_told_apart_by_their_bytes() {
    let (cache, subjects) = (cache(), ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(subjects.len(), PLACES);
    for (before, subject) in subjects.iter().enumerate() {
        assert_eq!(recalled(&cache, HASH, &token(subject)), None);
        keep(&cache, HASH, &token(subject));
        assert_eq!(cache.stats().entries, before + 1);
    }
    for subject in subjects {
        assert_eq!(
            recalled(&cache, HASH, &token(subject)).as_deref(),
            Some(subject)
        );
    }
    assert_eq!(recalled(&cache, HASH, &token("h")), None);
}

#[test]
fn a_token_is_kept_once() {
    let cache = cache();
    for _ in 0..3 {
        keep(&cache, HASH, &token("a"));
    }
    let stats = cache.stats();
    assert_eq!(
        (stats.entries, stats.insertions, stats.evictions),
        (1, 1, 0)
    );
}

#[test]
fn in_a_full_set_a_token_that_is_used_stays_and_one_that_is_not_goes() {
    let cache = cache();
    for subject in ["a", "b", "c", "d", "e", "f", "g"] {
        keep(&cache, HASH, &token(subject));
        assert!(subject == "c" || recalled(&cache, HASH, &token(subject)).is_some());
    }
    keep(&cache, HASH, &token("h"));
    assert_eq!(recalled(&cache, HASH, &token("c")), None);
    for subject in ["a", "b", "d", "e", "f", "g", "h"] {
        assert!(
            recalled(&cache, HASH, &token(subject)).is_some(),
            "{subject}"
        );
    }
    // All are used: a newcomer stays out once, and takes the place of one that was not used since.
    keep(&cache, HASH, &token("i"));
    assert_eq!(recalled(&cache, HASH, &token("i")), None);
    for subject in ["a", "b", "d", "e", "g", "h"] {
        assert!(
            recalled(&cache, HASH, &token(subject)).is_some(),
            "{subject}"
        );
    }
    keep(&cache, HASH, &token("i"));
    assert!(recalled(&cache, HASH, &token("i")).is_some());
    assert_eq!(recalled(&cache, HASH, &token("f")), None);
}

#[test]
fn when_bytes_are_short_what_was_not_used_goes_from_every_set() {
    let (cache, hot) = (cache(), token("hot"));
    keep(&cache, HASH, &hot);
    let tokens: Vec<_> = (0..50)
        .map(|number| token(&format!("cold-{number}")))
        .collect();
    let mut hash = HASH.0;
    for round in 0..2_000 {
        hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
        keep(&cache, Hash(hash), &tokens[round % 50]);
        assert!(recalled(&cache, HASH, &hot).is_some(), "{round}");
        let stats = cache.stats();
        assert!(stats.bytes <= stats.max_bytes, "{stats:?}");
    }
    let stats = cache.stats();
    assert!(stats.entries > 150, "{stats:?}");
    assert!(stats.evictions > 1_000, "{stats:?}");
    assert_eq!(
        u64::try_from(stats.entries).unwrap(),
        stats.insertions - stats.evictions
    );
}

#[test]
fn a_thread_that_finds_another_keeping_a_token_goes_away() {
    let cache = cache();
    let held = cache.table.hold();
    keep(&cache, HASH, &token("a"));
    assert_eq!(cache.stats().entries, 0);
    drop(held);
    keep(&cache, HASH, &token("a"));
    assert_eq!(recalled(&cache, HASH, &token("a")).as_deref(), Some("a"));
}

#[test]
fn an_entry_that_somebody_looks_at_counts_until_it_is_freed() {
    let ledger = ledger::Ledger::new(100);
    let (first, second) = (ledger.charge(60).unwrap(), ledger.charge(40).unwrap());
    assert!(ledger.charge(1).is_none());
    drop(first);
    assert!(ledger.charge(61).is_none());
    let third = ledger.charge(60).unwrap();
    assert_eq!((ledger.bytes(), ledger.entries()), (100, 2));
    drop((second, third));
    assert_eq!((ledger.bytes(), ledger.entries()), (0, 0));
    assert!(ledger.charge(usize::MAX).is_none());
}
