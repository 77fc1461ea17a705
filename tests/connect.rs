//! Tokens that a product sends to a Connect app's modules and webhooks, and that the app's own pages send: each rule of
//! the documentation and of the Marketplace security requirements for Connect apps (1.1 to 1.5, 8).

use std::time::Duration;

use asap_engine::{
    Algorithm, BaseUrl, ConnectContext, ConnectModule, ConnectPolicy, ConnectRequest,
    ConnectSigner, ConnectVerdict, Scratch, SharedSecret, SignError, TenantError, UnixTime,
    VerifyError as E,
};
use asap_tests::connect::{
    OTHER_SECRET, OTHER_TENANT, RemoteTenants, SECRET, TENANT, base, claims, claims_for, context,
    hs256, judge, judge_context, judge_module, module, policy, tenants,
};
use asap_tests::fixture::{NOW, NOW_SECONDS, after, block_on};
use asap_tests::keys::key;
use asap_tests::token::{Token, compact, with_signature};

const TARGET: &str = "/connect/panel?issue=A-1&user=x%20y";

fn good() -> Token {
    claims_for("GET", TARGET)
}

fn verdict(token: &str) -> Result<(), E> {
    judge_module("GET", TARGET, token).map(drop)
}

fn signed(token: &Token) -> Result<(), E> {
    verdict(&hs256(token, SECRET))
}

#[test]
fn a_good_token_names_tenant_and_user() {
    let token = hs256(
        &good().claim("context", r#"{"user":{"accountId":"5b1"}}"#),
        SECRET,
    );
    let identity = judge_module("GET", TARGET, &token).unwrap();
    assert_eq!(identity.client_key(), TENANT);
    assert_eq!(identity.account_id(), Some("5b10a2844c20165700ede21g"));
    assert_eq!(identity.context(), Some(r#"{"user":{"accountId":"5b1"}}"#));
    assert_eq!(identity.issued_at(), NOW);
    assert_eq!(identity.expires_at(), after(180));
    assert!(identity.covers_query());
    assert!(!identity.covers_form());
}

/// 1.1: "JWT ... Authentication". What is optional may be absent.
#[test]
fn sub_and_context_are_optional_and_typed() {
    let bare = good().without_claim("sub").without_claim("context");
    let identity = judge_module("GET", TARGET, &hs256(&bare, SECRET)).unwrap();
    assert_eq!((identity.account_id(), identity.context()), (None, None));
    let null = good().claim("sub", "null").claim("context", "null");
    let identity = judge_module("GET", TARGET, &hs256(&null, SECRET)).unwrap();
    assert_eq!((identity.account_id(), identity.context()), (None, None));
    assert_eq!(signed(&good().claim("sub", "1")), Err(E::SubjectInvalid));
    assert_eq!(
        signed(&good().claim("context", "[]")),
        Err(E::ContextInvalid)
    );
}

/// The token of one tenant says nothing about another.
#[test]
fn the_secret_of_another_tenant_verifies_nothing() {
    assert_eq!(
        verdict(&hs256(&good(), OTHER_SECRET)),
        Err(E::SignatureInvalid)
    );
    let other = good().claim("iss", &format!("\"{OTHER_TENANT}\""));
    assert_eq!(verdict(&hs256(&other, SECRET)), Err(E::SignatureInvalid));
    let identity = judge_module("GET", TARGET, &hs256(&other, OTHER_SECRET)).unwrap();
    assert_eq!(identity.client_key(), OTHER_TENANT);
}

#[test]
fn a_tenant_that_is_not_in_the_store_is_refused() {
    for issuer in [
        "jira:unknown",
        "JIRA:1234-5678-9000",
        "jira:1234-5678-9000 ",
    ] {
        let token = good().claim("iss", &format!("\"{issuer}\""));
        assert_eq!(signed(&token), Err(E::TenantUnknown), "{issuer}");
    }
}

#[test]
fn iss_is_a_string_of_bounded_length() {
    assert_eq!(signed(&good().without_claim("iss")), Err(E::IssuerMissing));
    let too_long = format!("\"{}\"", "x".repeat(256));
    for issuer in ["\"\"", "1", "null", &too_long] {
        assert_eq!(signed(&good().claim("iss", issuer)), Err(E::IssuerInvalid));
    }
    let longest = format!("\"{}\"", "x".repeat(255));
    assert_eq!(
        signed(&good().claim("iss", &longest)),
        Err(E::TenantUnknown)
    );
}

/// A rotation, an uninstallation: what the store says last counts.
#[test]
fn a_new_secret_takes_the_place_of_the_old_one_at_once() {
    let module = module();
    let (old, new) = (hs256(&good(), SECRET), hs256(&good(), OTHER_SECRET));
    let judge = |token: &str| {
        let value = format!("JWT {token}");
        let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
        block_on(module.verify(&request)).map(drop)
    };
    assert_eq!(
        (judge(&old), judge(&new)),
        (Ok(()), Err(E::SignatureInvalid))
    );
    module
        .tenants()
        .insert(TENANT, SharedSecret::new(OTHER_SECRET).unwrap());
    assert_eq!(
        (judge(&old), judge(&new)),
        (Err(E::SignatureInvalid), Ok(()))
    );
    assert!(module.tenants().remove(TENANT));
    assert_eq!(
        (judge(&old), judge(&new)),
        (Err(E::TenantUnknown), Err(E::TenantUnknown))
    );
    assert!(!module.tenants().remove(TENANT));
}

/// RFC 8725 section 3.1. HS256 and nothing else, whatever the key would be.
#[test]
fn the_algorithm_is_pinned() {
    for (name, refusal) in [
        ("RS256", E::AlgorithmNotAllowed),
        ("ES256", E::AlgorithmNotAllowed),
        ("PS256", E::AlgorithmNotAllowed),
        ("none", E::AlgorithmUnsupported),
        ("None", E::AlgorithmUnsupported),
        ("HS384", E::AlgorithmUnsupported),
        ("HS512", E::AlgorithmUnsupported),
        ("hs256", E::AlgorithmUnsupported),
        ("", E::AlgorithmUnsupported),
    ] {
        let token = good().header("alg", &format!("\"{name}\""));
        assert_eq!(signed(&token), Err(refusal), "{name}");
    }
    assert_eq!(
        signed(&good().without_header("alg")),
        Err(E::AlgorithmMissing)
    );
    assert_eq!(
        signed(&good().header("alg", "[\"HS256\"]")),
        Err(E::AlgorithmMissing)
    );
    assert_eq!(
        signed(&good().header("crit", "[\"x\"]")),
        Err(E::CriticalHeader)
    );
    let rs256 = good()
        .header("alg", "\"RS256\"")
        .sign_with(key(Algorithm::Rs256));
    assert_eq!(verdict(&rs256), Err(E::AlgorithmNotAllowed));
    let empty = with_signature(&hs256(&good(), SECRET), "");
    assert_eq!(verdict(&empty), Err(E::SignatureInvalid));
}

/// A public key is no secret: it cannot even be loaded as one.
#[test]
fn a_public_key_never_serves_as_a_secret() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        assert!(SharedSecret::new(key(algorithm).public_key_pem()).is_err());
    }
}

/// 1.3: "JWT validation ... expiry". Both ends are included.
#[test]
fn exp_and_iat_are_required_and_the_token_is_valid_between_them() {
    assert_eq!(signed(&good().without_claim("exp")), Err(E::ExpiryMissing));
    assert_eq!(
        signed(&good().without_claim("iat")),
        Err(E::IssuedAtMissing)
    );
    assert_eq!(
        signed(&good().claim("exp", "\"9999999999\"")),
        Err(E::ExpiryInvalid)
    );
    assert_eq!(
        signed(&good().claim("iat", "null")),
        Err(E::IssuedAtInvalid)
    );
    assert_eq!(
        signed(&good().claim("nbf", "\"0\"")),
        Err(E::NotBeforeInvalid)
    );
    let at = |claim: &str, seconds: i64| {
        let earlier = good().claim("iat", &(NOW_SECONDS - 100).to_string());
        signed(&earlier.claim(claim, &(NOW_SECONDS + seconds).to_string()))
    };
    assert_eq!(at("exp", 0), Ok(()));
    assert_eq!(at("exp", -1), Err(E::Expired));
    assert_eq!(at("iat", 0), Ok(()));
    assert_eq!(at("iat", 1), Err(E::NotYetValid));
    assert_eq!(at("nbf", 0), Ok(()));
    assert_eq!(at("nbf", 1), Err(E::NotYetValid));
}

#[test]
fn the_leeway_is_30_seconds_and_never_more() {
    let is_allowed = |seconds| policy().with_leeway(Duration::from_secs(seconds)).is_ok();
    assert!(is_allowed(30) && !is_allowed(31));
    let value = format!("JWT {}", hs256(&good(), SECRET));
    let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
    for (now, expected) in [
        (180 + 30, Ok(())),
        (180 + 31, Err(E::Expired)),
        (-30, Ok(())),
        (-31, Err(E::NotYetValid)),
    ] {
        let policy = ConnectPolicy::new(base());
        let module = ConnectModule::new(policy, tenants()).with_clock(move || after(now));
        assert_eq!(
            block_on(module.verify(&request)).map(drop),
            expected,
            "{now}"
        );
    }
}

#[test]
fn a_token_does_not_live_longer_than_the_cap() {
    let lives = |seconds: i64| signed(&good().claim("exp", &(NOW_SECONDS + seconds).to_string()));
    assert_eq!(
        (lives(3600), lives(3601)),
        (Ok(()), Err(E::LifetimeTooLong))
    );
    let short = policy()
        .with_max_lifetime(Duration::from_secs(179))
        .unwrap();
    let module = ConnectModule::new(short, tenants()).with_clock(|| NOW);
    let value = format!("JWT {}", hs256(&good(), SECRET));
    let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
    assert_eq!(
        block_on(module.verify(&request)).map(drop),
        Err(E::LifetimeTooLong)
    );
}

/// 8: "qsh". A token is good for the one request whose hash it holds.
#[test]
fn a_token_is_refused_for_any_other_request() {
    let token = hs256(&good(), SECRET);
    for (method, target) in [
        ("POST", TARGET),
        ("GET", "/connect/panel?issue=A-2&user=x%20y"),
        ("GET", "/connect/panel?issue=A-1&user=x%20y&admin=1"),
        ("GET", "/connect/panel?issue=A-1"),
        ("GET", "/connect/panel"),
        ("GET", "/connect/other?issue=A-1&user=x%20y"),
        ("GET", "/connect/panel&issue=A-1?user=x%20y"),
        ("GET", "/connect/%70anel?issue=A-1&user=x%20y"),
        ("GET", "/connect/./panel?issue=A-1&user=x%20y"),
        ("GET", "/connectpanel?issue=A-1&user=x%20y"),
    ] {
        let refused = judge_module(method, target, &token).map(drop);
        assert_eq!(refused, Err(E::QueryHashMismatch), "{method} {target}");
    }
    for (method, same) in [
        ("get", TARGET),
        ("GET", "/connect/panel/?user=x+y&&issue=%41-1"),
        ("GET", "/panel?issue=A-1&user=x%20y"),
    ] {
        assert!(judge_module(method, same, &token).is_ok(), "{same}");
    }
}

#[test]
fn qsh_is_required_and_a_string() {
    assert_eq!(
        signed(&good().without_claim("qsh")),
        Err(E::QueryHashMissing)
    );
    for value in ["null", "1", "[]"] {
        assert_eq!(
            signed(&good().claim("qsh", value)),
            Err(E::QueryHashInvalid)
        );
    }
    assert_eq!(
        signed(&good().claim("qsh", "\"\"")),
        Err(E::QueryHashMismatch)
    );
}

/// 1.5: "context JWTs ... must not be accepted" by modules and life cycle messages.
#[test]
fn a_module_refuses_the_token_of_a_page() {
    let token = hs256(&claims("context-qsh"), SECRET);
    assert_eq!(verdict(&token), Err(E::QueryHashOfContext));
    for close in ["Context-qsh", "context-qsh ", " context-qsh", "context_qsh"] {
        assert_eq!(
            verdict(&hs256(&claims(close), SECRET)),
            Err(E::QueryHashMismatch)
        );
    }
}

#[test]
fn a_page_is_refused_the_token_of_a_module() {
    let identity = judge_context(&hs256(&claims("context-qsh"), SECRET)).unwrap();
    assert_eq!(identity.client_key(), TENANT);
    assert!(!identity.covers_query() && !identity.covers_form());
    let refused = |token: &Token| judge_context(&hs256(token, SECRET)).map(drop);
    assert_eq!(
        refused(&claims_for("GET", "/connect/api/data")),
        Err(E::QueryHashNotOfContext)
    );
    assert_eq!(
        refused(&claims("Context-qsh")),
        Err(E::QueryHashNotOfContext)
    );
    assert_eq!(
        refused(&claims("x").without_claim("qsh")),
        Err(E::QueryHashMissing)
    );
    let rs256 = claims("context-qsh").header("alg", "\"RS256\"");
    assert_eq!(
        judge_context(&rs256.sign_with(key(Algorithm::Rs256))).map(drop),
        Err(E::AlgorithmNotAllowed)
    );
}

#[test]
fn the_token_may_be_in_the_header_in_the_query_or_in_the_form() {
    let token = hs256(&good(), SECRET);
    for value in [format!("JWT {token}"), format!("jwt  {token} ")] {
        let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
        assert!(judge(&request).is_ok());
    }
    let target = format!("{TARGET}&jwt={token}");
    assert!(judge(&ConnectRequest::new("GET", &target)).is_ok());
    let form = format!(
        "issue=A-1&jwt={}&user=x+y",
        hs256(&claims_for("POST", TARGET), SECRET)
    );
    let request = ConnectRequest::new("POST", "/connect/panel").with_form(form.as_bytes());
    let identity = judge(&request).unwrap();
    assert!(identity.covers_form());
}

#[test]
fn a_request_without_a_token_is_refused() {
    let bearer = format!("Bearer {}", hs256(&good(), SECRET));
    for value in ["", "JWT", &bearer, "Basic dXNlcjpwYXNz"] {
        let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
        assert_eq!(judge(&request).map(drop), Err(E::TokenMissing), "{value}");
    }
    assert_eq!(
        judge(&ConnectRequest::new("GET", "/connect/panel?JWT=x")).map(drop),
        Err(E::TokenMissing)
    );
    let empty = ConnectRequest::new("GET", TARGET).with_authorization(b"JWT ");
    assert_eq!(judge(&empty).map(drop), Err(E::NotCompact));
}

/// Implementations disagree on which of two tokens counts.
#[test]
fn a_request_with_two_tokens_is_refused() {
    let (one, other) = (
        hs256(&good(), SECRET),
        hs256(&claims("context-qsh"), SECRET),
    );
    let header = format!("JWT {one}");
    let with_query = |token: &str| format!("{TARGET}&jwt={token}");
    let (same, different) = (with_query(&one), with_query(&other));
    let judge_both = |target: &str| {
        judge(&ConnectRequest::new("GET", target).with_authorization(header.as_bytes())).map(drop)
    };
    assert_eq!(judge_both(&same), Ok(()));
    assert_eq!(judge_both(&different), Err(E::SeveralTokens));
    let repeated = format!("{same}&%6Awt={one}");
    assert_eq!(
        judge(&ConnectRequest::new("GET", &repeated)).map(drop),
        Err(E::SeveralTokens)
    );
    let form = format!("jwt={other}");
    let request = ConnectRequest::new("POST", &same).with_form(form.as_bytes());
    assert_eq!(judge(&request).map(drop), Err(E::SeveralTokens));
    let twice = ConnectRequest::new("GET", TARGET)
        .with_authorization(header.as_bytes())
        .with_authorization(header.as_bytes());
    assert_eq!(judge(&twice).map(drop), Err(E::SeveralTokens));
}

/// A form that the tenant did not sign is taken, as the products' own library takes it, and said to be unsigned.
#[test]
fn whether_a_form_was_signed_shows() {
    let token = hs256(&claims_for("POST", TARGET), SECRET);
    let value = format!("JWT {token}");
    let request = ConnectRequest::new("POST", TARGET).with_authorization(value.as_bytes());
    let identity = judge(&request.with_form(b"comment=x")).unwrap();
    assert!(identity.covers_query() && !identity.covers_form());
}

#[test]
fn a_request_that_could_be_read_in_two_ways_is_refused() {
    let value = format!("JWT {}", hs256(&good(), SECRET));
    for query in ["%", "a=%zz", "a=%ff", "a=%00", "%c3=1"] {
        let target = format!("/connect/panel?{query}");
        let request = ConnectRequest::new("GET", &target).with_authorization(value.as_bytes());
        assert_eq!(
            judge(&request).map(drop),
            Err(E::RequestMalformed),
            "{query}"
        );
    }
}

#[test]
fn every_form_of_a_bad_token_is_refused() {
    let token = hs256(&good(), SECRET);
    for (bad, refusal) in [
        (token.replacen('.', "", 1), E::NotCompact),
        (format!("{token}="), E::InvalidBase64),
        (format!("{token}.x"), E::NotCompact),
        (format!("{token}A"), E::SignatureInvalid),
        (compact("[]", "{}", ""), E::InvalidHeader),
        (
            compact(r#"{"alg":"HS256","alg":"HS256"}"#, "{}", ""),
            E::DuplicateHeader,
        ),
        (compact(r#"{"alg":"HS256"}"#, "null", ""), E::InvalidClaims),
        (
            compact(r#"{"alg":"HS256"}"#, r#"{"a":1,"a":2}"#, ""),
            E::DuplicateClaim,
        ),
        ("x".repeat(8193), E::TokenTooLong),
    ] {
        assert_eq!(verdict(&bad), Err(refusal));
    }
    let mut bytes = token.into_bytes();
    for at in 0..bytes.len() {
        let kept = bytes[at];
        bytes[at] = if kept == b'A' { b'B' } else { b'A' };
        assert!(verdict(str::from_utf8(&bytes).unwrap()).is_err(), "{at}");
        bytes[at] = kept;
    }
}

/// A store that is down says nothing about the token: 503, and never 401.
#[test]
fn a_bad_store_is_503_and_an_unknown_tenant_401() {
    let value = format!("JWT {}", hs256(&good(), SECRET));
    let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
    for (answer, expected, status) in [
        (Err(TenantError::Unavailable), E::TenantUnavailable, 503),
        (Err(TenantError::Unknown), E::TenantUnknown, 401),
    ] {
        let store = RemoteTenants::new(answer);
        let module = ConnectModule::new(policy(), store).with_clock(|| NOW);
        let refusal = block_on(module.verify(&request)).unwrap_err();
        assert_eq!((refusal, refusal.status()), (expected, status));
    }
}

#[test]
fn a_secret_that_is_not_at_hand_is_asked_for_once_and_only_for_a_token_that_is_wanted() {
    let store = RemoteTenants::new(Ok(()));
    let module = ConnectModule::new(policy(), store.clone()).with_clock(|| NOW);
    let judge = |token: &Token, target: &str| {
        let value = format!("JWT {}", hs256(token, SECRET));
        let request = ConnectRequest::new("GET", target).with_authorization(value.as_bytes());
        let mut scratch = Scratch::new();
        let now = module.verify_now(&request, &mut scratch);
        if let Ok(verdict) = now {
            assert_eq!(verdict, ConnectVerdict::NeedsKey);
        }
        block_on(module.verify(&request)).map(drop)
    };
    assert_eq!(judge(&good(), TARGET), Ok(()));
    assert_eq!(store.asked(), 1);
    let expired = good().claim("exp", &(NOW_SECONDS - 1).to_string());
    for (token, target) in [
        (good().header("alg", "\"none\""), TARGET),
        (expired, TARGET),
        (claims("context-qsh"), TARGET),
        (good(), "/connect/panel?other"),
        (good().without_claim("iss"), TARGET),
    ] {
        assert!(judge(&token, target).is_err());
    }
    assert_eq!(store.asked(), 1);
}

/// The checks of time hold after the wait too.
#[test]
fn a_token_that_expires_while_its_secret_is_fetched_is_refused() {
    let now = std::sync::atomic::AtomicI64::new(NOW_SECONDS + 180);
    let clock = move || UnixTime::from_secs(now.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let module = ConnectModule::new(policy(), RemoteTenants::new(Ok(()))).with_clock(clock);
    let value = format!("JWT {}", hs256(&good(), SECRET));
    let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
    assert_eq!(block_on(module.verify(&request)).map(drop), Err(E::Expired));
}

/// The app's side: what it signs for a product, a product that verifies as we do accepts.
#[test]
fn a_call_of_the_app_is_signed_for_its_request() {
    let product = BaseUrl::parse("https://example.atlassian.net/wiki").unwrap();
    let secret = SharedSecret::new(SECRET).unwrap();
    let signer = ConnectSigner::new(TENANT).unwrap();
    let target = "/wiki/rest/api/content/?expand=a,b&limit=5&.1=x&:1=y";
    let request = ConnectRequest::new("GET", target);
    let token = signer.sign(&request, &product, &secret, NOW).unwrap();
    let value = format!("JWT {token}");
    let verifier =
        ConnectModule::new(ConnectPolicy::new(product.clone()), tenants()).with_clock(|| NOW);
    let request = request.with_authorization(value.as_bytes());
    let identity = block_on(verifier.verify(&request)).unwrap();
    assert_eq!(
        (identity.issued_at(), identity.expires_at()),
        (NOW, after(180))
    );
    let other = ConnectRequest::new("POST", target).with_authorization(value.as_bytes());
    assert_eq!(
        block_on(verifier.verify(&other)).map(drop),
        Err(E::QueryHashMismatch)
    );

    let malformed = ConnectRequest::new("GET", "/wiki?%");
    assert_eq!(
        signer.sign(&malformed, &product, &secret, NOW),
        Err(SignError::RequestMalformed)
    );
    for now in [UnixTime::from_secs(-1), UnixTime::from_secs(i64::MAX)] {
        let plain = ConnectRequest::new("GET", "/");
        assert_eq!(
            signer.sign(&plain, &product, &secret, now),
            Err(SignError::ClockOutOfRange)
        );
    }
    assert!(ConnectSigner::new("").is_err());
    assert!(
        signer
            .clone()
            .with_lifetime(Duration::from_millis(1500))
            .is_err()
    );
    assert!(signer.with_lifetime(Duration::from_secs(3601)).is_err());
}

/// 5: nothing of a secret or a token in anything that may be logged.
#[test]
fn nothing_shows_a_secret_a_token_or_a_claim() {
    let token = hs256(&good(), SECRET);
    let value = format!("JWT {token}");
    let request = ConnectRequest::new("GET", TARGET).with_authorization(value.as_bytes());
    let (module, context): (_, ConnectContext<_>) = (module(), context());
    let identity = block_on(module.verify(&request)).unwrap();
    let shown = format!(
        "{request:?} {module:?} {context:?} {identity:?} {:?}",
        module.tenants()
    );
    for hidden in [
        "7512836e",
        TENANT,
        "5b10a2844c20165700ede21g",
        "issue",
        &token,
    ] {
        assert!(!shown.contains(hidden), "{hidden} is in {shown}");
    }
    let short = SharedSecret::new("hidden").unwrap_err().to_string();
    assert!(!short.contains("hidden"));
}
