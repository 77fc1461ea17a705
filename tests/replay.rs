//! Check 10: a token is accepted once, where the resource server says so.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use asap_engine::Algorithm::{Es256, Ps256};
use asap_engine::{Backend, Engine, Keyring, ReplayError, ReplayWindow, UnixTime, VerifyError};
use asap_tests::clock::FakeClock;
use asap_tests::counting::CountingLog;
use asap_tests::fixture::{NOW, after, engine, keyring, policy, verdict, verdict_now};
use asap_tests::forge::twin;
use asap_tests::keys::{key, other_key};
use asap_tests::token::{Token, signature_of, with_signature};

const REPLAYED: Result<(), VerifyError> = Err(VerifyError::Replayed);

/// "The resource server MAY reject a token if the token nonce (“jti”) has been previously seen by the resource
/// server in another request."
#[test]
fn the_resource_server_may_reject_a_token_if_the_jti_has_been_previously_seen() {
    let (engine, _) = once(100, 0);
    let token = Token::es256().sign();
    assert_eq!(verdict_now(&engine, &token), Ok(()));
    assert_eq!(verdict_now(&engine, &token), REPLAYED);
    assert_eq!(verdict_now(&engine, &token), REPLAYED);
    let another = Token::es256().claim("jti", "\"token-2\"").sign();
    assert_eq!(verdict_now(&engine, &another), Ok(()));
    assert_eq!(VerifyError::Replayed.status(), 401);
}

/// "The client MAY reuse the same token for multiple HTTP requests to the resource server within the lifetime of
/// the token except if the resource server explicitly documented that it enforces a token single use policy."
#[test]
fn the_client_may_reuse_the_same_token_unless_the_resource_server_enforces_single_use() {
    let (engine, token) = (engine(policy()), Token::es256().sign());
    for _ in 0..3 {
        assert_eq!(verdict(&engine, &token), Ok(()));
    }
}

/// "The client MUST ensure that there is a very low probability that at any point in time there are more than one
/// valid and non-expired tokens with the same “jti” value, considering that there may be many issuers": one
/// issuer cannot burn another's.
#[test]
fn a_jti_belongs_to_its_issuer() {
    let (engine, _) = once(100, 0);
    let clients = Token::es256().sign();
    let neighbours = Token::es256()
        .claim("iss", "\"neighbour\"")
        .header("kid", "\"neighbour/ES256\"")
        .sign_with(other_key(Es256));
    for token in [&neighbours, &clients] {
        assert_eq!(verdict_now(&engine, token), Ok(()));
        assert_eq!(verdict_now(&engine, token), REPLAYED);
    }
    // Where the one ends and the other begins makes a difference.
    let pem = key(Es256).public_key_pem().as_bytes();
    let keys = Keyring::from_pems([("a/b/c", pem)]).unwrap();
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    let engine = engine
        .with_replay_log(ReplayWindow::new(100).unwrap())
        .unwrap();
    for (issuer, token_id) in [
        ("a", "/b1"),
        ("a/b", "1"),
        ("a", "b1"),
        ("a", "/b/1"),
        ("a/b", "/1"),
        ("a", ""),
    ] {
        let token = Token::es256()
            .header("kid", "\"a/b/c\"")
            .claim("iss", &format!("\"{issuer}\""))
            .claim("jti", &format!("\"{token_id}\""))
            .sign();
        assert_eq!(verdict_now(&engine, &token), Ok(()), "{issuer} {token_id}");
        assert_eq!(
            verdict_now(&engine, &token),
            REPLAYED,
            "{issuer} {token_id}"
        );
    }
}

/// docs/DESIGN.md, check 10: "(`iss`, `jti`) inserted atomically, kept until `exp` and the leeway".
#[test]
fn a_token_is_remembered_until_exp_and_the_leeway_inclusive() {
    for (leeway, exp, last, forgotten) in [
        (0, "1700000060", after(60), after(61)),
        (30, "1700000060", after(90), after(91)),
        (
            30,
            "1700000060.5",
            UnixTime::from_nanos(after(90).as_nanos() + 500_000_000),
            after(92),
        ),
        (300, "1700000060.0000000001", after(360), after(362)),
    ] {
        let (engine, clock) = once(100, leeway);
        let token = Token::es256().claim("exp", exp).sign();
        // The same name on a token that lives on, to see what is remembered.
        let namesake = Token::es256().claim("exp", "1700003600").sign();
        assert_eq!(verdict_now(&engine, &token), Ok(()));
        clock.set(last);
        assert_eq!(verdict_now(&engine, &token), REPLAYED, "{leeway} {exp}");
        assert_eq!(verdict_now(&engine, &namesake), REPLAYED, "{leeway} {exp}");
        clock.set(last.saturating_add(Duration::from_nanos(1)));
        assert_eq!(
            verdict_now(&engine, &token),
            Err(VerifyError::Expired),
            "{leeway} {exp}"
        );
        clock.set(forgotten);
        assert_eq!(verdict_now(&engine, &namesake), Ok(()), "{leeway} {exp}");
    }
}

/// `ReplayLog::prepare`: once a token that the policy wants, before its signature is checked; never one it does not want.
#[test]
fn a_log_is_told_of_a_token_whose_signature_is_about_to_be_checked() {
    let log = CountingLog::new(Ok(()));
    let engine = engine(policy()).with_replay_log(&log).unwrap();
    let expired = Token::es256().claim("exp", "1").sign();
    assert!(verdict_now(&engine, &expired).is_err());
    assert_eq!((log.preparations(), log.calls()), (0, 0));
    let forged = with_signature(&Token::es256().sign(), [7; 64]);
    assert_eq!(
        verdict_now(&engine, &forged),
        Err(VerifyError::SignatureInvalid)
    );
    assert_eq!((log.preparations(), log.calls()), (1, 0));
    assert_eq!(verdict_now(&engine, Token::es256().sign()), Ok(()));
    assert_eq!((log.preparations(), log.calls()), (2, 1));
}

/// pipeline.rs: "one refused above step 10 leaves no trace".
#[test]
fn a_refused_token_leaves_no_trace() {
    let (engine, clock) = once(100, 0);
    let token = Token::es256();
    let good = token.sign();
    clock.set(after(-1));
    assert_eq!(verdict_now(&engine, &good), Err(VerifyError::NotYetValid));
    clock.set(NOW);
    for (refused, refusal) in [
        (
            with_signature(&good, [0; 64]),
            VerifyError::SignatureInvalid,
        ),
        (
            token.sign_with(other_key(Es256)),
            VerifyError::SignatureInvalid,
        ),
        (with_signature(&good, ""), VerifyError::SignatureInvalid),
        (
            token.clone().header("alg", "\"ES384\"").sign(),
            VerifyError::AlgorithmMismatch,
        ),
        (
            token.clone().header("kid", "\"client/unknown\"").sign(),
            VerifyError::KeyUnknown,
        ),
        (
            token.clone().header("kid", "\"neighbour/ES256\"").sign(),
            VerifyError::KeyNotOwned,
        ),
        (
            token.clone().claim("aud", "\"other\"").sign(),
            VerifyError::AudienceMismatch,
        ),
        (
            token.clone().claim("exp", "1699999999").sign(),
            VerifyError::Expired,
        ),
        (
            token.clone().claim("exp", "1700003601").sign(),
            VerifyError::LifetimeTooLong,
        ),
        (
            token.clone().claim("sub", "1").sign(),
            VerifyError::SubjectInvalid,
        ),
        (format!("{good}="), VerifyError::InvalidBase64),
    ] {
        assert_eq!(verdict_now(&engine, refused), Err(refusal));
    }
    assert_eq!(verdict_now(&engine, &good), Ok(()));
    assert_eq!(verdict_now(&engine, &good), REPLAYED);
}

/// docs/DESIGN.md, check 10: "a full log refuses and never forgets a live entry".
#[test]
fn a_full_log_refuses_and_never_forgets_a_live_entry() {
    let (engine, clock) = once(1, 0);
    let numbered = |number: usize| Token::es256().claim("jti", &format!("\"{number}\""));
    let mut remembered = Vec::new();
    let refused = loop {
        let token = numbered(remembered.len()).sign();
        match verdict_now(&engine, &token) {
            Ok(()) => remembered.push(token),
            Err(refusal) => break refusal,
        }
        assert!(
            remembered.len() < 10_000,
            "a window for one token takes thousands"
        );
    };
    assert_eq!(
        (refused, refused.status()),
        (VerifyError::ReplayLogFull, 503)
    );
    assert_eq!(refused.challenge(), None);
    // A flood evicts nobody: every accepted token is still known.
    for number in 0..100 {
        let flood = numbered(20_000 + number).sign();
        assert_eq!(verdict_now(&engine, flood), Err(VerifyError::ReplayLogFull));
    }
    clock.set(after(60));
    for token in &remembered {
        assert_eq!(verdict_now(&engine, token), REPLAYED);
    }
    // When the live entries have expired there is room again, also for who was refused.
    clock.set(after(61));
    let late = numbered(20_000).claim("exp", "1700003600").sign();
    assert_eq!(verdict_now(&engine, &late), Ok(()));
    assert_eq!(verdict_now(&engine, &late), REPLAYED);
}

/// `ReplayWindow`: "It remembers at least `capacity` live tokens".
#[test]
fn a_window_remembers_at_least_its_capacity() {
    let (engine, _) = once(1_000, 0);
    let tokens: Vec<_> = (0..1_000)
        .map(|number| Token::es256().claim("jti", &format!("\"{number}\"")).sign())
        .collect();
    for token in &tokens {
        assert_eq!(verdict_now(&engine, token), Ok(()));
    }
    for token in &tokens {
        assert_eq!(verdict_now(&engine, token), REPLAYED);
    }
}

/// docs/DESIGN.md, check 10: "inserted atomically".
#[test]
fn of_eight_threads_with_the_same_token_exactly_one_is_served() {
    const THREADS: usize = 8;
    let (engine, _) = once(1_000, 0);
    for round in 0..50 {
        let token = Token::es256().claim("jti", &format!("\"{round}\"")).sign();
        let (start, accepted, replayed) = (
            Barrier::new(THREADS),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    let counter = match verdict_now(&engine, &token) {
                        Ok(()) => &accepted,
                        Err(VerifyError::Replayed) => &replayed,
                        Err(other) => panic!("{other}"),
                    };
                    counter.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(
            (accepted.into_inner(), replayed.into_inner()),
            (1, THREADS - 1)
        );
    }
}

/// Attack RPL-06: other bytes of the same token are the same token, "as the key is (iss, jti)".
#[test]
fn a_malleated_copy_of_a_token_is_the_same_token() {
    let keys = || keyring(&[Es256, Ps256], Backend::default());
    let log = || ReplayWindow::new(100).unwrap();
    let engine = || {
        Engine::new(policy(), keys())
            .with_clock(|| NOW)
            .with_replay_log(log())
            .unwrap()
    };
    let token = Token::es256();
    let good = token.sign();
    let high_s = with_signature(&good, twin(&signature_of(&good)));
    let copies = [
        high_s,
        token.sign(),
        token.clone().header("typ", "\"JWT\"").sign(),
        token.clone().claim("jti", r#""\u0074oken-1""#).sign(),
        token.clone().claim("iss", r#""cl\u0069ent""#).sign(),
        token.clone().claim("exp", "1700003600").sign(),
        token.clone().claim("aud", "[\"server\"]").sign(),
        token.clone().claim("sub", "\"somebody\"").sign(),
        token
            .clone()
            .header("kid", "\"client/other-ES256\"")
            .sign_with(other_key(Es256)),
        Token::good(Ps256).sign(),
    ];
    for copy in &copies {
        let engine = engine();
        assert_eq!(verdict_now(&engine, copy), Ok(()));
        assert_eq!(verdict_now(&engine, &good), REPLAYED);
    }
    let engine = engine();
    assert_eq!(verdict_now(&engine, &good), Ok(()));
    for copy in &copies {
        assert_eq!(verdict_now(&engine, copy), REPLAYED);
    }
    // A `jti` is case-sensitive and is not normalised: these are others.
    for other in ["Token-1", "token-1 ", "token-1\\u0000", ""] {
        let other = token.clone().claim("jti", &format!("\"{other}\"")).sign();
        assert_eq!(verdict_now(&engine, other), Ok(()));
    }
}

/// docs/DESIGN.md: "The log's time never goes back: it takes the latest it has seen, from any thread": a clock that is
/// set back cannot open the log again.
#[test]
fn a_clock_that_is_set_back_cannot_have_a_token_accepted_again() {
    let (engine, clock) = once(100, 0);
    let token = Token::es256().sign();
    assert_eq!(verdict_now(&engine, &token), Ok(()));
    clock.set(after(100));
    let later = Token::es256()
        .claim("jti", "\"later\"")
        .claim("exp", "1700000200")
        .sign();
    assert_eq!(verdict_now(&engine, &later), Ok(()));
    clock.set(after(1));
    assert_eq!(verdict_now(&engine, &token), Err(VerifyError::Expired));
    let unseen = Token::es256().claim("jti", "\"unseen\"").sign();
    assert_eq!(verdict_now(&engine, &unseen), Err(VerifyError::Expired));
    assert_eq!(verdict_now(&engine, &later), REPLAYED);
}

/// `VerifyError`, stage replay: what a log answers is what the token is told.
#[test]
fn every_answer_of_a_log_has_its_refusal() {
    for (answer, expected) in [
        (Ok(()), Ok(())),
        (Err(ReplayError::Seen), Err(VerifyError::Replayed)),
        (Err(ReplayError::Full), Err(VerifyError::ReplayLogFull)),
        (Err(ReplayError::Expired), Err(VerifyError::Expired)),
        (
            Err(ReplayError::ExpiresTooLate),
            Err(VerifyError::ExpiresTooLate),
        ),
    ] {
        let log = CountingLog::new(answer);
        let engine = engine(policy()).with_replay_log(&log).unwrap();
        assert_eq!(verdict_now(&engine, Token::es256().sign()), expected);
        assert_eq!(log.calls(), 1);
    }
}

/// A resource server that enforces single use, and its clock.
fn once(capacity: usize, leeway: u64) -> (Engine<Keyring, ReplayWindow>, FakeClock) {
    let clock = FakeClock::new(NOW);
    let policy = policy().with_leeway(Duration::from_secs(leeway)).unwrap();
    let engine = engine(policy).with_clock(clock.clone());
    let window = ReplayWindow::new(capacity).unwrap();
    (engine.with_replay_log(window).unwrap(), clock)
}
