//! A 403, 404 or 410 on revalidation ends a key for the next verification, its stale uses included.

use std::sync::Arc;

use asap_engine::{Algorithm, Engine, KeyRepository, Scratch, Verdict, VerifyError};
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
    let token = Token::es256().sign();
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
            sleep(seconds(74)).await;
            assert!(is_verified(&engine));
            sleep(seconds(17)).await;
            is_gone(&engine, &server).await;
        });
    }
}
