//! The messages `installed` and `uninstalled`: signed by Atlassian and by nobody else (Marketplace security requirements,
//! Connect 1.4), with what was once got wrong elsewhere, each a refused case.

use std::sync::Arc;

use asap_engine::{
    Algorithm, ConnectLifecycle, ConnectRequest, ConnectVerdict, KeyError, KeyRepository, Scratch,
    VerifyError as E,
};
use asap_tests::connect::{
    BASE, INSTALL_KEY, OTHER_TENANT, SECRET, TENANT, claims, claims_for, hs256, install_claims,
    judge_context, judge_module, lifecycle, policy,
};
use asap_tests::counting::{Answer, CountingKeys};
use asap_tests::fixture::{NOW, NOW_SECONDS, after, block_on};
use asap_tests::key_client::{always, config, patient};
use asap_tests::key_server::{KeyServer, cached, reply};
use asap_tests::keys::{key, other_key};
use asap_tests::token::Token;

const TARGET: &str = "/connect/installed?x=1";

/// The message of an installation, with the secret that it brings.
fn message(client_key: &str) -> String {
    format!(
        r#"{{"key":"com.example.app","clientKey":"{client_key}","sharedSecret":"{SECRET}","baseUrl":"https://example.atlassian.net","eventType":"installed"}}"#
    )
}

fn good() -> Token {
    install_claims("POST", TARGET)
}

/// What the endpoint says, by both of its entries, which must agree.
fn judge_with(target: &str, token: &str, body: &[u8]) -> Result<(), E> {
    let value = format!("JWT {token}");
    let request = ConnectRequest::new("POST", target).with_authorization(value.as_bytes());
    let (endpoint, mut scratch) = (lifecycle(), Scratch::new());
    let now = endpoint.verify_now(&request, body, &mut scratch);
    let now = now.map(|verdict| assert!(matches!(verdict, ConnectVerdict::Verified(_))));
    let waited = block_on(endpoint.verify(&request, body)).map(drop);
    assert_eq!(now, waited, "the two entries disagree");
    now
}

fn judge(token: &str) -> Result<(), E> {
    judge_with(TARGET, token, message(TENANT).as_bytes())
}

fn signed(token: &Token) -> Result<(), E> {
    judge(&token.sign())
}

#[test]
fn a_signed_installation_names_its_tenant() {
    let value = format!("JWT {}", good().sign());
    let request = ConnectRequest::new("POST", TARGET).with_authorization(value.as_bytes());
    let installation = block_on(lifecycle().verify(&request, message(TENANT).as_bytes())).unwrap();
    assert_eq!(
        (installation.client_key(), installation.key_id()),
        (TENANT, INSTALL_KEY)
    );
    assert_eq!(
        (installation.issued_at(), installation.expires_at()),
        (NOW, after(900))
    );
    let shown = format!("{installation:?} {:?}", lifecycle());
    assert!(!shown.contains(TENANT) && !shown.contains("7512836e"));
}

/// "Unsigned install": the first installation came without a token until 2021. No tenant needs to be known for a refusal.
#[test]
fn an_unsigned_installation_is_refused() {
    let request = ConnectRequest::new("POST", TARGET);
    for tenant in [TENANT, "jira:never-seen"] {
        let verdict = block_on(lifecycle().verify(&request, message(tenant).as_bytes()));
        assert_eq!(verdict.map(drop), Err(E::TokenMissing));
    }
    assert_eq!(
        judge(&good().header("alg", "\"none\"").sign()),
        Err(E::AlgorithmUnsupported)
    );
}

/// The downgrade: a message signed with HS256, by the secret of the tenant, by the one in the message itself, or by the
/// public key as a secret.
#[test]
fn a_downgrade_to_hs256_is_refused_whoever_signed() {
    let pem = key(Algorithm::Rs256).public_key_pem();
    for secret in [SECRET.as_bytes(), pem.as_bytes(), b""] {
        for tenant in [TENANT, "jira:never-seen"] {
            let token = claims_for("POST", TARGET)
                .claim("iss", &format!("\"{tenant}\""))
                .claim("aud", &format!("\"{BASE}\""))
                .header("kid", &format!("\"{INSTALL_KEY}\""));
            let token = hs256(&token, secret);
            let verdict = judge_with(TARGET, &token, message(tenant).as_bytes());
            assert_eq!(verdict, Err(E::AlgorithmUnsupported));
        }
    }
}

/// CVE-2021-26073 (atlassian-connect-express): a context token was accepted on life cycle endpoints.
#[test]
fn cve_2021_26073_a_context_token_does_not_install() {
    let token = hs256(&claims("context-qsh"), SECRET);
    assert_eq!(judge(&token), Err(E::AlgorithmUnsupported));
    let signed_by_atlassian = good().claim("qsh", "\"context-qsh\"");
    assert_eq!(signed(&signed_by_atlassian), Err(E::QueryHashOfContext));
}

/// CVE-2021-26074 (atlassian-connect-spring-boot): the same, and so a re-installation with the attacker's secret.
#[test]
fn cve_2021_26074_a_context_token_does_not_install_again() {
    let body = message(TENANT).replace(SECRET, "an-attackers-own-secret-of-32-bytes-or-more");
    for secret in [SECRET, "an-attackers-own-secret-of-32-bytes-or-more"] {
        let token = hs256(&claims("context-qsh"), secret);
        assert_eq!(
            judge_with(TARGET, &token, body.as_bytes()),
            Err(E::AlgorithmUnsupported)
        );
        let token = hs256(&claims_for("POST", TARGET), secret);
        assert_eq!(
            judge_with(TARGET, &token, body.as_bytes()),
            Err(E::AlgorithmUnsupported)
        );
    }
}

/// CVE-2021-26077 (atlassian-connect-spring-boot): a regression of it; context tokens were good for `enabled`, `disabled`
/// and other endpoints of the product's too.
#[test]
fn cve_2021_26077_a_context_token_is_good_for_no_endpoint_of_the_product() {
    let token = hs256(&claims("context-qsh"), SECRET);
    for target in [
        "/connect/enabled",
        "/connect/disabled",
        "/connect/panel",
        "/connect/installed",
    ] {
        let verdict = judge_module("POST", target, &token).map(drop);
        assert_eq!(verdict, Err(E::QueryHashOfContext), "{target}");
    }
}

/// The token of an installation is for the installation alone.
#[test]
fn the_token_of_an_installation_opens_no_other_endpoint() {
    let token = good().sign();
    assert_eq!(
        judge_module("POST", TARGET, &token).map(drop),
        Err(E::AlgorithmNotAllowed)
    );
    assert_eq!(judge_context(&token).map(drop), Err(E::AlgorithmNotAllowed));
}

#[test]
fn rs256_is_the_one_algorithm() {
    for algorithm in [Algorithm::Rs384, Algorithm::Ps256, Algorithm::Rs512] {
        let token = good().header("alg", &format!("\"{algorithm}\""));
        assert_eq!(
            judge(&token.sign_with(key(algorithm))),
            Err(E::AlgorithmNotAllowed)
        );
    }
    let p256 = good().header("kid", "\"p256\"");
    assert_eq!(signed(&p256), Err(E::AlgorithmMismatch));
}

#[test]
fn the_key_is_the_one_that_kid_names() {
    assert_eq!(
        signed(&good().header("kid", "\"other\"")),
        Err(E::SignatureInvalid)
    );
    assert_eq!(
        judge(&good().sign_with(other_key(Algorithm::Rs256))),
        Err(E::SignatureInvalid)
    );
    assert_eq!(
        signed(&good().header("kid", "\"unknown\"")),
        Err(E::KeyUnknown)
    );
    assert_eq!(signed(&good().without_header("kid")), Err(E::KeyIdMissing));
    for key_id in ["../x", "a b", "", "https://evil.example/x", "x?y", "%2e"] {
        let token = good().header("kid", &format!("\"{key_id}\""));
        assert_eq!(signed(&token), Err(E::KeyIdInvalid), "{key_id}");
    }
}

/// "aud": the app's base URL, as the configuration has it.
#[test]
fn the_audience_is_the_app_and_no_prefix_of_it() {
    let audience = |json: &str| signed(&good().claim("aud", json));
    for good in [
        format!("\"{BASE}\""),
        format!("\"{BASE}/\""),
        format!("[\"{BASE}/\"]"),
        format!("[\"https://other.example\",\"{BASE}\"]"),
    ] {
        assert_eq!(audience(&good), Ok(()), "{good}");
    }
    for bad in [
        "\"https://app.example\"",
        "\"https://app.example/connect.evil.example\"",
        "\"https://app.example/connect/x\"",
        "\"https://app.example/connect//\"",
        "\"http://app.example/connect\"",
        "\"HTTPS://APP.EXAMPLE/connect\"",
        "\"\"",
        "[]",
    ] {
        assert_eq!(audience(bad), Err(E::AudienceMismatch), "{bad}");
    }
    assert_eq!(audience("1"), Err(E::AudienceInvalid));
    assert_eq!(audience("null"), Err(E::AudienceInvalid));
    assert_eq!(
        signed(&good().without_claim("aud")),
        Err(E::AudienceMissing)
    );
}

#[test]
fn the_query_hash_is_that_of_the_request() {
    let token = good().sign();
    let body = message(TENANT);
    for target in [
        "/connect/uninstalled?x=1",
        "/connect/installed",
        "/connect/installed?x=2",
    ] {
        let verdict = judge_with(target, &token, body.as_bytes());
        assert_eq!(verdict, Err(E::QueryHashMismatch), "{target}");
    }
    assert_eq!(
        signed(&good().without_claim("qsh")),
        Err(E::QueryHashMissing)
    );
}

/// Who may install one tenant may not install another.
#[test]
fn iss_is_the_client_key_of_the_message() {
    let token = good().sign();
    let mismatch = judge_with(TARGET, &token, message(OTHER_TENANT).as_bytes());
    assert_eq!(mismatch, Err(E::ClientKeyMismatch));
    let escaped = message(TENANT).replace("jira:", "\\u006aira:");
    assert_eq!(judge_with(TARGET, &token, escaped.as_bytes()), Ok(()));
    let twice = message(TENANT).replace('}', &format!(",\"clientKey\":\"{OTHER_TENANT}\"}}"));
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"clientKey":null}"#,
        r#"{"clientKey":["jira:1234-5678-9000"]}"#,
        "clientKey=jira",
        &twice,
        &message(TENANT)[1..],
    ] {
        assert_eq!(
            judge_with(TARGET, &token, body.as_bytes()),
            Err(E::BodyInvalid),
            "{body}"
        );
    }
    assert_eq!(
        judge_with(TARGET, &token, b"{\"clientKey\":\"\xff\"}"),
        Err(E::BodyInvalid)
    );
    let long = message(TENANT).replace("installed", &"x".repeat(64 * 1024));
    assert_eq!(
        judge_with(TARGET, &token, long.as_bytes()),
        Err(E::RequestTooLarge)
    );
}

#[test]
fn an_installation_is_valid_between_iat_and_exp() {
    let expired = good()
        .claim("iat", &(NOW_SECONDS - 100).to_string())
        .claim("exp", &(NOW_SECONDS - 1).to_string());
    assert_eq!(signed(&expired), Err(E::Expired));
    assert_eq!(
        signed(&good().claim("iat", &(NOW_SECONDS + 1).to_string())),
        Err(E::NotYetValid)
    );
    assert_eq!(signed(&good().without_claim("exp")), Err(E::ExpiryMissing));
    assert_eq!(
        signed(&good().without_claim("iat")),
        Err(E::IssuedAtMissing)
    );
}

/// No key is fetched for a token that is refused without it, and a repository that is down is 503.
#[test]
fn a_key_is_fetched_for_a_token_that_is_wanted_and_a_bad_repository_is_503() {
    let verdict = |answer: Result<_, KeyError>, token: &Token| {
        let keys = CountingKeys::new(Answer::Fetched(answer));
        let endpoint = ConnectLifecycle::new(policy(), keys).with_clock(|| NOW);
        let value = format!("JWT {}", token.sign());
        let request = ConnectRequest::new("POST", TARGET).with_authorization(value.as_bytes());
        let verdict = block_on(endpoint.verify(&request, message(TENANT).as_bytes())).map(drop);
        (verdict, endpoint.keys().fetches())
    };
    let key = || Ok(Arc::new(Answer::key(Algorithm::Rs256)));
    assert_eq!(verdict(key(), &good()), (Ok(()), 1));
    assert_eq!(
        verdict(Err(KeyError::Unknown), &good()),
        (Err(E::KeyUnknown), 1)
    );
    assert_eq!(
        verdict(Err(KeyError::Unavailable), &good()),
        (Err(E::KeyUnavailable), 1)
    );
    assert_eq!(E::KeyUnavailable.status(), 503);
    let foreign = good().claim("aud", "\"https://other.example\"");
    assert_eq!(verdict(key(), &foreign), (Err(E::AudienceMismatch), 0));
    let other = good().claim("iss", "\"jira:other\"");
    assert_eq!(verdict(key(), &other), (Err(E::ClientKeyMismatch), 0));
}

/// Atlassian's two repositories, in their order: the key is asked for by `kid`, once, and a message's `baseUrl` has no say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_is_verified_with_a_key_of_the_configured_repositories() {
    let first = always(|| reply(404, &[], "")).await;
    let pem = key(Algorithm::Rs256).public_key_pem();
    let second = always(move || cached("max-age=60", pem)).await;
    let roots = [first.ca_pem(), second.ca_pem()].concat();
    let config = config(&first).with_root_certificates(&roots).unwrap();
    let config = config.with_fallback(&second.url("/install/")).unwrap();
    let keys = KeyRepository::new(patient(config).with_fallback_on_not_found(true)).unwrap();
    let endpoint = ConnectLifecycle::new(policy(), keys).with_clock(|| NOW);
    let value = format!("JWT {}", good().sign());
    let request = ConnectRequest::new("POST", TARGET).with_authorization(value.as_bytes());
    let body = message(TENANT).replace("example.atlassian.net", "evil.example");
    for _ in 0..2 {
        let installation = endpoint.verify(&request, body.as_bytes()).await.unwrap();
        assert_eq!(installation.client_key(), TENANT);
    }
    let paths = |server: &KeyServer| -> Vec<_> {
        server.asked().into_iter().map(|asked| asked.path).collect()
    };
    assert_eq!(paths(&first), [format!("/keys/{INSTALL_KEY}")]);
    assert_eq!(paths(&second), [format!("/install/{INSTALL_KEY}")]);
}
