//! `Engine::verify_batch`: the verdicts that one call each would give, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use asap_engine::Algorithm::{Es256, Es384};
use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{
    Engine, KeySource, ReplayLog, ReplayWindow, Scratch, TokenCache, Verdict, VerifyError,
};
use asap_tests::counting::{Answer, CountingKeys};
use asap_tests::fixture::{NOW, engine, policy};
use asap_tests::token::{Token, of_length, with_signature};
use asap_tests::walk::Walk;

/// What is said of a token, kept: its `jti`, the `kid` that it needs, or the refusal.
type Said = Result<Result<String, String>, VerifyError>;

fn said(verdict: Result<Verdict<'_>, VerifyError>) -> Said {
    match verdict? {
        Verdict::Verified(identity) => Ok(Ok(identity.token_id().to_owned())),
        Verdict::NeedsKey(pending) => Ok(Err(pending.key_id().as_str().to_owned())),
        other => panic!("{other:?}"),
    }
}

fn in_one_call<K: KeySource, R: ReplayLog>(engine: &Engine<K, R>, tokens: &[String]) -> Vec<Said> {
    let tokens: Vec<_> = tokens.iter().map(String::as_bytes).collect();
    let mut all = Vec::new();
    engine.verify_batch(&tokens, &mut Scratch::new(), |place, verdict| {
        assert_eq!(place, all.len());
        all.push(said(verdict));
    });
    assert_eq!(all.len(), tokens.len());
    all
}

fn one_by_one<K: KeySource, R: ReplayLog>(engine: &Engine<K, R>, tokens: &[String]) -> Vec<Said> {
    let mut scratch = Scratch::new();
    let each = tokens.iter();
    each.map(|token| said(engine.verify_now(token.as_bytes(), &mut scratch)))
        .collect()
}

/// So many tokens, good and bad in any order, some of them more than once.
fn mix(walk: &mut Walk, count: usize) -> Vec<String> {
    let numbered = |number: usize| Token::es256().claim("jti", &format!("\"{number}\""));
    let any = |walk: &mut Walk| match walk.below(8) {
        0 => numbered(walk.below(20)).claim("exp", "1699999999").sign(),
        1 => with_signature(&numbered(walk.below(20)).sign(), [7; 64]),
        2 => Token::good(Es384).sign(),
        3 => "junk".repeat(walk.below(4)),
        4 => of_length(1_000 + walk.below(3_000)),
        _ => numbered(walk.below(20)).sign(),
    };
    (0..count).map(|_| any(walk)).collect()
}

/// "as `verify_now` verifies each, and hands the verdicts to `each` in the order of the tokens".
#[test]
fn a_batch_says_in_order_what_single_calls_say() {
    let mut walk = Walk(5);
    for count in [0, 1, 2, 15, 16, 17, 33, 100] {
        let tokens = mix(&mut walk, count);
        let plain = || engine(policy());
        assert_eq!(
            in_one_call(&plain(), &tokens),
            one_by_one(&plain(), &tokens)
        );
        let single_use = || {
            plain()
                .with_replay_log(ReplayWindow::new(1_000).unwrap())
                .unwrap()
        };
        assert_eq!(
            in_one_call(&single_use(), &tokens),
            one_by_one(&single_use(), &tokens)
        );
        let cache = || TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap();
        let caching = || plain().with_token_cache(cache()).unwrap();
        let (one, other) = (caching(), caching());
        for _ in 0..2 {
            assert_eq!(in_one_call(&one, &tokens), one_by_one(&other, &tokens));
        }
        let [one, other] = [one, other].map(|engine| engine.token_cache().unwrap().stats());
        assert_eq!((one.hits, one.misses), (other.hits, other.misses));
    }
}

/// "If tokens are for single use, of two with the same `jti` the first is accepted."
#[test]
fn of_two_tokens_with_one_jti_the_first_is_accepted() {
    let engine = engine(policy())
        .with_replay_log(ReplayWindow::new(10).unwrap())
        .unwrap();
    let tokens = [
        Token::es256().sign(),
        Token::es256().sign(),
        Token::es256().claim("jti", "\"2\"").sign(),
    ];
    let said = in_one_call(&engine, &tokens);
    let accepted = |jti: &str| Ok(Ok(jti.to_owned()));
    assert_eq!(
        said,
        [
            accepted("token-1"),
            Err(VerifyError::Replayed),
            accepted("2")
        ]
    );
    assert_eq!(
        in_one_call(&engine, &tokens),
        [const { Err(VerifyError::Replayed) }; 3]
    );
}

/// It never waits: what has no key at hand is told so, and nothing is fetched.
#[test]
fn a_batch_waits_for_no_key() {
    let keys = CountingKeys::new(Answer::Fetched(Ok(Arc::new(Answer::key(Es256)))));
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    let tokens = [Token::es256().sign(), "junk".to_owned()];
    let said = in_one_call(&engine, &tokens);
    assert_eq!(
        said,
        [
            Ok(Err("client/ES256".to_owned())),
            Err(VerifyError::NotCompact)
        ]
    );
    assert_eq!(engine.keys().fetches(), 0);
}

/// "The clock is read once for every 16 tokens".
#[test]
fn the_clock_is_read_once_for_sixteen_tokens() {
    let reads = Arc::new(AtomicUsize::new(0));
    let clock = Arc::clone(&reads);
    let engine = engine(policy()).with_clock(move || {
        clock.fetch_add(1, Ordering::SeqCst);
        NOW
    });
    let mut expected = 0;
    for (count, times) in [(0, 0), (1, 1), (16, 1), (17, 2), (48, 3)] {
        let tokens = vec!["junk".to_owned(); count];
        assert_eq!(in_one_call(&engine, &tokens).len(), count);
        expected += times;
        assert_eq!(reads.load(Ordering::SeqCst), expected, "{count}");
    }
}

/// "Nothing is allocated for realistic tokens."
#[test]
fn a_batch_allocates_nothing() {
    let engine = engine(policy());
    let tokens: Vec<_> = (0..20)
        .map(|number| Token::es256().claim("jti", &format!("\"{number}\"")).sign())
        .collect();
    let tokens: Vec<_> = tokens.iter().map(String::as_bytes).collect();
    let (mut scratch, mut accepted) = (Scratch::new(), 0);
    let mut verify = || {
        engine.verify_batch(&tokens, &mut scratch, |_, verdict| {
            accepted += usize::from(verdict.is_ok());
        });
    };
    verify();
    let used = allocation_counter::measure(&mut verify);
    assert_eq!(used.count_total, 0);
    assert_eq!(accepted, 40);
}
