//! The order of the checks, as types: a token can only move forward, and each stage exists only because the
//! check before it passed.
//!
//! ```text
//! bytes ─ Policy::admit ─▶ Admitted ─ authenticate ─▶ Authentic ─ accept ─▶ IdentityRef
//!         1 length, three segments, base64url    8 the key's own        5 time once more
//!         2 header: alg, kid, crit                 algorithm           10 replay, if tokens
//!         3 claims: iss exp iat aud jti nbf sub  9 the signature          are for single use
//!         4 ownership of the key, issuer list
//!         5 time: nbf, exp, lifetime        7 the key, from a KeySource,
//!         6 audience                          between these two
//! ```
//!
//! Cheapest refusal first; what spends something comes last: a token that is refused above step 7 fetches
//! nothing, and one refused above step 10 leaves no trace. All of it is a pure function of its arguments.
//!
//! ```
//! # use std::time::SystemTime;
//! # use asap_engine::{Algorithm, Issuer, Policy, ReplayWindow, Scratch, SigningKey, TokenRequest, VerifyingKey};
//! # let (key, _) = SigningKey::generate(Algorithm::Es256)?;
//! # let public = VerifyingKey::from_pem(key.public_key_pem().as_bytes())?;
//! # let token = Issuer::new("client", "client/key-1", key)?.sign(&TokenRequest::new("server"), SystemTime::now().into())?;
//! let policy = Policy::new("server")?;
//! let replay = ReplayWindow::new(1_000)?;
//! let now = SystemTime::now().into();
//! let mut scratch = Scratch::new();
//!
//! let admitted = policy.admit(token.as_bytes(), now, &mut scratch)?;
//! assert_eq!(admitted.key_id().as_str(), "client/key-1");
//! let authentic = admitted.authenticate(&public)?;
//! let identity = authentic.accept(now, &replay)?;
//! assert_eq!(identity.issuer(), "client");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::time::Duration;

use crate::claims::Claims;
#[cfg(feature = "internals")]
use crate::crypto::Algorithm;
use crate::crypto::VerifyingKey;
use crate::error::VerifyError;
use crate::identity::IdentityRef;
use crate::jws::Header;
use crate::keys::KeyId;
use crate::replay::ReplayLog;
use crate::time::UnixTime;

/// When a token is valid, both ends included, leeway included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: UnixTime,
    pub(crate) until: UnixTime,
}

impl Window {
    pub(crate) fn check(self, now: UnixTime) -> Result<(), VerifyError> {
        if now < self.from {
            Err(VerifyError::NotYetValid)
        } else if now > self.until {
            Err(VerifyError::Expired)
        } else {
            Ok(())
        }
    }

    /// Whether it holds at `now` and for as long as `margin` before and after.
    pub(crate) fn holds_around(self, now: UnixTime, margin: Duration) -> bool {
        self.from <= now.saturating_sub(margin) && now.saturating_add(margin) <= self.until
    }
}

/// A token that the policy wants, if its signature is good. Only [`Policy::admit`](crate::Policy::admit) makes one.
/// `Debug` shows nothing of it: it is a bearer token still.
#[derive(Clone, Copy)]
pub struct Admitted<'a> {
    signing_input: &'a [u8],
    signature: &'a [u8],
    unverified_header: Header<'a>,
    unverified_claims: Claims<'a>,
    window: Window,
}

impl<'a> Admitted<'a> {
    pub(crate) const fn new(
        signing_input: &'a [u8],
        signature: &'a [u8],
        unverified_header: Header<'a>,
        unverified_claims: Claims<'a>,
        window: Window,
    ) -> Self {
        Self {
            signing_input,
            signature,
            unverified_header,
            unverified_claims,
            window,
        }
    }

    /// Who the token claims to be of: unverified, but the owner of its key by name.
    #[must_use]
    pub const fn unverified_issuer(&self) -> &'a str {
        self.unverified_claims.issuer
    }

    /// The key that the token claims to be signed with. The issuer that the token claims owns it.
    #[must_use]
    pub const fn key_id(&self) -> KeyId<'a> {
        self.unverified_header.key_id
    }

    /// Tells `replay` that this token will come to it if its signature is good.
    pub fn prepare(&self, replay: &impl ReplayLog) {
        replay.prepare(
            self.unverified_claims.issuer,
            self.unverified_claims.token_id,
        );
    }

    /// For the fuzz targets.
    #[cfg(feature = "internals")]
    pub(crate) const fn unverified_claims(&self) -> &Claims<'a> {
        &self.unverified_claims
    }

    /// For the fuzz targets: the algorithm, what the signature is over, the signature, and when the token is valid.
    #[cfg(feature = "internals")]
    pub(crate) const fn unverified_rest(&self) -> (Algorithm, &'a [u8], &'a [u8], Window) {
        let algorithm = self.unverified_header.algorithm;
        (algorithm, self.signing_input, self.signature, self.window)
    }

    /// Checks that `key` verifies the token's algorithm, and then the signature. `key` must be the one that
    /// [`key_id`](Self::key_id) names: "signatures made with a key different from the claimed one MUST be
    /// rejected".
    ///
    /// # Errors
    ///
    /// [`AlgorithmMismatch`](VerifyError::AlgorithmMismatch) or
    /// [`SignatureInvalid`](VerifyError::SignatureInvalid).
    pub fn authenticate(self, key: &VerifyingKey) -> Result<Authentic<'a>, VerifyError> {
        key.verify(
            self.unverified_header.algorithm,
            self.signing_input,
            self.signature,
        )?;
        Ok(Authentic {
            header: self.unverified_header,
            claims: self.unverified_claims,
            window: self.window,
        })
    }
}

impl fmt::Debug for Admitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").finish_non_exhaustive()
    }
}

/// A token whose signature is that of its key. Only [`Admitted::authenticate`] makes one. `Debug` shows nothing
/// of it.
#[derive(Clone, Copy)]
pub struct Authentic<'a> {
    header: Header<'a>,
    claims: Claims<'a>,
    window: Window,
}

impl<'a> Authentic<'a> {
    /// When the token is valid, which [`accept`](Self::accept) checks once.
    pub(crate) const fn window(&self) -> Window {
        self.window
    }

    /// Checks the time once more, since fetching the key may have taken some, and has `replay` remember the
    /// token. Where tokens may be reused, `replay` is [`Reusable`](crate::Reusable).
    ///
    /// # Errors
    ///
    /// [`NotYetValid`](VerifyError::NotYetValid), [`Expired`](VerifyError::Expired), or what `replay` answers.
    pub fn accept(
        self,
        now: UnixTime,
        replay: &impl ReplayLog,
    ) -> Result<IdentityRef<'a>, VerifyError> {
        self.window.check(now)?;
        replay.check_and_insert(
            self.claims.issuer,
            self.claims.token_id,
            self.window.until,
            now,
        )?;
        Ok(IdentityRef::new(self.header, self.claims))
    }
}

impl fmt::Debug for Authentic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentic").finish_non_exhaustive()
    }
}
