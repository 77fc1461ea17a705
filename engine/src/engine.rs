//! The shell: a policy, a source of keys, a replay log and a clock, and the two ways to ask them.
//!
//! All that waits, and all that reads a clock, is here; what is checked is in [`pipeline`](crate::pipeline).

use std::fmt;

use crate::crypto::VerifyingKey;
use crate::error::{ConfigError, VerifyError};
use crate::identity::{Identity, IdentityRef};
use crate::jws::Scratch;
use crate::keys::{KeyId, KeySource, Lookup};
use crate::pipeline::Admitted;
use crate::policy::Policy;
use crate::replay::{ReplayLog, Reusable};
use crate::time::{Clock, SystemClock};

/// Verifies tokens: one policy, one source of keys.
///
/// Share it by reference or in an `Arc`; all its methods take `&self`.
///
/// Tokens may be reused, as the specification allows clients to, unless
/// [`with_replay_log`](Self::with_replay_log) says otherwise.
pub struct Engine<K, R = Reusable> {
    policy: Policy,
    keys: K,
    replay: R,
    clock: Box<dyn Clock>,
}

impl<K: KeySource> Engine<K> {
    /// An engine that checks tokens against `policy` with the keys of `keys`, by the system's clock.
    #[must_use]
    pub fn new(policy: Policy, keys: K) -> Self {
        Self {
            policy,
            keys,
            replay: Reusable,
            clock: Box::new(SystemClock),
        }
    }

    /// Accepts each token once: "The resource server MAY reject a token if the token nonce has been previously
    /// seen." Tell your clients: "it MUST explicitly document that behaviour".
    ///
    /// # Errors
    ///
    /// If `replay` cannot remember for as long as the policy lets a token live.
    pub fn with_replay_log<R: ReplayLog>(self, replay: R) -> Result<Engine<K, R>, ConfigError> {
        let (needed, offered) = (self.policy.longest_memory(), replay.longest_memory());
        if needed > offered {
            return Err(ConfigError::new(format!(
                "the replay log remembers for {offered:?} and the policy needs {needed:?}: shorten the leeway or the lifetime"
            )));
        }
        Ok(Engine {
            policy: self.policy.with_single_use(),
            keys: self.keys,
            replay,
            clock: self.clock,
        })
    }
}

impl<K: KeySource, R: ReplayLog> Engine<K, R> {
    /// Reads the time from `clock` instead of the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The source of keys.
    pub const fn keys(&self) -> &K {
        &self.keys
    }

    /// Verifies `token`, waiting for its key if that has to be fetched.
    ///
    /// Dropping the future is safe at any point; a fetch that others wait for goes on.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub async fn verify(&self, token: &[u8]) -> Result<Identity, VerifyError> {
        let (key_id, issuer): (Box<str>, Box<str>) = {
            let mut scratch = Scratch::new();
            match self.verify_now(token, &mut scratch)? {
                Verdict::Verified(identity) => return Ok(identity.to_owned()),
                Verdict::NeedsKey(pending) => (
                    pending.key_id().as_str().into(),
                    pending.unverified_issuer().into(),
                ),
            }
        };
        let key_id = KeyId::parse(&key_id).ok_or(VerifyError::KeyIdInvalid)?;
        let key = self.keys.fetch(key_id, &issuer).await?;
        // The wait took time, so the token is read anew, under the time that it is now.
        let mut scratch = Scratch::new();
        let now = self.clock.now();
        let identity = self
            .policy
            .admit(token, now, &mut scratch)?
            .authenticate(&key)?
            .accept(now, &self.replay)?;
        Ok(identity.to_owned())
    }

    /// Verifies `token` without waiting: for a gateway with an event loop of its own. What it answers borrows
    /// `token` and `scratch`; nothing is allocated for a realistic token.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub fn verify_now<'a>(
        &self,
        token: &'a [u8],
        scratch: &'a mut Scratch,
    ) -> Result<Verdict<'a>, VerifyError> {
        let now = self.clock.now();
        let admitted = self.policy.admit(token, now, scratch)?;
        admitted.prepare(&self.replay);
        let authentic = self
            .keys
            .with_key(admitted.key_id(), |key| admitted.authenticate(key));
        match authentic {
            Lookup::Found(authentic) => {
                Ok(Verdict::Verified(authentic?.accept(now, &self.replay)?))
            }
            Lookup::Unknown => Err(VerifyError::KeyUnknown),
            Lookup::NotLoaded => Ok(Verdict::NeedsKey(Pending { admitted })),
        }
    }

    /// Goes on with a token that was waiting for `key`, at the time that it is now. `pending` is one that this
    /// engine handed out: it stands for this policy's checks and no other's.
    ///
    /// # Errors
    ///
    /// The code of the first check that the token does not pass.
    pub fn resume<'a>(
        &self,
        pending: Pending<'a>,
        key: &VerifyingKey,
    ) -> Result<IdentityRef<'a>, VerifyError> {
        pending.admitted.prepare(&self.replay);
        let authentic = pending.admitted.authenticate(key)?;
        authentic.accept(self.clock.now(), &self.replay)
    }
}

impl<K: fmt::Debug, R: fmt::Debug> fmt::Debug for Engine<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("policy", &self.policy)
            .field("keys", &self.keys)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}

/// What [`Engine::verify_now`] can say at once of a token that it does not refuse.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Verdict<'a> {
    /// Every check passed.
    Verified(IdentityRef<'a>),
    /// Every check passed that needs no key, and the key is not at hand: have it fetched with
    /// [`KeySource::fetch`] and go on with [`Engine::resume`].
    NeedsKey(Pending<'a>),
}

/// A token that waits for its key. `Debug` shows nothing of it.
#[derive(Debug, Clone, Copy)]
pub struct Pending<'a> {
    admitted: Admitted<'a>,
}

impl<'a> Pending<'a> {
    /// The key that is wanted.
    #[must_use]
    pub const fn key_id(&self) -> KeyId<'a> {
        self.admitted.key_id()
    }

    /// Who owns the key, as the token claims: for [`KeySource::fetch`], and for nothing that needs it verified.
    #[must_use]
    pub const fn unverified_issuer(&self) -> &'a str {
        self.admitted.unverified_issuer()
    }
}
