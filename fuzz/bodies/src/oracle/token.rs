//! A token, by the rules that `docs/DESIGN.md` numbers 1 to 6.

use std::cmp::Ordering;
use std::time::Duration;

use asap_engine::{Algorithm, UnixTime, VerifyError};

use super::base64::{Alphabet, decode};
use super::claims::Claims;
use super::decimal::Decimal;
use super::{Codes, claims, header};

/// The segments of a token, decoded.
pub(crate) fn segments(token: &[u8]) -> Result<[Vec<u8>; 3], VerifyError> {
    let segments: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = segments[..] else {
        return Err(VerifyError::NotCompact);
    };
    let decoded = |segment| decode(Alphabet::Url, segment).ok_or(VerifyError::InvalidBase64);
    Ok([decoded(header)?, decoded(payload)?, decoded(signature)?])
}

/// What a policy says, in the words of this model.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) audiences: Vec<&'static str>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) issuers: Option<Vec<&'static str>>,
    pub(crate) leeway: Duration,
    pub(crate) max_lifetime: Duration,
    pub(crate) max_token_length: usize,
    pub(crate) not_issued_before: Option<UnixTime>,
    pub(crate) single_use: bool,
}

/// A token that the rules admit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: String,
    pub(crate) claims: Claims,
}

pub(crate) fn admit(rules: &Rules, token: &[u8], now: UnixTime) -> Result<Token, Codes> {
    if token.len() > rules.max_token_length {
        return Err(vec![VerifyError::TokenTooLong]);
    }
    let [header, payload, _] = segments(token).map_err(|code| vec![code])?;
    let (algorithm, key_id) = header::read(&header, |one| rules.algorithms.contains(&one))?;
    let claims = claims::read(&payload)?;
    check(rules, &key_id, &claims, now).map_err(|code| vec![code])?;
    Ok(Token {
        algorithm,
        key_id,
        claims,
    })
}

fn check(rules: &Rules, key_id: &str, claims: &Claims, now: UnixTime) -> Result<(), VerifyError> {
    let issuer = claims.issuer.as_str();
    if !key_id.starts_with(&format!("{issuer}/")) {
        return Err(VerifyError::KeyNotOwned);
    }
    if rules
        .issuers
        .as_ref()
        .is_some_and(|listed| !listed.contains(&issuer))
    {
        return Err(VerifyError::IssuerNotAllowed);
    }
    let now = Decimal::nanos(now.as_nanos());
    let leeway = Decimal::duration(rules.leeway);
    // nbf <= now + leeway
    let not_before = claims.not_before.as_ref().unwrap_or(&claims.issued_at);
    if not_before.cmp_sum(&[&now, &leeway]) == Ordering::Greater {
        return Err(VerifyError::NotYetValid);
    }
    // now <= exp + leeway
    if now.cmp_sum(&[&claims.expires_at, &leeway]) == Ordering::Greater {
        return Err(VerifyError::Expired);
    }
    // exp <= iat + the longest lifetime
    let max_lifetime = Decimal::duration(rules.max_lifetime);
    if claims
        .expires_at
        .cmp_sum(&[&claims.issued_at, &max_lifetime])
        == Ordering::Greater
    {
        return Err(VerifyError::LifetimeTooLong);
    }
    // start <= iat + leeway
    if let Some(start) = rules.not_issued_before {
        let start = Decimal::nanos(start.as_nanos());
        if start.cmp_sum(&[&claims.issued_at, &leeway]) == Ordering::Greater {
            return Err(VerifyError::IssuedBeforeStart);
        }
    }
    // exp < now + the longest lifetime + leeway + a nanosecond, since a log remembers whole ones
    let nanosecond = Decimal::nanos(1);
    let last = [&now, &max_lifetime, &leeway, &nanosecond];
    if rules.single_use && claims.expires_at.cmp_sum(&last) != Ordering::Less {
        return Err(VerifyError::ExpiresTooLate);
    }
    if !claims
        .audience
        .iter()
        .any(|one| rules.audiences.contains(&one.as_str()))
    {
        return Err(VerifyError::AudienceMismatch);
    }
    Ok(())
}
