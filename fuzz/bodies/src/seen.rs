//! Claims as both sides see them, so that they can be compared.

use asap_engine::UnixTime;
use asap_engine::internals::UnverifiedClaims;

use crate::oracle::claims::Claims;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    issuer: String,
    subject: Option<String>,
    audience: Vec<String>,
    token_id: String,
    expires_at: UnixTime,
    issued_at: UnixTime,
    not_before: Option<UnixTime>,
}

impl Seen {
    pub(crate) fn by_engine(claims: &UnverifiedClaims) -> Self {
        Self {
            issuer: claims.issuer.clone(),
            subject: claims.subject.clone(),
            audience: claims.audience.clone(),
            token_id: claims.token_id.clone(),
            expires_at: claims.expires_at,
            issued_at: claims.issued_at,
            not_before: claims.not_before,
        }
    }

    pub(crate) fn by_oracle(claims: &Claims) -> Self {
        let not_before = claims.not_before.as_ref();
        Self {
            issuer: claims.issuer.clone(),
            subject: claims.subject.clone(),
            audience: claims.audience.clone(),
            token_id: claims.token_id.clone(),
            expires_at: UnixTime::from_nanos(claims.expires_at.floor_nanos().0),
            issued_at: UnixTime::from_nanos(claims.issued_at.floor_nanos().0),
            not_before: not_before.map(|date| UnixTime::from_nanos(date.ceiling_nanos())),
        }
    }
}
