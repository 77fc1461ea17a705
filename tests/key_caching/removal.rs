//! A 403, 404 or 410 on revalidation ends a key for the next verification, its stale uses included.

use std::sync::Arc;

use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{Algorithm, Engine, KeyRepository, Scratch, TokenCache, Verdict, VerifyError};
use asap_tests::clock::FakeClock;
use asap_tests::fixture::{NOW, policy};
use asap_tests::keys::key;
use asap_tests::simulated::{SimulatedServer, in_paused_time};
use asap_tests::token::Token;
use tokio::time::sleep;

use crate::answers::{Failing, MOMENT, at_once, key_with, seconds, status};

/// An engine whose key comes from `server`, at the fixture's time.
fn engine(server: &Arc<SimulatedServer>) -> Engine<KeyRepository> {
    Engine::new(policy(), server.client()).with_clock(FakeClock::new(NOW))
}

/// Whether the token of the fixture is verified without a wait; otherwise its key is not at hand.
fn is_verified(engine: &Engine<KeyRepository>) -> bool {
    is_accepted(engine, &Token::es256().sign())
}

/// The same of this token.
fn is_accepted(engine: &Engine<KeyRepository>, token: &str) -> bool {
    match engine.verify_now(token.as_bytes(), &mut Scratch::new()) {
        Ok(Verdict::Verified(_)) => true,
        Ok(Verdict::NeedsKey(_)) => false,
        other => panic!("{other:?}"),
    }
}

const GONE: [Failing; 3] = [|| status(403), || status(404), || status(410)];

/// Once it is known that the key is gone, no verification finds it, and no error brings it back.
async fn is_gone(engine: &Engine<KeyRepository>, server: &SimulatedServer) {
    assert_eq!(server.asked().len(), 2);
    assert!(!is_verified(engine));
    let refused = engine.verify(Token::es256().sign().as_bytes()).await;
    assert_eq!(refused.unwrap_err(), VerifyError::KeyUnavailable);
    assert_eq!(server.asked().len(), 3);
    assert!(!is_verified(engine));
}

/// A server of the fixture's key that says then that it is gone, and is down from then on.
fn gone(cache_control: &'static str, then: Failing) -> Arc<SimulatedServer> {
    SimulatedServer::new(move |number, _| match number {
        0 => at_once(key_with(
            cache_control,
            key(Algorithm::Es256).public_key_pem(),
        )),
        1 => then(),
        _ => status(503),
    })
}

#[test]
fn a_stale_key_that_is_gone_on_revalidation_is_gone_for_the_next_verification() {
    for then in GONE {
        in_paused_time(async {
            let server = gone(
                "max-age=10, stale-while-revalidate=3600, stale-if-error=3600",
                then,
            );
            let engine = engine(&server);
            let token = Token::es256().sign();
            assert!(!is_verified(&engine));
            assert!(engine.verify(token.as_bytes()).await.is_ok());
            sleep(seconds(15)).await;
            assert_eq!(server.asked().len(), 1);
            assert!(is_verified(&engine), "stale, and revalidated meanwhile");
            sleep(MOMENT).await;
            is_gone(&engine, &server).await;
        });
    }
}

#[test]
fn a_fresh_key_that_is_gone_on_its_refresh_ahead_is_gone_for_the_next_verification() {
    for then in GONE {
        in_paused_time(async {
            let server = gone("max-age=100, stale-if-error=3600", then);
            let engine = engine(&server);
            let token = Token::es256().sign();
            assert!(engine.verify(token.as_bytes()).await.is_ok());
            assert!(is_verified(&engine));
            sleep(seconds(59)).await;
            assert!(is_verified(&engine));
            sleep(seconds(22)).await;
            is_gone(&engine, &server).await;
        });
    }
}

/// Issue 4: "A 404 or 410 on revalidation makes the key unusable from the next verification on, verified tokens kept under
/// it included."
#[test]
fn verified_tokens_kept_under_a_key_that_is_gone_are_refused_from_the_next_verification_on() {
    for then in GONE {
        for cache_control in [
            "max-age=10, stale-while-revalidate=3600, stale-if-error=3600",
            "max-age=19, stale-if-error=3600",
        ] {
            in_paused_time(async {
                let server = gone(cache_control, then);
                let cache = TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap();
                let engine = engine(&server).with_token_cache(cache).unwrap();
                let hits = || engine.token_cache().unwrap().stats().hits;
                let token = Token::es256().sign();
                assert!(engine.verify(token.as_bytes()).await.is_ok());
                assert!(is_accepted(&engine, &token), "checked in full, and kept");
                for times in 1..=3 {
                    assert!(is_accepted(&engine, &token));
                    assert_eq!(hits(), times);
                }
                sleep(seconds(15)).await;
                // Stale or about to be; its revalidation has begun by now, by this use or ahead of it.
                let was_recalled = is_accepted(&engine, &token);
                assert_eq!(hits(), 3 + u64::from(was_recalled));
                sleep(seconds(3)).await;
                let recalled = hits();
                assert!(!is_accepted(&engine, &token));
                is_gone(&engine, &server).await;
                assert!(!is_accepted(&engine, &token));
                assert_eq!(hits(), recalled);
            });
        }
    }
}

/// A hit is a use of the key: a key whose tokens are all recalled is refreshed ahead, and nobody waits.
#[test]
fn a_key_whose_tokens_are_recalled_is_refreshed_ahead() {
    in_paused_time(async {
        let pem = key(Algorithm::Es256).public_key_pem();
        let server = SimulatedServer::new(move |_, _| at_once(key_with("max-age=10", pem)));
        let cache = TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap();
        let engine = engine(&server).with_token_cache(cache).unwrap();
        let token = Token::es256().sign();
        assert!(engine.verify(token.as_bytes()).await.is_ok());
        for _ in 0..60 {
            assert!(is_accepted(&engine, &token));
            sleep(seconds(1)).await;
        }
        // In a minute of ten seconds each, every key but the first was fetched before the one before it ended.
        let keys = server.asked().len();
        assert!((6..=10).contains(&keys), "{keys}");
        let hits = engine.token_cache().unwrap().stats().hits;
        assert_eq!(hits, 60 - u64::try_from(keys).unwrap());
    });
}
