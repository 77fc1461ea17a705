//! What a resource server asks of a token, and the first half of the way of a token: every check that needs
//! no key.

use std::collections::HashSet;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::claims::Claims;
use crate::crypto::Algorithm;
use crate::error::{ConfigError, VerifyError};
use crate::jws::json::Spare;
use crate::jws::{Compact, Decoded, Header, Room, Scratch};
use crate::keys::is_service_identifier;
use crate::limits::{DEFAULT_MAX_TOKEN_LENGTH, MAX_TOKEN_LENGTH};
use crate::pipeline::{Admitted, Window};
use crate::plain::{Plain, PlainRoom};
use crate::time::UnixTime;
use crate::validity::Validity;

/// What a resource server asks of a token.
///
/// Whatever is not set is safe: every algorithm of [`Algorithm`], every issuer that owns its key, 30 seconds of
/// leeway, tokens of up to one hour and 8 KiB.
///
/// ```
/// # use std::time::Duration;
/// # use asap_engine::{Algorithm, Policy};
/// let policy = Policy::new("my-service")?
///     .with_issuers(["your-service", "their-service"])?
///     .with_algorithms([Algorithm::Rs256, Algorithm::Es256])?
///     .with_leeway(Duration::from_secs(5))?;
/// # Ok::<(), asap_engine::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Policy {
    audiences: Vec<Box<str>>,
    algorithms: Vec<Algorithm>,
    /// Who is in it is the policy's word and never a token's, so a token chooses no collisions.
    issuers: Option<HashSet<Box<str>, RandomState>>,
    validity: Validity,
    max_token_length: usize,
    not_issued_before: Option<UnixTime>,
    single_use: bool,
}

impl Policy {
    /// Asks that a token be meant for `audience`, the identifier that the client and this resource server agreed on.
    ///
    /// # Errors
    ///
    /// If `audience` is empty.
    pub fn new(audience: impl Into<String>) -> Result<Self, ConfigError> {
        let policy = Self {
            audiences: Vec::new(),
            algorithms: Algorithm::ALL.to_vec(),
            issuers: None,
            validity: Validity::DEFAULT,
            max_token_length: DEFAULT_MAX_TOKEN_LENGTH,
            not_issued_before: None,
            single_use: false,
        };
        policy.with_audience(audience)
    }

    /// Takes tokens for `audience` too.
    ///
    /// # Errors
    ///
    /// If `audience` is empty.
    pub fn with_audience(mut self, audience: impl Into<String>) -> Result<Self, ConfigError> {
        let audience = audience.into();
        if audience.is_empty() {
            return Err(ConfigError::new(
                "the audience is empty: give the name by which clients address this service",
            ));
        }
        self.audiences.push(audience.into_boxed_str());
        Ok(self)
    }

    /// Takes tokens of these issuers only.
    ///
    /// # Errors
    ///
    /// If there is none, or one is not a service identifier.
    pub fn with_issuers<I>(mut self, issuers: I) -> Result<Self, ConfigError>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let issuers: HashSet<Box<str>, RandomState> = issuers
            .into_iter()
            .map(|issuer| issuer.into().into_boxed_str())
            .collect();
        if issuers.is_empty() {
            return Err(ConfigError::new(
                "the list of issuers is empty: name one, or leave the list out to take every issuer",
            ));
        }
        if let Some(bad) = issuers.iter().find(|issuer| !is_service_identifier(issuer)) {
            return Err(ConfigError::new(format!(
                "issuer {bad:?} must be non-empty segments of letters, digits and . _ - + joined by slashes"
            )));
        }
        self.issuers = Some(issuers);
        Ok(self)
    }

    /// Takes these algorithms only.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn with_algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<Self, ConfigError> {
        self.algorithms = algorithms.into_iter().collect();
        if self.algorithms.is_empty() {
            return Err(ConfigError::new(
                "the list of algorithms is empty: name one, or leave the list out to take all",
            ));
        }
        Ok(self)
    }

    /// Widens the time in which a token is valid by `leeway` on both sides: "a grace period to compensate for
    /// internal clock divergences". It never widens the cap on a token's lifetime.
    ///
    /// # Errors
    ///
    /// If it exceeds [`MAX_LEEWAY`](crate::limits::MAX_LEEWAY).
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        self.validity = self.validity.with_leeway(leeway)?;
        Ok(self)
    }

    /// Refuses tokens that live longer than `max_lifetime`: "a more restrictive upper bound for the lifespan".
    ///
    /// # Errors
    ///
    /// If it is zero or exceeds [`MAX_LIFETIME`](crate::limits::MAX_LIFETIME).
    pub fn with_max_lifetime(mut self, max_lifetime: Duration) -> Result<Self, ConfigError> {
        self.validity = self.validity.with_max_lifetime(max_lifetime)?;
        Ok(self)
    }

    /// Refuses tokens longer than `bytes`.
    ///
    /// # Errors
    ///
    /// If it is zero or exceeds [`MAX_TOKEN_LENGTH`].
    pub fn with_max_token_length(mut self, bytes: usize) -> Result<Self, ConfigError> {
        self.max_token_length = max_token_length(bytes)?;
        Ok(self)
    }

    /// Refuses tokens issued before `start`, less the leeway: a replay log that began then cannot know whether
    /// they were seen before a restart.
    #[must_use]
    pub const fn with_not_issued_before(mut self, start: UnixTime) -> Self {
        self.not_issued_before = Some(start);
        self
    }

    /// Refuses, before its key is looked up, a token that expires further ahead than a single-use token can be
    /// remembered. The replay log would refuse it too, after all the work.
    ///
    /// [`Engine::with_replay_log`](crate::Engine::with_replay_log) asks for this itself; it is for whoever takes the
    /// stages one by one, from [`admit`](Self::admit), and remembers tokens elsewhere.
    #[must_use]
    pub const fn with_single_use(mut self) -> Self {
        self.single_use = true;
        self
    }

    /// Whether tokens are for single use.
    pub(crate) const fn is_single_use(&self) -> bool {
        self.single_use
    }

    /// How far ahead of now a replay log must remember under this policy.
    pub(crate) fn longest_memory(&self) -> Duration {
        self.validity.longest_memory()
    }

    /// Checks everything of `token` that needs no key: form, algorithm, claims, ownership of the key, time and
    /// audience, in this order. A pure function of its arguments; the result borrows `token` and `scratch`.
    ///
    /// # Errors
    ///
    /// The code of the first check that `token` does not pass; its stage is
    /// [`Parse`](crate::Stage::Parse) or [`Policy`](crate::Stage::Policy).
    pub fn admit<'a>(
        &self,
        token: &'a [u8],
        now: UnixTime,
        scratch: &'a mut Scratch,
    ) -> Result<Admitted<'a>, VerifyError> {
        let (plain, room) = scratch.parts();
        match self.admit_plain(token, now, plain) {
            Some(admitted) => Ok(admitted),
            None => self.admit_in_order(token, now, room),
        }
    }

    /// The short way, for tokens that are written plainly and in which there is nothing to refuse. `None` says nothing about
    /// a token: [`admit_in_order`](Self::admit_in_order) has to be asked.
    #[inline(always)]
    pub(crate) fn admit_plain<'a>(
        &self,
        token: &'a [u8],
        now: UnixTime,
        room: &'a mut PlainRoom,
    ) -> Option<Admitted<'a>> {
        if token.len() > self.max_token_length {
            return None;
        }
        let plain = Plain::read(token, room)?;
        if !self.algorithms.contains(&plain.header.algorithm) {
            return None;
        }
        let (header, claims) = (plain.header, plain.claims);
        self.check_issuer(&header, &claims).ok()?;
        let window = self.check_time(&claims, now).ok()?;
        self.check_audience(&claims).ok()?;
        Some(Admitted::new(
            plain.signing_input,
            plain.signature,
            header,
            claims,
            window,
        ))
    }

    /// The way of every token, one check after the other, so that the first that it does not pass has its code.
    pub(crate) fn admit_in_order<'a>(
        &self,
        token: &'a [u8],
        now: UnixTime,
        room: &'a mut Room,
    ) -> Result<Admitted<'a>, VerifyError> {
        if token.len() > self.max_token_length {
            return Err(VerifyError::TokenTooLong);
        }
        let compact = Compact::split(token)?;
        let Decoded {
            unverified_header,
            unverified_payload,
            signature,
            mut spare,
        } = compact.decode(room)?;
        let header = Header::parse(unverified_header, &mut spare, |algorithm| {
            self.algorithms.contains(&algorithm)
        })?;
        let document = Claims::document(unverified_payload)?;
        // Claims are large, so the usual ones are checked where they were read, and not moved to where others are.
        match Claims::read_plain(document, header.key_id) {
            Some(claims) => self.check(compact, signature, header, claims, now),
            None => self.admit_any(compact, signature, header, document, now, spare),
        }
    }

    /// Goes on with claims that are not spelled as most are, or at fault.
    #[inline(never)]
    fn admit_any<'a>(
        &self,
        compact: Compact<'a>,
        signature: &'a [u8],
        header: Header<'a>,
        document: &'a str,
        now: UnixTime,
        mut spare: Spare<'a>,
    ) -> Result<Admitted<'a>, VerifyError> {
        let claims = Claims::read_any(document, header.key_id, &mut spare)?;
        self.check(compact, signature, header, claims, now)
    }

    /// All that does not depend on how a token is spelled.
    #[inline(always)]
    fn check<'a>(
        &self,
        compact: Compact<'a>,
        signature: &'a [u8],
        header: Header<'a>,
        claims: Claims<'a>,
        now: UnixTime,
    ) -> Result<Admitted<'a>, VerifyError> {
        self.check_issuer(&header, &claims)?;
        let window = self.check_time(&claims, now)?;
        self.check_audience(&claims)?;
        Ok(Admitted::new(
            compact.signing_input(),
            signature,
            header,
            claims,
            window,
        ))
    }

    /// "The resource server MUST check that the key identified by kid is owned by the issuer."
    #[inline(always)]
    fn check_issuer(&self, header: &Header<'_>, claims: &Claims<'_>) -> Result<(), VerifyError> {
        if !header.key_id.is_owned_by(claims.issuer) {
            return Err(VerifyError::KeyNotOwned);
        }
        match &self.issuers {
            Some(issuers) if !issuers.contains(claims.issuer) => Err(VerifyError::IssuerNotAllowed),
            _ => Ok(()),
        }
    }

    /// "The resource server MUST verify that the current time is between nbf (optional) and exp (required),
    /// inclusive", and "MUST reject a token if its lifespan exceeds one hour".
    #[inline(always)]
    fn check_time(&self, claims: &Claims<'_>, now: UnixTime) -> Result<Window, VerifyError> {
        let window = self.validity.check(
            &claims.issued_at,
            &claims.valid_from(),
            &claims.expires_at,
            now,
        )?;
        if let Some(start) = self.not_issued_before
            && claims.issued_at.floor() < start.saturating_sub(self.validity.leeway())
        {
            return Err(VerifyError::IssuedBeforeStart);
        }
        if self.single_use && window.until > now.saturating_add(self.longest_memory()) {
            return Err(VerifyError::ExpiresTooLate);
        }
        Ok(window)
    }

    /// "At least one of the values of aud is the identifier of the resource server."
    #[inline(always)]
    fn check_audience(&self, claims: &Claims<'_>) -> Result<(), VerifyError> {
        let is_meant = self
            .audiences
            .iter()
            .any(|audience| claims.audience.contains(audience));
        if is_meant {
            Ok(())
        } else {
            Err(VerifyError::AudienceMismatch)
        }
    }
}

/// The limit of `bytes` that a policy is to have on the length of tokens, if it may have it.
pub(crate) fn max_token_length(bytes: usize) -> Result<usize, ConfigError> {
    if (1..=MAX_TOKEN_LENGTH).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(ConfigError::new(format!(
            "the longest token must be 1 to {MAX_TOKEN_LENGTH} bytes"
        )))
    }
}
