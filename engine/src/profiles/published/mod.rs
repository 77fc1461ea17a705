//! Tokens of one issuer that publishes all of its keys as one set: Forge and Trello.
//!
//! ```text
//! bytes ─ Profile::admit ─▶ Admitted ─ authenticate ─▶ Authentic ─ accept ─▶ claims
//!          parse, policy       key, signature            time once more
//! ```
//!
//! The same order as [`pipeline`](crate::pipeline), with the same codes: nothing is fetched and no signature is checked
//! for a token that this app does not want.

mod token;
mod verifier;

pub(super) use token::Unverified;
pub use verifier::SetVerdict;
pub(super) use verifier::Verifier;

use std::borrow::Cow;

use crate::crypto::Algorithm;
use crate::error::VerifyError;
use crate::jws::Room;
use crate::keys::KeySet;
use crate::pipeline::Window;
use crate::time::UnixTime;

/// The one algorithm of these tokens. It is ours to say and not the token's (RFC 8725 section 3.1).
pub(super) const ALGORITHM: Algorithm = Algorithm::Rs256;

/// What a kind of token has of its own.
pub(super) trait Profile: Send + Sync {
    /// The claims, as they borrow from a token and its room.
    type Claims<'a>;
    /// The claims, to be kept.
    type Owned;

    /// Checks everything of `token` that needs no key.
    fn admit<'a>(
        &self,
        token: &'a [u8],
        now: UnixTime,
        room: &'a mut Room,
    ) -> Result<Admitted<'a, Self::Claims<'a>>, VerifyError>;

    /// A copy of the claims that lives on.
    fn keep(claims: Self::Claims<'_>) -> Self::Owned;
}

/// Which keys of the set a token may be signed with.
pub(super) enum Signer<'a> {
    /// The one that it names.
    Named(Cow<'a, str>),
    /// Any: it names none.
    Any,
}

/// A token that an app wants, if its signature is good. Only [`Unverified::admit`] makes one.
pub(super) struct Admitted<'a, C> {
    signing_input: &'a [u8],
    signature: &'a [u8],
    signer: Signer<'a>,
    unverified_claims: C,
    window: Window,
}

/// A token whose signature is that of a key of the set. Only [`Admitted::authenticate`] makes one.
pub(super) struct Authentic<C> {
    claims: C,
    window: Window,
}

impl<C> Admitted<'_, C> {
    /// Whether the token says which key it is signed with.
    pub(super) const fn names_its_signer(&self) -> bool {
        matches!(self.signer, Signer::Named(_))
    }

    /// Checks the signature with the keys of `set`.
    pub(super) fn authenticate(self, set: &KeySet) -> Result<Authentic<C>, VerifyError> {
        let (message, signature) = (self.signing_input, self.signature);
        match &self.signer {
            Signer::Named(key_id) => set.verify_by_id(key_id, ALGORITHM, message, signature)?,
            Signer::Any => set.verify_by_any(ALGORITHM, message, signature)?,
        }
        Ok(Authentic {
            claims: self.unverified_claims,
            window: self.window,
        })
    }
}

impl<C> Authentic<C> {
    /// Checks the time once more, since fetching the keys may have taken some.
    pub(super) fn accept(self, now: UnixTime) -> Result<C, VerifyError> {
        self.window.check(now)?;
        Ok(self.claims)
    }
}
