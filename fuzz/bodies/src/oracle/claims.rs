//! The claims, by the rules that `docs/DESIGN.md` numbers as the third check.

use asap_engine::VerifyError;

use super::Codes;
use super::decimal::Decimal;
use super::header::members;
use super::json::{self, Json};
use super::key_id::is_key_id;

/// What a payload claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) subject: Option<String>,
    pub(crate) audience: Vec<String>,
    pub(crate) token_id: String,
    pub(crate) expires_at: Decimal,
    pub(crate) issued_at: Decimal,
    pub(crate) not_before: Option<Decimal>,
}

pub(crate) fn read(document: &[u8]) -> Result<Claims, Codes> {
    use VerifyError as E;
    let members = members(document, E::InvalidClaims, E::DuplicateClaim)?;
    let required = |name, missing| json::member(&members, name).ok_or(vec![missing]);
    let issuer = text(required("iss", E::IssuerMissing)?, E::IssuerInvalid)?;
    if !is_key_id(&issuer) {
        return Err(vec![E::IssuerInvalid]);
    }
    Ok(Claims {
        issuer,
        expires_at: date(required("exp", E::ExpiryMissing)?, E::ExpiryInvalid)?,
        issued_at: date(required("iat", E::IssuedAtMissing)?, E::IssuedAtInvalid)?,
        audience: match required("aud", E::AudienceMissing)? {
            Json::Array(_, elements) => elements
                .iter()
                .map(|element| text(element, E::AudienceInvalid))
                .collect::<Result<_, _>>()?,
            single => vec![text(single, E::AudienceInvalid)?],
        },
        token_id: text(required("jti", E::TokenIdMissing)?, E::TokenIdInvalid)?,
        not_before: json::member(&members, "nbf")
            .map(|value| date(value, E::NotBeforeInvalid))
            .transpose()?,
        subject: json::member(&members, "sub")
            .map(|value| text(value, E::SubjectInvalid))
            .transpose()?,
    })
}

fn text(value: &Json, invalid: VerifyError) -> Result<String, Codes> {
    match value {
        Json::Text(text) => Ok(text.clone()),
        _ => Err(vec![invalid]),
    }
}

fn date(value: &Json, invalid: VerifyError) -> Result<Decimal, Codes> {
    match value {
        Json::Number(literal) => Ok(Decimal::parse(literal)),
        _ => Err(vec![invalid]),
    }
}
