//! Forge invocation tokens: what the documentation says of them, what a remote must check, and what peers have got wrong.
//!
//! Quoted are "Forge Remote essentials" (developer.atlassian.com) and the Marketplace security requirements of 2023.

use std::time::Duration;

use asap_engine::limits::DEFAULT_MAX_FORGE_TOKEN_LENGTH;
use asap_engine::{
    Algorithm, ForgeHeaders, ForgePolicy, ForgeVerifier, SigningKey, VerifyError as E,
};
use asap_tests::fixture::{NOW, NOW_SECONDS, after};
use asap_tests::jwk::{jwk, rs256, set};
use asap_tests::keys::{der_of, key, other_key};
use asap_tests::published::{
    APP, APP_CLAIM, FORGE_KEY, forge, forge_refusal, forge_set, forge_token, forge_verdict, jwk_set,
};
use asap_tests::token::{Token, base64url, compact, with_signature};

/// "The FIT includes important information about the invocation context and should be used to verify that the request came
/// from Atlassian and is intended for your app."
#[test]
fn the_token_of_the_documentation_is_verified_and_its_claims_are_typed() {
    let verifier = forge(jwk_set(&forge_set()));
    let invocation = forge_verdict(&verifier, &forge_token().sign()).unwrap();
    let app = invocation.app();
    assert_eq!(app.id, APP);
    assert!(
        app.installation_id
            .ends_with("0a3a7799-53ae-4a5b-9e7e-03338980abb5")
    );
    assert_eq!(app.app_version.as_deref(), Some("16.0.1"));
    let environment = app.environment.as_ref().unwrap();
    assert_eq!(environment.kind.as_deref(), Some("DEVELOPMENT"));
    let module = app.module.as_ref().unwrap();
    assert_eq!(module.key.as_deref(), Some("forge-remote-app-boot"));
    let contexts = app.installation.as_ref().unwrap().contexts.as_ref();
    assert_eq!(contexts.unwrap()[0].name.as_deref(), Some("confluence"));
    let license = app.license.as_ref().unwrap();
    assert_eq!(
        (license.is_active, license.is_evaluation),
        (Some(true), Some(false))
    );
    let context = invocation.context().unwrap();
    assert_eq!(
        context.cloud_id.as_deref(),
        Some("d0d52620-3203-4cfa-8db5-f2587155f0dd")
    );
    assert!(context.json.contains("\"extension\""));
    assert_eq!(
        invocation.principal(),
        Some("655362:312d3308-8954-42b0-aa38-771a10c88656")
    );
    assert_eq!(
        invocation.token_id(),
        "d8a496253ec8c18a54631e4c82cbedd5d0ae8570"
    );
    assert_eq!(invocation.key_id(), FORGE_KEY);
    assert_eq!(invocation.issued_at(), NOW);
    assert_eq!(invocation.expires_at(), after(25));
}

/// "When invoked from a backend function, no context is currently provided", and the principal is for "UI modules only".
#[test]
fn a_call_from_a_back_end_has_neither_context_nor_principal() {
    let verifier = forge(jwk_set(&forge_set()));
    for token in [
        forge_token()
            .without_claim("context")
            .without_claim("principal"),
        forge_token()
            .claim("context", "null")
            .claim("principal", "null"),
    ] {
        let invocation = forge_verdict(&verifier, &token.sign()).unwrap();
        assert!(invocation.context().is_none() && invocation.principal().is_none());
    }
}

/// "intended for an audience of your Application ID".
#[test]
fn the_audience_is_the_app_of_the_configuration() {
    let other = "\"ari:cloud:ecosystem::app/00000000-0000-0000-0000-000000000000\"";
    let both = format!("[{other},\"{APP}\"]");
    assert_eq!(
        forge_refusal(&forge_token().claim("aud", other).sign()),
        Some(E::AudienceMismatch)
    );
    assert_eq!(
        forge_refusal(&forge_token().claim("aud", &both).sign()),
        None
    );
    for near in [
        format!("\"{}\"", APP.to_uppercase()),
        format!("\"{APP}/\""),
        format!("\"{}\"", &APP[..APP.len() - 1]),
        "\"\"".to_owned(),
        "[]".to_owned(),
    ] {
        let token = forge_token().claim("aud", &near).sign();
        assert_eq!(forge_refusal(&token), Some(E::AudienceMismatch), "{near}");
    }
    assert_eq!(
        forge_refusal(&forge_token().without_claim("aud").sign()),
        Some(E::AudienceMissing)
    );
    assert_eq!(
        forge_refusal(&forge_token().claim("aud", "1").sign()),
        Some(E::AudienceInvalid)
    );
}

/// The danger seen in peers: the expected audience taken from the token's own `app.id`, so that the token of every other
/// Forge app is accepted, which Atlassian has signed with the same key.
#[test]
fn a_token_of_another_app_is_refused_though_it_agrees_with_itself() {
    let other = "ari:cloud:ecosystem::app/11111111-2222-3333-4444-555555555555";
    let token = forge_token()
        .claim("aud", &format!("\"{other}\""))
        .claim("app", &APP_CLAIM.replace(APP, other));
    assert_eq!(forge_refusal(&token.sign()), Some(E::AudienceMismatch));
    let verifier = ForgeVerifier::new(ForgePolicy::new(other).unwrap(), jwk_set(&forge_set()))
        .with_clock(|| NOW);
    assert!(forge_verdict(&verifier, &token.sign()).is_ok());
}

/// "The Forge application ID. This should match the value in your Forge manifest.yml file."
#[test]
fn the_app_of_the_claims_is_the_app_of_the_configuration_too() {
    let app = APP_CLAIM.replace(APP, "ari:cloud:ecosystem::app/other");
    let token = forge_token().claim("app", &app).sign();
    assert_eq!(forge_refusal(&token), Some(E::AudienceMismatch));
}

#[test]
fn the_issuer_is_forge() {
    for (issuer, refusal) in [
        ("\"forge/invocation-token/\"", E::IssuerNotAllowed),
        ("\"client\"", E::IssuerNotAllowed),
        ("\"\"", E::IssuerNotAllowed),
        ("[\"forge/invocation-token\"]", E::IssuerInvalid),
    ] {
        let token = forge_token().claim("iss", issuer).sign();
        assert_eq!(forge_refusal(&token), Some(refusal), "{issuer}");
    }
    assert_eq!(
        forge_refusal(&forge_token().without_claim("iss").sign()),
        Some(E::IssuerMissing)
    );
    let escaped = forge_token().claim("iss", r#""forge\/invocation\u002dtoken""#);
    assert_eq!(forge_refusal(&escaped.sign()), None);
}

/// Requirement 1 of 2023, "JWT tokens must be validated": each time claim is required and checked.
#[test]
fn every_time_claim_is_required() {
    for (claim, missing, invalid) in [
        ("iat", E::IssuedAtMissing, E::IssuedAtInvalid),
        ("nbf", E::NotBeforeMissing, E::NotBeforeInvalid),
        ("exp", E::ExpiryMissing, E::ExpiryInvalid),
        ("jti", E::TokenIdMissing, E::TokenIdInvalid),
    ] {
        assert_eq!(
            forge_refusal(&forge_token().without_claim(claim).sign()),
            Some(missing)
        );
        for value in ["null", "{}", "[1]", "true"] {
            let token = forge_token().claim(claim, value).sign();
            assert_eq!(forge_refusal(&token), Some(invalid), "{claim} {value}");
        }
    }
}

#[test]
fn a_token_is_valid_from_nbf_to_exp_and_the_leeway() {
    let policy = || ForgePolicy::new(APP).unwrap();
    let at = |policy: ForgePolicy, seconds| {
        let verifier = ForgeVerifier::new(policy, jwk_set(&forge_set()));
        let verifier = verifier.with_clock(move || after(seconds));
        forge_verdict(&verifier, &forge_token().sign()).err()
    };
    let strict = || policy().with_leeway(Duration::ZERO).unwrap();
    assert_eq!(at(strict(), -1), Some(E::NotYetValid));
    assert_eq!([0, 25].map(|seconds| at(strict(), seconds)), [None; 2]);
    assert_eq!(at(strict(), 26), Some(E::Expired));
    assert_eq!([-30, 55].map(|seconds| at(policy(), seconds)), [None; 2]);
    assert_eq!(at(policy(), -31), Some(E::NotYetValid));
    assert_eq!(at(policy(), 56), Some(E::Expired));
    let short = policy().with_max_lifetime(Duration::from_secs(24)).unwrap();
    assert_eq!(at(short, 0), Some(E::LifetimeTooLong));
    let long = forge_token().claim("exp", &(NOW_SECONDS + 3601).to_string());
    assert_eq!(forge_refusal(&long.sign()), Some(E::LifetimeTooLong));
}

/// RFC 8725 section 3.1: the algorithm is RS256, whatever the token says and whatever the key could do.
#[test]
fn no_other_algorithm_is_taken() {
    for algorithm in [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256] {
        let header = format!("\"{algorithm}\"");
        let token = forge_token()
            .header("alg", &header)
            .sign_with(key(algorithm));
        assert_eq!(forge_refusal(&token), Some(E::AlgorithmNotAllowed));
    }
    for name in ["none", "None", "HS256", "rs256", ""] {
        let token = forge_token().header("alg", &format!("\"{name}\""));
        assert_eq!(
            forge_refusal(&token.sign()),
            Some(E::AlgorithmUnsupported),
            "{name}"
        );
        let unsigned = compact(token.header_json(), token.claims_json(), "");
        assert_eq!(
            forge_refusal(&unsigned),
            Some(E::AlgorithmUnsupported),
            "{name}"
        );
    }
}

/// CVE-2015-9235 and the like: the public key, in whatever spelling, as a secret of HMAC.
#[test]
fn the_public_key_is_no_secret() {
    let token = forge_token().header("alg", "\"HS256\"");
    let input = format!(
        "{}.{}",
        base64url(token.header_json()),
        base64url(token.claims_json())
    );
    let pem = key(Algorithm::Rs256).public_key_pem();
    for secret in [pem.as_bytes(), &der_of(pem), forge_set().as_bytes()] {
        let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&secret, input.as_bytes());
        let forged = format!("{input}.{}", base64url(tag));
        assert_eq!(forge_refusal(&forged), Some(E::AlgorithmUnsupported));
    }
}

/// A key in the header (`jwk`, `jku`, `x5c`) is nobody's: CVE-2018-0114 and the like.
#[test]
fn a_key_that_the_token_brings_is_not_looked_at() {
    let theirs = other_key(Algorithm::Rs256);
    let forged = forge_token()
        .header("jwk", &rs256(theirs, FORGE_KEY))
        .header("jku", "\"https://attacker.example/jwks.json\"")
        .sign_with(theirs);
    assert_eq!(forge_refusal(&forged), Some(E::SignatureInvalid));
    let good = forge_token()
        .header("jwk", &rs256(theirs, FORGE_KEY))
        .sign();
    assert_eq!(forge_refusal(&good), None);
}

#[test]
fn the_key_is_the_one_of_the_kid() {
    assert_eq!(
        forge_refusal(&forge_token().without_header("kid").sign()),
        Some(E::KeyIdMissing)
    );
    for kid in ["null", "1", "[\"a\"]"] {
        let token = forge_token().header("kid", kid).sign();
        assert_eq!(forge_refusal(&token), Some(E::KeyIdMissing), "{kid}");
    }
    for kid in [
        "",
        "../../etc/passwd",
        "' OR 1=1 --",
        "forge/invocation-token/1",
    ] {
        let token = forge_token().header("kid", &format!("\"{kid}\"")).sign();
        assert_eq!(forge_refusal(&token), Some(E::KeyUnknown), "{kid}");
    }
    let two = set(&[
        rs256(other_key(Algorithm::Rs256), "another"),
        rs256(key(Algorithm::Rs256), FORGE_KEY),
    ]);
    let verifier = forge(jwk_set(&two));
    assert!(forge_verdict(&verifier, &forge_token().sign()).is_ok());
    let swapped = forge_token().header("kid", "\"another\"").sign();
    assert_eq!(
        forge_verdict(&verifier, &swapped).err(),
        Some(E::SignatureInvalid)
    );
}

/// A key of the set that is for another algorithm verifies nothing here.
#[test]
fn a_key_of_another_kind_is_a_mismatch() {
    for other in [
        jwk(key(Algorithm::Es256), &[("kid", "\"k\"")]),
        jwk(
            key(Algorithm::Rs256),
            &[("kid", "\"k\""), ("alg", "\"RS512\"")],
        ),
    ] {
        let verifier = forge(jwk_set(&set(&[other])));
        let token = forge_token().header("kid", "\"k\"").sign();
        assert_eq!(
            forge_verdict(&verifier, &token).err(),
            Some(E::AlgorithmMismatch)
        );
    }
}

#[test]
fn a_changed_token_is_refused() {
    let token = forge_token().sign();
    let (_, rest) = token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let changed = forge_token().claim("principal", "\"somebody-else\"");
    let changed = format!(
        "{}.{}.{signature}",
        base64url(changed.header_json()),
        base64url(changed.claims_json())
    );
    assert_eq!(forge_refusal(&changed), Some(E::SignatureInvalid));
    for signature in [vec![], vec![0; 256], vec![0; 255], vec![0xff; 512]] {
        let token = with_signature(&token, signature);
        assert_eq!(forge_refusal(&token), Some(E::SignatureInvalid));
    }
}

#[test]
fn critical_extensions_and_duplicates_are_refused() {
    let crit = forge_token().header("crit", "[\"exp\"]").sign();
    assert_eq!(forge_refusal(&crit), Some(E::CriticalHeader));
    assert_eq!(
        forge_refusal(&forge_token().header_and("\"kid\":\"a\"")),
        Some(E::DuplicateHeader)
    );
    for member in [
        "\"aud\":\"x\"",
        "\"app\":{}",
        "\"x\":1,\"x\":1",
        r#""\u0061pp":{}"#,
    ] {
        let token = forge_token().claims_and(member);
        assert_eq!(forge_refusal(&token), Some(E::DuplicateClaim), "{member}");
    }
}

/// The table of the documentation, with its types. What an app keeps its data by must be there.
#[test]
fn the_app_is_of_the_documented_form() {
    assert_eq!(
        forge_refusal(&forge_token().without_claim("app").sign()),
        Some(E::AppMissing)
    );
    let with = |from: &str, to: &str| {
        let changed = APP_CLAIM.replace(from, to);
        assert_ne!(changed, APP_CLAIM, "{from}");
        forge_refusal(&forge_token().claim("app", &changed).sign())
    };
    for app in ["null", "[]", "\"app\"", "{}"] {
        let token = forge_token().claim("app", app).sign();
        assert_eq!(forge_refusal(&token), Some(E::AppInvalid), "{app}");
    }
    for (from, to) in [
        (
            "\"id\": \"ari:cloud:ecosystem::app",
            "\"ID\": \"ari:cloud:ecosystem::app",
        ),
        ("\"installationId\": ", "\"other\": "),
        ("\"installationId\": ", "\"installationId\": 1, \"other\": "),
        ("\"type\": \"DEVELOPMENT\"", "\"type\": 1"),
        ("\"type\": \"DEVELOPMENT\"", "\"id\": \"twice\""),
        (
            "{\"type\": \"xen:macro\", \"key\": \"forge-remote-app-boot\"}",
            "\"a module\"",
        ),
        ("\"isActive\": true", "\"isActive\": \"true\""),
        ("[{\"name\"", "[1, {\"name\""),
        ("\"name\": \"confluence\"", "\"name\": [\"confluence\"]"),
    ] {
        assert_eq!(with(from, to), Some(E::AppInvalid), "{to}");
    }
    for (from, to) in [
        ("\"version\": \"16\",", ""),
        ("\"isActive\": true,", ""),
        ("\"module\": ", "\"some-module\": "),
        ("\"installation\": ", "\"later\": "),
        ("\"license\": ", "\"license\": null, \"more\": "),
        ("\"contexts\": [", "\"contexts\": [], \"more\": ["),
    ] {
        assert_eq!(with(from, to), None, "{to}");
    }
}

#[test]
fn context_and_principal_are_of_their_types() {
    for context in [
        "[]",
        "\"x\"",
        "1",
        r#"{"cloudId":1}"#,
        r#"{"cloudId":"a","cloudId":"b"}"#,
    ] {
        let token = forge_token().claim("context", context).sign();
        assert_eq!(forge_refusal(&token), Some(E::ContextInvalid), "{context}");
    }
    for principal in ["{}", "1", "false", "[\"a\"]"] {
        let token = forge_token().claim("principal", principal).sign();
        assert_eq!(
            forge_refusal(&token),
            Some(E::PrincipalInvalid),
            "{principal}"
        );
    }
}

/// A token with so many bytes in a claim of no meaning.
fn with_filler(filler: usize) -> Token {
    forge_token().claim("x", &format!("\"{}\"", "x".repeat(filler)))
}

/// RFC-138 of Atlassian: tokens grow; a remote must take large `Authorization` headers.
#[test]
fn tokens_of_up_to_16_kib_are_taken() {
    let limit = DEFAULT_MAX_FORGE_TOKEN_LENGTH;
    let length = |filler: usize| with_filler(filler).sign().len();
    let near = (limit - length(0)) * 3 / 4 - 4;
    let longest = (near..)
        .take_while(|filler| length(*filler) <= limit)
        .last()
        .unwrap();
    let token = with_filler(longest).sign();
    assert!(
        (limit - 1..=limit).contains(&token.len()),
        "{}",
        token.len()
    );
    assert_eq!(forge_refusal(&token), None);
    let too_long = with_filler(longest + 1).sign();
    assert_eq!(forge_refusal(&too_long), Some(E::TokenTooLong));
    let policy = ForgePolicy::new(APP)
        .unwrap()
        .with_max_token_length(64 * 1024)
        .unwrap();
    let verifier = ForgeVerifier::new(policy, jwk_set(&forge_set())).with_clock(|| NOW);
    assert!(forge_verdict(&verifier, &too_long).is_ok());
}

/// "OAuth tokens provided for FRC (and JWT claims within) need to be treated as Opaque"; "Never share or log any OAuth
/// access tokens provided."
#[test]
fn oauth_tokens_are_passed_along_and_shown_nowhere() {
    let system: &[u8] = b"Secret-System \xff";
    let headers = [
        ("Authorization", &b"Bearer a.b.c"[..]),
        ("X-Forge-OAuth-System", system),
        ("x-forge-oauth-user", b"Secret-User"),
    ];
    let read = ForgeHeaders::of(headers);
    assert_eq!(read.oauth_system().unwrap().expose(), system);
    assert_eq!(read.oauth_user().unwrap().expose(), b"Secret-User");
    let shown = format!("{read:?} {:?}", read.oauth_user());
    assert!(
        !shown.contains("Secret") && !shown.contains("83, 101"),
        "{shown}"
    );
    let twice = headers
        .into_iter()
        .chain([("x-forge-oauth-user", &b"Other"[..])]);
    let read = ForgeHeaders::of(twice);
    assert!(read.oauth_user().is_none() && read.oauth_system().is_some());
    assert!(ForgeHeaders::of([]).oauth_system().is_none());
}

/// docs/DESIGN.md: nothing of a token in what anything prints.
#[test]
fn nothing_prints_a_claim() {
    let verifier = forge(jwk_set(&forge_set()));
    let invocation = forge_verdict(&verifier, &forge_token().sign()).unwrap();
    let shown = format!(
        "{verifier:?} {invocation:?} {:?} {:?} {:?}",
        invocation.app(),
        invocation.context(),
        invocation.app().license
    );
    for secret in [
        "655362",
        "installation/",
        "confluence",
        "commercial",
        "d8a496",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for refusal in [
        E::AppInvalid,
        E::ContextInvalid,
        E::PrincipalInvalid,
        E::NotBeforeMissing,
    ] {
        assert!(!refusal.to_string().contains("655362"));
    }
}

#[test]
fn a_configuration_that_names_no_app_is_refused() {
    for app in [
        "",
        "8db33809",
        "ari:cloud:ecosystem::app/",
        "ari:cloud:ecosystem::app/a b",
        "*",
    ] {
        assert!(ForgePolicy::new(app).is_err(), "{app}");
    }
}

/// The order of the checks: what costs nothing first, and no signature is checked for a token that is not wanted.
#[test]
fn an_unwanted_token_is_refused_before_its_signature() {
    let stranger: SigningKey = SigningKey::generate(Algorithm::Rs256).unwrap().0;
    let unsigned = |token: Token| forge_refusal(&token.sign_with(&stranger));
    assert_eq!(unsigned(forge_token()), Some(E::SignatureInvalid));
    assert_eq!(
        unsigned(forge_token().claim("aud", "\"x\"")),
        Some(E::AudienceMismatch)
    );
    assert_eq!(unsigned(forge_token().claim("exp", "1")), Some(E::Expired));
    assert_eq!(
        unsigned(forge_token().header("kid", "\"x\"").claim("iss", "\"x\"")),
        Some(E::IssuerNotAllowed)
    );
}
