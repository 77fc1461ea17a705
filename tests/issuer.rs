//! The client's side: what "Access token generation" asks of an issuer.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use asap_engine::{
    Algorithm, Engine, Identity, Issuer, Keyring, SignError, TokenRequest, UnixTime, VerifyError,
};
use asap_tests::fixture::{NOW, after, block_on, engine_at, policy, verdict};
use asap_tests::keys::owned_key;
use asap_tests::token::decoded;

/// "To generate an access token, the issuer MUST follow the instructions defined by JWT and JWS and sign it with
/// one of the private keys owned by the issuer."
#[test]
fn the_issuer_must_sign_with_one_of_its_private_keys() {
    for algorithm in Algorithm::ALL {
        let issuer = Issuer::new("client", "client/key-1", owned_key(*algorithm)).unwrap();
        let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
        let keys =
            Keyring::from_pems([("client/key-1", issuer.public_key_pem().as_bytes())]).unwrap();
        let engine = Engine::new(policy(), keys).with_clock(|| NOW);
        let identity = block_on(engine.verify(token.as_bytes())).unwrap();
        assert_eq!(identity.algorithm(), *algorithm);
        assert_eq!(issuer.algorithm(), *algorithm);
    }
}

/// "Set the “iss” claim with the service identifier of the client."
#[test]
fn set_the_iss_claim_with_the_service_identifier_of_the_client() {
    assert_eq!(identity(&TokenRequest::new("server")).issuer(), "client");
    assert_eq!(issuer().issuer(), "client");
}

/// "Set the “iat” claim to the current time according to its internal clock."
#[test]
fn set_the_iat_claim_to_the_current_time() {
    let token = issuer().sign(&TokenRequest::new("server"), NOW).unwrap();
    assert!(
        claims(&token).contains(r#""iat":1700000000,"#),
        "{}",
        claims(&token)
    );
    // In whole seconds, rounded down: nobody else's clock reads a later time.
    let late = UnixTime::from_nanos(NOW.as_nanos() + 999_999_999);
    let token = issuer().sign(&TokenRequest::new("server"), late).unwrap();
    assert!(
        claims(&token).contains(r#""iat":1700000000,"#),
        "{}",
        claims(&token)
    );
    assert_eq!(verdict(&engine_at(policy(), late), token), Ok(()));
    for impossible in [UnixTime::from_nanos(-1), UnixTime::from_nanos(i128::MAX)] {
        let refused = issuer().sign(&TokenRequest::new("server"), impossible);
        assert_eq!(refused, Err(SignError::ClockOutOfRange));
    }
}

/// "Set the “exp” claim to a time in the future (“exp” MUST be after “iat”)." "There is a hard limit of one hour."
#[test]
fn set_the_exp_claim_to_a_time_in_the_future_and_within_one_hour() {
    for lifetime in [1, 60, 3600] {
        let issuer = issuer()
            .with_lifetime(Duration::from_secs(lifetime))
            .unwrap();
        let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
        let exp = i64::try_from(lifetime).unwrap();
        assert!(claims(&token).contains(&format!(r#""exp":{},"#, 1_700_000_000 + exp)));
        assert_eq!(verdict(&engine_at(policy(), after(0)), &token), Ok(()));
        assert_eq!(verdict(&engine_at(policy(), after(exp)), &token), Ok(()));
        let late = verdict(&engine_at(policy(), after(exp + 1)), &token);
        assert_eq!(late, Err(VerifyError::Expired));
    }
    for refused in [0, 3601] {
        assert!(
            issuer()
                .with_lifetime(Duration::from_secs(refused))
                .is_err()
        );
    }
}

/// "Set the “kid” header to the identifier of the key used to sign the token. The value of “kid” MUST be prefixed
/// with the service identifier of the client and a “/” character."
#[test]
fn set_the_kid_header_to_the_identifier_of_the_key() {
    let token = issuer().sign(&TokenRequest::new("server"), NOW).unwrap();
    let header = String::from_utf8(decoded(token.split('.').next().unwrap())).unwrap();
    assert!(header.contains(r#""kid":"client/ES256""#), "{header}");
    assert_eq!(issuer().key_id(), "client/ES256");
    for kid in [
        "neighbour/ES256",
        "client",
        "clients/ES256",
        "client//ES256",
        "client/",
    ] {
        assert!(
            Issuer::new("client", kid, owned_key(Algorithm::Es256)).is_err(),
            "{kid}"
        );
    }
}

/// "Set the “aud” claim to a value that identifies the resource server."
#[test]
fn set_the_aud_claim_to_a_value_that_identifies_the_resource_server() {
    let one = identity(&TokenRequest::new("server"));
    assert_eq!(one.audience().collect::<Vec<_>>(), ["server"]);
    let two = identity(&TokenRequest::new("other").with_additional_audience("server"));
    assert_eq!(two.audience().collect::<Vec<_>>(), ["other", "server"]);
    let nobody = issuer().sign(&TokenRequest::new(""), NOW);
    assert_eq!(nobody, Err(SignError::AudienceEmpty));
    let token = issuer().sign(&TokenRequest::new("other"), NOW).unwrap();
    let refusal = verdict(&engine_at(policy(), NOW), token);
    assert_eq!(refusal, Err(VerifyError::AudienceMismatch));
}

/// "Set the “jti” claim to a generated nonce value that is unique within the temporal window of the token life
/// time. The client MUST ensure that there is a very low probability that at any point in time there are more than
/// one valid and non-expired tokens with the same “jti” value".
#[test]
fn set_the_jti_claim_to_a_generated_nonce_value_that_is_unique() {
    let issuer = issuer();
    let request = TokenRequest::new("server");
    let mut seen = HashSet::new();
    for _ in 0..1_000 {
        let claims = claims(&issuer.sign(&request, NOW).unwrap());
        let (_, rest) = claims.split_once(r#""jti":""#).unwrap();
        let token_id = rest.split('"').next().unwrap().to_owned();
        // 128 random bits.
        assert_eq!(token_id.len(), 32);
        assert!(seen.insert(token_id));
    }
    // Random, not counted: no two share their first or their last half.
    for half in [0..16, 16..32] {
        let halves: HashSet<_> = seen
            .iter()
            .map(|token_id| &token_id[half.clone()])
            .collect();
        assert_eq!(halves.len(), seen.len());
    }
}

/// "“sub”: subject, as defined by JWT." "If absent, the receiver MUST assume that the token was self-issued and
/// therefore the subject is the same as the issuer."
#[test]
fn the_claims_may_contain_sub_and_nbf() {
    assert_eq!(identity(&TokenRequest::new("server")).subject(), "client");
    let request = TokenRequest::new("server")
        .with_subject("user")
        .with_not_before(after(5));
    let token = issuer().sign(&request, NOW).unwrap();
    let early = verdict(&engine_at(policy(), after(4)), &token);
    assert_eq!(early, Err(VerifyError::NotYetValid));
    let identity = block_on(engine_at(policy(), after(5)).verify(token.as_bytes())).unwrap();
    assert_eq!(identity.subject(), "user");
    let never = TokenRequest::new("server").with_not_before(after(61));
    assert_eq!(issuer().sign(&never, NOW), Err(SignError::NeverValid));
}

/// RFC 7519 section 4: "The Claim Names within a JWT Claims Set MUST be unique".
#[test]
fn a_claim_of_ones_own_cannot_take_the_place_of_another() {
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"] {
        let refused = TokenRequest::new("server").with_claim(name, "x");
        assert_eq!(
            refused.map(|_| ()),
            Err(SignError::RegisteredClaim),
            "{name}"
        );
    }
    let request = TokenRequest::new("server")
        .with_claim("a\"b\\\n\u{0}é", "\u{1f}\"")
        .unwrap();
    let refused = request.clone().with_claim("a\"b\\\n\u{0}é", 1);
    assert_eq!(refused.map(|_| ()), Err(SignError::DuplicateClaim));
    // Whatever is asked for, the resource server can read.
    let identity = identity(&request);
    assert!(
        identity
            .claims_json()
            .contains(r#""a\"b\\\n\u0000é":"\u001f\"""#)
    );
}

/// "The client MAY reuse the same token for multiple HTTP requests to the resource server within the lifetime of
/// the token".
#[test]
fn the_client_may_reuse_the_same_token_within_its_lifetime() {
    let (issuer, request) = (issuer(), TokenRequest::new("server"));
    let at = |seconds| issuer.token(&request, after(seconds)).unwrap();
    let first = at(0);
    // A quarter of the minute is left for the request to arrive.
    assert!(Arc::ptr_eq(&first, &at(45)));
    let second = at(46);
    assert_ne!(first, second);
    assert_eq!(
        verdict(&engine_at(policy(), after(60)), first.as_bytes()),
        Ok(())
    );
    assert_eq!(
        verdict(&engine_at(policy(), after(106)), second.as_bytes()),
        Ok(())
    );
    // A token of its own for each resource server and for each subject.
    let other = TokenRequest::new("other");
    assert_ne!(issuer.token(&other, after(46)).unwrap(), second);
    let subject = TokenRequest::new("server").with_subject("user");
    assert_ne!(issuer.token(&subject, after(46)).unwrap(), second);
    assert_eq!(at(46), second);
}

/// "except if the resource server explicitly documented that it enforces a token single use policy."
#[test]
fn for_a_single_use_policy_each_token_is_a_new_one() {
    let (issuer, request) = (issuer(), TokenRequest::new("server"));
    let tokens: HashSet<_> = (0..10)
        .map(|_| issuer.sign(&request, NOW).unwrap())
        .collect();
    assert_eq!(tokens.len(), 10);
    let window = asap_engine::ReplayWindow::new(100).unwrap();
    let engine = engine_at(policy(), NOW).with_replay_log(window).unwrap();
    for token in tokens {
        assert!(block_on(engine.verify(token.as_bytes())).is_ok());
    }
}

/// "It MUST NOT be ‘none’, and it MUST NOT be a symmetric key algorithm.": there is no way to ask for either.
#[test]
fn no_unsigned_or_symmetric_token_can_be_issued() {
    for name in [
        "none", "None", "", "HS256", "HS384", "HS512", "rs256", "RS1",
    ] {
        assert_eq!(Algorithm::from_name(name), None, "{name}");
    }
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::from_name(algorithm.name()), Some(*algorithm));
    }
}

fn issuer() -> Issuer {
    Issuer::new("client", "client/ES256", owned_key(Algorithm::Es256)).unwrap()
}

/// Who a resource server says has sent a token of this request.
fn identity(request: &TokenRequest) -> Identity {
    let token = issuer().sign(request, NOW).unwrap();
    block_on(engine_at(policy(), NOW).verify(token.as_bytes())).unwrap()
}

fn claims(token: &str) -> String {
    String::from_utf8(decoded(token.split('.').nth(1).unwrap())).unwrap()
}
