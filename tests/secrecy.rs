//! What is not to be seen is not shown: no token, claim, header value or secret in what anything prints.
//!
//! docs/DESIGN.md: a refusal "holds none of the caller's text"; logged is "neither a token, nor a claim, nor a header
//! value, at any level".

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use asap_engine::limits::MIN_TOKEN_CACHE_BYTES;
use asap_engine::{
    Algorithm, ClaimValue, ConfigError, Issuer, KeyRejected, Keyring, ReplayLog, ReplayWindow,
    Scratch, SignError, SigningKey, TokenCache, TokenRequest, Verdict, VerifyError, VerifyingKey,
};
use asap_tests::counting::{Answer, CountingKeys};
use asap_tests::fixture::{NOW, after, block_on, engine, judge, policy};
use asap_tests::keys::{der_of, owned_key};
use asap_tests::token::{Token, base64url, signature_of};

/// Claims and header values that occur nowhere else.
const SECRETS: [&str; 5] = [
    "Hidden-Jti",
    "Hidden-Claim",
    "Hidden-Name",
    "Hidden-Typ",
    "Hidden-Audience",
];

/// "A bearer token. A valid token is enough evidence to authenticate an incoming request.": so what a decided token
/// leaves behind shows nothing of it, not even who sent it.
#[test]
fn an_identity_shows_neither_the_token_nor_its_claims() {
    let (token, engine, mut scratch) = (secret_token(), engine(policy()), Scratch::new());
    let Ok(Verdict::Verified(identity)) = engine.verify_now(token.as_bytes(), &mut scratch) else {
        panic!("the key is at hand");
    };
    assert_hides_token(&identity, &token);
    assert_hides_token(&identity.to_owned(), &token);
    let names = [identity.issuer(), identity.subject(), identity.key_id()];
    assert_hides(&identity, &names);
    assert_hides(&identity.to_owned(), &names);
    assert_hides_token(
        &engine.verify_now(token.as_bytes(), &mut Scratch::new()),
        &token,
    );
    assert_hides_token(&block_on(engine.verify(token.as_bytes())), &token);
    assert_hides_token(&engine, &token);
}

/// A cache of verified tokens holds bearer tokens, and shows how many and how large.
#[test]
fn a_token_cache_does_not_show_the_tokens_in_it() {
    let cache = TokenCache::new(MIN_TOKEN_CACHE_BYTES).unwrap();
    let engine = engine(policy()).with_token_cache(cache).unwrap();
    let (token, mut scratch) = (secret_token(), Scratch::new());
    for _ in 0..2 {
        assert!(engine.verify_now(token.as_bytes(), &mut scratch).is_ok());
    }
    let cache = engine.token_cache().unwrap();
    assert_eq!(cache.stats().hits, 1);
    assert_hides_token(cache, &token);
    assert_hides_token(&cache.stats(), &token);
    assert_hides_token(&scratch, &token);
    assert_hides(cache, &["client", "ES256"]);
    assert_hides_token(&engine, &token);
    let identity = engine.verify_now(token.as_bytes(), &mut scratch);
    assert_hides_token(&identity, &token);
}

/// The buffer that a token was decoded into does not show what is left in it.
#[test]
fn a_scratch_does_not_show_the_token_that_was_decoded_into_it() {
    for filler in [0, 3_000] {
        let token = Token::es256().claim("x", &format!("\"Hidden-Claim{}\"", "y".repeat(filler)));
        let (token, mut scratch) = (token.sign(), Scratch::new());
        assert!(policy().admit(token.as_bytes(), NOW, &mut scratch).is_ok());
        assert_hides_token(&scratch, &token);
    }
}

/// `VerifyError`: "without a word of the caller's text".
#[test]
fn no_refusal_quotes_the_token() {
    // It has no room to: it is a number.
    assert_eq!(size_of::<VerifyError>(), 1);
    let token = secret_token();
    for (refused, expected) in [
        (format!("{token}="), VerifyError::InvalidBase64),
        (format!("{token}.{token}"), VerifyError::NotCompact),
        (
            Token::es256().header("alg", "\"Hidden-Typ\"").sign(),
            VerifyError::AlgorithmUnsupported,
        ),
        (
            Token::es256().header("kid", "\"Hidden Name\"").sign(),
            VerifyError::KeyIdInvalid,
        ),
        (
            Token::es256().header("kid", "\"client/Hidden\"").sign(),
            VerifyError::KeyUnknown,
        ),
        (
            Token::es256().claim("aud", "\"Hidden-Audience\"").sign(),
            VerifyError::AudienceMismatch,
        ),
        (
            Token::es256().claim("iss", "\"Hidden-Name\"").sign(),
            VerifyError::KeyNotOwned,
        ),
        (
            Token::es256().claim("exp", "\"Hidden-Claim\"").sign(),
            VerifyError::ExpiryInvalid,
        ),
    ] {
        let refusal = judge(&refused).unwrap_err();
        assert_eq!(refusal, expected);
        assert_hides(&refusal, &[&refused, "Hidden"]);
        assert_hides_display(&refusal, &[&refused, "Hidden"]);
    }
    for refusal in VerifyError::ALL {
        assert!(
            refusal
                .challenge()
                .is_none_or(|challenge| !challenge.contains(refusal.code()))
        );
    }
}

/// "Avoid secret distribution.": a private key leaves a process only where it is asked for by name.
#[test]
fn nothing_shows_a_private_key() {
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Es256,
        Algorithm::Es512,
        Algorithm::EdDsa,
    ] {
        let (key, pem) = SigningKey::generate(algorithm).unwrap();
        let der = der_of(pem.as_str());
        let body: Vec<_> = pem
            .as_str()
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        let numbers = format!("{:?}", &der[der.len() - 24..]);
        let mut hidden = body.clone();
        hidden.push(numbers.trim_matches(['[', ']']));
        hidden.push("PRIVATE");
        assert_hides(&pem, &hidden);
        assert_hides(&key, &hidden);
        let issuer = Issuer::new("client", "client/key-1", key).unwrap();
        assert_hides(&issuer, &hidden);
        // Where a public key is expected and a private one is given, the answer does not quote it.
        let rejected = VerifyingKey::from_pem(pem.as_str().as_bytes()).unwrap_err();
        assert_eq!(rejected, KeyRejected::WrongPemLabel);
        assert_hides_display(&rejected, &body);
        let error: ConfigError =
            Keyring::from_pems([("client/key-1", pem.as_str().as_bytes())]).unwrap_err();
        assert_hides(&error, &body);
        assert_hides_display(&error, &body);
        // Nor does it when the text is broken in the middle.
        let broken = pem.as_str().replacen(&body[0][..4], "****", 1);
        let rejected = SigningKey::from_pem(algorithm, broken.as_bytes()).unwrap_err();
        assert_hides_display(&rejected, &body);
        assert_hides(&rejected, &body);
        let uri = format!(
            "data:application/pkcs8;kid=client%2Fkey-1;base64,{}",
            body.concat()
        );
        let (_, key) = SigningKey::from_data_uri(algorithm, &uri).unwrap();
        assert_hides(&key, &hidden);
        let rejected = SigningKey::from_text(algorithm, &uri, "client/key-2").unwrap_err();
        assert_eq!(rejected, KeyRejected::KeyIdMismatch);
        assert_hides_display(&rejected, &[&body[0][..20], "client"]);
    }
}

/// `TokenRequest`: "`Debug` shows none of the claims."
#[test]
fn a_request_for_a_token_does_not_show_its_claims() {
    let members = BTreeMap::from([("Hidden-Name".to_owned(), ClaimValue::from("Hidden-Claim"))]);
    let value = ClaimValue::Array(vec![ClaimValue::Object(members), 4_711.into()]);
    assert_hides(&value, &["Hidden", "4711"]);
    assert_hides(&ClaimValue::from("Hidden-Claim"), &["Hidden"]);
    let request = TokenRequest::new("Hidden-Audience")
        .with_additional_audience("Hidden-Audience-2")
        .with_subject("Hidden-Name")
        .with_claim("Hidden-Claim", value)
        .unwrap();
    assert_hides(&request, &["Hidden", "4711"]);
    let refused: SignError = request.with_claim("Hidden-Claim", 1).unwrap_err();
    assert_hides(&refused, &["Hidden"]);
    assert_hides_display(&refused, &["Hidden"]);
    // The tokens that an issuer keeps for reuse are not shown either.
    let issuer = Issuer::new("client", "client/ES256", owned_key(Algorithm::Es256)).unwrap();
    let token = issuer
        .token(&TokenRequest::new("Hidden-Audience"), NOW)
        .unwrap();
    let segments: Vec<_> = token.split('.').collect();
    assert_hides(&issuer, &segments);
    assert_hides(&issuer, &["Hidden"]);
}

/// `ReplayWindow` holds names of tokens, and shows how many it has room for.
#[test]
fn a_replay_window_does_not_show_what_it_remembers() {
    let window = ReplayWindow::new(10).unwrap();
    window
        .check_and_insert("client", "Hidden-Jti", after(60), NOW)
        .unwrap();
    assert_hides(&window, &["Hidden", "client"]);
    assert!(format!("{window:?}").contains("10"));
    let seen = window
        .check_and_insert("client", "Hidden-Jti", after(60), NOW)
        .unwrap_err();
    assert_hides(&seen, &["Hidden", "client"]);
    assert_hides_display(&seen, &["Hidden", "client"]);
}

/// A token on its way is still a token: whoever prints one of the stages prints no bearer token.
#[test]
fn no_stage_of_a_token_shows_the_token() {
    let (token, mut scratch) = (secret_token(), Scratch::new());
    let admitted = policy().admit(token.as_bytes(), NOW, &mut scratch).unwrap();
    assert_hides_token(&admitted, &token);
    let authentic = admitted
        .authenticate(&Answer::key(Algorithm::Es256))
        .unwrap();
    assert_hides_token(&authentic, &token);
}

/// The same, for a token that waits for its key.
#[test]
fn a_token_that_waits_for_its_key_is_not_shown() {
    let keys = CountingKeys::new(Answer::Fetched(Err(asap_engine::KeyError::Unavailable)));
    let engine = asap_engine::Engine::new(policy(), keys).with_clock(|| NOW);
    let (token, mut scratch) = (secret_token(), Scratch::new());
    let verdict = engine.verify_now(token.as_bytes(), &mut scratch).unwrap();
    assert_hides_token(&verdict, &token);
    let Verdict::NeedsKey(pending) = verdict else {
        panic!("there is no key at hand");
    };
    assert_hides_token(&pending, &token);
}

/// The names in `aud` are a claim as others are.
#[test]
fn an_audience_is_not_shown() {
    for form in ["\"server\"", "[\"server\",\"Hidden-Audience\"]"] {
        let token = Token::es256().claim("aud", form).sign();
        let identity = block_on(engine(policy()).verify(token.as_bytes())).unwrap();
        assert_hides(&identity.as_ref().audience(), &["server", "Hidden"]);
    }
}

/// A good token with secrets in it.
fn secret_token() -> String {
    Token::es256()
        .header("typ", "\"Hidden-Typ\"")
        .claim("jti", "\"Hidden-Jti\"")
        .claim("aud", "[\"server\",\"Hidden-Audience\"]")
        .claim("Hidden-Name", "\"Hidden-Claim\"")
        .sign()
}

/// Asserts that `shown` shows neither `token`, as text or as numbers, nor the secrets in it.
fn assert_hides_token(shown: &impl Debug, token: &str) {
    let numbers = |bytes: &[u8]| {
        let list = format!("{bytes:?}");
        list.trim_matches(['[', ']']).to_owned()
    };
    let signature = signature_of(token);
    let segments: Vec<_> = token.split('.').map(str::to_owned).collect();
    let mut hidden: Vec<String> = SECRETS.map(str::to_owned).to_vec();
    hidden.extend(SECRETS.map(|secret| numbers(secret.as_bytes())));
    hidden.extend([numbers(&token.as_bytes()[..12]), numbers(&signature[..12])]);
    hidden.extend([
        base64url(&signature),
        segments[0].clone(),
        segments[1].clone(),
    ]);
    let hidden: Vec<_> = hidden.iter().map(String::as_str).collect();
    assert_hides(shown, &hidden);
}

fn assert_hides(shown: &impl Debug, hidden: &[&str]) {
    for text in [
        format!("{shown:?}"),
        format!("{shown:#?}")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
    ] {
        for secret in hidden {
            assert!(!text.contains(secret), "{secret:?} is shown: {text}");
        }
    }
}

fn assert_hides_display(shown: &impl Display, hidden: &[&str]) {
    let text = shown.to_string();
    for secret in hidden {
        assert!(!text.contains(secret), "{secret:?} is shown: {text}");
    }
}
