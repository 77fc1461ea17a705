//! What an app's remote asks of an invocation token.

use std::borrow::Cow;
use std::time::Duration;

use super::{ForgeApp, ForgeContext, ForgeInvocation};
use crate::claims::{self, NumericDate};
use crate::error::{ConfigError, VerifyError};
use crate::jws::Room;
use crate::jws::fields::{self, fields};
use crate::jws::json::{Literal, Spare, Value};
use crate::limits::DEFAULT_MAX_FORGE_TOKEN_LENGTH;
use crate::pipeline::Window;
use crate::policy::max_token_length;
use crate::profiles::published::{Admitted, Profile, Signer, Unverified};
use crate::time::UnixTime;
use crate::validity::Validity;

/// `iss` of every invocation token.
const ISSUER: &str = "forge/invocation-token";

/// What the identifier of every app begins with.
const APP_PREFIX: &str = "ari:cloud:ecosystem::app/";

/// What an app's remote asks of an invocation token.
///
/// ```
/// # use asap_engine::ForgePolicy;
/// let policy = ForgePolicy::new("ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107")?;
/// # Ok::<(), asap_engine::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ForgePolicy {
    app_id: Box<str>,
    validity: Validity,
    max_token_length: usize,
}

impl ForgePolicy {
    /// Asks that a token be meant for the app of this identifier, as `manifest.yml` has it in `app.id`. All Forge apps are
    /// sent tokens that the same keys have signed, so nothing in a token can stand in for it.
    ///
    /// # Errors
    ///
    /// If it does not begin with `ari:cloud:ecosystem::app/` and go on.
    pub fn new(app_id: impl Into<String>) -> Result<Self, ConfigError> {
        let app_id = app_id.into();
        let name = app_id.strip_prefix(APP_PREFIX).unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::new(
                "the app's identifier must be ari:cloud:ecosystem::app/ and what follows in manifest.yml",
            ));
        }
        Ok(Self {
            app_id: app_id.into_boxed_str(),
            validity: Validity::DEFAULT,
            max_token_length: DEFAULT_MAX_FORGE_TOKEN_LENGTH,
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
    /// documentation's token lives 25 seconds.
    ///
    /// # Errors
    ///
    /// If it is zero or exceeds [`MAX_LIFETIME`](crate::limits::MAX_LIFETIME).
    pub fn with_max_lifetime(mut self, max_lifetime: Duration) -> Result<Self, ConfigError> {
        self.validity = self.validity.with_max_lifetime(max_lifetime)?;
        Ok(self)
    }

    /// Refuses tokens longer than `bytes`. Default: [`DEFAULT_MAX_FORGE_TOKEN_LENGTH`].
    ///
    /// # Errors
    ///
    /// If it is zero or exceeds [`MAX_TOKEN_LENGTH`](crate::limits::MAX_TOKEN_LENGTH).
    pub fn with_max_token_length(mut self, bytes: usize) -> Result<Self, ConfigError> {
        self.max_token_length = max_token_length(bytes)?;
        Ok(self)
    }

    /// Reads the claims of `document`, and checks them against the policy.
    fn check<'a>(
        &self,
        key_id: Cow<'a, str>,
        document: &'a str,
        spare: &mut Spare<'a>,
        now: UnixTime,
    ) -> Result<(ForgeInvocation<'a>, Window), VerifyError> {
        let claims: Members<'_> = fields::read(document).map_err(claims::refusal)?;
        let times = claims.times()?;
        let issuer = claims.issuer.ok_or(VerifyError::IssuerMissing)?;
        let issuer = claims::text(issuer, spare, VerifyError::IssuerInvalid)?;
        let audience = claims::audience(claims.audience, spare)?;
        let token_id = claims.token_id.ok_or(VerifyError::TokenIdMissing)?;
        let invocation = ForgeInvocation {
            app: ForgeApp::read(claims.app)?,
            context: ForgeContext::read(claims.context)?,
            principal: principal(claims.principal)?,
            key_id,
            token_id: text(token_id).ok_or(VerifyError::TokenIdInvalid)?,
            issued_at: times.issued_at.floor(),
            expires_at: times.expires_at.floor(),
        };
        if issuer != ISSUER {
            return Err(VerifyError::IssuerNotAllowed);
        }
        let window =
            self.validity
                .check(&times.issued_at, &times.not_before, &times.expires_at, now)?;
        // "This should match the value in your Forge manifest.yml file" is said of app.id.
        if !audience.contains(&self.app_id) || *invocation.app.id != *self.app_id {
            return Err(VerifyError::AudienceMismatch);
        }
        Ok((invocation, window))
    }
}

impl Profile for ForgePolicy {
    type Claims<'a> = ForgeInvocation<'a>;
    type Owned = ForgeInvocation<'static>;

    fn admit<'a>(
        &self,
        token: &'a [u8],
        now: UnixTime,
        room: &'a mut Room,
    ) -> Result<Admitted<'a, ForgeInvocation<'a>>, VerifyError> {
        let mut token = Unverified::open(token, self.max_token_length, room)?;
        let key_id = token.key_id()?;
        let signer = Signer::Named(key_id.clone());
        let (invocation, window) = self.check(key_id, token.document, &mut token.spare, now)?;
        Ok(token.admit(signer, invocation, window))
    }

    fn keep(claims: ForgeInvocation<'_>) -> ForgeInvocation<'static> {
        claims.into_owned()
    }
}

fields! {
    /// The claims as they stand in the document.
    struct Members {
        issuer = "iss",
        audience = "aud",
        expires_at = "exp",
        issued_at = "iat",
        not_before = "nbf",
        token_id = "jti",
        app = "app",
        context = "context",
        principal = "principal",
    }
}

/// The times of a token, all of them required.
struct Times<'a> {
    issued_at: NumericDate<'a>,
    not_before: NumericDate<'a>,
    expires_at: NumericDate<'a>,
}

impl<'a> Members<'a> {
    fn times(&self) -> Result<Times<'a>, VerifyError> {
        use VerifyError as E;
        let required = |claim: Option<Value<'a>>, missing, invalid| {
            claims::date(claim.ok_or(missing)?, invalid)
        };
        Ok(Times {
            expires_at: required(self.expires_at, E::ExpiryMissing, E::ExpiryInvalid)?,
            issued_at: required(self.issued_at, E::IssuedAtMissing, E::IssuedAtInvalid)?,
            not_before: required(self.not_before, E::NotBeforeMissing, E::NotBeforeInvalid)?,
        })
    }
}

fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(text.decode()),
        _ => None,
    }
}

fn principal(value: Option<Value<'_>>) -> Result<Option<Cow<'_, str>>, VerifyError> {
    match value {
        None | Some(Value::Literal(Literal::Null)) => Ok(None),
        Some(value) => text(value).map(Some).ok_or(VerifyError::PrincipalInvalid),
    }
}
