//! The verifier of invocation tokens.

use super::{ForgeInvocation, ForgePolicy};
use crate::error::VerifyError;
use crate::jws::Scratch;
use crate::keys::KeySetSource;
use crate::profiles::published::{SetVerdict, Verifier};
use crate::time::Clock;

/// Verifies invocation tokens: one app, one source of Atlassian's keys.
///
/// The keys are the JWK Set at `https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json`, or that of another
/// environment; which one is for the configuration to say, and no token can change it.
///
/// ```no_run
/// use asap_engine::{ForgePolicy, ForgeVerifier, KeySet, StaticKeySet};
///
/// # async fn example(token: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let keys = StaticKeySet::new(KeySet::from_jwk_set(&std::fs::read("jwks.json")?)?);
/// let policy = ForgePolicy::new("ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107")?;
/// let invocation = ForgeVerifier::new(policy, keys).verify(token).await?;
/// println!("installation {}", invocation.app().installation_id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ForgeVerifier<K>(Verifier<ForgePolicy, K>);

impl<K: KeySetSource> ForgeVerifier<K> {
    /// A verifier by the system's clock.
    #[must_use]
    pub fn new(policy: ForgePolicy, keys: K) -> Self {
        Self(Verifier::new(policy, keys))
    }

    /// Reads the time from `clock` instead of the system's.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self(self.0.with_clock(clock))
    }

    /// The source of keys.
    pub const fn keys(&self) -> &K {
        self.0.keys()
    }

    /// Verifies `token`, the text after `Bearer` in `Authorization`. It waits for the keys if they are not at hand, and once
    /// for newer ones if the token's is not among them.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub async fn verify(&self, token: &[u8]) -> Result<ForgeInvocation<'static>, VerifyError> {
        self.0.verify(token).await
    }

    /// Verifies `token` without waiting. What it answers borrows `token` and `scratch`.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub fn verify_now<'a>(
        &self,
        token: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> Result<SetVerdict<ForgeInvocation<'a>>, VerifyError> {
        self.0.verify_now(token, scratch)
    }
}
