//! Who issues tokens, and how they are signed.

use asap_engine::{Algorithm, Engine, Issuer, Keyring, SignError, TokenRequest};
use asap_tests::fixture::{NOW, policy, verdict};
use asap_tests::keys::owned_key;
use asap_tests::token::base64url;

use crate::sources::{client, engine_of, identity, issuer, json, verifies_rs256};

/// "In this version, the access tokens are issued by the client, who assumes the role of the issuer and decides
/// the subject."
#[test]
fn the_client_assumes_the_role_of_the_issuer_and_decides_the_subject() {
    for subject in ["client", "user", "another/service"] {
        let request = TokenRequest::new("server").with_subject(subject);
        let token = client().sign(&request, NOW).unwrap();
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
    let token = client().sign(&request.with_subject(odd), NOW).unwrap();
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
        let issuer = issuer(*algorithm);
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
        assert_eq!(verdict(&engine_of(&issuer), token), Ok(()), "{algorithm}");
    }
}

/// "Since all resource servers MUST implement at least RS256 (as defined by JWA), the client SHOULD use RS256 to
/// ensure interoperability with the resource server."
#[test]
fn the_client_should_use_rs256() {
    let issuer = issuer(Algorithm::Rs256);
    let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
    assert_eq!(json(&token, 0)["alg"], "RS256");
    assert!(verifies_rs256(&token, issuer.public_key_pem()));
    // The algorithm has no default. What the documents show is RS256.
    let first_program = include_str!("../../../engine/examples/first_program.rs");
    assert!(first_program.contains("SigningKey::generate(Algorithm::Rs256)"));
}
