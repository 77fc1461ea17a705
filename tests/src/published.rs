//! Tokens of Forge and of Trello at the fixture's time, and verifiers that know the key they are signed with.

use asap_engine::{
    Algorithm, ForgeInvocation, ForgePolicy, ForgeVerifier, KeySet, KeySetSource, Scratch,
    SetVerdict, StaticKeySet, TrelloIdentity, TrelloPolicy, TrelloVerifier, VerifyError,
};

use crate::fixture::{NOW, NOW_SECONDS, block_on};
use crate::jwk::{pem_list, rs256, set};
use crate::keys::key;
use crate::token::Token;

/// The Forge app that the fixture is.
pub const APP: &str = "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107";

/// The `kid` of Atlassian's key. It is in no grammar of ours.
pub const FORGE_KEY: &str = "forge/invocation-token/1 ü";

/// The Power-Up that the fixture is.
pub const PLUGIN: &str = "5e66784c606cb1160a8f5dc0";

/// The claim `app` of the documentation's example, with the installation that its table has.
pub const APP_CLAIM: &str = r#"{
    "id": "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107",
    "version": "16",
    "appVersion": "16.0.1",
    "installationId": "ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5",
    "apiBaseUrl": "https://api.atlassian.com/ex/confluence/d0d52620-3203-4cfa-8db5-f2587155f0dd",
    "environment": {"type": "DEVELOPMENT", "id": "ari:cloud:ecosystem::environment/8db33809"},
    "module": {"type": "xen:macro", "key": "forge-remote-app-boot"},
    "installation": {
        "id": "ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5",
        "contexts": [{"name": "confluence", "apiBaseUrl": "https://api.atlassian.com/ex/confluence/d0d5"}]
    },
    "license": {"isActive": true, "isEvaluation": false, "type": "commercial", "billingPeriod": "MONTHLY"}
}"#;

/// The claim `context` of the documentation's example.
pub const CONTEXT_CLAIM: &str = r#"{
    "localId": "4654fa12-4c7c-4792-95a9-6019edb27953",
    "cloudId": "d0d52620-3203-4cfa-8db5-f2587155f0dd",
    "moduleKey": "forge-remote-app-boot",
    "siteUrl": "https://example.atlassian.net",
    "extension": {"type": "macro", "content": {"id": "5341185"}, "isEditing": false, "references": []}
}"#;

/// An invocation token that the fixture accepts.
#[must_use]
pub fn forge_token() -> Token {
    Token::good(Algorithm::Rs256)
        .header("typ", "\"JWT\"")
        .header("kid", &format!("\"{FORGE_KEY}\""))
        .claim("iss", "\"forge/invocation-token\"")
        .claim("aud", &format!("\"{APP}\""))
        .claim("nbf", &NOW_SECONDS.to_string())
        .claim("exp", &(NOW_SECONDS + 25).to_string())
        .claim("jti", "\"d8a496253ec8c18a54631e4c82cbedd5d0ae8570\"")
        .claim("app", APP_CLAIM)
        .claim("context", CONTEXT_CLAIM)
        .claim(
            "principal",
            "\"655362:312d3308-8954-42b0-aa38-771a10c88656\"",
        )
}

/// A Power-Up's token that the fixture accepts.
#[must_use]
pub fn trello_token() -> Token {
    Token::good(Algorithm::Rs256)
        .without_header("kid")
        .without_claim("aud")
        .without_claim("jti")
        .claim("iss", "\"trello\"")
        .claim("exp", &(NOW_SECONDS + 900).to_string())
        .claim("idPlugin", &format!("\"{PLUGIN}\""))
        .claim("idBoard", "\"5e667811606cb1160a8f5bf7\"")
        .claim("idMember", "\"5e645dc2c4205e1416218404\"")
        .claim("state", "\"test\"")
}

/// The set that Atlassian publishes: the fixture's key.
#[must_use]
pub fn forge_set() -> String {
    set(&[rs256(key(Algorithm::Rs256), FORGE_KEY)])
}

/// A source of this JWK Set.
#[must_use]
pub fn jwk_set(json: &str) -> StaticKeySet {
    StaticKeySet::new(KeySet::from_jwk_set(json.as_bytes()).unwrap())
}

/// A source of the list that Trello publishes: the fixture's key.
#[must_use]
pub fn trello_keys() -> StaticKeySet {
    let list = pem_list(&[key(Algorithm::Rs256)]);
    StaticKeySet::new(KeySet::from_pem_list(list.as_bytes()).unwrap())
}

/// The fixture as a Forge app, at its time.
#[must_use]
pub fn forge<K: KeySetSource>(keys: K) -> ForgeVerifier<K> {
    ForgeVerifier::new(ForgePolicy::new(APP).unwrap(), keys).with_clock(|| NOW)
}

/// The fixture as a Power-Up, at its time.
#[must_use]
pub fn trello<K: KeySetSource>(keys: K) -> TrelloVerifier<K> {
    TrelloVerifier::new(TrelloPolicy::new(PLUGIN).unwrap(), keys).with_clock(|| NOW)
}

/// What a verifier whose keys do not change says of a token, by both of its entries, which must agree.
///
/// # Errors
///
/// The refusal.
pub fn forge_verdict<K: KeySetSource>(
    verifier: &ForgeVerifier<K>,
    token: &str,
) -> Result<ForgeInvocation<'static>, VerifyError> {
    let waited = block_on(verifier.verify(token.as_bytes()));
    match verifier.verify_now(token.as_bytes(), &mut Scratch::new()) {
        Ok(SetVerdict::Verified(invocation)) => {
            assert_eq!(Ok(&invocation.into_owned()), waited.as_ref());
        }
        Ok(_) => assert_eq!(waited.as_ref().err(), Some(&VerifyError::KeyUnknown)),
        Err(refusal) => assert_eq!(Some(&refusal), waited.as_ref().err()),
    }
    waited
}

/// As [`forge_verdict`].
///
/// # Errors
///
/// The refusal.
pub fn trello_verdict<K: KeySetSource>(
    verifier: &TrelloVerifier<K>,
    token: &str,
) -> Result<TrelloIdentity<'static>, VerifyError> {
    let waited = block_on(verifier.verify(token.as_bytes()));
    match verifier.verify_now(token.as_bytes(), &mut Scratch::new()) {
        Ok(SetVerdict::Verified(identity)) => {
            assert_eq!(Ok(&identity.into_owned()), waited.as_ref());
        }
        Ok(_) => assert_eq!(waited.as_ref().err(), Some(&VerifyError::SignatureInvalid)),
        Err(refusal) => assert_eq!(Some(&refusal), waited.as_ref().err()),
    }
    waited
}

/// The code that the fixture, as a Forge app, refuses a token with.
#[must_use]
pub fn forge_refusal(token: &str) -> Option<VerifyError> {
    forge_verdict(&forge(jwk_set(&forge_set())), token).err()
}

/// The code that the fixture, as a Power-Up, refuses a token with.
#[must_use]
pub fn trello_refusal(token: &str) -> Option<VerifyError> {
    trello_verdict(&trello(trello_keys()), token).err()
}
