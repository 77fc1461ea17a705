//! Check 4: whose key it is, and whether its owner is welcome.

use asap_engine::Algorithm::Es256;
use asap_engine::{Engine, Keyring, VerifyError};
use asap_tests::fixture::{NOW, engine, judge, policy, verdict};
use asap_tests::keys::{key, other_key};
use asap_tests::token::Token;

/// "The resource server MUST check that the key identified by “kid” is owned by the issuer."
#[test]
fn the_resource_server_must_check_that_the_key_identified_by_kid_is_owned_by_the_issuer() {
    // The neighbour's good key and good signature, in the client's name.
    let token = Token::es256().header("kid", "\"neighbour/ES256\"");
    assert_eq!(
        judge(token.sign_with(other_key(Es256))),
        Err(VerifyError::KeyNotOwned)
    );
    let own_name = token.claim("iss", "\"neighbour\"");
    assert_eq!(judge(own_name.sign_with(other_key(Es256))), Ok(()));
    assert_eq!(judge(Token::es256().sign()), Ok(()));
}

/// "the resource server MAY check if the “kid” string starts with “$iss/” (where $iss is the value of the “iss”
/// claim) and, in affirmative case, accept that as proof of ownership of the key by the issuer."
#[test]
fn a_kid_that_starts_with_iss_and_a_slash_is_proof_of_ownership() {
    for (issuer, kid, owned) in [
        ("client", "client/key", true),
        ("client", "client/eu/key", true),
        ("client/eu", "client/eu/key", true),
        ("client/eu", "client/eu/ke/y", true),
        ("client/eu/key", "client/eu/key", false),
        ("client", "client", false),
        ("clien", "client/key", false),
        ("client", "clients/key", false),
        ("client", "client-eu/key", false),
        ("client", "client.eu/key", false),
        ("client", "CLIENT/key", false),
        ("Client", "client/key", false),
        ("key", "client/key", false),
        ("client", "eu/client/key", false),
        ("client/key/x", "client/key", false),
        ("a+b", "a+b/key", true),
        ("a.b", "axb/key", false),
    ] {
        let pem = key(Es256).public_key_pem();
        let keys = Keyring::from_pems([(kid, pem.as_bytes())]).unwrap();
        let engine = Engine::new(policy(), keys).with_clock(|| NOW);
        let token = Token::es256()
            .header("kid", &format!("\"{kid}\""))
            .claim("iss", &format!("\"{issuer}\""));
        let expected = if owned {
            Ok(())
        } else {
            Err(VerifyError::KeyNotOwned)
        };
        assert_eq!(verdict(&engine, token.sign()), expected, "{issuer} {kid}");
    }
}

/// "The resource server MAY decide if the verified issuer is authorised to communicate with the resource
/// server.": the policy's list, which is asked before anything is fetched.
#[test]
fn the_issuer_is_in_the_policys_list_if_it_has_one() {
    let listed = |issuers: &[&str]| engine(policy().with_issuers(issuers.iter().copied()).unwrap());
    let token = Token::es256().sign();
    assert_eq!(verdict(&listed(&["client"]), &token), Ok(()));
    assert_eq!(verdict(&listed(&["neighbour", "client"]), &token), Ok(()));
    for others in [
        &["neighbour"][..],
        &["Client"],
        &["client/eu"],
        &["clien"],
        &["client/ES256"],
    ] {
        let refusal = verdict(&listed(others), &token);
        assert_eq!(refusal, Err(VerifyError::IssuerNotAllowed), "{others:?}");
    }
}

/// "The resource server MAY decide if the verified issuer is authorised to make requests in relation to the
/// claimed subject (principal).": authorisation is not authentication, so `sub` need not be the issuer.
#[test]
fn the_subject_may_be_another_than_the_issuer() {
    for subject in ["client", "neighbour", "user@example.com", ""] {
        let token = Token::es256().claim("sub", &format!("\"{subject}\""));
        assert_eq!(judge(token.sign()), Ok(()), "{subject}");
    }
}
