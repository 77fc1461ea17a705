//! Nonces that are unique, keys that are published, tokens that are used again.

use std::collections::HashSet;
use std::sync::Arc;

use asap_engine::{Algorithm, Engine, Issuer, ReplayWindow, TokenRequest, VerifyError};
use asap_tests::fixture::{NOW, after, block_on, engine, engine_at, policy, verdict, verdict_now};
use asap_tests::key_client::{always, repository};
use asap_tests::key_server::cached;
use asap_tests::keys::owned_key;
use asap_tests::token::decoded;

use crate::sources::{client, engine_of, issuer};

/// "Set the “jti” claim to a generated nonce value that is unique within the temporal window of the token life
/// time."
#[test]
fn set_the_jti_claim_to_a_generated_nonce_value_that_is_unique() {
    let issuer = issuer(Algorithm::EdDsa);
    let request = TokenRequest::new("server");
    // All within one instant, which is in the window of each of them.
    let nonces: HashSet<_> = (0..10_000)
        .map(|_| nonce(&issuer.sign(&request, NOW).unwrap()))
        .collect();
    assert_eq!(nonces.len(), 10_000);
    // A resource server that detects duplicates takes every one of them.
    let window = ReplayWindow::new(1_000).unwrap();
    let engine = engine_of(&issuer).with_replay_log(window).unwrap();
    for _ in 0..500 {
        let token = issuer.sign(&request, NOW).unwrap();
        assert_eq!(verdict_now(&engine, token), Ok(()));
    }
}

/// "The client MUST ensure that there is a very low probability that at any point in time there are more than one
/// valid and non-expired tokens with the same “jti” value, considering that there may be many issuers and many
/// instances of the same issuer."
#[test]
fn many_issuers_and_many_instances_never_share_a_jti() {
    // 100,000 tokens of four services, ten instances of each, on two threads: 128 random bits, so the chance that
    // this fails by itself is one in 10^28.
    let by_threads: Vec<_> = (0..2)
        .map(|_| std::thread::spawn(|| (0..20).flat_map(instance).collect::<Vec<_>>()))
        .collect();
    let nonces: Vec<_> = by_threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(nonces.len(), 100_000);
    assert_eq!(nonces.iter().collect::<HashSet<_>>().len(), 100_000);
    // Random in every digit: whatever they have in common, it is not a counter, a time or a host.
    for digit in 0..32 {
        let seen: HashSet<_> = nonces.iter().map(|nonce| nonce.as_bytes()[digit]).collect();
        assert_eq!(seen.len(), 16, "{digit}");
    }
}

/// "Therefore the client SHOULD make sure that the public key identified by “kid” is available in the key
/// repository, see “Key discovery” below."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_can_publish_the_public_key_identified_by_kid() {
    let issuer = client();
    let pem = issuer.public_key_pem().to_owned();
    let server = always(move || cached("max-age=60", pem.clone())).await;
    let engine = Engine::new(policy(), repository(&server)).with_clock(|| NOW);
    let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
    let identity = engine.verify(token.as_bytes()).await.unwrap();
    assert_eq!(identity.key_id(), issuer.key_id());
    assert_eq!(server.asked()[0].path, format!("/keys/{}", issuer.key_id()));
}

/// "The client MAY reuse the same token for multiple HTTP requests to the resource server within the lifetime of
/// the token except if the resource server explicitly documented that it enforces a token single use policy."
#[test]
fn the_client_may_reuse_the_same_token_within_its_lifetime() {
    let (issuer, request) = (client(), TokenRequest::new("server"));
    let first = issuer.token(&request, NOW).unwrap();
    for second in 0..600 {
        let token = issuer.token(&request, after(second)).unwrap();
        assert_eq!(Arc::ptr_eq(&token, &first), second <= 45, "{second}");
        let verdict = verdict(&engine_at(policy(), after(second)), token.as_bytes());
        assert_eq!(verdict, Ok(()), "{second}");
    }
}

/// "The client MAY reuse the same token for multiple HTTP requests to the resource server within the lifetime of
/// the token except if the resource server explicitly documented that it enforces a token single use policy."
#[test]
fn for_a_single_use_policy_there_is_a_new_token_for_each_request() {
    let (issuer, request) = (client(), TokenRequest::new("server"));
    let window = ReplayWindow::new(100).unwrap();
    let engine = engine(policy()).with_replay_log(window).unwrap();
    for _ in 0..10 {
        let token = issuer.sign(&request, NOW).unwrap();
        assert!(block_on(engine.verify(token.as_bytes())).is_ok());
        let again = block_on(engine.verify(token.as_bytes())).map(|_| ());
        assert_eq!(again, Err(VerifyError::Replayed));
    }
}

/// The nonces of 2,500 tokens of one instance of one of four services.
fn instance(number: usize) -> Vec<String> {
    let service = format!("service-{}", number % 4);
    let kid = format!("{service}/key");
    let issuer = Issuer::new(&service, &kid, owned_key(Algorithm::EdDsa)).unwrap();
    let request = TokenRequest::new("server");
    (0..2_500)
        .map(|_| nonce(&issuer.sign(&request, NOW).unwrap()))
        .collect()
}

fn nonce(token: &str) -> String {
    // By hand: reading 100,000 tokens as JSON would take longer than making them.
    let claims = String::from_utf8(decoded(token.split('.').nth(1).unwrap())).unwrap();
    let (_, rest) = claims.split_once(r#""jti":""#).unwrap();
    rest.split('"').next().unwrap().to_owned()
}
