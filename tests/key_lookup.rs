//! Check 7: the key that `kid` names, and when it is looked for.

use std::sync::Arc;

use asap_engine::Algorithm::{Es256, Es384};
use asap_engine::{Engine, KeyError, Keyring, Scratch, UnixTime, Verdict, VerifyError};
use asap_tests::clock::FakeClock;
use asap_tests::counting::{Answer, CountingKeys, CountingLog};
use asap_tests::fixture::{NOW, after, block_on, engine, judge, policy, verdict};
use asap_tests::keys::key;
use asap_tests::token::Token;

/// "signatures made with an unknown key [...] MUST be rejected."
#[test]
fn signatures_made_with_an_unknown_key_must_be_rejected() {
    for kid in [
        "client/unknown",
        "client/ES25",
        "client/ES2567",
        "client/es256",
        "client/ES256/ES256",
    ] {
        let token = Token::es256().header("kid", &format!("\"{kid}\""));
        assert_eq!(judge(token.sign()), Err(VerifyError::KeyUnknown), "{kid}");
    }
    let nobody = Engine::new(policy(), Keyring::from_pems([]).unwrap()).with_clock(|| NOW);
    assert_eq!(
        verdict(&nobody, Token::es256().sign()),
        Err(VerifyError::KeyUnknown)
    );
    assert_eq!(VerifyError::KeyUnknown.status(), 401);
}

/// "Either the key it is known statically (by configuration) or it can be discovered at runtime": keys by
/// configuration are swapped whole, and the next token is judged by the new ones.
#[test]
fn a_key_that_is_removed_from_the_configuration_is_unknown_from_then_on() {
    let (engine, token) = (engine(policy()), Token::es256().sign());
    assert_eq!(verdict(&engine, &token), Ok(()));
    engine.keys().replace(Keyring::from_pems([]).unwrap());
    assert_eq!(verdict(&engine, &token), Err(VerifyError::KeyUnknown));
    let pem = key(Es256).public_key_pem().as_bytes();
    engine
        .keys()
        .replace(Keyring::from_pems([("client/ES256", pem)]).unwrap());
    assert_eq!(verdict(&engine, &token), Ok(()));
}

/// "If the resource server does not know the public key of the claimed issuer, it MAY use the following key
/// discovery process to obtain it."
#[test]
fn a_key_that_is_not_at_hand_is_fetched_once_and_only_by_the_entry_that_waits() {
    let engine = waiting_for(Ok(Arc::new(Answer::key(Es256))));
    let (token, mut scratch) = (Token::es256().sign(), Scratch::new());
    let Ok(Verdict::NeedsKey(pending)) = engine.verify_now(token.as_bytes(), &mut scratch) else {
        panic!("there is no key at hand");
    };
    assert_eq!(pending.key_id().as_str(), "client/ES256");
    assert_eq!(engine.keys().fetches(), 0);
    let identity = engine.resume(pending, &Answer::key(Es256)).unwrap();
    assert_eq!(
        (identity.issuer(), identity.token_id()),
        ("client", "token-1")
    );
    assert_eq!(engine.keys().fetches(), 0);
    let identity = block_on(engine.verify(token.as_bytes())).unwrap();
    assert_eq!(
        (identity.issuer(), identity.token_id()),
        ("client", "token-1")
    );
    assert_eq!(engine.keys().fetches(), 1);
}

/// docs/DESIGN.md, check 7: "nothing is fetched for a token refused above".
#[test]
fn nothing_is_fetched_for_a_token_that_is_refused_above() {
    let engine = waiting_for(Ok(Arc::new(Answer::key(Es256))));
    let token = Token::es256();
    for (token, refusal) in [
        ("x".repeat(9000), VerifyError::TokenTooLong),
        (format!("{}.", token.sign()), VerifyError::NotCompact),
        (format!("{}=", token.sign()), VerifyError::InvalidBase64),
        (
            token.clone().header("alg", "\"none\"").sign(),
            VerifyError::AlgorithmUnsupported,
        ),
        (
            token.clone().header("kid", "\"client/../x\"").sign(),
            VerifyError::KeyIdInvalid,
        ),
        (
            token.clone().without_claim("jti").sign(),
            VerifyError::TokenIdMissing,
        ),
        (
            token.clone().claim("iss", "\"neighbour\"").sign(),
            VerifyError::KeyNotOwned,
        ),
        (
            token.clone().claim("exp", "1699999999").sign(),
            VerifyError::Expired,
        ),
        (
            token.clone().claim("nbf", "1700000001").sign(),
            VerifyError::NotYetValid,
        ),
        (
            token.clone().claim("iat", "1").sign(),
            VerifyError::LifetimeTooLong,
        ),
        (
            token.clone().claim("aud", "\"other\"").sign(),
            VerifyError::AudienceMismatch,
        ),
    ] {
        assert_eq!(verdict(&engine, token), Err(refusal));
    }
    assert_eq!((engine.keys().lookups(), engine.keys().fetches()), (0, 0));
    assert!(block_on(engine.verify(token.sign().as_bytes())).is_ok());
    assert_eq!(engine.keys().fetches(), 1);
}

/// docs/DESIGN.md: "403, 404 and 410 are `key_unknown`, 401. Everything else that brings no key [...] says nothing
/// about the token: `key_unavailable`, 503."
#[test]
fn a_source_that_could_not_be_asked_says_nothing_about_the_token() {
    for (end, refusal, status) in [
        (KeyError::Unknown, VerifyError::KeyUnknown, 401),
        (KeyError::Unavailable, VerifyError::KeyUnavailable, 503),
    ] {
        let log = CountingLog::new(Ok(()));
        let engine = waiting_for(Err(end)).with_replay_log(&log).unwrap();
        let token = Token::es256().sign();
        let answer = block_on(engine.verify(token.as_bytes()));
        assert_eq!(answer.map(|_| ()), Err(refusal));
        assert_eq!(refusal.status(), status);
        assert_eq!(refusal.challenge().is_some(), status == 401);
        assert_eq!((engine.keys().fetches(), log.calls()), (1, 0));
    }
}

/// "As per the HTTP caching protocol, failures to retrieve a key MUST NOT be cached.": not by the engine either.
#[test]
fn failures_to_retrieve_a_key_must_not_be_cached() {
    let engine = waiting_for(Err(KeyError::Unavailable));
    for attempt in 1..=3 {
        let answer = block_on(engine.verify(Token::es256().sign().as_bytes()));
        assert_eq!(answer.map(|_| ()), Err(VerifyError::KeyUnavailable));
        assert_eq!(engine.keys().fetches(), attempt);
    }
}

/// "The resource server MUST verify that the current time is between “nbf” (optional) and “exp” (required),
/// inclusive.": the current time after the wait for the key, too.
#[test]
fn the_time_is_verified_again_after_the_wait_for_the_key() {
    for (later, expected) in [
        (after(0), Ok(())),
        (after(60), Ok(())),
        (
            UnixTime::from_nanos(after(60).as_nanos() + 1),
            Err(VerifyError::Expired),
        ),
        (after(3600), Err(VerifyError::Expired)),
        // A clock that is set back while somebody waits is a clock that says so.
        (after(-1), Err(VerifyError::NotYetValid)),
    ] {
        let (clock, log) = (FakeClock::new(NOW), CountingLog::new(Ok(())));
        let hands = clock.clone();
        let keys = CountingKeys::new(Answer::Fetched(Ok(Arc::new(Answer::key(Es256)))))
            .with_fetch_hook(move || hands.set(later));
        let engine = Engine::new(policy(), keys).with_clock(clock.clone());
        let engine = engine.with_replay_log(&log).unwrap();
        let token = Token::es256().sign();
        let waited = block_on(engine.verify(token.as_bytes())).map(|_| ());
        assert_eq!(waited, expected, "{later}");
        assert_eq!(engine.keys().fetches(), 1);
        assert_eq!(log.calls(), usize::from(expected.is_ok()), "{later}");

        // The same for a gateway that waits by itself.
        clock.set(NOW);
        let mut scratch = Scratch::new();
        let Ok(Verdict::NeedsKey(pending)) = engine.verify_now(token.as_bytes(), &mut scratch)
        else {
            panic!("there is no key at hand");
        };
        clock.set(later);
        let resumed = engine.resume(pending, &Answer::key(Es256)).map(|_| ());
        assert_eq!(resumed, expected, "{later}");
    }
}

/// Check 8 after the wait: "a key is parsed once, at load, and tied there to what it can verify; the token's `alg`
/// may only agree."
#[test]
fn a_fetched_key_of_another_algorithm_is_refused() {
    let engine = waiting_for(Ok(Arc::new(Answer::key(Es384))));
    let token = Token::es256().sign();
    let answer = block_on(engine.verify(token.as_bytes()));
    assert_eq!(answer.map(|_| ()), Err(VerifyError::AlgorithmMismatch));
}

/// An engine whose keys are all to be fetched, with this end.
fn waiting_for(end: Result<Arc<asap_engine::VerifyingKey>, KeyError>) -> Engine<CountingKeys> {
    Engine::new(policy(), CountingKeys::new(Answer::Fetched(end))).with_clock(|| NOW)
}
