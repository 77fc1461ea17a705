//! What a Power-Up's back end asks of a token.

use std::borrow::Cow;
use std::time::Duration;

use super::TrelloIdentity;
use crate::claims;
use crate::error::{ConfigError, VerifyError};
use crate::jws::Room;
use crate::jws::fields::{self, fields};
use crate::jws::json::{Literal, Spare, Value};
use crate::limits::{MAX_TRELLO_STATE_LENGTH, MAX_TRELLO_TOKEN_LENGTH};
use crate::pipeline::Window;
use crate::profiles::published::{Admitted, Profile, Signer, Unverified};
use crate::time::UnixTime;
use crate::validity::Validity;

/// `iss` of every such token.
const ISSUER: &str = "trello";

/// What a Power-Up's back end asks of a token.
///
/// ```
/// # use asap_engine::TrelloPolicy;
/// let policy = TrelloPolicy::new("5e66784c606cb1160a8f5dc0")?;
/// # Ok::<(), asap_engine::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TrelloPolicy {
    plugin_id: Box<str>,
    validity: Validity,
}

impl TrelloPolicy {
    /// Asks that a token be of the Power-Up of this identifier. Every Power-Up's tokens are signed with the same keys.
    ///
    /// # Errors
    ///
    /// If it is not letters and digits.
    pub fn new(plugin_id: impl Into<String>) -> Result<Self, ConfigError> {
        let plugin_id = plugin_id.into();
        if plugin_id.is_empty() || !plugin_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ConfigError::new(
                "the Power-Up's identifier must be letters and digits, as Trello's administration shows it",
            ));
        }
        Ok(Self {
            plugin_id: plugin_id.into_boxed_str(),
            validity: Validity::DEFAULT,
        })
    }

    /// Widens the time in which a token is valid by `leeway` on both sides. Default:
    /// [`DEFAULT_LEEWAY`](crate::limits::DEFAULT_LEEWAY).
    ///
    /// # Errors
    ///
    /// If it exceeds [`MAX_LEEWAY`](crate::limits::MAX_LEEWAY).
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        self.validity = self.validity.with_leeway(leeway)?;
        Ok(self)
    }

    /// Refuses tokens that live longer than `max_lifetime`. Default: [`MAX_LIFETIME`](crate::limits::MAX_LIFETIME); the
    /// documentation's token lives 15 minutes.
    ///
    /// # Errors
    ///
    /// If it is zero or exceeds [`MAX_LIFETIME`](crate::limits::MAX_LIFETIME).
    pub fn with_max_lifetime(mut self, max_lifetime: Duration) -> Result<Self, ConfigError> {
        self.validity = self.validity.with_max_lifetime(max_lifetime)?;
        Ok(self)
    }

    /// Reads the claims of `document`, and checks them against the policy.
    fn check<'a>(
        &self,
        document: &'a str,
        spare: &mut Spare<'a>,
        now: UnixTime,
    ) -> Result<(TrelloIdentity<'a>, Window), VerifyError> {
        let claims: Members<'_> = fields::read(document).map_err(claims::refusal)?;
        let issuer = claims.issuer.ok_or(VerifyError::IssuerMissing)?;
        let issuer = claims::text(issuer, spare, VerifyError::IssuerInvalid)?;
        let expires_at = claims.expires_at.ok_or(VerifyError::ExpiryMissing)?;
        let expires_at = claims::date(expires_at, VerifyError::ExpiryInvalid)?;
        let issued_at = claims.issued_at.ok_or(VerifyError::IssuedAtMissing)?;
        let issued_at = claims::date(issued_at, VerifyError::IssuedAtInvalid)?;
        let not_before = claims
            .not_before
            .map(|value| claims::date(value, VerifyError::NotBeforeInvalid))
            .transpose()?;
        let plugin_id = text(claims.plugin_id).ok_or(VerifyError::PluginMissing)?;
        let identity = TrelloIdentity {
            member_id: text(claims.member_id)
                .filter(|member_id| !member_id.is_empty())
                .ok_or(VerifyError::MemberMissing)?,
            board_id: optional(claims.board_id, VerifyError::BoardInvalid)?,
            state: state(claims.state)?,
            issued_at: issued_at.floor(),
            expires_at: expires_at.floor(),
        };
        if issuer != ISSUER {
            return Err(VerifyError::IssuerNotAllowed);
        }
        let valid_from = not_before.unwrap_or(issued_at);
        let window = self
            .validity
            .check(&issued_at, &valid_from, &expires_at, now)?;
        if *plugin_id != *self.plugin_id {
            return Err(VerifyError::PluginMismatch);
        }
        Ok((identity, window))
    }
}

impl Profile for TrelloPolicy {
    type Claims<'a> = TrelloIdentity<'a>;
    type Owned = TrelloIdentity<'static>;

    fn admit<'a>(
        &self,
        token: &'a [u8],
        now: UnixTime,
        room: &'a mut Room,
    ) -> Result<Admitted<'a, TrelloIdentity<'a>>, VerifyError> {
        let mut token = Unverified::open(token, MAX_TRELLO_TOKEN_LENGTH, room)?;
        let (identity, window) = self.check(token.document, &mut token.spare, now)?;
        // A kid would name no key of the list, so it is not looked at.
        Ok(token.admit(Signer::Any, identity, window))
    }

    fn keep(claims: TrelloIdentity<'_>) -> TrelloIdentity<'static> {
        claims.into_owned()
    }
}

fields! {
    /// The claims as they stand in the document.
    struct Members {
        issuer = "iss",
        expires_at = "exp",
        issued_at = "iat",
        not_before = "nbf",
        plugin_id = "idPlugin",
        board_id = "idBoard",
        member_id = "idMember",
        state = "state",
    }
}

/// `state`, in bounds. The client library counts as JavaScript does, in units of UTF-16.
fn state(value: Option<Value<'_>>) -> Result<Option<Cow<'_, str>>, VerifyError> {
    let state = optional(value, VerifyError::StateInvalid)?;
    let length = |state: &Cow<'_, str>| state.encode_utf16().count();
    match &state {
        Some(text) if length(text) > MAX_TRELLO_STATE_LENGTH => Err(VerifyError::StateTooLong),
        _ => Ok(state),
    }
}

fn text(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    match value {
        Some(Value::Text(text)) => Some(text.decode()),
        _ => None,
    }
}

fn optional(
    value: Option<Value<'_>>,
    invalid: VerifyError,
) -> Result<Option<Cow<'_, str>>, VerifyError> {
    match value {
        None | Some(Value::Literal(Literal::Null)) => Ok(None),
        value => text(value).map(Some).ok_or(invalid),
    }
}
