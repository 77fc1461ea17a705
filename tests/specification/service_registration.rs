//! Section "Service registration": the names of services, and the keys that are made for them.

use asap_engine::{Algorithm, Engine, Issuer, Keyring, SigningKey, TokenRequest, VerifyError};
use asap_tests::fixture::{NOW, judge, policy, verdict};
use asap_tests::keys::owned_key;
use asap_tests::token::Token;

/// "Services are univocally identified by a String, which MUST be a String with the same restrictions described
/// above for the key identifier."
#[test]
fn service_identifiers_have_the_restrictions_of_the_key_identifier() {
    for (name, is_one) in [
        ("client", true),
        ("a/b/c", true),
        ("...", true),
        ("-/_/+", true),
        ("", false),
        ("/", false),
        ("a/", false),
        ("/a", false),
        ("a//b", false),
        (".", false),
        ("a/..", false),
        ("../a", false),
        ("a b", false),
        ("a\n", false),
        ("a:b", false),
        ("a%2fb", false),
        ("\u{212a}", false),
        ("https://a", false),
    ] {
        // As an issuer signs, as a policy lists, and as a token says.
        let kid = format!("{name}/key");
        let issuer = Issuer::new(name, &kid, owned_key(Algorithm::Es256));
        assert_eq!(issuer.is_ok(), is_one, "{name:?}");
        assert_eq!(policy().with_issuers([name]).is_ok(), is_one, "{name:?}");
        let json = serde_json::to_string(name).unwrap();
        let token = Token::es256().claim("iss", &json).sign();
        let is_refused_for_its_name = judge(token) == Err(VerifyError::IssuerInvalid);
        assert_eq!(is_refused_for_its_name, !is_one, "{name:?}");
    }
}

/// "Part of the service registration process MAY involve generating a priv/pub key pair and uploading the public
/// key to the key repository to enable key discovery."
#[test]
fn a_key_pair_may_be_generated_for_a_registration() {
    use Algorithm::{EdDsa, Es256, Es384, Es512, Rs256};
    for algorithm in [Rs256, Es256, Es384, Es512, EdDsa] {
        let (key, private) = SigningKey::generate(algorithm).unwrap();
        // The public half is what a key repository is to serve. Uploading it is left to whoever registers.
        let public = key.public_key_pem().to_owned();
        assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        let again = SigningKey::from_pem(algorithm, private.as_str().as_bytes()).unwrap();
        assert_eq!(again.public_key_pem(), public);
        let keys = Keyring::from_pems([("client/new", public.as_bytes())]).unwrap();
        let engine = Engine::new(policy(), keys).with_clock(|| NOW);
        let issuer = Issuer::new("client", "client/new", key).unwrap();
        let token = issuer.sign(&TokenRequest::new("server"), NOW).unwrap();
        assert_eq!(verdict(&engine, token), Ok(()), "{algorithm}");
    }
}
