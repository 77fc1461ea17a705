//! What the hot path asks of the allocator: nothing, or one block for an identity that can be kept.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use allocation_counter::measure;
use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{
    Algorithm, Backend, ConnectRequest, ConnectVerdict, Engine, Keyring, Scratch,
    SecureResponseLayer, TokenCache, Verdict,
};
use asap_tests::backends::assert_no_disagreement;
use asap_tests::connect::{SECRET, claims_for, hs256, module};
use asap_tests::fixture::{NOW, block_on, engine, keyring, policy};
use asap_tests::token::{Token, signature_of, with_signature};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, Response};
use tower_layer::Layer;
use tower_service::Service;

/// A token as they are: with `sub` and `nbf`, and one claim that nobody asks for.
fn realistic(algorithm: Algorithm) -> String {
    Token::good(algorithm)
        .claim("sub", "\"client\"")
        .claim("scope", "\"read\"")
        .sign()
}

/// The first look-up on a thread may register the thread with arc-swap, once.
fn warm_up(engine: &Engine<Keyring>) {
    let (token, mut scratch) = (Token::es256().sign(), Scratch::new());
    assert!(engine.verify_now(token.as_bytes(), &mut scratch).is_ok());
}

#[test]
fn parsing_and_admitting_a_realistic_token_allocates_nothing() {
    let (token, policy, mut scratch) = (realistic(Algorithm::Rs256), policy(), Scratch::new());
    let used = measure(|| {
        assert!(policy.admit(token.as_bytes(), NOW, &mut scratch).is_ok());
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn verifying_without_waiting_allocates_nothing() {
    let (token, engine, mut scratch) = (
        realistic(Algorithm::Es256),
        engine(policy()),
        Scratch::new(),
    );
    warm_up(&engine);
    let used = measure(|| {
        let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
        assert!(matches!(verdict, Ok(Verdict::Verified(_))));
    });
    assert_eq!(used.count_total, 0);
}

/// With ten parameters, as a product sends them.
#[test]
fn verifying_a_connect_token_allocates_its_canonical_request_alone() {
    let fields: Vec<_> = (0..10)
        .map(|at| format!("name_{at}=a%20value+{at}"))
        .collect();
    let target = format!("/connect/panel?{}", fields.join("&"));
    let value = format!("JWT {}", hs256(&claims_for("GET", &target), SECRET));
    let request = ConnectRequest::new("GET", &target).with_authorization(value.as_bytes());
    let (module, mut scratch) = (module(), Scratch::new());
    assert!(module.verify_now(&request, &mut scratch).is_ok());
    let used = measure(|| {
        let verdict = module.verify_now(&request, &mut scratch);
        assert!(matches!(verdict, Ok(ConnectVerdict::Verified(_))));
    });
    assert_eq!(used.count_total, 1);
}

/// By the kernel where the processor has the instructions: good tokens, and refusals that aws-lc decides.
#[test]
fn verifying_on_the_fastest_backend_allocates_nothing() {
    use Algorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let algorithms = [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512];
    let keys = keyring(&algorithms, Backend::Auto);
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    let mut scratch = Scratch::new();
    for algorithm in algorithms {
        let good = realistic(algorithm);
        let bad = with_signature(&good, vec![1; signature_of(&good).len()]);
        let is_verified = |token: &str, scratch: &mut Scratch| {
            engine.verify_now(token.as_bytes(), scratch).is_ok()
        };
        // The library parses a key for an algorithm when it is first used for it.
        assert!(!is_verified(&bad, &mut scratch));
        let used = measure(|| {
            for _ in 0..1_100 {
                assert!(is_verified(&good, &mut scratch));
            }
            assert!(!is_verified(&bad, &mut scratch));
        });
        assert_eq!(used.count_total, 0, "{algorithm}");
    }
    assert_no_disagreement();
}

#[test]
fn an_identity_that_can_be_kept_is_one_block() {
    let (token, engine) = (realistic(Algorithm::Es256), engine(policy()));
    warm_up(&engine);
    let used = measure(|| {
        assert!(block_on(engine.verify(token.as_bytes())).is_ok());
    });
    assert_eq!(used.count_total, 1);
}

/// Whether the caller brings a new scratch or one that was used.
#[test]
fn recalling_a_token_allocates_nothing() {
    let cache = TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap();
    let engine = engine(policy()).with_token_cache(cache).unwrap();
    let token = realistic(Algorithm::Es256);
    for _ in 0..2 {
        warm_up(&engine);
        let mut scratch = Scratch::new();
        assert!(engine.verify_now(token.as_bytes(), &mut scratch).is_ok());
    }
    let mut scratch = Scratch::new();
    let used = measure(|| {
        for _ in 0..3 {
            let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
            assert!(matches!(verdict, Ok(Verdict::Verified(_))));
        }
    });
    assert_eq!(used.count_total, 0);
    let used = measure(|| {
        assert!(block_on(engine.verify(token.as_bytes())).is_ok());
    });
    assert_eq!(used.count_total, 1);
    assert_eq!(engine.token_cache().unwrap().stats().hits, 5);
}

#[test]
fn a_refusal_allocates_nothing() {
    let (engine, mut scratch) = (engine(policy()), Scratch::new());
    for token in [
        "",
        "a.b",
        "a.b.c",
        Token::es256().claim("aud", "\"elsewhere\"").sign().as_str(),
    ] {
        let used = measure(|| {
            assert!(engine.verify_now(token.as_bytes(), &mut scratch).is_err());
        });
        assert_eq!(used.count_total, 0, "{} bytes", token.len());
    }
}

/// Answers with what it is sent.
#[derive(Debug, Clone)]
struct Echo;

impl Service<Response<()>> for Echo {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, response: Response<()>) -> Self::Future {
        ready(Ok(response))
    }
}

#[test]
fn completing_a_response_allocates_nothing_where_its_headers_have_room() {
    let mut service = SecureResponseLayer::new().layer(Echo);
    let mut response = Response::new(());
    *response.headers_mut() = HeaderMap::with_capacity(16);
    let cookie = HeaderValue::from_static("session=1; HttpOnly; Secure");
    response.headers_mut().insert(SET_COOKIE, cookie);
    let mut response = Some(response);
    let used = measure(|| {
        let Ok(answer) = block_on(service.call(response.take().unwrap()));
        response = Some(answer);
    });
    assert_eq!(response.unwrap().headers().len(), 5);
    assert_eq!(used.count_total, 0);
}
