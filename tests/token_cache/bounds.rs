//! What a cache takes, and what it may not be together with.

use allocation_counter::measure;
use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{ConfigError, Engine, Keyring, ReplayWindow, Reusable, Scratch, TokenCache};
use asap_tests::fixture::{NOW, engine, policy};
use asap_tests::token::Token;

use crate::{cache, caching, in_full, is_recalled};

fn line<T>(result: Result<T, ConfigError>) -> String {
    match result {
        Ok(_) => panic!("it cannot work"),
        Err(error) => error.to_string(),
    }
}

fn plain() -> Engine<Keyring> {
    engine(policy())
}

/// `Engine::with_replay_log`: "or if the engine has a token cache, which would accept tokens again". The other way round
/// does not compile, unless the policy alone says so.
#[test]
fn a_cache_and_single_use_are_a_configuration_error() {
    let caching = plain().with_token_cache(cache()).unwrap();
    let refused = line(caching.with_replay_log(ReplayWindow::new(10).unwrap()));
    assert!(
        refused.contains("token cache") && refused.contains("leave out"),
        "{refused}"
    );
    let single_use = engine(policy().with_single_use());
    let refused = line(single_use.with_token_cache(cache()));
    assert!(
        refused.contains("single use") && refused.contains("leave out"),
        "{refused}"
    );
    let by_log = plain().with_replay_log(Reusable::default()).unwrap();
    assert!(line(by_log.with_token_cache(cache())).contains("single use"));
    assert!(
        plain()
            .with_replay_log(ReplayWindow::new(10).unwrap())
            .is_ok()
    );
}

/// `TokenCache::new`: "If that is less than `MIN_TOKEN_CACHE_BYTES` or more than there is".
#[test]
fn a_cache_without_room_or_beyond_all_memory_is_a_configuration_error() {
    for bytes in [0, 1, MIN_TOKEN_CACHE_BYTES - 1] {
        let refused = line(TokenCache::new(bytes));
        assert!(refused.contains("at least 262144"), "{refused}");
    }
    let refused = line(TokenCache::new(usize::MAX));
    assert!(refused.contains("not enough memory"), "{refused}");
    assert!(TokenCache::new(MIN_TOKEN_CACHE_BYTES).is_ok());
}

/// `TokenCache::new`: "at most `max_bytes` of memory, all included": by what the allocator says, empty and full.
#[test]
fn a_cache_takes_no_more_than_it_was_given_whatever_comes() {
    let mut tokens: Vec<_> = (0..400)
        .map(|number| {
            let filler = "x".repeat(number % 7 * 150);
            Token::es256()
                .claim("jti", &format!("\"{number}\""))
                .claim("filler", &format!("\"{filler}\""))
                .sign()
        })
        .collect();
    tokens.push(asap_tests::token::of_length(8_000));
    let plain = plain();
    let mut scratch = Scratch::new();
    for token in &tokens {
        // The first time, the scratch may grow for a long token, and the thread may register with arc-swap.
        assert!(plain.verify_now(token.as_bytes(), &mut scratch).is_ok());
    }
    let mut caching = None;
    let used = measure(|| {
        let cache = TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap();
        let caching = caching.insert(plain.with_token_cache(cache).unwrap());
        for token in tokens.iter().chain(&tokens) {
            assert!(caching.verify_now(token.as_bytes(), &mut scratch).is_ok());
            let stats = caching.token_cache().unwrap().stats();
            assert!(stats.bytes <= MIN_TOKEN_CACHE_BYTES, "{stats:?}");
        }
    });
    let stats = caching.as_ref().unwrap().token_cache().unwrap().stats();
    let taken = usize::try_from(used.bytes_current).unwrap();
    assert!(taken <= stats.bytes, "{taken} {stats:?}");
    assert!(usize::try_from(used.bytes_max).unwrap() <= MIN_TOKEN_CACHE_BYTES);
    // It is used, and what is said of it is what it takes, to within what allocators add.
    assert!(stats.entries > 100 && stats.evictions > 300, "{stats:?}");
    assert!(
        stats.bytes - taken <= stats.entries * 64,
        "{taken} {stats:?}"
    );
    assert!(stats.bytes > MIN_TOKEN_CACHE_BYTES * 9 / 10, "{stats:?}");
    drop(caching);
}

/// A client that sends each token once costs nobody's place who sends his again.
#[test]
fn a_flood_of_good_tokens_leaves_the_tokens_in_use_alone() {
    let engine = caching();
    let hot: Vec<_> = (0..20)
        .map(|number| {
            Token::es256()
                .claim("jti", &format!("\"hot-{number}\""))
                .sign()
        })
        .collect();
    for token in &hot {
        assert_eq!(in_full(&engine, token), Ok(()));
    }
    for number in 0..1_000 {
        let cold = Token::es256()
            .claim("jti", &format!("\"cold-{number}\""))
            .sign();
        assert_eq!(in_full(&engine, &cold), Ok(()));
        assert!(is_recalled(&engine, &hot[number % 20]), "{number}");
    }
    let stats = engine.token_cache().unwrap().stats();
    assert!(stats.evictions > 500, "{stats:?}");
}

/// A cache full of tokens that have expired is as good as an empty one.
#[test]
fn tokens_that_have_expired_give_way() {
    let clock = asap_tests::clock::FakeClock::new(NOW);
    let engine = crate::caching_by(policy(), clock.clone());
    let token = |number: u64, at: u64| {
        Token::es256()
            .claim("jti", &format!("\"{number}\""))
            .claim("iat", &at.to_string())
            .claim("exp", &(at + 60).to_string())
            .sign()
    };
    for at in [1_700_000_000, 1_700_000_100, 1_700_000_200] {
        clock.set(asap_engine::UnixTime::from_secs(i64::try_from(at).unwrap()));
        let tokens: Vec<_> = (0..150).map(|number| token(number, at)).collect();
        // Three times, since a set that is full of used tokens takes a new one the next time.
        for token in [&tokens, &tokens, &tokens].into_iter().flatten() {
            assert!(
                engine
                    .verify_now(token.as_bytes(), &mut Scratch::new())
                    .is_ok()
            );
        }
        let recalled = tokens.iter().filter(|token| is_recalled(&engine, token));
        let recalled = recalled.count();
        assert!(recalled > 140, "{recalled}");
    }
}

/// `TokenCacheStats`: what each number counts.
#[test]
fn the_counters_count_what_they_say() {
    let engine = caching();
    let stats = || engine.token_cache().unwrap().stats();
    let empty = stats();
    assert_eq!((empty.hits, empty.misses, empty.insertions), (0, 0, 0));
    assert_eq!((empty.entries, empty.evictions), (0, 0));
    assert_eq!(empty.max_bytes, MIN_TOKEN_CACHE_BYTES);
    let token = Token::es256().sign();
    for _ in 0..5 {
        let _ = engine.verify_now(token.as_bytes(), &mut Scratch::new());
    }
    let _ = engine.verify_now(b"junk", &mut Scratch::new());
    let full = stats();
    assert_eq!((full.hits, full.misses, full.insertions), (4, 2, 1));
    assert_eq!((full.entries, full.evictions), (1, 0));
    let grown = full.bytes - empty.bytes;
    assert!((token.len()..token.len() + 800).contains(&grown), "{grown}");
}
