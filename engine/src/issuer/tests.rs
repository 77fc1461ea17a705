//! What tokens say, and when they are reused.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::*;
use crate::issuer::reuse::MAX_KEPT_TOKENS;
use crate::keys::PrivateKeyPem;
use crate::keys::pem::single_section;
use crate::limits::MAX_NESTING;

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

static KEY: LazyLock<PrivateKeyPem> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap().1);

fn key() -> SigningKey {
    SigningKey::from_pem(Algorithm::Es256, KEY.as_str().as_bytes()).unwrap()
}

fn issuer() -> Issuer {
    Issuer::new("svc", "svc/key", key()).unwrap()
}

fn decode(segment: &str) -> String {
    String::from_utf8(base64_simd::URL_SAFE_NO_PAD.decode_to_vec(segment).unwrap()).unwrap()
}

fn header(token: &str) -> String {
    decode(token.split('.').next().unwrap())
}

/// The payload, with the random `jti` replaced by `*` after a look at its shape.
fn payload(token: &str) -> String {
    let payload = decode(token.split('.').nth(1).unwrap());
    let token_id = token_id_of(&payload).to_owned();
    let is_hexadecimal = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    assert!(
        token_id.len() == 32 && token_id.bytes().all(is_hexadecimal),
        "{token_id}"
    );
    payload.replace(&token_id, "*")
}

fn token_id_of(payload: &str) -> &str {
    let (_, rest) = payload.split_once(r#""jti":""#).unwrap();
    rest.split('"').next().unwrap()
}

fn signed(request: &TokenRequest) -> String {
    payload(&issuer().sign(request, NOW).unwrap())
}

fn seconds(seconds: i64) -> UnixTime {
    UnixTime::from_secs(1_700_000_000 + seconds)
}

#[test]
fn a_token_is_a_header_the_claims_and_a_signature_over_both() {
    let issuer = issuer();
    let token = issuer
        .sign(&TokenRequest::new("their-service"), NOW)
        .unwrap();
    assert_eq!(
        header(&token),
        r#"{"alg":"ES256","kid":"svc/key","typ":"JWT"}"#
    );
    assert_eq!(
        payload(&token),
        r#"{"iss":"svc","aud":"their-service","iat":1700000000,"exp":1700000060,"jti":"*"}"#
    );
    let (message, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(message.split('.').count(), 2);
    let signature = base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(signature)
        .unwrap();
    let (_, public_key) = single_section(issuer.public_key_pem().as_bytes()).unwrap();
    let public_key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key.as_slice());
    public_key.verify(message.as_bytes(), &signature).unwrap();
}

#[test]
fn every_claim_that_was_asked_for_is_written() {
    let request = TokenRequest::new("a")
        .with_additional_audience("b")
        .with_additional_audience("c")
        .with_subject("user")
        .with_not_before(seconds(-30))
        .with_claim("scope", "read")
        .unwrap()
        .with_claim("list", vec![1.into(), ClaimValue::Null, true.into()])
        .unwrap();
    assert_eq!(
        signed(&request),
        r#"{"iss":"svc","sub":"user","aud":["a","b","c"],"iat":1700000000,"nbf":1699999970,"exp":1700000060,"jti":"*","list":[1,null,true],"scope":"read"}"#
    );
}

#[test]
fn any_string_is_a_subject_an_audience_or_the_name_of_a_claim() {
    let request = TokenRequest::new("a\"b\\c/")
        .with_subject("\n\0\u{1f}é😀\u{2028}")
        .with_claim("\"},{", "\"\r")
        .unwrap();
    assert_eq!(
        signed(&request),
        concat!(
            r#"{"iss":"svc","sub":"\n\u0000\u001fé😀"#,
            "\u{2028}",
            r#"","aud":"a\"b\\c/","iat":1700000000,"exp":1700000060,"jti":"*","\"},{":"\"\r"}"#
        )
    );
}

#[test]
fn additional_claims_cannot_stand_in_for_registered_ones_or_for_one_another() {
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"] {
        let refused = TokenRequest::new("a").with_claim(name, 1);
        assert_eq!(refused.unwrap_err(), SignError::RegisteredClaim, "{name}");
    }
    for name in ["ISS", "exp ", "", "kid"] {
        assert!(TokenRequest::new("a").with_claim(name, 1).is_ok(), "{name}");
    }
    let request = TokenRequest::new("a").with_claim("b", 1).unwrap();
    assert_eq!(
        request.with_claim("b", 1).unwrap_err(),
        SignError::DuplicateClaim
    );
}

#[test]
fn claims_are_nested_no_deeper_than_verifiers_read() {
    let nested =
        |levels| (0..levels).fold(ClaimValue::Null, |inner, _| ClaimValue::Array(vec![inner]));
    let request = TokenRequest::new("a");
    assert!(
        request
            .clone()
            .with_claim("b", nested(MAX_NESTING - 1))
            .is_ok()
    );
    let refused = request.with_claim("b", nested(MAX_NESTING));
    assert_eq!(refused.unwrap_err(), SignError::NestingTooDeep);
}

#[test]
fn an_empty_audience_is_refused() {
    for request in [
        TokenRequest::new(""),
        TokenRequest::new("a").with_additional_audience(""),
    ] {
        assert_eq!(issuer().sign(&request, NOW), Err(SignError::AudienceEmpty));
        assert_eq!(issuer().token(&request, NOW), Err(SignError::AudienceEmpty));
    }
}

#[test]
fn times_are_whole_seconds_and_apart_by_exactly_the_lifetime() {
    let issuer = issuer().with_lifetime(Duration::from_secs(3600)).unwrap();
    for nanos in [0, 1, 999_999_999] {
        let now = UnixTime::from_nanos(NOW.as_nanos() + nanos);
        let token = issuer.sign(&TokenRequest::new("a"), now).unwrap();
        assert!(payload(&token).contains(r#""iat":1700000000,"exp":1700003600,"#));
    }
}

#[test]
fn a_token_is_not_valid_before_the_time_that_was_asked_for() {
    let half_a_second = UnixTime::from_nanos(NOW.as_nanos() + 500_000_000);
    for (time, written) in [
        (NOW, 1_700_000_000_i64),
        (half_a_second, 1_700_000_001),
        (seconds(60), 1_700_000_060),
    ] {
        let payload = signed(&TokenRequest::new("a").with_not_before(time));
        assert!(
            payload.contains(&format!(r#""nbf":{written},"#)),
            "{payload}"
        );
    }
    let never = TokenRequest::new("a").with_not_before(seconds(61));
    assert_eq!(issuer().sign(&never, NOW), Err(SignError::NeverValid));
}

#[test]
fn a_lifetime_is_whole_seconds_from_one_to_an_hour() {
    for allowed in [1, 60, 3600] {
        assert!(issuer().with_lifetime(Duration::from_secs(allowed)).is_ok());
    }
    for refused in [
        Duration::ZERO,
        Duration::from_millis(999),
        Duration::from_millis(1500),
        Duration::from_nanos(3_600_000_000_001),
        Duration::from_secs(3601),
        Duration::MAX,
    ] {
        assert!(issuer().with_lifetime(refused).is_err(), "{refused:?}");
    }
}

#[test]
fn a_clock_that_no_token_can_carry_is_refused() {
    let request = TokenRequest::new("a");
    for now in [
        UnixTime::from_nanos(-1),
        UnixTime::from_secs(i64::MAX),
        UnixTime::from_nanos(i128::MAX),
    ] {
        assert_eq!(
            issuer().sign(&request, now),
            Err(SignError::ClockOutOfRange)
        );
        assert_eq!(
            issuer().token(&request, now),
            Err(SignError::ClockOutOfRange)
        );
    }
    assert!(issuer().sign(&request, UnixTime::from_secs(0)).is_ok());
}

#[test]
fn a_token_that_no_verifier_reads_is_refused() {
    let request = TokenRequest::new("a".repeat(MAX_TOKEN_LENGTH / 4 * 3));
    assert_eq!(issuer().sign(&request, NOW), Err(SignError::TokenTooLong));
}

#[test]
fn names_outside_the_grammar_and_keys_of_others_are_refused() {
    for (name, key_id) in [
        ("", "svc/key"),
        ("svc/", "svc/key"),
        ("s vc", "s vc/key"),
        ("svc", ""),
        ("svc", "svc//key"),
        ("svc", "svc"),
        ("svc", "svc/"),
        ("svc", "svcs/key"),
        ("svc", "other/key"),
        ("svc/a", "svc/key"),
        ("svc", "svc/../key"),
        ("..", "../key"),
        ("svc", "svc/\"key"),
    ] {
        assert!(
            Issuer::new(name, key_id, key()).is_err(),
            "{name:?} {key_id:?}"
        );
    }
    for (name, key_id) in [
        ("svc", "svc/key"),
        ("svc", "svc/a/key"),
        ("svc/a", "svc/a/key"),
        ("a.b_c+", "a.b_c+/1"),
    ] {
        let issuer = Issuer::new(name, key_id, key()).unwrap();
        assert_eq!((issuer.issuer(), issuer.key_id()), (name, key_id));
        assert_eq!(issuer.algorithm(), Algorithm::Es256);
    }
}

#[test]
fn no_two_token_ids_are_the_same() {
    let token_ids: HashSet<String> = (0..100_000).map(|_| token_id().unwrap()).collect();
    assert_eq!(token_ids.len(), 100_000);
    // Every one of the 32 digits takes every value, so that none of the bits is fixed.
    for position in 0..32 {
        let digits: HashSet<u8> = token_ids.iter().map(|id| id.as_bytes()[position]).collect();
        assert_eq!(digits.len(), 16, "digit {position}");
    }
}

#[test]
fn sign_never_returns_the_same_token() {
    let (issuer, request) = (issuer(), TokenRequest::new("a"));
    let kept = issuer.token(&request, NOW).unwrap();
    let first = issuer.sign(&request, NOW).unwrap();
    assert_ne!(first, issuer.sign(&request, NOW).unwrap());
    assert_ne!(first, *kept);
    assert_eq!(kept, issuer.token(&request, NOW).unwrap());
}

#[test]
fn a_token_is_reused_until_the_last_quarter_of_its_life() {
    let (issuer, request) = (issuer(), TokenRequest::new("a"));
    let token = issuer.token(&request, NOW).unwrap();
    for later in [0, 1, 44, 45] {
        assert_eq!(
            token,
            issuer.token(&request, seconds(later)).unwrap(),
            "{later}"
        );
    }
    let just_after = UnixTime::from_nanos(seconds(45).as_nanos() + 1);
    let renewed = issuer.token(&request, just_after).unwrap();
    assert_ne!(token, renewed);
    assert!(payload(&renewed).contains(r#""iat":1700000045,"exp":1700000105,"#));
    assert_eq!(renewed, issuer.token(&request, seconds(46)).unwrap());
}

#[test]
fn a_clock_that_goes_backwards_gets_a_token_that_is_valid_then() {
    let (issuer, request) = (issuer(), TokenRequest::new("a"));
    let token = issuer.token(&request, NOW).unwrap();
    let before = UnixTime::from_nanos(NOW.as_nanos() - 1);
    let earlier = issuer.token(&request, before).unwrap();
    assert_ne!(token, earlier);
    assert!(payload(&earlier).contains(r#""iat":1699999999,"#));
    assert_eq!(earlier, issuer.token(&request, NOW).unwrap());
}

#[test]
fn any_change_of_the_request_makes_another_token() {
    let issuer = issuer();
    let with_claim =
        |name: &str, value: ClaimValue| TokenRequest::new("a").with_claim(name, value).unwrap();
    let requests = [
        TokenRequest::new("a"),
        TokenRequest::new("A"),
        TokenRequest::new("a").with_additional_audience("b"),
        TokenRequest::new("b").with_additional_audience("a"),
        TokenRequest::new("a").with_subject("svc"),
        TokenRequest::new("a").with_subject(""),
        TokenRequest::new("a").with_not_before(NOW),
        TokenRequest::new("a").with_not_before(seconds(1)),
        with_claim("b", 1.into()),
        with_claim("c", 1.into()),
        with_claim("b", "1".into()),
        with_claim("b", true.into()),
        with_claim("b", ClaimValue::Null),
        with_claim("b", vec![].into()),
        with_claim("b", BTreeMap::new().into()),
    ];
    let tokens: Vec<Arc<str>> = requests
        .iter()
        .map(|request| issuer.token(request, NOW).unwrap())
        .collect();
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), requests.len());
    for (request, token) in requests.iter().zip(&tokens) {
        assert_eq!(*token, issuer.token(&request.clone(), NOW).unwrap());
    }
}

#[test]
fn the_order_of_additional_claims_does_not_matter() {
    let issuer = issuer();
    let one = TokenRequest::new("a")
        .with_claim("b", 1)
        .and_then(|request| request.with_claim("c", 2));
    let other = TokenRequest::new("a")
        .with_claim("c", 2)
        .and_then(|request| request.with_claim("b", 1));
    assert_eq!(
        issuer.token(&one.unwrap(), NOW).unwrap(),
        issuer.token(&other.unwrap(), NOW).unwrap()
    );
}

#[test]
fn the_least_recently_used_token_gives_way() {
    let issuer = issuer();
    let request = |number: usize| TokenRequest::new(format!("audience-{number}"));
    let tokens: Vec<Arc<str>> = (0..MAX_KEPT_TOKENS)
        .map(|number| issuer.token(&request(number), NOW).unwrap())
        .collect();
    assert_eq!(tokens[0], issuer.token(&request(0), NOW).unwrap());
    issuer.token(&request(MAX_KEPT_TOKENS), NOW).unwrap();
    assert_eq!(tokens[0], issuer.token(&request(0), NOW).unwrap());
    assert_eq!(tokens[2], issuer.token(&request(2), NOW).unwrap());
    assert_ne!(tokens[1], issuer.token(&request(1), NOW).unwrap());
}

#[test]
fn tokens_past_reuse_give_way_before_any_other() {
    let issuer = issuer();
    let request = |number: usize| TokenRequest::new(format!("audience-{number}"));
    let fresh = issuer.token(&request(0), seconds(46)).unwrap();
    for number in 1..MAX_KEPT_TOKENS {
        issuer.token(&request(number), NOW).unwrap();
    }
    issuer
        .token(&request(MAX_KEPT_TOKENS), seconds(46))
        .unwrap();
    assert_eq!(fresh, issuer.token(&request(0), seconds(46)).unwrap());
}

#[test]
fn threads_that_ask_at_once_come_to_use_the_same_token() {
    let (issuer, request) = (issuer(), TokenRequest::new("a"));
    let tokens: Vec<Arc<str>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| issuer.token(&request, NOW).unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 1);
}

#[test]
fn another_lifetime_does_not_reuse_tokens_of_the_first() {
    let (issuer, request) = (issuer(), TokenRequest::new("a"));
    let token = issuer.token(&request, NOW).unwrap();
    let issuer = issuer.with_lifetime(Duration::from_secs(10)).unwrap();
    assert_ne!(token, issuer.token(&request, NOW).unwrap());
}

#[test]
fn debug_shows_neither_tokens_nor_claims_nor_keys() {
    let issuer = issuer();
    let request = TokenRequest::new("audience")
        .with_subject("subject")
        .with_claim("b", "value")
        .unwrap();
    issuer.token(&request, NOW).unwrap();
    assert_eq!(format!("{request:?}"), "TokenRequest { .. }");
    assert_eq!(
        format!("{issuer:?}"),
        r#"Issuer { issuer: "svc", key_id: "svc/key", key: SigningKey { algorithm: Es256, .. }, lifetime_seconds: 60, .. }"#
    );
}
