//! The verifier of a Power-Up's tokens.

use super::{TrelloIdentity, TrelloPolicy};
use crate::error::VerifyError;
use crate::jws::Scratch;
use crate::keys::KeySetSource;
use crate::profiles::published::{SetVerdict, Verifier};
use crate::time::Clock;

/// Verifies the tokens of a Power-Up: one Power-Up, one source of Trello's keys.
///
/// The keys are the list at `https://api.trello.com/1/resource/jwt-public-keys`.
///
/// ```no_run
/// use asap_engine::{KeySet, StaticKeySet, TrelloPolicy, TrelloVerifier};
///
/// # async fn example(token: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let keys = StaticKeySet::new(KeySet::from_pem_list(&std::fs::read("jwt-public-keys")?)?);
/// let policy = TrelloPolicy::new("5e66784c606cb1160a8f5dc0")?;
/// let identity = TrelloVerifier::new(policy, keys).verify(token).await?;
/// println!("member {}", identity.member_id());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TrelloVerifier<K>(Verifier<TrelloPolicy, K>);

impl<K: KeySetSource> TrelloVerifier<K> {
    /// A verifier by the system's clock.
    #[must_use]
    pub fn new(policy: TrelloPolicy, keys: K) -> Self {
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

    /// Verifies `token`. It waits for the keys if they are not at hand, and once for newer ones if the token's is not among
    /// them.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub async fn verify(&self, token: &[u8]) -> Result<TrelloIdentity<'static>, VerifyError> {
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
    ) -> Result<SetVerdict<TrelloIdentity<'a>>, VerifyError> {
        self.0.verify_now(token, scratch)
    }
}
