//! The short way against the way of all, check by check. Every reading of plain tokens is held against its twin in the
//! crate `asap-accel`, and both ways against each other by the fuzz target `plain_token`.

use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;

use crate::error::VerifyError;
use crate::jws::Scratch;
use crate::{Algorithm, Policy, UnixTime};

const NOW: i64 = 1_700_000_030;
const HEADER: &str = r#"{"alg":"RS256","kid":"a/b/key","typ":"JWT"}"#;
const CLAIMS: &str = r#"{"iss":"a/b","sub":"s","aud":"here","iat":1700000000,"exp":1700000060,"jti":"1","nbf":1700000001,"more":"x"}"#;

/// Whether the short way can answer in this build and on this processor.
#[cfg(feature = "accel")]
fn is_there() -> bool {
    asap_accel::PlainToken::can_be_read()
}

#[cfg(not(feature = "accel"))]
const fn is_there() -> bool {
    false
}

fn token(header: &str, claims: &str) -> String {
    [header, claims, "signature"]
        .map(|part| URL_SAFE_NO_PAD.encode_to_string(part))
        .join(".")
}

fn policy() -> Policy {
    Policy::new("here")
        .unwrap()
        .with_leeway(Duration::ZERO)
        .unwrap()
}

/// The code of a token, if it is refused, the same by both ways; and whether the short one was enough.
#[track_caller]
fn both(policy: &Policy, token: &str) -> (Option<VerifyError>, bool) {
    let now = UnixTime::from_secs(NOW);
    let (mut one, mut other) = (Scratch::new(), Scratch::new());
    let (room, _) = one.parts();
    let short = policy.admit_plain(token.as_bytes(), now, room);
    let (_, room) = other.parts();
    let whole = policy.admit_in_order(token.as_bytes(), now, room);
    let is_enough = short.is_some();
    if let Some(short) = short {
        let whole = whole.expect("admitted by the short way alone");
        assert_eq!(short.key_id(), whole.key_id());
        assert_eq!(short.unverified_issuer(), whole.unverified_issuer());
    }
    let code = whole.err();
    let (mut scratch, token) = (Scratch::new(), token.as_bytes());
    assert_eq!(policy.admit(token, now, &mut scratch).err(), code);
    (code, is_enough)
}

#[test]
fn what_machines_write_needs_the_short_way_alone() {
    for claims in [
        CLAIMS,
        r#"{"jti":"","exp":1700000030,"iat":1700000030,"aud":["there","here"],"iss":"a/b"}"#,
    ] {
        assert_eq!(both(&policy(), &token(HEADER, claims)), (None, is_there()));
    }
}

#[test]
fn what_is_written_otherwise_is_admitted_by_the_way_of_all() {
    for (header, claims) in [
        (HEADER, CLAIMS.replace(r#""x""#, "[1]").as_str()),
        (
            HEADER,
            CLAIMS.replace("1700000060", "17000000600e-1").as_str(),
        ),
        (HEADER, CLAIMS.replace("here", "her\\u0065").as_str()),
        (HEADER, CLAIMS.replace(':', ": ").as_str()),
        (&HEADER.replace(r#""JWT""#, "{}"), CLAIMS),
    ] {
        assert_eq!(both(&policy(), &token(header, claims)), (None, false));
    }
}

#[test]
fn what_is_refused_is_refused_by_the_way_of_all() {
    use VerifyError as E;
    let listed = || policy().with_issuers(["a"]).unwrap();
    let es256 = || policy().with_algorithms([Algorithm::Es256]).unwrap();
    let short = |seconds| policy().with_max_lifetime(Duration::from_secs(seconds));
    let later = UnixTime::from_secs(1_700_000_001);
    for (policy, header, claims, code) in [
        (listed(), HEADER, CLAIMS.to_owned(), E::IssuerNotAllowed),
        (es256(), HEADER, CLAIMS.to_owned(), E::AlgorithmNotAllowed),
        (
            short(59).unwrap(),
            HEADER,
            CLAIMS.to_owned(),
            E::LifetimeTooLong,
        ),
        (
            policy().with_max_token_length(99).unwrap(),
            HEADER,
            CLAIMS.to_owned(),
            E::TokenTooLong,
        ),
        (
            policy().with_not_issued_before(later),
            HEADER,
            CLAIMS.to_owned(),
            E::IssuedBeforeStart,
        ),
        (
            Policy::new("there").unwrap(),
            HEADER,
            CLAIMS.to_owned(),
            E::AudienceMismatch,
        ),
        (
            policy(),
            HEADER,
            CLAIMS.replace("a/b", "a/c"),
            E::KeyNotOwned,
        ),
        (
            policy(),
            HEADER,
            CLAIMS.replace("a/b", "a//b"),
            E::IssuerInvalid,
        ),
        (
            policy(),
            HEADER,
            CLAIMS.replace("1700000060", "1700000029"),
            E::Expired,
        ),
        (
            policy(),
            HEADER,
            CLAIMS.replace("1700000001", "1700000031"),
            E::NotYetValid,
        ),
        (
            policy(),
            HEADER,
            CLAIMS.replace("more", "jti"),
            E::DuplicateClaim,
        ),
        (
            policy(),
            r#"{"alg":"none","kid":"a/b/key"}"#,
            CLAIMS.to_owned(),
            E::AlgorithmUnsupported,
        ),
        (
            policy(),
            r#"{"alg":"RS256","kid":"a/b/../key"}"#,
            CLAIMS.to_owned(),
            E::KeyIdInvalid,
        ),
        (
            policy(),
            r#"{"alg":"RS256","kid":"a/b/key","crit":"x"}"#,
            CLAIMS.to_owned(),
            E::CriticalHeader,
        ),
    ] {
        assert_eq!(
            both(&policy, &token(header, &claims)),
            (Some(code), false),
            "{claims}"
        );
    }
}
