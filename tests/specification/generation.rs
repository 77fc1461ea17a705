//! Section "Access token generation": the client's side.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use asap_engine::{
    Algorithm, Engine, Issuer, Keyring, ReplayWindow, SignError, TokenRequest, UnixTime,
    VerifyError,
};
use asap_tests::fixture::{NOW, after, block_on, engine, engine_at, policy, verdict, verdict_now};
use asap_tests::key_client::{always, repository};
use asap_tests::key_server::cached;
use asap_tests::keys::owned_key;
use asap_tests::token::{base64url, decoded};

use crate::sources::{identity, json, verifies_rs256};

/// "In this version, the access tokens are issued by the client, who assumes the role of the issuer and decides
/// the subject."
#[test]
fn the_client_assumes_the_role_of_the_issuer_and_decides_the_subject() {
    for subject in ["client", "user", "another/service"] {
        let request = TokenRequest::new("server").with_subject(subject);
        let token = issuer().sign(&request, NOW).unwrap();
        let identity = identity(policy(), &token);
        assert_eq!((identity.issuer(), identity.subject()), ("client", subject));
    }
}

/// "As an issuer, it owns one or more private keys."
#[test]
fn the_issuer_owns_one_or_more_private_keys() {
    let old = Issuer::new("client", "client/2025", owned_key(Algorithm::Es256)).unwrap();
    let new = Issuer::new("client", "client/2026", owned_key(Algorithm::Rs256)).unwrap();
    let pems = [&old, &new].map(|one| (one.key_id(), one.public_key_pem().as_bytes()));
    let keys = Keyring::from_pems(pems).unwrap();
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    for issuer in [&old, &new] {
        let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
        assert_eq!(verdict(&engine, token), Ok(()), "{}", issuer.key_id());
    }
}

/// "To generate an access token, the issuer MUST follow the instructions defined by JWT and JWS and sign it with
/// one of the private keys owned by the issuer."
#[test]
fn the_issuer_must_follow_the_instructions_defined_by_jwt_and_jws() {
    // A claim that needs every escape, and characters outside of ASCII: JWT says UTF-8 (RFC 7519 section 7.1).
    let odd = "\"\\\u{0}\n\u{7f}é\u{1f600}";
    let request = TokenRequest::new("server").with_claim(odd, odd).unwrap();
    let token = issuer().sign(&request.with_subject(odd), NOW).unwrap();
    let segments: Vec<_> = token.split('.').collect();
    assert_eq!(segments.len(), 3);
    for segment in segments {
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(segment.bytes().all(is_base64url), "{segment}");
    }
    let claims = json(&token, 1);
    assert_eq!((&claims[odd], &claims["sub"]), (&odd.into(), &odd.into()));
    assert_eq!(json(&token, 0)["alg"], "ES256");
    // RFC 7519 section 4: "The Claim Names within a JWT Claims Set MUST be unique".
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"] {
        let twice = TokenRequest::new("server").with_claim(name, "x");
        assert_eq!(twice, Err(SignError::RegisteredClaim), "{name}");
    }
}

/// "To generate an access token, the issuer MUST follow the instructions defined by JWT and JWS and sign it with
/// one of the private keys owned by the issuer."
#[test]
fn the_issuer_must_sign_with_one_of_its_private_keys() {
    for algorithm in Algorithm::ALL {
        let issuer = issuer_with(*algorithm);
        let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let again = owned_key(*algorithm).sign(input.as_bytes()).unwrap();
        // PKCS #1 and Ed25519 sign alike each time; the others make a new signature, of the same length.
        let is_deterministic = matches!(algorithm.name(), "RS256" | "RS384" | "RS512" | "EdDSA");
        assert_eq!(
            base64url(&again) == signature,
            is_deterministic,
            "{algorithm}"
        );
        let pem = [(issuer.key_id(), issuer.public_key_pem().as_bytes())];
        let keys = Keyring::from_pems(pem).unwrap();
        let engine = Engine::new(policy(), keys).with_clock(|| NOW);
        assert_eq!(verdict(&engine, token), Ok(()), "{algorithm}");
    }
}

/// "Since all resource servers MUST implement at least RS256 (as defined by JWA), the client SHOULD use RS256 to
/// ensure interoperability with the resource server."
#[test]
fn the_client_should_use_rs256() {
    let issuer = issuer_with(Algorithm::Rs256);
    let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
    assert_eq!(json(&token, 0)["alg"], "RS256");
    assert!(verifies_rs256(&token, issuer.public_key_pem()));
    // The algorithm has no default. What the documents show is RS256.
    let first_program = include_str!("../../engine/examples/first_program.rs");
    assert!(first_program.contains("SigningKey::generate(Algorithm::Rs256)"));
}

/// "On top of those instructions, to generate the access token the issuer MUST, at least:"
#[test]
fn on_top_of_those_instructions_the_issuer_must_set_six_members() {
    let token = issuer().sign(&TokenRequest::new("server"), NOW).unwrap();
    let (header, claims) = (json(&token, 0), json(&token, 1));
    assert_eq!(header["kid"], "client/ES256");
    assert_eq!(claims["iss"], "client");
    assert_eq!(claims["iat"], 1_700_000_000);
    assert_eq!(claims["exp"], 1_700_000_060);
    assert_eq!(claims["aud"], "server");
    assert!(claims["jti"].is_string());
    // At least, and no more than these without being asked.
    let names = |object: &serde_json::Value| object.as_object().unwrap().len();
    assert_eq!((names(&header), names(&claims)), (3, 5));
}

/// "Set the “iss” claim with the service identifier of the client."
#[test]
fn set_the_iss_claim_with_the_service_identifier_of_the_client() {
    for name in ["client", "a/service", "A.b-c_d+e/0"] {
        let kid = format!("{name}/key");
        let issuer = Issuer::new(name, &kid, owned_key(Algorithm::Es256)).unwrap();
        let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
        assert_eq!(json(&token, 1)["iss"], name);
    }
}

/// "Set the “iat” claim to the current time according to its internal clock."
#[test]
fn set_the_iat_claim_to_the_current_time() {
    for (now, iat) in [
        (UnixTime::from_secs(0), 0_i64),
        (NOW, 1_700_000_000),
        (
            NOW.saturating_add(Duration::from_millis(999)),
            1_700_000_000,
        ),
        (after(86_400 * 365 * 200), 8_007_200_000),
    ] {
        let token = issuer().sign(&TokenRequest::new("server"), now).unwrap();
        assert_eq!(json(&token, 1)["iat"], iat);
        // Whoever reads the same clock takes it at once.
        assert_eq!(verdict(&engine_at(policy(), now), token), Ok(()));
    }
    let backwards = UnixTime::from_nanos(-1);
    let refused = issuer().sign(&TokenRequest::new("server"), backwards);
    assert_eq!(refused, Err(SignError::ClockOutOfRange));
}

/// "Set the “exp” claim to a time in the future (“exp” MUST be after “iat”)."
#[test]
fn set_the_exp_claim_to_a_time_in_the_future() {
    for seconds in [1, 2, 59, 60, 3600] {
        let issuer = issuer()
            .with_lifetime(Duration::from_secs(seconds))
            .unwrap();
        let late = NOW.saturating_add(Duration::from_millis(999));
        let token = issuer.sign(&TokenRequest::new("server"), late).unwrap();
        let claims = json(&token, 1);
        let (iat, exp) = (
            claims["iat"].as_i64().unwrap(),
            claims["exp"].as_i64().unwrap(),
        );
        assert_eq!(exp - iat, i64::try_from(seconds).unwrap());
        assert!(
            UnixTime::from_secs(exp) > late,
            "in the future, by its own clock"
        );
    }
    for none in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_millis(1500),
    ] {
        assert!(issuer().with_lifetime(none).is_err(), "{none:?}");
    }
    // Nor does a token go out that is valid at no time.
    let never = TokenRequest::new("server").with_not_before(after(61));
    assert_eq!(issuer().sign(&never, NOW), Err(SignError::NeverValid));
}

/// "For security reasons, the client SHOULD issue short-lived tokens."
#[test]
fn the_client_should_issue_short_lived_tokens() {
    // A minute, unless told otherwise.
    let claims = json(
        &issuer().sign(&TokenRequest::new("server"), NOW).unwrap(),
        1,
    );
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        60
    );
}

/// "If the environment can guarantee a good synchronisation between the internal clocks of the systems involved in
/// the communication, a sub-minute expire time is recommended."
#[test]
fn a_sub_minute_expire_time_is_recommended() {
    for seconds in [1_u64, 5, 30, 59] {
        let lifetime = Duration::from_secs(seconds);
        let issuer = issuer().with_lifetime(lifetime).unwrap();
        let token = issuer.token(&TokenRequest::new("server"), NOW).unwrap();
        let at = |now| verdict(&engine_at(policy(), now), token.as_bytes());
        assert_eq!(at(NOW.saturating_add(lifetime)), Ok(()));
        let late = NOW.saturating_add(lifetime + Duration::from_nanos(1));
        assert_eq!(at(late), Err(VerifyError::Expired));
    }
}

/// "There is a hard limit of one hour."
#[test]
fn there_is_a_hard_limit_of_one_hour() {
    let hour = Duration::from_secs(3600);
    let issuer_of = |lifetime| issuer().with_lifetime(lifetime);
    let token = issuer_of(hour)
        .unwrap()
        .sign(&TokenRequest::new("server"), NOW);
    assert_eq!(verdict(&engine(policy()), token.unwrap()), Ok(()));
    for beyond in [
        hour + Duration::from_nanos(1),
        hour + Duration::from_secs(1),
        Duration::MAX,
    ] {
        assert!(issuer_of(beyond).is_err(), "{beyond:?}");
    }
}

/// "Set the “kid” header to the identifier of the key used to sign the token."
#[test]
fn set_the_kid_header_to_the_identifier_of_the_key() {
    for kid in ["client/a", "client/b/c", "client/...", "client/+-_"] {
        let issuer = Issuer::new("client", kid, owned_key(Algorithm::Es256)).unwrap();
        let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
        assert_eq!(json(&token, 0)["kid"], kid);
        assert_eq!(json(&token, 1).get("kid"), None);
    }
}

/// "The value of “kid” MUST be prefixed with the service identifier of the client and a “/” character."
#[test]
fn kid_must_be_prefixed_with_the_service_identifier_and_a_slash() {
    for (name, kid, is_prefixed) in [
        ("client", "client/key", true),
        ("client/eu", "client/eu/key", true),
        ("client", "client/eu/key", true),
        ("client", "client", false),
        ("client", "client/", false),
        ("client", "client-eu/key", false),
        ("client", "clientkey", false),
        ("client", "Client/key", false),
        ("client", "neighbour/key", false),
        ("client", "/client/key", false),
        ("client", "x/client/key", false),
        ("client/eu", "client/key", false),
    ] {
        let issuer = Issuer::new(name, kid, owned_key(Algorithm::Es256));
        assert_eq!(issuer.is_ok(), is_prefixed, "{name} {kid}");
    }
}

/// "Set the “aud” claim to a value that identifies the resource server."
#[test]
fn set_the_aud_claim_to_a_value_that_identifies_the_resource_server() {
    let for_server = issuer().sign(&TokenRequest::new("server"), NOW).unwrap();
    assert_eq!(verdict(&engine(policy()), for_server), Ok(()));
    let for_another = issuer().sign(&TokenRequest::new("another"), NOW).unwrap();
    let refused = verdict(&engine(policy()), for_another);
    assert_eq!(refused, Err(VerifyError::AudienceMismatch));
    // The empty text identifies nobody, in whatever place.
    for request in [
        TokenRequest::new(""),
        TokenRequest::new("server").with_additional_audience(""),
    ] {
        assert_eq!(issuer().sign(&request, NOW), Err(SignError::AudienceEmpty));
    }
}

/// "The issuer and the resource server have to mutually agree on this identifier."
#[test]
fn the_issuer_and_the_resource_server_have_to_agree_on_the_identifier() {
    for name in [
        "server",
        "https://server.example/",
        "Server",
        "s e r v e r",
        "\u{e9}",
    ] {
        let token = issuer().sign(&TokenRequest::new(name), NOW).unwrap();
        let of = |own: &str| {
            let policy = asap_engine::Policy::new(own).unwrap();
            verdict(&engine(policy), &token)
        };
        assert_eq!(of(name), Ok(()), "{name}");
        // No form of it but the one agreed on, letter for letter.
        for other in ["server.", "SERVER", "https://server.example", "e\u{301}"] {
            assert_eq!(
                of(other),
                Err(VerifyError::AudienceMismatch),
                "{name} {other}"
            );
        }
    }
}

/// "Set the “jti” claim to a generated nonce value that is unique within the temporal window of the token life
/// time."
#[test]
fn set_the_jti_claim_to_a_generated_nonce_value_that_is_unique() {
    let issuer = issuer_with(Algorithm::EdDsa);
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
    let issuer = issuer();
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
    let (issuer, request) = (issuer(), TokenRequest::new("server"));
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
    let (issuer, request) = (issuer(), TokenRequest::new("server"));
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

fn issuer() -> Issuer {
    issuer_with(Algorithm::Es256)
}

fn issuer_with(algorithm: Algorithm) -> Issuer {
    let kid = format!("client/{algorithm}");
    Issuer::new("client", &kid, owned_key(algorithm)).unwrap()
}

fn engine_of(issuer: &Issuer) -> Engine<Keyring> {
    let pem = [(issuer.key_id(), issuer.public_key_pem().as_bytes())];
    Engine::new(policy(), Keyring::from_pems(pem).unwrap()).with_clock(|| NOW)
}
