//! One policy, one source of sets: the way from a token to its claims, with one wait at most.

use std::fmt;

use super::Profile;
use crate::error::VerifyError;
use crate::jws::{Room, Scratch};
use crate::keys::{KeyError, KeySetSource, KeySetVersion};
use crate::time::{Clock, SystemClock};

/// What can be said at once of a token that is not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetVerdict<T> {
    /// Every check passed.
    Verified(T),
    /// Every check passed that needs no key, and the token's key is not at hand: the set was not fetched yet, or the key
    /// may be in a newer one. The verifier's `verify` waits for it.
    NeedsKeys,
}

/// Verifies tokens of one profile.
pub(in crate::profiles) struct Verifier<P, K> {
    policy: P,
    keys: K,
    clock: Box<dyn Clock>,
}

/// What the set at hand says of a token.
enum Judged<T> {
    Verified(T),
    /// There is no set at hand, or one that does not have the token's key.
    NeedsKeys(Option<Seen>),
}

/// A set that does not have a token's key.
#[derive(Debug, Clone, Copy)]
struct Seen {
    version: KeySetVersion,
    /// What the token gets if there is no newer one.
    refusal: VerifyError,
}

impl<P: Profile, K: KeySetSource> Verifier<P, K> {
    pub(in crate::profiles) fn new(policy: P, keys: K) -> Self {
        Self {
            policy,
            keys,
            clock: Box::new(SystemClock),
        }
    }

    pub(in crate::profiles) fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    pub(in crate::profiles) const fn keys(&self) -> &K {
        &self.keys
    }

    /// Verifies `token`, waiting once if its key is not at hand.
    pub(in crate::profiles) async fn verify(&self, token: &[u8]) -> Result<P::Owned, VerifyError> {
        let seen = match self.judge(token, &mut Room::new())? {
            Judged::Verified(claims) => return Ok(P::keep(claims)),
            Judged::NeedsKeys(seen) => seen,
        };
        let fetched = self.keys.fetch(seen.map(|seen| seen.version)).await;
        let set = fetched.map_err(|error| match (error, seen) {
            (KeyError::Unknown, Some(seen)) => seen.refusal,
            _ => VerifyError::KeyUnavailable,
        })?;
        // The wait took time, so the token is read anew, under the time that it is now.
        let now = self.clock.now();
        let mut room = Room::new();
        let admitted = self.policy.admit(token, now, &mut room)?;
        let claims = admitted.authenticate(&set)?.accept(now)?;
        Ok(P::keep(claims))
    }

    /// Verifies `token` without waiting.
    pub(in crate::profiles) fn verify_now<'a>(
        &self,
        token: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> Result<SetVerdict<P::Claims<'a>>, VerifyError> {
        let (_, room) = scratch.parts();
        Ok(match self.judge(token, room)? {
            Judged::Verified(claims) => SetVerdict::Verified(claims),
            Judged::NeedsKeys(_) => SetVerdict::NeedsKeys,
        })
    }

    fn judge<'a>(
        &self,
        token: &'a [u8],
        room: &'a mut Room,
    ) -> Result<Judged<P::Claims<'a>>, VerifyError> {
        let now = self.clock.now();
        let admitted = self.policy.admit(token, now, room)?;
        let authenticated = self.keys.with_set(|set| {
            let signer_is_named = admitted.names_its_signer();
            (set.version(), signer_is_named, admitted.authenticate(set))
        });
        let Some((version, signer_is_named, authentic)) = authenticated else {
            return Ok(Judged::NeedsKeys(None));
        };
        match authentic {
            Ok(authentic) => authentic.accept(now).map(Judged::Verified),
            // A key that signs is published before; so if it is not in this set, this set is old, or the token forged.
            Err(refusal) if refusal == missing_key(signer_is_named) => {
                Ok(Judged::NeedsKeys(Some(Seen { version, refusal })))
            }
            Err(refusal) => Err(refusal),
        }
    }
}

/// What a set says of a token whose key is not in it.
const fn missing_key(signer_is_named: bool) -> VerifyError {
    if signer_is_named {
        VerifyError::KeyUnknown
    } else {
        VerifyError::SignatureInvalid
    }
}

impl<P: fmt::Debug, K: fmt::Debug> fmt::Debug for Verifier<P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("policy", &self.policy)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
