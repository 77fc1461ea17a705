//! The claims that every Connect token has, whoever signed it.

use std::borrow::Cow;

use super::ConnectPolicy;
use crate::claims::{self, Audience, NumericDate};
use crate::error::VerifyError;
use crate::jws::fields::{self, fields};
use crate::jws::json::{Literal, Spare, Value};
use crate::limits::MAX_CLIENT_KEY_LENGTH;
use crate::pipeline::Window;
use crate::time::UnixTime;

/// The claims, none of them verified.
pub(super) struct Claims<'a> {
    /// `iss`.
    pub(super) client_key: &'a str,
    pub(super) issued_at: NumericDate<'a>,
    pub(super) expires_at: NumericDate<'a>,
    not_before: Option<NumericDate<'a>>,
    /// `sub`.
    pub(super) account_id: Option<&'a str>,
    /// `qsh`.
    pub(super) query_hash: &'a str,
    /// `context`, as it is spelled.
    pub(super) context: Option<&'a str>,
    audience: Option<Value<'a>>,
}

fields! {
    /// The claims as they stand in the document.
    struct Members {
        client_key = "iss",
        expires_at = "exp",
        issued_at = "iat",
        not_before = "nbf",
        account_id = "sub",
        audience = "aud",
        query_hash = "qsh",
        context = "context",
    }
}

impl<'a> Claims<'a> {
    /// Reads the text of a payload. `exp` and `iat` are required: "Atlassian JWT does not allow JWTs with unlimited
    /// lifetime".
    pub(super) fn read(document: &'a str, spare: &mut Spare<'a>) -> Result<Self, VerifyError> {
        let members: Members<'_> = fields::read(document).map_err(claims::refusal)?;
        let client_key = members.client_key.ok_or(VerifyError::IssuerMissing)?;
        let client_key = claims::text(client_key, spare, VerifyError::IssuerInvalid)?;
        if !is_client_key(client_key) {
            return Err(VerifyError::IssuerInvalid);
        }
        let expires_at = members.expires_at.ok_or(VerifyError::ExpiryMissing)?;
        let issued_at = members.issued_at.ok_or(VerifyError::IssuedAtMissing)?;
        let query_hash = members.query_hash.ok_or(VerifyError::QueryHashMissing)?;
        Ok(Self {
            client_key,
            expires_at: claims::date(expires_at, VerifyError::ExpiryInvalid)?,
            issued_at: claims::date(issued_at, VerifyError::IssuedAtInvalid)?,
            not_before: members
                .not_before
                .map(|value| claims::date(value, VerifyError::NotBeforeInvalid))
                .transpose()?,
            account_id: present(members.account_id)
                .map(|value| claims::text(value, spare, VerifyError::SubjectInvalid))
                .transpose()?,
            query_hash: claims::text(query_hash, spare, VerifyError::QueryHashInvalid)?,
            context: context(members.context)?,
            audience: members.audience,
        })
    }

    /// Checks the times against the policy. Where there is no `nbf`, the token is valid from `iat`.
    pub(super) fn check_time(
        &self,
        policy: &ConnectPolicy,
        now: UnixTime,
    ) -> Result<Window, VerifyError> {
        let valid_from = self.not_before.unwrap_or(self.issued_at);
        policy
            .validity
            .check(&self.issued_at, &valid_from, &self.expires_at, now)
    }

    /// `aud`, which only the tokens of an installation must have.
    pub(super) fn audience(&self, spare: &mut Spare<'a>) -> Result<Audience<'a>, VerifyError> {
        claims::audience(self.audience, spare)
    }
}

/// Whether `text` may be a client key.
pub(super) const fn is_client_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_CLIENT_KEY_LENGTH
}

fn context(value: Option<Value<'_>>) -> Result<Option<&str>, VerifyError> {
    match present(value) {
        None => Ok(None),
        Some(Value::Object(document)) => Ok(Some(document)),
        Some(_) => Err(VerifyError::ContextInvalid),
    }
}

/// A claim that is `null` is as good as absent.
fn present(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| !matches!(value, Value::Literal(Literal::Null)))
}

/// What of `text` may outlive the token.
pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
