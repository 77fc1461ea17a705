//! What is recalled is the token, every byte of it, and whose it was.

use asap_engine::limits::{MAX_TOKEN_LENGTH, MIN_TOKEN_CACHE_BYTES};
use asap_engine::{
    Algorithm, Backend, Engine, IdentityRef, Scratch, TokenCache, Verdict, VerifyError,
};
use asap_tests::fixture::{NOW, block_on, engine, keyring, policy};
use asap_tests::forge::twin;
use asap_tests::token::{Token, of_length, signature_of, with_signature};

use crate::{cache, caching, hits, in_full, is_recalled};

/// All that an identity says.
fn all_of(identity: &IdentityRef<'_>) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        [
            identity.issuer().to_owned(),
            identity.subject().to_owned(),
            identity.token_id().to_owned(),
            identity.key_id().to_owned(),
            identity.claims_json().to_owned(),
        ],
        identity.algorithm(),
        identity
            .audience()
            .iter()
            .map(|name| name.into_owned())
            .collect::<Vec<_>>(),
        (identity.issued_at(), identity.expires_at()),
    )
}

/// Tokens whose texts lie in every way there is: within the claims, unescaped beside them, or nowhere.
fn tokens_of_every_kind() -> Vec<String> {
    let mut tokens: Vec<_> = Algorithm::ALL
        .iter()
        .map(|algorithm| Token::good(*algorithm).claim("sub", "\"somebody\"").sign())
        .collect();
    tokens.extend([
        Token::es256().sign(),
        Token::es256().claim("sub", "\"\"").sign(),
        Token::es256().claim("jti", "\"\"").sign(),
        Token::es256()
            .claim("jti", r#""\u0074oken \u00e9 \ud83d\ude00 \"é\"""#)
            .sign(),
        Token::es256().claim("iss", r#""\u0063lient""#).sign(),
        Token::es256().claim("sub", r#""s\u00f3""#).sign(),
        Token::es256()
            .claim("aud", r#"["other","s\u0065rver","é"]"#)
            .sign(),
        Token::es256().claim("aud", r#""s\u0065rver""#).sign(),
        Token::es256().header("kid", r#""client\/ES256""#).sign(),
        Token::es256()
            .claim("exp", "1700000059.123456789123")
            .claim("iat", "1.7e9")
            .sign(),
        Token::es256().claim("nbf", "-1e400").sign(),
        of_length(4_000),
    ]);
    tokens
}

/// `Engine::with_token_cache`: "accepts one that comes again": with all that it was accepted with the first time.
#[test]
fn a_token_that_comes_again_is_who_it_was() {
    let engine = Engine::new(policy(), keyring(Algorithm::ALL, Backend::default()));
    let engine = engine.with_clock(|| NOW).with_token_cache(cache()).unwrap();
    let (mut one, mut scratch) = (Scratch::new(), Scratch::new());
    for token in tokens_of_every_kind() {
        let recalled = hits(&engine);
        let Ok(Verdict::Verified(first)) = engine.verify_now(token.as_bytes(), &mut one) else {
            panic!("{token} is good");
        };
        let first = all_of(&first);
        assert_eq!(hits(&engine), recalled);
        let Ok(Verdict::Verified(again)) = engine.verify_now(token.as_bytes(), &mut scratch) else {
            panic!("{token} is good");
        };
        assert_eq!(all_of(&again), first);
        assert_eq!(all_of(&again.to_owned().as_ref()), first);
        let kept = block_on(engine.verify(token.as_bytes())).unwrap();
        assert_eq!(all_of(&kept.as_ref()), first);
        assert_eq!(hits(&engine), recalled + 2, "{token}");
    }
}

/// `Engine::with_token_cache`: "all of its bytes are those of a token that this engine has verified".
#[test]
fn a_token_that_differs_in_any_byte_is_checked_in_full() {
    let (engine, token) = (caching(), Token::es256().sign());
    assert_eq!(in_full(&engine, &token), Ok(()));
    assert!(is_recalled(&engine, &token));
    for position in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[position] = if other[position] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).unwrap();
        assert!(in_full(&engine, &other).is_err(), "{position}");
    }
    for other in [
        format!("{token}A"),
        format!("{token}="),
        format!("{token} "),
        format!(" {token}"),
        format!("A{token}"),
        token[1..].to_owned(),
        token[..token.len() - 1].to_owned(),
        token[token.len() - 32..].to_owned(),
        token[token.len() - 31..].to_owned(),
        String::new(),
    ] {
        assert!(in_full(&engine, &other).is_err(), "{other}");
    }
    assert!(is_recalled(&engine, &token));
}

/// The hash that finds a token is of its end: another token with that end is another token.
#[test]
fn another_header_or_payload_before_the_same_signature_is_refused() {
    let (engine, token) = (caching(), Token::es256().sign());
    assert_eq!(in_full(&engine, &token), Ok(()));
    for other in [
        Token::es256().claim("sub", "\"admin\""),
        Token::es256().claim("exp", "1700003600"),
        Token::es256().claim("jti", "\"token-2\""),
        Token::es256().header("typ", "\"JWT\""),
    ] {
        let forged = with_signature(&other.sign(), signature_of(&token));
        assert_eq!(
            in_full(&engine, &forged),
            Err(VerifyError::SignatureInvalid)
        );
        assert_eq!(
            in_full(&engine, &forged),
            Err(VerifyError::SignatureInvalid)
        );
    }
}

/// The other signature that ECDSA has for each is good too, and other bytes.
#[test]
fn the_twin_of_an_ecdsa_signature_is_a_token_of_its_own() {
    let (engine, token) = (caching(), Token::es256().sign());
    let other = with_signature(&token, twin(&signature_of(&token)));
    assert_eq!(in_full(&engine, &token), Ok(()));
    assert_eq!(in_full(&engine, &other), Ok(()));
    assert!(is_recalled(&engine, &token) && is_recalled(&engine, &other));
}

/// engine/src/token_cache: "the cache refuses nothing, and no refusal is ever kept".
#[test]
fn a_token_that_was_refused_is_not_kept() {
    let (engine, good) = (caching(), Token::es256().sign());
    for bad in [
        with_signature(&good, [1; 64]),
        Token::es256().claim("aud", "\"elsewhere\"").sign(),
        Token::es256().claim("exp", "1699999999").sign(),
        Token::es256().header("kid", "\"client/unknown\"").sign(),
        Token::good(Algorithm::Es384).sign(),
        "a.b.c".to_owned(),
    ] {
        let first = in_full(&engine, &bad);
        assert!(first.is_err());
        assert_eq!(in_full(&engine, &bad), first);
    }
    let stats = engine.token_cache().unwrap().stats();
    assert_eq!((stats.hits, stats.misses), (0, 12));
    assert_eq!((stats.insertions, stats.entries), (0, 0));
}

/// A policy is an engine's for good, and so is its cache: another policy begins with an empty one.
#[test]
fn an_engine_of_another_policy_recalls_nothing_of_this_one() {
    let token = Token::es256().sign();
    let one = caching();
    assert_eq!(in_full(&one, &token), Ok(()));
    assert!(is_recalled(&one, &token));
    let stricter = policy().with_issuers(["neighbour"]).unwrap();
    let other = engine(stricter).with_token_cache(cache()).unwrap();
    assert_eq!(in_full(&other, &token), Err(VerifyError::IssuerNotAllowed));
    // A cache in the place of another begins empty.
    let one = one.with_token_cache(cache()).unwrap();
    assert_eq!(in_full(&one, &token), Ok(()));
    assert!(is_recalled(&one, &token));
}

/// A token of the longest length that a policy may admit is kept like others.
#[test]
fn the_longest_token_is_recalled() {
    let long = policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap();
    let cache = TokenCache::new(2 * MIN_TOKEN_CACHE_BYTES).unwrap();
    let engine = engine(long).with_token_cache(cache).unwrap();
    let token = of_length(MAX_TOKEN_LENGTH);
    assert_eq!(in_full(&engine, &token), Ok(()));
    assert!(is_recalled(&engine, &token));
    let identity = block_on(engine.verify(token.as_bytes())).unwrap();
    assert!(identity.claims_json().ends_with("x\"}"));
}
