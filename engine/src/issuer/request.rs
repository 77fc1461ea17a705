//! What a token shall say, apart from what the issuer itself puts into every token.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use super::claim_value::{ClaimValue, write_string};
use crate::crypto::SignError;
use crate::limits::MAX_NESTING;
use crate::time::UnixTime;

/// The claims that the issuer writes itself, or that have a method of their own here.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// For whom a token is, and what else it says. Two equal requests may be answered with the same token.
///
/// `Debug` shows none of the claims.
///
/// ```
/// use asap_engine::TokenRequest;
///
/// let request = TokenRequest::new("their-service")
///     .with_subject("some-user")
///     .with_claim("scope", "read")?;
/// # let _ = request;
/// # Ok::<(), asap_engine::SignError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    audience: String,
    more_audiences: Vec<String>,
    subject: Option<String>,
    not_before: Option<UnixTime>,
    claims: BTreeMap<String, ClaimValue>,
}

impl TokenRequest {
    /// A request for a token to the resource server that calls itself `audience`: "The issuer and the resource
    /// server have to mutually agree on this identifier."
    #[must_use]
    pub fn new(audience: impl Into<String>) -> Self {
        Self {
            audience: audience.into(),
            more_audiences: Vec::new(),
            subject: None,
            not_before: None,
            claims: BTreeMap::new(),
        }
    }

    /// Names one more resource server. `aud` becomes an array, which some verifiers do not take; each of the
    /// servers can use the token at the others.
    #[must_use]
    pub fn with_additional_audience(mut self, audience: impl Into<String>) -> Self {
        self.more_audiences.push(audience.into());
        self
    }

    /// Writes `sub`. "If absent, the receiver MUST assume that [...] the subject is the same as the issuer."
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Writes `nbf`, in whole seconds, rounded up. Without it verifiers take `iat` for `nbf`, so writing the same
    /// time again would say nothing; a time before `iat` helps where the verifier's clock is behind.
    #[must_use]
    pub const fn with_not_before(mut self, time: UnixTime) -> Self {
        self.not_before = Some(time);
        self
    }

    /// Writes one more claim. Its name is any string but the seven claims of RFC 7519 section 4.1.
    ///
    /// # Errors
    ///
    /// [`SignError::RegisteredClaim`], [`SignError::DuplicateClaim`], and [`SignError::NestingTooDeep`] if
    /// arrays and objects, the payload included, lie deeper in one another than [`MAX_NESTING`].
    pub fn with_claim(
        mut self,
        name: impl Into<String>,
        value: impl Into<ClaimValue>,
    ) -> Result<Self, SignError> {
        let (name, value) = (name.into(), value.into());
        if REGISTERED.contains(&name.as_str()) {
            return Err(SignError::RegisteredClaim);
        }
        if !value.is_within(MAX_NESTING.saturating_sub(1)) {
            return Err(SignError::NestingTooDeep);
        }
        match self.claims.entry(name) {
            Entry::Occupied(_) => Err(SignError::DuplicateClaim),
            Entry::Vacant(entry) => {
                entry.insert(value);
                Ok(self)
            }
        }
    }

    /// The payload of a token: `issuer`, the two times in seconds, and `token_id`, with what this request says.
    pub(super) fn payload(
        &self,
        issuer: &str,
        issued_at: i64,
        expires_at: i64,
        token_id: &str,
    ) -> Result<String, SignError> {
        if self.audiences().any(str::is_empty) {
            return Err(SignError::AudienceEmpty);
        }
        let mut json = String::from("{\"iss\":");
        write_string(&mut json, issuer);
        if let Some(subject) = &self.subject {
            json.push_str(",\"sub\":");
            write_string(&mut json, subject);
        }
        json.push_str(",\"aud\":");
        self.write_audience(&mut json);
        json.push_str(&format!(",\"iat\":{issued_at}"));
        if let Some(time) = self.not_before {
            let seconds = round_up(time);
            if seconds > expires_at {
                return Err(SignError::NeverValid);
            }
            json.push_str(&format!(",\"nbf\":{seconds}"));
        }
        json.push_str(&format!(",\"exp\":{expires_at},\"jti\":"));
        write_string(&mut json, token_id);
        for (name, value) in &self.claims {
            json.push(',');
            write_string(&mut json, name);
            json.push(':');
            value.write(&mut json);
        }
        json.push('}');
        Ok(json)
    }

    /// A string if there is one audience, an array if there are more: "the value of this claim may be a single
    /// string value or an array of string values."
    fn write_audience(&self, json: &mut String) {
        if self.more_audiences.is_empty() {
            return write_string(json, &self.audience);
        }
        let mut separator = '[';
        for audience in self.audiences() {
            json.push(separator);
            write_string(json, audience);
            separator = ',';
        }
        json.push(']');
    }

    fn audiences(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.audience.as_str())
            .chain(self.more_audiences.iter().map(String::as_str))
    }
}

/// Whole seconds, rounded up: a token is not valid before the time that was asked for.
fn round_up(time: UnixTime) -> i64 {
    let seconds = time.as_secs();
    if UnixTime::from_secs(seconds) < time {
        seconds.saturating_add(1)
    } else {
        seconds
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").finish_non_exhaustive()
    }
}
