//! "the issuer MUST, at least": what each token says.

use std::time::Duration;

use asap_engine::{Algorithm, Issuer, Policy, SignError, TokenRequest, UnixTime, VerifyError};
use asap_tests::fixture::{NOW, after, engine, engine_at, policy, verdict};
use asap_tests::keys::owned_key;

use crate::sources::{client, json};

/// "On top of those instructions, to generate the access token the issuer MUST, at least:"
#[test]
fn on_top_of_those_instructions_the_issuer_must_set_six_members() {
    let token = client().sign(&TokenRequest::new("server"), NOW).unwrap();
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
        let token = client().sign(&TokenRequest::new("server"), now).unwrap();
        assert_eq!(json(&token, 1)["iat"], iat);
        // Whoever reads the same clock takes it at once.
        assert_eq!(verdict(&engine_at(policy(), now), token), Ok(()));
    }
    let backwards = UnixTime::from_nanos(-1);
    let refused = client().sign(&TokenRequest::new("server"), backwards);
    assert_eq!(refused, Err(SignError::ClockOutOfRange));
}

/// "Set the “exp” claim to a time in the future (“exp” MUST be after “iat”)."
#[test]
fn set_the_exp_claim_to_a_time_in_the_future() {
    for seconds in [1, 2, 59, 60, 3600] {
        let issuer = client()
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
        assert!(client().with_lifetime(none).is_err(), "{none:?}");
    }
    // Nor does a token go out that is valid at no time.
    let never = TokenRequest::new("server").with_not_before(after(61));
    assert_eq!(client().sign(&never, NOW), Err(SignError::NeverValid));
}

/// "For security reasons, the client SHOULD issue short-lived tokens."
#[test]
fn the_client_should_issue_short_lived_tokens() {
    // A minute, unless told otherwise.
    let claims = json(
        &client().sign(&TokenRequest::new("server"), NOW).unwrap(),
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
        let issuer = client().with_lifetime(lifetime).unwrap();
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
    let issuer_of = |lifetime| client().with_lifetime(lifetime);
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
    let for_server = client().sign(&TokenRequest::new("server"), NOW).unwrap();
    assert_eq!(verdict(&engine(policy()), for_server), Ok(()));
    let for_another = client().sign(&TokenRequest::new("another"), NOW).unwrap();
    let refused = verdict(&engine(policy()), for_another);
    assert_eq!(refused, Err(VerifyError::AudienceMismatch));
    // The empty text identifies nobody, in whatever place.
    for request in [
        TokenRequest::new(""),
        TokenRequest::new("server").with_additional_audience(""),
    ] {
        assert_eq!(client().sign(&request, NOW), Err(SignError::AudienceEmpty));
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
        let token = client().sign(&TokenRequest::new(name), NOW).unwrap();
        let of = |own: &str| {
            let policy = Policy::new(own).unwrap();
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
