//! A token is recalled while its key is the one that it would be verified with now, and not a moment longer.

use std::sync::Arc;

use asap_engine::Algorithm::Es256;
use asap_engine::{
    Engine, KeyError, KeyId, KeyLease, KeySource, Keyring, Lookup, Scratch, Verdict, VerifyError,
    VerifyingKey,
};
use asap_tests::counting::{Answer, CountingKeys};
use asap_tests::fixture::{NOW, block_on, policy};
use asap_tests::keys::{key, other_key};
use asap_tests::token::Token;

use crate::{cache, caching, hits, in_full, is_recalled};

fn keyring_of(pem: &str) -> Keyring {
    Keyring::from_pems([("client/ES256", pem.as_bytes())]).unwrap()
}

/// docs/DESIGN.md: "the key is asked for on each hit".
#[test]
fn a_token_whose_key_was_removed_is_refused() {
    let (engine, token) = (caching(), Token::es256().sign());
    assert_eq!(in_full(&engine, &token), Ok(()));
    assert!(is_recalled(&engine, &token));
    engine.keys().replace(Keyring::from_pems([]).unwrap());
    for _ in 0..2 {
        assert_eq!(in_full(&engine, &token), Err(VerifyError::KeyUnknown));
    }
}

/// Another key under the same `kid`: what the old one signed is not good any more.
#[test]
fn a_token_whose_kid_has_another_key_now_is_refused() {
    let (engine, token) = (caching(), Token::es256().sign());
    assert_eq!(in_full(&engine, &token), Ok(()));
    engine
        .keys()
        .replace(keyring_of(other_key(Es256).public_key_pem()));
    assert_eq!(in_full(&engine, &token), Err(VerifyError::SignatureInvalid));
    // What the new one signs is good, and kept beside it.
    let new = Token::es256().sign_with(other_key(Es256));
    assert_eq!(in_full(&engine, &new), Ok(()));
    assert!(is_recalled(&engine, &new));
    assert_eq!(in_full(&engine, &token), Err(VerifyError::SignatureInvalid));
}

/// The same key, loaded anew, could be another: one full check tells, and is kept in the place of the first.
#[test]
fn a_key_that_was_loaded_anew_has_its_tokens_checked_in_full_once() {
    let (engine, token) = (caching(), Token::es256().sign());
    assert_eq!(in_full(&engine, &token), Ok(()));
    for _ in 0..3 {
        engine
            .keys()
            .replace(keyring_of(key(Es256).public_key_pem()));
        assert_eq!(in_full(&engine, &token), Ok(()));
        assert!(is_recalled(&engine, &token));
    }
    let stats = engine.token_cache().unwrap().stats();
    assert_eq!(
        (stats.entries, stats.insertions, stats.evictions),
        (1, 4, 3)
    );
}

/// `KeySource::with_key` counts as a use: a source that refreshes the keys in use sees it on each hit, too.
#[test]
fn the_source_is_asked_for_the_key_each_time_once() {
    let keys = CountingKeys::new(Answer::AtHand(Answer::key(Es256)));
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    let engine = engine.with_token_cache(cache()).unwrap();
    let token = Token::es256().sign();
    for times in 1..=5 {
        assert!(
            engine
                .verify_now(token.as_bytes(), &mut Scratch::new())
                .is_ok()
        );
        assert_eq!(engine.keys().lookups(), times);
    }
    assert_eq!(hits(&engine), 4);
}

/// A keyring that is looked into only until it is closed, and whose leases are on the keys of `leases`.
struct Leasing {
    keys: Arc<Keyring>,
    leases: Arc<Keyring>,
    is_closed: std::sync::atomic::AtomicBool,
}

impl KeySource for Leasing {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        if self.is_closed.load(std::sync::atomic::Ordering::SeqCst) {
            return Lookup::Unknown;
        }
        self.keys.with_key(key_id, use_key)
    }

    fn lease(&self, key_id: KeyId<'_>) -> Option<KeyLease> {
        self.leases.lease(key_id)
    }

    async fn fetch(&self, key_id: KeyId<'_>, issuer: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        self.keys.fetch(key_id, issuer).await
    }
}

impl Leasing {
    fn close(&self) {
        self.is_closed
            .store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

/// An engine on a source whose leases are its own keys' or those of another keyring.
fn leasing(keys: Arc<Keyring>, leases: Arc<Keyring>) -> Engine<Leasing> {
    let keys = Leasing {
        keys,
        leases,
        is_closed: false.into(),
    };
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    engine.with_token_cache(cache()).unwrap()
}

/// On a hit, the lease is asked and nothing is looked up; a set that was replaced ends the leases on all of its keys, and
/// so does the one after it.
#[test]
fn a_lease_stands_for_a_look_up_until_its_keyring_is_replaced() {
    for times in 0..3 {
        let keys = Arc::new(keyring_of(key(Es256).public_key_pem()));
        let engine = leasing(Arc::clone(&keys), Arc::clone(&keys));
        for _ in 0..times {
            keys.replace(keyring_of(key(Es256).public_key_pem()));
        }
        let token = Token::es256().sign();
        assert_eq!(in_full(&engine, &token), Ok(()));
        engine.keys().close();
        assert!(is_recalled(&engine, &token));
        keys.replace(keyring_of(key(Es256).public_key_pem()));
        assert_eq!(in_full(&engine, &token), Err(VerifyError::KeyUnknown));
    }
}

/// Between the use of a key and the lease, the key may change: a lease on another key is none.
#[test]
fn a_lease_on_another_key_than_the_one_that_was_used_does_not_count() {
    let keys = || Arc::new(keyring_of(key(Es256).public_key_pem()));
    let engine = leasing(keys(), keys());
    let token = Token::es256().sign();
    assert_eq!(in_full(&engine, &token), Ok(()));
    assert!(is_recalled(&engine, &token), "by a look-up");
    engine.keys().close();
    assert_eq!(in_full(&engine, &token), Err(VerifyError::KeyUnknown));
}

/// A source whose key comes and goes.
struct Flickering(std::sync::atomic::AtomicBool, Arc<VerifyingKey>);

impl KeySource for Flickering {
    fn with_key<T>(&self, _: KeyId<'_>, use_key: impl FnOnce(&VerifyingKey) -> T) -> Lookup<T> {
        if self.0.load(std::sync::atomic::Ordering::SeqCst) {
            Lookup::Found(use_key(&self.1))
        } else {
            Lookup::NotLoaded
        }
    }

    async fn fetch(&self, _: KeyId<'_>, _: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        Ok(Arc::clone(&self.1))
    }
}

/// A key that is not at hand any more, such as one whose freshness is over: the token waits for it as any other.
#[test]
fn a_token_whose_key_is_not_at_hand_any_more_needs_its_key() {
    let keys = Flickering(true.into(), Arc::new(Answer::key(Es256)));
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    let engine = engine.with_token_cache(cache()).unwrap();
    let token = Token::es256().sign();
    assert_eq!(in_full(&engine, &token), Ok(()));
    assert!(is_recalled(&engine, &token));
    let is_at_hand = |is: bool| {
        engine
            .keys()
            .0
            .store(is, std::sync::atomic::Ordering::SeqCst)
    };
    is_at_hand(false);
    let mut scratch = Scratch::new();
    let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
    assert!(matches!(verdict, Ok(Verdict::NeedsKey(_))), "{verdict:?}");
    assert!(block_on(engine.verify(token.as_bytes())).is_ok());
    assert_eq!(hits(&engine), 1);
    // It is the same key that comes back.
    is_at_hand(true);
    assert!(is_recalled(&engine, &token));
}

/// A key that is fetched for each token is never at hand: nothing is kept that could not be recalled.
#[test]
fn nothing_is_kept_under_a_key_that_had_to_be_fetched() {
    let keys = CountingKeys::new(Answer::Fetched(Ok(Arc::new(Answer::key(Es256)))));
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    let engine = engine.with_token_cache(cache()).unwrap();
    let token = Token::es256().sign();
    for times in 1..=3 {
        assert!(block_on(engine.verify(token.as_bytes())).is_ok());
        assert_eq!(engine.keys().fetches(), times);
    }
    let stats = engine.token_cache().unwrap().stats();
    assert_eq!((stats.hits, stats.entries), (0, 0));
}
